"""Fetching files from a farm: to a temporary name, checked, renamed. What broke off goes on where it was.

The temporary file's name tells the file and its content, so the next attempt, of this process or of another, finds what
is there already.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from blake3 import blake3

from rendermill.assets.client.depot import Source, Wanted
from rendermill.assets.client.locks import held
from rendermill.assets.client.pace import Pace
from rendermill.assets.client.patience import Patience
from rendermill.assets.client.telling import Options, Teller
from rendermill.assets.hashing import hash_file
from rendermill.farm.model.errors import (
    BadInputError,
    NotFoundError,
    UnavailableError,
    WrongContentError,
)

_FULL = (errno.ENOSPC, errno.EDQUOT)
_BLOCK = 1024 * 1024


class Downloader:
    """Brings files of a source to a folder. ``done`` gets the hashes of what has been fetched, by place."""

    def __init__(
        self, source: Source, folder: Path, options: Options, patience: Patience, done: dict[str, str]
    ) -> None:
        self._source, self._folder, self._options = source, folder, options
        self._patience, self._done = patience, done
        self._pace = Pace(options.max_speed, wait=patience.wait)

    def fetch(self, wanted: Sequence[Wanted], teller: Teller) -> list[Wanted]:
        """Fetch files; returns those that are another by now than they were said to be: ask for them anew.

        Those that cannot be written are told as failed, the others come. Raises :class:`UnavailableError` on a full
        disk, :class:`BadInputError` where a place lies outside of the folder, UnreachableError after about a minute
        without an answer, StoppedError.
        """
        targets = [confined(self._folder, each.place) for each in wanted]
        pool = ThreadPoolExecutor(self._options.streams, thread_name_prefix="download")
        try:
            parts = [pool.submit(self._one, each, target, teller) for each, target in zip(wanted, targets, strict=True)]
            return [each for each, part in zip(wanted, parts, strict=True) if not part.result()]
        except BaseException:
            self._patience.end()
            raise
        finally:
            pool.shutdown(cancel_futures=True)

    def _one(self, wanted: Wanted, target: Path, teller: Teller) -> bool:
        """Fetch a file; False if it is another by now."""
        self._patience.check()
        try:
            is_there = _is(target, wanted)
            if not is_there:
                target.parent.mkdir(parents=True, exist_ok=True)
                self._transfer(wanted, target, teller)
        except (WrongContentError, NotFoundError):
            return False
        except OSError as error:
            if error.errno in _FULL:
                raise _full(self._folder, wanted) from error
            teller.failed(target, wanted.name, error.strerror or str(error))
            return True
        self._done[wanted.place] = wanted.hash
        teller.done(target, wanted.name, wanted.size, moved=not is_there)
        return True

    def _transfer(self, wanted: Wanted, target: Path, teller: Teller) -> None:
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        mark = blake3(f"{target.name}\0{wanted.hash}".encode(errors="surrogateescape")).hexdigest(12)
        part = target.with_name(f".{mark}.part")
        if wanted.size - _size_of(part) > shutil.disk_usage(target.parent).free:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        with held(part) as (file, path):
            try:
                self._patience.call(lambda: self._fill(file, wanted, teller), lambda: os.fstat(file.fileno()).st_size)
                file.flush()
            except (OSError, WrongContentError, NotFoundError):  # the disk, which shall be no fuller than it was; or
                path.unlink()  # nobody goes on with that content
                raise
            path.replace(target)

    def _fill(self, file: BinaryIO, wanted: Wanted, teller: Teller) -> None:
        """Go on with a temporary file to its end. Raises UnreachableError, and WrongContentError if it is damaged."""
        file.seek(0)
        hasher = blake3()
        while block := file.read(_BLOCK):
            hasher.update(block)
        here = file.tell()
        if here < wanted.size:
            begins, content = self._source.read(wanted.name, wanted.hash, here)
            if begins != here:
                file.seek(0)
                file.truncate()
                hasher.reset()
            for piece in self._paced(content, teller):
                hasher.update(piece)
                file.write(piece)
        if hasher.hexdigest() != wanted.hash:
            raise WrongContentError("the content was damaged on its way", where=wanted.name)

    def _paced(self, content: Iterator[bytes], teller: Teller) -> Iterator[bytes]:
        for piece in content:
            self._patience.check()
            self._pace.take(len(piece))
            teller.moved(len(piece))
            yield piece


def confined(folder: Path, path: str) -> Path:
    """``folder/path``. Raises :class:`BadInputError` if that would lie outside ``folder``."""
    relative = PurePosixPath(path)
    if relative.is_absolute() or ".." in relative.parts or "\0" in path or not relative.parts:
        raise BadInputError(f"the server named an unsafe path: {path!r}", where=str(folder))
    return folder.joinpath(*relative.parts)


def _is(target: Path, wanted: Wanted) -> bool:
    """Whether a file is there already, with that content."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        return target.is_file() and target.stat().st_size == wanted.size and hash_file(target) == wanted.hash
    return False


def _size_of(part: Path) -> int:
    """How much of a file has come; of one that another download has just finished, nothing."""
    with contextlib.suppress(FileNotFoundError):
        return part.stat().st_size
    return 0


def _full(folder: Path, wanted: Wanted) -> UnavailableError:
    free = 0
    with contextlib.suppress(OSError):
        free = shutil.disk_usage(folder).free
    return UnavailableError(
        f"the disk is full: {wanted.name} has {wanted.size // 1024} KiB, {free // 1024} KiB are free",
        where=str(folder),
        remedy="Free some space or choose another folder; what has come stays, and the rest goes on from there.",
    )
