"""Frames as the API writes them: ``1-10[2]``, ``1,3-4[1]``, and flags for first, middle and last."""

from __future__ import annotations

import re

from rendermill.farm.model.errors import BadInputError
from rendermill.renderers.frames import openjd_range, parse_frames

_STEP = re.compile(r"\[(\d+)\]")
_RANGE = re.compile(r"(-?\d+)-(-?\d+)(?::(\d+))?")
_PRE = re.compile(r"([01])([01])([01])(?::(.+))?")


def parse_range(text: str, where: str) -> tuple[int, ...]:
    """The frames of ``start-end[step]``, comma separated, ascending, each once. Raises :class:`BadInputError`."""
    try:
        return tuple(parse_frames(_STEP.sub(r"x\1", text)))
    except BadInputError as error:
        raise BadInputError(error.what, where=where, remedy="Give frames as 1-10[1], 7 or 1,3-9[2].") from error


def write_range(frames: tuple[int, ...]) -> str:
    """Ascending frames as the API writes them: ``1-10[1]``, a single one as ``7``."""
    return ",".join(map(_written, openjd_range(list(frames)).split(","))) if frames else ""


def write_chunk(expression: str) -> str:
    """An OpenJD range expression (``1-4``, ``1-9:2``, ``7``) as the API writes it."""
    if "," not in expression:
        return _written(expression)
    return write_range(tuple(parse_frames(expression.replace(":", "x"))))  # OpenJD leaves two neighbours apart


def _written(part: str) -> str:
    match = _RANGE.fullmatch(part)
    return f"{match[1]}-{match[2]}[{match[3] or 1}]" if match else part


def parse_pre_frames(text: str, frames: tuple[int, ...], where: str) -> tuple[int, ...]:
    """Which frames go first: three flags for the first, middle and last one, perhaps ``:`` and others.

    ``000:1,3-4[1]`` are frames 1, 3 and 4. Raises :class:`BadInputError`.
    """
    match = _PRE.fullmatch("".join(text.split()))
    if match is None:
        raise BadInputError(
            f"{text[:60]!r} does not name priority frames", where=where, remedy="Give it as 100 or 000:1,3-4[1]."
        )
    chosen = set(parse_range(match[4], where)) if match[4] else set()
    places = (frames[:1], frames[(len(frames) - 1) // 2 :][:1], frames[-1:])
    for flag, place in zip(match.groups()[:3], places, strict=True):
        if flag == "1":
            chosen.update(place)
    return tuple(sorted(chosen))
