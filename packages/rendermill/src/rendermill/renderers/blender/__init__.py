"""Blender scenes as jobs: a warm Blender per session, one task a frame, and a movie if one is wanted."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from rendermill.farm.model.errors import BadInputError
from rendermill.renderers.base import CONTROL, JobDraft, job_name, output_folder
from rendermill.renderers.blender.elsewhere import found_elsewhere, unusable
from rendermill.renderers.encode.step import encode_step
from rendermill.renderers.frames import openjd_range, parse_frames
from rendermill.scenes.report import Renderable, SceneReport
from rendermill.software.blender.installations import Installation

ENGINES = ("CYCLES", "EEVEE", "BLENDER_EEVEE", "BLENDER_EEVEE_NEXT", "WORKBENCH", "BLENDER_WORKBENCH")
FORMATS = (
    *("PNG", "JPEG", "JPG", "JPEG2000", "BMP", "IRIS", "TARGA", "TARGA_RAW", "TIFF", "WEBP", "CINEON", "DPX", "HDR"),
    *("OPEN_EXR", "EXR", "OPEN_EXR_MULTILAYER", "EXR_MULTILAYER", "MULTILAYER"),
)
DEVICES = ("CPU", "CUDA", "OPTIX", "HIP", "METAL", "ONEAPI")
LAST_FRAME = 1_048_574
"""The last frame that Blender has, after the first, 0; for any other it would take one of these two."""
EEVEE_WARNING = "EEVEE without a GPU is very slow (a small frame takes most of a minute); --engine CYCLES may be faster"


@dataclass(frozen=True, slots=True)
class BlenderWishes:
    """What a submitter wants otherwise than the scene has it; empty means as the scene says.

    ``resolution`` is a percentage, ``pattern`` the name of frames below the output folder with ``#`` for digits,
    ``movie`` a file name for an MP4 of the frames.
    """

    frames: str = ""
    engine: str = ""
    samples: int = 0
    resolution: int = 0
    camera: str = ""
    scene: str = ""
    layer: str = ""
    format: str = ""
    device: str = ""
    pattern: str = ""
    movie: str = ""
    auto_run: bool = False


def draft(scene: Path, report: SceneReport, wishes: BlenderWishes, output: PurePath, blender: Installation) -> JobDraft:
    """The job that renders a scene's frames.

    Raises :class:`BadInputError` where a wish names something that the scene does not have.
    """
    target = _target(report, wishes)
    _check(report, target, wishes)
    pattern = _pattern(scene, wishes)
    frames = _frames(target, wishes)
    values: dict[str, Any] = {
        "Scene": str(scene),
        "OutputDir": str(output),
        "Frames": openjd_range(frames),
        "BlenderVersion": blender.name,
        "Engine": wishes.engine,
        "Samples": wishes.samples,
        "Resolution": wishes.resolution,
        "Camera": wishes.camera,
        "SceneName": wishes.scene,
        "ViewLayer": wishes.layer,
        "Format": wishes.format,
        "Device": wishes.device,
        "Pattern": pattern,
        "AutoRun": str(wishes.auto_run).lower(),
    }
    steps = [_render_step(found_elsewhere(report))]
    if wishes.movie:
        steps.append(encode_step(wishes.movie, target.frames.fps, "{{Param.Pattern}}", after="render"))
    template = {
        "specificationVersion": "jobtemplate-2023-09",
        "name": job_name(scene.stem),
        "parameterDefinitions": _definitions(output),
        "steps": steps,
    }
    return JobDraft(template, values, _warnings(report, target, wishes))


def uses_warm_blender(parameters: Mapping[str, Any]) -> bool:
    """Whether the job with these parameters came from :func:`draft`, so that its sessions start with a Blender."""
    return "BlenderVersion" in parameters


def _target(report: SceneReport, wishes: BlenderWishes) -> Renderable:
    """The view layer whose settings count: the first of the scene that will be rendered."""
    of_scene = [r for r in report.renderables if (r.scene == wishes.scene if wishes.scene else r.active)]
    if not of_scene:
        names = ", ".join(sorted({r.scene for r in report.renderables}))
        what = f"there is no scene {wishes.scene!r}" if wishes.scene else "it opens with no scene of its own"
        raise BadInputError(what, where="scene", remedy=f"It has: {names}.")
    if wishes.layer:
        chosen = [r for r in of_scene if r.layer == wishes.layer]
        if not chosen:
            names = ", ".join(r.layer for r in of_scene)
            raise BadInputError(f"there is no view layer {wishes.layer!r}", where="layer", remedy=f"It has: {names}.")
        return chosen[0]
    return next((r for r in of_scene if r.enabled), of_scene[0])


def _check(report: SceneReport, target: Renderable, wishes: BlenderWishes) -> None:
    # Which cameras come from a library is not known before Blender has loaded it.
    all_known = not wishes.scene and not any(use.used_by.startswith("library ") for use in report.files)
    if wishes.camera and all_known and wishes.camera not in report.cameras:
        listed = ", ".join(report.cameras) or "none"
        raise BadInputError(f"there is no camera {wishes.camera!r}", where="camera", remedy=f"It has: {listed}.")
    if not wishes.camera and not target.cameras:
        listed = ", ".join(report.cameras)
        remedy = f"Choose one with --camera: {listed}." if listed else "Add a camera to the scene and save it."
        raise BadInputError(f"the scene {target.scene} has no active camera", where="camera", remedy=remedy)
    if wishes.engine and wishes.engine.upper() not in (*ENGINES, target.renderer.upper()):
        listed = "CYCLES, EEVEE, WORKBENCH, or the scene's own"
        raise BadInputError(f"there is no engine {wishes.engine!r}", where="engine", remedy=f"One of {listed}.")
    if wishes.device and wishes.device.upper() not in DEVICES:
        raise BadInputError(
            f"there is no device {wishes.device!r}", where="device", remedy=f"One of {', '.join(DEVICES)}."
        )
    if wishes.format and wishes.format.upper() not in FORMATS:
        raise BadInputError(
            f"there is no picture format {wishes.format!r}",
            where="format",
            remedy="PNG, JPEG, TIFF, OPEN_EXR, OPEN_EXR_MULTILAYER …; for a movie of the frames there is --movie.",
        )
    if wishes.samples < 0 or not 0 <= wishes.resolution <= 1000:
        raise BadInputError("samples and resolution must be positive", where="samples/resolution")


def _pattern(scene: Path, wishes: BlenderWishes) -> str:
    """How the frames are named below the output folder."""
    pattern = (wishes.pattern or f"{scene.stem}_####").replace("\\", "/")  # as Blender takes it
    if not wishes.pattern and CONTROL.search(pattern):
        raise BadInputError(
            "the scene's name, which its frames would have, holds control characters",
            where=repr(scene.name),
            remedy="Rename it, or name the frames with --pattern.",
        )
    check_pattern(pattern)
    if wishes.movie and "#" not in pattern.split("/")[-1]:
        raise BadInputError(
            f"{pattern!r} has no # for the frame number, by which a movie finds its frames",
            where="pattern",
            remedy=f"Give it as {pattern}####.",
        )
    return pattern


def check_pattern(pattern: str) -> str:
    """The pattern, if it names files below the output folder. Raises :class:`BadInputError`."""
    if CONTROL.search(pattern) or pattern.startswith("/") or ".." in pattern.split("/"):
        raise BadInputError(
            f"{pattern!r} does not name files in the output folder",
            where="pattern",
            remedy="Give it as NAME_#### or FOLDER/NAME_####; --output says where the folder is.",
        )
    return pattern


def _frames(target: Renderable, wishes: BlenderWishes) -> list[int]:
    own = target.frames
    frames = (
        parse_frames(wishes.frames)
        if wishes.frames
        else list(range(int(own.start), int(own.end) + 1, max(1, int(own.step))))
    )
    for frame in (*frames[:1], *frames[-1:]):
        if not 0 <= frame <= LAST_FRAME:
            raise BadInputError(
                f"Blender has no frame {frame}", where="frames", remedy=f"It has the frames 0 to {LAST_FRAME}."
            )
    return frames


def _warnings(report: SceneReport, target: Renderable, wishes: BlenderWishes) -> tuple[str, ...]:
    found = list(report.warnings)
    if "EEVEE" in (wishes.engine or target.renderer).upper():
        found.append(EEVEE_WARNING)
    found += [f"missing: {use.resolved} (used by {use.used_by})" for use in (*report.missing, *unusable(report))]
    return tuple(found)


def _definitions(output: PurePath) -> list[dict[str, Any]]:
    texts = ("Engine", "Camera", "SceneName", "ViewLayer", "Format", "Device")
    return [
        {"name": "Scene", "type": "PATH", "objectType": "FILE", "dataFlow": "IN"},
        output_folder(output),
        {"name": "Frames", "type": "STRING", "description": "An OpenJD range expression."},
        {"name": "BlenderVersion", "type": "STRING"},
        {"name": "Pattern", "type": "STRING", "description": "The frames' names, # for digits."},
        *({"name": name, "type": "STRING", "default": "", "description": "Empty: as the scene."} for name in texts),
        {"name": "Samples", "type": "INT", "default": 0, "description": "0: as the scene."},
        {"name": "Resolution", "type": "INT", "default": 0, "description": "Percent; 0: as the scene."},
        {"name": "AutoRun", "type": "STRING", "default": "false", "allowedValues": ["true", "false"]},
    ]


def _render_step(found: Sequence[tuple[str, str]]) -> dict[str, Any]:
    settings = {
        "path": "{{Param.Scene}}",
        "output": "{{Param.OutputDir}}",
        "pattern": "{{Param.Pattern}}",
        "engine": "{{Param.Engine}}",
        "samples": "{{Param.Samples}}",
        "resolution": "{{Param.Resolution}}",
        "camera": "{{Param.Camera}}",
        "scene": "{{Param.SceneName}}",
        "layer": "{{Param.ViewLayer}}",
        "format": "{{Param.Format}}",
        "device": "{{Param.Device}}",
        "auto_run": "{{Param.AutoRun}}",
        "rules_file": "{{Session.PathMappingRulesFile}}",
    }
    return {
        "name": "render",
        "parameterSpace": {"taskParameterDefinitions": [{"name": "Frame", "type": "INT", "range": "{{Param.Frames}}"}]},
        "stepEnvironments": [blender_environment(settings, found)],
        "script": {"actions": {"onRun": {"command": "rendermill-blender-frame", "args": ["{{Task.Param.Frame}}"]}}},
    }


def blender_environment(settings: Mapping[str, str], found: Sequence[tuple[str, str]] = ()) -> dict[str, Any]:
    """The OpenJD environment in which a Blender (of the version ``BlenderVersion``) stays open with these settings.

    ``found`` are pairs of a path that the scene leads to and the one where its file is instead.
    """
    # As arguments and not as a JSON file: a path may hold quotes, and arguments need no escaping.
    enter = ["enter", "{{Param.BlenderVersion}}", *(f"{name}={value}" for name, value in settings.items())]
    script: dict[str, Any] = {
        "actions": {
            "onEnter": {"command": "rendermill-blender", "args": enter},
            "onExit": {"command": "rendermill-blender", "args": ["exit"]},
        },
    }
    if found:
        enter.append("found_file={{Env.File.Found}}")
        # Two braces would mean something there.
        data = json.dumps(found).replace("{", "\\u007b").replace("}", "\\u007d")
        script["embeddedFiles"] = [{"name": "Found", "type": "TEXT", "data": data}]
    return {"name": "Blender", "script": script}
