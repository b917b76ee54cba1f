"""What renders, when, at which size and through what: the settings, where they are set and where they are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from rendermill.scenes.report import FrameRange, Renderable, SceneReport
from support.scenes_maya import FORMS, Frames, Node, Scene, Value, camera, globals_, report

VIEWS = ("top", "front", "side")


def resolution(**values: Value) -> Node:
    return Node("", "defaultResolution", values)


def views() -> list[Node]:
    """The cameras that every scene has."""
    nodes = []
    for name in ("persp", *VIEWS):
        values: dict[str, Value] = {"o": True, "rnd": False} if name in VIEWS else {}
        nodes.append(Node("transform", name, startup=True))
        nodes.append(Node("camera", f"{name}Shape", values, parent=name, startup=True))
    return nodes


def only(found: SceneReport) -> Renderable:
    (renderable,) = found.renderables
    return renderable


def settings(folder: Path, form: str = "ma", **values: Value) -> Renderable:
    return only(report(folder, Scene(nodes=[globals_(**values)]), form))


@pytest.mark.parametrize("form", FORMS)
def test_what_is_not_written_is_at_its_default(tmp_path: Path, form: str) -> None:
    found = report(tmp_path, Scene(nodes=views()), form)
    assert (found.frames, found.resolution, found.renderer) == (FrameRange(1, 10, 1, 24), (960, 540), "mayaSoftware")
    layer = only(found)
    assert (layer.name, layer.kind, layer.enabled) == ("defaultRenderLayer", "layer", True)
    assert (layer.frames, layer.resolution) == (FrameRange(1, 1, 1, 24), (960, 540))
    assert (layer.output, layer.format, layer.cameras) == ("<Scene>", "iff", ("persp",))


@pytest.mark.parametrize("form", FORMS)
def test_what_is_written(tmp_path: Path, form: str) -> None:
    values: dict[str, Value] = {
        "fs": Frames(5),
        "ef": Frames(20.5),
        "bfs": 2,
        "an": True,
        "ren": "arnold",
        "ifp": "img/<Scene>",
    }
    nodes = [globals_(**values, outf=51, imfkey="tif", ep=4, me=True), resolution(w=1920, h=1080)]
    found = report(tmp_path, Scene(nodes=nodes), form)
    layer = only(found)
    assert found.frames == layer.frames == FrameRange(5, 20.5, 2, 24)
    assert found.resolution == layer.resolution == (1920, 1080)
    assert found.renderer == layer.renderer == "arnold"
    assert (layer.output, layer.format) == ("img/<Scene>", "tif")
    assert layer.details["padding"] == 4
    assert layer.details["renumber_frames"] is True


@pytest.mark.parametrize("form", FORMS)
def test_without_animation_the_current_frame_renders(tmp_path: Path, form: str) -> None:
    nodes = [Node("", "time1", {"o": Frames(537)}), globals_(fs=Frames(1), ef=Frames(90), an=False)]
    found = report(tmp_path, Scene(nodes=nodes), form)
    assert found.frames == FrameRange(1, 90, 1, 24)
    assert only(found).frames == FrameRange(537, 537, 1, 24)
    assert only(found).details["animation"] is False


@pytest.mark.parametrize(
    ("form", "unit", "fps"),
    [("ma", "pal", 25), ("mb32", "pal", 25), ("mb64", "pal", 25), ("ma", "ntscf", 60), ("mb32", "ntscf", 60),
     ("mb64", "ntscf", 60), ("ma", "23.976fps", 23.976), ("mb64", "23.976fps", 23.976)],
)  # fmt: skip
def test_frames_are_counted_in_the_unit_of_the_scene(tmp_path: Path, form: str, unit: str, fps: float) -> None:
    scene = Scene(nodes=[globals_(fs=Frames(2), ef=Frames(1001), an=True)], unit=unit)
    assert report(tmp_path, scene, form).frames == FrameRange(2, 1001, 1, fps)


@pytest.mark.parametrize(
    ("unit", "fps"),
    [("game", 15), ("film", 24), ("show", 48), ("palf", 50), ("29.97fps", 29.97), ("29.97df", 29.97),
     ("59.94fps", 59.94), ("120fps", 120), ("2fps", 2), ("sec", 1), ("millisec", 1000)],
)  # fmt: skip
def test_units_of_time(tmp_path: Path, unit: str, fps: float) -> None:
    assert report(tmp_path, Scene(unit=unit)).frames == FrameRange(1, 10, 1, fps)


@pytest.mark.parametrize("unit", ["furlong", "0fps", "-3fps", "9999999999fps"])
def test_a_unit_that_is_not_known(tmp_path: Path, unit: str) -> None:
    found = report(tmp_path, Scene(unit=unit))
    assert found.frames == FrameRange(1, 10, 1, 24)
    assert found.warnings == (f"the unit of time {unit!r} is not known; 24 frames per second are assumed",)


@pytest.mark.parametrize(
    ("version", "values", "size"),
    [
        ("2023", {}, (960, 540)),
        ("2012", {}, (960, 540)),
        ("2011", {}, (640, 480)),
        ("7.0", {}, (640, 480)),
        ("2013", {"dar": 1.333}, (640, 480)),
        ("2009", {"dar": 1.7777}, (960, 540)),
        ("2023", {"w": 100}, (100, 540)),
        ("2023", {"dar": 1.333, "w": 320, "h": 200}, (320, 200)),
    ],
)
def test_the_size_at_its_default(tmp_path: Path, version: str, values: dict[str, Value], size: tuple[int, int]) -> None:
    scene = Scene(nodes=[resolution(**values)], version=version, info={})
    assert report(tmp_path, scene).resolution == size


def test_other_nodes_have_widths_too(tmp_path: Path) -> None:
    nodes = [Node("transform", "a", {"w": 3, "h": 4}), Node("mesh", "b", {"w": 5}), resolution(w=800, h=600)]
    assert report(tmp_path, Scene(nodes=nodes)).resolution == (800, 600)


def test_the_time_slider_tells_frames_only_without_any_settings(tmp_path: Path) -> None:
    slider: dict[str, Value] = {"b": "playbackOptions -min 3 -max 77.5 -ast 1 -aet 200 ", "st": 6}
    script = Node("script", "sceneConfigurationScriptNode", slider)
    assert report(tmp_path, Scene(nodes=[script])).frames == FrameRange(3, 77.5, 1, 24)
    assert report(tmp_path, Scene(nodes=[script, globals_()])).frames == FrameRange(1, 10, 1, 24)
    other = Node("script", "other", slider)
    assert report(tmp_path, Scene(nodes=[other])).frames == FrameRange(1, 10, 1, 24)


def test_a_step_of_nothing_is_one(tmp_path: Path) -> None:
    assert settings(tmp_path, an=True, bfs=0).frames == FrameRange(1, 10, 1, 24)


def test_the_former_name_of_the_step(tmp_path: Path) -> None:
    assert settings(tmp_path, an=True, bf=Frames(3)).frames == FrameRange(1, 10, 3, 24)


@pytest.mark.parametrize(
    ("number", "extension"),
    [(0, "gif"), (3, "tif"), (4, "tif"), (7, "iff"), (8, "jpg"), (19, "tga"), (20, "bmp"), (32, "png"), (40, "exr")],
)
def test_formats_of_pictures(tmp_path: Path, number: int, extension: str) -> None:
    assert settings(tmp_path, outf=number).format == extension


@pytest.mark.parametrize("number", [50, 51])
def test_formats_that_have_a_name(tmp_path: Path, number: int) -> None:
    assert settings(tmp_path, outf=number, imfkey="hdr").format == "hdr"


def test_a_format_that_is_not_known(tmp_path: Path) -> None:
    assert settings(tmp_path, outf=999).format == ""


def test_arnold_has_its_own_format(tmp_path: Path) -> None:
    nodes = [globals_(ren="arnold", outf=7, ifp="a"), Node("", "defaultArnoldDriver", {"ai_translator": "tif"})]
    layer = only(report(tmp_path, Scene(nodes=nodes)))
    assert (layer.format, layer.output) == ("tif", "a")
    nodes = [globals_(ren="arnold"), Node("", "defaultArnoldDriver", {"pre": "mine/<Scene>"})]
    layer = only(report(tmp_path, Scene(nodes=nodes)))
    assert (layer.format, layer.output) == ("exr", "mine/<Scene>")


def test_vray_has_its_own_settings(tmp_path: Path) -> None:
    values: dict[str, Value] = {"wi": 2048, "he": 858, "fnprx": "v/<Layer>", "animtp": 1, "imgfs": "exr (deep)"}
    nodes = [globals_(ren="vray", ifp="no", outf=8), resolution(w=1, h=2), Node("", "vraySettings", values)]
    found = report(tmp_path, Scene(nodes=nodes))
    layer = only(found)
    assert found.resolution == layer.resolution == (2048, 858)
    assert (layer.output, layer.format, layer.frames.end) == ("v/<Layer>", "exr", 10)


def test_settings_of_vray_count_only_if_it_renders(tmp_path: Path) -> None:
    nodes = [globals_(ren="arnold"), Node("", "vraySettings", {"wi": 2048, "he": 858, "animtp": 1})]
    layer = only(report(tmp_path, Scene(nodes=nodes)))
    assert (layer.resolution, layer.frames.end) == ((960, 540), 1)


def test_redshift_has_its_own_prefix_and_format(tmp_path: Path) -> None:
    values: dict[str, Value] = {"imageFilePrefix": "rs/<Scene>", "imageFormat": 2}
    nodes = [globals_(ren="redshift", ifp="no"), Node("", "redshiftOptions", values)]
    layer = only(report(tmp_path, Scene(nodes=nodes)))
    assert (layer.output, layer.format) == ("rs/<Scene>", "png")


@pytest.mark.parametrize("renderer", ["renderman", "renderManRIS"])
def test_renderman_has_its_own_names(tmp_path: Path, renderer: str) -> None:
    values: dict[str, Value] = {"imageOutputDir": "<ws>/images", "imageFileFormat": "<layer>_<camera>.<f4>.<ext>"}
    nodes = [globals_(ren=renderer, ifp="no"), Node("", "rmanGlobals", values), *camera("a"), *camera("b")]
    layer = only(report(tmp_path, Scene(nodes=nodes)))
    assert (layer.output, layer.format) == ("<ws>/images/<layer>_<camera>.<f4>.<ext>", "exr")
    layer = only(report(tmp_path, Scene(nodes=[*nodes, Node("d_tiff", "d_tiff")])))
    assert layer.format == "tif"
    without = [globals_(ren=renderer, ifp="img", outf=8)]
    layer = only(report(tmp_path, Scene(nodes=without)))
    assert (layer.output, layer.format) == ("img", "jpg")


@pytest.mark.parametrize("form", FORMS)
def test_cameras_are_known_by_their_transforms(tmp_path: Path, form: str) -> None:
    nodes = [
        *views(),
        *camera("hero"),
        *camera("wide", rnd=False),
        Node("camera", "flatShape", {"o": True}, "grp|flat"),
    ]
    found = report(tmp_path, Scene(nodes=nodes), form)
    assert found.cameras == ("persp", "hero", "wide", "flat")
    layer = only(found)
    assert layer.cameras == ("persp", "hero", "flat")
    assert layer.details["all_camera"] == ["persp", "top", "front", "side", "hero", "wide", "flat"]
    assert (layer.details["render_camera"], layer.details["is_default_camera"]) == (["persp", "hero", "flat"], False)


def test_a_view_that_renders_is_a_camera(tmp_path: Path) -> None:
    top = Node("camera", "topShape", {"o": True, "rnd": True}, parent="top", startup=True)
    found = report(tmp_path, Scene(nodes=[top]))
    assert (found.cameras, only(found).cameras) == (("top",), ("top",))
    assert only(found).details["is_default_camera"] is True


@pytest.mark.parametrize(
    ("name", "startup", "is_default"),
    [("persp", False, True), ("left", True, True), ("other", True, True), ("hero", False, False)],
)
def test_cameras_that_every_scene_has(tmp_path: Path, name: str, startup: bool, is_default: bool) -> None:
    node = Node("camera", "eyeShape", parent=name, startup=startup)
    assert only(report(tmp_path, Scene(nodes=[node]))).details["is_default_camera"] is is_default


def test_several_cameras_do_not_write_over_each_other(tmp_path: Path) -> None:
    nodes = [*camera("a"), *camera("b"), globals_(ifp="img")]
    layer = only(report(tmp_path, Scene(nodes=nodes)))
    assert (layer.output, layer.details["image_file_prefix"]) == ("<Camera>/img", "img")
    for prefix in ("%c_img", "<Camera>/img", "<camera>/img"):
        nodes = [*camera("a"), *camera("b"), globals_(ifp=prefix)]
        assert only(report(tmp_path, Scene(nodes=nodes))).output == prefix


def test_the_project_and_its_pictures(tmp_path: Path) -> None:
    (tmp_path / "scenes").mkdir()
    layer = only(report(tmp_path / "scenes", Scene()))
    assert (layer.details["project"], layer.details["images"]) == (str(tmp_path), f"{tmp_path}/images")
    assert layer.details["layer_type"] == "0"


def test_a_report_of_too_many_cameras(tmp_path: Path) -> None:
    nodes = [node for number in range(2100) for node in camera(f"c{number}")]
    found = report(tmp_path, Scene(nodes=nodes))
    assert len(found.cameras) == 2000
    assert found.warnings == ("the scene has 2100 cameras; the first 2000 are told",)
