"""The bytes of a .blend from the front to the back: as they are, or decompressed as they are read.

Blender writes gzip up to 2.93, and zstd (many frames and a table of them) since 3.0. Nothing is decompressed into
memory as a whole, and what is passed over of a file with such a table is not decompressed at all.
"""

from __future__ import annotations

import gzip
import io
import mmap
import zlib
from typing import IO, Protocol, cast

import zstandard

from rendermill.scenes.blender.seekable import Seekable
from rendermill.scenes.findings import DamageError
from rendermill.software.blender.header import GZIP, ZSTD

_CHUNK = 1 << 20
_MOST_TIMES = 1000
"""A scene is never this many times larger than compressed, unless it is small: then it is made to fill memory."""
_SMALL = 1 << 30


class Content(Protocol):
    """Bytes that can be read or passed over, forwards only."""

    @property
    def position(self) -> int:
        """How many bytes were read or passed over."""

    @property
    def done(self) -> float:
        """What part of the file that is, 0 to 1."""

    def read(self, length: int) -> bytes:
        """The next ``length`` bytes. Raises :class:`DamageError` if there are fewer."""

    def skip(self, length: int) -> None:
        """Pass over ``length`` bytes. Raises :class:`DamageError` if there are fewer."""


def content(data: mmap.mmap | bytes) -> Content:
    """The content of a file, from its front."""
    head = data[: len(ZSTD)]
    if not head.startswith((GZIP, ZSTD)):
        return Plain(data)
    most = max(_SMALL, _MOST_TIMES * len(data))
    seekable = Seekable.of(data) if head == ZSTD else None
    if seekable is None:
        return Packed(data, most)
    if seekable.size > most:
        raise _too_large()
    return seekable


def _too_large() -> DamageError:
    """What is wrong with a file that is made to fill memory."""
    return DamageError(f"its content is more than {_MOST_TIMES} times larger than the file")


class Plain:
    """A file that is not compressed."""

    def __init__(self, data: mmap.mmap | bytes) -> None:
        self._data = data
        self._end = len(data)
        self.position = 0

    @property
    def done(self) -> float:
        """What part of it was read."""
        return self.position / max(1, self._end)

    def read(self, length: int) -> bytes:
        """The next bytes."""
        start = self.position
        self.skip(length)
        return self._data[start : self.position]

    def skip(self, length: int) -> None:
        """Pass over bytes."""
        if length > self._end - self.position:
            raise DamageError("the file ends before what it holds does", self._end)
        self.position += length


class Packed:
    """A compressed file."""

    def __init__(self, data: mmap.mmap | bytes, most: int) -> None:
        file = data if isinstance(data, mmap.mmap) else io.BytesIO(data)
        file.seek(0)
        self._file = cast("IO[bytes]", file)
        self._size = len(data)
        self._stream = _decompressed(self._file, data[:4])
        self._most = most
        self.position = 0

    @property
    def done(self) -> float:
        """What part of the file was read."""
        return self._file.tell() / max(1, self._size)

    def read(self, length: int) -> bytes:
        """The next bytes."""
        found = bytearray()
        while len(found) < length:
            found += self._some(length - len(found))
        return bytes(found)

    def skip(self, length: int) -> None:
        """Pass over bytes."""
        while length:
            length -= len(self._some(length))

    def _some(self, most: int) -> bytes:
        try:
            chunk = self._stream.read(min(most, _CHUNK))
        except (zlib.error, EOFError, gzip.BadGzipFile, zstandard.ZstdError) as error:
            raise DamageError(f"its compression is damaged: {error}", self._file.tell()) from error
        if not chunk:
            raise DamageError("the file ends before what is compressed in it does", self._size)
        self.position += len(chunk)
        if self.position > self._most:
            raise _too_large()
        return chunk


def _decompressed(file: IO[bytes], magic: bytes) -> IO[bytes]:
    if magic.startswith(GZIP):
        return cast("IO[bytes]", gzip.GzipFile(fileobj=file))
    stream = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True, closefd=False)
    return cast("IO[bytes]", stream)
