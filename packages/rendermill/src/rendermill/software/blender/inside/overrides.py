"""Applying a job's wishes to the loaded scene; what is not asked for stays as the scene has it."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import Any

import bpy

from rendermill.software.blender.inside.files import Use, external_files, libraries

_FORMATS = {
    "EXR": "OPEN_EXR",
    "EXR_MULTILAYER": "OPEN_EXR_MULTILAYER",
    "MULTILAYER": "OPEN_EXR_MULTILAYER",
    "JPG": "JPEG",
}
_MOVIES = ("FFMPEG", "AVI_JPEG", "AVI_RAW")
_PIXELS = range(4, 65537)
_GPU = ("CUDA", "OPTIX", "HIP", "METAL", "ONEAPI")


class SettingError(Exception):
    """A wish that this scene or this Blender cannot fulfil."""


def apply(settings: dict[str, Any]) -> Any:
    """Apply ``settings`` (see the Blender renderer's template) and return the scene to render.

    Raises :class:`SettingError` with a reason for a person.
    """
    scene = _scene(settings.get("scene"))
    _layers(scene, settings.get("layer"))
    _camera(scene, settings.get("camera"))
    _engine(scene, settings.get("engine"))
    _samples(scene, settings.get("samples"))
    _size(scene.render, settings)
    _format(scene, settings.get("format"))
    if cores := settings.get("cores"):
        scene.render.threads_mode = "FIXED"
        scene.render.threads = int(cores)
    _device(scene, settings.get("device"))
    return scene


def _scene(name: str | None) -> Any:
    if not name:
        return bpy.context.scene
    if name not in bpy.data.scenes:
        raise SettingError(f"there is no scene {name!r}; it has: {_names(bpy.data.scenes)}")
    return bpy.data.scenes[name]


def _layers(scene: Any, name: str | None) -> None:
    if not name:
        return
    if name not in scene.view_layers:
        raise SettingError(f"there is no view layer {name!r}; {scene.name} has: {_names(scene.view_layers)}")
    for layer in scene.view_layers:
        layer.use = layer.name == name


def _camera(scene: Any, name: str | None) -> None:
    cameras = [thing for thing in scene.objects if thing.type == "CAMERA"]
    if name:
        chosen = next((camera for camera in cameras if camera.name == name), None)
        if chosen is None:
            raise SettingError(f"there is no camera {name!r}; {scene.name} has: {_names(cameras)}")
        scene.camera = chosen
        for marker in scene.timeline_markers:  # a marker bound to a camera would switch it back
            marker.camera = None
    if scene.camera is None:
        raise SettingError(f"the scene {scene.name} has no camera; add one, or choose one of: {_names(cameras)}")


def _engine(scene: Any, name: str | None) -> None:
    if not name:
        return
    wanted = name.upper()
    aliases = {"EEVEE": ("BLENDER_EEVEE_NEXT", "BLENDER_EEVEE"), "WORKBENCH": ("BLENDER_WORKBENCH",)}
    reason = ""
    for candidate in aliases.get(wanted.removeprefix("BLENDER_").removesuffix("_NEXT"), (wanted,)):
        try:
            scene.render.engine = candidate
            return
        except TypeError as error:
            reason = str(error)
    raise SettingError(f"there is no render engine {name!r}: {reason}")


def _samples(scene: Any, samples: int | None) -> None:
    if not samples:
        return
    if scene.render.engine == "CYCLES":
        scene.cycles.samples = int(samples)
    elif "EEVEE" in scene.render.engine:
        scene.eevee.taa_render_samples = int(samples)


def _size(render: Any, settings: dict[str, Any]) -> None:
    width, height = (_pixels(settings, name) for name in ("width", "height"))
    if width or height:
        render.resolution_percentage = 100
    render.resolution_x = width or render.resolution_x
    render.resolution_y = height or render.resolution_y
    if resolution := settings.get("resolution"):
        render.resolution_percentage = int(resolution)


def _pixels(settings: dict[str, Any], name: str) -> int:
    """A wished width or height; 0 for none."""
    wanted = str(settings.get(name) or 0)
    pixels = int(wanted) if re.fullmatch(r"-?[0-9]{1,9}", wanted) else -1
    if pixels and pixels not in _PIXELS:
        raise SettingError(f"the {name} is {_PIXELS[0]} to {_PIXELS[-1]} pixels, not {wanted}")
    return pixels


def _format(scene: Any, name: str | None) -> None:
    image = scene.render.image_settings
    if not name and image.file_format not in _MOVIES:
        return
    wanted = _FORMATS.get((name or "PNG").upper(), (name or "PNG").upper())
    if wanted in _MOVIES:
        raise SettingError(f"{name} is a movie format; render frames and encode them")
    if hasattr(image, "media_type"):  # since 5.0 the kind of medium comes first
        image.media_type = "MULTI_LAYER_IMAGE" if wanted == "OPEN_EXR_MULTILAYER" else "IMAGE"
    try:
        image.file_format = wanted
    except TypeError as error:
        raise SettingError(f"there is no output format {name!r}: {error}") from error


def _device(scene: Any, device: str | None) -> None:
    if not device or scene.render.engine != "CYCLES":
        return
    if device.upper() == "CPU":
        scene.cycles.device = "CPU"
        return
    wanted = device.upper()
    if wanted not in _GPU:
        raise SettingError(f"there is no device {device!r}; it is CPU or one of {', '.join(_GPU)}")
    preferences = bpy.context.preferences.addons["cycles"].preferences
    try:
        preferences.compute_device_type = wanted
    except TypeError as error:
        raise SettingError(f"this Blender cannot use {wanted}: {error}") from error
    preferences.get_devices()
    usable = [unit for unit in preferences.devices if unit.type == wanted]
    if not usable:
        raise SettingError(f"no {wanted} device was found on this worker")
    for unit in preferences.devices:
        unit.use = unit.type == wanted
    scene.cycles.device = "GPU"


def remap(rules: list[tuple[str, str]], found: Sequence[tuple[str, str]] = ()) -> int:
    """Point paths of the submitter at this session's files; returns how many changed.

    ``rules`` are pairs (source folder, destination folder), the most specific first: absolute paths follow them, while
    relative ones need nothing, because sessions mirror the submitter's folders. ``found`` are pairs of a path and the
    one where its file was found instead, both the submitter's.
    """
    places = _Places(rules, found)
    done: set[str] = set()
    # Reloading a library replaces all that came from it, other libraries included.
    while use := next((use for use in libraries() if use.owner not in done and places.of(use)), None):
        done.add(use.owner)
        _point(use, places.of(use))
    changed = len(done)
    for use in external_files():
        if use.attribute and use.owner not in done and (target := places.of(use)):
            _point(use, target)
            changed += 1
    return changed


def _point(use: Use, target: str | None) -> None:
    """Point a use at the session's file."""
    setattr(use.block, use.attribute, target)
    if hasattr(use.block, "reload"):
        use.block.reload()


class _Places:
    """Where the submitter's files are in this session."""

    def __init__(self, rules: list[tuple[str, str]], found: Sequence[tuple[str, str]]) -> None:
        self._rules = rules
        self._found = {self._here(_plain(asked)): self._here(target) for asked, target in found}

    def of(self, use: Use) -> str | None:
        """Another place for a use than it has; None where that is right, or nothing is known."""
        keys = (use.place, self._here(use.place), self._here(_plain(use.raw)))
        target = next((self._found[key] for key in keys if key in self._found), None)
        if target is None and not use.raw.startswith("//"):
            target = _mapped(use.raw, self._rules)
        if target is None and not _is_absolute(use.raw) and (use.found or os.path.exists(use.path)):
            target = use.path  # what is relative to anything else is looked for beside the .blend
        return target if target != use.raw else None

    def _here(self, path: str) -> str:
        return _mapped(path, self._rules) or path


def _is_absolute(raw: str) -> bool:
    return raw.startswith(("/", "\\")) or raw[1:2] == ":"


def _plain(path: str) -> str:
    return path.replace("\\", "/")


def _mapped(raw: str, rules: list[tuple[str, str]]) -> str | None:
    """Where an absolute path leads in this session; None for one that no rule is about.

    Paths of Windows are known by the names that their files have in a storage: ``D:\\a`` is ``/D/a``.
    """
    path = _plain(raw)
    if path[1:3] == ":/":
        path = f"/{path[0]}{path[2:]}"
    elif path.startswith("//"):
        path = path[1:]
    for source, destination in rules:
        if path.startswith(source.rstrip("/") + "/"):
            return destination.rstrip("/") + path[len(source.rstrip("/")) :]
    return None


def _names(things: Any) -> str:
    return ", ".join(thing.name for thing in things) or "none"
