"""The plug-ins that a scene needs, out of those that it requires.

Maya goes on requiring every plug-in that was ever loaded with a scene. Since 2014 it says for which types of nodes or
data, unless none is used; before it said nothing, so that nodes and the renderer have to tell.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rendermill.scenes.maya.model import Scene
from rendermill.scenes.report import Plugin

_FIRST_EXACT_YEAR = 2014
_YEAR = re.compile(r"\d{1,4}")


@dataclass(frozen=True, slots=True)
class _Known:
    """A plug-in by what shows that it is used: types of nodes, and a renderer."""

    types: re.Pattern[str]
    renderer: str = ""


_KNOWN = {
    "mtoa": _Known(re.compile(r"ai[A-Z]\w*"), "arnold"),
    "Mayatomr": _Known(re.compile(r"mentalray\w+|mi[abp]_\w+|misss_\w+|builtin_\w+"), "mentalRay"),
    "vrayformaya": _Known(re.compile(r"(?i)vray\w+"), "vray"),
    "redshift4maya": _Known(re.compile(r"(?i)redshift\w+"), "redshift"),
    "RenderMan_for_Maya": _Known(re.compile(r"Pxr\w+|rman\w+|RenderMan\w*|d_\w+"), "renderman"),
    "stereoCamera": _Known(re.compile(r"stereoRig\w+")),
    "AbcImport": _Known(re.compile(r"AlembicNode")),
    "gpuCache": _Known(re.compile(r"gpuCache")),
    "xgenToolkit": _Known(re.compile(r"xgm\w+|xgen\w+")),
    "pgYetiMaya": _Known(re.compile(r"pgYeti\w+")),
    "MASH": _Known(re.compile(r"MASH_\w+")),
    "mayaUsdPlugin": _Known(re.compile(r"mayaUsd\w+|pxrUsd\w+|usdPreviewSurface")),
    "Turtle": _Known(re.compile(r"ilr\w+"), "turtle"),
    "Fur": _Known(re.compile(r"Fur\w+")),
}
"""Plug-ins that are often left over, by their names in ``requires``."""


def plugins(scene: Scene, renderer: str) -> list[Plugin]:
    """The plug-ins that are used, once each."""
    year = _YEAR.match(scene.version)
    exact = year is None or int(year[0]) >= _FIRST_EXACT_YEAR
    found: dict[str, Plugin] = {}
    for requirement in scene.requirements:
        if requirement.used or _shows(scene, requirement.name, renderer, exact=exact):
            found.setdefault(requirement.name, Plugin(requirement.name, requirement.version))
    return list(found.values())


def _shows(scene: Scene, name: str, renderer: str, *, exact: bool) -> bool:
    known = _KNOWN.get(name)
    if known is not None:
        return (known.renderer != "" and known.renderer == renderer) or any(map(known.types.fullmatch, scene.types))
    by_name = renderer != "" and renderer.casefold() in name.casefold()
    return by_name or not exact
