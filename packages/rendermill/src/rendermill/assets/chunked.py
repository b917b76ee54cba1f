"""Large contents that come in chunks: what has come so far lies beside the blobs until it is whole.

Each chunk is checked and on the disk before it counts as here, so a sender that broke off, or met a server that did,
goes on with the chunks that are missing. Once all are here the content as a whole is checked and becomes a blob;
from the beginning of that check nobody writes to it any more. What one user has begun no other can see or spoil.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from weakref import WeakValueDictionary

from blake3 import blake3

from rendermill.assets.blobs import BlobStore
from rendermill.assets.framing import CHUNK_BYTES, chunk_count, chunk_length
from rendermill.assets.hashing import hash_file
from rendermill.farm.model.errors import BadInputError, StoppedError, WrongContentError, WrongStateError

_KEPT_SECONDS = 7 * 86400.0
_MAX_CHUNKS = 1024 * 1024
_NAME_BYTES = 8
_MARKS = ".chunks"


class ChunkedBlobs:
    """Contents on their way into a blob store. ``root`` is a folder on the store's own file system."""

    def __init__(self, blobs: BlobStore, root: Path) -> None:
        self._blobs, self._root = blobs, root
        root.mkdir(parents=True, exist_ok=True)
        self._checker = ThreadPoolExecutor(1, thread_name_prefix="chunked")
        self._checking: dict[Path, Future[None]] = {}
        self._gates: WeakValueDictionary[Path, _Gate] = WeakValueDictionary()
        self._lock = threading.Lock()
        self._closed = threading.Event()

    def sweep(self) -> None:
        """Remove what nobody has gone on with for a week."""
        for path in self._root.iterdir():
            with contextlib.suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > _KEPT_SECONDS:
                    _discard(path.with_name(path.name.removesuffix(_MARKS)))

    def present(self, owner: str, digest: str, size: int) -> list[int]:
        """The chunks of a content that are here, by index from 0; all of them if it is a blob already."""
        data = self._data(owner, digest, size)
        if self._is_blob(digest, size):
            return list(range(chunk_count(size)))
        return [index for index, mark in enumerate(_marks(data)) if mark]

    def writer(self, owner: str, digest: str, size: int, index: int) -> ChunkWriter:
        """Begin a chunk whose content comes piece by piece. Raises BadInputError, UnavailableError."""
        data = self._data(owner, digest, size)
        if not 0 <= index < chunk_count(size):
            raise BadInputError(f"there are {chunk_count(size)} chunks, from 0", where=f"chunk {index}")
        return ChunkWriter(self._blobs, self._gate(data), data, index, chunk_length(size, index))

    def complete(self, owner: str, digest: str, size: int) -> Future[None]:
        """Check the content as a whole and make the blob appear; the future is done when it has.

        It raises :class:`WrongStateError` as long as chunks are missing, and :class:`WrongContentError` where the
        content is another than the hash says: everything that was sent of it is then gone.
        """
        data = self._data(owner, digest, size)
        with self._lock:
            checking = self._checking.get(data)
            if checking is None:
                checking = self._checking[data] = self._checker.submit(self._finish, data, digest, size)
                checking.add_done_callback(lambda _: self._checking.pop(data, None))
            return checking

    def close(self) -> None:
        """End; what is being checked will be checked when somebody asks for it again."""
        self._closed.set()
        self._checker.shutdown(cancel_futures=True)

    def _data(self, owner: str, digest: str, size: int) -> Path:
        self._blobs.path(digest)  # refuses what is no hash
        if not 0 < size <= _MAX_CHUNKS * CHUNK_BYTES:
            raise BadInputError(f"a content of chunks has 1 to {_MAX_CHUNKS * CHUNK_BYTES} bytes", where="size")
        return self._root / f"{blake3(owner.encode()).hexdigest(_NAME_BYTES)}-{digest}-{size}"

    def _is_blob(self, digest: str, size: int) -> bool:
        """Whether the content is a blob already. Raises BadInputError if that has another size."""
        here = self._blobs.sizes([digest])
        if here.get(digest, size) != size:
            raise BadInputError(f"that content has {here[digest]} bytes, not {size}", where="size")
        return digest in here

    def _gate(self, data: Path) -> _Gate:
        with self._lock:
            return self._gates.setdefault(data, _Gate())

    def _finish(self, data: Path, digest: str, size: int) -> None:
        is_new = not self._is_blob(digest, size)
        missing = chunk_count(size) - sum(map(bool, _marks(data)))
        if is_new and missing:
            raise WrongStateError(f"{missing} chunks are missing", where=f"blob {digest}", remedy="Send them first.")
        gate = self._gate(data)
        gate.shut()
        try:
            if is_new and (found := hash_file(data, self._go_on)) != digest:
                _discard(data)
                raise WrongContentError(f"the content sent has the hash {found}", where=f"blob {digest}")
            if is_new:
                self._blobs.settle(data, digest)
            _discard(data)
        except OSError as error:
            raise self._blobs.unwritable(error) from error
        finally:
            with self._lock:
                del self._gates[data]  # whoever comes from now on begins a new file

    def _go_on(self, _read: int) -> None:
        if self._closed.is_set():
            raise StoppedError("the farm is ending")


class _Gate:
    """Lets writes to one file through until it is shut, for good."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside, self._is_open = 0, True

    @contextmanager
    def passed(self) -> Iterator[bool]:
        """Whether the gate is open; it is not shut before the block has ended."""
        with self._changed:
            is_open = self._is_open
            self._inside += is_open
        try:
            yield is_open
        finally:
            with self._changed:
                self._inside -= is_open
                self._changed.notify_all()

    def shut(self) -> None:
        """Let nobody through any more, and wait for those inside."""
        with self._changed:
            self._is_open = False
            self._changed.wait_for(lambda: not self._inside)


class ChunkWriter:
    """A chunk being written; it does not count as here unless :meth:`commit` was reached.

    Nothing is written of a chunk that is here, also while, or after, the content as a whole is checked.
    """

    def __init__(self, blobs: BlobStore, gate: _Gate, data: Path, index: int, length: int) -> None:
        self._blobs, self._gate, self._data, self._index, self._left = blobs, gate, data, index, length
        self._at = index * CHUNK_BYTES
        self._is_here = any(_marks(data)[index : index + 1])
        self._hasher = blake3()
        try:
            self._file = os.open(data, os.O_WRONLY | os.O_CREAT, 0o600)
        except OSError as error:
            raise blobs.unwritable(error) from error

    def write(self, piece: bytes) -> None:
        """Add to the chunk. Raises BadInputError beyond its length, UnavailableError on a full disk."""
        self._left -= len(piece)
        if self._left < 0:
            raise BadInputError("the chunk is longer than it should be", where=f"chunk {self._index}")
        self._hasher.update(piece)
        view = memoryview(piece)
        try:
            with self._gate.passed() as is_open:
                while view and is_open and not self._is_here:
                    written = os.pwrite(self._file, view, self._at)
                    self._at, view = self._at + written, view[written:]
        except OSError as error:
            raise self._blobs.unwritable(error) from error

    def commit(self, digest: str) -> None:
        """Have the chunk count as here. Raises WrongContentError if it has another hash, UnavailableError."""
        if self._left or self._hasher.hexdigest() != digest:
            raise WrongContentError("the chunk was damaged on its way", where=f"chunk {self._index}")
        try:
            os.fdatasync(self._file)
            with self._gate.passed() as is_open:
                if is_open:
                    _mark(self._data, self._index)
        except OSError as error:
            raise self._blobs.unwritable(error) from error

    def __enter__(self) -> ChunkWriter:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._file)


def _marks_path(data: Path) -> Path:
    return data.with_name(data.name + _MARKS)


def _mark(data: Path, index: int) -> None:
    """Have a chunk count as here."""
    marks = os.open(_marks_path(data), os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        os.pwrite(marks, b"\x01", index)
    finally:
        os.close(marks)


def _marks(data: Path) -> bytes:
    """A byte for each chunk up to the last that is here: 1 for those that are."""
    try:
        return _marks_path(data).read_bytes() if data.exists() else b""
    except FileNotFoundError:
        return b""


def _discard(data: Path) -> None:
    """Forget a content: first that chunks are here, then what they held."""
    _marks_path(data).unlink(missing_ok=True)
    data.unlink(missing_ok=True)
