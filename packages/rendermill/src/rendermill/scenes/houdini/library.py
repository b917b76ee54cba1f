"""Libraries of operators (INDX) as a scene holds them in entries: sections by their names, some of them libraries too.

``INDX``, four bytes, a label (its length before it), the number of sections; for each the length of its name, the name,
offset from the end of the index, size and time. Numbers are big-endian.
"""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from struct import Struct

_MAGIC = b"INDX"
_NUMBER = Struct(">I")
_PLACE = Struct(">II")
_HEAD = 8
_TAIL = 12
_LONGEST_NAME = 4096


@dataclass(frozen=True, slots=True)
class Section:
    """A named span of bytes."""

    name: str
    start: int
    end: int


def sections(data: mmap.mmap | bytes, at: int = 0) -> list[Section]:
    """The sections of the library that begins at a byte, as far as its index can be read; none if none begins."""
    if data[at : at + len(_MAGIC)] != _MAGIC:
        return []
    label = _number(data, at + _HEAD)
    at += _HEAD + _NUMBER.size + label
    count = _number(data, at) if label <= _LONGEST_NAME else 0
    at += _NUMBER.size
    found: list[tuple[str, int, int]] = []
    while len(found) < count and at + _NUMBER.size <= len(data):
        length = _number(data, at)
        at += _NUMBER.size
        if length > _LONGEST_NAME or at + length + _TAIL > len(data):
            break
        name = bytes(data[at : at + length]).decode("utf-8", "replace")
        found.append((name, *_PLACE.unpack_from(data, at + length)))
        at += length + _TAIL
    return [Section(name, at + offset, at + offset + size) for name, offset, size in found]


def end_of(data: mmap.mmap | bytes, at: int) -> int:
    """Where the library ends that begins at a byte; that byte if none does."""
    return max((section.end for section in sections(data, at)), default=at)


def _number(data: mmap.mmap | bytes, at: int) -> int:
    number: int = _NUMBER.unpack_from(data, at)[0] if at + _NUMBER.size <= len(data) else 0
    return number
