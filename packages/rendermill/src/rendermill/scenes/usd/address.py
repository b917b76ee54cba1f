"""What an asset path means: where the file may lie that a layer names."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from pxr import Ar, Sdf

LAYERS = ("usd", "usda", "usdc", "usdz")
"""Endings of the files that usd-core opens as layers."""
MATERIALX = "mtlx"

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]+:")
_VARIABLE = re.compile(r"\$(?:\{\w+\}|\w+)")
_ROOTED = re.compile(r"/|[A-Za-z]:")


@dataclass(frozen=True, slots=True)
class Address:
    """A file, and inside a package the members that lead to what is meant, the outermost first."""

    file: str
    inside: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """As USD writes it: ``set.usdz[chair.usdz[wood.png]]``."""
        return str(Ar.JoinPackageRelativePath([self.file, *self.inside]))

    @property
    def ending(self) -> str:
        """The ending of the name, without its dot, in lower case."""
        return (self.inside[-1] if self.inside else self.file).rpartition(".")[2].lower()


@dataclass(frozen=True, slots=True)
class Meaning:
    """Where what a layer names may lie, the likeliest first; or why that cannot be known."""

    places: tuple[Address, ...] = ()
    reason: str = ""


def meaning(text: str, layer: Address, main: str, variables: dict[str, object]) -> Meaning:
    """What an asset path says in a layer. ``main`` is the folder of the scene that the user named.

    A path that does not begin with ``./`` or ``../`` is looked for beside the layer, then by the search path, of which
    the scene's own folder is the part that every application knows (ArDefaultResolver). USD expands no variables of
    the environment. ``variables`` are those of the layers, for expressions (``@`"${SHOT}/set.usd"`@``).
    """
    if Sdf.VariableExpression.IsExpression(text):
        text = _evaluated(text, variables)
        if not text:
            return Meaning(reason="expression")
    text = text.partition(":SDF_FORMAT_ARGS:")[0].replace("\\", "/")
    variable = _VARIABLE.search(text)
    if variable:
        return Meaning(reason=f"variable {variable[0]}")
    if _SCHEME.match(text):
        return Meaning(reason="resolver")
    outer, *inside = _members(text)
    if _ROOTED.match(outer):
        return Meaning((_address(outer, inside),))
    return Meaning(tuple(dict.fromkeys(_relative(outer, inside, layer, main))))


def _relative(outer: str, inside: list[str], layer: Address, main: str) -> Iterator[Address]:
    if layer.inside:
        *above, own = layer.inside
        yield _address(layer.file, [*above, posixpath.join(posixpath.dirname(own), outer), *inside])
    else:
        yield _address(posixpath.join(posixpath.dirname(layer.file), outer), inside)
    if not outer.startswith(("./", "../")):
        yield _address(posixpath.join(main, outer), inside)


def _address(file: str, inside: list[str]) -> Address:
    """One address for one file, however its path is written."""
    return Address(posixpath.normpath(file), tuple(posixpath.normpath(each) for each in inside))


def _members(text: str) -> list[str]:
    """The parts of ``set.usdz[chair.usdz[wood.png]]``."""
    parts = []
    while Ar.IsPackageRelativePath(text):
        outer, text = Ar.SplitPackageRelativePathOuter(text)
        parts.append(outer)
    return [*parts, text]


def _evaluated(text: str, variables: dict[str, object]) -> str:
    """The value of a variable expression, which can only join strings; empty where it has none."""
    result = Sdf.VariableExpression(text).Evaluate(variables)
    known = isinstance(result.value, str) and not result.errors and "${" not in result.value
    return str(result.value) if known else ""
