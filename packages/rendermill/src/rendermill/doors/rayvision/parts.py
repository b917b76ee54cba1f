"""scene_info_render: the things of a scene that are to be rendered, for each application."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from rendermill.doors.rayvision.codes import invalid
from rendermill.doors.rayvision.ranges import parse_range
from rendermill.doors.rayvision.taskfile import UNKNOWN_FIELD, TaskFile
from rendermill.farm.blueprint import MAX_TASKS

MAX_PARTS = 1000
_WHERE = "scene_info_render"
_ON = ("1", 1, True, "true", "True")
_BLENDER = {
    "width": "width",
    "height": "height",
    "Render_Format": "format",
    "scene_name": "scene",
    "camera_name": "camera",
    "view_layer": "layer",
    "Output_path": "pattern",
}


@dataclass(frozen=True, slots=True)
class Renderable:
    """One thing to render: its name as the artist sees it, its frames, what the application is told."""

    name: str
    frames: tuple[int, ...]
    settings: dict[str, str]
    camera: str = ""
    is_node: bool = False
    """Whether frames are shown with the name before them, as Houdini's are."""
    after: tuple[str, ...] = ()


def renderables(task: TaskFile) -> list[Renderable]:
    """What is to be rendered. Raises BadInputError."""
    found: dict[str, Renderable] = {}
    frames = 0
    for each in _READERS.get(task.software.name, _common)(task):
        if each.name in found:
            raise invalid(_WHERE, f"{each.name[:100]!r} is there twice")
        found[each.name] = each
        frames += len(each.frames)
        if len(found) > MAX_PARTS or frames > MAX_TASKS:
            raise invalid(_WHERE, f"over {MAX_PARTS} things, or over {MAX_TASKS} frames of all together")
    if not found:
        raise invalid(
            _WHERE,
            "there is nothing to render in it",
            "Analyse the scene, or give what is to be rendered with its frames.",
        )
    return list(found.values())


def _mapping(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise invalid(where, "it is no object")
    return value


def _only(source: dict[str, Any], known: set[str], where: str) -> None:
    """Pass if there are only fields that are honoured."""
    for name in source.keys() - known:
        raise invalid(f"{where}.{name[:100]}", UNKNOWN_FIELD)


def _nodes(info: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = info.get(name) or []
    if not isinstance(found, list):
        raise invalid(f"{_WHERE}.{name}", "it is no list")
    return [_mapping(node, f"{_WHERE}.{name}.{position}") for position, node in enumerate(found)]


def _frames(settings: dict[str, Any], where: str) -> tuple[int, ...]:
    """``frames``, or else ``start``, ``end`` and ``by_frame``."""
    text = settings.get("frames")
    if text in (None, "") and settings.get("start") not in (None, ""):
        text = f"{settings['start']}-{settings.get('end', settings['start'])}[{settings.get('by_frame', 1)}]"
    if text in (None, ""):
        raise invalid(f"{where}.frames", "it is missing")
    return parse_range(str(text), f"{where}.frames")


def _settings(source: dict[str, Any], *without: str) -> dict[str, str]:
    """What an application is told: every member, as text."""
    found = {}
    for name, value in source.items():
        if name not in ("frames", *without) and value not in (None, "", [], {}):
            found[name] = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return found


def _names(value: object, where: str) -> list[str]:
    """One name or a list of names."""
    found = value if isinstance(value, list) else [value] if value not in (None, "") else []
    if not all(isinstance(each, str) for each in found):
        raise invalid(where, "it is no list of names")
    return [str(each) for each in found]


# --- applications ------------------------------------------------------------------------------------------------


def _blender(task: TaskFile) -> Iterator[Renderable]:
    info = task.scene_info_render
    if not info:
        return
    _only(info, {"common"}, _WHERE)
    common = _mapping(info.get("common"), f"{_WHERE}.common")
    _only(common, {"frames", *_BLENDER}, f"{_WHERE}.common")
    frames = _frames(common, f"{_WHERE}.common")
    settings = {_BLENDER[name]: value for name, value in _settings(common, "scene_name", "camera_name").items()}
    if path := settings.pop("pattern", ""):
        settings["pattern"] = path.replace("\\", "/").rsplit("/", 1)[-1]
    for name in ("width", "height"):
        if not settings.get(name, "0").isdecimal():
            raise invalid(f"{_WHERE}.common.{name}", "it is no number of pixels")
    scenes = _names(common.get("scene_name"), f"{_WHERE}.common.scene_name")
    for scene in scenes or [""]:
        own = Renderable(scene or "render", frames, {**settings, "scene": scene} if scene else settings)
        yield from _by_camera(own, _names(common.get("camera_name"), f"{_WHERE}.common.camera_name"))


def _by_camera(thing: Renderable, cameras: list[str]) -> Iterator[Renderable]:
    """The thing once for each camera."""
    if len(cameras) < 2:
        camera = cameras[0] if cameras else ""
        yield replace(thing, camera=camera, settings={**thing.settings, **({"camera": camera} if camera else {})})
        return
    for camera in cameras:
        name = camera if thing.name == "render" else f"{thing.name}_{camera}"
        yield replace(thing, name=name, camera=camera, settings={**thing.settings, "camera": camera})


def _houdini(task: TaskFile) -> Iterator[Renderable]:
    info = task.scene_info_render
    _only(info, {"rop_node", "geo_node", "distributedsim_node"}, _WHERE)
    if any(node.get("render") in _ON for node in _nodes(info, "distributedsim_node")):
        raise invalid(f"{_WHERE}.distributedsim_node", "a simulation is not spread over machines here")
    simulated: list[str] = []
    for kind in ("geo_node", "rop_node"):
        for position, node in enumerate(_nodes(info, kind)):
            if node.get("render") not in _ON:
                continue
            where = f"{_WHERE}.{kind}.{position}"
            name = node.get("node")
            if not isinstance(name, str) or not name:
                raise invalid(f"{where}.node", "it names no node")
            waits = simulated if kind == "rop_node" and task.task_info.geo_node_dependency == "1" else []
            camera = str(node.get("camera") or "")
            told = _settings(node, "node", "render")
            yield Renderable(name, _frames(node, where), told, camera, is_node=True, after=tuple(waits))
            if kind == "geo_node":
                simulated.append(name)


def _maya(task: TaskFile) -> Iterator[Renderable]:
    layers = {name: _mapping(each, f"{_WHERE}.{name[:100]}") for name, each in task.scene_info_render.items()}
    chosen = (
        task.layers if task.layers is not None else [n for n, each in layers.items() if each.get("renderable") in _ON]
    )
    if task.task_info.is_layer_rendering == "0" and len(chosen) > 1:
        raise invalid("task_info.is_layer_rendering", "without layers only one can be rendered, and several are on")
    for name in chosen:
        if name not in layers:
            raise invalid("layers", f"there is no layer {name!r} in scene_info_render")
        where = f"{_WHERE}.{name[:100]}.common"
        common = _mapping(layers[name].get("common"), where)
        told = {**_settings(layers[name], "common", "renderable"), **_settings(common, "render_camera", "all_camera")}
        told |= {"layer": name, "render_layer_type": task.task_info.render_layer_type}
        own = Renderable(name, _frames(common, where), told)
        yield from _by_camera(own, _names(common.get("render_camera"), f"{where}.render_camera"))


def _clarisse(task: TaskFile) -> Iterator[Renderable]:
    _only(task.scene_info_render, {"image_node"}, _WHERE)
    for position, image in enumerate(_nodes(task.scene_info_render, "image_node")):
        where = f"{_WHERE}.image_node.{position}"
        if image.get("renderable") in _ON:
            told = _settings(image, "layers", "name", "renderable")
            yield Renderable(_name(image, where), _frames(image, where), told)
        for layer in _nodes(image, "layers"):
            if layer.get("renderable") in _ON:
                told = {"image": _name(image, where), **_settings(layer, "name", "renderable")}
                yield Renderable(_name(layer, where), _frames(layer, where), told)


def _name(node: dict[str, Any], where: str) -> str:
    if not isinstance(node.get("name"), str) or not node["name"]:
        raise invalid(f"{where}.name", "it is missing")
    return str(node["name"])


def _katana(task: TaskFile) -> Iterator[Renderable]:
    nodes = _mapping(task.scene_info_render.get("rendernodes", {}), f"{_WHERE}.rendernodes")
    for name, node in nodes.items():
        settings = _mapping(node, f"{_WHERE}.rendernodes.{name[:100]}")
        if settings.get("renderable") in _ON:
            frames = _frames(settings, f"{_WHERE}.rendernodes.{name[:100]}")
            yield Renderable(name, frames, _settings(settings, "renderable"))


def _unreal(task: TaskFile) -> Iterator[Renderable]:
    for queue in _nodes(task.scene_info_render, "all_movie_pipline_queue"):
        if queue.get("renderable") not in _ON:
            continue
        for job in _nodes(queue, "render_job"):
            if job.get("is_enable", "1") in _ON:
                name = f"{queue.get('name')}_{job.get('job_name')}"
                yield Renderable(name, _frames(job, f"{_WHERE}.render_job"), _settings(job))


def _common(task: TaskFile) -> Iterator[Renderable]:
    """Applications whose scene is one thing, perhaps seen by several cameras."""
    info = task.scene_info_render
    if not info:
        return
    common = _mapping(info.get("common"), f"{_WHERE}.common")
    told = {**_settings(info, "common"), **_settings(common, "renderable_camera", "all_camera")}
    own = Renderable("render", _frames(common, f"{_WHERE}.common"), told)
    yield from _by_camera(own, _names(common.get("renderable_camera"), f"{_WHERE}.common.renderable_camera"))


_READERS: dict[str, Callable[[TaskFile], Iterator[Renderable]]] = {
    "blender": _blender,
    "houdini": _houdini,
    "maya": _maya,
    "clarisse": _clarisse,
    "katana": _katana,
    "unreal-engine": _unreal,
}
