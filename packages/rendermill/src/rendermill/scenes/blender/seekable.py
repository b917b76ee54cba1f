"""A zstd file that ends in a table of its frames, as Blender writes it: what is passed over is not decompressed.

The table (github.com/facebook/zstd, contrib/seekable_format) is a frame to be skipped: two numbers for each frame, its
compressed and its decompressed bytes (and a checksum if a bit says so), then their count, that byte, and a magic.
"""

from __future__ import annotations

import mmap
import struct
from bisect import bisect_right
from itertools import accumulate

import zstandard

from rendermill.scenes.findings import DamageError
from rendermill.software.blender.header import ZSTD

_FOOTER = struct.Struct("<IBI")
_MAGIC = 0x8F92EAB1
_HEAD = struct.Struct("<II")
_SKIPPABLE = 0x184D2A5E
_CHECKSUMS = 1 << 7
_MOST_FRAMES = 4_000_000
_LARGEST_FRAME = 64 << 20


class Seekable:
    """A file with such a table: where its frames begin, compressed and decompressed."""

    def __init__(self, data: mmap.mmap | bytes, packed: list[int], plain: list[int]) -> None:
        self._data = data
        self._packed = packed
        self._plain = plain
        self._decompressor = zstandard.ZstdDecompressor()
        self._number = -1
        self._frame = b""
        self.position = 0

    @classmethod
    def of(cls, data: mmap.mmap | bytes) -> Seekable | None:
        """A file by its table; None if it has none that fits it."""
        frames = _table(data)
        if not frames:
            return None
        packed = list(accumulate((compressed for compressed, *_ in frames), initial=0))
        plain = list(accumulate((decompressed for _, decompressed, *_ in frames), initial=0))
        return cls(data, packed, plain)

    @property
    def size(self) -> int:
        """The bytes that it holds."""
        return self._plain[-1]

    @property
    def done(self) -> float:
        """What part of it was read."""
        return self.position / max(1, self.size)

    def skip(self, length: int) -> None:
        """Pass over bytes."""
        if length > self.size - self.position:
            raise DamageError("the file ends before what is compressed in it does", len(self._data))
        self.position += length

    def read(self, length: int) -> bytes:
        """The next bytes."""
        start = self.position
        self.skip(length)
        parts = []
        while start < self.position:
            number = bisect_right(self._plain, start) - 1
            begin = self._plain[number]
            parts.append(self._decompressed(number)[start - begin : self.position - begin])
            start += len(parts[-1])
        return b"".join(parts)

    def _decompressed(self, number: int) -> bytes:
        if number != self._number:
            start, end = self._packed[number : number + 2]
            size = self._plain[number + 1] - self._plain[number]
            try:
                self._frame = self._decompressor.decompress(self._data[start:end], max_output_size=size)
            except zstandard.ZstdError as error:
                raise DamageError(f"its compression is damaged: {error}", start) from error
            if len(self._frame) != size:
                raise DamageError("its compression is damaged: a frame has not the length that is told", start)
            self._number = number
        return self._frame


def _table(data: mmap.mmap | bytes) -> list[tuple[int, ...]]:
    """The frames as the table has them; none where it does not fit the file."""
    end = len(data) - _FOOTER.size
    if end < _HEAD.size:
        return []
    count, descriptor, magic = _FOOTER.unpack(data[end:])
    entry = struct.Struct("<III" if descriptor & _CHECKSUMS else "<II")
    start = end - count * entry.size
    if magic != _MAGIC or count > _MOST_FRAMES or start < _HEAD.size:
        return []
    if _HEAD.unpack(data[start - _HEAD.size : start]) != (_SKIPPABLE, len(data) - start):
        return []
    frames = list(entry.iter_unpack(data[start:end]))
    if sum(compressed for compressed, *_ in frames) != start - _HEAD.size:
        return []
    fits = all(compressed > len(ZSTD) and 0 < size <= _LARGEST_FRAME for compressed, size, *_ in frames)
    return frames if fits else []
