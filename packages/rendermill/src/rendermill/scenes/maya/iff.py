"""The chunks of .mb: an IFF file, big-endian, with sizes of 32 bits (FOR4) or 64 (FOR8).

In FOR8 the four bytes behind a tag are whatever was in memory. Data is padded to 4 or 8 bytes, counted from where it
begins; groups are not padded.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from dataclasses import dataclass

_GROUP = re.compile(rb"(?:FOR|LIS|CAT|PRO)[48]")
_TAG = re.compile(rb"[A-Z][A-Z0-9# ]{3}")
_NEXT_GROUP = re.compile(rb"(?:FOR|LIS)[48]")


@dataclass(frozen=True, slots=True)
class Chunk:
    """A chunk, or a group of them: ``tag`` is then the group's type. Its data lies from ``start`` to ``end``."""

    tag: bytes
    start: int
    end: int
    is_group: bool


class BrokenError(Exception):
    """A chunk does not fit where it lies."""

    def __init__(self, at: int) -> None:
        super().__init__(at)
        self.at = at


class Chunks:
    """The chunks of a file."""

    def __init__(self, data: mmap.mmap | bytes) -> None:
        self.data = data
        self._width = 8 if data[3:4] == b"8" else 4
        self._header = 2 * self._width

    @property
    def first(self) -> int:
        """Where the first chunk within the outermost group begins."""
        return self._header + 4

    @property
    def end(self) -> int:
        """Where the outermost group ends, if it is not cut off."""
        return self._header + self._size(0)

    def within(self, start: int, end: int) -> Iterator[Chunk]:
        """The chunks between two places. Raises :class:`BrokenError` where one does not fit."""
        position = start
        while position < end:
            chunk = self.at(position, end)
            if chunk is None:
                raise BrokenError(position)
            yield chunk
            size = chunk.end - chunk.start
            position = chunk.end if chunk.is_group else chunk.start + size + -size % self._width

    def at(self, position: int, end: int) -> Chunk | None:
        """The chunk at a place, None if none is there that fits."""
        start = position + self._header
        if start > end:
            return None
        tag = bytes(self.data[position : position + 4])
        size = self._size(position)
        if size > end - start:
            return None
        if _GROUP.fullmatch(tag):
            return Chunk(bytes(self.data[start : start + 4]), start + 4, start + size, True) if size >= 4 else None
        return Chunk(tag, start, start + size, False) if _TAG.fullmatch(tag) else None

    def resumed(self, position: int, end: int) -> int | None:
        """Where the next group begins that fits, after a place where the chunks broke."""
        for match in _NEXT_GROUP.finditer(self.data, position + 1, end):
            chunk = self.at(match.start(), end)
            if chunk is not None and self.at(chunk.start, chunk.end) is not None:
                return match.start()
        return None

    def _size(self, position: int) -> int:
        at = position + self._width
        return int.from_bytes(self.data[at : at + self._width], "big")
