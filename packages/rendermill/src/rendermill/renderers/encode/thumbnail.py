"""A small JPEG of a picture: ``python -m rendermill.renderers.encode.thumbnail PICTURE OUTPUT WIDTH``.

A process of its own, bounded in time and memory, because pictures come from jobs.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path

import numpy as np
import OpenImageIO as oiio

from rendermill.renderers.encode.errors import EncodeError
from rendermill.renderers.encode.pictures import Pixels, read_picture

_CPU_SECONDS = 60
_MEMORY = 8 * 1024**3


def make_thumbnail(picture: Path, output: Path, width: int) -> None:
    """Write a JPEG at most ``width`` pixels wide, of the picture's shape. Raises :class:`EncodeError`."""
    pixels = read_picture(picture)
    height, full = pixels.shape[:2]
    if full > width:
        pixels = _shrunk(pixels, width, max(1, round(height * width / full)))
    writer = oiio.ImageOutput.create("jpeg")
    spec = oiio.ImageSpec(pixels.shape[1], pixels.shape[0], 3, "uint8")
    spec.attribute("Compression", "jpeg:85")
    if writer is None:
        raise EncodeError(f"JPEG cannot be written: {oiio.geterror()}")
    if not writer.open(str(output), spec) or not writer.write_image(np.ascontiguousarray(pixels)):
        raise EncodeError(f"{output.name} cannot be written: {writer.geterror()}")
    writer.close()


def _shrunk(pixels: Pixels, width: int, height: int) -> Pixels:
    source = oiio.ImageBuf(np.ascontiguousarray(pixels))
    small = oiio.ImageBufAlgo.resize(source, filtername="triangle", roi=oiio.ROI(0, width, 0, height, 0, 1, 0, 3))
    if small.has_error:
        raise EncodeError(f"the picture cannot be made smaller: {small.geterror()}")
    return np.asarray(small.get_pixels("uint8"), dtype=np.uint8)


def main(words: list[str]) -> int:
    """Make one; what went wrong goes to standard error."""
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    picture, output, width = words
    try:
        make_thumbnail(Path(picture), Path(output), int(width))
    except (EncodeError, MemoryError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
