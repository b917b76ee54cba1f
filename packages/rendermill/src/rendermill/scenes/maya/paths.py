"""The paths that a scene writes, as templates of where the files may lie.

A relative path is relative to the project, or to the folder that the project keeps such files in. ``A//B`` is a path
``B`` in the project whose root was ``A`` when it was written. Which number in a name is a frame or a tile is said by
other attributes, not by the path.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from rendermill.scenes.findings import Role, Source
from rendermill.scenes.locate import tokens
from rendermill.scenes.locate.template import Kind, Part, Template, Token
from rendermill.scenes.maya.project import Project

_VARIABLE = re.compile(r"\$\{?(\w+)\}?|%(\w+)%|^(~)(?=/|$)|(`)")
_BUILT_IN = re.compile(r"<MAYA_RESOURCES>|\$\{?MAYA_LOCATION\}?", re.IGNORECASE)
_ADDRESS = re.compile(r"[A-Za-z][\w+.-]+:")
_COPY = re.compile(r"\{\d+\}$")
_ABSOLUTE = re.compile(r"/|[A-Za-z]:(?:/|$)")
_SPLIT = re.compile(r"(?<=[^/:])//(?=[^/])")
_FRAME = re.compile(r"\d+(?=\D*$)")
_TILE = re.compile(r"(?<!\d)[1-9]\d{3}(?!\d)(?!.*(?<!\d)[1-9]\d{3}(?!\d))", re.DOTALL)
_UV = re.compile(r"u\d+_v\d+", re.IGNORECASE)
_ANY = re.compile(r"((?<![uv])<[uv]>)", re.IGNORECASE)
_LONGEST = 4096


class Tiling(IntEnum):
    """How one path stands for many tiles: ``file.uvTilingMode``."""

    OFF = 0
    ZBRUSH = 1
    MUDBOX = 2
    UDIM = 3
    EXPLICIT = 4


@dataclass(frozen=True, slots=True)
class Located:
    """What a path comes to: where to look, or why that cannot be told."""

    paths: tuple[Template, ...] = ()
    role: Role = Role.INPUT
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Places:
    """Where the paths of a scene lead: relative ones to the projects, the likeliest first, and the scene's folder."""

    projects: tuple[Project, ...]
    source: Source

    def located(self, raw: str, rule: str, *, sequence: bool = False, tiling: int = Tiling.OFF) -> Located:
        """A path as templates. ``rule`` names the kind of files; ``sequence`` and ``tiling`` say which numbers vary."""
        if len(raw) > _LONGEST:
            return Located(role=Role.UNRESOLVED, reason="it is too long")
        text = self.source.substituted(_COPY.sub("", raw.strip().replace("\\", "/")))
        if _BUILT_IN.match(text):
            return Located((Template.literal(text),), Role.BUILT_IN)
        if (variable := _VARIABLE.search(text)) is not None:
            return Located(role=Role.UNRESOLVED, reason=_reason(variable))
        if _ADDRESS.match(text) and "://" in text:
            return Located(role=Role.UNRESOLVED, reason="address")
        whole = {path: template(path, sequence=sequence, tiling=tiling) for path in self._candidates(text, rule)}
        return Located(tuple(whole.values()))

    def _candidates(self, text: str, rule: str) -> Iterator[str]:
        split = _SPLIT.search(text)
        if split is not None:
            inner = text[split.end() :]
            yield from self._relative(inner, rule)
            text = f"{text[: split.start()]}/{inner}"
        if _ABSOLUTE.match(text):
            yield text
        else:
            yield from self._relative(text, rule)

    def _relative(self, text: str, rule: str) -> Iterator[str]:
        for project in self.projects:
            yield posixpath.join(project.root, text)
            if rule:
                yield posixpath.join(project.folder(rule), text)
        yield posixpath.join(self.source.folder, text)


def template(path: str, *, sequence: bool = False, tiling: int = Tiling.OFF) -> Template:
    """The template of one path."""
    folder, slash, name = path.rpartition("/")
    name = _varied(name, sequence=sequence, tiling=tiling)
    parts: list[Part] = [*(tokens.split(folder) if "<" in folder else [folder]), slash]
    for piece in _ANY.split(name):
        parts += [Token(Kind.ANY, piece)] if _ANY.fullmatch(piece) else tokens.split(piece)
    return Template.of(parts)


def _varied(name: str, *, sequence: bool, tiling: int) -> str:
    """A name with tokens for the numbers that vary: first the last one is the frame, then the last of four a tile."""
    stem, dot, extension = name.rpartition(".")
    if not dot:
        stem, extension = name, ""
    if sequence and extension.isdecimal():
        extension = _FRAME.sub(_frame, extension)
    elif sequence:
        stem = _FRAME.sub(_frame, stem)
    if tiling == Tiling.UDIM:
        stem = _TILE.sub("<UDIM>", stem)
    elif tiling in (Tiling.ZBRUSH, Tiling.MUDBOX):
        stem = _UV.sub("<UVTILE>", stem)
    return f"{stem}{dot}{extension}"


def _frame(match: re.Match[str]) -> str:
    """The token of a frame number; one that starts with no zero may have fewer digits elsewhere."""
    return f"<f{len(match[0])}>" if match[0].startswith("0") else "<f>"


def _reason(variable: re.Match[str]) -> str:
    if variable[4]:
        return "expression"
    name = variable[1] or variable[2]
    return f"variable ${name}" if name else "variable ~"
