"""Variables that only the artist's machine knows, whose values the user gives: ``--map '$SHOW=/mnt/show'``."""

from __future__ import annotations

from pathlib import Path

import pytest

from rendermill.scenes.examine import Listener, examine
from rendermill.scenes.report import FileUse, State
from support import scenes_clarisse, scenes_lesser, scenes_maya, scenes_usd
from support.scenes_houdini import Hip

PATH = "$SHOW/tex/wood.png"
SCENES = {
    "houdini": Hip().node("/obj/geo1/file1", "file", {"file": PATH}).data(),
    "maya": scenes_maya.ascii_scene(scenes_maya.Scene(nodes=(scenes_maya.texture("wood", PATH),))),
    "clarisse": scenes_clarisse.project(
        scenes_clarisse.context("scene", scenes_clarisse.item("TextureMapFile", "wood", f'filename "{PATH}"'))
    ).encode(),
    "usd": scenes_usd.text(scenes_usd.prim('Shader "wood"', "asset inputs:file = @${SHOW}/tex/wood.png@")).encode(),
    "katana": scenes_lesser.katana_plain(
        scenes_lesser.katana(scenes_lesser.node("read", "PxrUsdIn", scenes_lesser.parameter("fileName", PATH)))
    ),
}


@pytest.fixture(params=SCENES)
def scene(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    (tmp_path / "scene").write_bytes(SCENES[request.param])
    (tmp_path / "show/tex").mkdir(parents=True)
    (tmp_path / "show/tex/wood.png").write_bytes(b"x")
    return tmp_path / "scene"


def wood(scene: Path, *maps: tuple[str, str]) -> FileUse:
    report = examine(scene, maps, Listener())
    [found] = [use for use in report.files if use.path.endswith("wood.png")]
    return found


def test_a_variable_that_nobody_gave_is_told(scene: Path) -> None:
    found = wood(scene)
    assert found.state is State.UNRESOLVED
    assert "SHOW" in found.reason


def test_a_variable_that_the_user_gave_is_its_value(scene: Path) -> None:
    found = wood(scene, ("$SHOW", str(scene.parent / "show")))
    assert (found.state, found.resolved) == (State.RESOLVED, str(scene.parent / "show/tex/wood.png"))
    assert "SHOW" in found.path, "as the scene has it"


def test_a_variable_of_a_longer_name_is_another(scene: Path) -> None:
    assert wood(scene, ("$SHO", str(scene.parent / "show"))).state is State.UNRESOLVED


def test_what_houdini_saved_for_a_variable_gives_way_to_what_the_user_says(tmp_path: Path) -> None:
    hip = Hip(variables={"JOB": "D:/job"}).node("/obj/geo1/file1", "file", {"file": "$JOB/wood.png"})
    (tmp_path / "scene").write_bytes(hip.data())
    (tmp_path / "job").mkdir()
    (tmp_path / "job/wood.png").write_bytes(b"x")
    assert wood(tmp_path / "scene", ("$JOB", str(tmp_path / "job"))).resolved == str(tmp_path / "job/wood.png")
