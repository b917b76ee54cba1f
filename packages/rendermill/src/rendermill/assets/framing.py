"""How contents go over the wire, as both ends know it.

A small content goes with others in a batch, one of up to :data:`CHUNK_BYTES` as the body of a request of its own, a
larger one in chunks of that size, the last one shorter. What breaks off costs no more than one of these once more.

A batch is a row of frames: the BLAKE3 (32 bytes), the length (4 bytes, little-endian), the content.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

from rendermill.farm.model.errors import MalformedRequestError

CHUNK_BYTES = 16 * 1024 * 1024
SMALL_BYTES = 1024 * 1024
"""Contents up to this size go in batches."""
BATCH_BYTES = 8 * 1024 * 1024
"""What a sender gathers into a batch."""
BATCH_LIMIT = 24 * 1024 * 1024
"""The longest batch that is taken, frames and all."""

_HEAD = struct.Struct("<32sI")


def pack(blobs: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    """The frames of a batch: hashes (hex) and contents, piece by piece."""
    for digest, content in blobs:
        yield _HEAD.pack(bytes.fromhex(digest), len(content))
        yield content


def unpack(body: bytes) -> Iterator[tuple[str, memoryview]]:
    """The hashes and contents of a batch. Raises :class:`MalformedRequestError` where it is cut short."""
    view, at = memoryview(body), 0
    while at < len(view):
        if at + _HEAD.size > len(view):
            raise MalformedRequestError(f"the batch is cut off in the head at byte {at}", where="body")
        digest, length = _HEAD.unpack_from(view, at)
        start = at + _HEAD.size
        at = start + length
        if at > len(view):
            raise MalformedRequestError(f"the content at byte {start} is cut off", where="body")
        yield digest.hex(), view[start:at]


def chunk_count(size: int) -> int:
    """How many chunks a content of that size has."""
    return -(-size // CHUNK_BYTES)


def chunk_length(size: int, index: int) -> int:
    """The length of a chunk in bytes."""
    return min(CHUNK_BYTES, size - index * CHUNK_BYTES)
