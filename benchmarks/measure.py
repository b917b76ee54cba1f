"""Timing, medians, and lines of a report."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rendermill.sdk.client import Client
from rendermill.sdk.connect import connect
from rendermill.software.blender.installations import DEFAULT, exactly

ROOT = Path(__file__).resolve().parent.parent
RENDERMILL = Path(sys.executable).parent / "rendermill"
REPEATS = int(os.environ.get("RENDERMILL_BENCH_REPEATS", "5"))


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def median(values: list[float]) -> float:
    """The median."""
    return statistics.median(values)


def report(name: str, value: float, unit: str, goal: str, parts: str = "") -> None:
    """One line: what was measured, what the goal is, what it was made of."""
    print(f"{name:58} {value:8.2f} {unit:8} goal {goal:12} {parts}", flush=True)


def bpy_python() -> str:
    """The Python of the default Blender."""
    return str(exactly(DEFAULT).program)


def build_scene(folder: Path) -> Path:
    """The example scene."""
    subprocess.run(
        [bpy_python(), str(ROOT / "examples/build_scene.py"), str(folder)], check=True, stdout=subprocess.DEVNULL
    )
    return folder / "mill.blend"


@contextmanager
def farm(*words: str) -> Iterator[tuple[Client, int]]:
    """A server in a folder of its own; gives a client and the server's process id."""
    with tempfile.TemporaryDirectory(prefix="rendermill-bench-", ignore_cleanup_errors=True) as data:
        command = [str(RENDERMILL), "serve", "--data", data, "--port", "0", *words]
        with (Path(data) / "log").open("wb") as log:
            server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log)
        try:
            assert server.stdout is not None
            url = server.stdout.readline().decode().split()[1]
            yield connect(url), server.pid
        finally:
            server.terminate()
            server.wait(60)


def followed(client: Client, job_id: int) -> dict[str, object]:
    """Wait for a job's end; it must succeed."""
    job: dict[str, object] = {}
    for job in client.watch(job_id):  # noqa: B007 - the last one is wanted
        pass
    if job["status"] != "succeeded":
        raise SystemExit(f"the job did not succeed: {job}")
    return job


def cli_submit(client: Client, cache: Path, *words: str) -> int:
    """``rendermill submit`` as a process; the job's id. ``cache`` holds what it remembers between calls."""
    environment = {**os.environ, "RENDERMILL_SERVER": client.server, "XDG_CACHE_HOME": str(cache)}
    said = subprocess.check_output([str(RENDERMILL), "submit", *words], env=environment, text=True)
    return int(said.split()[-1])
