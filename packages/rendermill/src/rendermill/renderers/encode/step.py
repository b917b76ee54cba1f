"""The job step that makes a movie of another step's frames."""

from __future__ import annotations

import re
import shlex
from fractions import Fraction
from typing import Any

from rendermill.farm.model.errors import BadInputError

_NAME = re.compile(r"[^/\x00-\x1f\x7f-\x9f]+\.mp4")
_SYMBOL = re.compile(r"\{\{|\}\}")  # in a template these mean something


def encode_step(movie: str, fps: float, pattern: str, *, after: str) -> dict[str, Any]:
    """A step ``movie`` that encodes the frames of the step ``after`` to an MP4.

    ``pattern`` is what Blender was told to name them: its last ``#`` stand for digits, and a picture's suffix follows.

    ``movie`` is a file name in the output folder; ``fps`` may be broken (23.976…). Raises :class:`BadInputError` for
    a name that is none.
    """
    check_movie(movie)
    rate = Fraction(fps).limit_denominator(1001)
    arguments = [
        "--fps",
        f"{rate.numerator}/{rate.denominator}",
        "--output",
        "{{Param.OutputDir}}/" + movie,
        "--literal",
        "{{Param.OutputDir}}/" + pattern,
    ]
    return {
        "name": "movie",
        "dependencies": [{"dependsOn": after}],
        "script": {"actions": {"onRun": {"command": "rendermill-encode", "args": arguments}}},
    }


def check_movie(movie: str) -> str:
    """A file name for an MP4. Raises :class:`BadInputError` if it is none."""
    if not _NAME.fullmatch(movie) or _SYMBOL.search(movie):
        raise BadInputError(
            f"{movie!r} is not a file name for an MP4",
            where="movie",
            remedy="Give it as NAME.mp4, without control characters and double braces.",
        )
    return movie


def commands(python: str) -> dict[str, str]:
    """The command that sessions get on their PATH: name → script."""
    return {"rendermill-encode": f'#!/bin/sh\nexec {shlex.quote(python)} -P -m rendermill.renderers.encode "$@"\n'}
