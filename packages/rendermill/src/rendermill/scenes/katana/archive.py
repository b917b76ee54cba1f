"""What holds the XML of a Katana scene: nothing, or a tar that is packed with gzip after a line of XML.

The packed bytes are unpacked piece by piece, and only so many of them; nothing is written anywhere.
"""

from __future__ import annotations

import mmap
import zlib
from collections.abc import Iterator

from rendermill.scenes.findings import DamageError

_HEADER = 1 << 16
_PIECE = 1 << 20
_MOST = 2 << 30
_BLOCK = 512
_GZIP = b"\x1f\x8b"
_WITH_GZIP_HEADER = 31


def header(data: mmap.mmap | bytes) -> tuple[bytes, int]:
    """The first tag, and where what follows it begins. Raises :class:`DamageError` if it has no end."""
    end = data.find(b">", 0, _HEADER)
    if end < 0:
        raise DamageError("its first tag has no end", min(len(data), _HEADER))
    start = end + 1
    while start < min(len(data), _HEADER) and data[start : start + 1].isspace():
        start += 1
    return bytes(data[: end + 1]), start


def documents(data: mmap.mmap | bytes, start: int) -> Iterator[Iterator[bytes]]:
    """The pieces of each XML document of a scene whose first tag ends at a byte.

    Raises :class:`DamageError` where what is packed is damaged or too big.
    """
    if data[start : start + 2] == _GZIP:
        yield from _members(_Reader(_unpacked(data, start)))
    else:
        yield _plain(data)


def _plain(data: mmap.mmap | bytes) -> Iterator[bytes]:
    for at in range(0, len(data), _PIECE):
        yield bytes(data[at : at + _PIECE])


def _unpacked(data: mmap.mmap | bytes, at: int) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(_WITH_GZIP_HEADER)
    total = 0
    while not unpacker.eof:
        packed = unpacker.unconsumed_tail
        if not packed:
            packed = bytes(data[at : at + _PIECE])
            at += len(packed)
        if not packed:
            raise DamageError("its packed part ends too early", len(data))
        try:
            piece = unpacker.decompress(packed, _PIECE)
        except zlib.error as error:
            raise DamageError(f"its packed part is broken ({error})", at - len(packed)) from error
        total += len(piece)
        if total > _MOST:
            raise DamageError(f"it unpacks to more than {_MOST >> 30} GiB")
        yield piece


class _Reader:
    """Reads from pieces."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def some(self, most: int) -> bytes:
        """At most so many bytes; none at the end."""
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._rest = piece
        taken, self._rest = self._rest[:most], self._rest[most:]
        return taken

    def whole(self, size: int) -> bytes:
        """So many bytes, or fewer at the end."""
        found = b""
        while len(found) < size and (more := self.some(size - len(found))):
            found += more
        return found

    def upto(self, size: int) -> Iterator[bytes]:
        """So many bytes in pieces."""
        while size > 0 and (more := self.some(min(size, _PIECE))):
            size -= len(more)
            yield more


def _members(reader: _Reader) -> Iterator[Iterator[bytes]]:
    """The files in a tar (POSIX ustar: a block of header, then the file, filled up to whole blocks)."""
    while True:
        block = reader.whole(_BLOCK)
        if len(block) < _BLOCK or not block.strip(b"\0"):
            return
        size = _size(block[124:136])
        content = reader.upto(size)
        if block[156:157] in (b"0", b"\0"):
            yield content
        for _ in content:  # what was not read
            pass
        reader.whole(-size % _BLOCK)


def _size(field: bytes) -> int:
    try:
        return int(field.strip(b" \0") or b"0", 8)
    except ValueError as error:
        raise DamageError("the archive in it is broken") from error
