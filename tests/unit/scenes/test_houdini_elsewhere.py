"""Houdini's render operators where they are not expected, and values as other programs write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from rendermill.scenes.report import FrameRange, State
from support.scenes_houdini import Hip, only, take, takes, used


@pytest.mark.parametrize(
    ("type_", "role", "renderer", "parms"),
    [
        ("ropmantra", "render", "mantra", {"camera": "/obj/cam1", "vm_picture": "$HIP/a.exr"}),
        ("ropkarma", "render", "karma", {"camera": "/obj/cam1", "picture": "$HIP/a.exr"}),
        ("ropgeometry", "geometry", "", {"sopoutput": "$HIP/a.exr"}),
        ("ropcomposite", "render", "", {"copoutput": "$HIP/a.exr"}),
    ],
)
def test_a_task_with_a_render_operator_inside(
    tmp_path: Path, type_: str, role: str, renderer: str, parms: dict[str, str]
) -> None:
    hip = Hip().camera().node("/tasks/topnet1", "topnet")
    report = hip.node("/tasks/topnet1/t", type_, {"range": (11, 15, 2), **parms}).report(tmp_path)
    found = only(report)
    assert (found.name, found.kind, found.details["role"], found.renderer) == (
        "/tasks/topnet1/t",
        type_,
        role,
        renderer,
    )
    assert (found.output, found.frames) == ("$HIP/a.exr", FrameRange(11, 15, 2, 24))
    assert {use.state for use in report.files} == {State.OUTPUT}


@pytest.mark.parametrize("type_", ["geometry", "alembic", "arnold", "comp", "usd", "image"])
def test_what_has_a_button_to_render_does(tmp_path: Path, type_: str) -> None:
    """Also where the network that it lies in is not told."""
    assert only(Hip().rop(type_, "/obj/lost/r1").report(tmp_path)).kind == type_
    assert Hip().node("/obj/geo1/a", type_, {"fileName": "$HIP/a.abc"}).report(tmp_path).renderables == ()


def test_an_unknown_driver_with_a_camera_and_a_picture_renders(tmp_path: Path) -> None:
    values = {"camera": "/obj/cam1", "vm_picture": "$HIP/a.$F4.exr", "override_camerares": "on", "res_fraction": "0.5"}
    hip = Hip().camera().rop("studio::render::2.0", "/out/r", {**values, "lut": "$HIP/look.cube"})
    report = hip.report(tmp_path)
    found = only(report)
    assert (found.details["role"], found.cameras, found.resolution) == ("render", ("/obj/cam1",), (320, 240))
    assert (found.output, report.resolution) == ("$HIP/a.$F4.exr", (320, 240))
    states = {user: use.state for user, use in used(report).items()}
    assert states == {"/out/r vm_picture": State.OUTPUT, "/out/r lut": State.MISSING}


def test_a_simulation_writes_what_its_driver_writes(tmp_path: Path) -> None:
    hip = Hip().rop("rop_geometry", "/obj/tank/save", sopoutput="$HIP/geo/s$SLICE.bgeo")
    hip.node("/out/sim", "hq_sim", {"hq_driver": "/obj/tank/save"})
    found = {each.name: each for each in hip.report(tmp_path).renderables}["/out/sim"]
    assert (found.output, found.details["output_file"]) == ("$HIP/geo/s$SLICE.bgeo", "$HIP/geo/s$SLICE.bgeo")


def settings(hip: Hip, name: str) -> Hip:
    return hip.node(f"/stage/{name}", "karmarendersettings", {"resolution": (64, 32), "camera": "/cameras/a"})


def test_a_rop_of_usd_that_is_wired_to_nothing_has_the_only_settings(tmp_path: Path) -> None:
    hip = settings(Hip(), "one").rop("usdrender_rop", "/stage/r", renderer="BRAY_HdKarma")
    found = only(hip.report(tmp_path))
    assert (found.resolution, found.cameras) == ((64, 32), ("/cameras/a",))
    assert only(settings(hip, "two").report(tmp_path)).resolution is None
    hip = settings(Hip(), "one").node("/stage/box", "cube")
    hip.node("/stage/r", "usdrender_rop", {"execute": 0}, inputs=("box",))
    assert only(hip.report(tmp_path)).resolution is None


@pytest.mark.parametrize("written", [r"C:\show\tex\a.png", r"C:\\show\\tex\\a.png", r'"C:\\show\\tex\\a.png"'])
def test_back_slashes_with_and_without_escapes(tmp_path: Path, written: str) -> None:
    (tmp_path / "tex").mkdir()
    (tmp_path / "tex/a.png").write_bytes(b"x")
    hip = Hip(variables={"HIP": "C:/show"}, platform="windows-x86_64-cl19.35")
    hip.node("/obj/geo1/f", "file", {"filemode": "read", "file": "HERE"})
    entry = hip.entries["obj/geo1/f.parm"]
    hip.entries["obj/geo1/f.parm"] = entry.replace(b"HERE", written.encode())
    use = used(hip.report(tmp_path))["/obj/geo1/f file"]
    assert (use.path, use.resolved) == (r"C:\show\tex\a.png", str(tmp_path / "tex/a.png"))


def test_the_take_that_a_rop_renders_is_the_active_one(tmp_path: Path) -> None:
    hip = Hip(variables={"ACTIVETAKE": "Main"}).rop(take="hero", vm_picture="$HIP/$ACTIVETAKE.$F4.exr")
    hip.takes = takes(take("Main", 1, {}), take("hero", 0, {}))
    assert used(hip.report(tmp_path))["/out/mantra1 vm_picture"].resolved == str(tmp_path / "hero.####.exr")
