"""A plug-in for RenderServers: the frames of a .blend as PNGs beside the task, and their movie as the task's content.

    python examples/cinnamon_blend.py ID REPOSITORY HOST TICKET

The task's ``sourceId`` names the object with the .blend; ``frames`` (as 1-24) and ``samples`` may say what to render.
What is not given as arguments comes from ``CINNAMON_ID``, ``CINNAMON_REPOSITORY``, ``CINNAMON_HOST`` and
``CINNAMON_TICKET``.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from rendermill.farm.model.errors import JobFailedError
from rendermill.sdk.cinnamon import RenderTask

RENDERMILL = Path(sys.executable).with_name("rendermill")
OPTIONS = ("frames", "samples")


def main() -> None:
    """Work on the task; if anything goes wrong the task fails, with the reason as a message."""
    with RenderTask.given() as task, tempfile.TemporaryDirectory() as folder:
        scene = task.source(Path(folder))
        given = task.input
        options = [f"--{name}={given[name]}" for name in OPTIONS if name in given]
        task.message(f"rendering {scene.name}")
        frames, movie = render(scene, Path(folder) / "out", options)
        for frame in frames:
            task.attach(frame)
        task.message(f"{len(frames)} frames rendered")
        task.finish(movie)


def render(scene: Path, output: Path, options: list[str]) -> tuple[list[Path], Path]:
    """Render a scene with a farm of its own; the frames, and the movie. Raises :class:`JobFailedError`."""
    movie = "movie.mp4"
    command: list[str | Path] = [
        RENDERMILL,
        "render",
        scene,
        "--output",
        output,
        "--format",
        "PNG",
        "--movie",
        movie,
        *options,
    ]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise JobFailedError(done.stderr.strip()[-1000:], where=scene.name)
    return sorted(output.rglob("*.png")), next(output.rglob(movie))


if __name__ == "__main__":
    main()
