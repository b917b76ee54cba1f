"""What a transfer tells while it runs, and what it has done."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path

from rendermill.assets.client.records import NoRecords, Records


class Listener:
    """Hears what a transfer does. Subclasses take up what they need; calls come from several threads, one at a time."""

    def total(self, files: int, size: int) -> None:
        """How much there is, in files and bytes; known before the first byte moves."""

    def hashed(self, size: int) -> None:
        """So many bytes more were read to know the contents."""

    def moved(self, size: int) -> None:
        """So many bytes more went over the wire; a negative number takes back what must go again."""

    def done(self, path: Path, name: str, size: int, *, moved: bool) -> None:
        """A file is where it should be; it was there already unless ``moved``."""

    def failed(self, path: Path, name: str, why: str) -> None:
        """A file could not be read or written, or kept changing; the others go on."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that could not be transferred, and why."""

    path: Path
    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Summary:
    """What a transfer has done: all files and bytes asked for, those whose content moved, those that failed."""

    files: int
    size: int
    moved_files: int
    moved_size: int
    failed: tuple[Failure, ...]


@dataclass(frozen=True, slots=True)
class Options:
    """How to transfer: bytes a second over all connections, how many of those, records to use, who listens."""

    max_speed: int | None = None
    streams: int = 4
    records: Records = field(default_factory=NoRecords)
    listener: Listener = field(default_factory=Listener)


class Teller:
    """Passes on to a listener, one call at a time, and keeps the account."""

    def __init__(self, listener: Listener) -> None:
        self._listener, self._lock = listener, threading.Lock()
        self._files = self._size = self._moved_files = self._moved_size = 0
        self._failed: list[Failure] = []

    def total(self, files: int, size: int) -> None:
        """See :class:`Listener`, as for every method here."""
        with self._lock:
            self._files, self._size = self._files + files, self._size + size
            self._listener.total(self._files, self._size)

    def hashed(self, size: int) -> None:
        """Bytes were read."""
        with self._lock:
            self._listener.hashed(size)

    def moved(self, size: int) -> None:
        """Bytes went over the wire."""
        with self._lock:
            self._listener.moved(size)

    def done(self, path: Path, name: str, size: int, *, moved: bool) -> None:
        """A file is there."""
        with self._lock:
            self._moved_files += moved
            self._moved_size += size if moved else 0
            self._listener.done(path, name, size, moved=moved)

    def failed(self, path: Path, name: str, why: str) -> None:
        """A file failed."""
        with self._lock:
            self._failed.append(Failure(path, name, why))
            self._listener.failed(path, name, why)

    def summary(self) -> Summary:
        """What has been done."""
        return Summary(self._files, self._size, self._moved_files, self._moved_size, tuple(self._failed))
