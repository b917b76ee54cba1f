"""The command of an encode step: turns a folder of frames into an MP4 movie.

It speaks to the session that runs it by lines on stdout: ``openjd_progress``, ``openjd_status`` and
``openjd_fail``. Exit codes: 0 when the movie is there, 1 when it is not, 128 + the signal's number when it
was stopped.
"""

from __future__ import annotations

import argparse
import re
import signal
import sys
from collections.abc import Sequence as Arguments
from fractions import Fraction
from pathlib import Path
from types import FrameType
from typing import NoReturn

from rendermill.renderers.encode.errors import EncodeError
from rendermill.renderers.encode.movie import DEFAULT_CRF, encode_movie
from rendermill.renderers.encode.sequences import Sequence, find_literally, find_sequence

MOST_GAPS = 8
"""Gaps that are listed one by one."""


def main(arguments: Arguments[str] | None = None) -> int:
    """Makes the movie that the arguments ask for; returns the exit code."""
    try:
        options = _parser().parse_args(arguments)
        sequence = _sequence(options)
        _report_gaps(sequence)
        _encode(sequence, options)
    except EncodeError as error:
        _say(f"openjd_fail: {' '.join(str(error).split())}")
        return 1
    return 0


def stop_cleanly() -> None:
    """Lets SIGTERM and SIGINT end the process by an exception, so that the unfinished movie is removed."""

    def stop(number: int, _: FrameType | None) -> NoReturn:
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, signal.SIG_IGN)  # a second one must not stop the cleaning
        raise SystemExit(128 + number)

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, stop)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise EncodeError(message)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m rendermill.renderers.encode", description="Frames into an MP4 movie.")
    parser.add_argument("input", type=Path, help="folder of frames, or a pattern: FOLDER/mill_####.png")
    parser.add_argument("--output", type=_output, required=True, metavar="OUT.mp4")
    parser.add_argument("--fps", type=_fps, required=True, help="frames per second: 24, 23.976 or 24000/1001")
    parser.add_argument("--crf", type=_crf, default=DEFAULT_CRF, help="1 (best) to 51, default %(default)s")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--sequence", metavar="PATTERN", help="which sequence of the folder: mill_####.png")
    which.add_argument(
        "--literal",
        action="store_true",
        help="the pattern is one of Blender's: only the last #s mean something, and a suffix follows",
    )
    return parser


def _output(text: str) -> Path:
    path = Path(text)
    if path.suffix.lower() != ".mp4":
        raise argparse.ArgumentTypeError(f"{text} must end with .mp4")
    if path.is_dir():
        raise argparse.ArgumentTypeError(f"{text} is a folder")
    return path


def _fps(text: str) -> Fraction:
    fps = None
    if re.fullmatch(r"\d{1,6}(\.\d{1,9})?|\d{1,7}/0*[1-9]\d{0,5}", text, re.ASCII):
        fps = Fraction(text).limit_denominator(10_000)
    if fps is None or not Fraction(1, 10) <= fps <= 1000:
        raise argparse.ArgumentTypeError(f"{text} must be a number from 0.1 to 1000, or a fraction like 24000/1001")
    return fps


def _crf(text: str) -> int:
    if not re.fullmatch(r"\d{1,2}", text, re.ASCII) or not 1 <= int(text) <= 51:
        raise argparse.ArgumentTypeError(f"{text} must be a whole number from 1 to 51")
    return int(text)


def _sequence(options: argparse.Namespace) -> Sequence:
    return find_literally(options.input) if options.literal else find_sequence(options.input, options.sequence)


def _encode(sequence: Sequence, options: argparse.Namespace) -> None:
    total = len(sequence.frames)

    def report(done: int) -> None:
        _say(f"openjd_progress: {100 * done / total:.1f}")
        _say(f"openjd_status: frame {done + 1} of {total}")

    encode_movie(sequence, options.output, fps=options.fps, crf=options.crf, on_frame=report)
    _say("openjd_progress: 100.0")
    _say(f"{options.output}: {total} frames of {sequence.pattern} at {options.fps} a second")


def _report_gaps(sequence: Sequence) -> None:
    gaps = [f"{first}" if first == last else f"{first}-{last}" for first, last in sequence.gaps]
    if gaps:
        more = f" and {len(gaps) - MOST_GAPS} more gaps" if len(gaps) > MOST_GAPS else ""
        _say(f"missing frames, which the movie jumps over: {', '.join(gaps[:MOST_GAPS])}{more}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    stop_cleanly()
    sys.exit(main())
