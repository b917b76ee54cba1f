"""First steps, a hold after them, references, limits of time, changes: the lifecycle over a real store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from rendermill.farm.blueprint import instantiate
from rendermill.farm.lifecycle import Lifecycle
from rendermill.farm.model.choice import Choice
from rendermill.farm.model.records import Job, Output, TaskKey
from rendermill.farm.model.status import Cause, JobStatus, TaskStatus
from rendermill.farm.model.submission import Submission
from rendermill.farm.ports.store import Queries, Transaction
from rendermill.store.database import SqlStore
from support.clock import FakeClock
from support.stores import fresh_store
from support.templates import shell, template

T = TypeVar("T")
S, F, C = TaskStatus.SUCCEEDED, TaskStatus.FAILED, TaskStatus.CANCELED


class Bench:
    """A store with a lifecycle, and jobs of steps ``test`` (2 tasks) and ``main`` (3 tasks)."""

    def __init__(self, store: SqlStore) -> None:
        self.store, self.clock = store, FakeClock()
        self.lifecycle = Lifecycle(self.clock)

    def write(self, work: Callable[[Transaction], T]) -> T:
        return self.store.write(work).result(20)

    def submit(self, **settings: Any) -> int:
        made = template(shell("true", "main", frames="1-3"), shell("true", "test", frames="1-2"))
        submission = Submission(made, "ann", max_attempts=1, **settings)
        return self.write(lambda tx: self.lifecycle.create(tx, submission, instantiate(made, {})))

    def job(self, job_id: int) -> Job:
        found = self.store.read(lambda q: q.job(job_id))
        assert found is not None
        return found

    def statuses(self, job_id: int) -> dict[str, list[str]]:
        def read(q: Queries) -> dict[str, list[str]]:
            return {step.name: [task.status.value for task in q.tasks(step.id)] for step in q.steps(job_id)}

        return self.store.read(read)

    def key(self, job_id: int, step: str, index: int) -> TaskKey:
        steps = {each.name: each.id for each in self.store.read(lambda q: q.steps(job_id))}
        return TaskKey(steps[step], index)

    def run(self, job_id: int, step: str, index: int, *, fails: bool = False) -> None:
        key = self.key(job_id, step, index)
        number = self.write(lambda tx: self.lifecycle.assign(tx, job_id, key, "s", "w"))
        assert number is not None
        attempt = self.store.read(lambda q: q.attempts(key))[-1].key
        self.write(lambda tx: self.lifecycle.start(tx, job_id, attempt))
        output = Output(f"{step}{index}.png", f"{number:064x}", 1)
        if fails:
            self.write(lambda tx: self.lifecycle.fail(tx, job_id, attempt, "it broke"))
        else:
            self.write(lambda tx: self.lifecycle.succeed(tx, job_id, attempt, [output], ()))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    store = fresh_store(tmp_path)
    yield Bench(store)
    store.close()


def test_other_steps_wait_until_the_first_have_ended(bench: Bench) -> None:
    job = bench.submit(first=("test",))
    assert bench.statuses(job) == {"main": ["waiting"] * 3, "test": ["ready"] * 2}
    bench.run(job, "test", 0)
    assert bench.statuses(job)["main"] == ["waiting"] * 3
    bench.run(job, "test", 1, fails=True)
    assert bench.statuses(job)["main"] == ["ready"] * 3, "that a test failed does not keep the rest from running"
    assert bench.job(job).status is JobStatus.RUNNING


def test_a_job_that_is_to_be_looked_at_pauses_once_after_its_first_steps(bench: Bench) -> None:
    job = bench.submit(first=("test",), hold=True)
    bench.run(job, "test", 0)
    bench.run(job, "test", 1)
    assert (bench.job(job).status, bench.job(job).cause) == (JobStatus.PAUSED, Cause.TEST)
    assert bench.statuses(job)["main"] == ["ready"] * 3
    bench.write(lambda tx: bench.lifecycle.resume(tx, job))
    assert (bench.job(job).status, bench.job(job).cause) == (JobStatus.RUNNING, Cause.NONE)
    bench.write(lambda tx: bench.lifecycle.rerun(tx, job, Choice(frozenset({S}))))
    bench.run(job, "test", 0)
    bench.run(job, "test", 1)
    assert bench.job(job).status is JobStatus.RUNNING, "it was looked at"


def test_a_hold_that_comes_due_while_the_user_has_paused_comes_at_the_resume(bench: Bench) -> None:
    job = bench.submit(first=("test",), hold=True)
    bench.run(job, "test", 0)
    key = bench.key(job, "test", 1)
    bench.write(lambda tx: bench.lifecycle.assign(tx, job, key, "s", "w"))
    attempt = bench.store.read(lambda q: q.attempts(key))[-1].key
    bench.write(lambda tx: bench.lifecycle.start(tx, job, attempt))
    bench.write(lambda tx: bench.lifecycle.pause(tx, job))
    bench.write(lambda tx: bench.lifecycle.succeed(tx, job, attempt, (), ()))
    assert bench.job(job).cause is Cause.NONE
    bench.write(lambda tx: bench.lifecycle.resume(tx, job))
    assert (bench.job(job).status, bench.job(job).cause) == (JobStatus.PAUSED, Cause.TEST)


def test_first_steps_that_run_again_do_not_make_the_rest_wait(bench: Bench) -> None:
    job = bench.submit(first=("test",))
    for index in range(2):
        bench.run(job, "test", index)
    bench.run(job, "main", 0)
    bench.write(
        lambda tx: bench.lifecycle.rerun(tx, job, Choice(frozenset({S}), {bench.key(job, "test", 0).step_id: [0]}))
    )
    assert bench.statuses(job) == {"main": ["succeeded", "ready", "ready"], "test": ["ready", "succeeded"]}


def test_a_frame_wanted_again_keeps_its_files_until_there_are_new_ones(bench: Bench) -> None:
    job = bench.submit()
    for index in range(2):
        bench.run(job, "test", index)
    for index in range(3):
        bench.run(job, "main", index)
    assert bench.job(job).status is JobStatus.SUCCEEDED
    again = Choice(frozenset({S}), {bench.key(job, "main", 1).step_id: [1]})
    assert bench.write(lambda tx: bench.lifecycle.rerun(tx, job, again)) == (1, [])
    assert bench.job(job).status is JobStatus.RUNNING
    before = bench.store.read(lambda q: q.outputs(job))
    assert len(before) == 5
    bench.run(job, "main", 1)
    after = bench.store.read(lambda q: q.outputs(job))
    assert [file.path for file in after] == [file.path for file in before]
    assert [file.path for file in after if file not in before] == ["main1.png"]
    assert bench.job(job).status is JobStatus.SUCCEEDED
    assert bench.store.read(lambda q: q.outputs_of(bench.key(job, "main", 1)))[0] in after


def test_cancelled_tasks_end_a_job_that_has_nothing_else(bench: Bench) -> None:
    job = bench.submit()
    bench.run(job, "test", 0)
    bench.write(lambda tx: bench.lifecycle.cancel_tasks(tx, job, Choice(frozenset(TaskStatus))))
    assert bench.job(job).status is JobStatus.CANCELED
    assert bench.job(job).message == "4 of 5 tasks were cancelled"
    bench.write(lambda tx: bench.lifecycle.rerun(tx, job, Choice(frozenset({C}))))
    assert bench.job(job).status is JobStatus.RUNNING
    assert bench.statuses(job) == {"main": ["ready"] * 3, "test": ["succeeded", "ready"]}


def test_a_reference_makes_one_job_however_often_it_is_submitted(bench: Bench) -> None:
    assert bench.submit(reference="r/1") == bench.submit(reference="r/1", priority=90)
    assert bench.submit(reference="r/2") != bench.submit()
    assert len(bench.store.read(lambda q: q.jobs())) == 3


def test_a_job_that_runs_too_long_is_cancelled_with_the_cause(bench: Bench) -> None:
    job, patient = bench.submit(job_timeout=60.0), bench.submit()
    bench.clock.turn(1000)
    assert bench.write(bench.lifecycle.end_overdue) == [], "it has not started"
    bench.run(job, "test", 0)
    bench.run(patient, "test", 0)
    bench.clock.turn(59)
    assert bench.write(bench.lifecycle.end_overdue) == []
    key = bench.key(job, "test", 1)
    bench.write(lambda tx: bench.lifecycle.assign(tx, job, key, "s", "w"))
    bench.clock.turn(2)
    assert [attempt.key.task for attempt in bench.write(bench.lifecycle.end_overdue)] == [key]
    assert (bench.job(job).status, bench.job(job).cause) == (JobStatus.CANCELED, Cause.TIMEOUT)
    assert bench.job(job).message == "it ran longer than its 60 seconds"
    assert bench.job(patient).status is JobStatus.RUNNING
    bench.write(lambda tx: bench.lifecycle.retry(tx, job))
    assert bench.write(bench.lifecycle.end_overdue) == [], "its time begins anew"


def test_changes_are_told_once_and_only_where_something_changes(bench: Bench) -> None:
    job = bench.submit()
    heard: list[Any] = []
    bench.store.listen(heard.extend)
    bench.write(lambda tx: bench.lifecycle.adjust(tx, job, {"priority": 90, "limit": 2}))
    bench.write(lambda tx: bench.lifecycle.adjust(tx, job, {"priority": 90}))
    assert [(event.kind, event.data) for event in heard] == [("change", {"priority": 90, "limit": 2})]
    assert (bench.job(job).priority, bench.job(job).limit) == (90, 2)


def test_a_step_that_read_what_is_made_anew_runs_again_and_is_stopped_meanwhile(bench: Bench) -> None:
    made = template(shell("true", "a", frames="1-2"), shell("true", "b", frames="1-2", depends=("a",)))
    submission = Submission(made, "ann")
    job = bench.write(lambda tx: bench.lifecycle.create(tx, submission, instantiate(made, {})))
    bench.run(job, "a", 0)
    bench.run(job, "a", 1)
    bench.run(job, "b", 0)
    key = bench.key(job, "b", 1)
    bench.write(lambda tx: bench.lifecycle.assign(tx, job, key, "s", "w"))
    again = Choice(frozenset({S}), {bench.key(job, "a", 0).step_id: [0]})
    moved, stopped = bench.write(lambda tx: bench.lifecycle.rerun(tx, job, again))
    assert (moved, [attempt.key.task for attempt in stopped]) == (1, [key])
    assert bench.statuses(job) == {"a": ["ready", "succeeded"], "b": ["waiting", "waiting"]}
    bench.run(job, "a", 0)
    assert bench.statuses(job)["b"] == ["ready", "ready"]


def submit_steps(bench: Bench, *steps: dict[str, Any], **settings: Any) -> int:
    made = template(*steps)
    submission = Submission(made, "ann", max_attempts=1, **settings)
    return bench.write(lambda tx: bench.lifecycle.create(tx, submission, instantiate(made, {})))


def test_what_a_first_step_needs_does_not_wait_for_it(bench: Bench) -> None:
    job = submit_steps(
        bench,
        shell("true", "sim-test", frames="1"),
        shell("true", "sim", frames="2"),
        shell("true", "rop-test", frames="1", depends=("sim-test", "sim")),
        shell("true", "rop", frames="2", depends=("sim-test", "sim")),
        first=("sim-test", "rop-test"),
    )
    assert list(bench.statuses(job).values()) == [["ready"], ["ready"], ["waiting"], ["waiting"]]
    for step in ("sim-test", "sim", "rop-test", "rop"):
        bench.run(job, step, 0)
    assert bench.job(job).status is JobStatus.SUCCEEDED


def test_a_test_frame_wanted_again_while_the_job_is_looked_at_runs_and_is_looked_at_again(bench: Bench) -> None:
    job = bench.submit(first=("test",), hold=True)
    bench.run(job, "test", 0)
    bench.run(job, "test", 1)
    assert bench.job(job).cause is Cause.TEST
    bench.write(
        lambda tx: bench.lifecycle.rerun(tx, job, Choice(frozenset({S}), {bench.key(job, "test", 0).step_id: [0]}))
    )
    assert bench.job(job).status is JobStatus.RUNNING
    assert bench.statuses(job) == {"main": ["waiting"] * 3, "test": ["ready", "succeeded"]}
    bench.run(job, "test", 0)
    assert (bench.job(job).status, bench.job(job).cause) == (JobStatus.PAUSED, Cause.TEST)
    bench.write(lambda tx: bench.lifecycle.resume(tx, job))
    assert bench.statuses(job)["main"] == ["ready"] * 3


def test_the_time_that_a_job_works_leaves_out_when_it_stands(bench: Bench) -> None:
    job = bench.submit()
    bench.clock.turn(1000)
    bench.run(job, "test", 0)
    bench.clock.turn(10)
    bench.write(lambda tx: bench.lifecycle.pause(tx, job))
    bench.clock.turn(500)
    assert bench.job(job).seconds(bench.clock.now()) == 10
    bench.write(lambda tx: bench.lifecycle.resume(tx, job))
    bench.clock.turn(5)
    assert bench.job(job).seconds(bench.clock.now()) == 15
