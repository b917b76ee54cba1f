"""Which Blender is chosen, of environments with bpy and an executable."""

from __future__ import annotations

from pathlib import Path

import pytest

from rendermill.farm.model.errors import SoftwareMissingError
from rendermill.software.blender.installations import choose, exactly, installed, preferred
from rendermill.software.blender.launcher import commands


@pytest.fixture
def software(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of software, and no Blender on PATH."""
    monkeypatch.setenv("RENDERMILL_SOFTWARE", str(tmp_path / "software"))
    monkeypatch.delenv("RENDERMILL_BLENDER_EXECUTABLE", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path


def environment(software: Path, version: str) -> None:
    folder = software / "software/blender" / version
    (folder / "bin").mkdir(parents=True)
    (folder / "bin/python").touch()
    (folder / "complete").touch()


def executable(software: Path, version: str) -> Path:
    """One that leaves a mark when it is asked for its version."""
    path = software / "bin/blender"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\necho asked > {software}/asked\necho Blender {version}.1\n")
    path.chmod(0o755)
    return path


def test_the_next_newer_one_opens_a_scene(software: Path) -> None:
    environment(software, "4.2")
    environment(software, "5.0")
    executable(software, "4.5")
    assert [choose(needed).name for needed in ((2, 79), (4, 2), (4, 3), (4, 5), (4, 6))] == [
        *("4.2", "4.2", "4.5", "4.5", "5.0")
    ]
    with pytest.raises(SoftwareMissingError, match=r"it needs Blender 5.1 or newer, installed: 4.2, 4.5, 5.0"):
        choose((5, 1))


def test_an_executable_is_not_asked_where_an_environment_has_the_very_version(software: Path) -> None:
    environment(software, "4.5")
    executable(software, "4.5")
    assert choose((4, 5)).is_module
    assert exactly((4, 5)).is_module
    assert preferred().is_module
    assert not (software / "asked").exists()
    assert [each.is_module for each in installed()] == [True]
    assert (software / "asked").exists()


def test_who_names_none_gets_the_default_else_a_newer_else_the_newest(software: Path) -> None:
    with pytest.raises(SoftwareMissingError, match="installed: none"):
        preferred()
    executable(software, "3.4")
    assert preferred().name == "3.4"
    environment(software, "4.2")
    assert preferred().name == "4.2"
    environment(software, "5.0")
    assert preferred().name == "5.0"
    environment(software, "4.5")
    assert preferred().name == "4.5"


def test_the_blender_of_sessions_is_none(software: Path) -> None:
    executable(software, "4.5").write_text(commands("python3")["blender"])
    assert installed() == []
