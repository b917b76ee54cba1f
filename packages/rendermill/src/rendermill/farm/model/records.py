"""What the farm knows of jobs, steps, tasks, attempts and outputs, as frozen records.

Times are seconds since the epoch (UTC), sizes are bytes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from rendermill.farm.model.status import ACTIVE, AttemptStatus, Cause, JobStatus, TaskStatus, Turn
from rendermill.farm.model.submission import Asset


class TaskKey(NamedTuple):
    """A task's name inside the farm: its step and its index (from 0) in the step's parameter space."""

    step_id: int
    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody needs here


class AttemptKey(NamedTuple):
    """One try at a task. ``number`` counts from 1 and fences late answers."""

    step_id: int
    index: int  # type: ignore[assignment]
    number: int

    @property
    def task(self) -> TaskKey:
        """The task this is a try at."""
        return TaskKey(self.step_id, self.index)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many tasks stand where."""

    by_status: dict[TaskStatus, int]

    def __getitem__(self, status: TaskStatus) -> int:
        return self.by_status.get(status, 0)

    @property
    def total(self) -> int:
        """All tasks."""
        return sum(self.by_status.values())

    @property
    def active(self) -> int:
        """Tasks a session holds."""
        return sum(self[status] for status in ACTIVE)

    def __add__(self, other: Counts) -> Counts:
        return Counts({status: self[status] + other[status] for status in TaskStatus})


@dataclass(frozen=True, slots=True)
class Job:
    """A job as the store keeps it, without its template and inputs."""

    id: int
    name: str
    owner: str
    status: JobStatus
    priority: int
    created: float
    started: float | None
    finished: float | None
    message: str
    max_attempts: int
    task_timeout: float | None
    warnings: tuple[str, ...]
    reference: str | None = None
    folder: str | None = None
    cause: Cause = Cause.NONE
    job_timeout: float | None = None
    limit: int | None = None
    hold: bool = False
    hardware: tuple[str, ...] = ()
    """Kinds of workers (:mod:`rendermill.farm.model.hardware`) on which it may run; empty for any."""
    info: dict[str, Any] = field(default_factory=dict)
    running_since: float | None = None
    worked: float = 0.0
    """Seconds that it was running before ``running_since``."""

    def seconds(self, now: float) -> float:
        """How long it has been running in all, without the times that it was stopped or had ended."""
        return self.worked + (now - self.running_since if self.running_since is not None else 0.0)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a job with its counters."""

    id: int
    job_id: int
    name: str
    position: int
    depends: tuple[str, ...]
    """Steps whose outputs it reads: they must have succeeded."""
    turn: Turn
    counts: Counts


@dataclass(frozen=True, slots=True)
class Task:
    """One task of a step; ``message`` says why it failed or waits for another attempt."""

    key: TaskKey
    status: TaskStatus
    attempt: int
    failures: int
    message: str


@dataclass(frozen=True, slots=True)
class JobSource:
    """What a job was made of: its template, its parameters, its input files."""

    template: dict[str, Any]
    parameters: dict[str, Any]
    inputs: tuple[Asset, ...]


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at a task."""

    key: AttemptKey
    job_id: int
    status: AttemptStatus
    session: str
    worker: str
    started: float
    finished: float | None
    message: str


@dataclass(frozen=True, slots=True)
class Output:
    """A published file: ``path`` is relative to the job's output folder, ``hash`` is BLAKE3 in hex."""

    path: str
    hash: str
    size: int
    step: str = ""
    index: int = 0


@dataclass(frozen=True, slots=True)
class Event:
    """One change, in the order it was committed.

    ``kind`` is ``job``, ``step`` or ``task``. ``index`` is None where many tasks of the step moved at once.
    """

    seq: int
    time: float
    kind: str
    job_id: int
    step_id: int | None = None
    index: int | None = None
    attempt: int | None = None
    source: str = ""
    target: str = ""
    data: dict[str, Any] = field(default_factory=dict)
