"""The Rayvision door's tasks as records."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from rendermill.farm.model.records import Job, Step, TaskKey
from rendermill.farm.model.status import Cause, JobStatus, TaskStatus


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A task as it is kept. Times are seconds since the epoch."""

    id: int
    owner: str
    parent: int | None
    job_id: int | None
    steps: tuple[str, ...]
    """Names of the steps of the job that are this task; empty for all."""
    layer: str
    scene: str
    cg_id: int
    frames: str
    reserved: float
    submitted: float | None
    level: int
    labels: tuple[str, ...]
    artist: str
    producer: str
    clone_of: int | None
    project_id: int | None
    abandoned: bool
    deleted: float | None
    shown: dict[str, Any]

    def own(self, of_job: Iterable[Step]) -> list[Step]:
        """Those of the job's steps that are this task."""
        return [step for step in of_job if not self.steps or step.name in self.steps]


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task with its job, the steps that are its own, and its children."""

    row: TaskRow
    job: Job | None
    steps: tuple[Step, ...]
    children: tuple[TaskView, ...] = ()


@dataclass(frozen=True, slots=True)
class Child:
    """A part of a job that is to be seen as a task of its own."""

    layer: str
    steps: tuple[str, ...]
    frames: str
    shown: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Filter:
    """Which tasks are wanted; with ``statuses`` those that fit one of the wishes."""

    owners: Collection[str] | None
    """None for everybody's."""
    keyword: str = ""
    since: float | None = None
    until: float | None = None
    deleted: bool = False
    statuses: Sequence[StatusWish] | None = None

    @property
    def number(self) -> int | None:
        """The keyword as a task's number, if it is one."""
        is_number = self.keyword.isascii() and self.keyword.isdecimal() and len(self.keyword) < 19
        return int(self.keyword) if is_number else None


@dataclass(frozen=True, slots=True)
class StatusWish:
    """A job's status and what else must hold; None where it does not matter."""

    status: JobStatus
    cause: Cause | None = None
    abandoned: bool | None = None
    any_succeeded: bool | None = None


@dataclass(frozen=True, slots=True)
class FrameRow:
    """A task of the farm with its latest attempt's times."""

    key: TaskKey
    status: TaskStatus
    attempt: int
    message: str
    started: float | None
    finished: float | None


@dataclass(frozen=True, slots=True)
class Reservation:
    """What a new task is reserved with."""

    owner: str
    level: int
    labels: tuple[str, ...] = ()
    artist: str = ""
    clone_of: int | None = None


@dataclass(frozen=True, slots=True)
class Submitted:
    """What a task is once it is submitted."""

    scene: str
    cg_id: int
    frames: str
    producer: str
    project_id: int | None
    shown: dict[str, Any]
    children: tuple[Child, ...] = field(default=())
