"""Projects, which the API calls labels of the account, and labels of tasks."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from rendermill.doors.rayvision.context import MAX_IDS, Caller
from rendermill.doors.rayvision.handlers.fields import Flag, Id, Ids, Name
from rendermill.doors.rayvision.registry import Body, Nothing, call
from rendermill.farm.model.errors import AlreadyExistsError
from rendermill.store.rayvision import notes, tasks
from rendermill.store.rayvision.notes import Project
from rendermill.store.rayvision.records import TaskRow

_AGAIN_SECONDS = 60.0


class NewProject(Body):
    """A project; ``status`` is 0 (open) or 1 (closed)."""

    newName: Name
    status: Flag = 0


class ProjectName(Body):
    """A project by its name."""

    delName: Name


class Flagged(Body):
    """Whose: 0 the user's own, 1 also the main account's, 2 those of all under the same main account."""

    flag: Annotated[int, Field(ge=0, le=2)]


@call("render/project/add", "render/common/addLabel", changes="add project")
async def add(caller: Caller, body: NewProject) -> None:
    """Add a project. 503 if there is one of that name, unless it was added just now: clients repeat what got lost."""
    owner, now = caller.account.name, caller.services.clock.now()
    made = Project(0, owner, body.newName, body.status, now)
    if not await caller.services.desk.write(lambda c: notes.add_project(c, made, again_after=now - _AGAIN_SECONDS)):
        raise AlreadyExistsError(f"there is a project {body.newName!r} already", where="newName")


@call("render/project/delete", "render/common/deleteLabel", changes="delete project")
async def delete(caller: Caller, body: ProjectName) -> None:
    """Remove a project; removing one that is not there changes nothing."""
    await caller.services.desk.write(lambda c: notes.remove_project(c, caller.account.name, body.delName))


@call("render/project/getList", "render/common/getLabelList")
async def get_list(caller: Caller, body: Nothing) -> dict[str, Any]:
    """The user's projects."""
    return await _listed(caller, {caller.account.name})


@call("render/project/list")
async def list_flagged(caller: Caller, body: Flagged) -> dict[str, Any]:
    """The projects of the user, or also of those around them."""
    account = caller.account
    owners = {account.name}
    if body.flag and account.main is not None:
        owners.add(account.main)
    if body.flag == 2:
        owners |= {each.name for each in caller.services.accounts.subs(account.main or account.name)}
    return await _listed(caller, owners)


async def _listed(caller: Caller, owners: set[str]) -> dict[str, Any]:
    found = await caller.services.desk.read(lambda c: notes.list_projects(c, owners))
    return {"projectNameList": [{"projectId": each.id, "projectName": each.name} for each in found]}


# --- labels of tasks ---------------------------------------------------------------------------------------------


class NewLabel(Body):
    """A label for tasks."""

    label: Name
    taskIds: Ids


class Labels(Body):
    """Labels by name or number, of tasks (all of the user's without any)."""

    taskIds: Annotated[list[Id], Field(max_length=MAX_IDS, default=[])]
    labelNames: Annotated[list[Name], Field(max_length=1000, default=[])]
    labelIds: Annotated[list[Id], Field(max_length=1000, default=[])]


@call("render/handle/addTaskLabel", changes="add task label")
async def add_task_label(caller: Caller, body: NewLabel) -> None:
    """Give tasks a label; one that they have already stays."""
    ids = {row.id for row in await caller.tasks(body.taskIds)}

    def work(connection: Any) -> None:
        for row in tasks.rows(connection, ids).values():
            notes.label_numbers(connection, row.owner, [body.label])
            tasks.set_labels(connection, row.id, dict.fromkeys((*row.labels, body.label)))

    await caller.services.desk.write(work)


@call("render/handle/deleteTaskLabel", changes="delete task label")
async def delete_task_label(caller: Caller, body: Labels) -> None:
    """Take labels from tasks; one that they do not have changes nothing."""
    rows = await caller.tasks(body.taskIds) if body.taskIds else []
    owners = {row.owner for row in rows} or {caller.account.name}
    numbers = await caller.services.desk.read(lambda c: notes.all_labels(c, owners))

    def left(row: TaskRow) -> list[str]:
        gone = set(body.labelNames)
        return [name for name in row.labels if name not in gone and numbers.get((row.owner, name)) not in body.labelIds]

    def work(connection: Any) -> None:
        chosen = tasks.rows(connection, {row.id for row in rows}).values()
        for row in chosen if rows else tasks.labelled(connection, caller.account.name):
            tasks.set_labels(connection, row.id, left(row))

    await caller.services.desk.write(work)
