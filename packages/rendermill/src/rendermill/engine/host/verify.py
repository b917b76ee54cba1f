"""The judge of pictures: a renderer's own success is never trusted.

A picture must decode to its end, have the size that was asked for, if it was, and hold no NaN in its colours. What the
decoder forgives (a PNG cut within its last bytes, a JPEG without its end) is looked at by hand.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rendermill.farm.model.errors import RendermillError

PICTURES = frozenset(
    {
        ".png",
        ".jpg",
        ".jpeg",
        ".tif",
        ".tiff",
        ".exr",
        ".bmp",
        ".tga",
        ".webp",
        ".hdr",
        ".dpx",
        ".jp2",
        ".cin",
    }
)
_PNG_END = b"\x00\x00\x00\x00IEND\xaeB`\x82"
_JPEG_END = b"\xff\xd9"
_DITHER = 1
_COLOURS = frozenset({"R", "G", "B", "A", "Y"})


class BadPictureError(RendermillError):
    """A task's picture is not what it must be."""

    code = "bad_picture"


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a renderer said before it wrote: sizes in pixels and names of files. Empty where nothing was said."""

    width: int | None = None
    height: int | None = None
    files: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def of(cls, said: dict[str, Any] | None) -> Expectation:
        """From a ``rendermill_expect`` message; parts that make no sense are left out."""
        said = said or {}
        sizes = [said.get(name) for name in ("width", "height")]
        width, height = (size if isinstance(size, int) else None for size in sizes)
        names = said.get("files")
        return cls(width, height, frozenset(map(str, names)) if isinstance(names, list) else frozenset())

    def size_of(self, name: str) -> tuple[int, int] | None:
        """The size that a picture must have; None for any. Names bind it: a thumbnail beside a frame is smaller."""
        if self.width is None or self.height is None or (self.files and posixpath.basename(name) not in self.files):
            return None
        return (self.width, self.height)


@dataclass(frozen=True, slots=True)
class Expectations:
    """All that a renderer said of a task; where it spoke of a picture twice, the later word counts."""

    named: Mapping[str, Expectation]
    others: Expectation

    @classmethod
    def of(cls, said: Iterable[dict[str, Any]]) -> Expectations:
        """From ``rendermill_expect`` messages, in their order."""
        each = [Expectation.of(message) for message in said]
        named = {file: expectation for expectation in each for file in expectation.files}
        return cls(named, next((found for found in reversed(each) if not found.files), Expectation()))

    def of_picture(self, name: str) -> Expectation:
        """What was said of a picture."""
        return self.named.get(posixpath.basename(name), self.others)


def judge(file: Path, name: str, expected: Expectation) -> list[str]:
    """Check a file that a task wrote; returns warnings. Other files than pictures pass.

    Raises :class:`BadPictureError` saying what is wrong with it.
    """
    suffix = file.suffix.lower()
    if suffix not in PICTURES:
        return []
    if file.stat().st_size == 0:
        raise BadPictureError("the file is empty", where=name)
    _check_end(file, name, suffix)
    return _decode(file, name, expected)


def _check_end(file: Path, name: str, suffix: str) -> None:
    end = _tail(file, 64)
    if suffix == ".png" and not end.endswith(_PNG_END):
        raise BadPictureError("the PNG is cut off: its end (IEND) is missing", where=name)
    if suffix in (".jpg", ".jpeg") and _JPEG_END not in end:
        raise BadPictureError("the JPEG is cut off: its end marker is missing", where=name)


def _tail(file: Path, length: int) -> bytes:
    with file.open("rb") as stream:
        stream.seek(max(0, file.stat().st_size - length))
        return stream.read()


def _decode(file: Path, name: str, expected: Expectation) -> list[str]:
    import OpenImageIO as oiio

    source = oiio.ImageInput.open(str(file))
    if source is None:
        raise BadPictureError(f"it does not open as a picture: {oiio.geterror()}", where=name)
    try:
        peaks: list[float | None] = []
        while source.seek_subimage(len(peaks), 0):
            peaks.append(_check_part(source, name, expected))
    finally:
        source.close()
    seen = [peak for peak in peaks if peak is not None]
    return ["the picture is all black"] if seen and max(seen) <= 0.0 else []


def _check_part(source: Any, name: str, expected: Expectation) -> float | None:
    """Check one part of a picture; the greatest value of its colours, None if it has none.

    What dithering adds, which Blender does to pictures of 8 bits, is taken off.
    """
    import numpy as np

    spec = source.spec()
    size = (spec.full_width, spec.full_height)
    wanted = expected.size_of(name)
    if wanted is not None and size != wanted:
        what = f"it is {size[0]}x{size[1]} pixels, {wanted[0]}x{wanted[1]} were asked for"
        raise BadPictureError(what, where=name)
    pixels = source.read_image("float" if _is_float(spec) else "unknown")
    if pixels is None or source.has_error:
        raise BadPictureError(f"it does not decode to its end: {source.geterror()}", where=name)
    colours = [i for i, channel in enumerate(spec.channelnames) if channel.rpartition(".")[2] in _COLOURS]
    if not colours:
        return None  # distances, vectors: they may be undefined where nothing was hit
    values = pixels.reshape(-1, spec.nchannels)[:, colours]
    if values.dtype.kind == "f" and bool(np.isnan(values).any()):
        raise BadPictureError("it holds NaN (not a number) pixels", where=name)
    rgb = [i for i, channel in enumerate(spec.channelnames) if i in colours and not channel.endswith("A")]
    peak = float(pixels.reshape(-1, spec.nchannels)[:, rgb or colours].max())
    return peak - _DITHER if pixels.dtype == np.uint8 else peak


def _is_float(spec: Any) -> bool:
    import OpenImageIO as oiio

    return spec.format.basetype in (oiio.BASETYPE.HALF, oiio.BASETYPE.FLOAT, oiio.BASETYPE.DOUBLE)
