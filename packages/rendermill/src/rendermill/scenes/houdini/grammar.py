"""What .parm and .chn entries hold: parameters and the channels that drive them.

A parameter is a line ``name [ flags ] ( value value )``, tabs between; a value is bare, in quotes (then it may go over
lines), or ``[ channel value ]``: driven by a channel, the value is what it came to when the scene was saved.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_VALUE = r'"(?:[^"\\]*(?:\\.[^"\\]*)*)"|(?:[^\s\\]|\\.)+'
_PARM = re.compile(r"^([^\s\[\](){}\"]+)\t(?:\[ [^\]\n]* \]\t)?\(\t", re.MULTILINE)
_COMPONENT = re.compile(rf"(?:\[ (\S+)\t({_VALUE}) \] |(?!\)\n)({_VALUE}))\t", re.DOTALL)
_ESCAPED = re.compile(r'\\(["\\])')
_CHANNEL = re.compile(r"^ *channel (\S+) \{$", re.MULTILINE)
_EXPRESSION = re.compile(rf"\bexpr = ({_VALUE})", re.DOTALL)
_SEGMENT = re.compile(r"^ *segment \{", re.MULTILINE)
_CURVES = frozenset(("constant()", "bezier()", "linear()", "ease()", "easein()", "easeout()", "cubic()", "qlinear()"))


@dataclass(frozen=True, slots=True)
class Component:
    """One value of a parameter; ``channel`` drives it, if it is not empty."""

    value: str
    channel: str = ""


Parm = tuple[Component, ...]


@dataclass(frozen=True, slots=True)
class Channel:
    """What drives a value: an expression, empty for one that is keyed; ``moving`` if it has keys at several times."""

    expression: str
    moving: bool


def parms(text: str) -> dict[str, Parm]:
    """The parameters of an entry, as far as it can be read."""
    found: dict[str, Parm] = {}
    line = _PARM.search(text)
    while line is not None:
        components, end = _components(text, line.end())
        found.setdefault(line[1], components)
        line = _PARM.search(text, end)
    return found


def _components(text: str, at: int) -> tuple[Parm, int]:
    components = []
    while match := _COMPONENT.match(text, at):
        components.append(Component(unquoted(match[2] or match[3]), match[1] or ""))
        at = match.end()
    return tuple(components), at


def channels(text: str) -> dict[str, Channel]:
    """The channels of an entry by their names."""
    return dict(_channels(text))


def _channels(text: str) -> Iterator[tuple[str, Channel]]:
    heads = list(_CHANNEL.finditer(text))
    ends = [head.start() for head in heads[1:]] + [len(text)]
    for head, end in zip(heads, ends, strict=False):  # no head, one end
        moving = len(_SEGMENT.findall(text, head.end(), end)) > 1
        match = _EXPRESSION.search(text, head.end(), end)
        expression = unquoted(match[1]) if match else ""
        yield head[1], Channel("" if expression in _CURVES else expression, moving)


def unquoted(token: str) -> str:
    """The text of a token, without its quotes and escapes."""
    if token.startswith('"') and token.endswith('"') and len(token) > 1:
        token = token[1:-1]
    return _ESCAPED.sub(r"\1", token) if "\\" in token else token
