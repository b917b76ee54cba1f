"""``rendermill render``"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rendermill.cli import options as o
from rendermill.cli.app import Json, command, out, print_json, warn
from rendermill.farm.model.errors import JobFailedError, UnavailableError
from rendermill.runtime import cache_folder

if TYPE_CHECKING:
    from rendermill.sdk.client import Client

_STOP_SECONDS = 30


@command
def render(
    scene_file: Annotated[Path, typer.Argument(metavar="SCENE", help="The .blend to render.")],
    output: o.Output,
    slots: Annotated[int | None, typer.Option(min=1, help="Frames at a time; default one a core.")] = None,
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
    json_output: Json = False,
) -> None:
    """Render a scene on this machine with a farm of its own. Exits with 0 only if every frame was verified."""
    from rendermill.cli.follow import follow
    from rendermill.renderers.blender import BlenderWishes
    from rendermill.sdk.connect import local_client
    from rendermill.sdk.folders import check_writable
    from rendermill.sdk.prepare import prepare_blend
    from rendermill.sdk.send import send

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
    prepared = prepare_blend(scene_file, wishes, output.absolute(), allow_missing=allow_missing, version=blender)
    for warning in () if json_output else prepared.draft.warnings:
        warn(warning)
    check_writable(output)
    with own_farm(slots) as url:
        client = local_client(url)  # whatever key this user has is for another farm
        job_id = send(client, prepared)
        try:
            job = follow(client, job_id, output, quiet=json_output)
        except JobFailedError as error:  # its farm is about to go
            raise JobFailedError(error.what, where=str(scene_file), remedy=_keep_log(client, job_id, output)) from None
        files = len(client.outputs(job_id))
    print_json(job) if json_output else out.print(f"{files} files verified, in {output}")


def _keep_log(client: Client, job_id: int, output: Path) -> str | None:
    """Keep the log of a task that failed beside the frames; what to tell the user."""
    for task in client.tasks(job_id, status="failed", limit=1):
        path = output / f"{task['step']}-{task['index']}.log"
        with path.open("w") as file:
            offset = -1
            following = 0
            while following != offset:
                offset = following
                text, following, _ = client.log(job_id, task["index"], step=task["step"], offset=offset)
                file.write(text)
        return f"The log of {task['step']} {task['label']} is {path}."
    return None


@contextlib.contextmanager
def own_farm(slots: int | None) -> Iterator[str]:
    """A server of this command's own, in a folder that is gone afterwards; gives its URL."""
    with _own_folder(cache_folder() / "render") as data:
        words = ["serve", "--data", str(data), "--host", "127.0.0.1", "--port", "0", "--no-spare"]
        words += ["--slots", str(slots)] if slots else []
        log = data / "server.log"
        with log.open("wb") as sink:
            server = subprocess.Popen(
                [sys.executable, "-P", "-m", "rendermill.cli.main", *words],
                stdout=subprocess.PIPE,
                stderr=sink,
                stdin=subprocess.DEVNULL,
                env={**os.environ, "RENDERMILL_PARENT": str(os.getpid())},
                start_new_session=True,  # Ctrl-C is for us; we stop it
            )
        try:
            assert server.stdout is not None
            line = server.stdout.readline().decode().split()
            if line[:1] != ["ready"]:
                raise UnavailableError(f"the farm did not start: {log.read_text().strip()[-500:]}")
            yield line[1]
        finally:
            _stop(server)


@contextlib.contextmanager
def _own_folder(base: Path) -> Iterator[Path]:
    """A folder that is gone afterwards; what a `render` left that was killed goes now."""
    base.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        with (base / ".lock").open("a") as one_at_a_time:
            fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
            for left in base.glob("*/"):
                # Of one that ends at this moment the folder is gone.
                with contextlib.suppress(BlockingIOError, FileNotFoundError), _locked(left):
                    shutil.rmtree(left, ignore_errors=True)
            made = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=base, ignore_cleanup_errors=True)))
            stack.enter_context(_locked(made))
        yield made


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold a folder for as long as this process lives. Raises BlockingIOError if another does."""
    with (folder / ".held").open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.send_signal(signal.SIGTERM)
    try:
        server.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
