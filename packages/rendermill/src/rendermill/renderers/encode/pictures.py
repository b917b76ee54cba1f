"""Reads one rendered frame as the 8 bit colours that a screen shows.

Integer values (PNG, JPEG, TIFF …) are taken as they are, those of Cineon and logarithmic DPX too. Float
pictures (EXR, HDR) and a DPX that says it is linear hold linear Rec.709 light, which is what Blender writes;
they are encoded as sRGB, without a look or tone mapping: values above one are cut.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio
from numpy.typing import NDArray

from rendermill.renderers.encode.errors import EncodeError

Pixels = NDArray[np.uint8]
"""Height x width x (red, green, blue), encoded as sRGB."""

_FLOATS = (oiio.HALF, oiio.FLOAT, oiio.DOUBLE)
_LINEAR = frozenset({"lin_rec709_scene", "lin_rec709", "linear"})
_STRAIGHT = frozenset({"bmp", "jpeg2000", "sgi"})
"""Kinds whose alpha Blender does not multiply in, without OpenImageIO saying so."""
_OWN_COLOURS = "ocio://default"  # not what $OCIO points to: its colour spaces may have other names


@dataclass(frozen=True)
class _Layer:
    """Where the picture is inside a file of several parts and channels."""

    part: int
    channels: tuple[int, ...]
    """Three for red, green and blue, one for grey."""


def read_picture(path: Path) -> Pixels:
    """Reads a frame, of the size of its display window; transparent parts are laid over black.

    Of an EXR with several layers it takes the plain R, G, B, else the Combined pass, else the first colours.

    Raises EncodeError, naming the file, when it is missing, broken or has no colours.
    """
    with _opened(path) as picture:
        layer = _choose(picture, path)
    with _opened(path) as picture:  # anew: a WebP that was asked for a second part cannot go back
        return _read(picture, layer, path)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    hint = oiio.ImageSpec()
    hint.attribute("oiio:UnassociatedAlpha", 1)  # else 8 bit values would be multiplied in linear light
    picture = oiio.ImageInput.open(str(path), hint)
    if picture is None:
        raise EncodeError(f"{path.name} cannot be read: {oiio.geterror()}")
    try:
        yield picture
    finally:
        picture.close()


def _choose(opened: Any, path: Path) -> _Layer:
    ranked: list[tuple[int, _Layer]] = []
    part = 0
    while opened.seek_subimage(part, 0):
        ranked += _layers(opened.spec(), part)
        part += 1
    opened.geterror()  # some formats remember that there is no further part, and it is no error
    if not ranked:
        opened.seek_subimage(0, 0)
        channels = ", ".join(opened.spec().channelnames[:12])
        raise EncodeError(f"{path.name} has no red, green and blue; its channels are {channels}")
    return min(ranked, key=lambda each: each[0])[1]  # the first of the best


def _layers(spec: Any, part: int) -> list[tuple[int, _Layer]]:
    """The layers of one part that could be shown, each with a rank; the lowest is the best."""
    groups: dict[str, dict[str, int]] = {}
    for index, name in enumerate(spec.channelnames):
        prefix, _, component = name.rpartition(".")
        groups.setdefault(prefix, {}).setdefault(component.upper(), index)
    found = [
        (
            _rank(prefix, spec.get_string_attribute("oiio:subimagename")),
            _Layer(part, (at["R"], at["G"], at["B"])),
        )
        for prefix, at in groups.items()
        if at.keys() >= {"R", "G", "B"}
    ]
    if not found and spec.nchannels <= 2:
        found.append((4, _Layer(part, (0,))))
    if not found and spec.nchannels == 3 and spec.get_string_attribute("oiio:ColorSpace") == "KodakLog":
        found.append((4, _Layer(part, (0, 1, 2))))  # Blender's Cineon does not say what its channels are
    return found


def _rank(prefix: str, part_name: str) -> int:
    if not prefix:  # with one pass in each part, the part has the name of the pass
        return 0 if "Combined" in part_name.split(".") else 1
    return 2 if "Combined" in prefix.split(".") else 3


def _read(opened: Any, layer: _Layer, path: Path) -> Pixels:
    opened.seek_subimage(layer.part, 0)
    spec = opened.spec()
    light = spec.format.basetype in _FLOATS or spec.get_string_attribute("oiio:ColorSpace").lower() in _LINEAR
    straight = spec.alpha_channel if _is_straight(opened, spec) else -1
    used = [*layer.channels, straight] if straight >= 0 else list(layer.channels)
    first, behind = min(used), max(used) + 1
    pixels = opened.read_image(layer.part, 0, first, behind, "float" if light else "uint8")
    if pixels is None or opened.has_error:  # a cut JPEG gives pixels and an error
        raise EncodeError(f"{path.name} is broken: {opened.geterror()}")
    pixels = pixels.reshape(spec.height, spec.width, behind - first)
    colours = pixels[..., [channel - first for channel in layer.channels]]
    if straight >= 0:
        colours = _over_black(colours, pixels[..., straight - first, None])
    if colours.shape[2] == 1:
        colours = np.repeat(colours, 3, axis=2)
    return _display_window(_encode_light(colours, path) if light else colours, spec)


def _is_straight(opened: Any, spec: Any) -> bool:
    return bool(spec.get_int_attribute("oiio:UnassociatedAlpha")) or opened.format_name() in _STRAIGHT


def _over_black(colours: NDArray[Any], alpha: NDArray[Any]) -> NDArray[Any]:
    product: NDArray[Any] = colours.astype(np.uint16) * alpha if colours.dtype == np.uint8 else colours * alpha
    return product if colours.dtype != np.uint8 else ((product + 127) // 255).astype(np.uint8)


def _encode_light(colours: NDArray[np.float32], path: Path) -> Pixels:
    """Linear Rec.709 light as sRGB; what is not a finite number becomes black."""
    clean = np.nan_to_num(colours, nan=0.0, posinf=0.0, neginf=0.0)
    shown = oiio.ImageBufAlgo.colorconvert(
        oiio.ImageBuf(np.ascontiguousarray(clean)), "lin_rec709", "sRGB", colorconfig=_OWN_COLOURS
    )
    if shown.has_error:
        raise EncodeError(f"{path.name} cannot be brought to display colours: {shown.geterror()}")
    return np.asarray(shown.get_pixels("uint8"), dtype=np.uint8)


def _display_window(pixels: Pixels, spec: Any) -> Pixels:
    """The picture as it is meant to be seen: EXR may store less (a crop) or more (overscan) than that."""
    left, top = spec.x - spec.full_x, spec.y - spec.full_y
    width, height = spec.full_width, spec.full_height
    if (left, top, width, height) == (0, 0, spec.width, spec.height):
        return pixels
    canvas = np.zeros((height, width, 3), np.uint8)
    rows = slice(max(top, 0), max(min(top + spec.height, height), 0))
    columns = slice(max(left, 0), max(min(left + spec.width, width), 0))
    stored = pixels[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    canvas[rows, columns] = stored
    return canvas
