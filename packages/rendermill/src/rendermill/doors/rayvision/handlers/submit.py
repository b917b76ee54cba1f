"""Reserving tasks, sending their JSON files, submitting them."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

from pydantic import Field

from rendermill.doors.rayvision.catalogue import entry
from rendermill.doors.rayvision.codes import invalid, missing
from rendermill.doors.rayvision.context import Caller, config_path
from rendermill.doors.rayvision.handlers.fields import Id, Name, Word
from rendermill.doors.rayvision.json_text import parse_object
from rendermill.doors.rayvision.registry import Body, call
from rendermill.doors.rayvision.show import alias
from rendermill.doors.rayvision.submission import JobMaker
from rendermill.doors.rayvision.taskfile import TaskFile
from rendermill.farm.model.errors import NotAllowedError, NotFoundError, WrongStateError
from rendermill.farm.model.storage import Offer
from rendermill.store.rayvision import notes, tasks
from rendermill.store.rayvision.records import Reservation, TaskRow

MAX_RESERVED = 1000
MAX_LABELS = 100
MAX_CONTENT = 16 * 1024 * 1024
MAX_FILE_BODY = 24 * 1024 * 1024
_CATALOGUE_TIME = 1_767_225_600_000
FileName = Literal["task.json", "upload.json", "asset.json", "tips.json"]


class OldTask(Body):
    """How many numbers are wanted, and for what; older clients may leave it to the farm."""

    count: Annotated[int, Field(ge=1, le=MAX_RESERVED)] = 1
    taskUserLevel: Annotated[int, Field(ge=0, le=100)] = 50
    outUserId: Id | None = None
    labels: Annotated[list[Name], Field(max_length=MAX_LABELS)] | None = None
    cloneOriginalId: Id | None = None
    artist: Word | None = None


class NewTask(OldTask):
    """The same, said in full."""

    count: Annotated[int, Field(ge=1, le=MAX_RESERVED)]
    taskUserLevel: Annotated[int, Field(ge=0, le=100)]


@call("render/task/createTask", changes="create task")
async def create_task_before(caller: Caller, body: OldTask) -> dict[str, Any]:
    """Reserve numbers. Nothing is rendered by that; what is not used within a day is taken back."""
    owner = _owner(caller, body.outUserId)
    if body.cloneOriginalId is not None:
        await caller.task(body.cloneOriginalId)
    labels = tuple(dict.fromkeys(body.labels or ()))
    wanted = Reservation(owner, body.taskUserLevel, labels, body.artist or "", body.cloneOriginalId)
    now = caller.services.clock.now()

    def work(connection: Any) -> list[int]:
        notes.label_numbers(connection, owner, labels)
        return tasks.reserve(connection, wanted, body.count, now)

    ids = await caller.services.desk.write(work)
    return {
        "taskIdList": ids,
        "aliasTaskIdList": [alias(caller.platform, number) for number in ids],
        "userId": caller.services.accounts.user(owner).id,
    }


@call("render/submit/createTask", changes="create task")
async def create_task(caller: Caller, body: NewTask) -> dict[str, Any]:
    """The same for newer clients."""
    made: dict[str, Any] = await create_task_before(caller, body)
    return made


def _owner(caller: Caller, out_user_id: int | None) -> str:
    if out_user_id in (None, 0, caller.account.id):
        return caller.account.name
    assert out_user_id is not None
    try:
        owner = caller.services.accounts.user_of_id(out_user_id).name
    except NotFoundError as error:
        raise NotFoundError(f"there is no user {out_user_id}", where="outUserId") from error
    if not caller.user.acts_for(owner):
        raise NotAllowedError(f"user {out_user_id} is no sub-account of yours", where="outUserId")
    return owner


class JsonFile(Body):
    """A task's JSON file, as text."""

    taskId: Id
    fileName: FileName
    content: Annotated[str, Field(max_length=MAX_CONTENT)]


@call("render/submit/taskJsonFile", "render/task/taskJsonFile", changes="send task file", max_body=MAX_FILE_BODY)
async def task_json_file(caller: Caller, body: JsonFile) -> None:
    """Put it where an upload of the same file would: ``{task}/cfg/{name}`` of the config storage."""
    row = await caller.task(body.taskId)
    if row.job_id is not None:
        raise WrongStateError(f"task {row.id} is submitted already", where="taskId")
    await asyncio.to_thread(parse_object, body.content, "content")
    digest, size = await asyncio.to_thread(_store, caller, body.content)
    area, path = config_path(row.id, body.fileName)
    owner = caller.services.accounts.user(row.owner)
    await caller.services.files.put(owner.name, area, Offer(path, digest, size), owner.quota)


def _store(caller: Caller, content: str) -> tuple[str, int]:
    with caller.services.blobs.writer() as writer:
        writer.write(content.encode("utf-8", "replace"))
        return writer.commit(), writer.size


class SubmittedTask(Body):
    """A task to be rendered."""

    taskId: Id
    producer: Word | None = None


@call("render/submit/task", "render/task/submitTask", changes="submit task")
async def submit_task(caller: Caller, body: SubmittedTask) -> None:
    """Make the job of a task from its task.json and upload.json. A task that is submitted already stays as it is."""
    row = await caller.task(body.taskId)
    if row.parent is not None:
        raise WrongStateError(f"task {row.id} is a part of task {row.parent}", where="taskId")
    if row.job_id is not None:
        return
    if row.deleted is not None:
        raise WrongStateError(f"task {row.id} was deleted", where="taskId")
    services = caller.services
    maker = JobMaker(services, row, caller.account.id)
    task = await asyncio.to_thread(maker.task_file)
    project_id = await _project(caller, row, task)
    await _check_environment(caller, row, task)
    made = await asyncio.to_thread(maker.make, task, body.producer or "", project_id)
    now = services.clock.now()
    await services.farm.submit(
        made.submission,
        along=lambda tx, job_id: tasks.attach(services.desk.within(tx), row.id, job_id, made.submitted, now),
    )


async def _project(caller: Caller, row: TaskRow, task: TaskFile) -> int | None:
    """The number of the project that a task belongs to. Raises BadInputError if there is none such."""
    info = task.task_info
    account = caller.services.accounts.user(row.owner)
    siblings = caller.services.accounts.subs(account.main or account.name)
    owners = {account.name, account.main or account.name, *(each.name for each in siblings)}
    found = await caller.services.desk.read(lambda c: notes.list_projects(c, owners))
    if info.project_id:
        if info.project_id not in {each.id for each in found}:
            raise invalid("task_info.project_id", f"there is no project {info.project_id}")
        return info.project_id
    if not info.project_name:
        return None
    named = [each for each in found if each.name == info.project_name]
    if not named:
        raise invalid("task_info.project_name", f"there is no project {info.project_name!r}", "Add it: project/add.")
    return min(named, key=lambda each: each.owner != account.name).id


async def _check_environment(caller: Caller, row: TaskRow, task: TaskFile) -> None:
    name = task.task_info.edit_name
    if not name:
        return
    found = await caller.services.desk.read(lambda c: notes.list_environments(c, row.owner))
    chosen = next((each for each in found if each.name == name), None)
    if chosen is None:
        raise invalid("task_info.edit_name", f"there is no environment {name!r}")
    settings, info = chosen.settings, task.task_info
    layer_type = settings["renderLayerType"]
    differs = {
        "application": chosen.cg_id != info.cg_id,
        "version": settings["cgVersion"] != task.software_config.cg_version,
        "plug-ins": bool(settings["pluginIds"]),
        "project path": settings["projectPath"] not in (None, "", info.input_project_path),
        "render layer type": layer_type is not None and str(layer_type) != info.render_layer_type,
    }
    if wrong := [what for what, is_so in differs.items() if is_so]:
        what = f"the environment {name!r} has another {wrong[0]} than the task, or one that no worker has"
        raise invalid("task_info.edit_name", what)


# --- what analyses find ------------------------------------------------------------------------------------------


class ErrorCodes(Body):
    """A code or several; the language is 0 (Chinese) or 1 (English)."""

    code: Name | None = None
    codes: Annotated[list[Name], Field(min_length=1, max_length=1000)] | None = None
    language: Literal[0, 1, "0", "1"] = 0


@call("render/submit/queryAnalyseErrorDetail", "render/common/queryErrorDetail")
async def query_error_detail(caller: Caller, body: ErrorCodes) -> list[dict[str, Any]]:
    """What codes of an analysis mean, and what to do."""
    wanted = [*(() if body.code is None else (body.code,)), *(body.codes or ())]
    if not wanted:
        raise missing("code")
    return [_detail(code, chinese=str(body.language) == "0") for code in dict.fromkeys(wanted)]


def _detail(code: str, *, chinese: bool) -> dict[str, Any]:
    found = entry(code)
    text = found.chinese if chinese else found.english
    return {
        "id": int(code) if code.isascii() and code.isdecimal() and len(code) < 10 else 0,
        "code": code,
        "type": int(found.kind),
        "languageFlag": 0 if chinese else 1,
        "desDescriptionCn": text.description,
        "desSolutionCn": text.solution,
        "solutionPath": "",
        "isRepair": 0,
        "isDelete": 1,
        "isOpen": 1,
        "lastModifyAdmin": "",
        "updateTime": _CATALOGUE_TIME,
    }
