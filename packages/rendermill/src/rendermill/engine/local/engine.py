"""The local engine (:class:`rendermill.farm.ports.Engine`): sessions as process trees of this machine."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import os
import platform
import select
import shutil
import socket
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rendermill.engine import wire
from rendermill.engine.processes import MARK, become_subreaper, kill_marked
from rendermill.farm.model.records import AttemptKey
from rendermill.farm.ports import EngineEvent, SessionClosed, SessionOpened, SessionOrder, TaskOrder, Worker

_log = logging.getLogger(__name__)
_PASSED_ON = ("TZ", "LD_LIBRARY_PATH")
_PASSED_ON_PREFIXES = ("LC_", "CUDA_", "NVIDIA_", "HIP_", "ROCR_", "OCIO", "OPTIX_")
_CANCEL_SECONDS = 150.0
_START_SECONDS = 60.0
_REAPER_SECONDS = 0.02
_REAPER_LOOKS = 500


@dataclass(frozen=True, slots=True)
class LocalSettings:
    """Where the engine keeps things, and how much of the machine it may use.

    ``cores`` are real CPU numbers; with ``pin`` each session keeps to its share of them. ``mark`` tells this farm's
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
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables that sessions get beside the engine's own."""
    wants_spare: Callable[[SessionOrder], bool] = lambda _order: False
    """Whether an order can use what the command prepared."""


@dataclass(slots=True)
class _Host:
    """A forked host: its folder, the way to it, and what keeps it alive."""

    folder: Path
    control: socket.socket
    lifeline: socket.socket

    def discard(self) -> None:
        """Let it end, with everything below it."""
        self.control.close()
        self.lifeline.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def alive(self) -> bool:
        """Whether its reaper is there."""
        return not select.select([self.lifeline], [], [], 0)[0]


@dataclass(slots=True)
class _Session:
    order: SessionOrder
    host: _Host
    cpus: tuple[int, ...]
    writer: asyncio.StreamWriter | None = None
    outbox: list[bytes] = field(default_factory=list)
    opened: bool = False
    closed: SessionClosed | None = None
    why_killed: str = ""
    timer: asyncio.TimerHandle | None = None


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
        self._spare: _Host | None = None
        self._waiting: list[tuple[SessionOrder, TaskOrder]] = []
        self._spares = itertools.count(1)
        self._tasks: set[asyncio.Task[None]] = set()
        self._listener: Callable[[EngineEvent], None] = lambda _event: None
        self._forker: asyncio.subprocess.Process | None = None
        self._control: socket.socket | None = None
        self._stopping = False

    def workers(self) -> Sequence[Worker]:
        """This machine."""
        settings = self._settings
        cores = float(max(len(settings.cpus), settings.slots))  # more slots than cores: the user asked to share them
        attributes = {
            "attr.worker.os.family": frozenset({sys.platform.replace("darwin", "macos")}),
            "attr.worker.cpu.arch": frozenset({platform.machine().replace("aarch64", "arm64")}),
        }
        return [Worker("local", settings.slots, cores, settings.memory, {}, attributes)]

    # --- start and stop ----------------------------------------------------------------------------------------

    async def start(self, listener: Callable[[EngineEvent], None]) -> None:
        """End what an earlier server of this farm left, and start the fork server."""
        self._listener = listener
        killed = await asyncio.to_thread(kill_marked, self._settings.mark)
        if killed:
            _log.warning("ended %d processes of an earlier server", killed)
        become_subreaper()
        await asyncio.to_thread(_clear, self._settings.sessions)
        await self._start_forker()

    async def _start_forker(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with self._settings.log_file.open("ab") as log:
            self._forker = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                "-m",
                "rendermill.engine.local.forkserver",
                str(theirs.fileno()),
                str(os.getpid()),
                pass_fds=[theirs.fileno()],
                env=self._environment(),
                cwd=self._settings.sessions,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        theirs.close()
        ours.setblocking(False)
        loop = asyncio.get_running_loop()
        if not await asyncio.wait_for(loop.sock_recv(ours, 16), _START_SECONDS):
            raise RuntimeError(f"the fork server ended at once; see {self._settings.log_file}")
        ours.setblocking(True)
        self._control = ours
        self._spawn(self._watch_forker(self._forker))
        waiting, self._waiting = self._waiting, []
        for order, first in waiting:
            self.open(order, first)
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

    async def _watch_forker(self, forker: asyncio.subprocess.Process) -> None:
        """The fork server never ends by itself: if it does, its sessions are gone too, and a new one is started."""
        status = await forker.wait()
        if self._stopping:
            return
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._spare is not None:
            self._spare.discard()
            self._spare = None
        _log.error("the fork server ended (%s); starting another", status)
        # The reapers had a signal from it and end their trees, processes without our mark included: give them time.
        for _ in range(_REAPER_LOOKS):
            if not self._sessions:
                break
            await asyncio.sleep(_REAPER_SECONDS)
        await asyncio.to_thread(kill_marked, self._settings.mark)
        await self._start_forker()

    async def stop(self) -> None:
        """End every session and every process of them."""
        self._stopping = True
        if self._spare is not None:
            self._spare.discard()
        for name in list(self._sessions):
            self.kill(name, "the server stops")
        if self._control is not None:
            self._control.close()
        if self._forker is not None:
            await self._forker.wait()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.to_thread(kill_marked, self._settings.mark)
        await asyncio.to_thread(_clear, self._settings.sessions)

    # --- sessions ----------------------------------------------------------------------------------------------

    def open(self, order: SessionOrder, first: TaskOrder) -> None:
        """Fork a session, or take the spare; its watchdog ends it if it does not open in time."""
        settings = self._settings
        if self._control is None:  # the fork server is being started again
            self._waiting.append((order, first))
            return
        try:
            host = self._take_spare(order) or self._fork(order.session)
        except OSError as error:
            reason = f"its process could not be started: {error}"
            asyncio.get_running_loop().call_soon(self._listener, SessionClosed(order.session, reason, opened=False))
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

    def _fork(self, name: str) -> _Host:
        folder = self._settings.sessions / name
        folder.mkdir(mode=0o700)
        control, host_end = socket.socketpair()
        lifeline, reaper_end = socket.socketpair()
        host = _Host(folder, control, lifeline)
        try:
            assert self._control is not None
            socket.send_fds(self._control, [name.encode()], [host_end.fileno(), reaper_end.fileno()])
        except OSError:
            host.discard()
            raise
        finally:
            host_end.close()
            reaper_end.close()
        return host

    def _take_spare(self, order: SessionOrder) -> _Host | None:
        """The spare, if it lives and the order can use it; a spare that stands in the way is let go."""
        spare, self._spare = self._spare, None
        if spare is not None and spare.alive and self._settings.wants_spare(order):
            return spare
        if spare is not None:
            spare.discard()
        return None

    def _keep_spare(self) -> None:
        """While nothing runs, have a session ready whose application is loaded."""
        idle = not (self._sessions or self._waiting or self._stopping or self._control is None)
        if self._settings.spare and self._spare is None and idle:
            with contextlib.suppress(OSError):  # a session then starts without one
                self._spare = self._fork(f"spare-{next(self._spares)}")
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
            self._send(found, wire.CloseSession())
            self._end_within(found, _CANCEL_SECONDS, "")

    def close(self, session: str) -> None:
        """End an idle session."""
        if found := self._sessions.get(session):
            self._send(found, wire.CloseSession())
            self._end_within(found, _CANCEL_SECONDS, "")

    def _end_within(self, session: _Session, seconds: float, reason: str) -> None:
        if session.timer is not None:
            session.timer.cancel()
        loop = asyncio.get_running_loop()
        session.timer = loop.call_later(seconds, self.kill, session.order.session, reason)

    def kill(self, session: str, reason: str) -> None:
        """Cut a session's lifeline: its reaper ends every process of it."""
        if found := self._sessions.get(session):
            found.why_killed = reason
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
        await self._wait_gone(session)
        await asyncio.to_thread(shutil.rmtree, session.host.folder, ignore_errors=True)
        self._forget(session)

    def _receive(self, session: _Session, message: wire.Message) -> None:
        if isinstance(message, SessionClosed):
            session.closed = message
            return
        if isinstance(message, wire.Prepare | wire.OpenSession | wire.RunTask | wire.CancelTask | wire.CloseSession):
            raise ValueError(f"a host sent {message!r}")
        if isinstance(message, SessionOpened):
            session.opened = True
            if session.timer is not None:
                session.timer.cancel()
        self._listener(message)

    async def _wait_gone(self, session: _Session) -> None:
        reader, writer = await asyncio.open_unix_connection(sock=session.host.lifeline)
        await reader.read()
        writer.close()

    def _forget(self, session: _Session) -> None:
        if session.timer is not None:
            session.timer.cancel()
        del self._sessions[session.order.session]
        reason = session.why_killed or "its process died"
        self._listener(session.closed or SessionClosed(session.order.session, reason, session.opened))
        asyncio.get_running_loop().call_soon(self._keep_spare)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
