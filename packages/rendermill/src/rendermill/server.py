"""The one place where parts are wired together: a data folder becomes a running farm."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from rendermill.assets.blobs import BlobStore
from rendermill.assets.chunked import ChunkedBlobs
from rendermill.data_folder import farm_mark, new_token, owned
from rendermill.doors.cinnamon import app as cinnamon
from rendermill.doors.cinnamon.app import CinnamonDoor
from rendermill.doors.cinnamon.context import Tools
from rendermill.doors.cinnamon.renderserver import PLUGINS
from rendermill.doors.cinnamon.renderserver.programs import Programs
from rendermill.doors.cinnamon.renderserver.server import RenderServer, RenderServices
from rendermill.doors.cinnamon.sessions import Sessions
from rendermill.doors.native.app import Parts, native_app
from rendermill.doors.native.identity import Gate
from rendermill.doors.rayvision.app import RayvisionDoor
from rendermill.doors.rayvision.context import Services
from rendermill.doors.rayvision.housekeeping import sweep_forever
from rendermill.doors.rayvision.thumbnails import Thumbnails
from rendermill.engine.host.logs import log_path
from rendermill.engine.local.engine import LocalEngine, LocalSettings
from rendermill.engine.processes import die_with_parent
from rendermill.farm.dispatcher import Dispatcher
from rendermill.farm.model.errors import UnavailableError
from rendermill.farm.model.records import AttemptKey
from rendermill.farm.model.software import software_word
from rendermill.farm.service import Farm
from rendermill.farm.storage import UserStorage
from rendermill.renderers.blender import uses_warm_blender
from rendermill.renderers.encode.step import commands as encode_commands
from rendermill.renderers.program import commands as program_commands
from rendermill.runtime import announce, default_data, url_of, withdraw
from rendermill.software.blender.installations import for_sessions, installed
from rendermill.software.blender.launcher import commands as blender_commands
from rendermill.store.accounts import Accounts
from rendermill.store.cinnamon.admin import Repositories
from rendermill.store.cinnamon.catalogue import Catalogues
from rendermill.store.cinnamon.seed import ensure_repository
from rendermill.store.database import SqlStore
from rendermill.store.desk import Desk

_log = logging.getLogger(__name__)
_MEMORY_SHARE = 0.9


class SystemClock:
    """The machine's time (:class:`rendermill.farm.ports.clock.Clock`)."""

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """What ``rendermill serve`` is told. Port 0 takes a free one; ``slots`` None means one for each core."""

    data: Path = field(default_factory=default_data)
    host: str = "127.0.0.1"
    port: int = 8642
    slots: int | None = None
    pin: bool = True
    spare: bool = True
    public: tuple[str, ...] = ()
    """Names under which clients know this farm: ``farm.example:8443/prefix``."""
    shared: tuple[Path, ...] = ()
    """Folders of this machine whose scenes the Rayvision door's users may render where they lie."""
    software: tuple[str, ...] = ()
    """Other applications of this machine: ``houdini 17.5``."""
    parent: int | None = None
    """The process that this server belongs to; it ends when that one does."""


def serve(settings: ServerSettings, ready: Callable[[str], None]) -> None:
    """Run a farm until SIGINT or SIGTERM; ``ready`` hears its URL once it can take requests.

    Raises :class:`UnavailableError` if the data folder or the port cannot be had.
    """
    os.umask(0o077)
    if settings.parent is not None:
        die_with_parent(settings.parent, signal.SIGTERM)
    with owned(settings.data) as data, _listening(settings) as listener:
        url = url_of(settings.host, listener.getsockname()[1])
        try:
            asyncio.run(_run(data, url, settings, listener, partial(_tell_ready, data, url, ready)))
        finally:
            withdraw(url, data)


def _settle_garbage() -> None:
    """What is loaded now stays: the collector need not look at it again and again while requests wait."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@dataclass(frozen=True, slots=True)
class _Parts:
    """What doors have in common."""

    data: Path
    url: str
    farm: Farm
    blobs: BlobStore
    accounts: Accounts
    files: UserStorage
    desk: Desk
    clock: SystemClock
    logs: Callable[[int, AttemptKey], Path]


async def _run(
    data: Path, url: str, settings: ServerSettings, listener: socket.socket, ready: Callable[[], None]
) -> None:
    store = SqlStore.open(data / "farm.db")
    blobs = BlobStore(data / "blobs")
    blobs.sweep()
    chunked = ChunkedBlobs(blobs, data / "blobs" / "partial")
    chunked.sweep()
    clock = SystemClock()
    dispatcher = Dispatcher(store, LocalEngine(_local(data, settings)), clock)
    try:
        await dispatcher.start()
        farm = Farm(store, dispatcher, blobs)
        accounts = Accounts(store.engine, data / "secret.key")
        files, logs = UserStorage(store, clock), partial(log_path, data / "logs")
        gate = Gate(accounts, new_token(data))
        native = native_app(Parts(farm, blobs, chunked, files, accounts, gate, logs))
        parts = _Parts(data, url, farm, blobs, accounts, files, Desk(store), clock, logs)
        async with _rayvision(parts, settings) as rayvision, _cinnamon(parts) as repositories:
            await _serve_http(Doors(native, rayvision, repositories), listener, ready, dispatcher.end)
    finally:
        await dispatcher.stop()
        await asyncio.to_thread(chunked.close)
        await asyncio.to_thread(store.close)


@asynccontextmanager
async def _rayvision(parts: _Parts, settings: ServerSettings) -> AsyncIterator[RayvisionDoor]:
    thumbnails = Thumbnails(parts.data / "thumbnails", parts.blobs, parts.clock)
    services = Services(
        parts.farm,
        parts.blobs,
        parts.files,
        parts.accounts,
        parts.desk,
        parts.clock,
        parts.logs,
        thumbnails,
        settings.public,
        settings.shared,
    )
    sweeping = asyncio.create_task(sweep_forever(parts.desk, parts.clock, thumbnails))
    try:
        yield RayvisionDoor(services)
    finally:
        sweeping.cancel()


@asynccontextmanager
async def _cinnamon(parts: _Parts) -> AsyncIterator[CinnamonDoor]:
    declared = parts.data / "cinnamon.toml"
    if declared.exists():
        await parts.desk.write(lambda connection: Repositories(connection).apply(declared))
    await parts.desk.write(ensure_repository)
    catalogues = Catalogues()
    sessions = Sessions(parts.desk, parts.accounts, catalogues, parts.clock)
    tools = Tools(parts.accounts, parts.blobs.checked)
    server = RenderServer(
        RenderServices(
            parts.desk,
            parts.farm,
            parts.blobs,
            parts.clock,
            sessions,
            catalogues,
            PLUGINS,
            Programs(parts.data / "programs"),
            parts.logs,
            parts.url + cinnamon.PATH,
        )
    )
    sweeping = asyncio.create_task(sessions.sweep_forever())
    await server.start()
    try:
        yield CinnamonDoor(cinnamon.Services(parts.desk, parts.blobs, parts.clock, sessions, catalogues, tools, server))
    finally:
        await server.stop()
        sweeping.cancel()


class Doors:
    """One port for all doors: the path says whose a request is."""

    def __init__(self, native: FastAPI, *others: RayvisionDoor | CinnamonDoor) -> None:
        self.native, self._others = native, others

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, or the life of the application."""
        if scope["type"] == "http":
            for door in self._others:
                if door.serves(scope["path"]):
                    await door(scope, receive, send)
                    return
        await self.native(scope, receive, send)


class _HttpServer(uvicorn.Server):
    """Leaves signals to us: uvicorn would raise them again before we have ended our sessions."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _serve_http(
    app: Doors, listener: socket.socket, ready: Callable[[], None], ending: Callable[[], None]
) -> None:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        _settle_garbage()
        ready()
        yield

    app.native.router.lifespan_context = lifespan
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="on",
        timeout_graceful_shutdown=2,
        server_header=False,
    )
    server = _HttpServer(config)
    loop = asyncio.get_running_loop()

    def end() -> None:
        server.should_exit = True
        ending()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end)
    await server.serve(sockets=[listener])


def _local(data: Path, settings: ServerSettings) -> LocalSettings:
    commands = _write_commands(data)
    cpus = tuple(sorted(os.sched_getaffinity(0)))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**2 * _MEMORY_SHARE
    return LocalSettings(
        sessions=data / "sessions",
        blobs=data / "blobs",
        logs=data / "logs",
        log_file=data / "engine.log",
        mark=farm_mark(data),
        slots=settings.slots or len(cpus),
        cpus=cpus,
        memory=memory,
        path=(str(commands),),
        pin=settings.pin,
        software=partial(_software, settings.software),
        environment=for_sessions(),
        spare=(str(commands / "rendermill-blender"), "spare") if settings.spare and installed() else (),
        wants_spare=lambda order: uses_warm_blender(order.parameters),
    )


def _software(others: tuple[str, ...]) -> frozenset[str]:
    """What this machine has now."""
    blenders = {software_word("blender", each.name) for each in installed()}
    named = (other.strip().partition(" ") for other in others)
    return frozenset(blenders | {software_word(name, version) for name, _, version in named})


def _write_commands(data: Path) -> Path:
    """The folder of commands that sessions get on their PATH, written anew for this installation."""
    folder = data / "commands"
    folder.mkdir(exist_ok=True)
    commands = [each(sys.executable) for each in (blender_commands, encode_commands, program_commands)]
    for name, script in (pair for each in commands for pair in each.items()):
        temporary = folder / f".{name}"
        temporary.write_text(script)
        temporary.chmod(0o755)
        temporary.replace(folder / name)
    return folder


def _tell_ready(data: Path, url: str, ready: Callable[[str], None]) -> None:
    announce(url, data)
    ready(url)


@contextmanager
def _listening(settings: ServerSettings) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with contextlib.closing(socket.socket(family, socket.SOCK_STREAM)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, settings.port))
            # Taken over by each connection; asyncio sets it only where a socket names its protocol.
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            listener.listen(1024)
        except (OSError, OverflowError) as error:
            raise UnavailableError(
                f"cannot listen there: {getattr(error, 'strerror', None) or error}",
                where=f"{settings.host}:{settings.port}",
                remedy="Choose another port with --port (0 takes a free one).",
            ) from error
        yield listener
