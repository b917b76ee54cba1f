"""Frames: lists of them, rendering them again, stopping them, their pictures and logs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from rendermill.doors.rayvision.codes import invalid, missing
from rendermill.doors.rayvision.context import MAX_IDS, Caller, user_number
from rendermill.doors.rayvision.handlers.control import choice, each_of, steps_of, submitted
from rendermill.doors.rayvision.handlers.fields import Flag, Id, Ids, Paged, PageNumber, Word
from rendermill.doors.rayvision.ranges import write_chunk
from rendermill.doors.rayvision.registry import Body, call
from rendermill.doors.rayvision.show import frame_info, frame_key, page_of
from rendermill.doors.rayvision.statuses import FrameStatus, task_statuses
from rendermill.farm.model.choice import Choice
from rendermill.farm.model.errors import NotAllowedError, NotFoundError, WrongStateError
from rendermill.farm.model.records import AttemptKey, Step, TaskKey
from rendermill.farm.model.status import UNENDED, TaskStatus, Turn
from rendermill.renderers.request import FrameSpaces
from rendermill.store.rayvision import tasks
from rendermill.store.rayvision.records import TaskRow

_LOG_PAGE = 16 * 1024
_PICTURES = (
    ".png",
    ".jpg",
    ".jpeg",
    ".exr",
    ".tif",
    ".tiff",
    ".tga",
    ".bmp",
    ".webp",
    ".hdr",
    ".dpx",
    ".cin",
    ".jp2",
    ".rgb",
)
_T = TaskStatus
_ENDED = frozenset(_T) - UNENDED
Statuses = Annotated[list[Id], Field(max_length=20)]


class FramePage(Paged):
    """Which frames of which task; the keyword is a part of their numbers."""

    taskId: Id
    searchKeyword: Word | None = None


@call("render/handle/queryTaskFrames", "render/task/queryTaskFrames")
async def query_task_frames(caller: Caller, body: FramePage) -> dict[str, Any]:
    """A page of a task's frames, those that go first first. Past the end there are none."""
    row = await caller.task(body.taskId)
    if row.job_id is None:
        return page_of([], 0, body.pageNum, body.pageSize)
    return await asyncio.to_thread(_frame_page, caller, row, row.job_id, body)


def _frame_page(caller: Caller, row: TaskRow, job_id: int, body: FramePage) -> dict[str, Any]:
    farm = caller.services.farm
    spaces, steps = _spaces(caller, job_id), row.own(farm.steps(job_id))
    wanted = list(_matching(steps, spaces, body.searchKeyword)) if body.searchKeyword else []
    user_id = user_number(caller.services.accounts, row.owner)
    items: list[dict[str, Any]] = []
    for step, indices in _slices(steps, wanted, body):
        for frame in caller.services.desk.look(partial(tasks.frames_at, step_id=step.id, indices=indices)):
            index = write_chunk(spaces.expression(step.name, frame.key.index))
            items.append(frame_info(caller, row, user_id, step, frame, index, test=step.turn is Turn.FIRST))
    total = len(wanted) if body.searchKeyword else sum(step.counts.total for step in steps)
    return page_of(items, total, body.pageNum, body.pageSize)


def _spaces(caller: Caller, job_id: int) -> FrameSpaces:
    source = caller.services.farm.ask(lambda q: q.source(job_id))
    return FrameSpaces(source.template)


def _matching(steps: list[Step], spaces: FrameSpaces, keyword: str) -> Iterator[tuple[Step, int]]:
    for step in steps:
        for index in range(step.counts.total):
            if keyword in write_chunk(spaces.expression(step.name, index)):
                yield step, index


def _slices(steps: list[Step], wanted: list[tuple[Step, int]], body: FramePage) -> Iterator[tuple[Step, list[int]]]:
    """The indices of each step that lie on the page."""
    start, end = body.offset, body.offset + body.pageSize
    if body.searchKeyword:
        for step in steps:
            if indices := [index for owner, index in wanted[start:end] if owner.id == step.id]:
                yield step, indices
        return
    for step in steps:
        total = step.counts.total
        if indices := list(range(max(0, start), min(total, end))):
            yield step, indices
        start, end = start - total, end - total
        if end <= 0:
            return


# --- again, and stop ---------------------------------------------------------------------------------------------


class FailedFrames(Body):
    """Tasks; with statuses the frames that have one of them, else those that failed."""

    taskIds: Ids
    status: Statuses | None = None


class SomeFrames(Body):
    """Frames of a task: all of it (``selectAll`` 1), perhaps of some statuses, or those of ``ids``."""

    taskId: Id | None = None
    selectAll: Flag = 1
    ids: Annotated[list[Id], Field(max_length=MAX_IDS)] | None = None
    Ids: Annotated[list[Id], Field(max_length=MAX_IDS)] | None = None
    status: Statuses | None = None


@call(
    "render/handle/recommitTasks",
    "render/task/restartFailedFrames",
    changes="restart failed frames",
    renamed={"taskParam": "taskIds"},
)
async def recommit_tasks(caller: Caller, body: FailedFrames) -> None:
    """Render frames again: those that failed, or those of some statuses. Frames that wait or run stay as they are."""
    rows = [_alive(row) for row in await caller.tasks(body.taskIds)]
    wanted = task_statuses(body.status) & _ENDED if body.status else frozenset({_T.FAILED})

    async def again(row: TaskRow) -> None:
        await caller.services.farm.rerun(submitted(row), await choice(caller, row, wanted))

    await each_of(rows, again)


@call(
    "render/handle/recommitTaskFrames",
    "render/task/restartFrame",
    changes="restart frames",
    renamed={"taskIds": "taskId"},
)
async def recommit_task_frames(caller: Caller, body: SomeFrames) -> None:
    """Render chosen frames again, done ones as well. Frames that wait or run stay as they are."""
    row, chosen = await _chosen(caller, body, _ENDED)
    await caller.services.farm.rerun(submitted(_alive(row)), chosen)


@call("render/handle/stopTaskFrames", changes="stop frames")
async def stop_task_frames(caller: Caller, body: SomeFrames) -> None:
    """Stop chosen frames. Those that have ended stay as they are."""
    row, chosen = await _chosen(caller, body, UNENDED)
    await caller.services.farm.cancel_tasks(submitted(row), chosen)


def _alive(row: TaskRow) -> TaskRow:
    if row.abandoned or row.deleted is not None:
        raise WrongStateError(f"task {row.id} was abandoned or deleted", where="taskIds")
    return row


async def _chosen(caller: Caller, body: SomeFrames, due: frozenset[TaskStatus]) -> tuple[TaskRow, Choice]:
    ids = body.ids if body.ids is not None else body.Ids
    if body.selectAll == 0 and not ids:
        raise missing("ids")
    if body.taskId is None:
        raise missing("taskId")
    row = await caller.task(body.taskId)
    statuses = task_statuses(body.status) & due if body.status and body.selectAll else due
    submitted(row)
    if body.selectAll:
        return row, await choice(caller, row, statuses)
    own = set(await steps_of(caller, row))
    chosen: dict[int, list[int]] = {}
    for key in map(frame_key, ids or ()):
        if key.step_id not in own:
            raise NotFoundError(f"task {row.id} has no such frame", where="ids")
        chosen.setdefault(key.step_id, []).append(key.index)
    return row, Choice(due, chosen)


# --- pictures and logs -------------------------------------------------------------------------------------------


class Thumbnail(Body):
    """A frame, and its status (only done ones, 4, have pictures)."""

    id: Id
    frameStatus: Id


@call("render/handle/loadingFrameThumbnail", "render/task/loadingFrameThumbnail")
async def loading_frame_thumbnail(caller: Caller, body: Thumbnail) -> list[str]:
    """Where small pictures of a frame's files are to be had: paths of this server that need no signature, for an
    hour."""
    key, _ = await _frame(caller, body.id)
    if body.frameStatus != FrameStatus.DONE:
        return []
    outputs = await asyncio.to_thread(caller.services.farm.ask, lambda q: q.outputs_of(key))
    found = [each for each in outputs if each.path.lower().endswith(_PICTURES)]
    return [caller.services.thumbnails.address(each.hash) for each in found]


async def _frame(caller: Caller, number: int) -> tuple[TaskKey, int]:
    """A frame's task of the farm, and its job. Raises NotFoundError, NotAllowedError."""
    key = frame_key(number)
    farm = caller.services.farm

    def look() -> tuple[int, str] | None:
        task = farm.ask(lambda q: q.task(key))
        if task is None:
            return None
        job = farm.job(farm.ask(lambda q: q.step(key.step_id)).job_id)
        return job.id, job.owner

    found = await asyncio.to_thread(look)
    if found is None:
        raise NotFoundError(f"there is no frame {number}", where="id")
    if not caller.user.acts_for(found[1]):
        raise NotAllowedError(f"frame {number} belongs to somebody else", where="id")
    return key, found[0]


class LogPage(Body):
    """A page of a frame's log, from 1; pages have 16 KiB, whatever size is asked for."""

    renderingType: Word = "render"
    pageNum: PageNumber = 1
    pageSize: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    id: Id | None


@call("render/handle/showLog")
async def show_log(caller: Caller, body: LogPage) -> dict[str, Any]:
    """The log of a frame's latest attempt, a page of it as lines."""
    if body.id is None:
        raise missing("id")
    if body.renderingType != "render":
        raise invalid("renderingType", f"there is no log of {body.renderingType[:40]!r}", "Give it as render.")
    key, job_id = await _frame(caller, body.id)
    size, piece = await asyncio.to_thread(_log_piece, caller, key, job_id, (body.pageNum - 1) * _LOG_PAGE)
    return {
        "pageCount": -(-size // _LOG_PAGE),
        "pageNum": body.pageNum,
        "total": size,
        "size": _LOG_PAGE,
        "items": piece.decode(errors="replace").splitlines(),
    }


def _log_piece(caller: Caller, key: TaskKey, job_id: int, offset: int) -> tuple[int, bytes]:
    task = caller.services.farm.ask(lambda q: q.task(key))
    if task is None:
        raise NotFoundError("the frame is gone")
    path: Path = caller.services.log_path(job_id, AttemptKey(*key, task.attempt))
    if not path.is_file():
        return 0, b""
    with path.open("rb") as file:
        file.seek(offset)
        return path.stat().st_size, file.read(_LOG_PAGE)


class Processing(Body):
    """A task that is being rendered."""

    taskId: Id
    frameType: Id | None = None


@call("render/handle/loadTaskProcessImg", "render/task/loadTaskProcessImg")
async def load_task_process_img(caller: Caller, body: Processing) -> dict[str, Any]:
    """How far the frames that are being rendered are. There are no pictures of unfinished frames."""
    row = await caller.task(body.taskId)
    running: list[dict[str, str]] = []
    if row.job_id is not None:
        running = await asyncio.to_thread(_in_progress, caller, row, row.job_id)
    return {
        "block": 1,
        "currentTaskType": "Render",
        "isRenderPhoton": 0,
        "grabInfo": [running],
        "height": 0,
        "width": 0,
        "sceneName": row.scene,
        "startTime": "",
        "endTime": "",
    }


def _in_progress(caller: Caller, row: TaskRow, job_id: int) -> list[dict[str, str]]:
    farm, spaces = caller.services.farm, _spaces(caller, job_id)
    names = {step.id: step.name for step in row.own(farm.steps(job_id))}
    return [
        _grab(write_chunk(spaces.expression(names[key.step_id], key.index)), fraction)
        for key, (fraction, _) in list(farm.news.progress.items())
        if key.step_id in names
    ]


def _grab(index: str, fraction: float | None) -> dict[str, str]:
    return {
        "frameIndex": index,
        "frameBlock": "1",
        "frameStatus": str(int(FrameStatus.RENDERING)),
        "framePercent": str(int((fraction or 0.0) * 100)),
        "frameUsed": "0",
        "frameEst": "0",
        "feeAmount": "0.00",
        "couponFee": "0.00",
        "isMaxPrice": "0",
        "startTime": "",
        "endTime": "",
        "renderInfo": "",
        "grabUrl": "",
    }
