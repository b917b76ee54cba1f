"""What renders in a Clarisse project: images, and the layers in them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from rendermill.scenes.clarisse.items import Item
from rendermill.scenes.clarisse.project import Project
from rendermill.scenes.numbers import number
from rendermill.scenes.report import FrameRange, Plugin, Renderable

# The choices of Image.resolution_multiplier; 2 is what scripts set for full size, 1 is documented as 50 %.
_MULTIPLIERS = {"0": 0.25, "1": 0.5, "2": 1.0, "3": 2.0}
_SIZE = re.compile(r"(\d{1,6})\s*[xX]\s*(\d{1,6})")
_LARGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class Rendered:
    """All that renders, and the third-party classes it needs."""

    renderables: tuple[Renderable, ...]
    plugins: tuple[Plugin, ...]


def rendered(project: Project, frames: FrameRange) -> Rendered:
    """Each image, followed by its layers; ``frames`` hold where an image does not tell its own."""
    names = _names(project)
    pictures = [_Picture(image, frames, names) for image in project.images]
    classes = dict.fromkeys(name for picture in pictures for name in picture.foreign_renderers())
    renderables = tuple(each for picture in pictures for each in picture.renderables())
    return Rendered(renderables, tuple(Plugin(name) for name in classes))


def camera_names(project: Project) -> list[str]:
    """The cameras by name, by path where several have that name."""
    names = _names(project)
    return [names[camera.path] for camera in project.cameras]


def _names(project: Project) -> dict[str, str]:
    count = Counter(camera.name for camera in project.cameras)
    return {camera.path: camera.name if count[camera.name] == 1 else camera.path for camera in project.cameras}


class _Picture:
    """One image and its layers."""

    def __init__(self, image: Item, frames: FrameRange, cameras: dict[str, str]) -> None:
        self._image = image
        self._cameras = cameras
        self._frames = _frames(image, frames)
        self._layers = list(_layers(image))

    def renderables(self) -> Iterator[Renderable]:
        layers = [self._layer(each) for each in self._layers]
        resolution = _resolution(self._image)
        details = {
            **_details(self._image, self._frames, enabled=self._image.flag("render_to_disk") is not False),
            "resolution_multiplier": self._image.first("resolution_multiplier"),
            "layers": [dict(layer.details) for layer in layers],
        }
        yield Renderable(
            name=self._image.path,
            kind="image",
            frames=self._frames,
            cameras=tuple(dict.fromkeys(camera for layer in layers for camera in layer.cameras)),
            resolution=resolution,
            renderer=next((layer.renderer for layer in layers if layer.renderer), ""),
            output=self._image.first("save_as"),
            enabled=self._image.flag("render_to_disk") is not False,
            format=self._image.first("format"),
            details=details,
        )
        yield from (replace(layer, resolution=resolution) for layer in layers)

    def foreign_renderers(self) -> Iterator[str]:
        for layer in self._layers:
            renderer = layer.find(layer.first("renderer"))
            if renderer is not None and _is_foreign(renderer):
                yield renderer.class_name

    def _layer(self, layer: Item) -> Renderable:
        frames = _frames(layer, self._frames)
        told = layer.flag("render_to_disk")
        enabled = bool(layer.first("save_as")) if told is None else told
        camera = layer.first("active_camera")
        deep = {
            "enable_deep_output": layer.flag("enable_deep_output") is True,
            "enable_deep_output_path": layer.first("save_deep_data_as"),
        }
        return Renderable(
            name=layer.path,
            kind="layer",
            frames=frames,
            cameras=(self._camera(layer, camera),) if camera else (),
            resolution=None,
            renderer=_renderer(layer),
            output=layer.first("save_as"),
            enabled=enabled,
            layer=layer.name,
            format=layer.first("format"),
            details={**_details(layer, frames, enabled=enabled), **deep},
        )

    def _camera(self, layer: Item, reference: str) -> str:
        camera = layer.find(reference)
        return self._cameras.get(camera.path, camera.name) if camera else reference.rpartition("/")[2]


def _layers(image: Item) -> Iterator[Item]:
    """The layers that the image lists; without a list, what is embedded in it and is a layer by its class."""
    listed = {name.removeprefix(".") for name in image.attributes.get("layers", ())}
    for item in image.members:
        if item.name in listed or (not listed and "Layer" in item.class_name):
            yield item


def _renderer(layer: Item) -> str:
    """The renderer as the layer names it; of a third-party one its class, for that is what must be installed."""
    reference = layer.first("renderer")
    renderer = layer.find(reference) if reference else None
    if renderer is None:
        return reference.rpartition("/")[2]
    return renderer.class_name if _is_foreign(renderer) else renderer.name


def _is_foreign(renderer: Item) -> bool:
    return not renderer.class_name.startswith("Renderer")


def _frames(item: Item, default: FrameRange) -> FrameRange:
    start = item.number("first_frame", default.start)
    end = item.number("last_frame", default.end)
    step = item.number("frame_step", default.step)
    return FrameRange(start, end, step if step > 0 else default.step, default.fps)


def _resolution(image: Item) -> tuple[int, int] | None:
    """The size of an image in pixels; None where it is its class's default, which no file tells."""
    written = image.attributes.get("resolution", [])
    match = _SIZE.search(image.first("resolution_preset"))
    sizes = [number(text, 0) for text in (written or (match.groups() if match else ()))]
    width, height = sizes[:2] if len(sizes) >= 2 else (0, 0)
    if not (0 < width < _LARGEST and 0 < height < _LARGEST):
        return None
    share = _MULTIPLIERS.get(image.first("resolution_multiplier"), 1.0)
    return round(width * share), round(height * share)


def _details(item: Item, frames: FrameRange, *, enabled: bool) -> dict[str, Any]:
    return {
        "name": item.path,
        "frames": f"{frames.start}-{frames.end}[{frames.step}]",
        "renderable": enabled,
        "output": item.first("save_as"),
        "format": item.first("format"),
        "LUT": item.first("LUT"),
        "save_to_disk": enabled,
    }
