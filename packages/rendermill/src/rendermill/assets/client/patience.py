"""Going on after a connection broke or a server went away, for a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from rendermill.farm.model.errors import StoppedError, UnreachableError

T = TypeVar("T")
_GLANCE_SECONDS = 0.2
_WAITS = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0, 8.0, 8.0, 8.0)
"""Seconds before each new try: together about a minute."""


class Patience:
    """Tries calls again that may be repeated. ``stop`` is the caller's, by which the whole is stopped from outside."""

    def __init__(self, stop: threading.Event | None = None, wait: Callable[[float], object] | None = None) -> None:
        self._outside, self._ended = stop, threading.Event()
        self._wait = wait or self._doze

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
        """Its answer. Raises UnreachableError when the server has not answered for about a minute.

        ``progress`` is a number that grows when a try came further than all before it: then the minute begins anew.
        """
        tries, furthest = 0, progress()
        while True:
            self.check()
            try:
                return work()
            except UnreachableError:
                if (reached := progress()) > furthest:
                    tries, furthest = 0, reached
                if tries == len(_WAITS):
                    raise
            self.wait(_WAITS[tries])
            tries += 1
