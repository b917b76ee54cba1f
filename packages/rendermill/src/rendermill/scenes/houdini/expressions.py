"""The part of the expression language HScript that a scene can be read without Houdini for, as syntax trees.

Numbers, strings, variables, calls, the arithmetic operators. Everything else, and Python, is no tree.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rendermill.scenes.houdini.numbers import finite

_WORD = re.compile(
    r"""\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)|(?P<string>"(?:\\.|[^"\\])*"|'[^']*')"""
    r"""|\$(?P<variable>\w+)|\$\{(?P<braced>\w+)\}|@(?P<option>\w+)|(?P<name>[A-Za-z_]\w*)|(?P<mark>[-+*/%(),]))""",
    re.DOTALL,
)
_DEEPEST = 40
_LONGEST = 2000
_MOST_WORDS = 300
_ESCAPED = re.compile(r'\\(["\\])')


class SyntaxUnknownError(Exception):
    """It is no expression that is understood."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number."""

    value: float


@dataclass(frozen=True, slots=True)
class String:
    """A text in quotes, in which variables count."""

    text: str


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable, by its name."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function and what it is given."""

    name: str
    arguments: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Sum:
    """Two numbers and what joins them: ``+ - * / %``."""

    mark: str
    left: Tree
    right: Tree


Tree = Number | String | Variable | Call | Sum


def parse(text: str) -> Tree:
    """The tree of an expression. Raises SyntaxUnknownError."""
    return _Parser(_words(text)).whole()


def _words(text: str) -> list[re.Match[str]]:
    if len(text) > _LONGEST:
        raise SyntaxUnknownError
    words: list[re.Match[str]] = []
    text = text.rstrip()
    at = 0
    while at < len(text):
        word = _WORD.match(text, at)
        if word is None or len(words) >= _MOST_WORDS:
            raise SyntaxUnknownError
        words.append(word)
        at = word.end()
    return words


class _Parser:
    def __init__(self, words: Sequence[re.Match[str]]) -> None:
        self._words = words
        self._at = 0
        self._depth = 0

    def whole(self) -> Tree:
        tree = self._sum()
        if self._at != len(self._words):
            raise SyntaxUnknownError
        return tree

    def _mark(self, *marks: str) -> str:
        """The next mark if it is one of these; it is then taken."""
        if self._at < len(self._words) and self._words[self._at]["mark"] in marks:
            self._at += 1
            return str(self._words[self._at - 1]["mark"])
        return ""

    def _sum(self) -> Tree:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise SyntaxUnknownError
        tree = self._product()
        while mark := self._mark("+", "-"):
            tree = Sum(mark, tree, self._product())
        self._depth -= 1
        return tree

    def _product(self) -> Tree:
        tree = self._signed()
        while mark := self._mark("*", "/", "%"):
            tree = Sum(mark, tree, self._signed())
        return tree

    def _signed(self) -> Tree:
        negative = False
        while mark := self._mark("-", "+"):
            negative ^= mark == "-"
        tree = self._one()
        return Sum("-", Number(0.0), tree) if negative else tree

    def _one(self) -> Tree:
        if self._mark("("):
            tree = self._sum()
            self._closed()
            return tree
        if self._at >= len(self._words):
            raise SyntaxUnknownError
        word = self._words[self._at]
        self._at += 1
        if word["number"] and (number := finite(word["number"])) is not None:
            return Number(number)
        if word["string"]:
            return String(_ESCAPED.sub(r"\1", word["string"][1:-1]))
        if word["variable"] or word["braced"]:
            return Variable(word["variable"] or word["braced"])
        if word["option"] == "Frame":
            return Variable("FF")
        if word["name"] and self._mark("("):
            return Call(word["name"], self._arguments())
        raise SyntaxUnknownError

    def _arguments(self) -> tuple[Tree, ...]:
        if self._mark(")"):
            return ()
        found = [self._sum()]
        while self._mark(","):
            found.append(self._sum())
        self._closed()
        return tuple(found)

    def _closed(self) -> None:
        if not self._mark(")"):
            raise SyntaxUnknownError
