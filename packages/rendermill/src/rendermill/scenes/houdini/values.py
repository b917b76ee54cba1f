"""Values that expressions come to, and what may be done with them.

The number of the frame is a token, in arithmetic too: which frames will be asked for is not known.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable

from rendermill.scenes.houdini.numbers import finite, plain
from rendermill.scenes.houdini.scene import relative
from rendermill.scenes.houdini.variables import FRAME, SUBFRAME
from rendermill.scenes.locate.template import Kind, Part, Token

_SHOWN = 200
_MOST_DIGITS = 32

Value = float | Token | tuple[Part, ...]


class UnknownValueError(Exception):
    """What something comes to, only the application knows; ``reason`` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def unknown(expression: str) -> UnknownValueError:
    """The error for an expression that is not understood."""
    return UnknownValueError(f"expression {expression[:_SHOWN]}")


def parts(value: Value) -> tuple[Part, ...]:
    """A value as parts of a path."""
    if isinstance(value, tuple):
        return value
    return (value,) if isinstance(value, Token) else (str(plain(value)),)


def flat(value: Value, expression: str) -> str:
    """A value as a text. Raises UnknownValueError if it changes with the frame."""
    found = parts(value)
    if not all(isinstance(part, str) for part in found):
        raise unknown(expression)
    return "".join(str(part) for part in found)


def number(value: Value) -> float:
    """A value as a number, that of a switch too. Raises UnknownValueError."""
    if isinstance(value, Token):
        raise UnknownValueError("a value that changes with the frame")
    if not isinstance(value, tuple):
        return value
    text = flat(value, "")
    found = {"on": 1.0, "off": 0.0}.get(text, finite(text))
    if found is None:
        raise UnknownValueError(f"{text[:_SHOWN]!r} instead of a number")
    return found


def joined(mark: str, left: Value, right: Value, expression: str) -> Value:
    """What comes of two values and ``+ - * / %`` between them. Raises UnknownValueError."""
    if isinstance(left, Token) or isinstance(right, Token):
        whole = mark in "+-*" and all(isinstance(each, Token) or number(each).is_integer() for each in (left, right))
        return FRAME if whole else SUBFRAME
    if isinstance(left, tuple) and isinstance(right, tuple) and mark == "+":
        return (*left, *right)
    first, second = number(left), number(right)
    if mark in "/%" and second == 0:
        raise unknown(expression)
    result = _ARITHMETIC[mark](first, second)
    if finite(repr(result)) is None:
        raise unknown(expression)
    return result


_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": math.fmod,
}


def _padded(_node: str, expression: str, width: Value, value: Value) -> Value:
    digits = int(number(width))
    if not 0 <= digits <= _MOST_DIGITS:
        raise unknown(expression)
    if isinstance(value, Token):
        return Token(Kind.FRAME, "#" * max(digits, 1), digits)
    return (f"{int(number(value)):0{digits}d}",)


def _node_name(node: str, expression: str, path: Value) -> Value:
    return (relative(node, flat(path, expression)).rpartition("/")[2],)


def _node_path(node: str, expression: str, path: Value) -> Value:
    return (relative(node, flat(path, expression)),)


def _rounded(function: Callable[[float], int]) -> Callable[..., Value]:
    def applied(_node: str, _expression: str, value: Value) -> Value:
        return FRAME if isinstance(value, Token) else float(function(number(value)))

    return applied


def _same(_node: str, _expression: str, value: Value) -> Value:
    return value


def _concatenated(_node: str, _expression: str, first: Value, second: Value) -> Value:
    return (*parts(first), *parts(second))


FUNCTIONS: dict[tuple[str, int], Callable[..., Value]] = {
    ("padzero", 2): _padded,
    ("opname", 1): _node_name,
    ("opfullpath", 1): _node_path,
    ("strcat", 2): _concatenated,
    ("lock", 1): _same,
    ("int", 1): _rounded(math.trunc),
    ("floor", 1): _rounded(math.floor),
    ("ceil", 1): _rounded(math.ceil),
    ("round", 1): _rounded(round),
}
"""Functions by their names and how many values they are given; the node and the whole expression come before those."""
