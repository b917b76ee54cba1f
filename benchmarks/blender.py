"""Rendering: the farm beside plain bpy, in one run."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from subprocess import DEVNULL
from typing import IO

from benchmarks.measure import REPEATS, bpy_python, build_scene, cli_submit, farm, followed, median, report, seconds
from rendermill.sdk.client import Client

FRAMES = range(1, 25)
PLAIN = Path(__file__).with_name("plain_bpy.py")


def plain(
    scene: Path,
    output: Path,
    core: int | None,
    frames: Sequence[int],
    threads: int = 1,
    said: int | IO[bytes] = DEVNULL,
) -> subprocess.Popen[bytes]:
    """A plain bpy process, on one core if one is named."""
    pinned = [] if core is None else ["taskset", "-c", str(core)]
    words = [bpy_python(), "-P", str(PLAIN), str(scene), str(output), str(threads), *map(str, frames)]
    return subprocess.Popen([*pinned, *words], stdout=said, stderr=DEVNULL)


def ideal(scene: Path, output: Path, *, pin: bool) -> None:
    """Two warm processes, half of the frames each."""
    with (output / "said-0").open("wb") as first, (output / "said-1").open("wb") as second:
        both = [
            plain(scene, output, core if pin else None, FRAMES[core::2], said=said)
            for core, said in enumerate((first, second))
        ]
        if any(process.wait() for process in both):
            raise SystemExit("plain bpy failed")


def cold(scene: Path, output: Path, *, pin: bool) -> None:
    """One process a frame, two at a time."""
    waiting = list(FRAMES)
    running: dict[int, subprocess.Popen[bytes]] = {}
    while waiting or running:
        for core in (0, 1):
            if core in running and running[core].poll() is not None:
                del running[core]
            if core not in running and waiting:
                running[core] = plain(scene, output, core if pin else None, [waiting.pop(0)])
        time.sleep(0.002)


def through_farm(client: Client, scene: Path, cache: Path) -> None:
    """The job from the command line to its last verified frame."""
    job_id = cli_submit(client, cache, str(scene), "--frames", "1-24")
    followed(client, job_id)


def animation(scene: Path, folder: Path, *, pin: bool) -> None:
    """The 24-frame job beside the ideal and beside cold processes."""
    # Without a spare Blender: every clock starts before any Blender of its run.
    words = ["--no-spare", *([] if pin else ["--no-pin"])]
    times: dict[str, list[float]] = {"ideal": [], "cold": [], "farm": [], "farm, first submit": []}
    between: list[float] = []
    plainly: list[float] = []
    for turn in range(REPEATS):
        times["ideal"].append(seconds(lambda: ideal(scene, folder, pin=pin)))
        plainly += plain_gaps(folder)
        times["cold"].append(seconds(lambda: cold(scene, folder, pin=pin)))
        with farm("--slots", "2", *words) as (client, _):
            cache = folder / f"cache-{pin}-{turn}"
            times["farm, first submit"].append(seconds(partial(through_farm, client, scene, cache)))
        with farm("--slots", "2", *words) as (client, _):
            times["farm"].append(seconds(partial(through_farm, client, scene, cache)))
            between += gaps(client)
    how = "pinned" if pin else "not pinned"
    m = {name: median(values) for name, values in times.items()}
    parts = "  ".join(f"{name} {value:.2f} s" for name, value in m.items())
    report(f"24 frames, farm / ideal, {how}", m["farm"] / m["ideal"], "times", "<= 1.15", parts)
    report(f"24 frames, farm / ideal, {how}, scene not seen before", m["farm, first submit"] / m["ideal"], "times", "-")
    report(f"24 frames, farm / cold, {how}", m["farm"] / m["cold"], "times", "<= 0.70")
    report(f"24 frames, ideal / cold, {how}", m["ideal"] / m["cold"], "times", "-")
    own = (median(between) - median(plainly)) * 1000
    parts = f"between frames: farm {median(between) * 1000:.1f} ms, plain bpy {median(plainly) * 1000:.1f} ms"
    report(f"farm's own cost a warm frame, {how}", own, "ms", "<= 20", parts)


def gaps(client: Client) -> list[float]:
    """For each warm frame, the seconds between its start and the next one's that Blender does not count as its own.

    Blender's time is what it says itself in the frame's log: ``Time: 00:01.14 (Saving: 00:00.02)``.
    """
    tasks = client.tasks(1, step="render")
    shown = [client.task(1, task["index"], "render") for task in tasks]
    by_session: dict[str, list[tuple[float, int]]] = {}
    for task in shown:
        attempt = task["attempts"][-1]
        by_session.setdefault(attempt["session"], []).append((attempt["started"], task["index"]))
    found = []
    for runs in by_session.values():
        runs.sort()
        for (began, index), (following, _) in pairwise(runs[1:]):
            text, _, _ = client.log(1, index, step="render")
            found.append(following - began - counted(text)[0])
    return found


def plain_gaps(folder: Path) -> list[float]:
    """The same for the two processes of :func:`ideal`."""
    found = []
    for name in ("said-0", "said-1"):
        text = (folder / name).read_text()
        took = [float(line.split()[1]) for line in text.splitlines() if line.startswith("Took: ")]
        found += [whole - own for whole, own in zip(took, counted(text), strict=True)][1:]
    return found


def counted(text: str) -> list[float]:
    """The seconds that Blender says its frames took."""
    times = [line.split()[1] for line in text.splitlines() if line.startswith("Time: ")]
    return [int(minutes) * 60 + float(rest) for minutes, rest in (shown.rsplit(":", 1) for shown in times)]


def first_frame(scene: Path, folder: Path) -> None:
    """From ``rendermill submit`` to the first verified frame, beside a fresh plain bpy process with as many threads."""
    cores = len(os.sched_getaffinity(0))
    for slots, threads in ((cores, 1), (1, cores)):
        times: dict[str, list[float]] = {"plain": [], "unseen": [], "seen": []}
        for turn in range(REPEATS):
            times["plain"].append(seconds(partial(_alone, scene, folder, threads)))
            cache = folder / f"cache-first-{slots}-{turn}"
            for name in ("unseen", "seen"):
                with farm("--slots", str(slots)) as (client, _):
                    times[name].append(seconds(partial(_first, client, scene, cache)))
        m = {name: median(values) for name, values in times.items()}
        parts = "  ".join(f"{name} {value:.2f} s" for name, value in m.items())
        what = f"first verified frame / plain, {threads} thread{'s' * (threads > 1)}"
        report(what, m["seen"] / m["plain"], "times", "<= 1.3", parts)
        report(f"{what}, scene not seen before", m["unseen"] / m["plain"], "times", "<= 1.3")


def _alone(scene: Path, folder: Path, threads: int) -> None:
    plain(scene, folder, None, [1], threads).wait()


def _first(client: Client, scene: Path, cache: Path) -> None:
    job_id = cli_submit(client, cache, str(scene), "--frames", "1")
    for job in client.watch(job_id):
        if job["tasks"]["succeeded"]:
            return


def main() -> None:
    """All of it."""
    with tempfile.TemporaryDirectory(prefix="rendermill-bench-") as name:
        folder = Path(name)
        scene = build_scene(folder / "scene")
        first_frame(scene, folder)
        animation(scene, folder, pin=True)
        animation(scene, folder, pin=False)
