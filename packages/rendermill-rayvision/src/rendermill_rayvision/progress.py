"""What is shown and kept of a transfer while it runs."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path
from typing import Any

from rendermill.sdk.bars import Bars
from rendermill.sdk.transfer import Listener


class Listeners(Listener):
    """Passes everything on to several; they may be others at the next transfer."""

    def __init__(self, *listeners: Listener) -> None:
        self.listeners = listeners

    def total(self, files: int, size: int) -> None:
        """Passed on."""
        for each in self.listeners:
            each.total(files, size)

    def hashed(self, size: int) -> None:
        """Passed on."""
        for each in self.listeners:
            each.hashed(size)

    def moved(self, size: int) -> None:
        """Passed on."""
        for each in self.listeners:
            each.moved(size)

    def done(self, path: Path, name: str, size: int, *, moved: bool) -> None:
        """Passed on."""
        for each in self.listeners:
            each.done(path, name, size, moved=moved)

    def failed(self, path: Path, name: str, why: str) -> None:
        """Passed on."""
        for each in self.listeners:
            each.failed(path, name, why)


def bars(what: str, *, wanted: bool = True) -> Bars:
    """Bars for a transfer, which show if stderr is a terminal.

    Threads other than the main one show none: two displays would paint over each other.
    """
    shown = wanted and sys.stderr.isatty() and threading.current_thread() is threading.main_thread()
    return Bars(what, quiet=not shown)


class UploadedInRedis(Listener):
    """Puts each file that was uploaded into a hash of the script's own Redis: its path, and when (Unix time)."""

    def __init__(self, redis: Any, flag: str | None) -> None:
        self._redis, self._flag = redis, flag

    def done(self, path: Path, name: str, size: int, *, moved: bool) -> None:  # noqa: ARG002
        """A file more."""
        insert_redis(str(path), self._redis, self._flag)


def insert_redis(path: str, redis_db: Any, redis_flag: str | None = None) -> None:
    """Note in the hash ``redis_flag`` of a Redis database (``upload_done`` without a name) when a file was uploaded."""
    redis_db.hset(redis_flag or "upload_done", path, int(time.time()))
