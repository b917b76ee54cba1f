"""Process trees on Linux: finding them, ending them."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import time
from collections import deque
from collections.abc import Iterable

from rendermill.marked import kill_all

MARK = "RENDERMILL_FARM"
"""Environment variable by which every process of a farm's sessions can be told."""

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_KILL_SECONDS = 10.0
_libc = ctypes.CDLL(None, use_errno=True)


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl failed")


def become_subreaper() -> None:
    """Adopt orphaned descendants instead of leaving them to init."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent(parent: int, sig: signal.Signals) -> None:
    """Get ``sig`` when the parent thread that forked us ends; exit now if it already has."""
    _prctl(_PR_SET_PDEATHSIG, sig)
    if os.getppid() != parent:
        os._exit(1)


def descendants(root: int) -> list[int]:
    """Ids of every process below ``root``, zombies included; parents before their children."""
    found: dict[int, None] = {}
    queue = deque([root])
    while queue:
        for pid in _children(queue.popleft()):
            if pid not in found:
                found[pid] = None
                queue.append(pid)
    return list(found)


def _children(pid: int) -> list[int]:
    """The children of every thread of a process (the kernel lists them by the thread that forked)."""
    found: list[int] = []
    try:
        threads = os.listdir(f"/proc/{pid}/task")  # noqa: PTH208 - pathlib is several times slower here
    except (FileNotFoundError, ProcessLookupError):
        return found  # it ended meanwhile; its children have another parent now
    for thread in threads:
        try:
            with open(f"/proc/{pid}/task/{thread}/children", "rb") as children:  # noqa: PTH123
                found += map(int, children.read().split())
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def pin(cpus: Iterable[int]) -> None:
    """Keep the calling thread, what it starts, and every descendant that runs already to these CPUs."""
    wanted = set(cpus)
    os.sched_setaffinity(0, wanted)
    for pid in descendants(os.getpid()):
        try:
            threads = os.listdir(f"/proc/{pid}/task")  # noqa: PTH208
        except (FileNotFoundError, ProcessLookupError):
            continue
        for thread in threads:
            with contextlib.suppress(ProcessLookupError):
                os.sched_setaffinity(int(thread), wanted)


def end_descendants(*, spare: frozenset[int] = frozenset()) -> bool:
    """Kill every descendant of this process (a subreaper) but ``spare`` and what is below those; reap them.

    Parents die before their children, so that none of them takes the end of a child for its own failure. Looks again
    until a look finds none, because a process may fork while it is being killed. Returns False if some outlive ten
    seconds (uninterruptible sleep).
    """
    deadline = time.monotonic() + _KILL_SECONDS
    while time.monotonic() < deadline:
        kept = spare.union(*(descendants(pid) for pid in spare))
        doomed = [pid for pid in descendants(os.getpid()) if pid not in kept]
        if not doomed:
            return True
        kill_all(doomed)
        for pid in doomed:
            _reap(pid)
        time.sleep(0.001)
    return False


def _reap(pid: int) -> None:
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return  # not our child (yet): its parent is being killed too
