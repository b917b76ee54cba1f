"""Statuses as the API shows them. Only those are shown that the published clients know.

A task that is a whole job goes by its job's status, so that a list can be asked for by status; a child goes by the
tasks of its steps.
"""

from __future__ import annotations

import itertools
from enum import IntEnum

from rendermill.farm.model.records import Counts, Job
from rendermill.farm.model.status import UNENDED, Cause, JobStatus, TaskStatus
from rendermill.store.rayvision.records import StatusWish, TaskView

_T = TaskStatus
_J = JobStatus


class Status(IntEnum):
    """How a task stands."""

    WAITING = 0
    RENDERING = 5
    STOPPED = 10
    TIMED_OUT = 23
    DONE = 25
    DONE_WITH_FAILURES = 30
    ABANDONED = 35
    TESTED = 40
    FAILED = 45


class FrameStatus(IntEnum):
    """How a frame stands."""

    WAITING = 1
    RENDERING = 2
    STOPPED = 3
    DONE = 4
    FAILED = 5
    WAITING_FOR_TEST = 8


#: For each status, how the jobs stand that have it.
WISHES: dict[Status, tuple[StatusWish, ...]] = {
    Status.WAITING: (StatusWish(_J.READY),),
    Status.RENDERING: (StatusWish(_J.RUNNING),),
    Status.STOPPED: (StatusWish(_J.PAUSED, Cause.NONE), StatusWish(_J.CANCELED, Cause.NONE, abandoned=False)),
    Status.TIMED_OUT: (StatusWish(_J.CANCELED, Cause.TIMEOUT, abandoned=False),),
    Status.DONE: (StatusWish(_J.SUCCEEDED),),
    Status.DONE_WITH_FAILURES: (StatusWish(_J.FAILED, any_succeeded=True),),
    Status.ABANDONED: (StatusWish(_J.CANCELED, abandoned=True),),
    Status.TESTED: (StatusWish(_J.PAUSED, Cause.TEST),),
    Status.FAILED: (StatusWish(_J.FAILED, any_succeeded=False),),
}

FRAME_STATUS: dict[TaskStatus, FrameStatus] = {
    _T.WAITING: FrameStatus.WAITING_FOR_TEST,
    _T.READY: FrameStatus.WAITING,
    _T.ASSIGNED: FrameStatus.RENDERING,
    _T.RUNNING: FrameStatus.RENDERING,
    _T.SUCCEEDED: FrameStatus.DONE,
    _T.FAILED: FrameStatus.FAILED,
    _T.CANCELED: FrameStatus.STOPPED,
}


def task_statuses(codes: list[int]) -> frozenset[TaskStatus]:
    """The statuses of the farm's tasks that frames of these statuses have."""
    return frozenset(status for status, code in FRAME_STATUS.items() if code in codes)


def status_of(view: TaskView, counts: Counts) -> Status:
    """How a task stands; ``counts`` are those of its own steps."""
    if view.job is None:
        return Status.WAITING
    if view.row.parent is None:
        return _of_job(view.job, view.row.abandoned, counts)
    return _of_child(view.job, view.row.abandoned, counts)


def _fits(stands: StatusWish, wish: StatusWish) -> bool:
    names = ("cause", "abandoned", "any_succeeded")
    asked = [(getattr(stands, name), getattr(wish, name)) for name in names]
    return stands.status is wish.status and all(want is None or have == want for have, want in asked)


def _of_job(job: Job, abandoned: bool, counts: Counts) -> Status:
    return _TABLE[job.status, job.cause, abandoned, counts[_T.SUCCEEDED] > 0]


def _table() -> dict[tuple[JobStatus, Cause, bool, bool], Status]:
    """What is shown for each way that a job can stand; some cannot come about and are shown as the nearest."""
    found = {}
    for way in itertools.product(JobStatus, Cause, (False, True), (False, True)):
        nearest = (StatusWish(*way), StatusWish(way[0], Cause.NONE, *way[2:]))
        found[way] = next(
            status for stands in nearest for status, wishes in WISHES.items() if any(_fits(stands, w) for w in wishes)
        )
    return found


_TABLE = _table()


def _of_child(job: Job, abandoned: bool, counts: Counts) -> Status:
    if counts[_T.SUCCEEDED] == counts.total:
        return Status.DONE
    if not any(counts[status] for status in UNENDED) or job.status is _J.CANCELED:
        return _ended(job, abandoned, counts)
    if job.status is _J.PAUSED:
        return Status.TESTED if job.cause is Cause.TEST else Status.STOPPED
    begun = counts.active or counts[_T.SUCCEEDED] or counts[_T.FAILED]
    return Status.RENDERING if begun else Status.WAITING


def _ended(job: Job, abandoned: bool, counts: Counts) -> Status:
    if counts[_T.CANCELED]:
        if abandoned:
            return Status.ABANDONED
        return Status.TIMED_OUT if job.cause is Cause.TIMEOUT else Status.STOPPED
    return Status.DONE_WITH_FAILURES if counts[_T.SUCCEEDED] else Status.FAILED
