"""The installed command renders real frames through a real server."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import OpenImageIO as oiio
import pytest

from rendermill.software.blender.installations import software_root
from support import scenes
from support.command import Result, Server, run, serving

THEIRS = """
specificationVersion: jobtemplate-2023-09
name: Theirs
parameterDefinitions:
- {name: Scene, type: PATH, objectType: FILE, dataFlow: IN}
- {name: Out, type: PATH, objectType: DIRECTORY, dataFlow: OUT, default: ./frames}
steps:
- name: Render
  parameterSpace:
    taskParameterDefinitions: [{name: Frame, type: INT, range: "1-2"}]
  script:
    actions:
      onRun:
        command: blender
        args: [-b, "{{Param.Scene}}", -o, "{{Param.Out}}/x_####", -F, PNG, -f, "{{Task.Param.Frame}}"]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("acceptance")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    with serving(folder / "farm", folder / "home", "--slots", "2") as started:
        yield started


@pytest.fixture(scope="module")
def scene(folder: Path, bpy_python: Path) -> Path:
    return scenes.build(bpy_python, folder / "project", scenes.WITH_FILES)


def spec_of(picture: Path) -> oiio.ImageSpec:
    opened = oiio.ImageInput.open(str(picture))
    assert opened is not None
    return opened.spec()


def size(picture: Path) -> tuple[int, int]:
    spec = spec_of(picture)
    return spec.width, spec.height


def test_submit_follows_and_fetches_every_frame_and_the_movie(server: Server, scene: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = server.run("submit", scene, "--frames", "1-5", "--movie", "film.mp4", "--output", out)
    assert result.code == 0, result
    frames = sorted(path.name for path in out.glob("*.png"))
    assert frames == [f"scene_{frame:04}.png" for frame in range(1, 6)]
    assert all(size(out / name) == (64, 36) for name in frames)
    assert (out / "film.mp4").stat().st_size > 1000
    pictures = {(out / name).read_bytes() for name in frames}
    assert len(pictures) == 5, "the cube moves, so no two frames are alike"


def test_submit_returns_at_once_and_the_job_can_be_looked_at(server: Server, scene: Path, tmp_path: Path) -> None:
    job_id = server.submit(scene, "--frames", "1-2")
    assert server.run("download", job_id, "--follow", "--output", tmp_path / "out").code == 0
    job = server.job(job_id)
    assert job["status"] == "succeeded"
    assert job["tasks"]["total"] == job["tasks"]["succeeded"] == 2
    assert {"id", "name", "waiting_reason"} <= set(job)
    listed = server.run("jobs", "--json").json
    assert job_id in [each["id"] for each in listed]
    log = server.run("logs", job_id, "--task", "0")
    assert "Saved:" in log.out
    assert len(list((tmp_path / "out").glob("*.png"))) == 2


def test_wishes_override_the_scene(server: Server, scene: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    wishes = ["--resolution", "50", "--format", "OPEN_EXR_MULTILAYER", "--samples", "2", "--camera", "Far"]
    result = server.run("submit", scene, "--frames", "3", *wishes, "--pattern", "exr/f_##", "--output", out)
    assert result.code == 0, result
    picture = out / "exr/f_03.exr"
    assert size(picture) == (32, 18)
    channels = spec_of(picture).channelnames
    assert any(name.endswith("Combined.R") for name in channels)


def test_without_frames_the_scene_says_which(server: Server, scene: Path, tmp_path: Path) -> None:
    result = server.run("submit", scene, "--output", tmp_path / "out")
    assert result.code == 0, result
    assert len(list((tmp_path / "out").glob("*.png"))) == 4


def test_render_needs_no_server(folder: Path, scene: Path, tmp_path: Path) -> None:
    result = run(folder / "home", "render", scene, "--frames", "1-3", "--output", tmp_path / "out", "--json")
    assert result.code == 0, result
    assert result.json["tasks"]["succeeded"] == 3
    assert len(list((tmp_path / "out").glob("*.png"))) == 3
    left = list((folder / "home/.cache/rendermill/render").glob("*/"))
    assert left == [], "its farm is gone"


def test_software_is_found_in_its_default_place_and_keys_for_another_farm_are_no_hindrance(
    scene: Path, tmp_path: Path
) -> None:
    """As a newcomer has it: nothing but a home."""
    home = tmp_path / "home"
    (home / ".local/share/rendermill").mkdir(parents=True)
    (home / ".local/share/rendermill/software").symlink_to(software_root())
    keys = {"RENDERMILL_ACCESS_ID": "a", "RENDERMILL_ACCESS_KEY": "b"}
    result = run(home, "render", scene, "--frames", "1", "--output", tmp_path / "out", environment=keys, bare=True)
    assert result.code == 0, result


def test_a_moved_project_renders_from_where_it_lies_now(server: Server, scene: Path, tmp_path: Path) -> None:
    moved = tmp_path / "with 'quotes\" and spaces"
    subprocess.run(["cp", "-r", str(scene.parent), str(moved)], check=True)
    result = server.run("submit", moved / "scene.blend", "--frames", "1", "--output", tmp_path / "out")
    assert result.code == 0, result


def test_a_template_of_somebody_else_calls_blender(server: Server, scene: Path, tmp_path: Path) -> None:
    template = tmp_path / "template.yaml"
    template.write_text(THEIRS)
    out = tmp_path / "out"
    result = server.run("submit", template, "--param", f"Scene={scene}", "--output", out)
    assert result.code == 0, result
    assert sorted(path.name for path in out.iterdir()) == ["x_0001.png", "x_0002.png"]


def test_missing_files_are_named_and_refused_unless_allowed(server: Server, scene: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    subprocess.run(["cp", "-r", str(scene.parent), str(broken)], check=True)
    (broken / "textures/wood.png").unlink()
    refused = server.run("submit", broken / "scene.blend", "--frames", "1")
    assert refused.code == 3
    assert str(broken / "textures/wood.png") in refused.err
    allowed = server.run("submit", broken / "scene.blend", "--frames", "1", "--allow-missing", "--json")
    assert allowed.code == 0, allowed
    assert any("wood.png" in warning for warning in server.job(allowed.json["id"])["warnings"])


def failures(server: Server, job_id: int) -> Result:
    return server.run("download", job_id, "--follow", "--output", server.home / f"out{job_id}")


def test_a_blender_that_segfaults_on_one_frame_costs_that_frame_only(
    server: Server, bpy_python: Path, tmp_path: Path
) -> None:
    scene = scenes.build(bpy_python, tmp_path, scenes.misbehaving(2, scenes.SEGFAULT))
    job_id = server.submit(scene, "--frames", "1-4", "--auto-run", "--max-attempts", "2")
    assert failures(server, job_id).code == 1
    job = server.job(job_id)
    assert (job["tasks"]["succeeded"], job["tasks"]["failed"]) == (3, 1)
    shown = server.run("job", job_id).out
    assert "segmentation fault" in shown
    assert "frame 2" in shown


def test_scripts_of_a_scene_do_not_run_unless_asked_for(server: Server, bpy_python: Path, tmp_path: Path) -> None:
    scene = scenes.build(bpy_python, tmp_path, scenes.misbehaving(2, scenes.SEGFAULT))
    result = server.run("submit", scene, "--frames", "1-2", "--output", tmp_path / "out")
    assert result.code == 0, result


def test_a_frame_that_hangs_is_ended_by_its_timeout(server: Server, bpy_python: Path, tmp_path: Path) -> None:
    scene = scenes.build(bpy_python, tmp_path, scenes.misbehaving(2, scenes.HANG))
    words = ["--frames", "1-3", "--auto-run", "--max-attempts", "1", "--task-timeout", "4"]
    job_id = server.submit(scene, *words)
    assert failures(server, job_id).code == 1
    job = server.job(job_id)
    assert (job["tasks"]["succeeded"], job["tasks"]["failed"]) == (2, 1)
    assert "timed out" in server.run("job", job_id).out


def test_black_frames_are_told(server: Server, bpy_python: Path, tmp_path: Path) -> None:
    dark = "world.node_tree.nodes['Background'].inputs[1].default_value = 0\n"
    scene = scenes.build(bpy_python, tmp_path, dark + scenes.PLAIN)
    result = server.run("submit", scene, "--frames", "1-2", "--output", tmp_path / "out")
    assert result.code == 0, result
    assert "warning: render Frame=2: scene_0002.png: the picture is all black" in result.err
    job_id = server.run("jobs", "--json").json[0]["id"]
    assert "succeeded render 1 (Frame=2), attempt 1: scene_0002.png: the picture is all black" in (
        server.run("job", job_id).out
    )


def test_eevee_is_warned_about_at_submission(server: Server, scene: Path) -> None:
    result = server.run("submit", scene, "--frames", "1", "--engine", "EEVEE", "--paused", "--json")
    assert any("EEVEE" in warning for warning in server.job(result.json["id"])["warnings"])
