"""What the farm needs of the rest: a store, an engine, a clock. Declared here, implemented elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
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
from rendermill.farm.model.status import AttemptStatus, JobStatus, TaskStatus
from rendermill.farm.model.submission import Asset, Submission

T = TypeVar("T")


class Clock(Protocol):
    """Time, so that tests can turn it."""

    def now(self) -> float:
        """Seconds since the epoch."""


# --- store -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NewStep:
    """A step as a new job brings it."""

    name: str
    depends: tuple[str, ...]
    total: int


class Queries(Protocol):
    """What can be asked of the store."""

    def job(self, job_id: int) -> Job | None:
        """The job, or None."""

    def jobs(self, *, owner: str | None = None, limit: int = 1000, before: int | None = None) -> list[Job]:
        """Jobs, newest first: all or one owner's; ``before`` pages by id."""

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

    def move_job(self, job_id: int, sources: frozenset[JobStatus], target: JobStatus, now: float, message: str) -> bool:
        """Move a job if it is in one of ``sources``."""

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

    def move_tasks(self, step_id: int, source: TaskStatus, target: TaskStatus, message: str = "") -> int:
        """Move every task of a step that stands at ``source``; failures start again from 0. Returns how many."""

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


# --- blobs -----------------------------------------------------------------------------------------------------


class BlobSink(Protocol):
    """A blob being written; as a context it leaves nothing behind unless ``commit`` was reached."""

    size: int

    def write(self, chunk: bytes) -> None:
        """Add to the content."""

    def commit(self, digest: str | None = None) -> str:
        """Make the blob appear, if its content is what ``digest`` says; returns its hash."""

    def __enter__(self) -> BlobSink: ...

    def __exit__(self, *_: object) -> None: ...


class Blobs(Protocol):
    """Files by content; a hash is BLAKE3 in hex."""

    def missing(self, digests: Iterable[str]) -> list[str]:
        """Those of the hashes whose blobs are not there."""

    def path(self, digest: str) -> Path:
        """Where a blob lies or would. Raises BadInputError if that is no hash."""

    def checked(self, digest: str) -> Path:
        """The path of a blob that is there and whole. Raises NotFoundError."""

    def writer(self) -> BlobSink:
        """Begin a blob."""


# --- engine ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Worker:
    """A machine with slots. ``amounts`` are OpenJD amount capabilities, ``attributes`` OpenJD attributes."""

    name: str
    slots: int
    cores: float
    memory: float
    """MiB"""
    amounts: Mapping[str, float] = field(default_factory=dict)
    attributes: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SessionOrder:
    """Everything a session host needs to open a session for one step."""

    session: str
    worker: str
    job_id: int
    step_id: int
    step: str
    template: dict[str, Any]
    parameters: dict[str, Any]
    inputs: tuple[Asset, ...]
    dependencies: tuple[Output, ...]
    """Published outputs of the steps this one depends on, laid out before it starts."""
    cores: float
    memory: float
    threads: int
    """Cores that it may use; more than ``cores`` where others would idle."""
    start_timeout: float
    """Seconds until the session must be open."""


@dataclass(frozen=True, slots=True)
class TaskOrder:
    """One attempt to run in a session."""

    key: AttemptKey
    job_id: int
    timeout: float | None


@dataclass(frozen=True, slots=True)
class SessionOpened:
    """The session's environments are entered."""

    session: str


@dataclass(frozen=True, slots=True)
class SessionClosed:
    """The session and every process of it are gone. ``reason`` is empty where that was asked for.

    ``opened`` is False where it never became ready, which says something about the step and not the task; with
    ``machine`` it says something about the machine, on which no session could be started.
    """

    session: str
    reason: str
    opened: bool
    machine: bool = False


@dataclass(frozen=True, slots=True)
class SessionAlive:
    """A heartbeat."""

    session: str


@dataclass(frozen=True, slots=True)
class TaskStarted:
    """The task's action runs."""

    session: str
    key: AttemptKey


@dataclass(frozen=True, slots=True)
class TaskProgress:
    """How far a running task is: a fraction from 0 to 1 (or None) and a short text."""

    session: str
    key: AttemptKey
    fraction: float | None
    text: str


@dataclass(frozen=True, slots=True)
class TaskRan:
    """The action is over and the session can take the next task, while outputs are still being verified."""

    session: str
    key: AttemptKey


@dataclass(frozen=True, slots=True)
class TaskEnded:
    """The attempt is over. ``error`` is empty for success; ``outputs`` then are in the blob store."""

    session: str
    key: AttemptKey
    error: str
    outputs: tuple[Output, ...]
    warnings: tuple[str, ...]


EngineEvent = SessionOpened | SessionClosed | SessionAlive | TaskStarted | TaskProgress | TaskRan | TaskEnded


class Engine(Protocol):
    """Where sessions run. Calls return at once; what becomes of them comes as events."""

    def workers(self) -> Sequence[Worker]:
        """The machines as they are now."""

    async def start(self, listener: Callable[[EngineEvent], None]) -> None:
        """Get ready; events go to ``listener`` on the event loop."""

    async def stop(self) -> None:
        """End every session and every process of them."""

    def open(self, order: SessionOrder, first: TaskOrder) -> None:
        """Open a session and give it its first task."""

    def run(self, session: str, order: TaskOrder) -> None:
        """Give a session its next task."""

    def cancel(self, session: str, key: AttemptKey) -> None:
        """Stop a task, its whole process tree, and with it the session."""

    def close(self, session: str) -> None:
        """End a session that has nothing to do."""

    def kill(self, session: str, reason: str) -> None:
        """End a session at once, whatever it does."""
