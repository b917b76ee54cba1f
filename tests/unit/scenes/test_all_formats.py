"""What holds for the reader of every format."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rendermill.scenes.examine import Listener, examine
from rendermill.scenes.formats import FORMATS
from rendermill.scenes.report import SceneReport, State
from support import scenes_of_all


@pytest.fixture(params=scenes_of_all.NAMES)
def scene(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return scenes_of_all.write(request.param, tmp_path)


def read(path: Path) -> SceneReport:
    return examine(path, (), Listener())


def test_every_format_has_a_scene(tmp_path: Path) -> None:
    found = set()
    for number, name in enumerate(scenes_of_all.NAMES):
        (tmp_path / str(number)).mkdir()
        found.add(read(scenes_of_all.write(name, tmp_path / str(number))).format)
    assert found == {each.name for each in FORMATS}


def test_a_sound_scene_is_read_to_its_end(scene: Path) -> None:
    report = read(scene)
    assert report.damage == ""
    assert report.files, "each names a file"
    assert report.software.name


def test_names_decide_nothing(scene: Path) -> None:
    first = read(scene)
    for name in ("shot.ma", "shot.hip", "shot.blend", "shot.jpg", "shot"):
        again = read(scene.rename(scene.with_name(name)))
        assert (again.format, again.software, again.frames, again.cameras) == (
            first.format,
            first.software,
            first.frames,
            first.cameras,
        )
        scene = scene.with_name(name)


def test_a_report_is_json_and_comes_back(scene: Path) -> None:
    report = read(scene)
    assert SceneReport.from_dict(json.loads(json.dumps(report.to_dict(), allow_nan=False))) == report


def test_paths_that_are_told_are_absolute(scene: Path) -> None:
    for use in read(scene).files:
        if use.state in (State.MISSING, State.RESOLVED, State.PATTERN):
            assert use.resolved.startswith("/") or use.resolved[1:3] == ":/", use
        assert all(Path(file).is_absolute() for file in use.files)
        assert use.used_by


def test_the_same_scene_has_the_same_report(scene: Path) -> None:
    assert read(scene) == read(scene)


def test_every_beginning_of_a_scene_is_told_as_damaged_or_read(scene: Path) -> None:
    data = scene.read_bytes()
    for part in range(1, 20):
        scene.write_bytes(data[: len(data) * part // 20])
        report = read(scene)
        assert not report.damage.startswith("the reader broke"), report.damage
