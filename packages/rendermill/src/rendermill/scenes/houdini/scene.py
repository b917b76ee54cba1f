"""A Houdini scene as its archive tells it: nodes, their parameters, the time line, variables, takes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from rendermill.scenes.findings import Findings, Source
from rendermill.scenes.houdini import definitions, grammar, takes
from rendermill.scenes.houdini.container import Archive
from rendermill.scenes.houdini.definitions import Declarations, Definitions
from rendermill.scenes.houdini.grammar import Channel, Component, Parm
from rendermill.scenes.houdini.numbers import finite

_TYPE = re.compile(rb"^type = (.+)$", re.MULTILINE)
_FLAGS = re.compile(r"^flags = (.*)$", re.MULTILINE)
_INPUTS = re.compile(r"^inputs(?:Named\d)?\n\{\n([^{}]*)\}", re.MULTILINE)
_VARIABLE = re.compile(r"^set (?:-\w+ )*(\w+) = '(.*)'$", re.MULTILINE)
_VERSION = re.compile(r"\d+(?:\.\d+)*")
_COMPONENT_NAME = re.compile(r"(.+?)(?:([xyzw])|([rgba])|(\d{1,3}))")
Kept = TypeVar("Kept")

_LEAST_FPS = 0.001
_REMEMBERED = 4096
"""Of so many nodes the parameters are remembered."""


@dataclass(frozen=True, slots=True)
class TimeLine:
    """The global range, frames per second, and the frame that the scene was saved at; what is not there is None."""

    fps: float
    start: float | None
    end: float | None
    current: float | None


class Scene:
    """What a reader asks of a scene. Nodes have their paths: ``/out/mantra1``."""

    def __init__(self, source: Source, found: Findings) -> None:
        self._archive = Archive(source, found)
        self.definitions = Definitions(self._archive)
        self.time = _time_line(self._archive.text(".start"))
        self.variables = {match[1]: match[2] for match in _VARIABLE.finditer(self._archive.text(".variables"))}
        self.takes = takes.takes(self._archive.payload(".takes"))
        self.types = self._types()
        self._parms: dict[str, dict[str, Parm]] = {}
        self._channels: dict[str, dict[str, Channel]] = {}
        self._inputs: dict[str, list[str]] = {}

    @property
    def take(self) -> str:
        """The name of the take that the scene was saved in."""
        return self.variables.get("ACTIVETAKE", "Main")

    @cached_property
    def by_type(self) -> Mapping[str, list[str]]:
        """The nodes of each type, without its namespace and version."""
        found: dict[str, list[str]] = {}
        for node, type_ in self.types.items():
            found.setdefault(base(type_), []).append(node)
        return found

    def payload(self, node: str) -> bytes:
        """The parameters of a node as they stand in the file."""
        return self._archive.payload(f"{node[1:]}.parm")

    def parms(self, node: str) -> Mapping[str, Parm]:
        """The parameters of a node, as they were in the take that the scene was saved in."""
        return _remembered(self._parms, node, lambda: grammar.parms(self._archive.text(f"{node[1:]}.parm")))

    def channels(self, node: str) -> Mapping[str, Channel]:
        """The channels of a node's parameters."""
        return _remembered(self._channels, node, lambda: grammar.channels(self._archive.text(f"{node[1:]}.chn")))

    def spare(self, node: str) -> Declarations:
        """The parameters that were added to a node."""
        return definitions.declarations(self._archive.text(f"{node[1:]}.spareparmdef"))

    def bypassed(self, node: str) -> bool:
        """Whether a node is switched off."""
        flags = _FLAGS.search(self._archive.text(f"{node[1:]}.def"))
        return flags is not None and " bypass on" in f" {flags[1]}"

    def inputs(self, node: str) -> list[str]:
        """The nodes beside it that a node is wired to."""
        return _remembered(self._inputs, node, lambda: self._wired(node))

    def _wired(self, node: str) -> list[str]:
        block = _INPUTS.search(self._archive.text(f"{node[1:]}.def"))
        words = [line.split() for line in block[1].splitlines()] if block else []
        folder = node.rpartition("/")[0]
        paths = [f"{folder}/{name[1]}" for name in words if len(name) > 1]
        return [path for path in paths if path in self.types]

    def _types(self) -> dict[str, str]:
        """The types of all nodes but the managers (``/obj``), by their paths."""
        found: dict[str, str] = {}
        for name in self._archive.entries:
            if name.endswith(".init") and (match := _TYPE.search(self._archive.payload(name))):
                found[f"/{name[:-5]}"] = match[1].decode("utf-8", "surrogateescape").strip()
        return found


def _remembered(kept: dict[str, Kept], node: str, read: Callable[[], Kept]) -> Kept:
    if node not in kept:
        if len(kept) >= _REMEMBERED:
            kept.clear()
        kept[node] = read()
    return kept[node]


def base(type_: str) -> str:
    """The type of a node without namespace and version: ``ris`` for ``ris::22``, ``image`` for ``arnold::image``."""
    words = type_.split("::")
    return words[-2] if len(words) > 1 and _VERSION.fullmatch(words[-1]) else words[-1]


def relative(node: str, path: str) -> str:
    """The node that a path means, seen from a node."""
    parts = [] if path.startswith("/") else node.split("/")[1:]
    for part in path.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    return "/" + "/".join(parts)


def component(parms: Mapping[str, Parm], name: str) -> Component | None:
    """The value that a name means: a parameter's (its first), or one of several (``f1``, ``resx``, ``Cdr``)."""
    if name in parms:
        return parms[name][0] if parms[name] else None
    match = _COMPONENT_NAME.fullmatch(name)
    if match is None:
        return None
    letter = match[2] or match[3] or ""
    index = "xyzw rgba".index(letter) % 5 if letter else int(match[4]) - 1
    values = parms.get(match[1], ())
    return values[index] if 0 <= index < len(values) else None


def _time_line(text: str) -> TimeLine:
    words = {line.split()[0]: line.split()[1:] for line in text.splitlines() if line.strip()}
    fps = max(_number(words, "fps", 0) or 24.0, _LEAST_FPS)
    seconds = _number(words, "tcur", 0)
    current = None if seconds is None else seconds * fps + 1
    return TimeLine(fps, _number(words, "frange", 0), _number(words, "frange", 1), current)


def _number(words: Mapping[str, list[str]], name: str, index: int) -> float | None:
    values = words.get(name, [])
    return finite(values[index]) if index < len(values) else None
