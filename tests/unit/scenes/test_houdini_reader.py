"""What a Houdini scene renders: ROPs of every kind, their frames, cameras, sizes, takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from rendermill.scenes.report import FrameRange, Plugin, Renderable
from support.scenes_houdini import Bound, Hip, Parms, Value, only, take, takes


def frames(hip: Hip, tmp_path: Path) -> tuple[float, float, float]:
    found = only(hip.report(tmp_path)).frames
    return found.start, found.end, found.step


def rop(hip: Hip, tmp_path: Path) -> Renderable:
    return only(hip.report(tmp_path))


# --- which nodes render ------------------------------------------------------------------------------------------


RENDERERS = [
    ("ifd", "mantra", {"camera": "/obj/cam1", "vm_picture": "$HIP/a.exr"}),
    ("Redshift_ROP", "redshift", {"RS_renderCamera": "/obj/cam1", "RS_outputFileNamePrefix": "$HIP/a.exr"}),
    ("arnold", "arnold", {"camera": "/obj/cam1", "ar_picture": "$HIP/a.exr"}),
    ("vray_renderer", "vray", {"render_camera": "/obj/cam1", "SettingsOutput_img_file_path": "$HIP/a.exr"}),
    ("ris::22", "renderman", {"camera": "/obj/cam1", "ri_display_0": "$HIP/a.exr"}),
    ("Octane_ROP", "octane", {"HO_renderCamera": "/obj/cam1", "HO_img_fileName": "$HIP/a.exr"}),
    ("opengl", "opengl", {"camera": "/obj/cam1", "picture": "$HIP/a.exr"}),
    ("baketexture::3.0", "mantra", {"camera": "/obj/cam1", "vm_uvoutputpicture1": "$HIP/a.exr"}),
    ("karma", "karma", {"camera": "/obj/cam1", "picture": "$HIP/a.exr"}),
]


@pytest.mark.parametrize(("type_", "renderer", "parms"), RENDERERS, ids=[each[0] for each in RENDERERS])
@pytest.mark.parametrize("path", ["/out/r1", "/obj/ropnet1/r1", "/tasks/topnet1/ropnet1/r1"])
def test_a_rop_of_any_renderer_in_any_network(
    tmp_path: Path, type_: str, renderer: str, parms: dict[str, str], path: str
) -> None:
    hip = Hip().camera(width=320, height=200).rop(type_, path, parms)
    hip.node("/obj/ropnet1", "ropnet").node("/tasks/topnet1/ropnet1", "ropnet")
    report = hip.report(tmp_path)
    found = only(report)
    assert (found.name, found.kind, found.renderer, found.enabled) == (path, type_, renderer, True)
    assert (found.cameras, found.resolution, found.output) == (("/obj/cam1",), (320, 200), "$HIP/a.exr")
    assert found.frames == FrameRange(1, 10, 1, 24)
    assert found.details["role"] == "render"
    assert (report.renderer, report.resolution) == (renderer, (320, 200))


WRITERS = [
    ("geometry", "/out/r1", "sopoutput"),
    ("rop_geometry", "/obj/geo1/r1", "sopoutput"),
    ("filecache", "/obj/geo1/r1", "file"),
    ("alembic", "/out/r1", "filename"),
    ("rop_alembic", "/obj/geo1/r1", "filename"),
    ("filmboxfbx", "/out/r1", "sopoutput"),
    ("rop_fbx", "/obj/geo1/r1", "sopoutput"),
    ("dop", "/out/r1", "dopoutput"),
    ("output", "/obj/sim/r1", "dopoutput"),
    ("usd", "/out/r1", "lopoutput"),
    ("usd_rop", "/stage/r1", "lopoutput"),
]


@pytest.mark.parametrize(("type_", "path", "parm"), WRITERS)
def test_what_writes_geometry(tmp_path: Path, type_: str, path: str, parm: str) -> None:
    found = rop(Hip().rop(type_, path, {parm: "$HIP/geo/a.$F4.bgeo.sc"}), tmp_path)
    assert (found.details["role"], found.renderer, found.cameras, found.resolution) == ("geometry", "", (), None)
    assert found.output == "$HIP/geo/a.$F4.bgeo.sc"


@pytest.mark.parametrize(
    ("type_", "path"),
    [
        ("fetch", "/out/r1"),
        ("merge", "/out/r1"),
        ("switch", "/out/r1"),
        ("shell", "/out/r1"),
        ("subnet", "/out/r1"),
        ("ropnet", "/obj/r1"),
        ("Redshift_IPR", "/out/r1"),
        ("rop_ipr", "/out/r1"),
        ("output", "/obj/geo1/r1"),
        ("merge", "/obj/geo1/r1"),
    ],
)
def test_what_renders_nothing_itself(tmp_path: Path, type_: str, path: str) -> None:
    assert Hip().rop(type_, path).report(tmp_path).renderables == ()


def test_drivers_of_unknown_types(tmp_path: Path) -> None:
    """Any node among ROPs is one; elsewhere, what a library defines as one."""
    hip = Hip().rop("afanasy", "/out/farm").rop("studio::submit::2.0", "/obj/net/sub/s").rop("qube", "/obj/geo1/q")
    hip.node("/obj/net", "ropnet").node("/obj/net/sub", "subnet").rop("unknown", "/obj/geo1/no")
    hip.asset("Driver/qube", "/studio/qube.hda")
    found = {each.name: (each.kind, each.details["role"]) for each in hip.report(tmp_path).renderables}
    assert found == {
        "/out/farm": ("afanasy", "driver"),
        "/obj/net/sub/s": ("studio::submit::2.0", "driver"),
        "/obj/geo1/q": ("qube", "driver"),
    }


def test_a_bypassed_rop_is_off_and_the_first_that_is_on_counts(tmp_path: Path) -> None:
    hip = Hip().camera().camera("/obj/cam2", 1000, 500)
    hip.rop("arnold", "/out/a", bypass=True, camera="/obj/cam1").rop("ifd", "/out/b", camera="/obj/cam2")
    report = hip.report(tmp_path)
    assert [(each.name, each.enabled) for each in report.renderables] == [("/out/a", False), ("/out/b", True)]
    assert (report.renderer, report.resolution) == ("mantra", (1000, 500))


def test_without_rops_the_first_camera_counts(tmp_path: Path) -> None:
    report = Hip().camera("/obj/a", 300, 100).camera("/obj/b", 400, 100).report(tmp_path)
    assert (report.cameras, report.resolution, report.renderer) == (("/obj/a", "/obj/b"), (300, 100), "")


def test_a_window_is_no_output(tmp_path: Path) -> None:
    assert rop(Hip().camera().rop(camera="/obj/cam1", vm_picture="ip"), tmp_path).output == ""


def test_a_description_for_the_renderer(tmp_path: Path) -> None:
    hip = Hip().camera()
    hip.rop(camera="/obj/cam1", vm_picture="$HIP/a.exr", soho_outputmode="on", soho_diskfile="$HIP/a.ifd")
    found = rop(hip, tmp_path)
    assert (found.output, found.details["export"]) == ("$HIP/a.exr", "$HIP/a.ifd")
    hip.rop(camera="/obj/cam1", vm_picture="$HIP/a.exr", soho_outputmode="off", soho_diskfile="$HIP/a.ifd")
    assert "export" not in rop(hip, tmp_path).details


# --- frames ------------------------------------------------------------------------------------------------------


def test_a_range_that_is_off_is_the_current_frame(tmp_path: Path) -> None:
    """tcur is in seconds from frame 1."""
    hip = Hip(start="fps 24\ntcur 41.666666666666664\nfrange 1001 1100\n").rop(trange="off", f=(5, 9, 1))
    found = rop(hip, tmp_path)
    assert found.frames == FrameRange(1001, 1001, 1, 24)
    assert (found.details["trange"], found.details["f"]) == ("off", [5, 9, 1])
    assert isinstance(found.frames.start, int)


@pytest.mark.parametrize(("trange", "expected"), [("normal", (5, 9, 2)), ("on", (5, 9, 2)), ("off", (3, 3, 1))])
def test_ranges(tmp_path: Path, trange: str, expected: tuple[int, int, int]) -> None:
    hip = Hip(start="fps 24\nfrange 3 30\n").rop(trange=trange, f=(5, 9, 2))
    assert frames(hip, tmp_path) == expected


def test_channels_count_and_not_what_was_saved(tmp_path: Path) -> None:
    hip = Hip(start="fps 24\ntcur 0\nfrange 1 60\n").rop(f=(Bound("$FSTART", 1), Bound("$FEND", 240), 1))
    assert frames(hip, tmp_path) == (1, 60, 1)


def test_channels_look_at_other_nodes(tmp_path: Path) -> None:
    hip = Hip().rop("geometry", "/out/cache", f=(Bound('ch("../main/f1")', 0), Bound('ch("/out/main/f2")+2', 0), 1))
    hip.node("/out/main", "null", {"f": (Bound("$RFSTART", 7), Bound("2*($NFRAMES-40)", 7), 1)})
    assert frames(hip, tmp_path) == (1, 402, 1)


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("hou.frame()", "expression hou.frame()"),
        ('ch("../nothing/f1")', 'expression ch("../nothing/f1")'),
        ("$SHOW_START", "variable $SHOW_START"),
        ("$F", "a value that changes with the frame"),
        ("if($F>1,2,3)", "expression if($F>1,2,3)"),
        ("1/0", "expression 1/0"),
    ],
)
def test_what_cannot_be_computed_is_as_saved_and_warned_of(tmp_path: Path, expression: str, reason: str) -> None:
    report = Hip().rop(f=(Bound(expression, 12), 20, 1)).report(tmp_path)
    assert only(report).frames == FrameRange(12, 20, 1, 24)
    warning = f"/out/mantra1 f1 depends on {reason}; its value when the scene was saved is taken"
    assert report.warnings == (warning,)


def test_a_key_is_what_was_saved(tmp_path: Path) -> None:
    assert Hip().rop(f=(Bound("bezier()", 12), 20, 1)).report(tmp_path).warnings == ()
    report = Hip().rop(f=(Bound("bezier()", 12, keys=2), 20, 1)).report(tmp_path)
    assert only(report).frames.start == 12
    assert report.warnings[0].startswith("/out/mantra1 f1 depends on animation of f1; ")


def test_frames_between_frames(tmp_path: Path) -> None:
    assert frames(Hip().rop(f=(1.5, 2, 0.25)), tmp_path) == (1.5, 2, 0.25)
    assert frames(Hip().rop(f=(1, 2, 0)), tmp_path) == (1, 2, 1)


def test_a_scene_without_a_time_line(tmp_path: Path) -> None:
    report = Hip(start="").rop(trange="off").report(tmp_path)
    assert report.frames is None
    assert only(report).frames == FrameRange(1, 1, 1, 24)


@pytest.mark.parametrize("number", ["nan", "inf", "1e300", "x"])
def test_numbers_that_are_none(tmp_path: Path, number: str) -> None:
    hip = Hip(start=f"fps {number}\ntcur {number}\nfrange {number} 9\n").rop(f=(number, 5, 1))
    report = hip.camera(width=10, height=10).report(tmp_path)
    assert report.frames is None
    assert only(report).frames == FrameRange(1, 5, 1, 24)


# --- cameras and sizes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("override", "fraction", "expected"),
    [
        ("off", "specific", (641, 480)),
        ("on", "specific", (300, 200)),
        ("on", "0.5", (321, 240)),
        ("on", "1/2", (321, 240)),
        ("on", "0.3333333", (214, 160)),
        ("on", "x", None),
    ],
)
def test_a_rop_may_change_the_camera_s_size(
    tmp_path: Path, override: str, fraction: str, expected: tuple[int, int] | None
) -> None:
    hip = Hip().camera(width=641)
    hip.rop(camera="/obj/cam1", override_camerares=override, res_fraction=fraction, res_override=(300, 200))
    assert rop(hip, tmp_path).resolution == expected


@pytest.mark.parametrize(("scale", "expected"), [("user", (300, 200)), ("1", (64, 48)), ("5", (320, 240))])
def test_redshift_changes_it_its_own_way(tmp_path: Path, scale: str, expected: tuple[int, int]) -> None:
    parms = {"RS_renderCamera": "/obj/cam1", "RS_overrideCameraRes": "on", "RS_overrideResScale": scale}
    hip = Hip().camera().rop("Redshift_ROP", parms=parms, RS_overrideRes=(300, 200))
    assert rop(hip, tmp_path).resolution == expected


def test_sizes_that_are_the_rop_s_own(tmp_path: Path) -> None:
    hip = Hip().rop("comp", tres="specify", res=(30, 20), copoutput="$HIP/a.exr")
    assert rop(hip, tmp_path).resolution == (30, 20)
    hip = Hip().rop("comp", tres="natural", res=(30, 20), copoutput="$HIP/a.exr")
    assert rop(hip, tmp_path).resolution is None


def test_a_camera_by_a_relative_path_and_by_a_look_up(tmp_path: Path) -> None:
    hip = Hip().camera().node("/obj/ropnet1", "ropnet", {"cam": "../cam1"})
    hip.rop(path="/obj/ropnet1/m", camera="../../cam1")
    assert rop(hip, tmp_path).cameras == ("/obj/cam1",)
    hip.rop(path="/obj/ropnet1/m", camera='`chsop("../cam")`')
    assert (rop(hip, tmp_path).cameras, rop(hip, tmp_path).resolution) == (("/obj/cam1",), (640, 480))


def test_a_rig_is_as_large_as_the_camera_in_it(tmp_path: Path) -> None:
    hip = Hip().node("/obj/rig", "subnet").camera("/obj/rig/cam", 99, 77).rop(camera="/obj/rig")
    found = rop(hip, tmp_path)
    assert (found.cameras, found.resolution) == (("/obj/rig",), (99, 77))


def test_a_camera_that_is_not_there(tmp_path: Path) -> None:
    report = Hip().rop(camera="/obj/cam1", res_override=(1280, 720)).report(tmp_path)
    found = only(report)
    assert found.cameras == ("/obj/cam1",)
    assert found.details["missing_camera"] is True
    assert found.resolution == (1280, 720)
    assert report.warnings == ("/out/mantra1 renders through /obj/cam1, which is not in the scene",)


def test_a_camera_inside_an_asset_may_be_there(tmp_path: Path) -> None:
    hip = (
        Hip().node("/obj/rig", "studio::rig").rop(camera="/obj/rig/left/cam").asset("studio::Object/rig", "/a/rig.hda")
    )
    report = hip.report(tmp_path)
    assert "missing_camera" not in only(report).details
    assert report.warnings == ()


def test_cameras_of_a_stage_are_prims(tmp_path: Path) -> None:
    hip = Hip().node("/stage/shotcam", "camera", {"primpath": "/cameras/$OS"}).node("/obj/rig", "stereocamrig")
    assert hip.report(tmp_path).cameras == ("/obj/rig", "/cameras/shotcam")


# --- takes -------------------------------------------------------------------------------------------------------


def with_takes(active: str = "Main") -> Hip:
    hip = Hip(variables={"ACTIVETAKE": active}).camera()
    main = take("Main", 1, {("/obj/cam1", "res"): (640, 480)})
    big = take("big", 2, {("/obj/cam1", "res"): (2000, 1000), ("/out/mantra1", "f"): (3, 4, 1)}, 2)
    hip.takes = takes(main, big, take("late", 0, {("/out/mantra1", "f"): (30, 40, 1)}, 6), take("other", 0, {}))
    return hip


@pytest.mark.parametrize(
    ("asked", "size", "expected"),
    [
        ("_current_", (640, 480), (1, 10, 1)),
        ("Main", (640, 480), (1, 10, 1)),
        ("big", (2000, 1000), (3, 4, 1)),
        ("late", (2000, 1000), (30, 40, 1)),
        ("other", (2000, 1000), (3, 4, 1)),
    ],
)
def test_a_rop_renders_its_take(
    tmp_path: Path, asked: str, size: tuple[int, int], expected: tuple[int, int, int]
) -> None:
    hip = with_takes().rop(camera="/obj/cam1", take=asked)
    found = rop(hip, tmp_path)
    assert (found.resolution, found.details["take"]) == (size, asked)
    assert frames(hip, tmp_path) == expected


def test_a_scene_saved_in_a_take_gives_the_main_one_from_its_record(tmp_path: Path) -> None:
    hip = with_takes("big").camera(width=2000, height=1000)
    assert rop(hip.rop(camera="/obj/cam1"), tmp_path).resolution == (2000, 1000)
    assert rop(hip.rop(camera="/obj/cam1", take="Main"), tmp_path).resolution == (640, 480)


def test_a_take_that_is_not_there(tmp_path: Path) -> None:
    report = with_takes().rop(camera="/obj/cam1", take="gone").report(tmp_path)
    assert only(report).resolution == (640, 480)
    assert report.warnings == ("/out/mantra1 renders the take gone, which is not in the scene",)


# --- stages ------------------------------------------------------------------------------------------------------


def stage() -> Hip:
    settings: Parms = {
        "primpath": "/Render/s1",
        "camera": "/cameras/cam1",
        "resolution": (1920, 800),
        "picture": "$HIP/k.exr",
    }
    hip = Hip().node("/stage/settings", "karmarendersettings", settings)
    return hip.node("/stage/edit", "null", inputs=("settings",))


def usd(hip: Hip, path: str = "/stage/render", **parms: Value | tuple[Value, ...]) -> Hip:
    own: Parms = {"execute": 0, "trange": "normal", "f": (1, 5, 1), "renderer": "BRAY_HdKarma", **parms}
    return hip.node(path, "usdrender_rop", own, inputs=("edit",))


def test_a_rop_of_usd_is_told_by_the_settings_upstream(tmp_path: Path) -> None:
    report = usd(stage()).report(tmp_path)
    found = only(report)
    assert (found.renderer, found.cameras, found.resolution) == ("karma", ("/cameras/cam1",), (1920, 800))
    assert (found.output, found.frames) == ("$HIP/k.exr", FrameRange(1, 5, 1, 24))
    assert report.warnings == ()


def test_a_rop_of_usd_may_change_them(tmp_path: Path) -> None:
    hip = usd(stage(), override_camera="/cameras/b", outputimage="$HIP/own.exr", override_res="scale", res_scale=50)
    found = rop(hip, tmp_path)
    assert (found.cameras, found.resolution, found.output) == (("/cameras/b",), (960, 400), "$HIP/own.exr")
    hip = usd(stage(), override_res="specific", res_user=(64, 32))
    assert rop(hip, tmp_path).resolution == (64, 32)


def test_a_rop_of_usd_elsewhere_names_its_stage(tmp_path: Path) -> None:
    hip = usd(stage(), "/out/usd", loppath="/stage/edit", renderer="HdPrmanLoaderRendererPlugin")
    found = rop(hip, tmp_path)
    assert (found.renderer, found.resolution) == ("renderman", (1920, 800))


# --- simulations and plug-ins ------------------------------------------------------------------------------------


def test_a_distributed_simulation(tmp_path: Path) -> None:
    hip = Hip().rop("rop_geometry", "/obj/tank/save", f=(1, 240, 1), trange="off", sopoutput="$HIP/geo/s$SLICE.bgeo")
    hip.node(
        "/out/sim",
        "hq_sim",
        {
            "hq_driver": "/obj/tank/save",
            "hq_sim_controls": "/obj/sim/CONTROLS",
            "slice_type": "particle",
            "num_slices": 4,
            "slicediv": (2, 2, 1),
            "hq_hip": "$HIP/none.hip",
        },
    )
    found = {each.name: each for each in hip.report(tmp_path).renderables}["/out/sim"]
    assert found.frames == FrameRange(1, 240, 1, 24)
    assert {name: found.details[name] for name in found.details if name not in ("take", "trange")} == {
        "role": "simulation",
        "output_driver": "/obj/tank/save",
        "output_file": "$HIP/geo/s$SLICE.bgeo",
        "sliceType": "particle",
        "simControlName": "/obj/sim/CONTROLS",
        "num_slices": "4",
        "cluster_node": "",
        "slicediv": ["2", "2", "1"],
    }


@pytest.mark.parametrize(
    ("path", "plugin"),
    [
        ("C:/ProgramData/Redshift/Redshift_3_0_66/Plugins/Houdini/19.0.531/otls/rs.hda", Plugin("redshift", "3.0.66")),
        ("/usr/redshift/redshift4houdini/18.5.408/otls/rs.hda", Plugin("redshift")),
        ("/opt/htoa-6.2.1_r1234_houdini-19.5/htoa/otls/arnold.otl", Plugin("htoa", "6.2.1")),
        ("/opt/pixar/RenderManForHoudini-25.2/otls/ris.hda", Plugin("renderman", "25.2")),
        ("C:/Users/a/houdini19.5/Octane_2022.1.1/otls/octane.otl", Plugin("octane", "2022.1.1")),
        ("C:/Users/a/Documents/houdini19.5/SideFXLabs19.5/otls/x.hda", Plugin("SideFXLabs", "19.5")),
    ],
)
def test_plug_ins_show_in_where_their_operators_lie(tmp_path: Path, path: str, plugin: Plugin) -> None:
    assert Hip().asset("Object/light", path).report(tmp_path).plugins == (plugin,)


def test_a_rop_shows_its_plug_in(tmp_path: Path) -> None:
    assert Hip().rop("vray_renderer").report(tmp_path).plugins == (Plugin("vray"),)
