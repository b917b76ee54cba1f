"""Files that a scene implies: what lies beside a cache, an XGen collection, or by the name of the scene."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePosixPath

from rendermill.scenes.findings import Reference, Role
from rendermill.scenes.locate.template import Kind, Template, Token
from rendermill.scenes.maya.files import reference
from rendermill.scenes.maya.model import Attribute, Node, Scene
from rendermill.scenes.maya.paths import Places

_CACHE_PATH: Attribute = ("cp", "cachePath")
_CACHE_NAME: Attribute = ("cn", "cacheName")
_CACHE_FOLDER: Attribute = ("cd", "cacheDirectory")
_XGEN_FILE: Attribute = ("xfn", "xgFileName")


def implied(scene: Scene, places: Places, name: str) -> Iterator[Reference]:
    """What lies beside other things; ``name`` is that of the scene without its extension."""
    for node in scene.of_type("cacheFile"):
        yield from _cache(node, places)
    for node in scene.of_type("xgmPalette"):
        yield _collection(node, places, name)
    particles = scene.of_type("particle", "nParticle")
    if particles:
        yield from _particles(scene, particles[0], places, name)


def _cache(node: Node, places: Places) -> Iterator[Reference]:
    """A geometry cache: a description, and its data in one file or in one for each frame."""
    name = node.text(_CACHE_NAME)
    if not name:
        return
    base = posixpath.join(node.text(_CACHE_PATH).replace("\\", "/"), name)
    described = reference(places, f"{base}.xml", f"{node.name} {_CACHE_NAME[1]}", "fileCache")
    yield described
    if described.role is not Role.INPUT:
        return
    whole = [places.located(f"{base}{extension}", "fileCache").paths for extension in (".mcx", ".mc")]
    each = [
        tuple(_per_frame(path, extension) for path in places.located(f"{base}.xml", "fileCache").paths)
        for extension in (".mcx", ".mc")
    ]
    paths = tuple(path for paths in (*whole, *each) for path in paths)
    yield Reference(base, f"{node.name} {_CACHE_PATH[1]}", paths)


def _per_frame(description: Template, extension: str) -> Template:
    """``baseFrame12.mcx``, ``baseFrame12Tick34.mcx`` beside ``base.xml``."""
    *folders, name = description.components
    stem = "".join(str(part) for part in name).removesuffix(".xml")
    frames = (f"{stem}Frame", Token(Kind.ANY, "*"), extension)
    return Template(description.anchor, (*folders, frames))


def _collection(node: Node, places: Places, name: str) -> Reference:
    """An XGen collection lies beside the scene, ``<scene>__<collection>.xgen``."""
    written = node.text(_XGEN_FILE)
    file = written or f"{name}__{node.name.replace(':', '__ns__')}.xgen"
    found = reference(places, file, f"{node.name} {_XGEN_FILE[1]}", "")
    return found if written else replace(found, optional=True)


def _particles(scene: Scene, node: Node, places: Places, name: str) -> Iterator[Reference]:
    """Caches of particles lie in the project: those of the start by the scene's name, others as dynGlobals says."""
    folders = [f"{PurePosixPath(name).name}_startup"]
    folders += [each.text(_CACHE_FOLDER) for each in scene.nodes if each.text(_CACHE_FOLDER)]
    for folder in dict.fromkeys(folders):
        roots = [
            path for project in places.projects for path in (project.folder("particles"), f"{project.root}/particles")
        ]
        paths = tuple(Template.literal(posixpath.join(root, folder)) for root in dict.fromkeys(roots))
        yield Reference(f"particles/{folder}", f"{node.name} cache", paths, folder=True, optional=True)
