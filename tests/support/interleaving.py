"""Two works that meet: one is stopped at a chosen step of its way, and the other goes on."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import FrameType, TracebackType
from typing import Any

Work = Callable[[], Any]


class Meeting:
    """``first`` stops before a step, ``second`` runs to one of its own or to its end, then both go to their ends.

    A step is a line or an instruction of Python in a module whose name starts with ``rooms``, in a thread that the work
    starts: only what it starts is watched, and only one thread at a time. What a work raises, :meth:`run` raises.
    """

    def __init__(self, first: Work, second: Work, rooms: str) -> None:
        self._first, self._second, self._rooms = first, second, rooms

    def run(self, at: int, until: int | None = None) -> tuple[bool, bool]:
        """Whether ``first`` had a step ``at``, and ``second`` a step ``until``."""
        others: list[Future[None]] = []
        stands_still, may_go_on, is_stopped = threading.Event(), threading.Event(), threading.Event()

        def stop() -> None:
            is_stopped.set()
            stands_still.set()
            may_go_on.wait()

        def let_the_other_go() -> None:
            threading.settrace(self._stopping(until, stop))
            others.append(pool.submit(self._other, stands_still))
            stands_still.wait()
            threading.settrace(None)

        threading.settrace(self._stopping(at, let_the_other_go))
        with ThreadPoolExecutor(1) as pool:
            try:
                self._first()
            finally:
                threading.settrace(None)
                may_go_on.set()
        for other in others:
            other.result()
        return bool(others), is_stopped.is_set()

    def _other(self, stands_still: threading.Event) -> None:
        sys.settrace(None)  # the threads that it starts are watched, not its own
        try:
            self._second()
        finally:
            stands_still.set()

    def _stopping(self, at: int | None, do: Work) -> Callable[..., Any] | None:
        """A tracer of new threads that does something before one step."""
        if at is None:
            return None
        left = at

        def trace(frame: FrameType, event: str, _: TracebackType | None) -> Callable[..., Any] | None:
            nonlocal left
            if left < 0 or not frame.f_globals["__name__"].startswith(self._rooms):
                return None
            frame.f_trace_opcodes = True
            if event in ("opcode", "line"):  # 3.12 tells of a function's instructions from its second call on
                left -= 1
                if left < 0:
                    do()
            return trace

        return trace
