"""``rendermill analyze`` as a TD uses it."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from support import samples
from support.command import RENDERMILL, Result, run
from support.scenes_clarisse import context, image, item, preferences, project
from support.scenes_houdini import Hip

MEMBERS = {"format", "software", "frames", "resolution", "renderer", "cameras", "renderables", "files", "plugins"}
RENDERABLE = {"name", "kind", "frames", "cameras", "resolution", "renderer", "output", "enabled"}
FILE = {"path", "used_by", "state", "resolved", "count"}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def show(tmp_path: Path) -> Path:
    """A scene with a texture on a drive of Windows, which lies in ``drive``."""
    folder = tmp_path / "show"
    (folder / "drive/Tex").mkdir(parents=True)
    (folder / "drive/Tex/wood.png").write_bytes(b"x")
    texture = item("TextureMapFile", "wood", r'filename "d:\\tex\\WOOD.png"')
    picture = image("shot", "first_frame 3", "last_frame 9", 'save_as "$PDIR/out/shot.####"', "render_to_disk yes")
    text = project(
        preferences("frames_per_second 25", "start_frame 1", "end_frame 50"), context("scene", texture, picture)
    )
    (folder / "work").mkdir()
    (folder / "work/shot.project").write_text(text)
    return folder


def analyze(home: Path, *words: object) -> Result:
    result = run(home, "analyze", *words)
    assert "Traceback" not in result.out + result.err, result
    return result


def test_a_scene_is_told_to_a_person(home: Path, show: Path) -> None:
    result = analyze(home, show / "work/shot.project")
    assert result.code == 3, result
    for told in ("clarisse 4", "1-50 at 25 fps", "project://scene/shot", "frames 3-9", "writes $PDIR/out/shot.####"):
        assert told in result.out, result
    assert "missing" in result.out
    assert "d:/tex/WOOD.png" in result.out
    assert "files: 1 missing, 1 output" in result.out


def test_a_map_finds_what_is_missing(home: Path, show: Path) -> None:
    result = analyze(home, show / "work/shot.project", "--map", f"D:/={show / 'drive'}", "--json")
    assert result.code == 0, result
    [found] = [each for each in result.json["files"] if each["state"] != "output"]
    assert (found["state"], found["count"]) == ("resolved", 1)
    assert found["resolved"] == str(show / "drive/Tex/wood.png")


def test_the_object_has_the_members_that_scripts_rely_on(home: Path, show: Path) -> None:
    result = analyze(home, show / "work/shot.project", "--json")
    assert result.code == 3, result
    report = result.json
    assert set(report) >= MEMBERS | {"warnings", "version"}
    assert report["software"]["name"] == "clarisse"
    assert report["frames"] == {"start": 1, "end": 50, "step": 1, "fps": 25}
    assert set(report["renderables"][0]) >= RENDERABLE
    assert {name: report["renderables"][0]["frames"][name] for name in ("start", "end", "step")} == {
        "start": 3,
        "end": 9,
        "step": 1,
    }
    assert all(set(each) >= FILE for each in report["files"])


def test_a_damaged_scene_has_an_object_and_ends_with_4_even_if_files_are_missing(home: Path, show: Path) -> None:
    scene = show / "work/shot.project"
    scene.write_text(scene.read_text()[:-20])
    result = analyze(home, scene, "--json")
    assert result.code == 4, result
    assert "at byte" in result.json["damage"]
    assert [each["name"] for each in result.json["renderables"]] == ["project://scene/shot"]
    told = analyze(home, scene)
    assert told.code == 4
    assert "error: damaged at byte" in told.out


@pytest.mark.parametrize("content", [b"", b"nothing that is known", b"\0" * 100])
def test_what_is_no_scene_has_an_object_and_ends_with_4(home: Path, tmp_path: Path, content: bytes) -> None:
    scene = tmp_path / "scene.hip"
    scene.write_bytes(content)
    result = analyze(home, scene, "--json")
    assert result.code == 4, result
    assert (result.json["format"], result.json["renderables"]) == ("unknown", [])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("nowhere.hip",), "there is no such file"),
        ((".",), "it is a folder, not a scene"),
        (("x" * 5000,), "File name too long"),
        (("SCENE", "--map", "D:/"), "'D:/' is no map"),
        (("SCENE", "--map", "D:/=/no/such/folder"), "there is no folder /no/such/folder"),
        (("SCENE", "--frames", "1"), "No such option"),
        ((), "Missing argument"),
    ],
)
def test_bad_usage_ends_with_2(home: Path, show: Path, words: tuple[str, ...], told: str) -> None:
    scene = str(show / "work/shot.project")
    result = analyze(home, *(scene if word == "SCENE" else word for word in words))
    assert result.code == 2, result
    assert told in result.err


def test_the_files_of_the_rayvision_sdk_are_written_below_the_workspace(home: Path, show: Path, tmp_path: Path) -> None:
    result = analyze(home, show / "work/shot.project", "--workspace", tmp_path / "sdk/here", "--json")
    assert result.code == 3, result
    folder = Path(result.json["workspace"])
    assert folder.parent == tmp_path / "sdk/here"
    task = json.loads((folder / "task.json").read_text())
    assert task["task_info"]["cg_id"] == "2013"
    assert task["scene_info"]["image_node"][0]["frames"] == "3-9[1]"
    assert json.loads((folder / "tips.json").read_text()) != {}
    assert {path.name for path in folder.iterdir()} >= {"task.json", "asset.json", "upload.json", "tips.json"}


def test_warnings_are_told_once_with_a_workspace_too(home: Path, tmp_path: Path) -> None:
    (tmp_path / "shot.hip").write_bytes(Hip().rop(camera="/obj/gone").data())
    result = analyze(home, tmp_path / "shot.hip", "--workspace", tmp_path / "sdk")
    assert "warning: /out/mantra1 renders through /obj/gone" in result.out
    assert result.err == ""


def test_of_a_damaged_scene_in_which_nothing_renders_no_files_are_written(home: Path, show: Path) -> None:
    scene = show / "work/shot.project"
    text = scene.read_text()
    scene.write_text(text[: text.index("    Image {")])
    result = analyze(home, scene, "--workspace", show / "sdk", "--json")
    assert result.code == 4, result
    assert (result.json["renderables"], len(result.json["files"])) == ([], 1)
    assert "no files for the Rayvision SDK" in result.err
    assert not (show / "sdk").exists()


def test_a_workspace_for_an_application_that_the_sdk_has_not_is_bad_usage(home: Path, tmp_path: Path) -> None:
    (tmp_path / "scene.usda").write_text("#usda 1.0\n")
    result = analyze(home, tmp_path / "scene.usda", "--workspace", tmp_path / "sdk")
    assert result.code == 2, result
    assert "the Rayvision SDK has no scenes of usd" in result.err


def test_a_scene_is_read_again_when_it_or_a_file_has_changed(home: Path, show: Path) -> None:
    scene = show / "work/shot.project"
    assert analyze(home, scene).code == 3
    (show / "work/tex").mkdir()
    (show / "work/tex/wood.png").write_bytes(b"x")
    assert analyze(home, scene).code == 0, "it was found by its tail"
    scene.write_text(scene.read_text().replace("last_frame 9", "last_frame 8"))
    assert "frames 3-8" in analyze(home, scene).out


def test_what_comes_from_a_scene_does_not_steer_the_terminal(home: Path, tmp_path: Path) -> None:
    scene = tmp_path / "shot.project"
    scene.write_text(project(context("scene", image("sh\x1b]0;pwned\x07ot", 'save_as "/a/\x1b[31mred.####"'))))
    result = analyze(home, scene)
    assert "\x1b" not in result.out
    assert "\x07" not in result.out


def test_an_interrupt_leaves_no_process(home: Path, tmp_path: Path) -> None:
    scene = tmp_path / "big.project"
    scene.write_text(project(context("scene", *(image(f"i{n}", "first_frame 1") for n in range(200_000)))))
    command = subprocess.Popen(
        [RENDERMILL, "analyze", scene],
        env={**os.environ, "HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    children = Path(f"/proc/{command.pid}/task/{command.pid}/children")
    while (
        not (child := children.read_text().strip())
        or b"scenes.child" not in Path(f"/proc/{child}/cmdline").read_bytes()
    ):
        assert command.poll() is None
    watched = os.pidfd_open(int(child))
    os.kill(command.pid, signal.SIGINT)
    assert command.wait(60) == 130
    assert command.stderr is not None and command.stdout is not None
    assert b"interrupted" in command.stderr.read()
    command.stderr.close()
    command.stdout.close()
    assert select.select([watched], [], [], 60)[0], "it ended too"
    os.close(watched)


def test_the_damaged_sample_is_told_as_damaged_with_what_could_be_read(home: Path, tmp_path: Path) -> None:
    scene = samples.copied("houdini/h17.0_rayvision_sphere.hip", tmp_path, "x.bin")
    result = analyze(home, scene, "--json")
    assert result.code == 4, result
    report: dict[str, Any] = result.json
    assert report["software"]["version"] == "17.0.352"
    assert [each["name"] for each in report["renderables"]] == ["/out/mantra1"]
    assert {name: report["renderables"][0]["frames"][name] for name in ("start", "end")} == {"start": 1, "end": 10}


def test_two_analyses_of_one_scene_at_once(home: Path, tmp_path: Path) -> None:
    hip = Hip()
    (tmp_path / "shot.hip").write_bytes(hip.data())
    command = [str(RENDERMILL), "analyze", str(tmp_path / "shot.hip"), "--json"]
    environment = {**os.environ, "HOME": str(home)}
    both = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    told = [process.communicate()[0] for process in both]
    assert {process.returncode for process in both} == {0}
    assert len(set(told)) == 1
