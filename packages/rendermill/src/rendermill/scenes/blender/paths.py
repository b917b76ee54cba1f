"""Paths as Blender writes them: ``//`` is the folder of the .blend, back-slashes may follow it, the rest is absolute.

A path that is neither starts where Blender was started, which no file tells; it is looked for beside the .blend.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from rendermill.scenes.locate import tokens
from rendermill.scenes.locate.template import Kind, Part, Template, Token

Spelling = Callable[[str], Template]
"""How the files of a path are named: one of the functions below."""

_TILE = re.compile("(<UDIM>|<UVTILE>)")
_LAST_DIGITS = re.compile(r"\d+(?=\D*$)")


def absolute(raw: str, folder: str, spelling: Spelling) -> Template:
    """Where a path leads from the folder of its .blend."""
    rest = raw[2:].lstrip("/\\") if raw.startswith("//") else raw
    return spelling(rest).under(folder)


def single(path: str) -> Template:
    """One file, whatever its name."""
    return Template.literal(path)


def sequence(path: str) -> Template:
    """The sequence that one of its frames names; the last digits before the extension are the frame's number."""
    name = re.split(r"[/\\]", path)[-1]
    stem = name.rpartition(".")[0] or name
    return tokens.sequence(path) if _LAST_DIGITS.search(stem) else single(path)


def tiles(path: str) -> Template:
    """A tiled image: with ``<UDIM>`` or ``<UVTILE>`` since Blender 3.1, before that as its first tile."""
    if not _TILE.search(path):
        return tokens.tiles(path)
    kinds = {"<UDIM>": Kind.UDIM, "<UVTILE>": Kind.UVTILE}
    parts: list[Part] = [Token(kinds[part], part) if part in kinds else part for part in _TILE.split(path)]
    return Template.of(parts)


def numbered(path: str) -> Template:
    """What is written, with ``#`` for the digits of the frame's number."""
    return tokens.template(path)


def beginning(path: str) -> Template:
    """All files whose names begin so."""
    return Template.of([path, Token(Kind.ANY, "*")])
