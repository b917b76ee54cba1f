"""The Cinnamon door in this process over a real store, and clients that speak to it."""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest
from lxml import etree
from starlette.types import ASGIApp
from urllib3 import encode_multipart_formdata

from rendermill.assets.blobs import BlobStore
from rendermill.doors.cinnamon.app import CinnamonDoor, Listener, Nobody, Services
from rendermill.doors.cinnamon.context import Tools
from rendermill.doors.cinnamon.renderserver import PLUGINS
from rendermill.doors.cinnamon.renderserver.plugins import Plugin
from rendermill.doors.cinnamon.renderserver.programs import Programs
from rendermill.doors.cinnamon.renderserver.server import RenderServer, RenderServices
from rendermill.doors.cinnamon.sessions import Sessions
from rendermill.engine.host.logs import log_path
from rendermill.renderers.encode.step import commands as encode_commands
from rendermill.renderers.program import commands as program_commands
from rendermill.store import accounts as hashing
from rendermill.store.accounts import Accounts
from rendermill.store.cinnamon.admin import Repositories
from rendermill.store.cinnamon.catalogue import Catalogues, repository_named
from rendermill.store.cinnamon.records import SEED
from rendermill.store.cinnamon.seed import create_repository
from rendermill.store.database import SqlStore
from rendermill.store.desk import Connection, Desk
from support.asgi import Answer, request
from support.clock import FakeClock
from support.local_farm import PATIENCE, LocalFarm, local_farm

T = TypeVar("T")
PATH = "/cinnamon/cinnamon"
PASSWORD = "correct horse"
REPOSITORY = "farm"
RENDER_INPUT = '<metaset type="render_input">{}</metaset>'
_names = itertools.count(1)


class RefusedError(Exception):
    """An answer that is Cinnamon's error."""

    def __init__(self, body: bytes) -> None:
        root = etree.fromstring(body)
        self.code = root.findtext("code") or ""
        self.params = [each.text or "" for each in root.iterfind("parameters/param")]
        super().__init__(f"{self.code}: {'; '.join(self.params)}")


@dataclass
class CinnamonClient:
    """Somebody's script. Fields of a command are given as keywords."""

    door: ASGIApp
    ticket: str = ""
    user_id: int = 0
    headers: dict[str, str] = field(default_factory=dict)

    async def raw(self, command: str, *, file: tuple[str, bytes] | None = None, **fields: Any) -> Answer:
        """Send a command as multipart; the whole answer."""
        given: dict[str, str | tuple[str, bytes]] = {"command": command}
        if self.ticket:
            given["ticket"] = self.ticket
        given |= {name: str(value) for name, value in fields.items() if value is not None}
        if file is not None:
            given["file"] = file
        body, content_type = encode_multipart_formdata(given)
        return await request(self.door, "POST", PATH, {"content-type": content_type, **self.headers}, body)

    async def send(self, command: str, *, file: tuple[str, bytes] | None = None, **fields: Any) -> etree._Element:
        """Send a command; the root of its answer. Raises :class:`RefusedError` for an error."""
        answer = await self.raw(command, file=file, **fields)
        assert answer.status == 200
        if answer.body.rstrip().endswith(b"</error>"):
            raise RefusedError(answer.body)
        return etree.fromstring(answer.body)

    async def text(self, command: str, path: str = ".", **fields: Any) -> str:
        """The text of an element of an answer."""
        found = (await self.send(command, **fields)).findtext(path)
        assert found is not None
        return found

    async def refused(self, command: str, **fields: Any) -> str:
        """The code with which a command is refused."""
        try:
            answer = await self.send(command, **fields)
        except RefusedError as error:
            return error.code
        raise AssertionError(f"{command} was not refused: {etree.tostring(answer)!r}")

    # --- what tests often do -------------------------------------------------------------------------------------

    async def task(self, task_name: str = "foo", *, inside: str = "", **fields: Any) -> int:
        """Start a render task in the root folder; its id."""
        metadata = RENDER_INPUT.format(f"<renderTaskName>{task_name}</renderTaskName>{inside}")
        given = {"parentid": 0, "metadata": metadata, **fields}
        return int(await self.text("startrendertask", "taskObjectId", **given))

    async def create(self, name: str = "thing", *, content: bytes | None = None, **fields: Any) -> int:
        """Make an object in the root folder; its id."""
        file = None if content is None else ("file.bin", content)
        answer = await self.send("create", file=file, **{"name": name, "parentid": 0, **fields})
        return int(answer.text or "")

    async def content(self, object_id: int) -> bytes:
        """The content of an object."""
        answer = await self.raw("getcontent", id=object_id)
        if answer.body.rstrip().endswith(b"</error>"):
            raise RefusedError(answer.body)
        return answer.body

    async def state(self, object_id: int) -> str:
        """The name of the state in which an object is; empty for none."""
        state_id = await self.text("getobject", "object/lifeCycleState", id=object_id)
        return await self.text("getlifecyclestate", ".//sysName", id=state_id) if state_id else ""

    async def messages(self, object_id: int) -> list[str]:
        """The messages of a render task, each with its level."""
        meta = await self.send("getmeta", id=object_id)
        found = meta.iterfind("metaset[@type='render_output']/messages/message")
        return [f"{each.get('level')}: {each.text}" for each in found]


@dataclass
class Place:
    """Where clients find a door: in this process, or behind an address."""

    door: ASGIApp
    accounts: Accounts

    def client(self, ticket: str = "") -> CinnamonClient:
        """Somebody who is not connected, or has that ticket."""
        return CinnamonClient(self.door, ticket)

    async def connect(
        self,
        name: str | None = None,
        *,
        repository: str = REPOSITORY,
        superuser: bool = False,
        sudoer: bool = False,
        sudoable: bool = False,
    ) -> CinnamonClient:
        """A user, made if there is none of that name, who is connected."""
        name = name or f"user{next(_names)}"
        if name not in {each.name for each in await asyncio.to_thread(self.accounts.users)}:
            await asyncio.to_thread(
                self.accounts.create_user, name, PASSWORD, superuser=superuser, sudoer=sudoer, sudoable=sudoable
            )
        client = self.client()
        fields = {"repository": repository, "user": name, "pwd": PASSWORD, "machine": "test"}
        client.ticket = await client.text("connect", "ticket", **fields)
        client.user_id = (await asyncio.to_thread(self.accounts.user, name)).id
        return client


@dataclass
class Studio(Place):
    """A door and what is behind it."""

    desk: Desk
    blobs: BlobStore
    sessions: Sessions
    clock: FakeClock
    services: Services

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Look into the store."""
        return await self.desk.read(work)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Change the store."""
        return await self.desk.write(work)

    async def repository(self, name: str, profile: str = SEED) -> int:
        """Make another repository; its id."""
        return await self.write(lambda c: create_repository(c, name, profile=profile))


@contextmanager
def cheap_passwords() -> Iterator[None]:
    """Hashing a password takes long on purpose, and tests make hundreds of users. Only for accounts of this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(hashing._SCRYPT, "n", 2)
        yield


def door_over(
    store: SqlStore, blobs: BlobStore, accounts: Accounts, clock: FakeClock, listener: Listener | None = None
) -> tuple[CinnamonDoor, Services]:
    """A door over a store."""
    desk, catalogues = Desk(store), Catalogues()
    sessions = Sessions(desk, accounts, catalogues, clock)
    tools = Tools(accounts, blobs.checked)
    services = Services(desk, blobs, clock, sessions, catalogues, tools, listener or Nobody())
    return CinnamonDoor(services), services


@asynccontextmanager
async def studio(
    data: Path, *, repositories: tuple[tuple[str, str], ...] = ((REPOSITORY, SEED),)
) -> AsyncIterator[Studio]:
    """A door whose render tasks nobody works on; repositories are given by name and profile."""
    data.mkdir(parents=True, exist_ok=True)
    store = SqlStore.open(data / "farm.db")
    blobs, clock = BlobStore(data / "blobs"), FakeClock()
    accounts = Accounts(store.engine, data / "secret.key")
    door, services = door_over(store, blobs, accounts, clock)
    made = Studio(door, accounts, services.desk, blobs, services.sessions, clock, services)
    try:
        for name, profile in repositories:
            await made.repository(name, profile)
        with cheap_passwords():
            yield made
    finally:
        await asyncio.to_thread(store.close)


@dataclass
class RenderingStudio(Studio):
    """A door whose tasks a real farm renders."""

    farm: LocalFarm
    server: RenderServer

    async def program(self, name: str, *command: str, timeout: float | None = None) -> None:
        """Configure a program for the render tasks of a name."""

        await self.write(lambda c: Repositories(c).set_program(REPOSITORY, name, command, timeout))
        self.server.touched(frozenset())

    async def until(self, client: CinnamonClient, object_id: int, *states: str) -> str:
        """Wait until a task is in one of these states; which."""
        found = ""

        async def reached() -> bool:
            nonlocal found
            found = await client.state(object_id)
            return found in states

        await self.until_true(reached)
        return found

    async def until_true(self, true: Callable[[], Awaitable[bool]]) -> None:
        """Wait until something is true; asked again whenever something was written, or a job has changed."""
        assert isinstance(self.desk, WatchedDesk)
        desk = self.desk
        unwatch = self.farm.farm.news.watch(lambda _: desk.tell())
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    written = desk.written
                    if await true():
                        return
                    await written.wait()
        finally:
            unwatch()


@asynccontextmanager
async def rendering_studio(
    data: Path, *, plugins: Mapping[str, Plugin] = PLUGINS, profile: str = SEED
) -> AsyncIterator[RenderingStudio]:
    """A door and its RenderServer over a farm that ends with the block; the folder may be that of an earlier one."""
    commands = data / "commands"
    commands.mkdir(parents=True, exist_ok=True)
    for name, script in {**program_commands(sys.executable), **encode_commands(sys.executable)}.items():
        (commands / name).write_text(script)
        (commands / name).chmod(0o755)
    async with local_farm(data, path=(str(commands),)) as farm:
        accounts, clock = Accounts(farm.store.engine, data / "secret.key"), FakeClock()
        desk, catalogues = WatchedDesk(farm.store), Catalogues()
        sessions = Sessions(desk, accounts, catalogues, clock)
        if await desk.read(lambda c: repository_named(c, REPOSITORY)) is None:
            await desk.write(lambda c: create_repository(c, REPOSITORY, profile=profile))
        programs = Programs(data / "programs")
        logs = partial(log_path, data / "logs")
        server = RenderServer(
            RenderServices(
                desk, farm.farm, farm.blobs, clock, sessions, catalogues, plugins, programs, logs, "http://x"
            )
        )
        services = Services(desk, farm.blobs, clock, sessions, catalogues, Tools(accounts, farm.blobs.checked), server)
        await server.start()
        try:
            with cheap_passwords():
                yield RenderingStudio(
                    CinnamonDoor(services), accounts, desk, farm.blobs, sessions, clock, services, farm, server
                )
        finally:
            await server.stop()


class WatchedDesk(Desk):
    """Tells whoever waits when something has been written."""

    def __init__(self, store: SqlStore) -> None:
        super().__init__(store)
        self.written = asyncio.Event()

    async def write(self, work: Callable[[Connection], T]) -> T:
        """As :meth:`Desk.write`."""
        try:
            return await super().write(work)
        finally:
            self.tell()

    def tell(self) -> None:
        """Let whoever waits look again."""
        written, self.written = self.written, asyncio.Event()
        written.set()
