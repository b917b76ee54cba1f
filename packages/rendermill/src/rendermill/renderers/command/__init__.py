"""Any program as a job: once, or once a frame."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Any

from rendermill.farm.model.errors import BadInputError
from rendermill.renderers.base import JobDraft, job_name, output_folder
from rendermill.renderers.frames import openjd_range, parse_frames

_PLACE = re.compile(r"\{(frame|output)\}")


def draft(program: list[str], *, name: str, frames: str | None, output: PurePath) -> JobDraft:
    """A job that runs ``program``; ``{frame}`` and ``{output}`` in its arguments are the frame and the output folder.

    Raises :class:`BadInputError` for an empty program, a wrong range, or ``{frame}`` without frames.
    """
    if not program or not program[0]:
        raise BadInputError("no program was given", where="command", remedy="rendermill submit -- PROGRAM ARGUMENTS")
    if frames is None and any("{frame}" in part for part in program):
        raise BadInputError("{frame} is used without frames", where="command", remedy="Give --frames 1-24.")
    command, *arguments = [_with_symbols(part) for part in program]
    action: dict[str, Any] = {"command": command, **({"args": arguments} if arguments else {})}
    step: dict[str, Any] = {"name": "run", "script": {"actions": {"onRun": action}}}
    parameters: list[dict[str, Any]] = [output_folder(output)]
    values: dict[str, Any] = {}
    if frames is not None:
        parameters.append({"name": "Frames", "type": "STRING", "description": "An OpenJD range expression."})
        values["Frames"] = openjd_range(parse_frames(frames))  # a default would be limited to 1,024 characters
        step["parameterSpace"] = {
            "taskParameterDefinitions": [{"name": "Frame", "type": "INT", "range": "{{Param.Frames}}"}]
        }
    template = {
        "specificationVersion": "jobtemplate-2023-09",
        "name": job_name(name),
        "parameterDefinitions": parameters,
        "steps": [step],
    }
    return JobDraft(template, values)


def _with_symbols(part: str) -> str:
    symbols = {"frame": "{{Task.Param.Frame}}", "output": "{{Param.OutputDir}}"}
    return _PLACE.sub(lambda match: symbols[match[1]], part)
