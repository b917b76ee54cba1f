"""Looking at tasks: lists, one or several of them, totals, output files."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from pydantic import Field

from rendermill.doors.rayvision.codes import invalid
from rendermill.doors.rayvision.context import Caller
from rendermill.doors.rayvision.handlers.fields import Flag, Id, Paged, TaskIds, Word, parse_time, write_time
from rendermill.doors.rayvision.registry import Body, Nothing, call
from rendermill.doors.rayvision.show import page_of, task_infos
from rendermill.doors.rayvision.statuses import WISHES, Status
from rendermill.farm.model.errors import BadInputError
from rendermill.farm.model.status import TaskStatus
from rendermill.farm.model.storage import Area, StoredFile
from rendermill.store.rayvision import tasks
from rendermill.store.rayvision.records import Filter

_T = TaskStatus


class TaskListBody(Paged):
    """Which tasks; times are of submission, in UTC. With ``recycleFlag`` 1 the deleted ones, whatever else is given."""

    statusList: Annotated[list[Id], Field(max_length=100)] | None = None
    searchKeyword: Word | None = None
    startTime: Word | None = None
    endTime: Word | None = None
    recycleFlag: Flag | None = None


@call("render/handle/getTaskList/v2", "render/handle/getTaskList", "render/task/getTaskList")
async def get_task_list(caller: Caller, body: TaskListBody) -> dict[str, Any]:
    """A page of the tasks that the user may see, newest first, children inside their parents."""
    wanted = _filter(caller, body)
    total, views = await caller.services.desk.read(lambda c: tasks.page(c, wanted, body.offset, body.pageSize))
    return page_of(await task_infos(caller, views), total, body.pageNum, body.pageSize)


def _filter(caller: Caller, body: TaskListBody) -> Filter:
    if body.recycleFlag:
        return Filter(caller.owners, deleted=True)
    statuses = None
    if body.statusList:
        known = [Status(code) for code in body.statusList if code in set(Status)]
        statuses = [wish for status in known for wish in WISHES[status]]
    return Filter(
        caller.owners,
        keyword=body.searchKeyword or "",
        since=parse_time(body.startTime, "startTime"),
        until=parse_time(body.endTime, "endTime", end_of_day=True),
        statuses=statuses,
    )


@call(
    "render/handle/queryTaskInfo/v2",
    "render/handle/queryTaskInfo",
    "render/task/queryTaskInfo",
    renamed={"taskParam": "taskIds"},
)
async def query_task_info(caller: Caller, body: TaskIds) -> dict[str, Any]:
    """Tasks by their numbers, children as well as parents."""
    rows = await caller.tasks(body.taskIds)
    views = await caller.services.desk.read(lambda c: tasks.views(c, rows))
    return page_of(await task_infos(caller, views), len(rows), 1, max(100, len(rows)))


@call("render/handle/queryAllFrameStats", "render/task/queryAllFrameStats")
async def query_all_frame_stats(caller: Caller, body: Nothing) -> dict[str, int]:
    """How many frames of all the user's tasks stand where."""
    counted = await caller.services.desk.read(lambda c: tasks.frame_totals(c, caller.owners))
    return {
        "executingFramesTotal": counted[_T.ASSIGNED] + counted[_T.RUNNING],
        "doneFramesTotal": counted[_T.SUCCEEDED],
        "failedFramesTotal": counted[_T.FAILED],
        "waitingFramesTotal": counted[_T.READY] + counted[_T.WAITING],
        "abandonFramesTotal": counted[_T.CANCELED],
        "totalFrames": sum(counted.values()),
    }


class OutputTree(Body):
    """A folder of the outputs; with a task, that task's."""

    taskId: Id | None = None
    treePath: Word


@call("render/file/operate/getOutputUserDirFile")
async def get_output_files(caller: Caller, body: OutputTree) -> list[dict[str, Any]]:
    """What lies in a folder of the user's outputs."""
    owner, folder = caller.account.name, body.treePath.strip("/\\")
    if body.taskId:
        row = await caller.task(body.taskId)
        owner, folder = row.owner, str(row.shown.get("folder", ""))
        if not folder:
            return []
    try:
        found = await asyncio.to_thread(
            lambda: caller.services.files.below(owner, Area.OUTPUT, folder, limit=MAX_ENTRIES)
        )
    except BadInputError as error:
        raise invalid("treePath", error.what) from error
    return _entries(found, folder)


MAX_ENTRIES = 100_000


def _entries(files: list[StoredFile], folder: str) -> list[dict[str, Any]]:
    """The files of a folder, and its folders."""
    start = len(folder) + 1 if folder else 0
    found: dict[str, dict[str, Any]] = {}
    for file in files:
        name, slash, _ = file.path[start:].partition("/")
        found.setdefault(name, _entry(name, folder, file, is_folder=bool(slash)))
    return list(found.values())


def _entry(name: str, folder: str, file: StoredFile, *, is_folder: bool) -> dict[str, Any]:
    return {
        "fileName": name,
        "fileSize": None if is_folder else file.size,
        "iconPath": "",
        "lastModify": write_time(file.modified),
        "fileType": None if is_folder else name.rpartition(".")[2].lower(),
        "filePath": f"/{folder}/{name}" if folder else f"/{name}",
        "directory": is_folder,
        "isArrears": 0,
    }
