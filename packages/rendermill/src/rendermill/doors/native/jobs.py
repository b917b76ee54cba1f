"""Routes about jobs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from rendermill.doors.native.content import content_response
from rendermill.doors.native.identity import User
from rendermill.doors.native.schemas import (
    JobIn,
    attempt_out,
    event_out,
    job_out,
    output_out,
    task_out,
)
from rendermill.farm.model.errors import NotFoundError
from rendermill.farm.model.identity import Identity
from rendermill.farm.model.records import AttemptKey, Job, TaskKey
from rendermill.farm.model.status import TaskStatus
from rendermill.farm.service import Farm

router = APIRouter(prefix="/api/v1/jobs", tags=["jobs"])
_MAX_LOG_PIECE = 1024 * 1024


def farm_of(request: Request) -> Farm:
    """The farm behind this application."""
    farm: Farm = request.app.state.farm
    return farm


def _job(request: Request, user: Identity, job_id: int) -> Job:
    job = farm_of(request).job(job_id)
    user.may_use(job)
    return job


def snapshot(farm: Farm, job: Job) -> dict[str, Any]:
    """A job as it is now."""
    steps = farm.steps(job.id)
    total = sum(step.counts.total for step in steps)
    done = sum(step.counts[TaskStatus.SUCCEEDED] for step in steps)
    ids = {step.id for step in steps}
    under_way = list(farm.news.progress.items())  # at once: the loop's thread changes it
    running = sum(fraction or 0.0 for key, (fraction, _) in under_way if key.step_id in ids)
    progress = min(1.0, (done + running) / total) if total else 0.0
    return job_out(job, steps, farm.waiting_reason(job, steps), progress)


@router.post("", status_code=201)
async def submit(request: Request, user: User, job: JobIn) -> dict[str, int]:
    """Make a job; answers its ``id`` at once."""
    return {"id": await farm_of(request).submit(job.submission(user))}


@router.get("")
def list_jobs(
    request: Request, user: User, limit: Annotated[int, Query(ge=1, le=1000)] = 100, before: int | None = None
) -> dict[str, Any]:
    """Jobs that the user may see, newest first; ``before`` (an id) pages."""
    farm = farm_of(request)
    owner = None if user.superuser else user.name
    jobs = farm.ask(lambda q: q.jobs(owner=owner, limit=limit, before=before))
    return {"jobs": [snapshot(farm, job) for job in jobs]}


@router.get("/{job_id}")
def show(request: Request, user: User, job_id: int) -> dict[str, Any]:
    """One job."""
    return snapshot(farm_of(request), _job(request, user, job_id))


@router.post("/{job_id}/{action}")
async def act(request: Request, user: User, job_id: int, action: str) -> dict[str, Any]:
    """``pause``, ``resume``, ``cancel`` or ``retry`` a job; answers the job as it then is."""
    _job(request, user, job_id)
    farm = farm_of(request)
    actions = {"pause": farm.pause, "resume": farm.resume, "cancel": farm.cancel, "retry": farm.retry}
    if action not in actions:
        raise NotFoundError(f"there is no action {action!r}", remedy=f"One of {', '.join(actions)}.")
    await actions[action](job_id)
    return snapshot(farm, farm.job(job_id))


@router.get("/{job_id}/tasks")
def tasks(
    request: Request,
    user: User,
    job_id: int,
    step: str | None = None,
    status: TaskStatus | None = None,
    noted: bool = False,
    offset: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
) -> dict[str, Any]:
    """Tasks of a step (all steps without one), a page at a time, by index; ``noted``: those that have a message."""
    _job(request, user, job_id)
    farm = farm_of(request)
    steps = [farm.step(job_id, step)] if step is not None else farm.steps(job_id)
    blueprint = farm.blueprint(job_id)
    found = []
    for each in steps:
        label = blueprint.step(each.name).label
        for task in farm.tasks(each, status=status, noted=noted, offset=offset, limit=limit):
            progress = farm.news.progress.get(AttemptKey(*task.key, task.attempt))
            found.append(task_out(task, each, label(task.key.index), progress))
    return {"tasks": found}


@router.get("/{job_id}/tasks/{index}")
def task(request: Request, user: User, job_id: int, index: int, step: str | None = None) -> dict[str, Any]:
    """One task with its attempts."""
    _job(request, user, job_id)
    farm = farm_of(request)
    found = farm.step(job_id, step)
    key = TaskKey(found.id, index)
    row = farm.ask(lambda q: q.task(key))
    if row is None:
        raise NotFoundError(f"there is no task {index}", where=f"job {job_id}, step {found.name}")
    progress = farm.news.progress.get(AttemptKey(*key, row.attempt))
    shown = task_out(row, found, farm.label(job_id, found, index), progress)
    return {**shown, "attempts": [attempt_out(attempt) for attempt in farm.attempts(key)]}


@router.get("/{job_id}/tasks/{index}/log")
def log(
    request: Request,
    user: User,
    job_id: int,
    index: int,
    step: str | None = None,
    attempt: int | None = None,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> Response:
    """An attempt's log (the latest without a number) from a byte offset, up to 1 MiB.

    ``X-Next-Offset`` tells where the next piece starts; the log of a running attempt grows.
    """
    _job(request, user, job_id)
    farm = farm_of(request)
    found = farm.step(job_id, step)
    row = farm.ask(lambda q: q.task(TaskKey(found.id, index)))
    if row is None:
        raise NotFoundError(f"there is no task {index}", where=f"job {job_id}, step {found.name}")
    key = AttemptKey(found.id, index, attempt or row.attempt)
    path: Path = request.app.state.log_path(job_id, key)
    piece = b""
    if path.is_file():
        with path.open("rb") as file:
            file.seek(offset)
            piece = file.read(_MAX_LOG_PIECE)
    elif attempt is not None:
        raise NotFoundError(f"attempt {attempt} has no log", where=f"task {index} of job {job_id}")
    headers = {"X-Next-Offset": str(offset + len(piece)), "X-Attempt": str(key.number)}
    return Response(piece, media_type="text/plain; charset=utf-8", headers=headers)


@router.get("/{job_id}/outputs")
def outputs(request: Request, user: User, job_id: int) -> dict[str, Any]:
    """The job's published files."""
    _job(request, user, job_id)
    return {"outputs": [output_out(output) for output in farm_of(request).outputs(job_id)]}


@router.get("/{job_id}/outputs/{path:path}")
def output(request: Request, user: User, job_id: int, path: str) -> Response:
    """The content of a published file."""
    _job(request, user, job_id)
    found = farm_of(request).ask(lambda q: q.output(job_id, path))
    if found is None:
        raise NotFoundError(f"there is no output {path}", where=f"job {job_id}")
    return content_response(request, found.hash, found.size)


@router.get("/{job_id}/events")
def events(request: Request, user: User, job_id: int, after: int = 0) -> dict[str, Any]:
    """Up to 1,000 of the job's events after a sequence number."""
    _job(request, user, job_id)
    return {"events": [event_out(event) for event in farm_of(request).events(job_id, after)]}
