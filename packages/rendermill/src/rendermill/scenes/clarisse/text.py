"""The text of a Clarisse project: statements, each a line of words that a brace may open a block with.

Words are bare (``yes``, ``1.0``, ``<empty>``) or quoted, with ``\\"`` and ``\\\\`` in quotes; ``//`` starts a comment.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterable, Iterator
from enum import Enum
from itertools import islice

from rendermill.scenes.findings import DamageError

_STATEMENT = rb"""
    (?: \s*+ (?! %s ) [^"{}\n/]*+ (?: "[^".\\]*+" [^"{}\n/]*+ )*+ \n )*+  # lines that are passed over
    \s*+
    (?P<head> (?: [^"{}\n/]++ | "(?:[^"\\]++|\\.)*+" | /(?!/) )*+ )
    (?: //[^\n]*+ )?
    (?P<mark> [{}\n] | \Z )
"""
_NO_QUOTE = re.compile(rb'(?:[^"]++|"(?:[^"\\]++|\\.)*+")*+', re.DOTALL)
_WORD = re.compile(rb'"((?:[^"\\]++|\\.)*+)"|([^\s"]+)', re.DOTALL)
_ESCAPED = re.compile(rb'\\(["\\])')
_NAME = re.compile(r"[A-Za-z_]")
_VALUES = frozenset(("yes", "no", "inf", "nan"))
_MOST_WORDS = 1_000_000
_OPENS, _CLOSES = ord("{"), ord("}")


class Mark(Enum):
    """What a statement does."""

    LINE = "line"
    OPEN = "open"
    CLOSE = "close"


class Text:
    """The statements of a project, from mapped bytes.

    Lines that begin with none of the ``wanted`` words (expressions), and in whose quotes is no dot as names of files
    have one, are passed over: they are most of a big file.
    """

    def __init__(self, data: mmap.mmap | bytes, wanted: Iterable[str]) -> None:
        self._data = data
        self._statement = re.compile(_STATEMENT % b"|".join(map(str.encode, wanted)), re.VERBOSE | re.DOTALL)

    def statements(self) -> Iterator[tuple[Mark, int, int]]:
        """Each with the bytes, from and to, that its words lie in; a block's end comes after what stands before it.

        Raises :class:`DamageError` for a quoted word without an end.
        """
        at, size = 0, len(self._data)
        while at < size:
            match = self._statement.match(self._data, at)
            if match is None:
                raise DamageError("a quoted text has no end", self._quote(at))
            start, end = match.span("head")
            mark_at = match.start("mark")
            mark = self._data[mark_at] if mark_at < size else 0
            if mark == _OPENS:
                yield Mark.OPEN, start, end
            else:
                if end > start:
                    yield Mark.LINE, start, end
                if mark == _CLOSES:
                    yield Mark.CLOSE, mark_at, mark_at
            at = match.end()

    def entries(self, start: int, end: int) -> list[list[str]]:
        """The words between two bytes, without their quotes; no attribute has use for more than a million.

        They are a name and its values; another name may follow in the same line: a bare word, as no value is.
        """
        found: list[list[str]] = []
        for match in islice(_WORD.finditer(self._data, start, end), _MOST_WORDS):
            word = _decoded(match)
            if not found or (match[2] is not None and _NAME.match(word) and word not in _VALUES):
                found.append([word])
            else:
                found[-1].append(word)
        return found

    def first(self, start: int, end: int) -> str:
        """The first word there, or nothing."""
        match = _WORD.search(self._data, start, end)
        return _decoded(match) if match else ""

    def _quote(self, at: int) -> int:
        """Where the quoted word begins that has no end."""
        balanced = _NO_QUOTE.match(self._data, at)
        return balanced.end() if balanced else at


def _decoded(match: re.Match[bytes]) -> str:
    word = match[2] if match[1] is None else _ESCAPED.sub(rb"\1", match[1])
    return word.decode("utf-8", "surrogateescape")
