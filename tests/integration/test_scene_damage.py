"""Scenes whose bytes were mangled: no reader breaks, hangs, or takes memory without bound."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support import samples, scenes_of_all

ROOT = Path(__file__).resolve().parents[1]
SCENES = sorted(
    str(path.relative_to(samples.FOLDER))
    for path in samples.FOLDER.rglob("*")
    if path.is_file() and path.suffix not in (".md", ".yaml")
)
MEMORY = 1 << 30
SLICE = 4
FULL = 200


def run(scene: Path, seed: str, cases: int) -> None:
    """Read the scene mangled in so many ways; fails with the case that was wrong, so that it can be run again."""
    worker = subprocess.run(
        [sys.executable, "-m", "support.scene_fuzz", str(scene), seed, str(cases)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [json.loads(line) for line in worker.stdout.splitlines()]
    last = next((line["case"] for line in reversed(lines) if "case" in line), None)
    told = [line for line in lines if "problem" in line]
    wrong = [(number, line["problem"]) for number, line in enumerate(told) if line["problem"]]
    assert not wrong, f"{scene} with the seed {seed!r}: {wrong}"
    assert worker.returncode == 0, f"{scene} with the seed {seed!r} ended at case {last}: {worker.stderr[-2000:]}"
    assert len(told) == cases
    assert told[-1]["memory"] < MEMORY


@pytest.mark.parametrize("name", scenes_of_all.NAMES)
def test_a_mangled_scene_of_our_own_is_read_as_far_as_it_goes(name: str, tmp_path: Path) -> None:
    run(scenes_of_all.write(name, tmp_path), "slice", SLICE)


@pytest.mark.soak
@pytest.mark.parametrize("name", scenes_of_all.NAMES)
def test_a_scene_of_our_own_mangled_in_many_ways_is_read_as_far_as_it_goes(name: str, tmp_path: Path) -> None:
    run(scenes_of_all.write(name, tmp_path), f"full {time.time_ns()}", FULL)


@pytest.mark.parametrize("name", SCENES or ["samples"])
def test_a_mangled_sample_is_read_as_far_as_it_goes(name: str) -> None:
    run(samples.path(name), "slice", SLICE)


@pytest.mark.soak
@pytest.mark.parametrize("name", SCENES or ["samples"])
def test_a_sample_mangled_in_many_ways_is_read_as_far_as_it_goes(name: str) -> None:
    run(samples.path(name), f"full {time.time_ns()}", FULL)
