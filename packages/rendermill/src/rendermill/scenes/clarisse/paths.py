"""Paths as Clarisse writes them: variables, which a ``:`` may end (``img_$F:_final.exr``), and patterns of frames.

Variables after clarissewiki.com, "Global Variables": ``$PDIR`` is the folder of the project that is open, also in
projects that it refers to, ``$CDIR`` that of the one that says so. ``$4F`` is a frame number of four digits.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from rendermill.scenes.findings import Source
from rendermill.scenes.locate import tokens
from rendermill.scenes.locate.template import Kind, Part, Template, Token

_VARIABLE = re.compile(r"\$(?:\{(?P<braced>\w+)\}|(?P<name>\w+)):?")
_FRAME = re.compile(r"(\d*)F(\d*)")
_INSTALLATION = frozenset({"CLARISSE_BIN_DIR"})
_WIDEST = 32


@dataclass(frozen=True, slots=True)
class Spelled:
    """What a path comes to: where it may lie, or why that is not known. ``built_in``: it ships with Clarisse."""

    paths: tuple[Template, ...] = ()
    reason: str = ""
    built_in: bool = False


class Spelling:
    """Paths of one project; ``fps`` is what ``$FPS`` says."""

    def __init__(self, source: Source, fps: str) -> None:
        self._folder = source.folder
        self._folders = tuple(dict.fromkeys((str(source.main), source.folder)))
        self._values = {"PNAME": Path(source.path).stem, "CDIR": source.folder, "FPS": fps, **source.variables}

    def spelled(self, text: str) -> Spelled:
        """A path with its variables, where they are known."""
        names = {match["braced"] or match["name"] for match in _VARIABLE.finditer(text)}
        if names & _INSTALLATION:
            return Spelled(built_in=True)
        unknown = sorted(name for name in names if not self._is_known(name))
        if unknown:
            return Spelled(reason="variable " + ", ".join(f"${name}" for name in unknown))
        folders = self._folders if "PDIR" in names else (self._folder,)
        return Spelled(tuple(Template.of(self._parts(text, folder)).under(self._folder) for folder in folders))

    def _is_known(self, name: str) -> bool:
        return name in ("PDIR", "T") or name in self._values or _FRAME.fullmatch(name) is not None

    def _parts(self, text: str, folder: str) -> list[Part]:
        parts: list[Part] = []
        end = 0
        for match in _VARIABLE.finditer(text):
            parts += tokens.split(text[end : match.start()])
            parts.append(self._part(match["braced"] or match["name"], folder))
            end = match.end()
        return parts + tokens.split(text[end:])

    def _part(self, name: str, folder: str) -> Part:
        if name == "PDIR":
            return folder
        if name == "T":
            return Token(Kind.SUBFRAME, "$T")
        frame = _FRAME.fullmatch(name)
        if frame is None:
            return self._values[name]
        width = min(int((frame[1] or frame[2] or "1")[:4]), _WIDEST)
        return Token(Kind.FRAME, "#" * max(width, 1), width)
