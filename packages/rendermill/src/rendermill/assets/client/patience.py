"""Going on after a connection broke or a server went away, for a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from rendermill.farm.model.errors import StoppedError, UnreachableError

T = TypeVar("T")
_GLANCE_SECONDS = 0.2
_SILENT_TRIES, _SILENT_SECONDS = 2, 150.0
"""A server that takes calls and does not answer is given up after one try more than these, and so many seconds."""
_WAITS = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0, 8.0, 8.0, 8.0)
"""Seconds before each new try: together about a minute."""


class Patience:
    """Tries calls again that may be repeated. ``stop`` is the caller's, by which the whole is stopped from outside."""

    def __init__(
        self,
        stop: threading.Event | None = None,
        wait: Callable[[float], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._outside, self._ended = stop, threading.Event()
        self._wait, self._clock = wait or self._doze, clock

    def end(self) -> None:
        """Have everything that still waits or works stop."""
        self._ended.set()

    def check(self) -> None:
        """Pass unless it was stopped. Raises :class:`StoppedError`."""
        if self._ended.is_set() or (self._outside is not None and self._outside.is_set()):
            raise StoppedError("the transfer was stopped")

    def wait(self, seconds: float) -> None:
        """Wait, unless it is stopped. Raises :class:`StoppedError`."""
        self._wait(seconds)
        self.check()

    def _doze(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._ended.wait(min(left, _GLANCE_SECONDS))
            self.check()

    def call(self, work: Callable[[], T], progress: Callable[[], int] = lambda: 0) -> T:
        """Its answer.

        Raises UnreachableError when the server could not be reached for about a minute, or three times in as many
        minutes took the call and did not answer. ``progress`` is a number that grows when a try came further than all
        before it: then that time begins anew.
        """
        tries, furthest, began = 0, progress(), self._clock()
        while True:
            self.check()
            try:
                return work()
            except UnreachableError:
                if (reached := progress()) > furthest:
                    tries, furthest, began = 0, reached, self._clock()
                is_silent = tries >= _SILENT_TRIES and self._clock() - began > _SILENT_SECONDS
                if is_silent or tries == len(_WAITS):
                    raise
            self.wait(_WAITS[tries])
            tries += 1
