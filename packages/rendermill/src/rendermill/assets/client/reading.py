"""Reading files that others may be writing: what is read is one state of the file, or it is not used."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rendermill.assets.client.depot import Item
from rendermill.assets.client.records import Mark, Records
from rendermill.assets.hashing import hash_file

_TICK_SECONDS = 0.02
"""Within one tick of the kernel's clock a file can be written without its time telling."""
_SETTLED_SECONDS = 2.0
_TRIES = 3


class ChangingError(Exception):
    """A file changes whenever it is read."""


@dataclass(slots=True)
class Hashed:
    """A file to send, with its size in bytes and its BLAKE3 in hex as they were when it was read."""

    item: Item
    size: int
    digest: str = ""


def regular(path: Path) -> os.stat_result:
    """The status of a file. Raises OSError, also for what is no file: reading a pipe might never end."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise OSError(0, "it is a folder" if stat.S_ISDIR(status.st_mode) else "it is not a file", str(path))
    return status


def read_part(path: Path, offset: int, length: int) -> bytes:
    """Some bytes of a file; fewer where it is shorter. Raises OSError."""
    with path.open("rb", buffering=0) as file:
        file.seek(offset)
        pieces = []
        while length and (piece := file.read(length)):
            pieces.append(piece)
            length -= len(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def read_slices(path: Path, size: int, step: int) -> Iterator[memoryview]:
    """A file of a size in slices of a length. Raises :class:`ChangingError` where it is shorter, or not there.

    An OSError would be taken for the connection's by those who send the slices.
    """
    left = size
    try:
        with path.open("rb", buffering=0) as file:
            while left:
                piece = file.read(min(step, left))
                if not piece:
                    raise ChangingError("it was cut short while it was read")
                left -= len(piece)
                yield memoryview(piece)
    except OSError as error:
        raise ChangingError(error.strerror or str(error)) from error


class Reader:
    """Finds the hashes of files, by records where they are unchanged. ``prefix`` goes before names in the keys."""

    def __init__(
        self,
        records: Records,
        prefix: str,
        heard: Callable[[int], None],
        wait: Callable[[float], None],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._records, self._prefix = records, prefix
        self._heard, self._wait, self._now = heard, wait, now

    def key(self, item: Item) -> str:
        """Under which a file is recorded."""
        return self._prefix + item.name

    def hash_all(self, files: Iterable[Hashed]) -> Iterator[tuple[Hashed, str]]:
        """Set size and hash of each file; yields it with what is wrong with it, empty if nothing is."""
        many = list(files)
        known = self._records.known([self.key(file.item) for file in many])
        marks: dict[str, Mark] = {}
        for file in many:
            key = self.key(file.item)
            try:
                mark, is_settled = self._mark(file.item.local, known.get(key))
            except OSError as error:
                yield file, error.strerror or str(error)
            except ChangingError as error:
                yield file, str(error)
            else:
                file.size, file.digest = mark.size, mark.hash
                if is_settled and mark != known.get(key):
                    marks[key] = mark
                yield file, ""
        if marks:
            self._records.keep(marks)

    def forget(self, items: Iterable[Item]) -> None:
        """Have files read the next time, whatever is recorded of them."""
        self._records.forget([self.key(item) for item in items])

    def _mark(self, path: Path, known: Mark | None) -> tuple[Mark, bool]:
        """A file as it is now, and whether its times are old enough to tell of any later change."""
        for _ in range(_TRIES):
            before = regular(path)
            if known is not None and _times(before) == (known.size, known.mtime_ns, known.ctime_ns):
                return known, True
            if abs(self._now() - _written(before)) < _TICK_SECONDS:
                self._wait(_TICK_SECONDS)
                before = regular(path)
            digest = hash_file(path, self._heard)
            if _times(regular(path)) == _times(before):
                return Mark(*_times(before), digest), self._now() - _written(before) > _SETTLED_SECONDS
        raise ChangingError("it changes while it is read")


def _written(status: os.stat_result) -> float:
    """When a file was last changed, also by somebody who then set the time of its content back."""
    return max(status.st_mtime, status.st_ctime)


def _times(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns
