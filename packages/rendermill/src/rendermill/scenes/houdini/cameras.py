"""Cameras, and the size of the pictures that are rendered through them."""

from __future__ import annotations

import math
from bisect import bisect_left

from rendermill.scenes.houdini import operators
from rendermill.scenes.houdini.definitions import split
from rendermill.scenes.houdini.evaluate import Evaluator
from rendermill.scenes.houdini.numbers import finite
from rendermill.scenes.houdini.scene import Scene, base, relative
from rendermill.scenes.houdini.values import UnknownValueError

Size = tuple[int, int]

_SCALES = {"1": "1/10", "2": "1/5", "3": "1/4", "4": "1/3", "5": "1/2", "6": "2/3", "7": "3/4"}
"""The scales that Redshift and Octane offer in their menus."""
_LARGEST = 1 << 20


class Cameras:
    """The cameras of a scene."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.nodes = [node for node, type_ in scene.types.items() if base(type_) in operators.CAMERAS]
        self._sorted = sorted(self.nodes)
        self._assets = {split(asset.operator)[1] for asset in scene.definitions.assets}

    def names(self, evaluator: Evaluator) -> list[str]:
        """The cameras as artists see them: paths of nodes, and those of prims for the cameras of a stage."""
        lops = (node for node, type_ in self._scene.types.items() if base(type_) == "camera")
        prims = (evaluator.word(node, "primpath") for node in lops)
        return list(dict.fromkeys([*self.nodes, *(prim for prim in prims if prim.startswith("/"))]))

    def node(self, seen_from: str, camera: str) -> str:
        """The node that a ROP means by a camera: that, or the first camera inside of it; empty if there is none."""
        node = relative(seen_from, camera)
        if node not in self._scene.types:
            return ""
        if base(self._scene.types[node]) in operators.CAMERAS:
            return node
        inside = self._sorted[bisect_left(self._sorted, f"{node}/") :][:1]
        return inside[0] if inside and inside[0].startswith(f"{node}/") else node

    def may_hide(self, seen_from: str, camera: str) -> bool:
        """Whether a camera may be inside a digital asset, whose nodes are not in the scene."""
        folders = relative(seen_from, camera).split("/")
        above = ("/".join(folders[:depth]) for depth in range(2, len(folders)))
        return any(self._scene.types.get(node) in self._assets for node in above)


def size(evaluator: Evaluator, node: str, names: tuple[str, str]) -> Size | None:
    """A width and a height that two values of a node tell; None if they do not."""
    found: list[int] = []
    for name in names:
        try:
            number = evaluator.number(node, name)
        except UnknownValueError:
            number = finite(evaluator.saved(node, name))
        if number is None or not 0 < number <= _LARGEST:
            return None
        found.append(int(number))
    return (found[0], found[1])


def overridden(evaluator: Evaluator, rop: str, camera: Size | None) -> Size | None:
    """The size of a ROP's pictures by the camera's, with what the ROP changes of that."""
    for switch, scale, own in (
        ("override_camerares", "res_fraction", ("res_overridex", "res_overridey")),
        ("RS_overrideCameraRes", "RS_overrideResScale", ("RS_overrideRes1", "RS_overrideRes2")),
        ("HO_overrideCameraRes", "HO_overrideResScale", ("HO_overrideRes1", "HO_overrideRes2")),
    ):
        if evaluator.word(rop, switch) in ("on", "1"):
            fraction = evaluator.word(rop, scale)
            if fraction in ("specific", "user"):
                return size(evaluator, rop, own)
            return scaled(camera, fraction if scale == "res_fraction" else _SCALES.get(fraction, fraction))
    return camera


def scaled(whole: Size | None, fraction: str) -> Size | None:
    """A size times a fraction as ROPs write it: ``0.5``, ``1/2``."""
    first, _, second = fraction.partition("/")
    factor, divisor = finite(first), finite(second or "1")
    if whole is None or not factor or not divisor or not 0 < factor / divisor <= 100:
        return None
    width, height = (max(1, math.floor(number * factor / divisor + 0.5)) for number in whole)
    return (width, height)


def sized(evaluator: Evaluator, rop: str, camera: str) -> Size | None:
    """The size of the pictures that a ROP renders; ``camera`` is the node of its camera, empty for none.

    Without its camera a ROP cannot render; the size that it would change the camera's to is then as good as any.
    """
    if evaluator.word(rop, "tres") in ("on", "1", "specify"):
        return size(evaluator, rop, ("res1", "res2"))
    if (baked := size(evaluator, rop, ("vm_uvunwrapresx", "vm_uvunwrapresy"))) is not None:
        return baked
    through = size(evaluator, camera, ("resx", "resy")) if camera else None
    found = overridden(evaluator, rop, through)
    if found is None:
        found = size(evaluator, rop, ("resolutionx", "resolutiony"))
    if found is None and not camera:
        found = size(evaluator, rop, ("res_overridex", "res_overridey"))
    return found
