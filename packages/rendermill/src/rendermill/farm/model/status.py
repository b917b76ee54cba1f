"""Statuses and their legal moves: the only place that says what may follow what."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class TaskStatus(StrEnum):
    """Where a task stands."""

    WAITING = "waiting"
    """A step it depends on is not done."""
    READY = "ready"
    """It may start as soon as a worker has room."""
    ASSIGNED = "assigned"
    """A session has it and has not started it yet (it may still be loading the scene)."""
    RUNNING = "running"
    """Its action runs, or its outputs are being verified and published."""
    SUCCEEDED = "succeeded"
    """Its outputs are verified and published."""
    FAILED = "failed"
    """Its attempts are used up."""
    CANCELED = "canceled"
    """Somebody cancelled it."""


class JobStatus(StrEnum):
    """Where a job stands."""

    READY = "ready"
    """Nothing of it has started."""
    RUNNING = "running"
    """Something of it has started and more can run."""
    PAUSED = "paused"
    """Nothing new of it starts; what runs ends by itself."""
    SUCCEEDED = "succeeded"
    """Every task succeeded."""
    FAILED = "failed"
    """Nothing more can run, and at least one task failed."""
    CANCELED = "canceled"
    """Somebody cancelled it."""


class AttemptStatus(StrEnum):
    """How one try at a task stands or ended."""

    ASSIGNED = "assigned"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    """It counts towards the task's limit of attempts."""
    CANCELED = "canceled"
    LOST = "lost"
    """Its server died under it, or its session before it began: it does not count towards the limit."""


class Cause(StrEnum):
    """Why a job stands where it does, where nobody asked for that."""

    NONE = ""
    TEST = "test"
    """It is paused because its first tasks have ended and somebody wants to look at them."""
    TIMEOUT = "timeout"
    """It is cancelled because it ran longer than it may."""


class Turn(IntEnum):
    """When a step's turn is, among the steps of a job some of which go first."""

    ANY = 0
    """It does not matter, or a step that goes first needs its files."""
    FIRST = 1
    REST = 2
    """Once all that go first have ended, however."""


_T = TaskStatus
_J = JobStatus

#: For each task status, the statuses it may move to.
TASK_MOVES: dict[TaskStatus, frozenset[TaskStatus]] = {
    _T.WAITING: frozenset({_T.READY, _T.CANCELED}),
    _T.READY: frozenset({_T.ASSIGNED, _T.FAILED, _T.CANCELED, _T.WAITING}),
    _T.ASSIGNED: frozenset({_T.RUNNING, _T.READY, _T.FAILED, _T.CANCELED}),
    _T.RUNNING: frozenset({_T.SUCCEEDED, _T.READY, _T.FAILED, _T.CANCELED}),
    _T.SUCCEEDED: frozenset({_T.READY, _T.WAITING}),
    _T.FAILED: frozenset({_T.READY, _T.WAITING}),
    _T.CANCELED: frozenset({_T.READY, _T.WAITING}),
}

#: For each job status, the statuses it may move to.
JOB_MOVES: dict[JobStatus, frozenset[JobStatus]] = {
    _J.READY: frozenset({_J.RUNNING, _J.PAUSED, _J.CANCELED, _J.FAILED}),
    _J.RUNNING: frozenset({_J.PAUSED, _J.SUCCEEDED, _J.FAILED, _J.CANCELED}),
    _J.PAUSED: frozenset({_J.READY, _J.RUNNING, _J.SUCCEEDED, _J.FAILED, _J.CANCELED}),
    _J.SUCCEEDED: frozenset({_J.RUNNING}),
    _J.FAILED: frozenset({_J.RUNNING, _J.CANCELED}),
    _J.CANCELED: frozenset({_J.RUNNING}),
}

#: Task statuses in which a session holds the task.
ACTIVE = frozenset({_T.ASSIGNED, _T.RUNNING})

#: Task statuses from which a task can still go on by itself.
UNENDED = frozenset({_T.WAITING, _T.READY, _T.ASSIGNED, _T.RUNNING})

#: Job statuses in which the scheduler looks at the job.
SCHEDULABLE = frozenset({_J.READY, _J.RUNNING})

#: Job statuses that end a job until somebody retries it.
ENDED = frozenset({_J.SUCCEEDED, _J.FAILED, _J.CANCELED})


def job_sources(target: JobStatus) -> frozenset[JobStatus]:
    """The job statuses from which ``target`` may be reached."""
    return frozenset(source for source, targets in JOB_MOVES.items() if target in targets)
