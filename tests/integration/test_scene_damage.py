"""Scenes whose bytes were mangled: no reader breaks, hangs, or takes memory without bound."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support import samples, scenes_of_all
from support.scene_fuzz import mangled, problem

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
    # usd-core believes what a crate says, runs out of memory or dies of it; the child that it is read in holds that.
    is_crate = b"PXR-USDC" in scene.read_bytes()
    case = 0
    while case < cases:
        worker = subprocess.run(
            [sys.executable, "-m", "support.scene_fuzz", str(scene), seed, str(case), str(cases)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        lines = [json.loads(line) for line in worker.stdout.splitlines()]
        case = next((line["case"] for line in reversed(lines) if "case" in line), case) + 1
        told = [line for line in lines if "problem" in line]
        wrong = [line["problem"] for line in told if line["problem"]]
        assert not wrong, f"{scene} with the seed {seed!r}, before case {case}: {wrong}"
        died_of_crate = is_crate and worker.returncode in (-signal.SIGSEGV, -signal.SIGABRT)
        assert died_of_crate or worker.returncode == 0, (
            f"{scene} with the seed {seed!r} ended after case {case - 1}: {worker.stderr[-2000:]}"
        )
        assert is_crate or told[-1]["memory"] < MEMORY


@pytest.mark.parametrize("name", scenes_of_all.NAMES)
def test_a_mangled_scene_of_our_own_is_read_as_far_as_it_goes(name: str, tmp_path: Path) -> None:
    run(scenes_of_all.write(name, tmp_path), "slice", SLICE)


@pytest.mark.soak
@pytest.mark.parametrize("name", scenes_of_all.NAMES)
def test_a_scene_of_our_own_mangled_in_many_ways_is_read_as_far_as_it_goes(name: str, tmp_path: Path) -> None:
    run(scenes_of_all.write(name, tmp_path), f"full {time.time_ns()}", FULL)


@pytest.mark.parametrize("seed", ["full 1795412133003264147 125", "full 1795411136869017891 56"])
def test_a_crate_that_has_broken_the_reader_is_read(seed: str, tmp_path: Path) -> None:
    """usd-core could not read its prims, and what it tells of itself."""
    scene = scenes_of_all.write("usdc", tmp_path)
    scene.write_bytes(mangled(scene.read_bytes(), random.Random(seed)))
    assert problem(scene) == ""


@pytest.mark.parametrize("name", SCENES or ["samples"])
def test_a_mangled_sample_is_read_as_far_as_it_goes(name: str) -> None:
    run(samples.path(name), "slice", SLICE)


@pytest.mark.soak
@pytest.mark.parametrize("name", SCENES or ["samples"])
def test_a_sample_mangled_in_many_ways_is_read_as_far_as_it_goes(name: str) -> None:
    run(samples.path(name), f"full {time.time_ns()}", FULL)
