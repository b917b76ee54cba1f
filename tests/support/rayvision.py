"""The Rayvision door over a real farm, and a caller who signs as the published clients do."""

from __future__ import annotations

import itertools
import json
import shlex
import struct
import zlib
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from rendermill.doors.rayvision.app import RayvisionDoor
from rendermill.doors.rayvision.context import Services
from rendermill.doors.rayvision.signature import flat_text, sign
from rendermill.doors.rayvision.thumbnails import Thumbnails
from rendermill.engine.host.logs import log_path
from rendermill.farm.model.records import Job
from rendermill.farm.model.status import ENDED, JobStatus
from rendermill.farm.model.storage import Area, Offer
from rendermill.farm.storage import UserStorage
from rendermill.server import SystemClock
from rendermill.store.accounts import Accounts
from rendermill.store.desk import Desk
from rendermill.store.rayvision import tasks
from rendermill.store.rayvision.records import TaskRow
from rendermill.store.schema import metadata
from support.asgi import Answer, request
from support.local_farm import LocalFarm, local_farm

PASSWORD = "correct horse"
DOMAIN = "127.0.0.1:8642"
_nonces = itertools.count(100_000)


class RefusedError(Exception):
    """An answer whose code is not 200."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message = code, message


@dataclass
class RayvisionCaller:
    """A user's script."""

    door: RayvisionDoor
    access_id: str
    access_key: str
    services: Services
    name: str
    domain: str = DOMAIN
    platform: str = "2"
    headers: dict[str, str] = field(default_factory=dict)
    """Headers to send otherwise."""

    def signed(self, path: str, body: dict[str, Any], **headers: str) -> dict[str, str]:
        """The headers of a call."""
        made = {
            "accessId": self.access_id,
            "channel": "4",
            "platform": self.platform,
            "UTCTimestamp": str(int(self.services.clock.now())),
            "nonce": str(next(_nonces)),
            "version": "2.0.0",
            **headers,
        }
        signature = sign(self.access_key, self.domain, path, flat_text(made, body))
        return {**made, "signature": signature, "host": DOMAIN, "content-type": "application/json", **self.headers}

    async def send(self, path: str, body: dict[str, Any] | None = None, **headers: str) -> dict[str, Any]:
        """Call ``/api/{path}``; the whole answer."""
        full, given = f"/api/{path}", body or {}
        found = await self.raw(full, self.signed(full, given, **headers), json.dumps(given).encode())
        return self.read(found)

    async def raw(self, path: str, headers: dict[str, str], content: bytes, method: str = "POST") -> Answer:
        return await request(self.door, method, path, headers, content)

    @staticmethod
    def read(answer: Answer) -> dict[str, Any]:
        """The envelope, which always comes with HTTP 200."""
        assert answer.status == 200, answer
        found: dict[str, Any] = json.loads(answer.body)
        assert found.keys() >= {"code", "message", "data", "version", "result", "serverTime", "requestId"}
        assert type(found["code"]) is int
        assert found["result"] is (found["code"] == 200)
        return found

    async def call(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Call it; the data. Raises RefusedError."""
        found = await self.send(path, body)
        if found["code"] != 200:
            raise RefusedError(found["code"], found["message"])
        return found["data"]

    async def refused(self, path: str, body: dict[str, Any] | None = None) -> RefusedError:
        """Call it; the refusal that must come."""
        found = await self.send(path, body)
        assert found["code"] != 200, found
        assert found["data"] is None
        return RefusedError(found["code"], found["message"])

    async def put(self, path: str, content: bytes = b"content", area: Area = Area.INPUT) -> None:
        """Put a file into the storage."""
        with self.services.blobs.writer() as writer:
            writer.write(content)
            digest = writer.commit()
        await self.services.files.put(self.name, area, Offer(path, digest, len(content)), None)

    async def create(self, **more: Any) -> int:
        """Reserve a task."""
        body = {"count": 1, "taskUserLevel": 50, **more}
        return int((await self.call("render/submit/createTask", body))["taskIdList"][0])

    async def send_file(self, task_id: int, content: Any, name: str = "task.json") -> None:
        text = content if isinstance(content, str) else json.dumps(content)
        await self.call("render/submit/taskJsonFile", {"taskId": task_id, "fileName": name, "content": text})

    async def submit(self, task: dict[str, Any], **more: Any) -> int:
        """Put the scene, send task.json, submit; the task's id."""
        await self.put(task["task_info"]["input_cg_file"])
        task_id = await self.create(**more)
        await self.send_file(task_id, task)
        await self.call("render/submit/task", {"taskId": task_id})
        return task_id

    async def info(self, task_id: int) -> dict[str, Any]:
        page = await self.call("render/handle/queryTaskInfo/v2", {"taskIds": [task_id]})
        found: dict[str, Any] = page["items"][0]
        return found

    async def frames(self, task_id: int, **more: Any) -> list[dict[str, Any]]:
        body = {"taskId": task_id, "pageNum": 1, "pageSize": 100, **more}
        found: list[dict[str, Any]] = (await self.call("render/handle/queryTaskFrames", body))["items"]
        return found


@dataclass
class RayvisionFarm:
    """A farm with its door and users."""

    farm: LocalFarm
    door: RayvisionDoor
    services: Services
    accounts: Accounts

    def user(self, name: str, **settings: Any) -> RayvisionCaller:
        """A new user with a key."""
        self.accounts.create_user(name, PASSWORD, **settings)
        key = self.accounts.create_key(name)
        return RayvisionCaller(self.door, key.access_id, key.access_key, self.services, name)

    def row(self, task_id: int) -> TaskRow:
        """A task as the store has it."""
        return self.services.desk.look(lambda c: tasks.rows(c, {task_id}))[task_id]

    def job(self, task_id: int) -> Job:
        """The farm's job of a task."""
        job_id = self.row(task_id).job_id
        assert job_id is not None, f"task {task_id} has no job"
        return self.farm.farm.job(job_id)

    async def until(self, task_id: int, *statuses: JobStatus) -> Job:
        """Wait until the task's job stands so; without statuses, until it has ended or is paused."""
        wanted = statuses or (*ENDED, JobStatus.PAUSED)
        await self.farm.until(lambda: self.job(task_id).status in wanted)
        return self.job(task_id)

    def rows(self, without: Collection[str] = ()) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table of the store."""
        with self.farm.store.engine.connect() as connection, connection.begin():
            return {
                name: sorted(map(tuple, connection.exec_driver_sql(f"SELECT * FROM {name}")), key=repr)
                for name in metadata.tables
                if name not in without
            }


@asynccontextmanager
async def rayvision_farm(
    data: Path, *, public: tuple[str, ...] = (), shared: tuple[Path, ...] = (), **settings: Any
) -> AsyncIterator[RayvisionFarm]:
    """A farm in ``data``, which ends with the block; ``settings`` are those of :func:`local_farm`."""
    async with local_farm(data, **settings) as farm:
        clock = SystemClock()
        accounts = Accounts(farm.store.engine, data / "secret.key")
        services = Services(
            farm=farm.farm,
            blobs=farm.blobs,
            files=UserStorage(farm.store, clock),
            accounts=accounts,
            desk=Desk(farm.store),
            clock=clock,
            log_path=partial(log_path, data / "logs"),
            thumbnails=Thumbnails(data / "thumbnails", farm.blobs, clock),
            public=public,
            shared=shared,
        )
        yield RayvisionFarm(farm, RayvisionDoor(services), services, accounts)


def task_json(cg_id: int = 2004, **task_info: Any) -> dict[str, Any]:
    """A small task.json, of an application that no worker of a test has unless it is told to."""
    names = {2004: ("Houdini", "17.5"), 2007: ("Blender", "4.5"), 2000: ("Maya", "2018"), 2013: ("Clarisse", "4.0")}
    name, version = names[cg_id]
    scenes: dict[int, dict[str, Any]] = {
        2004: {"rop_node": [{"node": "/out/mantra1", "frames": "1-10[1]", "option": "-1", "render": "1"}]},
        2007: {"common": {"frames": "1-3", "camera_name": ""}},
        2000: {"masterLayer": {"renderable": "1", "common": {"frames": "1-5", "render_camera": ["persp"]}}},
        2013: {"image_node": [{"name": "project://scene/image", "frames": "1-2", "renderable": "1"}]},
    }
    return {
        "software_config": {"cg_name": name, "cg_version": version, "plugins": {}},
        "task_info": {"input_cg_file": "/show/shot.scene", "cg_id": str(cg_id), "os_name": "0", **task_info},
        "scene_info_render": scenes[cg_id],
    }


# --- a stand-in for an application -------------------------------------------------------------------------------

_STAND_IN = """#!/bin/sh
while [ $# -gt 0 ]; do
  case $1 in
    --scene) scene=$2 ;; --output) out=$2 ;; --frames) frames=$2 ;; --part) part=$2 ;; --version) version=$2 ;;
  esac
  shift 2
done
mkdir -p "$out"
for range in $(echo "$frames" | tr , ' '); do
  step=${range#*:}; [ "$step" != "$range" ] || step=1
  range=${range%:*}
  for frame in $(seq "${range%-*}" "$step" "${range#*-}"); do
    EACH_FRAME
    cp PICTURE "$out/$(printf %04d "$frame").png" || exit 1
  done
done
"""


def stand_in(folder: Path, each_frame: str = "true") -> tuple[str, ...]:
    """Put a command ``rendermill-houdini`` into a folder; that folder, as a farm's ``path``.

    It writes a picture for each frame. Before each it runs some lines of sh, which know ``$scene``, ``$out``,
    ``$frames``, ``$part``, ``$version`` and ``$frame``.
    """
    folder.mkdir()
    picture = folder / "picture.png"
    picture.write_bytes(png())
    command = folder / "rendermill-houdini"
    command.write_text(_STAND_IN.replace("EACH_FRAME", each_frame).replace("PICTURE", shlex.quote(str(picture))))
    command.chmod(0o755)
    return (str(folder),)


HOUDINI = frozenset({"houdini_17-5"})
"""What a worker says that has the stand-in."""


def png(width: int = 64, height: int = 36) -> bytes:
    """A small picture: a gradient."""
    rows = b"".join(
        b"\0" + bytes(value for x in range(width) for value in (x * 4 % 256, y * 7 % 256, 90)) for y in range(height)
    )

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def rops(*frames: str, **task_info: Any) -> dict[str, Any]:
    """A task.json of a Houdini scene with a ROP for each range of frames: /out/rop1, /out/rop2 …"""
    made = task_json(2004, **task_info)
    made["scene_info_render"]["rop_node"] = [
        {"node": f"/out/rop{number}", "frames": each, "option": "-1", "render": "1"}
        for number, each in enumerate(frames, 1)
    ]
    return made
