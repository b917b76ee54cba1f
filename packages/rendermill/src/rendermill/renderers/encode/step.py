"""The job step that makes a movie of another step's frames."""

from __future__ import annotations

import re
import shlex
from fractions import Fraction
from typing import Any

from rendermill.farm.model.errors import BadInputError

_NAME = re.compile(r"[^/\0]+\.mp4")


def encode_step(movie: str, fps: float, pattern: str, *, after: str) -> dict[str, Any]:
    """A step ``movie`` that encodes the frames ``pattern`` (``#`` for digits) of the step ``after`` to an MP4.

    ``movie`` is a file name in the output folder; ``fps`` may be broken (23.976…). Raises :class:`BadInputError` for
    a name that is none.
    """
    if not _NAME.fullmatch(movie):
        raise BadInputError(f"{movie!r} is not a file name for an MP4", where="movie", remedy="Give it as NAME.mp4.")
    rate = Fraction(fps).limit_denominator(1001)
    arguments = [
        "--fps",
        f"{rate.numerator}/{rate.denominator}",
        "--output",
        "{{Param.OutputDir}}/" + movie,
        "{{Param.OutputDir}}/" + pattern + ".*",
    ]
    return {
        "name": "movie",
        "dependencies": [{"dependsOn": after}],
        "script": {"actions": {"onRun": {"command": "rendermill-encode", "args": arguments}}},
    }


def commands(python: str) -> dict[str, str]:
    """The command that sessions get on their PATH: name → script."""
    return {"rendermill-encode": f'#!/bin/sh\nexec {shlex.quote(python)} -P -m rendermill.renderers.encode "$@"\n'}
