"""Jobs of Blender scenes whose files are not where the scene says: what Blender is told."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from rendermill.farm.blueprint import instantiate
from rendermill.farm.model.errors import DamagedSceneError, MissingFilesError
from rendermill.renderers.blender import BlenderWishes
from rendermill.renderers.blender import draft as blender_draft
from rendermill.renderers.blender.elsewhere import found_elsewhere, unusable
from rendermill.scenes.report import FileUse, FrameRange, Renderable, SceneReport, Software, State
from rendermill.sdk import prepare
from rendermill.sdk.prepare import prepare_blend
from rendermill.software.blender.installations import Installation

BLENDER = Installation((4, 5), Path("/opt/blender/bin/python"), is_module=True)
FRAMES = FrameRange(1, 2, 1, 24)


def report(*files: FileUse, **known: Any) -> SceneReport:
    layer = Renderable(
        "Scene/Layer", "view_layer", FRAMES, ("Camera",), (8, 8), "CYCLES", "", True, "Scene", "Layer", active=True
    )
    plain = {"format": "blend", "damage": ""}
    return SceneReport(
        software=Software("blender", "4.5"),
        frames=FRAMES,
        resolution=(8, 8),
        renderer="CYCLES",
        cameras=("Camera",),
        renderables=(layer,),
        files=files,
        **{**plain, **known},
    )


def use(asked: str, resolved: str, *files: str, by: str = "image wood") -> FileUse:
    state = State.PATTERN if files else State.RESOLVED
    files = files or (resolved,)
    return FileUse(asked, by, state, resolved, len(files), files, remapped=True, instead_of=(asked,))


@pytest.mark.parametrize(
    ("found", "instead"),
    [
        (use("D:/tex/wood.png", "/proj/tex/wood.png"), "/proj/tex/wood.png"),
        (
            use("/a/fire_###.png", "/proj/fire_###.png", "/proj/fire_001.png", "/proj/fire_002.png"),
            "/proj/fire_001.png",
        ),
        (use("/a/Wood.<UDIM>.png", "/b/Wood.<UDIM>.png", "/b/wood.1001.PNG"), "/b/wood.<UDIM>.PNG"),
        (use("/a/w_<UVTILE>.png", "/b/w_<UVTILE>.png", "/b/w_u1_v1.png", "/b/w_u2_v1.png"), "/b/w_<UVTILE>.png"),
        (use("/a/cache", "/proj/cache", "/proj/cache/data/1.vdb", "/proj/cache/2.vdb"), "/proj/cache"),
    ],
    ids=["file", "sequence", "tiles", "uv tiles", "folder"],
)
def test_blender_is_told_a_path_as_it_writes_them(found: FileUse, instead: str) -> None:
    assert found_elsewhere(report(found)) == [(found.path, instead)]


def test_every_way_that_leads_elsewhere_is_told() -> None:
    found = FileUse(
        "//a.png", "image a", State.RESOLVED, "/p/a.png", 1, ("/p/a.png",), instead_of=("D:/a.png", "/x/a.png")
    )
    assert found_elsewhere(report(found)) == [("D:/a.png", "/p/a.png"), ("/x/a.png", "/p/a.png")]


def test_a_file_that_is_where_the_scene_says_needs_nothing() -> None:
    found = FileUse("//a.png", "image a", State.RESOLVED, "/p/a.png", 1, ("/p/a.png",))
    assert found_elsewhere(report(found)) == []
    draft = blender_draft(Path("/p/s.blend"), report(found), BlenderWishes(), PurePosixPath("/p/out"), BLENDER)
    assert "embeddedFiles" not in json.dumps(draft.template)


def test_the_job_brings_the_places_along() -> None:
    found = use("/x/{{odd}}.png", "/p/{{odd}}.png")
    draft = blender_draft(Path("/p/s.blend"), report(found), BlenderWishes(), PurePosixPath("/p/out"), BLENDER)
    instantiate(draft.template, draft.parameters)
    script = draft.template["steps"][0]["stepEnvironments"][0]["script"]
    assert script["actions"]["onEnter"]["args"][-1] == "found_file={{Env.File.Found}}"
    (file,) = script["embeddedFiles"]
    assert "{" not in file["data"], "braces would mean something"
    assert json.loads(file["data"]) == [["/x/{{odd}}.png", "/p/{{odd}}.png"]]


MULTIRES = use("/x/a.btx", "/p/a.btx", by="lib.blend: multires data of mesh Rock")


def test_what_blender_cannot_be_told_is_as_good_as_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert unusable(report(MULTIRES)) == [MULTIRES]
    assert found_elsewhere(report(MULTIRES)) == []
    with pytest.raises(MissingFilesError, match=r"missing files \(1\):\n  /p/a.btx \(used by lib.blend: multires"):
        prepared(tmp_path, monkeypatch, report(MULTIRES))
    warnings = prepared(tmp_path, monkeypatch, report(MULTIRES), allow_missing=True).draft.warnings
    assert "missing: /p/a.btx (used by lib.blend: multires data of mesh Rock)" in warnings


def prepared(folder: Path, monkeypatch: pytest.MonkeyPatch, found: SceneReport, **options: Any) -> prepare.Prepared:
    scene = folder / "s.blend"
    scene.write_bytes(b"BLENDER-v405" + bytes(100))
    monkeypatch.setattr(prepare, "choose", lambda *_, **__: BLENDER)
    monkeypatch.setattr(prepare, "read_scene", lambda *_, **__: found)
    return prepare_blend(scene, BlenderWishes(), folder / "out", **options)


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({"format": "unknown", "damage": "x"}, "it is not a Blender scene"),
        ({"damage": "it is cut off"}, "it is cut off"),
    ],
)
def test_a_damaged_scene_is_not_rendered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known: dict[str, str], said: str
) -> None:
    with pytest.raises(DamagedSceneError, match=said):
        prepared(tmp_path, monkeypatch, report(**known))
