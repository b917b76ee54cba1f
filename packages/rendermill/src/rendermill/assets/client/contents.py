"""Sending contents: small ones in batches, large ones in chunks, over a few connections at once.

A content is read when its turn comes, so that what is held in memory is what is on its way. The server compares it
with its hash: of a file that somebody has changed since nothing is kept.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from blake3 import blake3

from rendermill.assets.client.depot import Body, Depot
from rendermill.assets.client.pace import Pace
from rendermill.assets.client.patience import Patience
from rendermill.assets.client.reading import ChangingError, Hashed, read_part, read_slices
from rendermill.assets.client.telling import Teller
from rendermill.assets.framing import (
    BATCH_BYTES,
    BATCH_FILES,
    CHUNK_BYTES,
    SMALL_BYTES,
    chunk_count,
    chunk_length,
    pack,
)
from rendermill.farm.model.errors import MalformedRequestError, WrongContentError, WrongStateError

_CHECK_SECONDS = 0.5


class Sending:
    """Contents on their way."""

    def __init__(self, parts: list[Future[set[str]]], large: list[_Large]) -> None:
        self._parts, self._large = parts, large

    def wait(self) -> set[str]:
        """Wait until all are there; returns the hashes of those that were another content by then.

        Raises what the server refused, UnreachableError, StoppedError.
        """
        changed: set[str] = set()
        for part in self._parts:
            changed |= part.result()
        for each in self._large:
            changed |= each.finish()
        return changed


class Sender:
    """Sends contents to a depot, over the threads of a pool."""

    def __init__(self, depot: Depot, pool: ThreadPoolExecutor, pace: Pace, teller: Teller, patience: Patience) -> None:
        self._depot, self._pool, self._pace = depot, pool, pace
        self._teller, self._patience = teller, patience

    def start(self, files: Sequence[Hashed]) -> Sending:
        """Begin to send the contents of files, one for each hash."""
        small = [file for file in files if file.size <= SMALL_BYTES]
        parts = [self._pool.submit(self._batch, batch) for batch in _batches(small)]
        parts += [self._pool.submit(self._whole, file) for file in files if SMALL_BYTES < file.size <= CHUNK_BYTES]
        large = [_Large(self, file, self._pool) for file in files if file.size > CHUNK_BYTES]
        return Sending(parts, large)

    def _batch(self, files: Sequence[Hashed]) -> set[str]:
        changed: set[str] = set()
        blobs: list[tuple[str, bytes]] = []
        for file in files:
            content = self._read(file, 0, file.size + 1)
            if content is None or len(content) != file.size:
                changed.add(file.digest)
            else:
                blobs.append((file.digest, content))
        if blobs:
            frames = b"".join(pack(blobs))
            body = self._paced(lambda step: _slices(frames, step))
            try:
                changed |= self._patience.call(lambda: self._depot.put_batch(len(frames), body))
            except MalformedRequestError:  # damaged on its way, where it says how long something is
                changed |= {digest for digest, _ in blobs}
        return changed

    def _whole(self, file: Hashed) -> set[str]:
        body = self._paced(lambda step: read_slices(file.item.local, file.size, step))
        try:
            self._patience.call(lambda: self._depot.put_blob(file.digest, file.size, body))
        except (WrongContentError, ChangingError):
            return {file.digest}
        return set()

    def send_chunk(self, file: Hashed, index: int) -> bool:
        """Send a chunk; False if it did not arrive as it is, or the file has not that much content any more."""
        length = chunk_length(file.size, index)
        content = self._read(file, index * CHUNK_BYTES, length)
        if content is None or len(content) != length:
            return False
        digest, body = blake3(content).hexdigest(), self._paced(lambda step: _slices(content, step))
        try:
            self._patience.call(lambda: self._depot.put_chunk(file.digest, file.size, index, digest, body))
        except WrongContentError:  # damaged on its way
            return False
        return True

    def present(self, file: Hashed) -> set[int]:
        """The chunks of a file that the server has."""
        return self._patience.call(lambda: self._depot.chunks(file.digest, file.size))

    def complete(self, file: Hashed) -> bool:
        """Have the server look at the whole; False if it was another content, and all of it must be sent anew."""
        try:
            while not self._patience.call(lambda: self._depot.complete(file.digest, file.size)):
                self._patience.wait(_CHECK_SECONDS)
        except (WrongContentError, WrongStateError):  # the other: somebody else sent this too, and had it forgotten
            return False
        return True

    def _paced(self, content: Callable[[int], Iterator[memoryview]]) -> Body:
        """A content, in slices of a length, as the body of a request at the speed that is allowed."""
        sent = 0

        def slices() -> Iterator[memoryview]:
            nonlocal sent
            self._teller.moved(-sent)  # what an attempt before this one sent is sent again
            sent = 0
            for piece in content(self._pace.slice):
                self._patience.check()
                self._pace.take(len(piece))
                yield piece
                sent += len(piece)
                self._teller.moved(len(piece))

        return slices

    def _read(self, file: Hashed, offset: int, length: int) -> bytes | None:
        """Some of a file; None if it cannot be read any more, which its next hashing will explain."""
        self._patience.check()
        try:
            return read_part(file.item.local, offset, length)
        except OSError:
            return None


class _Large:
    """A content that goes in chunks: those that the server does not have."""

    def __init__(self, sender: Sender, file: Hashed, pool: ThreadPoolExecutor) -> None:
        self._sender, self._file = sender, file
        self._changed = threading.Event()
        present = sender.present(file)
        lacking = [index for index in range(chunk_count(file.size)) if index not in present]
        self._chunks = [pool.submit(self._send, index) for index in lacking]

    def _send(self, index: int) -> None:
        if not self._changed.is_set() and not self._sender.send_chunk(self._file, index):
            self._changed.set()

    def finish(self) -> set[str]:
        """Wait for the chunks and have the whole looked at; its hash if it was another content."""
        for chunk in self._chunks:
            chunk.result()
        is_whole = not self._changed.is_set() and self._sender.complete(self._file)
        return set() if is_whole else {self._file.digest}


def _slices(content: bytes, step: int) -> Iterator[memoryview]:
    view = memoryview(content)
    return (view[start : start + step] for start in range(0, len(view), step))


def _batches(files: Sequence[Hashed]) -> Iterator[list[Hashed]]:
    batch: list[Hashed] = []
    size = 0
    for file in files:
        if batch and (size + file.size > BATCH_BYTES or len(batch) == BATCH_FILES):
            yield batch
            batch, size = [], 0
        batch.append(file)
        size += file.size
    if batch:
        yield batch
