"""``rendermill submit``"""

from __future__ import annotations

import sys
from dataclasses import fields
from pathlib import Path
from typing import Annotated

import typer

from rendermill.cli import options as o
from rendermill.cli.app import Json, Server, command, err, out, print_json, warn
from rendermill.farm.model.errors import BadInputError
from rendermill.sdk.prepare import Prepared

_UNTOLD = "out"


@command
def submit(
    context: typer.Context,
    what: Annotated[
        list[str],
        typer.Argument(help="SCENE.blend, a template, a bundle's folder, or -- PROGRAM ARGUMENTS", metavar="WHAT"),
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Follow the job and fetch its files into this folder."),
    ] = None,
    name: Annotated[str | None, typer.Option(help="The job's name.")] = None,
    priority: Annotated[int | None, typer.Option(min=0, max=100, help="0 to 100, higher first; default 50.")] = None,
    max_attempts: Annotated[int | None, typer.Option(min=1, max=100, help="Tries a task; default 3.")] = None,
    task_timeout: Annotated[float | None, typer.Option(help="Seconds that one try may take.")] = None,
    paused: Annotated[bool, typer.Option("--paused", help="Let it wait for `rendermill resume`.")] = False,
    parameter: Annotated[
        list[str] | None, typer.Option("--param", "-p", help="A template's parameter.", metavar="NAME=VALUE")
    ] = None,
    frames: o.Frames = None,
    engine: o.Engine = "",
    samples: o.Samples = 0,
    resolution: o.Resolution = 0,
    camera: o.Camera = "",
    scene: o.SceneName = "",
    layer: o.Layer = "",
    format: o.Format = "",  # noqa: A002 - the option's name
    device: o.Device = "",
    pattern: o.Pattern = "",
    movie: o.Movie = "",
    auto_run: o.AutoRun = False,
    allow_missing: o.AllowMissing = False,
    blender: o.BlenderVersion = None,
    server: Server = None,
    json_output: Json = False,
) -> None:
    """Send a job to a farm. Returns at once with its id; with --output it follows and fetches the files.

    Ctrl-C while following leaves the job running.
    """
    from rendermill.renderers.blender import BlenderWishes
    from rendermill.sdk.bars import Bars
    from rendermill.sdk.connect import connect
    from rendermill.sdk.folders import check_writable
    from rendermill.sdk.send import send

    client = connect(server)
    if output is not None:
        check_writable(output, make=False)
    wishes = BlenderWishes(
        frames or "",
        engine,
        samples,
        resolution,
        camera,
        scene,
        layer,
        format,
        device,
        pattern,
        movie,
        auto_run,
    )
    target = (output or Path(_UNTOLD)).absolute()
    prepared = prepare(what, wishes, parameter or [], target, allow_missing, blender, _given(context))
    if output is not None:
        check_writable(output)
    for warning in () if json_output else prepared.draft.warnings:
        warn(warning)
    settings = {"priority": priority, "max_attempts": max_attempts, "task_timeout": task_timeout}
    with Bars("sending", quiet=json_output) as bars:
        job_id = send(client, prepared, bars, name=name, paused=paused, **settings)
    if output is None:
        print_json({"id": job_id}) if json_output else out.print(f"job {job_id}")
        return
    from rendermill.cli.follow import follow

    if not json_output:
        err.print(f"job {job_id}; Ctrl-C leaves it running")
    job = follow(client, job_id, output, quiet=json_output)
    print_json(job) if json_output else out.print(
        f"job {job_id}: {job['tasks']['succeeded']} tasks done, files in {output}"
    )


def prepare(
    what: list[str],
    wishes: object,
    parameters: list[str],
    output: Path,
    allow_missing: bool,
    blender: str | None,
    given: set[str],
) -> Prepared:
    """What the user named, as a job. Raises BadInputError where it is nothing that can be sent.

    ``given`` are the options about scenes of the command line.
    """
    from rendermill.renderers.blender import BlenderWishes
    from rendermill.sdk.bundle import TEMPLATE_SUFFIXES, prepare_template
    from rendermill.sdk.prepare import existing, prepare_blend

    assert isinstance(wishes, BlenderWishes)
    if _is_command():
        from rendermill.renderers.command import draft

        _refuse(given - {"--frames"} | _named(parameters), "a program")
        return Prepared(draft(what, name=Path(what[0]).name, frames=wishes.frames or None, output=output))
    if len(what) > 1:
        raise BadInputError("one thing at a time", where=" ".join(what), remedy="A program goes after --.")
    path = existing(Path(what[0]))
    if path.is_dir() or path.suffix.lower() in TEMPLATE_SUFFIXES:
        _refuse(given, "a template; its own parameters go as --param NAME=VALUE")
        return prepare_template(path, _pairs(parameters), allow_missing=allow_missing)
    _refuse(_named(parameters), "a scene")
    return prepare_blend(path, wishes, output, allow_missing=allow_missing, version=blender)


def _given(context: typer.Context) -> set[str]:
    """The options about scenes that were given here; what a settings file says is for scenes alone."""
    from rendermill.renderers.blender import BlenderWishes

    names = [*(each.name for each in fields(BlenderWishes)), "blender"]
    here = [name for name in names if getattr(context.get_parameter_source(name), "name", "") == "COMMANDLINE"]
    return {f"--{name.replace('_', '-')}" for name in here}


def _named(parameters: list[str]) -> set[str]:
    return {"--param"} if parameters else set()


def _refuse(options: set[str], what: str) -> None:
    if options:
        raise BadInputError("it means nothing for " + what, where=", ".join(sorted(options)))


def _is_command() -> bool:
    return "--" in sys.argv


def _pairs(words: list[str]) -> dict[str, str]:
    pairs = [word.partition("=") for word in words]
    for name, equals, _ in pairs:
        if not name or not equals:
            raise BadInputError(f"{name!r} is not NAME=VALUE", where="--param")
    return {name: value for name, _, value in pairs}
