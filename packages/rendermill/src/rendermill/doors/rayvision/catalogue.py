# ruff: noqa: RUF001 - Chinese text has Chinese punctuation
"""What each code of an analysis means and what to do about it, in Chinese and in English."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType

from rendermill.doors.rayvision.catalogue_data import ERRORS, WARNINGS, Row


class Kind(IntEnum):
    """What a code does to a submission; the numbers are those of the protocol."""

    WARNING = 0
    """It can be ignored."""
    ERROR = 1
    """It blocks the submission."""


@dataclass(frozen=True, slots=True)
class Text:
    """What is wrong and what to do about it, in one language."""

    description: str
    solution: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One code of the catalogue."""

    code: str
    kind: Kind
    chinese: Text
    english: Text


def entry(code: str) -> Entry:
    """The entry of ``code``; for a code that is not in the catalogue, one that says so and is an error."""
    return CATALOGUE.get(code) or _entry(code, Kind.ERROR, _UNKNOWN)


def _entry(code: str, kind: Kind, row: Row) -> Entry:
    return Entry(code, kind, chinese=Text(*row[:2]), english=Text(*row[2:]))


_UNKNOWN: Row = (
    "本农场不认识这个代码。",
    "请阅读代码旁的消息。如果看不出原因，请把代码和消息一起交给农场管理员。",
    "This farm does not know this code.",
    "Read the message beside the code. If it does not explain itself, show both to whoever runs the farm.",
)

_ENTRIES = [
    *(_entry(code, Kind.WARNING, row) for code, row in WARNINGS.items()),
    *(_entry(code, Kind.ERROR, row) for code, row in ERRORS.items()),
]

#: Every known code, in numeric order.
CATALOGUE: Mapping[str, Entry] = MappingProxyType(
    {each.code: each for each in sorted(_ENTRIES, key=lambda each: int(each.code))}
)
