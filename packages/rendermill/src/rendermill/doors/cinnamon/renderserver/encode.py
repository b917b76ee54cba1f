"""Render tasks ``encode``: a movie of pictures.

The source is a render task, whose pictures are meant, or one picture of a sequence that lies in its folder.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import PurePosixPath
from typing import Any

from rendermill.doors.cinnamon.renderserver.plugins import Drafted, Order, SourceFile
from rendermill.farm.model.errors import BadInputError
from rendermill.renderers.base import job_name, output_folder
from rendermill.renderers.encode.step import check_movie

_FRAMES = PurePosixPath("/frames")
_OUTPUT = PurePosixPath("/output")
_NUMBERED = re.compile(r"(.*?)(\d+)(\.[^.]+)", re.DOTALL)
_DEFAULT_FPS = 24.0


class EncodePlugin:
    """Makes MP4s."""

    parameters: Mapping[str, str] = {
        "fps": "frames a second, 0.1 to 1000; default 24",
        "crf": "quality, 1 (best) to 51; default 18",
        "movie": "NAME.mp4; default: the task's name",
    }

    def draft(self, order: Order) -> Drafted:
        """See :class:`~rendermill.doors.cinnamon.renderserver.plugins.Plugin`."""
        order.given.only(self.parameters)
        fps = Fraction(order.given.fraction("fps", 0.1, 1000.0) or _DEFAULT_FPS).limit_denominator(1001)
        crf = order.given.number("crf", 1, 51)
        movie = check_movie(order.given.text("movie") or f"{_plain(order.name)}.mp4")
        frames = _frames(order)
        arguments = ["{{Param.Frames}}", "--output", "{{Param.OutputDir}}/" + movie]
        arguments += ["--fps", f"{fps.numerator}/{fps.denominator}"]
        if crf is not None:
            arguments += ["--crf", str(crf)]
        folder = {"name": "Frames", "type": "PATH", "objectType": "DIRECTORY", "dataFlow": "IN"}
        template: dict[str, Any] = {
            "specificationVersion": "jobtemplate-2023-09",
            "name": job_name(order.name),
            "parameterDefinitions": [folder, output_folder(_OUTPUT)],
            "steps": [
                {"name": "movie", "script": {"actions": {"onRun": {"command": "rendermill-encode", "args": arguments}}}}
            ],
        }
        inputs = tuple(each.at(str(_FRAMES / each.name)) for each in frames)
        return Drafted(template, {"Frames": str(_FRAMES), "OutputDir": str(_OUTPUT)}, inputs)


def _plain(name: str) -> str:
    return re.sub(r"[^\w.-]+", "_", name).strip("._")[:60] or "movie"


def _frames(order: Order) -> list[SourceFile]:
    """The numbered pictures that are meant. Raises :class:`BadInputError` where there are none."""
    if order.rendered:
        numbered = [each for each in order.rendered if _NUMBERED.fullmatch(each.name)]
        found = _of_kind(numbered, numbered[0]) if numbered else []
    else:
        found = _of_kind([order.content(), *order.beside], order.content())
    if not found:
        what = "it is neither a render task with pictures nor a picture with a number in its name"
        raise BadInputError(what, where="sourceId", remedy="Name a task that has rendered, or a picture of a sequence.")
    return found


def _of_kind(pictures: Sequence[SourceFile], one: SourceFile) -> list[SourceFile]:
    """Those of the pictures that are of one sequence with a picture."""
    match = _NUMBERED.fullmatch(one.name)
    if match is None:
        return []
    wanted = (match[1], match[3].lower())
    found = {each.name: each for each in pictures if (own := _NUMBERED.fullmatch(each.name)) and _kind(own) == wanted}
    return [found[name] for name in sorted(found)]


def _kind(match: re.Match[str]) -> tuple[str, str]:
    return match[1], match[3].lower()
