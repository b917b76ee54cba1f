"""Ending processes, those too that only a mark in their environment tells, whoever their parent is.

Whoever starts work marks it, so that what a dead one has left can be ended by the next. Both sides use it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path

_PROC = Path("/proc")
_KILL_SECONDS = 10.0


def kill_all(pids: Iterable[int]) -> None:
    """SIGKILL each that still is there and may be ended."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def marked(name: str, mark: str) -> set[int]:
    """The ids of the processes in whose environment that variable has that value, but this one's."""
    wanted = f"{name}={mark}".encode()
    found = set()
    for entry in os.listdir(_PROC) if _PROC.is_dir() else ():  # noqa: PTH208 - pathlib is several times slower here
        if not entry.isdigit() or int(entry) == os.getpid():
            continue
        with contextlib.suppress(OSError):  # it is another user's, or gone
            if wanted in (_PROC / entry / "environ").read_bytes().split(b"\0"):
                found.add(int(entry))
    return found


def kill_marked(name: str, mark: str) -> int:
    """SIGKILL them; returns how many. Looks again until none is left: one may start another while it is killed."""
    killed: set[int] = set()
    deadline = time.monotonic() + _KILL_SECONDS
    while (found := marked(name, mark)) and time.monotonic() < deadline:
        kill_all(found)
        killed |= found
        time.sleep(0.005)
    return len(killed)
