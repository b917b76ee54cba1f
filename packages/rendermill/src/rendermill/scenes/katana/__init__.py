"""Reads what can be had of Katana scenes (``.katana``): release, frames, cameras, Render nodes, files of nodes.

Each Render node is a :class:`Renderable` of kind ``render``, enabled unless it is bypassed; its camera, renderer and
size are those of the scene's RenderSettings where there is exactly one such node, and it has no ``details``. Frames
per second are not in a scene (0 in the report). What LookFiles, ops and Python expressions come to only Katana tells:
such a parameter is unresolved, and the report's confidence is low.
"""

from __future__ import annotations

import html
import posixpath
import re

from rendermill.scenes.findings import DamageError, Findings, Source
from rendermill.scenes.katana.archive import documents, header
from rendermill.scenes.katana.files import references
from rendermill.scenes.katana.nodes import Node, nodes
from rendermill.scenes.numbers import number
from rendermill.scenes.report import Confidence, FrameRange, Renderable, Software

_ATTRIBUTE = re.compile(r'(\w+)="([^"]*+)"')
_SIZE = re.compile(r"(\d{1,6})[xX](\d{1,6})")
_SETTING = "args.renderSettings."
_KEPT = frozenset({"RootNode", "RenderSettings", "Render", "CameraCreate"})


def read(source: Source, found: Findings) -> None:
    """Read a scene."""
    found.confidence = Confidence.LOW
    found.warn("what lookfiles, ops and expressions of a Katana scene name or change, only Katana can tell")
    found.software = Software("katana")
    tag, start = header(source.data)
    given = {key: html.unescape(value) for key, value in _ATTRIBUTE.findall(tag.decode("utf-8", "surrogateescape"))}
    found.software = Software("katana", given.get("release", given.get("version", "")))
    saved_as = given.get("sourceFile", "").replace("\\", "/")
    found.home = posixpath.dirname(saved_as) if saved_as.startswith("/") or saved_as[1:3] == ":/" else ""
    kept: list[Node] = []
    try:
        for document in documents(source.data, start):
            for node in nodes(document):
                found.references += references(node, source)
                if node.type in _KEPT:
                    kept.append(node)
    except DamageError as error:
        found.damaged(error.what, error.at)
    _tell(kept, found)


def _tell(kept: list[Node], found: Findings) -> None:
    for node in kept:
        if node.type == "RootNode" and node.text("inTime") and node.text("outTime"):
            found.frames = FrameRange(number(node.text("inTime"), 1), number(node.text("outTime"), 1), 1, 0)
    settings = [node for node in kept if node.type == "RenderSettings" and not node.bypassed]
    made = [node.text("name") for node in kept if node.type == "CameraCreate"]
    found.cameras += dict.fromkeys(filter(None, (*made, *(_set(node, "cameraName") for node in settings))))
    only = settings[0] if len(settings) == 1 else None
    found.renderer = _set(only, "renderer")
    match = _SIZE.search(_set(only, "resolution"))
    found.resolution = (int(match[1]), int(match[2])) if match else None
    camera = _set(only, "cameraName")
    for node in kept:
        if node.type == "Render":
            found.renderables.append(_renderable(node, camera, found))


def _set(settings: Node | None, name: str) -> str:
    """A render setting that is switched on."""
    if settings is None or settings.text(f"{_SETTING}{name}.enable") == "0":
        return ""
    return settings.text(f"{_SETTING}{name}.value")


def _renderable(node: Node, camera: str, found: Findings) -> Renderable:
    return Renderable(
        name=node.name,
        kind="render",
        frames=found.frames or FrameRange(1, 1, 1, 0),
        cameras=(camera,) if camera else (),
        resolution=found.resolution,
        renderer=found.renderer,
        output="",
        enabled=not node.bypassed,
    )
