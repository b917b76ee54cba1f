"""External files of a 3ds Max scene: the streams ``FileAssetMetaData2`` (2010 on) and ``3`` (2013 on).

A record is an identifier of 16 bytes and two texts, three in the newer one: the kind of asset, the path as the scene
has it, and where it was found. A text is the number of its UTF-16 units, these, and a zero unit.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from rendermill.scenes.findings import DamageError

STREAMS = (("FileAssetMetaData3", 3), ("FileAssetMetaData2", 2))
_IDENTIFIER = 16
_LONGEST = 1 << 16


@dataclass(frozen=True, slots=True)
class Asset:
    """A file: its kind (``Bitmap``, ``XRef``, ``BatchRender`` …), its path as written, and where it was found."""

    kind: str
    path: str
    found_at: str = ""


def assets(stream: bytes, texts: int) -> Iterator[Asset]:
    """The records of a stream with so many texts each. Raises :class:`DamageError` where one is broken."""
    at = 0
    while at < len(stream):
        at += _IDENTIFIER
        read: list[str] = []
        for _ in range(texts):
            if at + 4 > len(stream):
                raise DamageError("its list of files ends too early")
            (units,) = struct.unpack_from("<I", stream, at)
            end = at + 4 + 2 * units
            if units > _LONGEST or end + 2 > len(stream):
                raise DamageError("its list of files is broken")
            read.append(stream[at + 4 : end].decode("utf-16-le", "replace"))
            at = end + 2
        yield Asset(*read)
