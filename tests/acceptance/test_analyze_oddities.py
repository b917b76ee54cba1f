"""``rendermill analyze`` on scenes that cannot be opened, from narrow terminals, and of odd names."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from support.command import RENDERMILL, run
from support.scenes_clarisse import context, image, project

#: Root may read everything unless it gives that up.
_PLAIN_USER = ("setpriv", "--bounding-set=-dac_override,-dac_read_search") if os.geteuid() == 0 else ()
_OUTPUT = "/jobs/a show of a long name/a shot of a long name/pictures/beauty.####"


@pytest.fixture
def scene(tmp_path: Path) -> Path:
    path = tmp_path / "shot.project"
    path.write_text(project(context("scene", image("shot", "last_frame 1234567", f'save_as "{_OUTPUT}"'))))
    return path


@pytest.mark.parametrize("locked", ["scene", "folder"])
def test_a_scene_that_may_not_be_read_has_an_object_and_ends_with_4(tmp_path: Path, scene: Path, locked: str) -> None:
    folder = tmp_path / "locked"
    folder.mkdir()
    scene = scene.rename(folder / scene.name)
    target = scene if locked == "scene" else folder
    target.chmod(0)
    done = subprocess.run(
        [*_PLAIN_USER, RENDERMILL, "analyze", "--json", scene],
        env={**os.environ, "HOME": str(tmp_path)},
        capture_output=True,
        check=False,
    )
    target.chmod(0o700)
    assert done.returncode == 4, done
    assert json.loads(done.stdout)["damage"] == "it cannot be read: Permission denied"


def test_nothing_is_cut_where_lines_are_short(tmp_path: Path, scene: Path) -> None:
    result = run(tmp_path, "analyze", scene, environment={"COLUMNS": "40"})
    assert result.code == 0, result
    told = "".join(line.lstrip("│└├─ ").rstrip() for line in result.out.splitlines())
    assert _OUTPUT.replace(" ", "") in told.replace(" ", "")
    assert "1234567," in told


@pytest.mark.parametrize("name", ["-shot.project", "two\nlines.project", "sh\udcffot.project", "~shot", "шот 場景"])
def test_a_scene_may_have_any_name(tmp_path: Path, scene: Path, name: str) -> None:
    scene.rename(tmp_path / name)
    command = [str(RENDERMILL), "analyze", "--json", "--", name]
    environment = {**os.environ, "HOME": str(tmp_path)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done
    assert json.loads(done.stdout)["files"][0]["resolved"] == _OUTPUT
