"""Reading a USD scene: its layers first, then the little of it that must be composed."""

from __future__ import annotations

import math
from typing import Any

from pxr import Tf, UsdUtils

from rendermill.scenes.findings import DamageError, Findings, Source
from rendermill.scenes.report import FrameRange, Plugin
from rendermill.scenes.usd.address import Address
from rendermill.scenes.usd.layers import Layers
from rendermill.scenes.usd.opening import Opener, linked, said, told
from rendermill.scenes.usd.package import check
from rendermill.scenes.usd.places import Places
from rendermill.scenes.usd.renders import Renders, compose
from rendermill.scenes.usd.salvage import place, salvaged

_FPS: float = 24


def read_scene(source: Source, found: Findings) -> None:
    """Read a scene and all its layers. Raises DamageError if the scene itself cannot be opened."""
    try:
        str(source.path).encode()
    except UnicodeEncodeError as error:
        raise DamageError("its path is not UTF-8, which USD demands") from error
    silence = UsdUtils.CoalescingDiagnosticDelegate()  # usd-core's warnings would go to the standard error
    with linked(source.path, found.format) as link:
        opener = Opener(str(source.path), found.format, link)
        main = Address(str(source.path))
        if found.format == "usdz":
            main = check(main, opener, found)
        _read(source, found, opener, main)
    del silence


def _read(source: Source, found: Findings, opener: Opener, main: Address) -> None:
    layer = _opened(source, found, opener, main)
    found.frames = told(_frames, layer, None, found)
    layers = Layers(source, found, opener, main)
    layers.walk(layer)
    found.plugins += [Plugin(name) for name in sorted(layers.renderers)]
    first = FrameRange(1, 1, 1, told(_fps, layer, _FPS, found))
    settings = told(_default_settings, layer, "", found)
    renders = Renders(found, settings, found.frames or first, source.folder)
    places = Places(layers.read, main)
    paths = places.paths()
    if not places.complete:
        found.warn("it is composed of too many prims to find all its cameras and render settings")
    if paths:
        try:
            renders.tell(compose(layer, paths))
        except (Tf.ErrorException, UnicodeDecodeError) as error:
            found.damaged(f"USD cannot compose it: {said(error)}")
    if not found.renderables:
        renders.tell_whole()


def _opened(source: Source, found: Findings, opener: Opener, main: Address) -> Any:
    """The scene's own layer; of a text that is damaged, what stands before the damage. Raises DamageError."""
    try:
        return opener.layer(main)
    except DamageError as error:
        at = place(source.data, error) if found.format == "usda" else None
        if at is None:
            raise
        found.damaged(error.what, at)
        layer = salvaged(source.data, at, str(source.path))
        if layer is None:
            raise
        return layer


def _default_settings(layer: Any) -> str:
    key = "renderSettingsPrimPath"
    return str(layer.pseudoRoot.GetInfo(key)) if layer.pseudoRoot.HasInfo(key) else ""


def _frames(layer: Any) -> FrameRange | None:
    """The range of a scene, which its first layer tells; None if it tells neither end."""
    start = _number(layer.startTimeCode) if layer.HasStartTimeCode() else None
    end = _number(layer.endTimeCode) if layer.HasEndTimeCode() else None
    if start is None and end is None:
        return None
    first = start if start is not None else end
    last = end if end is not None else start
    assert first is not None and last is not None
    return FrameRange(first, last, 1, _fps(layer))


def _fps(layer: Any) -> float:
    """Frames per second; where a layer does not tell them they are its time codes (UsdStage)."""
    for is_there, value in (
        (layer.HasFramesPerSecond(), layer.framesPerSecond),
        (layer.HasTimeCodesPerSecond(), layer.timeCodesPerSecond),
    ):
        number = _number(value) if is_there else None
        if number is not None and number > 0:
            return number
    return _FPS


def _number(value: float) -> float | None:
    """An int if it is integral; None if it is no number."""
    if not math.isfinite(value):
        return None
    return int(value) if value == int(value) else value
