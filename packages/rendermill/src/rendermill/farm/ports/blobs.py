"""Files by content."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol


class BlobSink(Protocol):
    """A blob being written; as a context it leaves nothing behind unless ``commit`` was reached."""

    size: int

    def write(self, chunk: bytes) -> None:
        """Add to the content."""

    def commit(self, digest: str | None = None) -> str:
        """Make the blob appear, if its content is what ``digest`` says; returns its hash."""

    def __enter__(self) -> BlobSink: ...

    def __exit__(self, *_: object) -> None: ...


class BlobBatch(Protocol):
    """Small blobs that are stored together."""

    def add(self, blobs: Iterable[tuple[str, bytes | memoryview]]) -> list[str]:
        """Write contents that have these hashes; returns the hashes of those that have others."""

    def commit(self) -> None:
        """Have what was written survive a power cut."""


class Blobs(Protocol):
    """Files by content; a hash is BLAKE3 in hex."""

    def missing(self, digests: Iterable[str]) -> list[str]:
        """Those of the hashes whose blobs are not there."""

    def sizes(self, digests: Iterable[str]) -> dict[str, int]:
        """The sizes in bytes of those blobs that are there."""

    def batch(self) -> BlobBatch:
        """Begin many small blobs."""

    def path(self, digest: str) -> Path:
        """Where a blob lies or would. Raises BadInputError if that is no hash."""

    def checked(self, digest: str) -> Path:
        """The path of a blob that is there and whole. Raises NotFoundError."""

    def writer(self) -> BlobSink:
        """Begin a blob."""
