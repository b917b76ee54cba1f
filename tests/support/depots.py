"""A storage that files go to and come from without a network, and troubles on the way."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from enum import Enum, auto
from pathlib import Path
from typing import Any

import pytest

from rendermill.assets import chunked, framing
from rendermill.assets.blobs import BlobStore
from rendermill.assets.chunked import ChunkedBlobs
from rendermill.assets.client import contents, patience
from rendermill.assets.client.depot import Body, Offered
from rendermill.assets.framing import chunk_length
from rendermill.farm.model.errors import (
    NotFoundError,
    OverQuotaError,
    UnreachableError,
    WrongContentError,
)

CHUNK, SMALL = 64 * 1024, 4 * 1024
_PIECE = 16 * 1024


class Trouble(Enum):
    """What can happen to one call."""

    AWAY = auto()
    """Nobody answers."""
    MIDWAY = auto()
    """The connection breaks in the middle of the content."""
    LOST = auto()
    """The server did it, and its answer was lost."""
    DAMAGED = auto()
    """A byte of the content is another."""


def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks and batches that are quickly filled, and nobody who waits before trying again."""
    for module in (framing, chunked, contents):
        monkeypatch.setattr(module, "CHUNK_BYTES", CHUNK)
    monkeypatch.setattr(contents, "SMALL_BYTES", SMALL)
    monkeypatch.setattr(contents, "BATCH_BYTES", 2 * SMALL)
    monkeypatch.setattr(patience, "_WAITS", (0.0,) * 11)
    monkeypatch.setattr(contents, "_CHECK_SECONDS", 0.0)


class Storage:
    """Names for blobs: a depot, and a source of the same files."""

    def __init__(self, root: Path, quota: int | None = None) -> None:
        self.blobs = BlobStore(root)
        self.chunked = ChunkedBlobs(self.blobs, root / "partial")
        self.files: dict[str, Offered] = {}
        self.quota = quota
        self.trouble: dict[str, deque[Trouble]] = defaultdict(deque)
        self.meanwhile: Callable[[str], None] = lambda _: None
        """What somebody else does just before a call, whose name it gets."""
        self.received, self.handed = 0, 0
        """Bytes of content that came, and that went, over the wire."""
        self.calls: list[str] = []
        self.skips = True
        """Whether it can begin a content elsewhere than at its start."""
        self._lock = threading.Lock()

    def close(self) -> None:
        self.chunked.close()

    def content(self, name: str) -> bytes:
        """What is stored under a name."""
        return self.blobs.checked(self.files[name].hash).read_bytes()

    def holds(self) -> dict[str, bytes]:
        """What is stored, by names."""
        return {name: self.content(name) for name in self.files}

    def put(self, name: str, content: bytes) -> None:
        """Have a file there."""
        with self.blobs.writer() as writer:
            writer.write(content)
            self.files[name] = Offered(name, writer.commit(), len(content))

    # --- a depot -----------------------------------------------------------------------------------------------

    def offer(self, files: Sequence[Offered]) -> set[str]:
        """See :class:`rendermill.assets.client.depot.Depot`, as for all that follows."""
        after = self._call("offer")
        if self.quota is not None and sum(file.size for file in files) > self.quota:
            raise OverQuotaError(f"the storage may hold {self.quota} bytes")
        missing = set(self.blobs.missing(file.hash for file in files))
        self.files |= {file.name: file for file in files if file.hash not in missing}
        after()
        return missing

    def put_batch(self, size: int, body: Body) -> set[str]:
        content, after = self._receive("put_batch", size, body)
        batch, unpacker = self.blobs.batch(), framing.Unpacker()
        refused = batch.add(unpacker.feed([content]))
        unpacker.end()
        batch.commit()
        after()
        return set(refused)

    def put_blob(self, digest: str, size: int, body: Body) -> None:
        content, after = self._receive("put_blob", size, body)
        with self.blobs.writer() as writer:
            writer.write(content)
            writer.commit(digest)
        after()

    def chunks(self, digest: str, size: int) -> set[int]:
        self._call("chunks")()
        return set(self.chunked.present("me", digest, size))

    def put_chunk(self, digest: str, size: int, index: int, chunk_hash: str, body: Body) -> None:
        content, after = self._receive("put_chunk", chunk_length(size, index), body)
        with self.chunked.writer("me", digest, size, index) as writer:
            writer.write(content)
            writer.commit(chunk_hash)
        after()

    def complete(self, digest: str, size: int) -> bool:
        after = self._call("complete")
        checked: Future[None] = self.chunked.complete("me", digest, size)
        checked.result()
        after()
        return True

    # --- a source ----------------------------------------------------------------------------------------------

    def below(self, name: str) -> Iterator[dict[str, Any]]:
        """The files below a folder, as a server lists them."""
        self._call("below")()
        for path, file in sorted(self.files.items()):
            if not name or path == name or path.startswith(f"{name}/"):
                yield {"path": path, "hash": file.hash, "size": file.size}

    def read(self, name: str, digest: str, offset: int) -> tuple[int, Iterator[bytes]]:
        trouble = self._trouble("read")
        if name not in self.files:
            raise NotFoundError("it is gone", where=name)
        if self.files[name].hash != digest:
            raise WrongContentError("it has been replaced", where=name)
        begins = offset if self.skips else 0
        return begins, self._pieces(self.content(name)[begins:], trouble)

    def _pieces(self, content: bytes, trouble: Trouble | None) -> Iterator[bytes]:
        if trouble is Trouble.DAMAGED:
            content = damaged(content)
        for start in range(0, len(content), _PIECE):
            end = min(start + _PIECE, len(content))
            with self._lock:
                self.handed += end - start
            yield content[start:end]
            if trouble is Trouble.MIDWAY and end * 2 >= len(content):
                raise UnreachableError("the connection broke")

    # --- inside ------------------------------------------------------------------------------------------------

    def _trouble(self, call: str) -> Trouble | None:
        """Note a call; the trouble it is in, unless that is that nobody answers."""
        with self._lock:
            self.calls.append(call)
            waiting = self.trouble[call]
            trouble = waiting.popleft() if waiting else None
            self.meanwhile(call)
        if trouble is Trouble.AWAY:
            raise UnreachableError("nobody answers")
        return trouble

    def _call(self, name: str) -> Callable[[], None]:
        """What to do once a call without content has been served."""
        trouble = self._trouble(name)
        if trouble is Trouble.MIDWAY:
            raise UnreachableError("the connection broke")
        return lost(trouble)

    def _receive(self, call: str, size: int, body: Body) -> tuple[bytes, Callable[[], None]]:
        trouble = self._trouble(call)
        gathered = bytearray()
        for piece in body():
            gathered += piece
            with self._lock:
                self.received += len(piece)
            if trouble is Trouble.MIDWAY and len(gathered) * 2 >= size:
                raise UnreachableError("the connection broke")
        assert len(gathered) == size, "what was announced was sent"
        return damaged(gathered) if trouble is Trouble.DAMAGED else bytes(gathered), lost(trouble)


def lost(trouble: Trouble | None) -> Callable[[], None]:
    """What happens to an answer."""

    def answer() -> None:
        if trouble is Trouble.LOST:
            raise UnreachableError("the answer was lost")

    return answer


def damaged(content: bytes | bytearray) -> bytes:
    """The same with another last byte."""
    return bytes(content[:-1]) + bytes([content[-1] ^ 1])
