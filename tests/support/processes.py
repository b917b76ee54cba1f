"""Process trees as tests see them, pipes by which a test and its tasks wait for each other, and scripts."""

from __future__ import annotations

import asyncio
import os
import select
import shlex
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

PATIENCE = 60.0


class _Pipe:
    """A named pipe that the test holds open at both ends, so that nobody's opening of it blocks."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self.path = path
        self._fd = os.open(path, os.O_RDWR | os.O_NONBLOCK)

    def __str__(self) -> str:
        return shlex.quote(str(self.path))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _type: type[BaseException] | None, _value: object, _trace: TracebackType | None) -> None:
        self.path.unlink()  # who comes later must not wait for ever
        os.close(self._fd)


class Bell(_Pipe):
    """Tasks ring it with a line (``echo words > {bell}``); the test takes the lines in their order."""

    _taken = b""

    async def line(self) -> str:
        async with asyncio.timeout(PATIENCE):
            while b"\n" not in self._taken:
                await self._rung()
                self._taken += os.read(self._fd, 65536)
        line, _, self._taken = self._taken.partition(b"\n")
        return line.decode()

    async def lines(self, count: int) -> list[str]:
        return [await self.line() for _ in range(count)]

    async def pids(self, count: int) -> list[int]:
        return [int(line) for line in await self.lines(count)]

    async def _rung(self) -> None:
        rung, loop = asyncio.Event(), asyncio.get_running_loop()
        loop.add_reader(self._fd, rung.set)
        try:
            await rung.wait()
        finally:
            loop.remove_reader(self._fd)


class Gate(_Pipe):
    """Tasks wait at it (``read _ < {gate}``) until the test lets as many through."""

    def let(self, count: int = 1) -> None:
        os.write(self._fd, b"\n" * count)


@dataclass(frozen=True)
class Keepers:
    """The processes above a task, from the top."""

    fork_server: int
    reaper: int
    host: int

    @classmethod
    def of(cls, task: int) -> Keepers:
        line = lineage(task)
        return cls(line[-2], line[-3], line[-4])


def lineage(pid: int) -> list[int]:
    """A process, its parent and so on up to this process."""
    found = [pid]
    while found[-1] != os.getpid():
        fields = Path(f"/proc/{found[-1]}/stat").read_text().rpartition(")")[2].split()
        found.append(int(fields[1]))
    return found


async def gone(*pids: int) -> None:
    """Wait until none of the processes lives; fail, naming it, where one goes on."""
    await asyncio.to_thread(_wait_gone, pids)


def _wait_gone(pids: tuple[int, ...]) -> None:
    for pid in pids:
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        try:
            poll = select.poll()
            poll.register(handle, select.POLLIN)
            assert poll.poll(PATIENCE * 1000), f"process {pid} lives on: {Path(f'/proc/{pid}/cmdline').read_text()}"
        finally:
            os.close(handle)


STRAYS = 5


def strays(bell: Bell) -> str:
    """A script that starts processes which are hard to catch, each of which rings the bell with its id."""
    ring = f"echo $$ > {bell}; exec sleep 600"
    deaf = f"trap '' TERM HUP INT; echo $$ > {bell}; while :; do sleep 600; done"
    daemon = f"setsid sh -c {shlex.quote(f'sh -c {shlex.quote(ring)} &')}"
    kinds = [
        f"sh -c {shlex.quote(ring)} &",
        f"setsid sh -c {shlex.quote(ring)} &",
        f"setsid sh -c {shlex.quote(deaf)} &",
        f"{daemon} &",
        f"env -i PATH=/usr/bin:/bin setsid sh -c {shlex.quote(ring)} &",
    ]
    assert len(kinds) == STRAYS
    return f"{{ {' '.join(kinds)} }} >/dev/null 2>&1"


def environment(name: str = "Env", **scripts: str) -> dict[str, Any]:
    """An OpenJD environment; ``onEnter`` and ``onExit`` are shell scripts."""
    actions = {action: {"command": "/bin/sh", "args": ["-c", script]} for action, script in scripts.items()}
    return {"name": name, "script": {"actions": actions}}
