"""Files that one process at a time fills."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

if sys.platform != "win32":
    import fcntl


@contextmanager
def held(path: Path) -> Iterator[tuple[BinaryIO, Path]]:
    """A file to read and write, made if need be, and its path: what an earlier holder left in it is there.

    While somebody else holds ``path`` it is another one beside it, which goes away if it is not renamed. Raises
    OSError.
    """
    file = _open(path)
    try:
        if _is_ours(file, path):
            yield file, path
            return
    finally:
        file.close()
    own = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}.part")
    with _open(own) as file:
        try:
            yield file, own
        finally:
            own.unlink(missing_ok=True)


def _open(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666), "r+b")


def _is_ours(file: BinaryIO, path: Path) -> bool:
    """Take a file that nobody else holds; False if somebody does, or has renamed it meanwhile."""
    if sys.platform == "win32":
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    return False
