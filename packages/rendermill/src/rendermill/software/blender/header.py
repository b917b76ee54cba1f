"""Which Blender saved a file: the first bytes of a .blend, plain, gzip or zstd.

Two headers exist: 12 bytes ``BLENDER`` + pointer size + byte order + version (``v405``), and since 5.0 17 bytes
``BLENDER17-01v0500``: the header's own length and the version of the file format (which says how long the heads of
blocks are) come before the version.
"""

from __future__ import annotations

import gzip
import re
import zlib
from dataclasses import dataclass
from pathlib import Path

import zstandard

from rendermill.farm.model.errors import DamagedSceneError

Version = tuple[int, int]
GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
LENGTH = 17
_OLD = re.compile(rb"BLENDER([-_])([vV])(\d)(\d\d)")
_NEW = re.compile(rb"BLENDER(\d\d)-(\d\d)v(\d\d)(\d\d)")


@dataclass(frozen=True, slots=True)
class Header:
    """What a .blend says of itself. ``order`` is as :mod:`struct` writes it, ``pointer`` the bytes of an address.

    ``format`` is 0 for files whose blocks hold less than 2 GiB, 1 for the one since Blender 5.
    """

    version: Version
    length: int
    pointer: int
    order: str
    format: int


def parse_header(head: bytes) -> Header | None:
    """The header of a decompressed .blend; None if it is none."""
    if match := _NEW.match(head):
        length, format_, major, minor = map(int, match.groups())
        return Header((major, minor), length, 8, "<", format_)
    if match := _OLD.match(head):
        pointer, order = 4 if match[1] == b"_" else 8, "<" if match[2] == b"v" else ">"
        return Header((int(match[3]), int(match[4])), 12, pointer, order, 0)
    return None


def saved_by(path: Path) -> Version:
    """The version (major, minor) that saved a .blend. Raises :class:`DamagedSceneError` if it is not one."""
    try:
        head = _head(path)
    except OSError as error:
        raise DamagedSceneError(f"it cannot be read: {error.strerror or error}", where=str(path)) from error
    header = parse_header(head)
    if header is None:
        raise DamagedSceneError(
            "it is not a Blender scene",
            where=str(path),
            remedy="A .blend file starts with BLENDER; check the export.",
        )
    return header.version


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        head = file.read(LENGTH)
        file.seek(0)
        try:
            if head.startswith(GZIP):
                return gzip.GzipFile(fileobj=file).read(LENGTH)
            if head.startswith(ZSTD):
                return zstandard.ZstdDecompressor().stream_reader(file).read(LENGTH)
        except (zlib.error, EOFError, zstandard.ZstdError) as error:
            raise DamagedSceneError(f"its compression is damaged: {error}", where=str(path)) from error
    return head
