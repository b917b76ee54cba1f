"""Acting on tasks: stop, start, abandon, delete, full speed, priority, limits, time, hardware."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Annotated

from pydantic import Field

from rendermill.doors.rayvision.codes import invalid
from rendermill.doors.rayvision.context import MAX_IDS, Caller
from rendermill.doors.rayvision.handlers.fields import Id, Ids, Seconds, TaskIds, Word
from rendermill.doors.rayvision.hardware import ANY, Hardware, chosen_hardware, hardware, words
from rendermill.doors.rayvision.registry import Body, call
from rendermill.farm.model.choice import Choice
from rendermill.farm.model.errors import WrongStateError
from rendermill.farm.model.status import UNENDED, Cause, JobStatus, TaskStatus
from rendermill.store.rayvision import tasks
from rendermill.store.rayvision.records import TaskRow

_OLD = {"taskParam": "taskIds"}
_T = TaskStatus
_AT_ONCE = 200


async def steps_of(caller: Caller, row: TaskRow) -> list[int]:
    """The ids of the farm's steps that are a task, without those of children that were given up."""
    assert row.job_id is not None
    job_id = row.job_id
    found = await asyncio.to_thread(lambda: caller.services.farm.steps(job_id))
    left_out: set[str] = set()
    if row.parent is None:
        left_out = await caller.services.desk.read(lambda c: tasks.steps_given_up(c, row.id))
    return [step.id for step in row.own(found) if step.name not in left_out]


async def choice(caller: Caller, row: TaskRow, statuses: frozenset[TaskStatus]) -> Choice:
    """All tasks of the farm at these statuses that are a task of the API."""
    return Choice(statuses, dict.fromkeys(await steps_of(caller, row)))


async def each_of(rows: Iterable[TaskRow], work: Callable[[TaskRow], Awaitable[object]]) -> None:
    """Do something with tasks, many at a time, so that they share their waits for the disk."""
    waiting = list(rows)
    while waiting:
        batch, waiting = waiting[:_AT_ONCE], waiting[_AT_ONCE:]
        await asyncio.gather(*map(work, batch))


def submitted(row: TaskRow) -> int:
    """The job of a task. Raises WrongStateError where it is not submitted yet."""
    if row.job_id is None:
        raise WrongStateError(f"task {row.id} is not submitted yet", where="taskIds")
    return row.job_id


async def stop(caller: Caller, row: TaskRow) -> None:
    """Stop what has not ended of a task."""
    job_id, farm = submitted(row), caller.services.farm
    if row.parent is not None:
        await farm.cancel_tasks(job_id, await choice(caller, row, UNENDED))
    elif farm.job(job_id).status in (JobStatus.READY, JobStatus.RUNNING, JobStatus.PAUSED):
        try:
            await farm.cancel(job_id)
        except WrongStateError:
            return  # it has ended meanwhile


@call(
    "rendering/task/renderingTask/stopTask",
    "render/handle/stopTask",
    "render/task/stopTask",
    changes="stop task",
    renamed=_OLD,
)
async def stop_task(caller: Caller, body: TaskIds) -> None:
    """Stop tasks. One that has ended or is stopped stays as it is."""
    await each_of(await _all_submitted(caller, body.taskIds), lambda row: stop(caller, row))


@call(
    "rendering/task/renderingTask/startTask",
    "render/handle/startTask",
    "render/task/startTask",
    changes="start task",
    renamed=_OLD,
)
async def start_task(caller: Caller, body: TaskIds) -> None:
    """Let stopped tasks go on. One that was not stopped stays as it is."""
    rows = await _all_submitted(caller, body.taskIds)
    for row in rows:
        if row.abandoned or row.deleted is not None:
            what = "was deleted" if row.deleted is not None else "was abandoned"
            raise WrongStateError(f"task {row.id} {what} and does not start again", where="taskIds")
    await each_of(rows, lambda row: _start(caller, row))


async def _start(caller: Caller, row: TaskRow) -> None:
    job_id, farm = submitted(row), caller.services.farm
    job = farm.job(job_id)
    if job.status is JobStatus.PAUSED and job.cause is Cause.NONE:
        await _resume(caller, job_id)
    await farm.rerun(job_id, await choice(caller, row, frozenset({_T.CANCELED})))


@call("render/handle/abandonTask", "render/task/abortTask", changes="abandon task", renamed=_OLD)
async def abandon_task(caller: Caller, body: TaskIds) -> None:
    """Stop tasks for good. One that has ended stays as it is."""
    rows = await _all_submitted(caller, body.taskIds)
    await each_of(rows, lambda row: stop(caller, row))
    views = await caller.services.desk.read(lambda c: tasks.views(c, rows))
    given_up = [view.row.id for view in views if any(step.counts[_T.CANCELED] for step in view.steps)]
    await caller.services.desk.write(lambda c: tasks.change(c, given_up, abandoned=True))


@call("render/handle/deleteTask", "render/task/deleteTask", changes="delete task", renamed=_OLD)
async def delete_task(caller: Caller, body: TaskIds) -> None:
    """Stop tasks and put them into the recycle bin, which getTaskList shows with ``recycleFlag``."""
    ids = [row.id for row in await caller.tasks(body.taskIds) if row.deleted is None]
    now = caller.services.clock.now()
    await caller.services.desk.write(lambda c: tasks.change(c, ids, deleted=now))
    rows = await caller.tasks(body.taskIds)  # again: one may have been submitted in between
    await each_of([row for row in rows if row.job_id is not None], lambda row: stop(caller, row))


async def _all_submitted(caller: Caller, ids: list[int]) -> list[TaskRow]:
    rows = await caller.tasks(ids)
    for row in rows:
        submitted(row)
    return rows


async def _resume(caller: Caller, job_id: int) -> None:
    try:
        await caller.services.farm.resume(job_id)
    except WrongStateError:
        return  # somebody else was first


@call("render/handle/fullSpeedRendering", "render/task/fullSpeed", changes="full speed", renamed=_OLD)
async def full_speed(caller: Caller, body: TaskIds) -> str:
    """Render the rest of tasks whose test frames are done; one that is not there yet will not wait there."""
    await each_of(await _all_submitted(caller, body.taskIds), lambda row: _full_speed(caller, submitted(row)))
    return "success"


async def _full_speed(caller: Caller, job_id: int) -> None:
    await caller.services.farm.adjust(job_id, hold=False)
    if caller.services.farm.job(job_id).cause is Cause.TEST:
        await _resume(caller, job_id)


# --- settings ----------------------------------------------------------------------------------------------------


class UserLevel(Body):
    """A task's priority among the user's: 0 to 100."""

    taskId: Id
    taskUserLevel: Annotated[int, Field(ge=0, le=100)]


@call("rendering/task/renderingTask/updateTaskUserLevel", changes="change priority")
async def update_task_user_level(caller: Caller, body: UserLevel) -> None:
    """Change a task's priority, from the next frame on."""
    row = await caller.task(body.taskId)
    if row.job_id is not None:
        await caller.services.farm.adjust(row.job_id, priority=body.taskUserLevel)
    family = [row.id] if row.parent is None else [row.parent]
    await caller.services.desk.write(lambda c: tasks.change(c, family, level=body.taskUserLevel))


class OverTime(TaskIds):
    """Seconds that tasks may take in all; 0 for as long as they need."""

    overTime: Seconds


@call("render/handle/setTaskOverTimeStop", "render/task/setOverTimeStop", changes="set over time", renamed=_OLD)
async def set_task_over_time_stop(caller: Caller, body: OverTime) -> None:
    """Limit how long tasks may run."""
    rows, seconds = await _all_submitted(caller, body.taskIds), float(body.overTime) or None
    await each_of(rows, lambda row: caller.services.farm.adjust(submitted(row), job_timeout=seconds))


class TaskLimit(Body):
    """The most frames of a task that are rendered at a time; 0 for no limit."""

    taskId: Id
    taskLimit: Annotated[int, Field(ge=0, le=1_000_000)]


@call("render/handle/updateTaskLimit", changes="change limit")
async def update_task_limit(caller: Caller, body: TaskLimit) -> None:
    """Limit how many machines a task takes."""
    row = await caller.task(body.taskId)
    await caller.services.farm.adjust(submitted(row), limit=body.taskLimit or None)


class HardwareChange(Body):
    """Other hardware for tasks."""

    taskIds: Ids
    hardwareConfigIds: Annotated[list[Id], Field(max_length=MAX_IDS)]
    model: Word
    ram: Word
    gpuNum: Word | None


def _wanted_hardware(caller: Caller, body: HardwareChange) -> list[Hardware]:
    """The configurations of the ids, which must be what the words say; without ids those that the words say."""
    picture, said = caller.services.farm.dispatcher.picture, (body.model, body.ram, body.gpuNum or "")
    if not body.hardwareConfigIds and not any(said):
        return [ANY]
    among = chosen_hardware(picture, body.hardwareConfigIds, "hardwareConfigIds") or hardware(picture)
    found = [kind for kind in among if kind.is_called(*said)]
    if not found or (body.hardwareConfigIds and len(found) < len(among)):
        raise invalid(
            "ram", f"there is no such hardware with {' '.join(filter(None, said))}", "See hardwareConfig/list."
        )
    return found


@call("render/handle/editTaskHardwareConfig", changes="change hardware")
async def edit_task_hardware_config(caller: Caller, body: HardwareChange) -> None:
    """Say on which kinds of workers tasks may run, from the next frame on; without ids on any."""
    kinds = words(_wanted_hardware(caller, body))
    rows = await _all_submitted(caller, body.taskIds)
    await each_of(rows, lambda row: caller.services.farm.adjust(submitted(row), hardware=kinds))
