"""What a scene keeps of the definitions of its operators: where they lie, and of what type their parameters are.

``.OPfallbacks`` names each operator that a digital asset defines, SideFX's own too, twice: with the absolute path of
its library when the scene was saved, and as it is searched for. ``.OPdummydefs`` and ``.defotl`` are libraries (INDX)
with the dialog script of each of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from rendermill.scenes.houdini import library
from rendermill.scenes.houdini.container import Archive

_MOST_GROUPS = 32
_WORD = re.compile(
    r"""(?P<open>\b(?:parm|multiparm)\s*\{)|^[ \t]*(?:name\s+"?(?P<name>[^"\s]+)|type\s+(?P<type>\w+)"""
    r"""|disablewhen\s+"(?P<when>(?:[^"\\\n]|\\.){0,2000})"|parmtag\s*\{\s*"filechooser_mode"\s+"(?P<mode>\w+)")""",
    re.MULTILINE,
)
_CLAUSE = re.compile(r"\{([^{}]*)\}")
_CONDITION = re.compile(r'([^\s!=<>]{1,200})\s*(==|!=)\s*(?:\\?"([^"\\]*)\\?"|(\S+))')


@dataclass(frozen=True, slots=True)
class Condition:
    """A comparison of a parameter with a value; ``equal`` or not equal."""

    parm: str
    equal: bool
    value: str


@dataclass(frozen=True, slots=True)
class Declared:
    """A parameter as a dialog script declares it: its ``type``, and whether its file is one to ``write``.

    It is out of use when all conditions of one of the groups in ``unused`` hold.
    """

    type: str
    write: bool = False
    unused: tuple[tuple[Condition, ...], ...] = ()


Declarations = dict[str, Declared]
"""Declared parameters by their names; those of a multiparm have ``#`` for their number."""


@dataclass(frozen=True, slots=True)
class Asset:
    """An operator (``Driver/afanasy``) and the paths of the library that defines it, as the scene has them."""

    operator: str
    paths: tuple[str, ...]


class Definitions:
    """The definitions of one scene's operators."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    @cached_property
    def assets(self) -> list[Asset]:
        """The operators that libraries define, in the order of the scene."""
        paths: dict[str, dict[str, None]] = {}
        for line in self._archive.text(".OPfallbacks").splitlines():
            operator, _, path = line.strip().partition(" ")
            if path:
                paths.setdefault(operator, {})[path.strip()] = None
        return [Asset(operator, tuple(found)) for operator, found in paths.items()]

    @cached_property
    def libraries(self) -> list[str]:
        """Libraries that are installed for this scene alone."""
        return [line.strip() for line in self._archive.text(".OPlibraries").splitlines() if line.strip()]

    @cached_property
    def drivers(self) -> frozenset[str]:
        """The types of render operators that libraries define."""
        operators = (split(asset.operator) for asset in self.assets)
        return frozenset(type_ for context, type_ in operators if context == "Driver")

    @cached_property
    def types(self) -> dict[str, Declarations]:
        """The declared parameters of each operator type (``MOPS::Instancer::1.5``)."""
        found: dict[str, Declarations] = {}
        for entry in (".OPdummydefs", ".defotl"):
            for operator, script in _scripts(self._archive.payload(entry)):
                found.setdefault(split(operator)[1], declarations(script))
        return found


def split(operator: str) -> tuple[str, str]:
    """The context and the type of an operator: ``ns::Sop/name::1`` is ``Sop`` and ``ns::name::1``."""
    front, _, name = operator.rpartition("/")
    space, _, context = front.rpartition("::")
    return context, f"{space}::{name}" if space else name


def declarations(script: str) -> Declarations:
    """What a dialog script declares, without understanding its layout."""
    found: Declarations = {}
    name = ""
    for word in _WORD.finditer(script):
        if word["open"]:
            name = ""
        elif word["name"]:
            name = name or word["name"]
        elif name and word["type"]:
            found.setdefault(name, Declared(word["type"]))
        elif name in found:
            before = found[name]
            groups = (*before.unused, *_groups(word["when"] or ""))[:_MOST_GROUPS]
            found[name] = Declared(before.type, before.write or word["mode"] == "write", groups)
    return found


def _groups(text: str) -> tuple[tuple[Condition, ...], ...]:
    """The groups of a condition ``{ a == 1 b != 2 } { c == 0 }``; those with something else in them are left out."""
    groups = []
    for clause in _CLAUSE.findall(text):
        conditions = tuple(
            Condition(match[1], match[2] == "==", match[3] if match[3] is not None else match[4])
            for match in _CONDITION.finditer(clause)
        )
        if conditions and not _CONDITION.sub("", clause).strip():
            groups.append(conditions)
    return tuple(groups)


def _scripts(held: bytes) -> Iterator[tuple[str, str]]:
    """The operators of a library with their dialog scripts."""
    left = len(held)
    for operator in library.sections(held):
        left -= operator.end - operator.start
        if left < 0:
            return  # sections that overlap are no library's
        own = held[operator.start : operator.end]
        scripts = (section for section in library.sections(own) if section.name == "DialogScript")
        script = next(scripts, None) if "/" in operator.name else None
        if script is not None:
            yield operator.name, own[script.start : script.end].decode("utf-8", "replace")
