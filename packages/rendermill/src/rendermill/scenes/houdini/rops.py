"""The nodes of a scene that render or write: render operators of any network, and operators with one in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from rendermill.scenes.findings import Findings, Reference, Role, Source
from rendermill.scenes.houdini import operators, outputs
from rendermill.scenes.houdini.cameras import Cameras
from rendermill.scenes.houdini.grammar import Parm
from rendermill.scenes.houdini.operators import Operator
from rendermill.scenes.houdini.paths import Mention, Paths
from rendermill.scenes.houdini.renderable import Rop
from rendermill.scenes.houdini.scene import Scene, base

_PICTURES = ("vm_picture", "picture", "outputimage")
_DRIVER = Operator("driver", camera="", outputs=(*_PICTURES, "sopoutput", "filename"), guessed=True)
_RENDERING_DRIVER = Operator("render", outputs=_PICTURES, guessed=True)
_CURRENT = ("", "_current_")
_DEEPEST_NETWORK = 30


def operators_of(scene: Scene) -> dict[str, Operator]:
    """The nodes that render or write, with what is known of their types."""
    found = ((node, _operator(scene, node)) for node in scene.types)
    return {node: operator for node, operator in found if operator is not None}


def _operator(scene: Scene, node: str) -> Operator | None:
    short = base(scene.types[node])
    driver = _among_drivers(scene, node)
    if operators.INTERACTIVE.search(short) or (driver and short in operators.WIRING) or short == "ropnet":
        return None
    known = operators.OPERATORS.get(short)
    if known is None:
        wraps = short.startswith("rop_") or scene.types[node] in scene.definitions.drivers
        return _unknown(scene.parms(node)) if driver or (wraps and "execute" in scene.parms(node)) else None
    if not driver and short in operators.DRIVERS_ONLY and "execute" not in scene.parms(node):
        return None
    if short == "output" and "dopoutput" not in scene.parms(node):
        return None
    return known


def _unknown(parms: Mapping[str, Parm]) -> Operator:
    """A type of driver that is not known: it renders if it has a camera and a picture."""
    return _RENDERING_DRIVER if "camera" in parms and not parms.keys().isdisjoint(_PICTURES) else _DRIVER


def _among_drivers(scene: Scene, node: str) -> bool:
    """Whether a node lies in a network of render operators: /out, a ropnet, a subnet in one of them."""
    for _ in range(_DEEPEST_NETWORK):
        node = node.rpartition("/")[0]
        network = base(scene.types.get(node, ""))
        if node == "/out" or network == "ropnet":
            return True
        if network != "subnet":
            return False
    return False


def read_rops(scene: Scene, source: Source, found: Findings, cameras: Cameras, rops: dict[str, Operator]) -> None:
    """Find what they render, and the files that they write."""
    takes: dict[str, Paths] = {}
    for node, operator in rops.items():
        take = _take(scene, found, node)
        if take not in takes:
            takes[take] = Paths(scene, source, take)
        found.renderables.append(Rop(scene, cameras, takes[take].evaluator, found, node, operator).renderable())
        if not operator.guessed:
            found.references += _written(node, operator, takes[take])


def _take(scene: Scene, found: Findings, node: str) -> str:
    """The take that a ROP asks for; empty for the one that the scene was saved in."""
    values = scene.parms(node).get("take", ())
    take = values[0].value if values else ""
    if take in (*_CURRENT, scene.take):
        return ""
    if take not in scene.takes:
        found.warn(f"{node} renders the take {take}, which is not in the scene")
    return take


def _written(node: str, operator: Operator, paths: Paths) -> Iterator[Reference]:
    """The files that a ROP writes, and those of a cache that it may read instead."""
    evaluator = paths.evaluator
    reads = evaluator.word(node, operators.LOADS)
    for name, value in (*outputs.pictures(evaluator, node, operator), *outputs.exports(evaluator, node, operator)):
        likes = [] if reads in ("on", "1") else [Reference("", "", role=Role.OUTPUT)]
        if reads:
            likes.append(Reference("", "", optional=bool(likes)))
        for like in likes:
            reference = paths.reference(Mention(node, name, value), like)
            if reference is not None:
                yield replace(reference, follow=False)
