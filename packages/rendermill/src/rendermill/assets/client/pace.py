"""Keeping a transfer below a speed, over all of its connections."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Pace:
    """A token bucket. ``speed`` is in bytes a second, None for as fast as it goes; a tenth of a second may be saved up.

    ``clock`` gives seconds, ``wait`` waits for some.
    """

    def __init__(
        self,
        speed: int | None,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], object] = time.sleep,
    ) -> None:
        self._speed, self._clock, self._wait = speed, clock, wait
        self._lock = threading.Lock()
        self._due = clock()

    @property
    def slice(self) -> int:
        """How many bytes to send at once: not much more than a tenth of a second's."""
        most = 256 * 1024
        return most if self._speed is None else max(1024, min(most, self._speed // 10))

    def take(self, size: int) -> None:
        """Wait until so many bytes may go."""
        if self._speed is None:
            return
        with self._lock:  # each waiter gets its own place in the row
            now = self._clock()
            self._due = max(self._due, now - 0.1) + size / self._speed
            delay = self._due - now
        if delay > 0:
            self._wait(delay)
