"""Waiting for a disk."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

_libc = ctypes.CDLL(None, use_errno=True)


def sync_filesystem(folder: Path) -> None:
    """Return once everything written to the folder's file system is on the disk: one wait for many files.

    Raises OSError. (Linux, syncfs(2).)
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if _libc.syncfs(descriptor) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(folder))
    finally:
        os.close(descriptor)
