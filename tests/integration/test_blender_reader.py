"""What is read of a .blend without Blender is what Blender itself says of it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from rendermill.renderers.blender.elsewhere import found_elsewhere
from rendermill.scenes.read import read_scene
from rendermill.scenes.report import FileUse, SceneReport, State
from support import scenes_everything

#: Saves the same scene again with everything named by its absolute path.
ABSOLUTE = "bpy.ops.file.make_paths_absolute()\nbpy.ops.wm.save_mainfile()\n"
FOUND = (State.RESOLVED, State.PATTERN)


@pytest.fixture(scope="module", params=["plain", "compressed", "absolute"])
def project(request: pytest.FixtureRequest, bpy_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("everything") / "project"
    then = ABSOLUTE if request.param == "absolute" else ""
    return scenes_everything.build(bpy_python, folder, compressed=request.param == "compressed", then=then)


@pytest.fixture(scope="module")
def said(project: Path, bpy_python: Path) -> dict[str, Any]:
    return scenes_everything.asked(bpy_python, project)


@pytest.fixture(scope="module")
def report(project: Path) -> SceneReport:
    found = read_scene(project)
    assert not found.damage
    return found


def test_scenes_layers_and_cameras(report: SceneReport, said: dict[str, Any]) -> None:
    assert report.software.version == f"{said['version'][0]}.{said['version'][1]}"
    assert list(report.cameras) == said["cameras"] == ["Hero", "Spare", "Inside"]
    told = [
        {**asdict(each), "frames": list(asdict(each.frames).values()), "cameras": list(each.cameras)}
        for each in report.renderables
    ]
    keys = said["layers"][0].keys()
    assert [{key: each[key] for key in keys} for each in told] == [
        {**layer, "resolution": tuple(layer["resolution"])} for layer in said["layers"]
    ]
    active = said["layers"][0]
    assert report.frames is not None
    assert list(asdict(report.frames).values()) == active["frames"]
    assert (report.renderer, report.resolution) == (active["renderer"], tuple(active["resolution"]))


def test_it_has_what_the_project_was_made_with(said: dict[str, Any]) -> None:
    """Blender would take much as it is; this is what the comparison stands on."""
    main, shadow, other = said["layers"]
    assert main["frames"][:3] == [11, 77, 3]
    assert main["resolution"] == [1919 * 33 // 100, 1081 * 33 // 100]
    assert (main["format"], main["enabled"], shadow["enabled"]) == ("OPEN_EXR", True, False)
    assert (other["active"], other["format"], other["cameras"]) == (False, "JPEG", ["Elsewhere"])
    kinds = {owner.split()[0] for owner, *_ in said["files"]}
    assert kinds >= {"image", "movieclip", "sound", "vectorfont", "volume", "cachefile", "library", "strip", "IES"}
    assert kinds >= {"script", "mesh_cache", "fluid", "nodes", "point", "file"}


def needed(said: dict[str, Any]) -> list[Any]:
    """What Blender names, but for the cache of a fluid that is not baked, of which nothing is there."""
    return [each for each in said["files"] if "Dry" not in each[0]]


def named(use: FileUse) -> tuple[str, ...]:
    return tuple(sorted(use.files)) or (use.resolved,)


def test_every_file_that_blender_names_is_told(report: SceneReport, said: dict[str, Any]) -> None:
    told = {named(use): use.state for use in report.files if use.state in (*FOUND, State.MISSING)}
    for owner, raw, path, files in needed(said):
        key = tuple(files) or (path.replace("\\", "/"),)
        assert key in told, f"{owner} {raw}"
        assert (told[key] is State.MISSING) == (not files), f"{owner} {raw}"


def test_nothing_is_told_that_blender_does_not_name(report: SceneReport, said: dict[str, Any], project: Path) -> None:
    expected = {tuple(files) or (path.replace("\\", "/"),) for _, _, path, files in needed(said)}
    expected.add((str(project.parent / "notes.py"),))  # a text's, which Blender does not need to render
    assert {named(use) for use in report.files if use.state in (*FOUND, State.MISSING)} == expected


def test_every_path_of_blenders_own_list_is_told(report: SceneReport, said: dict[str, Any], project: Path) -> None:
    told = {path for use in report.files for path in (use.resolved, *use.files)}
    not_baked = {str(project.parent / name) for name in ("calm", "fluids/two")}
    windows = "/d/textures/nowhere.png"  # how Blender takes a drive here
    assert set(said["paths"]) - not_baked - {windows} <= told


def test_sequences_and_tiles_have_all_their_files(report: SceneReport) -> None:
    counts = {use.used_by: (use.count, use.gaps) for use in report.files if use.state is State.PATTERN}
    assert counts["image fire"] == (4, "4")
    assert counts["image udim"] == counts["image uv"] == (2, "")
    assert counts["movie clip c.0001.png"] == (3, "")
    assert counts["volume flame"] == (2, "")
    assert counts["strip Pictures of Main"] == (2, "")


def test_what_is_no_input_is_told_as_what_it_is(report: SceneReport) -> None:
    by_state: dict[State, set[str]] = {}
    for use in report.files:
        by_state.setdefault(use.state, set()).add(use.used_by)
    assert by_state[State.PACKED] == {"image packed"}
    assert len(by_state[State.BUILT_IN]) == 1
    assert by_state[State.OUTPUT] == {
        "output of scene Main",
        "output of scene Other",
        "node File Output of scene Main",
    }


def test_of_libraries_counts_what_is_linked(report: SceneReport, project: Path) -> None:
    told = {use.used_by: use.resolved for use in report.files}
    folder = project.parent
    assert told["house.blend: image brick"] == str(folder / "lib/tex/brick.png")
    assert told["materials.blend: image glass"] == str(folder / "deep/tex/glass.png")
    assert told["chair.blend: image chair"] == str(folder / "props/tex/chair.png")
    assert told["house.blend: library materials.blend"] == str(folder / "deep/materials.blend")
    assert not [user for user in told if "unused" in user]


def test_blender_finds_all_files_of_a_project_that_was_moved(bpy_python: Path, tmp_path: Path) -> None:
    """It is told of them as a job tells it, since everything is named by an absolute path that is no more."""
    scene = scenes_everything.build(bpy_python, tmp_path / "first", then=ABSOLUTE)
    before = scenes_everything.asked(bpy_python, scene)
    (tmp_path / "first").rename(tmp_path / "second")
    scene = tmp_path / "second/scene.blend"
    report = read_scene(scene)
    after = scenes_everything.asked(bpy_python, scene, found_elsewhere(report))
    assert {use.used_by for use in report.missing} == {"image gone", "image windows"}
    found = {owner: files for owner, _, _, files in after["files"] if files}
    unlike = ("Dry", "windows", "gone", "Domain")  # a folder has no tail to find it by
    expected = {owner: files for owner, _, _, files in before["files"] if not owner.endswith(unlike)}
    assert {
        owner: [file.replace("/second/", "/first/") for file in files] for owner, files in found.items()
    } == expected
