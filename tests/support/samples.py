"""Scenes saved by real applications, which lie beside the checkout and are no part of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[3] / "shared/samples"


def path(name: str) -> Path:
    """A sample by its name below the folder of samples; the test is skipped, naming it, when it is not there."""
    sample = FOLDER / name
    if not sample.is_file():
        pytest.skip(f"the sample shared/samples/{name} is absent")
    return sample


def copied(name: str, folder: Path, called: str) -> Path:
    """A copy of a sample under another name, because names decide nothing."""
    target = folder / called
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path(name), target)
    return target


def changed(name: str, folder: Path, called: str, old: bytes, new: bytes) -> Path:
    """A copy of a sample in which one fact is another; fails if the sample does not hold ``old`` exactly once."""
    data = path(name).read_bytes()
    assert data.count(old) == 1, f"{name} holds {old!r} {data.count(old)} times"
    target = folder / called
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data.replace(old, new))
    return target
