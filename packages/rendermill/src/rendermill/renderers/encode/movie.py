"""Frames into an MP4 file: H.264, 4:2:0, constant frame rate, playable while it loads.

PyAV carries x264, which is under the GPL: import this only in the process that makes the movie.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av
import numpy as np
from av.container import OutputContainer
from av.error import FFmpegError
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc, Interpolation
from av.video.stream import VideoStream

from rendermill.renderers.encode.errors import EncodeError
from rendermill.renderers.encode.pictures import Pixels, read_picture
from rendermill.renderers.encode.sequences import Sequence

DEFAULT_CRF = 18
"""Constant rate factor of x264, 1 (best) to 51; at 18 a viewer hardly sees a difference."""

_FLAGS = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INP
_BT709 = 1  # the H.264 number of the matrix; reformat() has numbers of its own


def encode_movie(
    sequence: Sequence,
    output: Path,
    *,
    fps: Fraction,
    crf: int = DEFAULT_CRF,
    on_frame: Callable[[int], None],
) -> None:
    """Encodes the frames in their order, each for the time of one frame; missing numbers take no time.

    ``fps`` is in frames per second. ``on_frame`` is called with the frame's index before each is read; one
    frame at a time is in memory, besides those that x264 looks ahead. The movie appears under its name when
    it is complete and checked, and replaces an older one; otherwise nothing is left of it.

    Raises EncodeError for a frame that cannot be read or has another size than the first, and for an output
    that cannot be written.
    """
    part = output.with_name(f".{output.name}.{os.getpid()}.part")
    try:
        _write(_pictures(sequence, on_frame), part, fps, crf)
        _check(part, len(sequence.frames))
        part.replace(output)
    except (FFmpegError, OSError) as error:
        raise EncodeError(f"{output} cannot be written: {error.strerror or error}") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def _pictures(sequence: Sequence, on_frame: Callable[[int], None]) -> Iterator[Pixels]:
    """The frames one after the other, all of one size."""
    height = width = 0
    for index, (_, path) in enumerate(sequence.frames):
        on_frame(index)
        pixels = read_picture(path)
        if index == 0:
            height, width = pixels.shape[:2]
        elif pixels.shape[:2] != (height, width):
            found = f"{pixels.shape[1]}x{pixels.shape[0]}"
            raise EncodeError(f"{path.name} is {found}, but the frames before it are {width}x{height}")
        yield pixels


def _write(pictures: Iterator[Pixels], part: Path, fps: Fraction, crf: int) -> None:
    first = next(pictures)  # a broken first frame is found before anything is made
    part.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(part.resolve()), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = _stream(container, _even(first), fps, crf)
        for index, pixels in enumerate(chain([first], pictures)):
            container.mux(stream.encode(_frame(_even(pixels), index, fps)))
        container.mux(stream.encode(None))


def _stream(container: OutputContainer, picture: Pixels, fps: Fraction, crf: int) -> VideoStream:
    """The video stream, marked as what it is: sRGB values in the Rec.709 matrix, 16 to 235."""
    stream = container.add_stream("libx264", rate=fps, options={"crf": str(crf), "preset": "medium"})
    stream.height, stream.width = picture.shape[:2]
    stream.pix_fmt = "yuv420p"
    coder = stream.codec_context
    coder.color_range = ColorRange.MPEG
    coder.colorspace = _BT709
    coder.color_primaries = ColorPrimaries.BT709
    coder.color_trc = ColorTrc.IEC61966_2_1
    return stream


def _frame(pixels: Pixels, index: int, fps: Fraction) -> av.VideoFrame:
    frame = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(
        format="yuv420p",
        dst_colorspace=Colorspace.ITU709,
        dst_color_range=ColorRange.MPEG,
        interpolation=_FLAGS,
    )
    frame.pts, frame.time_base = index, 1 / fps
    return frame


def _even(pixels: Pixels) -> Pixels:
    """The picture with its last row and column doubled where 4:2:0 needs an even number."""
    height, width = pixels.shape[:2]
    if height % 2 == width % 2 == 0:
        return pixels
    return np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")


def _check(part: Path, frames: int) -> None:
    """Reads the file back, without decoding it: a full disk does not always make the writing fail."""
    with av.open(str(part.resolve())) as container:
        found = sum(1 for packet in container.demux(video=0) if packet.size)
    if found != frames:
        raise EncodeError(f"the movie came out with {found} of {frames} frames")
