"""Units of work: atomic, in order, durable."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any

import pytest

from contract.store_words import NOW, PATIENCE, SUBMISSION, Closable, Reopen, add, emit, first_task, held, job_of, write
from rendermill.farm.model.records import Job, Output
from rendermill.farm.model.status import JobStatus, Turn
from rendermill.farm.ports.store import NewStep, Queries, Store, Transaction


def _append(done: list[int], number: int, _tx: Transaction) -> None:
    done.append(number)


def _makes(name: str, error: Exception | None = None) -> Callable[[Transaction], str]:
    """A unit that makes a job, and perhaps breaks after that."""

    def work(tx: Transaction) -> str:
        tx.add_job(SUBMISSION, name, [NewStep("run", (), Turn.ANY, 1)], JobStatus.READY, NOW)
        if error is not None:
            raise error
        return "ok"

    return work


class Units:
    """Units of work: atomic, in order, durable, and none harms another."""

    def test_a_unit_s_result_is_its_future_s(self, store: Store) -> None:
        assert write(store, lambda _tx: ("any", 1)) == ("any", 1)

    def test_a_unit_sees_what_it_wrote(self, store: Store) -> None:
        def work(tx: Transaction) -> Job | None:
            return tx.job(tx.add_job(SUBMISSION, "mine", [NewStep("run", (), Turn.ANY, 1)], JobStatus.READY, NOW))

        made = write(store, work)
        assert made is not None
        assert made.name == "mine"

    def test_a_unit_that_breaks_leaves_nothing_and_harms_no_other(self, store: Store) -> None:
        release = threading.Event()
        store.write(lambda _tx: release.wait(PATIENCE))  # so that they wait together and share a commit
        futures = [
            store.write(work) for work in (_makes("first"), _makes("broken", LookupError("mine")), _makes("second"))
        ]
        release.set()
        assert futures[0].result(PATIENCE) == "ok"
        with pytest.raises(LookupError, match="mine"):
            futures[1].result(PATIENCE)
        assert futures[2].result(PATIENCE) == "ok"
        names = [job.name for job in store.read(lambda q: q.jobs())]
        assert names == ["second", "first"]

    def test_units_are_done_in_the_order_in_which_they_were_queued(self, store: Store) -> None:
        done: list[int] = []
        release = threading.Event()
        futures: list[Future[Any]] = [store.write(lambda _tx: release.wait(PATIENCE))]
        futures += [store.write(partial(_append, done, number)) for number in range(50)]
        release.set()
        for future in futures:
            future.result(PATIENCE)
        assert done == list(range(50))

    def test_a_caller_that_gives_up_harms_no_other(self, store: Store) -> None:
        """A cancelled asyncio task cancels the future that it waits for."""
        release = threading.Event()
        store.write(lambda _tx: release.wait(PATIENCE))
        given_up = store.write(lambda _tx: 1)
        given_up.cancel()
        release.set()
        assert store.write(lambda _tx: 2).result(PATIENCE / 4) == 2

    def test_a_reader_sees_one_moment_whatever_is_written_meanwhile(self, store: Store) -> None:
        job_id = add(store)

        def look(q: Queries) -> tuple[Job | None, Job | None]:
            before = q.job(job_id)
            write(store, lambda tx: tx.move_job(job_id, frozenset(JobStatus), JobStatus.RUNNING, NOW, ""))
            return before, q.job(job_id)

        before, after = store.read(look)
        assert before == after
        assert job_of(store, job_id).status is JobStatus.RUNNING

    def test_what_is_not_committed_is_not_seen(self, store: Store) -> None:
        inside, release = threading.Event(), threading.Event()

        def slow(tx: Transaction) -> int:
            job_id = tx.add_job(SUBMISSION, "job", [NewStep("run", (), Turn.ANY, 1)], JobStatus.READY, NOW)
            inside.set()
            release.wait(PATIENCE)
            return job_id

        future = store.write(slow)
        assert inside.wait(PATIENCE)
        seen = store.read(lambda q: q.jobs())
        release.set()
        assert seen == []
        assert job_of(store, future.result(PATIENCE)).name == "job"

    def test_what_was_written_is_there_after_opening_again(self, store: Store, reopened: Reopen) -> None:
        job_id = add(store)
        key = held(store, job_id, first_task(store, job_id))
        write(store, lambda tx: tx.publish(key, [Output("f.png", "ab" * 32, 1)]))
        emit(store, job_id, "ready")

        def everything(q: Queries) -> tuple[object, ...]:
            parts = (q.job(job_id), q.source(job_id), q.steps(job_id), q.tasks(key.step_id), q.attempts(key.task))
            return *parts, q.outputs(job_id), q.events(0)

        before = store.read(everything)
        assert reopened().read(everything) == before

    def test_ids_and_event_numbers_go_on_after_opening_again(self, store: Store, reopened: Reopen) -> None:
        job_id = add(store)
        emit(store, job_id, "a")
        last = store.read(lambda q: q.events(0))[-1].seq
        again = reopened()
        assert add(again) > job_id
        emit(again, job_id, "b")
        assert again.read(lambda q: q.events(last))[0].target == "b"

    def test_closing_finishes_what_is_queued(self, store: Closable, reopened: Reopen) -> None:
        futures = [store.write(_makes("job")) for _ in range(300)]
        again = reopened()
        assert {future.result(0) for future in futures} == {"ok"}
        assert len(again.read(lambda q: q.jobs())) == 300
