"""Where files lie: projects and their rules, variables, and the scenes that a scene refers to."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rendermill.scenes.report import FileUse, SceneReport, State
from support.scenes_maya import (
    FORMS,
    Edits,
    Node,
    Refers,
    Scene,
    ascii_scene,
    examined,
    globals_,
    report,
    report_of_text,
    texture,
)


def put(path: Path, text: str = "x") -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return str(path)


def textured(folder: Path, path: str) -> FileUse:
    """The use of a texture by a scene in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    return use(report(folder, Scene(nodes=[texture("file1", path)])), "file1 fileTextureName")


def use(found: SceneReport, user: str) -> FileUse:
    (one,) = (each for each in found.files if each.used_by == user)
    return one


# Projects -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("folder", ["scenes", "scenes/shots/a", "."])
def test_a_relative_path_is_relative_to_the_project(tmp_path: Path, folder: str) -> None:
    put(tmp_path / "workspace.mel", "")
    there = put(tmp_path / "sourceimages/a.png")
    put(tmp_path / "scenes/sourceimages/a.png")
    assert textured(tmp_path / folder, "sourceimages/a.png").resolved == there


def test_the_nearest_project_counts(tmp_path: Path) -> None:
    put(tmp_path / "workspace.mel", "")
    put(tmp_path / "a.png")
    put(tmp_path / "inner/workspace.mel", "")
    there = put(tmp_path / "inner/a.png")
    assert textured(tmp_path / "inner/scenes", "a.png").resolved == there


def test_the_definition_of_the_project_is_a_file_of_the_scene(tmp_path: Path) -> None:
    there = put(tmp_path / "workspace.mel", "")
    (tmp_path / "scenes").mkdir()
    found = report(tmp_path / "scenes", Scene())
    assert [(each.path, each.used_by, each.resolved, each.state) for each in found.files] == [
        ("workspace.mel", "project", there, State.RESOLVED)
    ]
    assert found.renderables[0].details["project"] == str(tmp_path)


def test_a_name_alone_lies_where_the_project_keeps_its_images(tmp_path: Path) -> None:
    put(tmp_path / "workspace.mel", 'workspace -fr "images" "images";\nworkspace -fr "sourceImages" "tex/in";\n')
    there = put(tmp_path / "tex/in/a.png")
    put(tmp_path / "sourceimages/a.png")
    assert textured(tmp_path / "scenes", "a.png").resolved == there


def test_a_rule_that_is_not_written_is_the_usual_one(tmp_path: Path) -> None:
    put(tmp_path / "workspace.mel", "// empty\n")
    there = put(tmp_path / "sourceimages/a.png")
    assert textured(tmp_path / "scenes", "a.png").resolved == there


def test_a_definition_that_is_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "workspace.mel")
    assert report(tmp_path, Scene()).files == ()


@pytest.mark.parametrize(
    "rule",
    [
        'workspace -fr "sourceImages" "@";',
        'workspace -fileRule "sourceImages" "@";',
        'workspace -rt "sourceImages" "@";',
        'workspace -fr "scene" "s" -fr "sourceImages"\n"@" -fr "x" "y";',
        'workspace -v "a" "b"; workspace\t-fr  "sourceImages"  "@" ;',
    ],
)
def test_rules_as_they_are_written(tmp_path: Path, rule: str) -> None:
    put(tmp_path / "p/workspace.mel", rule.replace("@", f"{tmp_path}/elsewhere/"))
    there = put(tmp_path / "elsewhere/a.png")
    assert textured(tmp_path / "p/scenes", "a.png").resolved == there


def test_the_images_of_a_project(tmp_path: Path) -> None:
    put(tmp_path / "workspace.mel", 'workspace -fr "images" "renders/out";')
    details = report(tmp_path, Scene()).renderables[0].details
    assert details["images"] == f"{tmp_path}/renders/out"


def test_rules_of_other_files(tmp_path: Path) -> None:
    put(tmp_path / "workspace.mel", 'workspace -fr "alembicCache" "abc";\nworkspace -fr "fileCache" "geo";')
    there = [put(tmp_path / name) for name in ("abc/a.abc", "geo/shirt.xml", "geo/shirt.mcx", "sound/s.wav")]
    nodes = [
        Node("gpuCache", "g", {"cfn": "a.abc"}),
        Node("audio", "s", {"f": "s.wav"}),
        Node("cacheFile", "c", {"cn": "shirt"}),
    ]
    found = report(tmp_path, Scene(nodes=nodes))
    users = ("g cacheFileName", "c cacheName", "c cachePath", "s filename")
    assert [use(found, user).resolved for user in users] == there


def test_beside_the_scene_is_the_last_place(tmp_path: Path) -> None:
    put(tmp_path / "workspace.mel", "")
    there = put(tmp_path / "scenes/a.png")
    assert textured(tmp_path / "scenes", "a.png").resolved == there
    there = put(tmp_path / "a.png")
    assert textured(tmp_path / "scenes", "a.png").resolved == there


def test_without_a_definition_the_project_is_above_the_scenes(tmp_path: Path) -> None:
    there = put(tmp_path / "sourceimages/a.png")
    assert textured(tmp_path / "scenes/shots", "sourceimages/a.png").resolved == there


def test_the_project_as_it_was_when_the_path_was_written(tmp_path: Path) -> None:
    put(tmp_path / "p/workspace.mel", "")
    there = put(tmp_path / "p/sourceimages/x/a.png")
    found = textured(tmp_path / "p/scenes", "C:/daten/3d//sourceimages/x/a.png")
    assert (found.resolved, found.path) == (there, "C:/daten/3d//sourceimages/x/a.png")


def test_the_project_as_it_was_may_still_be_there(tmp_path: Path) -> None:
    there = put(tmp_path / "old/sourceimages/a.png")
    assert textured(tmp_path / "p", f"{tmp_path}/old//sourceimages/a.png").resolved == there


# Paths --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("$JOB/a.png", "variable $JOB"),
        ("${JOB}/a.png", "variable $JOB"),
        ("%JOB%\\a.png", "variable $JOB"),
        ("/jobs/$SHOT/a.png", "variable $SHOT"),
        ("~/a.png", "variable ~"),
        ("`whoami`.png", "expression"),
        ("https://example.org/a.png", "address"),
    ],
)
def test_paths_that_cannot_be_known(tmp_path: Path, path: str, reason: str) -> None:
    found = textured(tmp_path, path)
    assert (found.path, found.state, found.reason) == (path, State.UNRESOLVED, reason)


@pytest.mark.parametrize(
    "path", ["D:/x/y/a.png", "D:\\x\\y\\a.png", "//server/share/a.png", "\\\\server\\share\\a.png"]
)
def test_paths_of_other_systems(tmp_path: Path, path: str) -> None:
    found = textured(tmp_path, path)
    assert (found.path, found.state) == (path, State.MISSING)
    assert found.resolved == path.replace("\\", "/")


def test_a_path_of_another_system_lies_beside_the_scene(tmp_path: Path) -> None:
    there = put(tmp_path / "textures/a.png")
    assert textured(tmp_path, "D:\\work\\show\\textures\\a.png").resolved == there


def test_a_path_that_is_too_long(tmp_path: Path) -> None:
    found = textured(tmp_path, "/a" * 5000 + ".png")
    assert (found.state, found.reason) == (State.UNRESOLVED, "it is too long")


# References ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_a_reference_is_followed(tmp_path: Path, form: str) -> None:
    car = tmp_path / "assets/car.mb"
    car.parent.mkdir()
    car.write_bytes(ascii_scene(Scene(nodes=[texture("paint", "/t/paint.png")])))
    found = report(tmp_path, Scene(refers=[Refers("assets/car.mb", "carRN")]), form)
    assert use(found, "carRN file").resolved == str(car)
    assert "/t/paint.png" in [each.path for each in found.files]
    assert found.warnings == ()


def test_a_file_of_a_reference_may_be_relative_to_the_scene_s_project(tmp_path: Path) -> None:
    put(tmp_path / "p/workspace.mel", "")
    there = put(tmp_path / "p/sourceimages/paint.png")
    car = tmp_path / "library/car.ma"
    put(car)
    car.write_bytes(ascii_scene(Scene(nodes=[texture("paint", "sourceimages/paint.png")])))
    (tmp_path / "p/scenes").mkdir()
    found = report(tmp_path / "p/scenes", Scene(refers=[Refers(str(car), "carRN")]))
    assert there in [each.resolved for each in found.files]


@pytest.mark.parametrize("form", FORMS)
def test_a_second_use_of_a_reference(tmp_path: Path, form: str) -> None:
    there = tmp_path / "car.ma"
    there.write_bytes(ascii_scene(Scene()))
    found = report(tmp_path, Scene(refers=[Refers("car.ma", "carRN"), Refers("car.ma{1}", "carRN1")]), form)
    assert {each.resolved for each in found.files} == {str(there)}
    assert all(each.state is State.RESOLVED for each in found.files)


@pytest.mark.parametrize("form", FORMS)
def test_a_reference_that_is_unloaded(tmp_path: Path, form: str) -> None:
    refers = [Refers("/a/car.ma", "carRN", unloaded=True), Refers("/a/b.ma", "bRN"), Refers("/c", "cRN", unloaded=True)]
    found = report(tmp_path, Scene(refers=refers), form)
    assert use(found, "carRN file").state is State.MISSING
    assert found.warnings[0] == "references are unloaded, what is in them does not render: carRN, cRN"


def test_a_reference_of_a_reference_is_met_there(tmp_path: Path) -> None:
    wheel = tmp_path / "wheel.ma"
    wheel.write_bytes(ascii_scene(Scene(nodes=[texture("rubber", "/t/rubber.png")])))
    car = tmp_path / "car.ma"
    car.write_bytes(ascii_scene(Scene(refers=[Refers("wheel.ma", "wheelRN")])))
    refers = [Refers("car.ma", "carRN"), Refers("wheel.ma", "car:wheelRN", depth=2), Refers("/gone.ma", "x:y", depth=3)]
    found = report(tmp_path, Scene(refers=refers))
    assert [each.path for each in found.files] == ["car.ma", "wheel.ma", "/t/rubber.png"]


def test_references_in_a_circle(tmp_path: Path) -> None:
    other = tmp_path / "other.ma"
    other.write_bytes(ascii_scene(Scene(refers=[Refers("x.ma", "backRN")], nodes=[texture("f", "/t/a.png")])))
    found = report(tmp_path, Scene(refers=[Refers("other.ma", "otherRN"), Refers("x.ma", "selfRN")]))
    assert "/t/a.png" in [each.path for each in found.files]
    assert found.damage == ""


def test_a_reference_that_only_its_node_knows(tmp_path: Path) -> None:
    found = report(tmp_path, Scene(nodes=[Node("reference", "carRN", {"fn[0]": "/a/car.ma", "fn[1]": "/b/car.ma"})]))
    assert [(each.path, each.used_by) for each in found.files] == [("/a/car.ma", "carRN file")]


def test_the_node_of_a_reference_may_know_the_whole_path(tmp_path: Path) -> None:
    there = put(tmp_path / "library/car.ma", "//Maya ASCII 2023 scene\n// End of x\n")
    nodes = [Node("reference", "carRN", {"fn[0]": there})]
    found = report(tmp_path, Scene(refers=[Refers("gone/car.ma", "carRN")], nodes=nodes))
    assert use(found, "carRN file").resolved == there


def test_other_formats_that_are_referred_to(tmp_path: Path) -> None:
    lines = (
        'file -rdi 1 -ns "a" -rfn "aRN" -typ "Alembic" "/c/a.abc";',
        'file -r -ns "f" -dr 1 -rfn "fRN" -typ "FBX" "/c/f.fbx";',
        'file -import "/c/gone.fbx";',
    )
    assert [each.path for each in report_of_text(tmp_path, *lines).files] == ["/c/a.abc", "/c/f.fbx"]


def test_a_variable_in_a_reference(tmp_path: Path) -> None:
    found = report(tmp_path, Scene(refers=[Refers("$ASSETS/car.ma", "carRN")]))
    assert use(found, "carRN file").reason == "variable $ASSETS"


@pytest.mark.parametrize("form", FORMS)
def test_a_reference_may_change_a_texture(tmp_path: Path, form: str) -> None:
    edits = Edits(
        (
            ("car:file1", "fileTextureName", "/new/a.png"),
            ("car:file1", "colorSpace", "sRGB"),
            ("|car:root|car:bodyShape", "dso", "C:\\b\\c.ass"),
            ("car:node", "anything", "/guess/d.exr"),
        )
    )
    found = report(tmp_path, Scene(nodes=[Node("reference", "carRN", {"ed": edits})]), form)
    assert [(each.path, each.used_by, each.confidence.value) for each in found.files] == [
        ("/new/a.png", "car:file1 fileTextureName", "high"),
        ("C:\\b\\c.ass", "|car:root|car:bodyShape dso", "high"),
        ("/guess/d.exr", "car:node anything", "low"),
    ]


def test_layers_of_usd_are_followed(tmp_path: Path) -> None:
    put(tmp_path / "a.usda", "#usda 1.0\n(\n    subLayers = [@./b.usda@]\n)\n")
    there = put(tmp_path / "b.usda", "#usda 1.0\n")
    found = report(tmp_path, Scene(nodes=[Node("mayaUsdProxyShape", "usd1", {"fp": "a.usda"})]))
    assert use(found, "usd1 filePath").state is State.RESOLVED
    assert there in [each.resolved for each in found.files]


def test_scenes_in_assemblies_are_followed(tmp_path: Path) -> None:
    part = tmp_path / "part.ma"
    part.write_bytes(ascii_scene(Scene(nodes=[texture("f", "/t/a.png"), globals_()])))
    nodes = [
        Node("assemblyReference", "ar", {"def": "part.ma"}),
        Node("assemblyDefinition", "ad", {"rep[0].rna": "a", "rep[0].rda": "/c/low.abc"}),
    ]
    found = report(tmp_path, Scene(nodes=nodes))
    assert [each.path for each in found.files] == ["part.ma", "/c/low.abc", "/t/a.png"]


def test_a_folder_that_is_named_like_the_definition_is_no_project(tmp_path: Path) -> None:
    (tmp_path / "workspace.mel").mkdir()
    found = report(tmp_path, Scene())
    assert (found.files, found.damage) == ((), "")
    assert examined(tmp_path / "x.ma") == found
