"""The process between a fork server and a session's host: it takes the session's whole tree with it."""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

from rendermill.engine.processes import become_subreaper, die_with_parent, end_descendants


class _Ended(BaseException):
    """SIGTERM came."""


def run_under_reaper(host: Callable[[], None], lifeline: int, parent: int) -> NoReturn:
    """Fork the host and wait until it ends, ``lifeline`` (a socket) is closed, or ``parent`` is gone; then end all.

    Called in a fresh fork and never returns. The other end of ``lifeline`` sees end of file when this process is
    gone, which is when every process of the session is.
    """
    os.setsid()
    become_subreaper()
    signal.signal(signal.SIGTERM, _on_term)
    die_with_parent(parent, signal.SIGTERM)
    me = os.getpid()
    child = os.fork()
    if child == 0:
        _be_host(host, lifeline, me)
    try:
        _wait(child, lifeline)
    except _Ended:
        pass
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        end_descendants()
        os._exit(0)


def _on_term(_signal: int, _frame: FrameType | None) -> None:
    raise _Ended


def _be_host(host: Callable[[], None], lifeline: int, reaper: int) -> NoReturn:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    die_with_parent(reaper, signal.SIGKILL)
    os.close(lifeline)
    status = 1
    try:
        host()
        status = 0
    except BaseException as error:  # noqa: BLE001 - the last frame of the process
        print(f"session host: {error!r}", file=sys.stderr, flush=True)  # noqa: T201 - the engine's log
    finally:
        os._exit(status)


def _wait(child: int, lifeline: int) -> None:
    pidfd = os.pidfd_open(child)
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    poll.register(lifeline, select.POLLIN | select.POLLHUP)
    poll.poll()
