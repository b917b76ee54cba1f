"""Which Blender saved a file: the first bytes of a .blend, plain, gzip or zstd.

Two headers exist: 12 bytes ``BLENDER`` + pointer size + byte order + version (``v405``), and since 5.0 17 bytes
``BLENDER17-01v0500``.
"""

from __future__ import annotations

import gzip
import re
import zlib
from pathlib import Path

import zstandard

from rendermill.farm.model.errors import DamagedSceneError

Version = tuple[int, int]
_OLD = re.compile(rb"BLENDER[-_][vV](\d)(\d\d)")
_NEW = re.compile(rb"BLENDER\d\d-\d\dv(\d\d)(\d\d)")
_LENGTH = 17


def saved_by(path: Path) -> Version:
    """The version (major, minor) that saved a .blend. Raises :class:`DamagedSceneError` if it is not one."""
    try:
        head = _head(path)
    except OSError as error:
        raise DamagedSceneError(f"it cannot be read: {error.strerror or error}", where=str(path)) from error
    match = _NEW.match(head) or _OLD.match(head)
    if match is None:
        raise DamagedSceneError(
            "it is not a Blender scene",
            where=str(path),
            remedy="A .blend file starts with BLENDER; check the export.",
        )
    return int(match[1]), int(match[2])


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        head = file.read(_LENGTH)
        file.seek(0)
        try:
            if head.startswith(b"\x1f\x8b"):
                return gzip.GzipFile(fileobj=file).read(_LENGTH)
            if head.startswith(b"\x28\xb5\x2f\xfd"):
                return zstandard.ZstdDecompressor().stream_reader(file).read(_LENGTH)
        except (zlib.error, EOFError, zstandard.ZstdError) as error:
            raise DamagedSceneError(f"its compression is damaged: {error}", where=str(path)) from error
    return head
