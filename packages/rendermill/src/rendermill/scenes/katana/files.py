"""The files that nodes of a Katana scene name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rendermill.scenes.findings import Reference, Role, Source
from rendermill.scenes.katana.nodes import Node, Parameter
from rendermill.scenes.locate import tokens
from rendermill.scenes.report import Confidence

_VARIABLE = re.compile(r"\$(?:\{\w+\}|\w+)")
_OUTPUTS = frozenset({"saveTo", "outputFile"})
_SCENES = (".usd", ".usda", ".usdc", ".usdz")


def references(node: Node, source: Source) -> Iterator[Reference]:
    """What a node names, seen from the folder of the scene."""
    if node.type == "RootNode":  # its "asset" is a plug-in that finds files
        return
    for path, parameter in node.parameters.items():
        renders = path.endswith("renderLocation.value")
        if (parameter.value or parameter.expression) and (parameter.names_file or parameter.guessed or renders):
            yield _reference(f"{node.name} {path}", path, parameter, source)


def _reference(user: str, path: str, parameter: Parameter, source: Source) -> Reference:
    sure = Confidence.LOW if parameter.guessed else Confidence.HIGH
    if parameter.expression:
        return Reference(parameter.expression, user, role=Role.UNRESOLVED, reason="expression", confidence=sure)
    raw = parameter.value
    output = path.rpartition(".")[2] in _OUTPUTS or path.endswith("renderLocation.value")
    text = source.substituted(raw)
    variables = sorted(set(_VARIABLE.findall(text)))
    reason = f"variable {', '.join(variables)}" if variables else ""
    paths = () if variables else (tokens.template(text).under(source.folder),)
    if output:
        return Reference(raw, user, paths, Role.OUTPUT, reason, confidence=sure)
    role = Role.UNRESOLVED if variables else Role.INPUT
    follow = role is Role.INPUT and raw.casefold().endswith(_SCENES)
    return Reference(raw, user, paths, role, reason, follow=follow, confidence=sure)
