"""Jobs, durable."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from rendermill.farm.model.records import (
    Attempt,
    AttemptKey,
    Event,
    Job,
    JobSource,
    Output,
    Step,
    Task,
    TaskKey,
)
from rendermill.farm.model.status import AttemptStatus, Cause, JobStatus, TaskStatus, Turn
from rendermill.farm.model.storage import Area, StoredFile
from rendermill.farm.model.submission import Submission

T = TypeVar("T")

#: What of a job can be changed while it lives.
ADJUSTABLE = frozenset({"priority", "limit", "task_timeout", "job_timeout", "hold", "hardware"})


@dataclass(frozen=True, slots=True)
class NewStep:
    """A step as a new job brings it."""

    name: str
    depends: tuple[str, ...]
    turn: Turn
    total: int


class Queries(Protocol):
    """What can be asked of the store."""

    def job(self, job_id: int) -> Job | None:
        """The job, or None."""

    def jobs(self, *, owner: str | None = None, limit: int = 1000, before: int | None = None) -> list[Job]:
        """Jobs, newest first: all or one owner's; ``before`` pages by id."""

    def job_of(self, reference: str) -> Job | None:
        """The job that was submitted with this reference, or None."""

    def jobs_of_folder(self, owner: str, folder: str | None) -> list[Job]:
        """An owner's jobs whose outputs are seen as that folder of their storage; None: as any folder."""

    def file(self, owner: str, area: Area, path: str) -> StoredFile | None:
        """A file of a storage, or None."""

    def files_named(self, owner: str, area: Area, paths: Sequence[str]) -> list[StoredFile]:
        """Those of many files of a storage that are there."""

    def files(self, owner: str, area: Area, folder: str, *, after: str, limit: int) -> list[StoredFile]:
        """Files below a folder (all without one), by path, those after a path."""

    def used(self, owner: str) -> int:
        """The bytes of all files of an owner's storage."""

    def overdue(self, now: float) -> list[int]:
        """Ids of running jobs that have run longer than their ``job_timeout``."""

    def source(self, job_id: int) -> JobSource:
        """What a job that exists was made of."""

    def unfinished(self) -> list[Job]:
        """Jobs that the scheduler may have to look at: ready, running and paused ones, oldest first."""

    def steps(self, job_id: int) -> list[Step]:
        """The job's steps in the template's order."""

    def step(self, step_id: int) -> Step:
        """A step that exists."""

    def task(self, key: TaskKey) -> Task | None:
        """The task, or None."""

    def tasks(
        self, step_id: int, *, status: TaskStatus | None = None, noted: bool = False, offset: int = 0, limit: int = 1000
    ) -> list[Task]:
        """Tasks of a step by index, a page at a time; ``noted``: only those with a message."""

    def ready_indices(self, step_id: int) -> list[int]:
        """The indices of a step's ready tasks."""

    def attempts(self, key: TaskKey) -> list[Attempt]:
        """A task's attempts, oldest first."""

    def active_attempts(self, job_id: int | None = None, *, lease_before: float | None = None) -> list[Attempt]:
        """Attempts that a session holds: all, of one job, or with a lease that ended before a time."""

    def outputs(self, job_id: int, *, steps: Sequence[int] | None = None) -> list[Output]:
        """Published files of a job, or of some of its steps, by path."""

    def outputs_of(self, key: TaskKey) -> list[Output]:
        """Published files of a task, by path."""

    def output(self, job_id: int, path: str) -> Output | None:
        """A published file of a job by its path."""

    def events(self, after: int, *, job_id: int | None = None, limit: int = 1000) -> list[Event]:
        """Events after a sequence number, in order: all or one job's."""


class Transaction(Queries, Protocol):
    """One atomic unit of work. Moves are guarded in the statement: a move that is not true any more does nothing.

    Every method that moves a status keeps the step's counters in the same unit.
    """

    def add_job(
        self, submission: Submission, name: str, steps: Sequence[NewStep], status: JobStatus, now: float
    ) -> int:
        """Store a new job; tasks of steps with dependencies wait, the others are ready. Returns its id."""

    def move_job(
        self,
        job_id: int,
        sources: frozenset[JobStatus],
        target: JobStatus,
        now: float,
        message: str,
        cause: Cause = Cause.NONE,
    ) -> bool:
        """Move a job if it is in one of ``sources``."""

    def put_files(self, owner: str, area: Area, files: Sequence[StoredFile]) -> list[str]:
        """Add files of different names to a storage; those of their names that are there are replaced.

        Returns the names that are folders there, and could not be put.
        """

    def remove_file(self, owner: str, area: Area, path: str) -> bool:
        """Remove a file from a storage; False if there was none."""

    def adjust_job(self, job_id: int, settings: Mapping[str, Any]) -> None:
        """Change fields of a job that are no status: those of :data:`ADJUSTABLE`."""

    def assign(self, job_id: int, key: TaskKey, session: str, worker: str, lease: float, now: float) -> int | None:
        """Move a ready task to assigned and open its next attempt: the attempt's number, or None if not ready."""

    def move_attempt(
        self,
        key: AttemptKey,
        source: TaskStatus,
        target: TaskStatus,
        *,
        failed: bool = False,
        message: str = "",
    ) -> bool:
        """Move a task if it stands at ``source`` and this attempt is its latest; ``failed`` counts a failure."""

    def move_tasks(
        self,
        step_id: int,
        source: TaskStatus,
        target: TaskStatus,
        message: str = "",
        indices: Sequence[int] | None = None,
    ) -> int:
        """Move every task of a step that stands at ``source``, or those of ``indices`` that do.

        Failures start again from 0. Returns how many were moved.
        """

    def close_attempt(self, key: AttemptKey, status: AttemptStatus, message: str, now: float) -> None:
        """Write down how an attempt stands or ended."""

    def renew(self, sessions: Sequence[str], lease: float) -> None:
        """Give the active attempts of these sessions a new end of lease."""

    def published_by_others(self, key: AttemptKey, paths: Sequence[str]) -> list[str]:
        """Those of the paths that another task of the job has published, which :meth:`publish` would replace."""

    def publish(self, key: AttemptKey, outputs: Sequence[Output]) -> None:
        """Make the files of an attempt the task's outputs."""

    def emit(  # noqa: PLR0913 - an event has these parts
        self,
        kind: str,
        job_id: int,
        *,
        now: float,
        step_id: int | None = None,
        index: int | None = None,
        attempt: int | None = None,
        source: str = "",
        target: str = "",
        data: Mapping[str, Any] | None = None,
    ) -> None:
        """Write an event row; listeners hear of it after the commit."""


class Store(Protocol):
    """Jobs, durable. Writers queue; many units may share one commit."""

    def write(self, work: Callable[[Transaction], T]) -> Future[T]:
        """Queue a unit of work; the future holds its result once it is durable, or its error."""

    def read(self, work: Callable[[Queries], T]) -> T:
        """Run a unit of work that only reads, at once, in this thread."""

    def listen(self, listener: Callable[[Sequence[Event]], None]) -> None:
        """Call ``listener`` from the writing thread with the events of each commit, in order."""
