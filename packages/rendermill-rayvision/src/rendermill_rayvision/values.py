"""Values as task.json has them: text, whatever they are."""

from __future__ import annotations

import math
import re

from rendermill.scenes.report import FrameRange, Renderable, SceneReport

_CAPITAL = re.compile(r"(?<=[a-z0-9])([A-Z])")


def frames_text(frames: FrameRange | None) -> str:
    """Frames as the API writes them, ``1-10[1]``; empty if they are not known. Parts of frames are not rendered."""
    if frames is None:
        return ""
    start, end = sorted((whole(frames.start), whole(frames.end)))
    return f"{start}-{end}[{max(1, abs(whole(frames.step)))}]"


def whole(number: float) -> int:
    """A frame's number without its fraction; what is no number is 0."""
    return math.floor(number) if math.isfinite(number) else 0


def size_text(resolution: tuple[int, int] | None) -> dict[str, str]:
    """``width`` and ``height``, empty if they are not known."""
    width, height = resolution or ("", "")
    return {"width": str(width), "height": str(height)}


def flag(value: object) -> str:
    """``1`` or ``0``."""
    return "1" if value else "0"


def detail(thing: Renderable, name: str) -> str:
    """What only the thing's application has, as text; empty if it has it not."""
    value = thing.details.get(name)
    return "" if value is None else str(value)


def first_shown(report: SceneReport) -> Renderable | None:
    """The first thing of the scene that the file opens with, else the first of all."""
    return next((each for each in report.renderables if each.active), next(iter(report.renderables), None))


def snake_case(name: str) -> str:
    """``taskOverTimeSec`` as ``task_over_time_sec``."""
    return _CAPITAL.sub(r"_\1", name).lower()
