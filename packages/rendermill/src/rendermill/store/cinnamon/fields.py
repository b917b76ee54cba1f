"""The fields that searches know, as conditions over columns.

A condition is true where one of the thing's terms fits; where there is no term in the field it is false or NULL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from sqlalchemy import Boolean, ColumnElement, Select, String, false, func, or_, select

from rendermill.farm.model.errors import BadInputError
from rendermill.store.cinnamon.query import Range
from rendermill.store.cinnamon.records import plain_words
from rendermill.store.functions import matches

Condition = ColumnElement[bool]
_MAX_NUMBER = 2**63 - 1
_DIGITS = "%020d"


class Field(Protocol):
    """A field of an index."""

    def analysed(self, text: str) -> list[str]:
        """The terms of which a text is made."""

    def any_of(self, terms: Sequence[str]) -> Condition:
        """One of these terms is there."""

    def like(self, pattern: str) -> Condition:
        """A term matches a checked pattern."""

    def between(self, wanted: Range) -> Condition:
        """A term lies in a range."""


class Words:
    """Words: a column that has them as :func:`rendermill.store.cinnamon.records.words_of` gives them."""

    def __init__(self, lines: ColumnElement[Any]) -> None:
        self._lines = lines

    def analysed(self, text: str) -> list[str]:
        """See :class:`Field`, as for every method here."""
        return plain_words(text)

    def any_of(self, terms: Sequence[str]) -> Condition:
        """A line is the term."""
        return or_(false(), *(self._holds(term) for term in terms if "\n" not in term))

    def phrase(self, words: Sequence[str]) -> Condition:
        """These words stand there in this order."""
        return self._holds("\n".join(words)) if words else false()

    def _holds(self, lines: str) -> Condition:
        return func.instr(self._lines, f"\n{lines}\n") > 0

    def like(self, pattern: str) -> Condition:
        """A line matches."""
        return self._lines.regexp_match(pattern)

    def between(self, wanted: Range) -> Condition:
        """A line lies in the range."""
        bounds = (wanted.lower, wanted.upper, wanted.with_lower, wanted.with_upper)
        return func.has_line_between(self._lines, *bounds, type_=Boolean)


class Text:
    """One term: the text of a column; an empty text is none, as no query has an empty term."""

    def __init__(self, text: ColumnElement[Any]) -> None:
        self._text = text

    def analysed(self, text: str) -> list[str]:
        """See :class:`Field`, as for every method here."""
        return text.lower().split()

    def any_of(self, terms: Sequence[str]) -> Condition:
        """The text is one of them."""
        return self._text.in_(terms)

    def like(self, pattern: str) -> Condition:
        """The text matches."""
        return self._text.regexp_match(pattern)

    def between(self, wanted: Range) -> Condition:
        """The text lies in the range."""
        return _between(self._text, wanted, wanted.lower, wanted.upper)


class Number:
    """A number, which queries may have with zeros before it; patterns see it with twenty digits."""

    def __init__(self, number: ColumnElement[Any]) -> None:
        self._number = number

    def analysed(self, text: str) -> list[str]:
        """See :class:`Field`, as for every method here."""
        return text.split()

    def any_of(self, terms: Sequence[str]) -> Condition:
        """The number is one of them."""
        return self._number.in_([_number(term) for term in terms])

    def like(self, pattern: str) -> Condition:
        """The number's digits match."""
        return self._number.is_not(None) & func.printf(_DIGITS, self._number, type_=String).regexp_match(pattern)

    def between(self, wanted: Range) -> Condition:
        """The number lies in the range."""
        return _between(self._number, wanted, _number(wanted.lower), _number(wanted.upper))


class Listed:
    """A column of a few values, and the term for each; a value may have several."""

    def __init__(self, column: ColumnElement[Any], terms: Iterable[tuple[str, int]]) -> None:
        self._column, self._terms = column, tuple(terms)

    def analysed(self, text: str) -> list[str]:
        """See :class:`Field`, as for every method here."""
        return text.lower().split()

    def any_of(self, terms: Sequence[str]) -> Condition:
        """The value's term is one of them."""
        return self._where(lambda term: term in terms)

    def like(self, pattern: str) -> Condition:
        """The value's term matches."""
        return self._where(lambda term: matches(pattern, term))

    def between(self, wanted: Range) -> Condition:
        """The value's term lies in the range."""
        return self._where(wanted.holds)

    def _where(self, fits: Callable[[str], bool]) -> Condition:
        return self._column.in_(dict.fromkeys(value for term, value in self._terms if fits(term)))


class Path(Text):
    """The path of the folder that a column names; ``paths`` are all folders' ids and paths."""

    def __init__(self, folder_id: ColumnElement[Any], paths: Select[tuple[int, str]]) -> None:
        found = paths.subquery()
        super().__init__(found.c[1])
        self._folder_id, self._ids = folder_id, select(found.c[0])

    def any_of(self, terms: Sequence[str]) -> Condition:
        """See :class:`Field`, as for every method here."""
        return self._folder_id.in_(self._ids.where(super().any_of(terms)))

    def like(self, pattern: str) -> Condition:
        """The path matches."""
        return self._folder_id.in_(self._ids.where(super().like(pattern)))

    def between(self, wanted: Range) -> Condition:
        """The path lies in the range."""
        return self._folder_id.in_(self._ids.where(super().between(wanted)))


def _between(column: ColumnElement[Any], wanted: Range, lower: object, upper: object) -> Condition:
    above = column >= lower if wanted.with_lower else column > lower
    return above & (column <= upper if wanted.with_upper else column < upper)


def _number(text: str) -> int:
    """A number with or without zeros before it. Raises :class:`BadInputError`."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 100):
        raise BadInputError(f"{text[:60]!r} is no number", remedy="Ids and sizes are given as numbers.")
    return min(int(text), _MAX_NUMBER)
