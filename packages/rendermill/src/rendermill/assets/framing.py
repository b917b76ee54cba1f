"""How contents go over the wire, as both ends know it.

A small content goes with others in a batch, one of up to :data:`CHUNK_BYTES` as the body of a request of its own, a
larger one in chunks of that size, the last one shorter. What breaks off costs no more than one of these once more.

A batch is a row of frames: the BLAKE3 (32 bytes), the length (4 bytes, little-endian), the content.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

from rendermill.farm.model.errors import MalformedRequestError, TooLargeError

CHUNK_BYTES = 16 * 1024 * 1024
SMALL_BYTES = 1024 * 1024
"""Contents up to this size go in batches."""
BATCH_BYTES = 8 * 1024 * 1024
"""What a sender gathers into a batch."""
BATCH_FILES = 2000
"""The most contents that a batch has."""
BATCH_LIMIT = 24 * 1024 * 1024
"""The longest batch that is taken, frames and all."""

_HEAD = struct.Struct("<32sI")


def pack(blobs: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    """The frames of a batch: hashes (hex) and contents, piece by piece."""
    for digest, content in blobs:
        yield _HEAD.pack(bytes.fromhex(digest), len(content))
        yield content


class Unpacker:
    """Takes apart a batch that comes piece by piece; it holds no more than the content that is not whole yet."""

    def __init__(self) -> None:
        self._rest = b""
        self._size = self._files = 0

    def feed(self, pieces: Iterable[bytes]) -> list[tuple[str, memoryview]]:
        """The hashes and contents that are whole by now, and were not before.

        Raises :class:`TooLargeError` for too long a batch, or one of too many contents, and
        :class:`MalformedRequestError` for a content of a length that none has in a batch.
        """
        body = b"".join([self._rest, *pieces])
        self._size += len(body) - len(self._rest)
        if self._size > BATCH_LIMIT:
            raise TooLargeError(f"a batch has up to {BATCH_LIMIT} bytes", where="body")
        view, at = memoryview(body), 0
        whole: list[tuple[str, memoryview]] = []
        while at + _HEAD.size <= len(view):
            digest, length = _HEAD.unpack_from(view, at)
            if length > SMALL_BYTES:
                what = f"a content of {length} bytes; in a batch one has up to {SMALL_BYTES}"
                raise MalformedRequestError(what, where="body")
            start = at + _HEAD.size
            if start + length > len(view):
                break
            at = start + length
            self._files += 1
            if self._files > BATCH_FILES:
                raise TooLargeError(f"a batch has up to {BATCH_FILES} contents", where="body")
            whole.append((digest.hex(), view[start:at]))
        self._rest = body[at:]
        return whole

    def end(self) -> None:
        """There is no more. Raises :class:`MalformedRequestError` if the batch is cut short."""
        if self._rest:
            raise MalformedRequestError(f"the content at byte {self._size - len(self._rest)} is cut off", where="body")


def chunk_count(size: int) -> int:
    """How many chunks a content of that size has."""
    return -(-size // CHUNK_BYTES)


def chunk_length(size: int, index: int) -> int:
    """The length of a chunk in bytes."""
    return min(CHUNK_BYTES, size - index * CHUNK_BYTES)
