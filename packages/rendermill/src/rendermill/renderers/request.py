"""What a render service's client asks for, as a job: parts of a scene, their frames, and which come first.

A part is what can be rendered by itself: a layer, a ROP, a camera, an image. Each becomes a step, or two where some of
its frames are to be looked at before the rest.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Protocol

from openjd.model import IntRangeExpr, StepParameterSpaceIterator
from openjd.model.v2023_09 import RangeExpressionTaskParameterDefinition, StepParameterSpace

from rendermill.farm.model.software import SOFTWARE, software_word
from rendermill.renderers.base import job_name, output_folder
from rendermill.renderers.frames import openjd_range

_UNFIT = re.compile(r"[^\w.-]+")
_MAX_STEP_NAME = 50


@dataclass(frozen=True, slots=True)
class Part:
    """One thing to render. ``settings`` are the application's own words for it (camera, layer, node, format …)."""

    name: str
    frames: tuple[int, ...]
    first: tuple[int, ...] = ()
    """Frames to be rendered before all others; they need not be among ``frames``."""
    settings: Mapping[str, str] = field(default_factory=dict)
    folder: str = ""
    """Where its pictures go below the job's output folder."""
    after: tuple[str, ...] = ()
    """Names of parts whose files it reads."""


@dataclass(frozen=True, slots=True)
class Request:
    """A scene to be rendered."""

    software: str
    version: str
    scene: PurePosixPath
    parts: tuple[Part, ...]
    output: PurePosixPath
    plugins: Mapping[str, str] = field(default_factory=dict)
    project: str = ""
    chunk: int = 1
    """Frames that one task renders."""
    memory: int = 0
    """Least memory of the worker, in MiB; 0 for any."""
    gpus: int = 0


@dataclass(frozen=True, slots=True)
class Requested:
    """The job of a request: its template and values, the steps of each part, and those that go first."""

    template: dict[str, Any]
    parameters: dict[str, Any]
    steps: Mapping[str, tuple[str, ...]]
    first: tuple[str, ...]


class Values:
    """The parameters of a template that is being made.

    OpenJD allows fifty, so texts stand in the template itself; only those with double braces, which mean something
    there, become parameters.
    """

    def __init__(self) -> None:
        self.definitions: list[dict[str, Any]] = []
        self.values: dict[str, Any] = {}

    def path(self, name: str, value: PurePosixPath) -> str:
        """A file that is read; the symbol that stands for it."""
        self.definitions.append({"name": name, "type": "PATH", "objectType": "FILE", "dataFlow": "IN"})
        self.values[name] = str(value)
        return f"{{{{Param.{name}}}}}"

    def output(self, folder: PurePosixPath) -> str:
        """The folder that is written to."""
        self.definitions.append(output_folder(folder))
        self.values["OutputDir"] = str(folder)
        return "{{Param.OutputDir}}"

    def text(self, name: str, value: str) -> str:
        """A text as it must be written in the template."""
        return self.parameter(name, value) if "{{" in value or "}}" in value else value

    def parameter(self, name: str, value: str) -> str:
        """A text that is a parameter whatever it is; the symbol that stands for it."""
        self.definitions.append({"name": name, "type": "STRING"})
        self.values[name] = value
        return f"{{{{Param.{name}}}}}"


class Application(Protocol):
    """How an application renders a part."""

    def step(self, request: Request, part: Part, number: int, values: Values) -> dict[str, Any]:
        """The script of a part's steps and what else they have: ``script``, perhaps ``stepEnvironments``.

        The frames are ``{{Task.Param.Frame}}``. Raises BadInputError where a setting cannot be.
        """


def requested_job(request: Request, application: Application) -> Requested:
    """Make the job of a request. Raises BadInputError where the application cannot do what a part wants."""
    values = Values()
    values.path("Scene", request.scene)
    values.output(request.output)
    names = _step_names(request.parts)
    steps: list[dict[str, Any]] = []
    by_part: dict[str, tuple[str, ...]] = {}
    first: list[str] = []
    for number, part in enumerate(request.parts):
        common = application.step(request, part, number, values)
        common["hostRequirements"] = _requirements(request)
        made = [(f"{names[number]}-test", part.first), (names[number], _rest(part))]
        made = [(name, frames) for name, frames in made if frames]
        first += [name for name, frames in made if frames is part.first]
        by_part[part.name] = tuple(name for name, _ in made)
        depends = [{"dependsOn": step} for other in part.after for step in by_part.get(other, ())]
        for name, frames in made:
            steps.append({"name": name, **common, **_space(openjd_range(list(frames)), request.chunk)})
            if depends:
                steps[-1]["dependencies"] = depends
    template: dict[str, Any] = {
        "specificationVersion": "jobtemplate-2023-09",
        "name": job_name(request.scene.stem),
        "parameterDefinitions": values.definitions,
        "steps": steps,
    }
    if request.chunk > 1:
        template["extensions"] = ["TASK_CHUNKING"]
    return Requested(template, values.values, by_part, tuple(first))


def _rest(part: Part) -> tuple[int, ...]:
    """Each frame is rendered once: those that went first are not rendered again."""
    looked_at = set(part.first)
    return tuple(frame for frame in part.frames if frame not in looked_at)


def _step_names(parts: tuple[Part, ...]) -> list[str]:
    """A name for each part's step that OpenJD takes: short, and no two alike."""
    found: list[str] = []
    for part in parts:
        plain = _UNFIT.sub("_", part.name).strip("_")[:_MAX_STEP_NAME] or "render"
        name, count = plain, 2
        while name in found or f"{name}-test" in found:
            name, count = f"{plain}-{count}", count + 1
        found.append(name)
    return found


def _space(frames: str, chunk: int) -> dict[str, Any]:
    frame: dict[str, Any] = {"name": "Frame", "type": "INT", "range": frames}
    if chunk > 1:
        frame["type"] = "CHUNK[INT]"
        frame["chunks"] = {"defaultTaskCount": chunk, "rangeConstraint": "NONCONTIGUOUS"}
    return {"parameterSpace": {"taskParameterDefinitions": [frame]}}


def _requirements(request: Request) -> dict[str, Any]:
    attributes = [{"name": SOFTWARE, "allOf": needs(request)}]
    amounts = [("amount.worker.memory", request.memory), ("amount.worker.gpu", request.gpus)]
    wanted = [{"name": name, "min": least} for name, least in amounts if least]
    return {"attributes": attributes, **({"amounts": wanted} if wanted else {})}


def needs(request: Request) -> list[str]:
    """The software that a worker must have, as words."""
    plugins = [software_word(name, version) for name, version in request.plugins.items()]
    return [software_word(request.software, request.version), *plugins]


class FrameSpaces:
    """Which frames each task of a requested job renders, without instantiating the job, which takes milliseconds.

    ``template`` is that of :class:`Requested`.
    """

    def __init__(self, template: Mapping[str, Any]) -> None:
        self._steps = {step["name"]: step["parameterSpace"] for step in template["steps"]}
        self._spaces: dict[str, StepParameterSpaceIterator] = {}

    def expression(self, step: str, index: int) -> str:
        """The frames of a task (by its step's name and its index) as an OpenJD range expression."""
        if step not in self._spaces:
            self._spaces[step] = StepParameterSpaceIterator(space=self._space(step))
        return str(self._spaces[step][index]["Frame"].value)

    def _space(self, step: str) -> StepParameterSpace:
        frame = self._steps[step]["taskParameterDefinitions"][0]
        wanted = {**frame, "range": IntRangeExpr.from_str(frame["range"])}
        del wanted["name"]
        definition = RangeExpressionTaskParameterDefinition.model_validate(wanted)
        return StepParameterSpace(taskParameterDefinitions={"Frame": definition})
