"""What the farm has: platforms, applications, kinds of workers, ways to send files."""

from __future__ import annotations

import re
import zlib
from typing import Annotated, Any, Literal

from pydantic import Field

from rendermill.doors.rayvision.codes import invalid
from rendermill.doors.rayvision.context import Caller
from rendermill.doors.rayvision.handlers.account import storages
from rendermill.doors.rayvision.handlers.fields import Id, Ids
from rendermill.doors.rayvision.hardware import PLATFORMS, hardware
from rendermill.doors.rayvision.registry import Body, Nothing, call
from rendermill.doors.rayvision.show import alias
from rendermill.doors.rayvision.software import SOFTWARE, Software
from rendermill.farm.model.software import SOFTWARE as SOFTWARE_ATTRIBUTE
from rendermill.farm.model.software import software_text, software_word

_ENGINE = "Aspera"


class Zone(Body):
    """1 or 2; this farm is in none and answers for both."""

    zone: Annotated[int, Field(ge=1, le=2)]


@call("render/common/queryPlatforms")
async def query_platforms(caller: Caller, body: Zone) -> list[dict[str, Any]]:
    """The one platform that this farm is, by the number that the client gives it."""
    picture = caller.services.farm.dispatcher.picture
    busy = bool(picture.workers) and len(picture.sessions) >= sum(each.slots for each in picture.workers.values())
    status = 0 if not picture.workers else 2 if busy else 1
    return [
        {
            "platform": caller.platform,
            "name": "rendermill",
            "type": 0 if any(kind.gpus for kind in hardware(picture)) else 1,
            "status": status,
            "taskPrefix": alias(caller.platform, 0).removesuffix("0"),
            "isShow": 1,
        }
    ]


# --- applications ------------------------------------------------------------------------------------------------


def _versions(caller: Caller, software: Software) -> list[str]:
    """The versions of an application that workers have, oldest first."""
    prefix = software_word(software.name, "") + "_"
    workers = caller.services.farm.dispatcher.picture.workers.values()
    words = {word for worker in workers for word in worker.attributes.get(SOFTWARE_ATTRIBUTE, ())}
    found = {software_text(word).partition(" ")[2] for word in words if word.startswith(prefix)}
    return sorted(found, key=lambda text: ([int(number) for number in re.findall(r"\d+", text)], text))


@call("render/plugin/querySoftwareList", "render/common/querySupportedSoftware")
async def query_software_list(caller: Caller, body: Nothing) -> dict[str, Any]:
    """Every application of the API; ``isAvailable`` says whether a worker has it. Jobs for the others wait."""
    return {
        "isAutoCommit": 2,
        "defaultCgId": 2007,
        "renderInfoList": [
            {
                "cgId": each.cg_id,
                "cgName": each.title,
                "cgType": ";".join(each.suffixes),
                "iconPath": "",
                "isNeedProjectPath": int(each.needs_project),
                "isNeedAnalyse": 1,
                "isSupportLinux": 1,
                "isAvailable": int(bool(_versions(caller, each))),
            }
            for each in SOFTWARE.values()
        ],
    }


class SoftwareBody(Body):
    """An application on a system."""

    cgId: Id
    osName: Literal["windows", "linux"] = "linux"


@call("render/plugin/querySoftwareDetail", "render/common/querySupportedPlugin")
async def query_software_detail(caller: Caller, body: SoftwareBody) -> dict[str, Any]:
    """The versions of an application that workers have, for scenes of either system."""
    if body.cgId not in SOFTWARE:
        raise invalid("cgId", f"there is no application {body.cgId}", f"One of {', '.join(map(str, SOFTWARE))}.")
    software = SOFTWARE[body.cgId]
    return {
        "cgVersion": [
            {
                "id": version_number(software, version),
                "cgId": software.cg_id,
                "cgName": software.title,
                "cgVersion": version,
            }
            for version in _versions(caller, software)
        ],
        "cgPlugin": [],
    }


def version_number(software: Software, version: str) -> int:
    """A number for a version of an application: the same for ever."""
    return software.cg_id * 10**10 + zlib.crc32(version.encode())


# --- hardware ----------------------------------------------------------------------------------------------------


class HardwareBody(Body):
    """For new tasks, or (``taskIds``) for tasks that there are."""

    cloneTask: Literal["true", "false"] = "false"
    taskIds: Ids | None = None


@call("render/hardwareConfig/list")
async def hardware_config_list(caller: Caller, body: HardwareBody) -> list[dict[str, Any]]:
    """The kinds of workers there are, for each platform number that clients use."""
    if body.taskIds:
        await caller.tasks(body.taskIds)
    kinds = hardware(caller.services.farm.dispatcher.picture)
    platforms = dict.fromkeys((caller.platform, *PLATFORMS))
    return [kind.config(platform) for platform in platforms for kind in kinds]


@call("render/submit/getUserPackNodeInfo")
async def get_user_pack_node_info(caller: Caller, body: Nothing) -> list[dict[str, Any]]:
    """Packages of machines that were bought: none, it is a farm of one's own."""
    return []


# --- transfer ----------------------------------------------------------------------------------------------------


@call("render/transfer/getConfig")
async def get_config(caller: Caller, body: Nothing) -> dict[str, Any]:
    """The storages, and where files are sent: to this server itself."""
    found, (host, port) = storages(caller), caller.server
    line = {"name": "rendermill", "server": host, "port": port, "isDefault": 1, "lineId": 1, "type": 1}
    engines = [
        {
            "engineName": name,
            "isDefault": int(name == _ENGINE),
            "automaticCheck": 0,
            "checkServer": host,
            "checkPort": port,
            "checkEnable": 0,
            "checkExcludType": "",
            "resqEngineAccounts": None,
            "respTaskEngineLines": [line],
        }
        for name in (_ENGINE, "RaySyncProxy")
    ]
    return {
        "inputBid": found["input"],
        "outputBid": found["output"],
        "configBid": found["config"],
        "parentInputBid": found["parent"],
        "subUserOutputBids": found["subs"],
        "resqEngines": engines,
    }


@call("render/transfer/getRaySyncUserKey", "render/user/getRaySyncUserKey")
async def get_raysync_user_key(caller: Caller, body: Nothing) -> dict[str, Any]:
    """There is no Raysync here: the key is empty."""
    return {"raySyncUserKey": "", "userName": caller.account.name, "platform": caller.platform}


@call("render/transfer/getServerInfo", "render/task/getTransferServerMsg")
async def get_server_info(caller: Caller, body: Zone) -> dict[str, Any]:
    """Where files are sent: to this server itself."""
    host, port = caller.server
    raysync = {"serverIp": host, "serverPort": port, "proxyIp": "", "proxyPort": "", "sslPort": "", "port": port}
    return {"clientVersion": "", "protocolVersion": "2.0.0", "raysyncTransfer": raysync}
