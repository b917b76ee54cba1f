"""Words for the tests of stores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from rendermill.farm.model.records import AttemptKey, Job, Output, Step, TaskKey
from rendermill.farm.model.status import JobStatus, TaskStatus, Turn
from rendermill.farm.model.submission import Asset, Submission
from rendermill.farm.ports.store import NewStep, Store, Transaction

T = TypeVar("T")
Reopen = Callable[[], Store]
PATIENCE = 60.0
NOW = 1000.0
TEMPLATE: dict[str, Any] = {"name": "é日本", "steps": [{"nested": [1, 2.5, None, True, "\n'\"\\"]}]}
ASSETS = (Asset("/a/b c.png", "ab" * 32, 0), Asset("/a/é.png", "cd" * 32, 2**40))
SUBMISSION = Submission(TEMPLATE, "ann", {"Frames": "1-3", "Samples": 8}, ASSETS, priority=70, warnings=("old", "slow"))
TS = TaskStatus


class Closable(Store, Protocol):
    """A store as tests use it."""

    def close(self) -> None:
        """Finish what is queued and close."""


def write(store: Store, work: Callable[[Transaction], T]) -> T:
    return store.write(work).result(PATIENCE)


def add(
    store: Store, *steps: NewStep, owner: str = "ann", status: JobStatus = JobStatus.READY, now: float = NOW
) -> int:
    new = steps or (NewStep("run", (), Turn.ANY, 3),)
    return write(store, lambda tx: tx.add_job(replace(SUBMISSION, owner=owner), "job", new, status, now))


def steps_of(store: Store, job_id: int) -> list[Step]:
    return store.read(lambda q: q.steps(job_id))


def first_task(store: Store, job_id: int) -> TaskKey:
    return TaskKey(steps_of(store, job_id)[0].id, 0)


def job_of(store: Store, job_id: int) -> Job:
    found = store.read(lambda q: q.job(job_id))
    assert found is not None
    return found


def assign(store: Store, job_id: int, key: TaskKey, session: str = "s1", lease: float = NOW + 30) -> int | None:
    return write(store, lambda tx: tx.assign(job_id, key, session, "w1", lease, NOW))


def held(store: Store, job_id: int, key: TaskKey, session: str = "s1", lease: float = NOW + 30) -> AttemptKey:
    number = assign(store, job_id, key, session, lease)
    assert number is not None
    return AttemptKey(*key, number)


def statuses(store: Store, step_id: int) -> list[TaskStatus]:
    return [task.status for task in store.read(lambda q: q.tasks(step_id))]


def counts(step: Step) -> dict[TaskStatus, int]:
    return {status: step.counts[status] for status in TaskStatus if step.counts[status]}


def emit(store: Store, job_id: int, *targets: str) -> None:
    def work(tx: Transaction) -> None:
        for target in targets:
            tx.emit("job", job_id, now=NOW, target=target)

    write(store, work)


def move(
    store: Store, key: AttemptKey, source: TaskStatus, target: TaskStatus, *, failed: bool = False, message: str = ""
) -> bool:
    return write(store, lambda tx: tx.move_attempt(key, source, target, failed=failed, message=message))


def publish(store: Store, key: AttemptKey, *files: Output) -> None:
    write(store, lambda tx: tx.publish(key, files))
