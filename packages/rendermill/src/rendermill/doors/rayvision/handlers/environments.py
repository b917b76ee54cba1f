"""Rendering environments: an application with plug-ins under a name of the user's."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from rendermill.doors.rayvision.codes import invalid
from rendermill.doors.rayvision.context import Caller
from rendermill.doors.rayvision.handlers.fields import Flag, Id, Name, Word
from rendermill.doors.rayvision.registry import Body, call
from rendermill.doors.rayvision.software import SOFTWARE
from rendermill.farm.model.errors import NotFoundError, WrongStateError
from rendermill.store.rayvision import notes
from rendermill.store.rayvision.notes import Environment


def _listed(value: object) -> object:
    """Older clients send a single one as it is."""
    return [value] if isinstance(value, int) and not isinstance(value, bool) else value


class EnvironmentBody(Body):
    """An environment; ``renderSystem`` is 0 (Linux) or 1 (Windows)."""

    cgId: Id
    cgName: Name
    cgVersion: Name
    editName: Name
    renderSystem: Flag
    pluginIds: Annotated[list[Id], BeforeValidator(_listed), Field(max_length=1000)]
    renderLayerType: Id | None = None
    projectPath: Word | None = None


class EnvironmentName(Body):
    """An environment by its name."""

    editName: Name


class EnvironmentFilter(Body):
    """Of which applications, and of which system; all without."""

    cgId: Id | None = None
    cgIds: Annotated[list[Id], Field(max_length=100)] | None = None
    osName: Flag | None = None


@call("render/plugin/addUserPluginConfig", "render/common/addRenderEnv", changes="add render environment")
async def add(caller: Caller, body: EnvironmentBody) -> dict[str, str]:
    """Add an environment; the same one again changes nothing."""
    made = _made(caller, body)
    there = {each.name: each for each in await _all(caller)}
    if body.editName in there and there[body.editName].settings != made.settings:
        raise WrongStateError(f"there is an environment {body.editName!r} already", where="editName")
    await caller.services.desk.write(lambda c: notes.put_environment(c, made))
    return {"editName": body.editName}


@call("render/plugin/editUserPluginConfig", "render/common/updateRenderEnv", changes="edit render environment")
async def edit(caller: Caller, body: EnvironmentBody) -> None:
    """Change an environment. 404 if there is none of that name."""
    await _existing(caller, body.editName)
    made = _made(caller, body)
    await caller.services.desk.write(lambda c: notes.put_environment(c, made))


@call("render/plugin/deleteUserPluginConfig", "render/common/deleteRenderEnv", changes="delete render environment")
async def delete(caller: Caller, body: EnvironmentName) -> None:
    """Remove an environment; removing one that is not there changes nothing."""
    await caller.services.desk.write(lambda c: notes.remove_environment(c, caller.account.name, body.editName))


@call(
    "render/plugin/setDefaultUserPluginConfig",
    "render/common/setDefaultRenderEnv",
    changes="set default render environment",
)
async def set_default(caller: Caller, body: EnvironmentName) -> None:
    """Make an environment the default of its application. 404 if there is none of that name."""
    await _existing(caller, body.editName)
    await caller.services.desk.write(lambda c: notes.make_default(c, caller.account.name, body.editName))


@call("render/plugin/getUserPluginConfig", "render/common/getRenderEnv")
async def get(caller: Caller, body: EnvironmentFilter) -> list[dict[str, Any]]:
    """The user's environments."""
    wanted = {*(body.cgIds or ()), *(() if body.cgId is None else (body.cgId,))}
    return [
        {
            "cgId": each.cg_id,
            "editName": each.name,
            "cgName": each.settings["cgName"],
            "cgVersion": each.settings["cgVersion"],
            "osName": each.settings["renderSystem"],
            "renderLayerType": each.settings["renderLayerType"],
            "projectPath": each.settings["projectPath"],
            "isDefault": int(each.is_default),
            "respUserPluginInfoVos": [
                {"pluginId": number, "pluginName": "", "pluginVersion": ""} for number in each.settings["pluginIds"]
            ],
        }
        for each in await _all(caller)
        if (not wanted or each.cg_id in wanted) and body.osName in (None, each.settings["renderSystem"])
    ]


async def _all(caller: Caller) -> list[Environment]:
    return await caller.services.desk.read(lambda c: notes.list_environments(c, caller.account.name))


async def _existing(caller: Caller, name: str) -> None:
    if name not in {each.name for each in await _all(caller)}:
        raise NotFoundError(f"there is no environment {name!r}", where="editName")


def _made(caller: Caller, body: EnvironmentBody) -> Environment:
    if body.cgId not in SOFTWARE:
        raise invalid("cgId", f"there is no application {body.cgId}")
    settings = body.model_dump(exclude={"cgId", "editName"})
    return Environment(caller.account.name, body.editName, body.cgId, is_default=False, settings=settings)
