"""Looking less often whether a command has ended.

``openjd-sessions`` looks every millisecond, which takes 5 % of a core for as long as a task runs. The best interval
grows with the root of the time that the task has run: half of it is lost at the end, each look costs about 50 µs.
The library offers no setting, so its queue is replaced (docs/decisions/0005-openjd-polling.md).
"""

from __future__ import annotations

import math
import time
from queue import Queue

from openjd.sessions import _subprocess

_SECONDS_AT_ONE = 0.01
_LONGEST = 0.1


class PatientQueue(Queue[str]):
    """A queue of a command's lines whose reader waits the longer for a line, the longer the command has run."""

    def __init__(self) -> None:
        super().__init__()
        self._began = time.monotonic()

    def get(self, block: bool = True, timeout: float | None = None) -> str:
        """The next line; waits at least ``timeout`` seconds before it raises queue.Empty."""
        if timeout is not None:
            patience = _SECONDS_AT_ONE * math.sqrt(time.monotonic() - self._began)
            timeout = max(timeout, min(patience, _LONGEST))
        return super().get(block, timeout)


def be_patient() -> None:
    """Replace the library's queue in this process."""
    if not hasattr(_subprocess, "Queue"):
        raise RuntimeError("openjd-sessions has changed: look at engine/host/patience.py")
    _subprocess.Queue = PatientQueue
