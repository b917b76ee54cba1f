"""What a scene means to a farm: its findings."""

from __future__ import annotations

import re
from typing import TypeVar

from rendermill.scenes.findings import Findings, Reference, Source
from rendermill.scenes.locate.template import Template
from rendermill.scenes.maya import attributes as named
from rendermill.scenes.maya.caches import implied
from rendermill.scenes.maya.files import references
from rendermill.scenes.maya.layers import Layer, layers, uses_render_setup
from rendermill.scenes.maya.model import Scene
from rendermill.scenes.maya.paths import Places
from rendermill.scenes.maya.plugins import plugins
from rendermill.scenes.maya.project import DEFINITION, Project, definitions, project_of
from rendermill.scenes.maya.referenced import referenced_files
from rendermill.scenes.maya.settings import Camera, Settings, cameras_of, spelled_prefix
from rendermill.scenes.maya.units import rate
from rendermill.scenes.report import Renderable, Software

_Thing = TypeVar("_Thing")
_MOST = 2000
_MOST_VIEWS = 200_000
"""How many cameras of all layers together a report can hold."""
_UPDATE = re.compile(r"ff\d+$")
_PRODUCT = re.compile(r"(\d[\d.]{0,9}(?:ff\d+)?)\s*$")
_SYSTEMS = (("windows", "windows"), ("linux", "linux"), ("mac", "macos"), ("darwin", "macos"))


def tell(scene: Scene, source: Source, found: Findings) -> None:
    """Put what the scene means into the findings."""
    _software(scene, found)
    cameras = _some(cameras_of(scene), _MOST, "cameras", found)
    all_layers = _some(layers(scene), min(_MOST, _MOST_VIEWS // (len(cameras) or 1)), "layers", found)
    settings = Settings(scene, all_layers[0])
    projects = _projects(source)
    found.frames = settings.stored()
    found.resolution = settings.resolution()
    found.renderer = settings.renderer
    found.plugins += plugins(scene, found.renderer)
    found.renderables += _renderables(scene, all_layers, cameras, projects[0])
    rendered = {name for each in found.renderables for name in each.cameras}
    found.cameras += [each.name for each in cameras if each.name in rendered or not _is_view(each)]
    found.roots += [project.root for project in projects]
    found.looked += map(str, definitions(str(source.main)) + definitions(source.folder))
    found.references += _files(scene, source, projects, found)
    if rate(scene.time_unit) is None:
        found.warn(f"the unit of time {scene.time_unit!r} is not known; 24 frames per second are assumed")


def _some(things: list[_Thing], most: int, kind: str, found: Findings) -> list[_Thing]:
    """As many as a report can hold."""
    if len(things) > most:
        found.warn(f"the scene has {len(things)} {kind}; the first {most} are told")
    return things[:most]


def _software(scene: Scene, found: Findings) -> None:
    version = _plain(scene.version or scene.saved_by)
    system = scene.info.get("osv", "").casefold()
    platform = next((platform for word, platform in _SYSTEMS if word in system), "")
    product = _PRODUCT.search(scene.info.get("product", ""))
    found.software = Software("maya", version, platform)
    saved_by = _plain(product[1]) if product is not None else _plain(scene.saved_by)
    if version and saved_by and version != saved_by:
        found.warn(f"version mismatch: the scene requires Maya {version}, but was saved by Maya {saved_by}")


def _plain(version: str) -> str:
    """A version without the mark of an update: ``2025ff01`` is 2025."""
    return _UPDATE.sub("", version)


def _projects(source: Source) -> tuple[Project, ...]:
    """That of the scene that the user named, since Maya has one at a time, and that of the scene itself."""
    return tuple({each.root: each for each in map(project_of, (str(source.main), source.folder))}.values())


def _is_view(camera: Camera) -> bool:
    """Whether it is one of those that only look at the scene: top, front, side."""
    node = camera.node
    return node.number(named.ORTHOGRAPHIC, 0) != 0 and node.number(named.RENDERABLE, 1) == 0


def _renderables(scene: Scene, all_layers: list[Layer], cameras: list[Camera], project: Project) -> list[Renderable]:
    playback = Settings(scene, all_layers[0]).playback()
    shared: dict[str, object] = {
        "all_camera": [camera.name for camera in cameras],
        "layer_type": "1" if uses_render_setup(scene) else "0",
        "project": project.root,
        "images": project.folder("images"),
        "playback": [playback.start, playback.end] if playback is not None else [],
    }
    enabled = sum(layer.enabled for layer in all_layers)
    return [_renderable(layer, Settings(scene, layer), cameras, enabled, shared) for layer in all_layers]


def _renderable(
    layer: Layer, settings: Settings, cameras: list[Camera], layers_enabled: int, shared: dict[str, object]
) -> Renderable:
    through = settings.cameras(cameras)
    names = tuple(camera.name for camera in through)
    prefix, image_format = settings.prefix(), settings.image_format()
    details = {
        **shared,
        "render_camera": list(names),
        "is_default_camera": all(camera.is_startup for camera in through),
        "image_format": image_format,
        "image_file_prefix": prefix,
        "animation": settings.animation,
        "renumber_frames": settings.renumbers,
        "padding": settings.padding,
    }
    return Renderable(
        name=layer.name,
        kind=layer.kind,
        frames=settings.frames(),
        cameras=names,
        resolution=settings.resolution(),
        renderer=settings.renderer,
        output=spelled_prefix(prefix, cameras=len(names), layers=layers_enabled),
        enabled=layer.enabled,
        layer=layer.name,
        format=image_format,
        active=True,
        details=details,
    )


def _files(scene: Scene, source: Source, projects: tuple[Project, ...], found: Findings) -> list[Reference]:
    places = Places(projects, source)
    made = [
        *referenced_files(scene, places, found),
        *references(scene, places),
        *implied(scene, places, source.path.stem),
    ]
    if projects[0].defined and source.folder == str(source.main):
        definition = f"{projects[0].root}/{DEFINITION}"
        made.append(Reference(DEFINITION, "project", (Template.literal(definition),)))
    return made
