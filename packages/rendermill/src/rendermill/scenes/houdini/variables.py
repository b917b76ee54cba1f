"""Variables in paths: those that Houdini sets, and how a part of one is taken."""

from __future__ import annotations

import re

from rendermill.scenes.findings import Source
from rendermill.scenes.houdini.numbers import plain
from rendermill.scenes.houdini.scene import Scene
from rendermill.scenes.locate.template import Kind, Part, Token

SHIPPED = frozenset(("HFS", "HH", "HHP", "HHC", "HB", "HT", "HD", "HTB", "HDSO"))
"""Folders of the application itself."""

_FRAME = re.compile(r"S?F([1-9]?)")
_MOVING = frozenset(("FF", "T", "ST"))
_SCENE = re.compile(r"\.hip(?:lc|nc)?$")


FRAME = Token(Kind.FRAME, "#", 1)
SUBFRAME = Token(Kind.SUBFRAME, "#", 1)


def frame(name: str) -> Token | None:
    """The token of a variable that changes with time: ``F``, ``F4``, ``FF``, ``SF``, ``T``; None for another."""
    match = _FRAME.fullmatch(name)
    if match is not None:
        width = int(match[1] or 1)
        return Token(Kind.FRAME, "#" * width, width)
    return SUBFRAME if name in _MOVING else None


def names(scene: Scene, source: Source, *, saved: bool) -> dict[str, str]:
    """The variables that Houdini sets when it opens a scene: from where it lies now, and from its time line.

    In old versions $HIPNAME has the extension. ``saved``: the scene's name is that from when it was saved.
    """
    found = {"HIP": source.folder, "HIPNAME": source.path.stem, "HIPFILE": str(source.path)}
    before = scene.variables.get("HIPNAME", "")
    if _SCENE.search(before):
        found["HIPNAME"] = source.path.name
    if saved and before:
        file = scene.variables.get("HIPFILE", before).replace("\\", "/").rpartition("/")[2]
        found |= {"HIPNAME": before, "HIPFILE": f"{source.folder}/{file}"}
    time = scene.time
    for name, value in (("START", time.start), ("END", time.end)):
        if value is not None:
            found |= {f"F{name}": str(plain(value)), f"RF{name}": str(plain(value))}
    if time.start is not None and time.end is not None:
        found["NFRAMES"] = str(plain(time.end - time.start + 1))
    return {**found, "FPS": str(plain(time.fps))}


def modified(parts: tuple[Part, ...], modifiers: str) -> tuple[Part, ...]:
    """A part of a path: ``:r`` without extension, ``:e`` the extension, ``:h`` the folder, ``:t`` the name."""
    if not modifiers or not all(isinstance(part, str) for part in parts):
        return parts
    text = "".join(str(part) for part in parts)
    for modifier in modifiers[1::2]:
        folder, slash, name = text.rpartition("/")
        stem, dot, extension = name.rpartition(".")
        text = {
            "r": f"{folder}{slash}{stem}" if dot else text,
            "e": extension if dot else "",
            "h": folder,
            "t": name,
        }[modifier]
    return (text,)
