"""Functions that SQL statements of this store may call, beside SQLite's own.

Patterns are RE2's: they take time in proportion to the text, whatever somebody has put into them.
"""

from __future__ import annotations

import sqlite3
from functools import lru_cache

import re2

from rendermill.farm.model.errors import BadInputError
from rendermill.store.cinnamon.query import Range
from rendermill.store.cinnamon.records import words_of

_MEMORY = 512 * 1024
_MAX_STEPS = 2000
"""How large the program of a pattern may be; ``\\w{3}`` takes some thirty."""


def register(connection: sqlite3.Connection) -> None:
    """Make the functions known to a connection.

    ``text REGEXP pattern``: a line of the text matches as a whole; lines that are empty do not count.
    ``words(text)``: see :func:`rendermill.store.cinnamon.records.words_of`. ``small_letters(text)``: of any alphabet.
    ``has_line_between(lines, lower, upper, with_lower, with_upper)``: a line lies between two.
    """
    connection.create_function("regexp", 2, _regexp, deterministic=True)
    connection.create_function("words", 1, _words, deterministic=True)
    connection.create_function("small_letters", 1, _small_letters, deterministic=True)
    connection.create_function("has_line_between", 5, _has_line_between, deterministic=True)


def check_pattern(pattern: str) -> None:
    """Pass if it is a pattern that searches can use. Raises :class:`BadInputError`."""
    try:
        # Alone as well: what it opens it must close itself.
        size = re2.compile(pattern, _options()).programsize
        _compiled(pattern)
    except re2.error as error:
        said = error.args[0] if error.args else "it is none"
        reason = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
        raise BadInputError(f"{pattern[:60]!r} is no pattern: {reason}", remedy="The syntax is RE2's.") from error
    if size > _MAX_STEPS:
        raise BadInputError(f"the pattern {pattern[:60]!r} is too large", remedy="Ask for fewer repetitions.")


def matches(pattern: str, lines: str) -> bool:
    """Whether one of the lines matches a checked pattern as a whole."""
    lines = lines.strip("\n")
    return bool(lines) and _compiled(pattern).search(lines) is not None


def _options() -> re2.Options:
    options = re2.Options()
    options.max_mem = _MEMORY
    options.log_errors = False
    options.never_nl = True  # a pattern for one line never runs into the next
    return options


@lru_cache(maxsize=128)
def _compiled(pattern: str) -> re2._Regexp:
    return re2.compile(f"(?m)^(?:{pattern})$", _options())


def _regexp(pattern: str, text: str | None) -> bool | None:
    return None if text is None else matches(pattern, text)


def _words(text: str | None) -> str | None:
    return None if text is None else words_of(text)


def _small_letters(text: str | None) -> str | None:
    return None if text is None else text.lower()


def _has_line_between(lines: str, lower: str, upper: str, with_lower: int, with_upper: int) -> bool:
    wanted = Range("", lower, upper, bool(with_lower), bool(with_upper))
    return any(wanted.holds(line) for line in lines.split("\n") if line)
