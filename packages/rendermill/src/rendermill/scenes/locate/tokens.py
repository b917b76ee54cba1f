"""Spellings of patterns that several applications share, as path templates."""

from __future__ import annotations

import re

from rendermill.scenes.locate.template import Kind, Part, Template, Token

_TOKEN = re.compile(
    r"(?P<udim><udim>|%\(udim\)d)"
    r"|(?P<uvtile><uvtile>|u<u>_v<v>|u%\(u\)d_v%\(v\)d)"
    r"|(?P<tile><tile>|%\([uv]\)d)"  # a number to some renderers, _u1_v1 to others; one of the numbers of a tile
    r"|(?P<frame><f(?P<f>\d*)>|<frame(?P<frame0>\d*)>|%0?(?P<percent>\d*)d|(?P<hashes>#+))",
    re.IGNORECASE,
)
_LAST_DIGITS = re.compile(r"\d+(?=\D*$)")
_TILE = re.compile(r"(?<!\d)[1-9]\d{3}(?!\d)(?=\D*$)")
_UV = re.compile(r"u\d+_v\d+", re.IGNORECASE)


def split(text: str) -> list[Part]:
    """Text and tokens of a path written with ``<UDIM>``, ``<UVTILE>``, ``<f4>``, ``%04d`` or ``####``."""
    parts: list[Part] = []
    end = 0
    for match in _TOKEN.finditer(text):
        parts += [text[end : match.start()], _token(match)]
        end = match.end()
    return [part for part in (*parts, text[end:]) if part]


def template(text: str) -> Template:
    """The template of such a path."""
    return Template.of(split(text))


def sequence(path: str) -> Template:
    """The sequence that one of its frames names: the last group of digits of the file's name is the frame number."""
    folder, name = _divided(path)
    match = _LAST_DIGITS.search(_stem(name)) or _LAST_DIGITS.search(name)
    return Template.of([path]) if match is None else _with(folder, name, match, Kind.FRAME)


def tiles(path: str) -> Template:
    """The UDIM tiles that one of them names (``wood_1001.png``), or a path with a token in it."""
    folder, name = _divided(path)
    match = _TILE.search(_stem(name)) or _TILE.search(name)
    return template(path) if match is None else _with(folder, name, match, Kind.UDIM)


def uv_tiles(path: str) -> Template:
    """The tiles that one of them names (``wood_u1_v1.png``), or a path with a token in it."""
    folder, name = _divided(path)
    match = _UV.search(name)
    return template(path) if match is None else _with(folder, name, match, Kind.UVTILE)


def _token(match: re.Match[str]) -> Token:
    if match["udim"]:
        return Token(Kind.UDIM, "<UDIM>")
    if match["uvtile"]:
        return Token(Kind.UVTILE, "<UVTILE>")
    if match["tile"]:
        return Token(Kind.ANY, match["tile"])
    digits = match["f"] or match["frame0"] or match["percent"]
    width = len(match["hashes"]) if match["hashes"] else min(int(digits or 1), 32)
    return Token(Kind.FRAME, "#" * width, width)


def _with(folder: str, name: str, match: re.Match[str], kind: Kind) -> Template:
    shown = {Kind.FRAME: "#" * len(match[0]), Kind.UDIM: "<UDIM>", Kind.UVTILE: "<UVTILE>"}[kind]
    # A number without a leading zero may have fewer digits in the first frames: img9.png, img10.png.
    width = len(match[0]) if kind is Kind.FRAME and match[0].startswith("0") else 1
    return Template.of([folder + name[: match.start()], Token(kind, shown, width), name[match.end() :]])


def _divided(path: str) -> tuple[str, str]:
    path = path.replace("\\", "/")
    return path[: path.rfind("/") + 1], path[path.rfind("/") + 1 :]


def _stem(name: str) -> str:
    return name[: name.rfind(".")] if "." in name else name
