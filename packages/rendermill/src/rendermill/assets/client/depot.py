"""What the engine asks of a server: where files go, and where they come from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

Body = Callable[[], Iterator[memoryview]]
"""The content of a request, made anew for each try."""


@dataclass(frozen=True, slots=True)
class Item:
    """A file to send: its absolute path on this machine, and the path under which the server shall know it."""

    local: Path
    name: str


@dataclass(frozen=True, slots=True)
class Offered:
    """A file that the server is told of: its name there, its BLAKE3 in hex, its size in bytes."""

    name: str
    hash: str
    size: int


class Depot(Protocol):
    """Where files go.

    Every call may be repeated and then changes nothing more. All raise UnreachableError if the server does not answer,
    and its own refusals as the farm's errors.
    """

    def offer(self, files: Sequence[Offered]) -> set[str]:
        """Tell of files; the server takes those whose contents it has. Returns the hashes of those that it lacks."""

    def put_batch(self, size: int, body: Body) -> set[str]:
        """Send a batch of small contents (:mod:`rendermill.assets.framing`), ``size`` bytes in all.

        Returns the hashes of those that are not what their hash says; the others are stored. Raises
        MalformedRequestError for what is no batch.
        """

    def put_blob(self, digest: str, size: int, body: Body) -> None:
        """Send a content. Raises WrongContentError if it is not what the hash says."""

    def chunks(self, digest: str, size: int) -> set[int]:
        """The chunks of a large content that the server has."""

    def put_chunk(self, digest: str, size: int, index: int, chunk_hash: str, body: Body) -> None:
        """Send a chunk, with its own hash. Raises WrongContentError if it is not what that says."""

    def complete(self, digest: str, size: int) -> bool:
        """All chunks are sent; False while the server is still looking at the whole.

        Raises WrongContentError if the whole is not what the hash says; the server has forgotten the chunks then.
        Raises WrongStateError while chunks are missing.
        """


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file to fetch: its name on the server, its BLAKE3 in hex, its size in bytes, where it goes below the folder."""

    name: str
    hash: str
    size: int
    place: str


class Source(Protocol):
    """Where files come from. All raise UnreachableError if the server does not answer."""

    def below(self, name: str) -> Iterator[dict[str, Any]]:
        """The file of that name, or those below that folder (all for ``""``): ``path``, ``hash``, ``size`` of each."""

    def read(self, name: str, digest: str, offset: int) -> tuple[int, Iterator[bytes]]:
        """The content of a file from a byte on: from where it really begins (0 if the server cannot skip), and itself.

        Raises WrongContentError if the file is another by now, NotFoundError if it is gone; UnreachableError also
        while the content is read.
        """
