"""What a search asks for.

An object has terms in fields: its name's words in ``name``, its owner's number in ``owner``. A query says which terms
it must have. The words are Lucene's, whose queries clients send.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Term:
    """Has exactly that term."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class AnyWord:
    """Has one of the terms of which a text is made."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """Has the words of a text, one after the other."""

    field: str
    text: str


@dataclass(frozen=True, slots=True)
class Pattern:
    """Has a term that matches a regular expression (RE2) as a whole."""

    field: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Range:
    """Has a term between two."""

    field: str
    lower: str
    upper: str
    with_lower: bool = True
    with_upper: bool = True

    def holds(self, term: str) -> bool:
        """Whether a term lies in it."""
        above = term >= self.lower if self.with_lower else term > self.lower
        return above and (term <= self.upper if self.with_upper else term < self.upper)


@dataclass(frozen=True, slots=True)
class Everything:
    """Is there."""


@dataclass(frozen=True, slots=True)
class Both:
    """Has all of ``must`` and none of ``mustnot``; and one of ``should`` where nothing is in ``must``.

    With nothing in either of the first and the last it finds nothing.
    """

    must: tuple[Query, ...] = ()
    mustnot: tuple[Query, ...] = ()
    should: tuple[Query, ...] = ()


Query = Term | AnyWord | Phrase | Pattern | Range | Everything | Both
