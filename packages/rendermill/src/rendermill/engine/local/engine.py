"""The local engine (:class:`rendermill.farm.ports.engine.Engine`): sessions as process trees of this machine."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import os
import platform
import shutil
import socket
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rendermill.engine import wire
from rendermill.engine.local.hosts import Host, Hosts
from rendermill.engine.processes import MARK, become_subreaper
from rendermill.farm.model.hardware import HARDWARE, hardware_word
from rendermill.farm.model.records import AttemptKey
from rendermill.farm.model.software import SOFTWARE
from rendermill.farm.ports.engine import EngineEvent, SessionClosed, SessionOpened, SessionOrder, TaskOrder, Worker
from rendermill.marked import kill_marked

_log = logging.getLogger(__name__)
_PASSED_ON = ("TZ", "LD_LIBRARY_PATH")
_PASSED_ON_PREFIXES = ("LC_", "CUDA_", "NVIDIA_", "HIP_", "ROCR_", "OCIO", "OPTIX_")
_CANCEL_SECONDS = 150.0
_RETRY_SECONDS = (1.0, 2.0, 5.0, 15.0, 30.0)
_LITTLE_BYTES = 256 * 1024
_REAPER_SECONDS = 0.02
_REAPER_LOOKS = 500


@dataclass(frozen=True, slots=True)
class LocalSettings:
    """Where the engine keeps things, and how much of the machine it may use.

    ``cpus`` are real CPU numbers; with ``pin`` each session keeps to its share of them. ``mark`` tells this farm's
    processes from others'.
    """

    sessions: Path
    blobs: Path
    logs: Path
    log_file: Path
    mark: str
    slots: int
    cpus: tuple[int, ...]
    memory: float
    path: tuple[str, ...] = ()
    pin: bool = True
    spare: tuple[str, ...] = ()
    """A command that prepares an idle session for the next order; empty for none."""
    software: Callable[[], frozenset[str]] = frozenset
    """What applications this machine has now, as OpenJD attribute values."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables that sessions get beside the engine's own."""
    wants_spare: Callable[[SessionOrder], bool] = lambda _order: False
    """Whether an order can use what the command prepared."""


@dataclass(slots=True)
class _Session:
    order: SessionOrder
    host: Host
    cpus: tuple[int, ...]
    writer: asyncio.StreamWriter | None = None
    outbox: list[bytes] = field(default_factory=list)
    opened: bool = False
    ending: bool = False
    closed: SessionClosed | None = None
    why_killed: str = ""
    timer: asyncio.TimerHandle | None = None


def _is_full(folder: Path) -> bool:
    return shutil.disk_usage(folder).free < _LITTLE_BYTES


def _clear(folder: Path) -> None:
    """Make a folder, or empty it; it may be a link to another disk."""
    folder.mkdir(parents=True, exist_ok=True)
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)


class LocalEngine:
    """Sessions under reapers, forked by a fork server."""

    def __init__(self, settings: LocalSettings) -> None:
        self._settings = settings
        self._sessions: dict[str, _Session] = {}
        self._hosts = Hosts(settings.sessions, settings.log_file, self._environment())
        self._spare: Host | None = None
        self._spares = itertools.count(1)
        self._tasks: set[asyncio.Task[None]] = set()
        self._listener: Callable[[EngineEvent], None] = lambda _event: None
        self._keeper: asyncio.Task[None] | None = None
        self._stopping = False

    def workers(self) -> Sequence[Worker]:
        """This machine."""
        settings = self._settings
        cores = float(max(len(settings.cpus), settings.slots))  # more slots than cores: the user asked to share them
        attributes = {
            "attr.worker.os.family": frozenset({sys.platform.replace("darwin", "macos")}),
            "attr.worker.cpu.arch": frozenset({platform.machine().replace("aarch64", "arm64")}),
        }
        attributes[SOFTWARE] = settings.software()
        attributes[HARDWARE] = frozenset({hardware_word(int(cores), settings.memory, 0)})
        return [Worker("local", settings.slots, cores, settings.memory, {}, attributes)]

    # --- start and stop ----------------------------------------------------------------------------------------

    async def start(self, listener: Callable[[EngineEvent], None]) -> None:
        """End what an earlier server of this farm left, and start the fork server."""
        self._listener = listener
        killed = await asyncio.to_thread(kill_marked, MARK, self._settings.mark)
        if killed:
            _log.warning("ended %d processes of an earlier server", killed)
        become_subreaper()
        await asyncio.to_thread(_clear, self._settings.sessions)
        await self._hosts.start()
        self._keeper = asyncio.create_task(self._keep_hosts())
        self._keep_spare()

    def _environment(self) -> dict[str, str]:
        """What sessions inherit: built, not ours."""
        passed = {
            name: value
            for name, value in os.environ.items()
            if name in _PASSED_ON or name.startswith(_PASSED_ON_PREFIXES)
        }
        return {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "LANG": os.environ.get("LANG", "C.UTF-8"),
            **passed,
            **self._settings.environment,
            MARK: self._settings.mark,
        }

    async def _keep_hosts(self) -> None:
        """The fork server never ends by itself: if it does, its sessions are gone too, and a new one is started."""
        while True:
            status = await self._hosts.ended()
            _log.error("the fork server ended (%s); starting another", status)
            self._let_spare_go()
            # Its reapers had a signal and end their trees, processes without our mark included: give them time.
            for _ in range(_REAPER_LOOKS):
                if all(map(self._hosts.is_pending, self._sessions)):
                    break
                await asyncio.sleep(_REAPER_SECONDS)
            await asyncio.to_thread(kill_marked, MARK, self._settings.mark)
            await self._start_again()
            self._keep_spare()

    async def _start_again(self) -> None:
        for seconds in itertools.chain(_RETRY_SECONDS, itertools.repeat(_RETRY_SECONDS[-1])):
            try:
                return await self._hosts.start()
            except (OSError, RuntimeError) as error:
                _log.error("no fork server (%s); trying again in %g s", error, seconds)
                await asyncio.sleep(seconds)

    async def stop(self) -> None:
        """End every session and every process of them."""
        self._stopping = True
        if self._keeper is not None:
            self._keeper.cancel()
        self._let_spare_go()
        for name in list(self._sessions):
            self.kill(name, "the server stops")
        await self._hosts.stop()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.to_thread(kill_marked, MARK, self._settings.mark)
        await asyncio.to_thread(_clear, self._settings.sessions)

    # --- sessions ----------------------------------------------------------------------------------------------

    def open(self, order: SessionOrder, first: TaskOrder) -> None:
        """Fork a session, or take the spare; its watchdog ends it if it does not open in time."""
        settings = self._settings
        try:
            host = self._take_spare(order) or self._hosts.fork(order.session)
        except OSError as error:
            closed = SessionClosed(order.session, f"its process could not be started: {error}", False, machine=True)
            asyncio.get_running_loop().call_soon(self._listener, closed)
            return
        session = _Session(order, host, self._free_cpus(order.cores))
        self._sessions[order.session] = session
        pinned = settings.pin and order.threads <= len(session.cpus)
        cpus = session.cpus if pinned else ()
        opening = wire.OpenSession(order, first, host.folder, settings.blobs, settings.logs, settings.path, cpus)
        self._send(session, opening)
        reason = f"it did not start within {order.start_timeout:g} seconds"
        session.timer = asyncio.get_running_loop().call_later(order.start_timeout, self.kill, order.session, reason)
        self._spawn(self._follow(session))

    def _take_spare(self, order: SessionOrder) -> Host | None:
        """The spare, if it lives and the order can use it; a spare that stands in the way is let go."""
        spare = self._spare
        if spare is not None and spare.alive and self._settings.wants_spare(order):
            self._spare = None
            return spare
        self._let_spare_go()
        return None

    def _let_spare_go(self) -> None:
        spare, self._spare = self._spare, None
        if spare is not None:
            spare.discard()

    def _keep_spare(self) -> None:
        """While nothing runs, have a session ready whose application is loaded."""
        idle = self._hosts.ready and not (self._sessions or self._stopping)
        if self._settings.spare and self._spare is None and idle:
            with contextlib.suppress(OSError):  # a session then starts without one
                self._spare = self._hosts.fork(f"spare-{next(self._spares)}")
                self._spare.control.sendall(wire.encode(wire.Prepare(self._spare.folder, self._settings.spare)))

    def _free_cpus(self, cores: float) -> tuple[int, ...]:
        used = {cpu for session in self._sessions.values() for cpu in session.cpus}
        free = [cpu for cpu in self._settings.cpus if cpu not in used]
        wanted = max(1, int(cores))
        return tuple(free[:wanted]) if len(free) >= wanted else ()

    def _send(self, session: _Session, message: wire.Message) -> None:
        line = wire.encode(message)
        if session.writer is None:
            session.outbox.append(line)
        else:
            session.writer.write(line)

    def run(self, session: str, order: TaskOrder) -> None:
        """Give a session its next task."""
        if session in self._sessions:
            self._send(self._sessions[session], wire.RunTask(order))

    def cancel(self, session: str, key: AttemptKey) -> None:
        """Stop a task by its own method, and the whole session if that takes too long."""
        if found := self._sessions.get(session):
            self._send(found, wire.CancelTask(key))
            self.close(session)

    def close(self, session: str) -> None:
        """End an idle session."""
        if self._hosts.is_pending(session):
            self.kill(session, "it was ended before it started")
        elif found := self._sessions.get(session):
            self._send(found, wire.CloseSession())
            self._end_within(found, _CANCEL_SECONDS, "")

    def _end_within(self, session: _Session, seconds: float, reason: str) -> None:
        session.ending = True
        if session.timer is not None:
            session.timer.cancel()
        loop = asyncio.get_running_loop()
        session.timer = loop.call_later(seconds, self.kill, session.order.session, reason)

    def kill(self, session: str, reason: str) -> None:
        """Cut a session's lifeline: its reaper ends every process of it."""
        if found := self._sessions.get(session):
            found.why_killed = reason
            self._hosts.withdraw(session)
            with contextlib.suppress(OSError):  # its reaper is gone already
                found.host.lifeline.shutdown(socket.SHUT_WR)

    async def _follow(self, session: _Session) -> None:
        """Pass a session's events on until it and all its processes are gone."""
        reader, writer = await asyncio.open_unix_connection(sock=session.host.control, limit=wire.MAX_LINE)
        session.writer = writer
        for line in session.outbox:
            writer.write(line)
        try:
            async for line in reader:
                self._receive(session, wire.decode(line))
        except (ConnectionError, ValueError) as error:
            _log.warning("session %s: %r", session.order.session, error)
        writer.close()
        full = not session.opened and _is_full(self._settings.sessions)
        await self._wait_gone(session)
        await asyncio.to_thread(shutil.rmtree, session.host.folder, ignore_errors=True)
        self._forget(session, full=full)

    def _receive(self, session: _Session, message: wire.Message) -> None:
        if isinstance(message, SessionClosed):
            session.closed = message
            return
        if isinstance(message, wire.Prepare | wire.OpenSession | wire.RunTask | wire.CancelTask | wire.CloseSession):
            raise ValueError(f"a host sent {message!r}")
        if isinstance(message, SessionOpened):
            session.opened = True
            if session.timer is not None and not session.ending:
                session.timer.cancel()
        self._listener(message)

    async def _wait_gone(self, session: _Session) -> None:
        reader, writer = await asyncio.open_unix_connection(sock=session.host.lifeline)
        await reader.read()
        writer.close()

    def _forget(self, session: _Session, *, full: bool) -> None:
        if session.timer is not None:
            session.timer.cancel()
        del self._sessions[session.order.session]
        reason = session.why_killed or "its process died"
        closed = session.closed or SessionClosed(session.order.session, reason, session.opened)
        if full:
            closed = replace(closed, reason=f"the disk of {self._settings.sessions} is full", machine=True)
        self._listener(closed)
        asyncio.get_running_loop().call_soon(self._keep_spare)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
