"""Being told that a command has ended, instead of looking.

``openjd-sessions`` looks every millisecond, which takes 5 % of a core for as long as a task runs. The library offers
no setting, so the queue that its loop waits on, and the thread that fills the queue from the command's output, are
replaced: the end of the output wakes the loop at once (docs/decisions/0005-openjd-polling.md).
"""

from __future__ import annotations

import threading
from queue import Queue

from openjd.sessions import _subprocess

#: How often the loop looks all the same, in seconds: a command may end while something it started keeps its output.
_INTERVAL = 0.05
_made_here = threading.local()


class PatientQueue(Queue[str]):
    """The queue of a command's lines; its reader waits for a line, the end of the output, or an interval."""

    def __init__(self) -> None:
        super().__init__()
        self._filler: threading.Thread | None = None
        _made_here.queue = self

    def end(self, filler: threading.Thread) -> None:
        """No line will follow: ``filler`` is about to end."""
        with self.not_empty:
            self._filler = filler
            self.not_empty.notify()

    def get(self, block: bool = True, timeout: float | None = None) -> str:
        """The next line. Raises queue.Empty if there is none after a while, or at once if none will follow."""
        if timeout is None:
            return super().get(block)
        with self.not_empty:
            if not self._qsize() and self._filler is None:
                self.not_empty.wait(max(timeout, _INTERVAL))
            filler = self._filler
        if filler is not None:
            filler.join()  # the loop goes on while it is alive
        return super().get(block=False)


class Filler(threading.Thread):
    """The thread that fills the queue which its maker made last."""

    def run(self) -> None:
        """Fill it, then say that it is over."""
        try:
            super().run()
        finally:
            self._queue.end(self)

    def start(self) -> None:
        """Start, in the maker's thread."""
        self._queue: PatientQueue = _made_here.queue
        super().start()


def be_patient() -> None:
    """Replace the library's queue and thread in this process. Raises RuntimeError if it has none such."""
    replaced = {"Queue": PatientQueue, "Thread": Filler}
    if not all(hasattr(_subprocess, name) for name in replaced):
        raise RuntimeError("openjd-sessions has changed: look at engine/host/patience.py")
    for name, ours in replaced.items():
        setattr(_subprocess, name, ours)
