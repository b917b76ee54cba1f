"""What a layer renders: frames, size, renderer, name and format of the pictures, and through which cameras."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

from rendermill.scenes.maya import attributes as named
from rendermill.scenes.maya.layers import Layer
from rendermill.scenes.maya.model import Attribute, Node, Number, Scene, Value, short
from rendermill.scenes.maya.units import USUAL_RATE, neat, rate, shown
from rendermill.scenes.report import FrameRange

_GLOBALS = "defaultRenderGlobals"
_RESOLUTION = "defaultResolution"
_VRAY = "vraySettings"
_REDSHIFT = "redshiftOptions"
_ARNOLD = "defaultArnoldDriver"
_RENDERMAN = "rmanGlobals"
_SOFTWARE = "mayaSoftware"
_CAMERAS = ("camera", "stereoRigCamera")
_STARTUP = ("persp", "top", "front", "side", "bottom", "left", "right", "back")
_HIGH = (960, 540)
_OLD = (640, 480)
_FIRST_HIGH_YEAR = 2012
_YEAR = re.compile(r"\d{1,4}")
_DEFAULT_FRAMES = (1, 10)
_SCENE = "<Scene>"
_LAYER_TOKENS = ("<layer>", "<renderlayer>", "%l")
_CAMERA_TOKENS = ("<camera>", "%c")
_PLAYBACK = re.compile(r"playbackOptions\s[^;]{0,200}?-min\s+(-?[\d.]{1,20})\s[^;]{0,200}?-max\s+(-?[\d.]{1,20})")
_MAYA_IFF = 7
# The numbers are those of the enumeration ``defaultRenderGlobals.imageFormat``.
_FORMATS = {
    0: "gif", 1: "pic", 2: "rla", 3: "tif", 4: "tif", 5: "sgi", 6: "als", 7: "iff", 8: "jpg", 9: "eps", 10: "iff",
    12: "yuv", 13: "sgi", 19: "tga", 20: "bmp", 21: "mv", 22: "mov", 23: "avi", 30: "pntg", 31: "psd", 32: "png",
    33: "pict", 34: "qtif", 35: "dds", 36: "psd", 40: "exr", 60: "swf", 61: "ai", 62: "svg", 63: "swft",
}  # fmt: skip
_BY_KEY = (50, 51)
_RENDERMAN_FORMATS = {"d_openexr": "exr", "d_tiff": "tif", "d_png": "png", "d_targa": "tga"}
_REDSHIFT_FORMATS = {0: "iff", 1: "exr", 2: "png", 3: "tga", 4: "jpg", 5: "tif"}


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera: the name of its transform, by which artists know it, and all names that overrides may call it."""

    name: str
    names: frozenset[str]
    node: Node

    @property
    def is_startup(self) -> bool:
        """Whether every scene has it."""
        return self.node.startup or self.name in _STARTUP


def cameras_of(scene: Scene) -> list[Camera]:
    """All cameras, in their order."""
    found = {}
    for node in scene.of_type(*_CAMERAS):
        name = short(node.parent) or node.name
        found[name] = Camera(name, frozenset((name, node.name)), node)
    return list(found.values())


class Settings:
    """The render settings of a scene as they are on one layer."""

    def __init__(self, scene: Scene, layer: Layer) -> None:
        self._scene = scene
        self._layer = layer

    @property
    def renderer(self) -> str:
        """As Maya names it."""
        return self._text(_GLOBALS, named.RENDERER) or _SOFTWARE

    @property
    def animation(self) -> bool:
        """Whether a range of frames is rendered, not just the current one."""
        by_vray = self._is_vray and self._number(_VRAY, named.VRAY_ANIMATION, 0) != 0
        return by_vray or self._number(_GLOBALS, named.ANIMATION, 0) != 0

    @property
    def fps(self) -> float:
        """Frames per second."""
        return shown(rate(self._scene.time_unit) or USUAL_RATE)

    def stored(self) -> FrameRange:
        """The range that the settings hold; that of the time slider where nothing was ever set."""
        if self._scene.named(_GLOBALS) is None and (playback := self.playback()) is not None:
            return playback
        start = self._frame(_GLOBALS, named.START, _DEFAULT_FRAMES[0])
        end = self._frame(_GLOBALS, named.END, _DEFAULT_FRAMES[1])
        step = self._number(_GLOBALS, named.STEP, self._frame(_GLOBALS, named.OLD_STEP, 1))
        return FrameRange(neat(start), neat(end), neat(step) or 1, self.fps)

    def frames(self) -> FrameRange:
        """What would render."""
        if self.animation:
            return self.stored()
        now = neat(self._frame("time1", named.CURRENT, 1))
        return FrameRange(now, now, 1, self.fps)

    def playback(self) -> FrameRange | None:
        """The range of the time slider, if the scene holds it."""
        node = self._scene.named("sceneConfigurationScriptNode")
        match = _PLAYBACK.search(node.text(named.SCRIPT)) if node is not None else None
        try:
            return FrameRange(neat(float(match[1])), neat(float(match[2])), 1, self.fps) if match else None
        except ValueError:
            return None

    def resolution(self) -> tuple[int, int]:
        """Width and height in pixels."""
        if self._is_vray:
            node, attributes, default = _VRAY, (named.VRAY_WIDTH, named.VRAY_HEIGHT), _OLD
        else:
            node, attributes, default = _RESOLUTION, (named.WIDTH, named.HEIGHT), self._usual_size()
        width, height = (self._number(node, *each) for each in zip(attributes, default, strict=True))
        return int(width), int(height)

    def cameras(self, cameras: list[Camera]) -> list[Camera]:
        """Those that it renders through."""
        return [each for each in cameras if self._is_renderable(each)]

    def prefix(self) -> str:
        """The name of the pictures as it is set; empty if it is not."""
        if self._is_vray:
            return self._text(_VRAY, named.VRAY_PREFIX)
        if self._is_renderman and (name := self._text(_RENDERMAN, named.RENDERMAN_NAME)):
            return posixpath.join(self._text(_RENDERMAN, named.RENDERMAN_FOLDER), name)
        own = ""
        if self.renderer == "redshift":
            own = self._text(_REDSHIFT, named.REDSHIFT_PREFIX)
        elif self.renderer == "arnold":
            own = self._text(_ARNOLD, named.ARNOLD_PREFIX)
        return own or self._text(_GLOBALS, named.PREFIX)

    def image_format(self) -> str:
        """The extension of the pictures."""
        if self._is_vray:
            return (self._text(_VRAY, named.VRAY_FORMAT) or "png").split(" ")[0]
        if self.renderer == "redshift" and self._scene.named(_REDSHIFT) is not None:
            return _REDSHIFT_FORMATS.get(int(self._number(_REDSHIFT, named.REDSHIFT_FORMAT, 0)), "")
        if self.renderer == "arnold" and self._scene.named(_ARNOLD) is not None:
            return self._text(_ARNOLD, named.ARNOLD_FORMAT) or "exr"
        if self._is_renderman:
            drivers = self._scene.types & _RENDERMAN_FORMATS.keys()
            return _RENDERMAN_FORMATS[drivers.pop()] if len(drivers) == 1 else "exr"
        code = int(self._number(_GLOBALS, named.IMAGE_FORMAT, _MAYA_IFF))
        return self._text(_GLOBALS, named.FORMAT_KEY) if code in _BY_KEY else _FORMATS.get(code, "")

    @property
    def padding(self) -> int:
        """The fewest digits of frame numbers in the names of pictures."""
        return int(self._number(_GLOBALS, named.PADDING, 1))

    @property
    def renumbers(self) -> bool:
        """Whether pictures are numbered otherwise than their frames."""
        return self._number(_GLOBALS, named.RENUMBER, 0) != 0

    @property
    def _is_vray(self) -> bool:
        return self.renderer == "vray" and self._scene.named(_VRAY) is not None

    @property
    def _is_renderman(self) -> bool:
        return self.renderer.casefold().startswith("renderman") and self._scene.named(_RENDERMAN) is not None

    def _usual_size(self) -> tuple[int, int]:
        """What Maya writes no size for: it grew, and the aspect ratio tells in between."""
        aspect = self._number(_RESOLUTION, named.DEVICE_ASPECT, 0)
        if aspect:
            return _OLD if aspect < (_OLD[0] / _OLD[1] + _HIGH[0] / _HIGH[1]) / 2 else _HIGH
        year = _YEAR.match(self._scene.version or self._scene.saved_by)
        return _OLD if year is not None and int(year[0]) < _FIRST_HIGH_YEAR else _HIGH

    def _is_renderable(self, camera: Camera) -> bool:
        value = self._layer.value(camera.names, named.RENDERABLE, camera.node.get(named.RENDERABLE))
        return not isinstance(value, Number) or value.value != 0

    def _value(self, node: str, attribute: Attribute, default: Value) -> Value | None:
        found = self._scene.named(node)
        before = found.get(attribute) if found is not None else None
        return self._layer.value(frozenset((node,)), attribute, default if before is None else before)

    def _number(self, node: str, attribute: Attribute, default: float) -> float:
        value = self._value(node, attribute, Number.plain(default))
        return value.value if isinstance(value, Number) else default

    def _frame(self, node: str, attribute: Attribute, default: float) -> float:
        value = self._value(node, attribute, Number.plain(default))
        return value.frames if isinstance(value, Number) else default

    def _text(self, node: str, attribute: Attribute) -> str:
        value = self._value(node, attribute, "")
        return value if isinstance(value, str) else ""


def spelled_prefix(prefix: str, *, cameras: int, layers: int) -> str:
    """The name of the pictures with what Maya puts before it, so that no camera and no layer writes over another."""
    name = prefix or _SCENE
    if cameras > 1 and not any(token in name.casefold() for token in _CAMERA_TOKENS):
        name = f"<Camera>/{name}"
    if layers > 1 and not any(token in name.casefold() for token in _LAYER_TOKENS):
        name = f"<Layer>/{name}"
    return name
