"""What render services' clients need of a store: references, changes, time limits, some tasks, and storage."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from contract.store_words import (
    NOW,
    SUBMISSION,
    TS,
    Reopen,
    add,
    counts,
    first_task,
    held,
    job_of,
    move,
    steps_of,
    write,
)
from rendermill.farm.model.records import Output, TaskKey
from rendermill.farm.model.status import Cause, JobStatus, Turn
from rendermill.farm.model.storage import Area, StoredFile
from rendermill.farm.ports.store import NewStep, Store

RICH = replace(
    SUBMISSION,
    reference="door/7",
    folder="7_shot",
    limit=3,
    job_timeout=60.5,
    task_timeout=5.0,
    hardware=("c2", "c4"),
    hold=True,
    info={"é": [1, None]},
)
A, B = "ab" * 32, "cd" * 32


def add_rich(store: Store, **changes: Any) -> int:
    submission = replace(RICH, **changes)
    steps = [NewStep("main", (), Turn.REST, 2), NewStep("test", (), Turn.FIRST, 1)]
    return write(store, lambda tx: tx.add_job(submission, "rich", steps, JobStatus.READY, NOW))


class Service:
    """Jobs as services' clients want them."""

    def test_all_that_a_submission_says_comes_back(self, store: Store, reopened: Reopen) -> None:
        job_id = add_rich(store)
        job = job_of(reopened(), job_id)
        for name in ("reference", "folder", "limit", "job_timeout", "task_timeout", "hardware", "hold", "info"):
            assert getattr(job, name) == getattr(RICH, name), name

    def test_steps_that_come_after_others_wait(self, store: Store) -> None:
        main, test = steps_of(store, add_rich(store))
        assert (main.turn, test.turn) == (Turn.REST, Turn.FIRST)
        assert (counts(main), counts(test)) == ({TS.WAITING: 2}, {TS.READY: 1})

    def test_a_job_is_found_by_its_reference(self, store: Store) -> None:
        job_id = add_rich(store)
        add(store)
        found = store.read(lambda q: q.job_of("door/7"))
        assert found is not None and found.id == job_id
        assert store.read(lambda q: q.job_of("door/8")) is None

    def test_a_reference_is_there_once(self, store: Store) -> None:
        add_rich(store)
        with pytest.raises(IntegrityError):
            add_rich(store)

    def test_settings_change_and_nothing_else(self, store: Store) -> None:
        job_id = add_rich(store)
        changes = {"priority": 90, "limit": None, "hold": False, "hardware": ["c8"], "job_timeout": None}
        write(store, lambda tx: tx.adjust_job(job_id, changes))
        job = job_of(store, job_id)
        expected = {"priority": 90, "limit": None, "hold": False, "hardware": ("c8",), "job_timeout": None}
        assert {name: getattr(job, name) for name in changes} == expected
        assert (job.status, job.task_timeout) == (JobStatus.READY, 5.0)

    def test_a_status_is_no_setting(self, store: Store) -> None:
        job_id = add_rich(store)
        with pytest.raises(AssertionError):
            write(store, lambda tx: tx.adjust_job(job_id, {"status": JobStatus.SUCCEEDED}))

    def test_a_cause_stands_as_long_as_the_status_that_it_explains(self, store: Store) -> None:
        job_id = add_rich(store)
        ready, paused = frozenset({JobStatus.READY}), frozenset({JobStatus.PAUSED})
        write(store, lambda tx: tx.move_job(job_id, ready, JobStatus.PAUSED, NOW, "why", Cause.TEST))
        assert (job_of(store, job_id).cause, job_of(store, job_id).message) == (Cause.TEST, "why")
        write(store, lambda tx: tx.move_job(job_id, paused, JobStatus.RUNNING, NOW, ""))
        assert job_of(store, job_id).cause is Cause.NONE

    def test_jobs_are_overdue_from_when_they_run_and_again_from_when_they_run_again(self, store: Store) -> None:
        job_id, patient = add_rich(store), add(store)
        every = frozenset(JobStatus)
        for each in (job_id, patient):
            write(store, lambda tx, each=each: tx.move_job(each, every, JobStatus.RUNNING, NOW, ""))  # type: ignore[misc]
        assert store.read(lambda q: q.overdue(NOW + 60)) == []
        assert store.read(lambda q: q.overdue(NOW + 61)) == [job_id]
        write(store, lambda tx: tx.move_job(job_id, every, JobStatus.CANCELED, NOW + 61, ""))
        assert store.read(lambda q: q.overdue(NOW + 99)) == []
        write(store, lambda tx: tx.move_job(job_id, every, JobStatus.RUNNING, NOW + 100, ""))
        assert store.read(lambda q: q.overdue(NOW + 101)) == []
        assert job_of(store, job_id).started == NOW

    def test_some_tasks_of_a_step_move_and_the_others_stay(self, store: Store) -> None:
        job_id = add(store, NewStep("run", (), Turn.ANY, 12_000))
        step = steps_of(store, job_id)[0].id
        chosen = [*range(0, 12_000, 2), 99_999]
        assert write(store, lambda tx: tx.move_tasks(step, TS.READY, TS.CANCELED, "", chosen)) == 6000
        assert write(store, lambda tx: tx.move_tasks(step, TS.READY, TS.CANCELED, "", chosen)) == 0
        assert write(store, lambda tx: tx.move_tasks(step, TS.READY, TS.CANCELED, "", [])) == 0
        assert counts(steps_of(store, job_id)[0]) == {TS.READY: 6000, TS.CANCELED: 6000}
        assert store.read(lambda q: q.ready_indices(step))[:3] == [1, 3, 5]

    def test_what_a_task_publishes_anew_replaces_what_it_had(self, store: Store) -> None:
        job_id = add(store)
        key = first_task(store, job_id)
        first = held(store, job_id, key)
        write(store, lambda tx: tx.publish(first, [Output("a", A, 1), Output("b", A, 1)]))
        move(store, first, TS.ASSIGNED, TS.READY)
        second = held(store, job_id, key)
        write(store, lambda tx: tx.publish(second, [Output("b", B, 2)]))
        assert store.read(lambda q: q.outputs_of(key)) == [Output("b", B, 2, "run", 0)]
        assert store.read(lambda q: q.outputs_of(TaskKey(key.step_id, 1))) == []
        write(store, lambda tx: tx.publish(second, []))
        assert store.read(lambda q: q.outputs(job_id)) == []


class Storage:
    """Users' files."""

    def test_a_file_is_kept_replaced_and_removed(self, store: Store, reopened: Reopen) -> None:
        first, second = StoredFile("a/é b", A, 2**40, NOW), StoredFile("a/é b", B, 5, NOW + 1)
        write(store, lambda tx: tx.put_files("ann", Area.INPUT, [first]))
        assert store.read(lambda q: q.file("ann", Area.INPUT, "a/é b")) == first
        write(store, lambda tx: tx.put_files("ann", Area.INPUT, [second]))
        again = reopened()
        assert again.read(lambda q: q.file("ann", Area.INPUT, "a/é b")) == second
        assert again.read(lambda q: q.used("ann")) == 5
        assert write(again, lambda tx: tx.remove_file("ann", Area.INPUT, "a/é b"))
        assert not write(again, lambda tx: tx.remove_file("ann", Area.INPUT, "a/é b"))
        assert again.read(lambda q: q.file("ann", Area.INPUT, "a/é b")) is None

    def test_storages_are_apart_by_owner_and_area(self, store: Store) -> None:
        for owner, area, size in (("ann", Area.INPUT, 1), ("ann", Area.CONFIG, 2), ("bob", Area.INPUT, 4)):
            file = StoredFile("x", A, size, NOW)
            write(store, lambda tx, o=owner, a=area, f=file: tx.put_files(o, a, [f]))  # type: ignore[misc]
        assert store.read(lambda q: q.used("ann")) == 3
        assert store.read(lambda q: q.used("nobody")) == 0
        assert [file.size for file in store.read(lambda q: q.files("bob", Area.INPUT, "", after="", limit=9))] == [4]

    def test_a_folder_holds_what_is_below_it(self, store: Store) -> None:
        paths = ["a", "a!", "a/1", "a/b/2", "a0", "a/é", "ab/3", "A/4"]
        for path in paths:
            file = StoredFile(path, A, 1, NOW)
            write(store, lambda tx, f=file: tx.put_files("ann", Area.INPUT, [f]))  # type: ignore[misc]

        def below(folder: str, after: str = "", limit: int = 99) -> list[str]:
            return [f.path for f in store.read(lambda q: q.files("ann", Area.INPUT, folder, after=after, limit=limit))]

        assert below("a") == ["a/1", "a/b/2", "a/é"]
        assert below("a", limit=1) == ["a/1"]
        assert below("a", after="a/b/2") == ["a/é"]
        assert below("") == sorted(paths)

    def test_many_files_are_looked_up_at_once(self, store: Store) -> None:
        for path in ("a", "b"):
            file = StoredFile(path, A, 1, NOW)
            write(store, lambda tx, f=file: tx.put_files("ann", Area.INPUT, [f]))  # type: ignore[misc]
        wanted = ["b", *(f"none{number}" for number in range(12_000)), "a"]
        found = store.read(lambda q: q.files_named("ann", Area.INPUT, wanted))
        assert sorted(file.path for file in found) == ["a", "b"]
        assert store.read(lambda q: q.files_named("ann", Area.INPUT, [])) == []

    def test_jobs_are_found_by_their_folder(self, store: Store) -> None:
        first, second = add_rich(store), add_rich(store, reference=None, folder="8_shot")
        add(store)
        add_rich(store, reference=None, owner="bob")
        assert [job.id for job in store.read(lambda q: q.jobs_of_folder("ann", "8_shot"))] == [second]
        assert [job.id for job in store.read(lambda q: q.jobs_of_folder("ann", None))] == [first, second]
        assert store.read(lambda q: q.jobs_of_folder("ann", "9_shot")) == []
