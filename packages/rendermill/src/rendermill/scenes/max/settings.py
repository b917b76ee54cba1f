"""What the lines of a 3ds Max scene's summary say of version, renderer, cameras, frames and batch renders.

``Animation Start=3``, ``Batch Render 00=name;on;Camera01;C:\\\\x.jpg;R3,6;320,240,1,0;;preset.rps``. Numbers have the
comma or point of the artist's Windows. The first line of the general group is ``3ds Max Version: 13,00`` in any
language; 13 is 2011.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rendermill.scenes.max.properties import Summary
from rendermill.scenes.report import FrameRange, Renderable

_VERSION = re.compile(r"(\d{1,3})[.,]\d+\s*$")
_FIRST_YEAR, _FIRST_NAMED_BY_YEAR = 1998, 10
_NUMBERED = re.compile(r"(.*\D) (\d+)")
_RANGE = re.compile(r"R(-?\d+),(-?\d+)(?:,(\d+))?")
_SIZE = re.compile(r"(\d{1,6}),(\d{1,6})(?:,|$)")
_BATCH_FIELDS = 8


@dataclass(frozen=True, slots=True)
class Settings:
    """The render settings of a scene."""

    cameras: tuple[str, ...]
    frames: FrameRange | None
    resolution: tuple[int, int] | None
    renderer: str
    output: str
    batches: tuple[Renderable, ...]
    presets: tuple[tuple[str, str], ...]
    """The names of batch renders with the presets that they load."""


def version(line: str) -> str:
    """The version that a line of the general group ends with, by its year from 2008 on."""
    match = _VERSION.search(line)
    if match is None:
        return ""
    major = int(match[1])
    return str(_FIRST_YEAR + major) if major >= _FIRST_NAMED_BY_YEAR else str(major)


def settings(summary: Summary) -> Settings:
    """The settings in the last group of the summary."""
    given = dict(line.partition("=")[::2] for line in summary.render)
    frames = _frames(given)
    size = _whole(given.get("Render Width", "")), _whole(given.get("Render Height", ""))
    resolution = (size[0], size[1]) if size[0] > 0 and size[1] > 0 else None
    renderer = given.get("Renderer Name", "")
    batches = tuple(_batches(given, frames, resolution, renderer))
    return Settings(
        cameras=tuple(_numbered(given, "Render Camera")),
        frames=frames,
        resolution=resolution,
        renderer=renderer,
        output=given.get("Render Output", ""),
        batches=tuple(batch for batch, _ in batches),
        presets=tuple((batch.name, preset) for batch, preset in batches if preset),
    )


def _numbered(given: dict[str, str], name: str) -> Iterator[str]:
    for key, value in given.items():
        match = _NUMBERED.fullmatch(key)
        if match is not None and match[1] == name:
            yield value


def _frames(given: dict[str, str]) -> FrameRange | None:
    start, end = given.get("Animation Start", ""), given.get("Animation End", "")
    if not start or not end:
        return None
    return FrameRange(_whole(start), _whole(end), max(1, _whole(given.get("Nth Frame", ""))), 0)


def _batches(
    given: dict[str, str], frames: FrameRange | None, resolution: tuple[int, int] | None, renderer: str
) -> Iterator[tuple[Renderable, str]]:
    for line in _numbered(given, "Batch Render"):
        name, state, camera, output, span, size, _, preset = (line.split(";") + [""] * _BATCH_FIELDS)[:_BATCH_FIELDS]
        ranged, sized = _RANGE.match(span), _SIZE.match(size)
        own = FrameRange(int(ranged[1]), int(ranged[2]), max(1, int(ranged[3] or 1)), 0) if ranged else None
        yield (
            Renderable(
                name=name,
                kind="batch",
                frames=own or frames or FrameRange(0, 0, 1, 0),
                cameras=(camera,) if camera else (),
                resolution=(int(sized[1]), int(sized[2])) if sized else resolution,
                renderer=renderer,
                output=output,
                enabled=state == "on",
                details={"preset": preset},
            ),
            preset,
        )


def _whole(text: str) -> int:
    match = re.match(r"\s*(-?\d{1,9})", text)
    return int(match[1]) if match else 0
