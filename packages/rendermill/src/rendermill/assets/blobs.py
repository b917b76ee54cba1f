"""The blob store: a folder of files named by their BLAKE3.

A blob appears whole or not at all: it is written under a temporary name, synced, checked and renamed. Sessions get
hard links to blobs, so a program could write through a link; every blob carries one fixed modification time, and a
blob that has another is hashed again before it is used.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import threading
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from blake3 import blake3

from rendermill.assets.disk import sync_filesystem
from rendermill.assets.hashing import HASH, hash_file
from rendermill.farm.model.errors import BadInputError, NotFoundError, UnavailableError, WrongContentError

_SEALED = 315532800  # 1980-01-01: the earliest time every archive format can write down
_CHUNK = 1024 * 1024


class BlobStore:
    """Blobs below one folder: ``ab/cdef…``; ``tmp/`` beside them takes what is being written."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._tmp = root / "tmp"
        self._tmp.mkdir(parents=True, exist_ok=True)
        self._small = threading.Lock()
        """Many files are made no faster by several threads: they wait for each other in the file system."""

    def sweep(self) -> None:
        """Remove what was being written when an earlier server died. Only the one owner of the folder may."""
        for leftover in self._tmp.iterdir():
            leftover.unlink(missing_ok=True)

    def path(self, digest: str) -> Path:
        """Where a blob lies. Raises :class:`BadInputError` if that is no hash."""
        if not HASH.fullmatch(digest):
            raise _no_hash(digest)
        return self._root / digest[:2] / digest[2:]

    def missing(self, digests: Iterable[str]) -> list[str]:
        """Those of the hashes whose blobs are not here."""
        asked = list(dict.fromkeys(digests))
        here = self.sizes(asked)
        return [digest for digest in asked if digest not in here]

    def sizes(self, digests: Iterable[str]) -> dict[str, int]:
        """The sizes in bytes of those blobs that are here; one that was damaged is not."""
        found: dict[str, int] = {}
        for digest in digests:
            if not HASH.fullmatch(digest):
                raise _no_hash(digest)
            with contextlib.suppress(FileNotFoundError):
                status = os.stat(f"{self._root}/{digest[:2]}/{digest[2:]}")  # noqa: PTH116 - thousands of them
                if status.st_mtime == _SEALED:
                    found[digest] = status.st_size
                    continue
                with contextlib.suppress(NotFoundError):
                    found[digest] = self.checked(digest).stat().st_size
        return found

    def writer(self) -> BlobWriter:
        """Begin a blob whose content comes piece by piece."""
        return BlobWriter(self, self._tmp / uuid.uuid4().hex)

    def batch(self) -> BlobBatch:
        """Begin many small blobs that are stored together."""
        return BlobBatch(self, self._tmp / uuid.uuid4().hex, self._small)

    def put_file(self, source: Path) -> tuple[str, int]:
        """Store a file and remove it from where it was; returns hash and size.

        Raises :class:`UnavailableError` on a full disk.
        """
        with source.open("rb") as stream, self.writer() as writer:
            while chunk := stream.read(_CHUNK):
                writer.write(chunk)
            digest = writer.commit()
        source.unlink()
        return digest, writer.size

    def link(self, digest: str, target: Path) -> None:
        """Give a blob a second, read-only name at ``target`` (a copy where links cannot reach).

        Raises :class:`NotFoundError` if it is not here or was damaged.
        """
        source = self.checked(digest)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(source, target)
        except OSError as error:
            if error.errno not in (errno.EXDEV, errno.EMLINK, errno.EPERM):
                raise
            shutil.copyfile(source, target)

    def copy(self, digest: str, target: Path) -> None:
        """Copy a blob to ``target``. Raises :class:`NotFoundError` if it is not here or was damaged."""
        source = self.checked(digest)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)

    def checked(self, digest: str) -> Path:
        """The path of a blob that is here and whole. Raises :class:`NotFoundError` otherwise."""
        path = self.path(digest)
        try:
            status = path.stat()
            if status.st_mtime != _SEALED:
                if hash_file(path) != digest:
                    if path.stat().st_ino != status.st_ino:  # somebody has just sent it anew
                        return self.checked(digest)
                    path.unlink()
                    raise NotFoundError("it was damaged on disk and has been removed", where=f"blob {digest}")
                _seal(path)
        except FileNotFoundError as error:
            remedy = "Submit again: missing files are sent again."
            raise NotFoundError("it is not in the store", where=f"blob {digest}", remedy=remedy) from error
        return path

    def settle(self, temporary: Path, digest: str) -> None:
        """Give a written and synced file its final name."""
        final = self.path(digest)
        temporary.chmod(0o444)
        os.utime(temporary, (_SEALED, _SEALED))
        final.parent.mkdir(exist_ok=True)
        temporary.replace(final)
        folder = os.open(final.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def sync(self) -> None:
        """Wait until everything that was written is on the disk. Raises OSError."""
        sync_filesystem(self._root)

    def unwritable(self, error: OSError) -> UnavailableError:
        """What to say when the disk refuses."""
        free = shutil.disk_usage(self._root).free
        return UnavailableError(
            f"cannot store a file: {error.strerror} ({free // 1024} KiB free)",
            where=str(self._root),
            remedy="Free some space on that disk and retry the job.",
        )


class BlobWriter:
    """A blob being written; as a context it leaves nothing behind unless :meth:`commit` was reached."""

    def __init__(self, store: BlobStore, temporary: Path) -> None:
        self.size = 0
        self._store, self._temporary = store, temporary
        self._hasher = blake3()
        try:
            self._file: BinaryIO = temporary.open("xb")
        except OSError as error:
            raise store.unwritable(error) from error

    def write(self, chunk: bytes) -> None:
        """Add to the content. Raises :class:`UnavailableError` on a full disk."""
        try:
            self._file.write(chunk)
        except OSError as error:
            raise self._store.unwritable(error) from error
        self._hasher.update(chunk)
        self.size += len(chunk)

    def commit(self, digest: str | None = None) -> str:
        """Make the blob appear; returns its hash.

        Raises :class:`WrongContentError` if the content is not what ``digest`` says, :class:`UnavailableError` on a
        full disk.
        """
        found = self._hasher.hexdigest()
        if digest is not None and found != digest:
            raise WrongContentError(f"the content sent has the hash {found}", where=f"blob {digest}")
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._store.settle(self._temporary, found)
        except OSError as error:
            raise self._store.unwritable(error) from error
        return found

    def __enter__(self) -> BlobWriter:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):  # what a full disk refused to flush; it goes away now
            self._file.close()
        self._temporary.unlink(missing_ok=True)


class BlobBatch:
    """Small blobs that are stored together, with one wait for the disk however many they are."""

    def __init__(self, store: BlobStore, temporary: Path, turn: threading.Lock) -> None:
        self._store, self._temporary, self._turn = store, str(temporary), turn
        self._written: dict[str, int] = {}

    def add(self, blobs: Iterable[tuple[str, bytes | memoryview]]) -> list[str]:
        """Write contents that have these hashes; returns the hashes of those that have others.

        Raises :class:`UnavailableError` on a full disk.
        """
        refused: list[str] = []
        try:
            with self._turn:
                for digest, content in blobs:
                    if blake3(content).hexdigest() != digest:
                        refused.append(digest)
                    elif (final := str(self._store.path(digest))) not in self._written and not _is_sealed(final):
                        self._written[final] = _write_small(self._temporary, content)
                        _move(self._temporary, final)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.unlink(self._temporary)  # noqa: PTH108
            raise self._store.unwritable(error) from error
        return refused

    def commit(self) -> None:
        """Wait for the disk. Not before are they sealed: a blob that is not is hashed before anybody uses it.

        Raises :class:`UnavailableError` on a full disk.
        """
        try:
            if self._written:
                self._store.sync()
            with self._turn:
                for final, inode in self._written.items():
                    if os.stat(final).st_ino == inode:  # noqa: PTH116 - else another's, who still waits for the disk
                        os.utime(final, (_SEALED, _SEALED))
        except OSError as error:
            raise self._store.unwritable(error) from error


def _write_small(path: str, content: bytes | memoryview) -> int:
    """Write a read-only file; its inode."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        written = os.write(descriptor, content)
        while written < len(content):  # a disk that is almost full
            written += os.write(descriptor, memoryview(content)[written:])
        os.fchmod(descriptor, 0o444)
        return os.fstat(descriptor).st_ino
    finally:
        os.close(descriptor)


def _move(temporary: str, final: str) -> None:
    try:
        os.rename(temporary, final)  # noqa: PTH104 - thousands of names
    except FileNotFoundError:
        os.makedirs(os.path.dirname(final), exist_ok=True)  # noqa: PTH103, PTH120
        os.rename(temporary, final)  # noqa: PTH104


def _is_sealed(path: str) -> bool:
    try:
        return os.stat(path).st_mtime == _SEALED  # noqa: PTH116 - thousands of them
    except FileNotFoundError:
        return False


def _seal(path: Path) -> None:
    """Say that a blob is whole, and on the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.utime(file.fileno(), (_SEALED, _SEALED))


def _no_hash(text: str) -> BadInputError:
    return BadInputError(f"{text[:80]!r} is not a BLAKE3 hash", where="hash")
