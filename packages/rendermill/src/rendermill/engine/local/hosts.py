"""Session hosts, and the fork server that makes them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import shutil
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_START_SECONDS = 60.0


@dataclass(slots=True)
class Host:
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


@dataclass(frozen=True, slots=True)
class _Ends:
    """The ends that a host and its reaper get."""

    host: socket.socket
    reaper: socket.socket

    def close(self) -> None:
        self.host.close()
        self.reaper.close()


class Hosts:
    """Forks hosts by way of a fork server; what is asked for while there is none waits for the next one.

    ``folder`` takes the hosts' folders, ``log_file`` what they print; ``environment`` is all they inherit.
    """

    def __init__(self, folder: Path, log_file: Path, environment: Mapping[str, str]) -> None:
        self._folder, self._log_file, self._environment = folder, log_file, environment
        self._process: asyncio.subprocess.Process | None = None
        self._control: socket.socket | None = None
        self._pending: dict[str, _Ends] = {}

    async def start(self) -> None:
        """Start a fork server and fork what was asked for meanwhile. Raises OSError or RuntimeError."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with theirs:
                process = await self._launch(theirs.fileno())
            await self._be_ready(process, ours)
        except BaseException:
            ours.close()
            raise
        self._process, self._control = process, ours
        pending, self._pending = self._pending, {}
        for name, ends in pending.items():
            try:
                self._send(name, ends)
            except OSError:  # who asked sees the host end
                ends.close()

    async def _launch(self, fd: int) -> asyncio.subprocess.Process:
        with self._log_file.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                "-m",
                "rendermill.engine.local.forkserver",
                str(fd),
                str(os.getpid()),
                pass_fds=[fd],
                env=self._environment,
                cwd=self._folder,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the server, which ends it
            )

    async def _be_ready(self, process: asyncio.subprocess.Process, control: socket.socket) -> None:
        control.setblocking(False)
        try:
            async with asyncio.timeout(_START_SECONDS):
                word = await asyncio.get_running_loop().sock_recv(control, 16)
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            raise
        control.setblocking(True)
        if not word:
            status = await process.wait()
            raise RuntimeError(f"the fork server ended at once ({status}); see {self._log_file}")

    async def ended(self) -> int:
        """Wait until the fork server is gone, and its hosts with it; its exit code."""
        assert self._process is not None
        status = await self._process.wait()
        self._lose()
        return status

    async def stop(self) -> None:
        """End the fork server."""
        self._lose()
        if self._process is not None:
            await self._process.wait()

    def _lose(self) -> None:
        if self._control is not None:
            self._control.close()
            self._control = None

    @property
    def ready(self) -> bool:
        """Whether a host would be forked at once."""
        return self._control is not None

    def is_pending(self, name: str) -> bool:
        """Whether a host was asked for and waits for a fork server."""
        return name in self._pending

    def fork(self, name: str) -> Host:
        """A host with a folder of its own, now or as soon as there is a fork server. Raises OSError."""
        folder = self._folder / name
        folder.mkdir(mode=0o700)
        control, host_end = socket.socketpair()
        lifeline, reaper_end = socket.socketpair()
        host, ends = Host(folder, control, lifeline), _Ends(host_end, reaper_end)
        try:
            self._send(name, ends)
        except OSError:
            ends.close()
            host.discard()
            raise
        return host

    def _send(self, name: str, ends: _Ends) -> None:
        if self._control is not None:
            try:
                socket.send_fds(self._control, [name.encode()], [ends.host.fileno(), ends.reaper.fileno()])
            except ConnectionError:  # it died just now; whoever waits for its end starts another
                self._lose()
            else:
                ends.close()
                return
        self._pending[name] = ends

    def withdraw(self, name: str) -> None:
        """Forget a host that waits for a fork server; its ends close as if it had ended."""
        if ends := self._pending.pop(name, None):
            ends.close()
