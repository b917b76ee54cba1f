"""BLAKE3 of files."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from blake3 import blake3

_BLOCK = 1024 * 1024
HASH = re.compile(r"[0-9a-f]{64}")


def hash_file(path: Path, heard: Callable[[int], None] = lambda _: None) -> str:
    """The BLAKE3 of a file's content, in hex; ``heard`` gets the bytes of each block read. Raises OSError.

    The file is read and not mapped: a mapped file that somebody shortens ends the process.
    """
    hasher = blake3()
    block = memoryview(bytearray(min(_BLOCK, path.stat().st_size + 1)))
    with path.open("rb", buffering=0) as file:
        while length := file.readinto(block):
            hasher.update(block[:length])
            heard(length)
    return hasher.hexdigest()
