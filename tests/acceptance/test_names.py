"""Whatever a scene and its output folder are called, its frames and its movie arrive under those names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support import scenes
from support.command import Server, serving


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("names")
    with serving(folder / "farm", folder / "home") as running:
        yield running


@pytest.fixture(scope="module")
def scene(bpy_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return scenes.build(bpy_python, tmp_path_factory.mktemp("scene"))


@pytest.mark.parametrize("name", ["a{b}", "a{{c}}", "logo@2x", "#1 50%d $F4 *?"])
def test_a_scene_of_any_name_becomes_frames_and_a_movie(server: Server, scene: Path, tmp_path: Path, name: str) -> None:
    named = tmp_path / f"{name}.blend"
    named.write_bytes(scene.read_bytes())
    out = tmp_path / "out"
    result = server.run("submit", named, "--frames", "1-2", "--movie", "m@2x{d}.mp4", "--output", out)
    assert result.code == 0, result
    wanted = {f"{name}_0001.png", f"{name}_0002.png", "m@2x{d}.mp4"}
    assert {path.name for path in out.iterdir()} == wanted


def test_an_output_folder_may_have_braces_in_its_name(server: Server, bpy_python: Path, tmp_path: Path) -> None:
    nodes = scenes.build(bpy_python, tmp_path / "project{x}", scenes.FILE_OUTPUTS)
    out = tmp_path / "out{d} {{e}}"
    result = server.run("submit", nodes, "--frames", "1", "--pattern", "{f}/x_#", "--output", out)
    assert result.code == 0, result
    assert {path.parent.name for path in out.rglob("*.png")} == {"{f}", "passes", "else"}
    assert [path.name for path in (out / "{f}").iterdir()] == ["x_1.png"]


@pytest.mark.parametrize("kind", ["WEBP", "TARGA", "DPX", "CINEON", "HDR", "JPEG2000", "IRIS"])
def test_frames_of_any_format_become_a_movie(server: Server, scene: Path, tmp_path: Path, kind: str) -> None:
    result = server.run("submit", scene, "--frames", "1-2", "--format", kind, "--movie", "m.mp4", "--output", tmp_path)
    assert result.code == 0, result
    assert (tmp_path / "m.mp4").is_file()


def test_a_pattern_that_leads_elsewhere_is_refused_before_anything_is_sent(
    server: Server, scene: Path, tmp_path: Path
) -> None:
    before = server.run("jobs", "--json").out
    for pattern in (tmp_path / "x_####", "../x_####", "two\nlines_####"):
        result = server.run("submit", scene, "--frames", "1", "--pattern", pattern)
        assert (result.code, "--output" in result.err) == (2, True), result
    assert server.run("jobs", "--json").out == before


def test_a_frame_that_blender_does_not_have_is_refused(server: Server, scene: Path) -> None:
    result = server.run("submit", scene, "--frames", "1048574,1048575")
    assert (result.code, "1048574" in result.err) == (2, True), result
