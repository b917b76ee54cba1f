"""What is known of files seen before, so that an unchanged file need not be read to know its content.

Records spare reading and nothing else: the server is always asked what it lacks. Losing them costs time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Mark:
    """A file as it was: size in bytes, times of content and of status in nanoseconds, BLAKE3 in hex."""

    size: int
    mtime_ns: int
    ctime_ns: int
    hash: str


class Records(Protocol):
    """Marks by key, shared by threads and perhaps by machines."""

    def known(self, keys: Sequence[str]) -> dict[str, Mark]:
        """The marks of those keys that have one."""

    def keep(self, marks: Mapping[str, Mark]) -> None:
        """Remember marks in place of those that the keys had."""

    def forget(self, keys: Sequence[str]) -> None:
        """Forget what is known of the keys."""

    def close(self) -> None:
        """Let go of what it holds open."""


class NoRecords:
    """Knows nothing and keeps nothing (:class:`Records`)."""

    def known(self, keys: Sequence[str]) -> dict[str, Mark]:  # noqa: ARG002
        """Nothing."""
        return {}

    def keep(self, marks: Mapping[str, Mark]) -> None:
        """Nothing is kept."""

    def forget(self, keys: Sequence[str]) -> None:
        """There is nothing to forget."""

    def close(self) -> None:
        """There is nothing to close."""
