"""What ``rendermill-transmitter`` prints: lines that the client's parser looks for, and progress for people."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from rendermill.cli.transmitter import say
from rendermill.sdk.transfer import Listener
from rendermill.sdk.transfer_log import TransferLog

_EVERY_SECONDS = 1.0


class Report(Listener):
    """Prints a line for each file, ``upload file done (PATH)``, and at most each second how far it is.

    What is said of files is also in the log of the folder, where there is one. The client records a path that it finds
    in brackets after ``upload file done`` as sent.
    """

    def __init__(self, action: str, log: Path | None, now: Callable[[], float] = time.monotonic) -> None:
        self._action, self._now = action, now
        self._log = Listener() if log is None else TransferLog(log, action)
        self._files = self._size = self._done = self._read = self._moved = 0
        self._next = now() + _EVERY_SECONDS

    def total(self, files: int, size: int) -> None:
        """How much there is; less where only failed files are tried again."""
        self._files, self._size = max(self._files, files), max(self._size, size)

    def hashed(self, size: int) -> None:
        """Bytes were read."""
        self._read += size
        self._progress()

    def moved(self, size: int) -> None:
        """Bytes went over the wire."""
        self._moved += size
        self._progress()

    def done(self, path: Path, name: str, size: int, *, moved: bool) -> None:
        """A file is where it should be."""
        self._done += 1
        say(f"{self._action} file done{'' if moved else ', it was there'} ({path})")
        self._log.done(path, name, size, moved=moved)
        self._progress()

    def failed(self, path: Path, name: str, why: str) -> None:
        """A file could not be moved."""
        say(f"{self._action} file fail ({path}): {why}")
        self._log.failed(path, name, why)

    def _progress(self) -> None:
        if (now := self._now()) < self._next:
            return
        self._next = now + _EVERY_SECONDS
        read = f"{_mb(self._read)} read, " if self._read else ""
        said = f"{self._done} of {self._files} files, {read}{_mb(self._moved)} of {_mb(self._size)} moved"
        say(f"{self._action} progress: {said}")


def _mb(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
