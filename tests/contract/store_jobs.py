"""Jobs, steps and tasks: how they are stored, and how they move."""

from __future__ import annotations

import threading

import pytest

from contract.store_words import (
    ASSETS,
    NOW,
    SUBMISSION,
    TEMPLATE,
    TS,
    add,
    assign,
    counts,
    first_task,
    held,
    job_of,
    move,
    statuses,
    steps_of,
    write,
)
from rendermill.farm.model.records import Job, JobSource, TaskKey
from rendermill.farm.model.status import JobStatus, Turn
from rendermill.farm.ports.store import NewStep, Store


class Jobs:
    """Jobs, steps and tasks as they are stored."""

    def test_a_job_comes_back_as_it_was_stored(self, store: Store) -> None:
        job_id = add(store)
        expected = Job(
            job_id,
            "job",
            "ann",
            JobStatus.READY,
            70,
            NOW,
            None,
            None,
            "",
            SUBMISSION.max_attempts,
            None,
            ("old", "slow"),
        )
        assert job_of(store, job_id) == expected
        source = store.read(lambda q: q.source(job_id))
        assert source == JobSource(TEMPLATE, {"Frames": "1-3", "Samples": 8}, ASSETS)

    def test_ids_ascend(self, store: Store) -> None:
        ids = [add(store) for _ in range(3)]
        assert ids == sorted(set(ids))

    def test_what_is_not_there_is_none(self, store: Store) -> None:
        assert store.read(lambda q: q.job(99)) is None
        assert store.read(lambda q: q.task(TaskKey(99, 0))) is None
        assert store.read(lambda q: q.steps(99)) == []
        assert store.read(lambda q: q.events(0)) == []

    def test_steps_keep_the_template_s_order_and_their_dependencies(self, store: Store) -> None:
        job_id = add(
            store,
            NewStep("z", (), Turn.ANY, 2),
            NewStep("a", ("z",), Turn.ANY, 1),
            NewStep("m", ("z", "a"), Turn.ANY, 4),
        )
        found = [(step.name, step.position, step.depends, step.counts.total) for step in steps_of(store, job_id)]
        assert found == [("z", 0, (), 2), ("a", 1, ("z",), 1), ("m", 2, ("z", "a"), 4)]

    def test_tasks_of_steps_with_dependencies_wait_and_others_are_ready(self, store: Store) -> None:
        job_id = add(store, NewStep("a", (), Turn.ANY, 2), NewStep("b", ("a",), Turn.ANY, 3))
        first, second = steps_of(store, job_id)
        assert (counts(first), counts(second)) == ({TS.READY: 2}, {TS.WAITING: 3})
        assert (statuses(store, first.id), statuses(store, second.id)) == ([TS.READY] * 2, [TS.WAITING] * 3)

    def test_many_tasks_are_counted_and_paged(self, store: Store) -> None:
        job_id = add(store, NewStep("run", (), Turn.ANY, 5000))
        step = steps_of(store, job_id)[0]
        page = store.read(lambda q: q.tasks(step.id, offset=4990, limit=20))
        assert [task.key for task in page] == [TaskKey(step.id, index) for index in range(4990, 5000)]
        assert store.read(lambda q: q.ready_indices(step.id)) == list(range(5000))
        assert step.counts.total == 5000

    def test_tasks_can_be_asked_for_by_status(self, store: Store) -> None:
        job_id = add(store)
        step = steps_of(store, job_id)[0]
        held(store, job_id, TaskKey(step.id, 1))
        assert [task.key.index for task in store.read(lambda q: q.tasks(step.id, status=TS.READY))] == [0, 2]
        assert [task.key.index for task in store.read(lambda q: q.tasks(step.id, status=TS.ASSIGNED))] == [1]

    def test_jobs_come_newest_first_by_owner_and_a_page_at_a_time(self, store: Store) -> None:
        ids = [add(store, owner=owner) for owner in ("ann", "bob", "ann", "ann")]
        assert [job.id for job in store.read(lambda q: q.jobs())] == ids[::-1]
        assert [job.id for job in store.read(lambda q: q.jobs(owner="ann", limit=2))] == [ids[3], ids[2]]
        assert [job.id for job in store.read(lambda q: q.jobs(owner="ann", before=ids[2]))] == [ids[0]]
        assert store.read(lambda q: q.jobs(owner="nobody")) == []

    def test_unfinished_jobs_come_oldest_first(self, store: Store) -> None:
        ids = [add(store, status=status) for status in JobStatus]
        found = [job.status for job in store.read(lambda q: q.unfinished())]
        assert found == [JobStatus.READY, JobStatus.RUNNING, JobStatus.PAUSED]
        assert ids == sorted(ids)


class Moves:
    """Moves are guarded: one that is not true any more does nothing."""

    def test_a_job_moves_only_from_where_it_was_expected(self, store: Store) -> None:
        job_id = add(store)
        wrong = frozenset({JobStatus.PAUSED, JobStatus.FAILED})
        assert not write(store, lambda tx: tx.move_job(job_id, wrong, JobStatus.RUNNING, NOW, "no"))
        assert job_of(store, job_id).status is JobStatus.READY
        right = frozenset({JobStatus.PAUSED, JobStatus.READY})
        assert write(store, lambda tx: tx.move_job(job_id, right, JobStatus.RUNNING, NOW + 5, "yes"))
        moved = job_of(store, job_id)
        assert (moved.status, moved.started, moved.finished, moved.message) == (JobStatus.RUNNING, NOW + 5, None, "yes")

    def test_a_job_that_runs_again_keeps_when_it_first_started_and_has_not_finished(self, store: Store) -> None:
        job_id = add(store)
        every = frozenset(JobStatus)
        write(store, lambda tx: tx.move_job(job_id, every, JobStatus.RUNNING, 1.0, ""))
        write(store, lambda tx: tx.move_job(job_id, every, JobStatus.FAILED, 2.0, ""))
        assert (job_of(store, job_id).started, job_of(store, job_id).finished) == (1.0, 2.0)
        write(store, lambda tx: tx.move_job(job_id, every, JobStatus.RUNNING, 3.0, ""))
        assert (job_of(store, job_id).started, job_of(store, job_id).finished) == (1.0, None)

    def test_moving_a_job_that_is_not_there_does_nothing(self, store: Store) -> None:
        assert not write(store, lambda tx: tx.move_job(99, frozenset(JobStatus), JobStatus.RUNNING, NOW, ""))

    def test_attempts_are_numbered_from_one(self, store: Store) -> None:
        job_id = add(store)
        key = first_task(store, job_id)
        for number in (1, 2, 3):
            attempt = held(store, job_id, key)
            assert attempt.number == number
            assert move(store, attempt, TS.ASSIGNED, TS.READY)

    def test_a_task_that_is_not_ready_cannot_be_assigned(self, store: Store) -> None:
        job_id = add(store, NewStep("a", (), Turn.ANY, 1), NewStep("b", ("a",), Turn.ANY, 1))
        key = first_task(store, job_id)
        held(store, job_id, key)
        waiting = TaskKey(steps_of(store, job_id)[1].id, 0)
        for other in (key, waiting, TaskKey(key.step_id, 99), TaskKey(99, 0)):
            assert assign(store, job_id, other, "s2") is None
        assert len(store.read(lambda q: q.active_attempts())) == 1

    def test_of_many_who_want_a_task_one_gets_it(self, store: Store) -> None:
        job_id = add(store)
        key, together = first_task(store, job_id), threading.Barrier(8)
        got: list[int | None] = []

        def want(session: str) -> None:
            together.wait()
            got.append(assign(store, job_id, key, session))

        threads = [threading.Thread(target=want, args=(f"s{number}",)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(got, key=str) == [1, *[None] * 7]

    @pytest.mark.parametrize("wrong", ["number", "status", "task"])
    def test_an_attempt_moves_only_as_the_latest_and_from_where_it_was_expected(self, store: Store, wrong: str) -> None:
        job_id = add(store)
        attempt = held(store, job_id, first_task(store, job_id))
        key = {
            "number": attempt._replace(number=2),
            "status": attempt,
            "task": attempt._replace(index=1),
        }[wrong]
        source = TS.RUNNING if wrong == "status" else TS.ASSIGNED
        before = steps_of(store, job_id)
        assert not move(store, key, source, TS.SUCCEEDED, failed=True, message="no")
        assert steps_of(store, job_id) == before
        task = store.read(lambda q: q.task(attempt.task))
        assert task is not None
        assert (task.status, task.failures, task.message) == (TS.ASSIGNED, 0, "")

    def test_failures_are_counted_where_they_count(self, store: Store) -> None:
        job_id = add(store)
        key = first_task(store, job_id)
        for failed in (True, False, True):
            attempt = held(store, job_id, key)
            move(store, attempt, TS.ASSIGNED, TS.READY, failed=failed, message="why")
        task = store.read(lambda q: q.task(key))
        assert task is not None
        assert (task.failures, task.attempt, task.message) == (2, 3, "why")

    def test_counters_follow_every_move(self, store: Store) -> None:
        job_id = add(store, NewStep("run", (), Turn.ANY, 4))
        step_id = steps_of(store, job_id)[0].id
        one, two = (held(store, job_id, TaskKey(step_id, index)) for index in (0, 1))
        move(store, one, TS.ASSIGNED, TS.RUNNING)
        assert counts(steps_of(store, job_id)[0]) == {TS.READY: 2, TS.ASSIGNED: 1, TS.RUNNING: 1}
        move(store, two, TS.ASSIGNED, TS.FAILED, failed=True)
        assert write(store, lambda tx: tx.move_tasks(step_id, TS.READY, TS.CANCELED)) == 2
        assert counts(steps_of(store, job_id)[0]) == {TS.CANCELED: 2, TS.FAILED: 1, TS.RUNNING: 1}
        assert sorted(statuses(store, step_id)) == [TS.CANCELED, TS.CANCELED, TS.FAILED, TS.RUNNING]

    def test_moving_many_tasks_moves_only_those_and_begins_their_failures_again(self, store: Store) -> None:
        job_id = add(store, NewStep("a", (), Turn.ANY, 2), NewStep("b", (), Turn.ANY, 2))
        first, second = steps_of(store, job_id)
        attempt = held(store, job_id, TaskKey(first.id, 0))
        move(store, attempt, TS.ASSIGNED, TS.FAILED, failed=True, message="broke")
        assert write(store, lambda tx: tx.move_tasks(first.id, TS.FAILED, TS.READY, "again")) == 1
        assert write(store, lambda tx: tx.move_tasks(first.id, TS.FAILED, TS.READY)) == 0
        task = store.read(lambda q: q.task(attempt.task))
        assert task is not None
        assert (task.status, task.failures, task.attempt, task.message) == (TS.READY, 0, 1, "again")
        assert counts(steps_of(store, job_id)[1]) == counts(second)
