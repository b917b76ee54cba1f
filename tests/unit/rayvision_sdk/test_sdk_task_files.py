"""task.json of each application, and that analyses share nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rayvision_blender.analyze_blender import AnalyzeBlender
from rayvision_c4d.analyze_c4d import AnalyzeC4d
from rayvision_clarisse.analyse_clarisse import AnalyzeClarisse
from rayvision_houdini.analyze_houdini import AnalyzeHoudini
from rayvision_katana.analyse_katana import AnalyzeKatana
from rayvision_max.analyse_max import AnalyseMax
from rayvision_maya.analyze_maya import AnalyzeMaya
from rendermill.scenes.report import FrameRange, SceneReport
from rendermill_rayvision.analysis import Analysis
from rendermill_rayvision.values import frames_text
from support.rayvision_sdk import made, on_disk, reads, report, rop, run, scene_file, thing

SETTINGS = {
    "input_cg_file": "SCENE",
    "input_project_path": "",
    "task_id": "",
    "user_id": "",
    "project_id": "",
    "project_name": "show",
    "cg_id": "2004",
    "platform": "2",
    "channel": "4",
    "os_name": "0",
    "ram": "64",
    "pre_frames": "000",
    "frames_per_task": "1",
    "job_stop_time": "259200",
    "task_stop_time": "0",
    "time_out": "43200",
    "stop_after_test": "2",
    "tiles_type": "block",
    "tiles": "1",
    "is_layer_rendering": "1",
    "enable_layered": "0",
    "is_distribute_render": "0",
    "distribute_render_node": "3",
    "render_layer_type": "0",
    "is_picture": "0",
    "hardwareConfigId": "",
    "hardwareConfigIds": [],
    "graphics_cards_num": "2",
}


@pytest.fixture
def scene(tmp_path: Path) -> Path:
    return scene_file(tmp_path)


@pytest.fixture
def analysed(tmp_path: Path, scene: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    def analysed(cls: type[Analysis], found: SceneReport, version: str | None = None, **given: Any) -> Any:
        reads(monkeypatch, found)
        return run(made(cls, scene, tmp_path / "work", version, **given))

    return analysed


def info(analysis: Analysis) -> Any:
    return analysis.task_info["scene_info_render"]


def test_task_json_has_every_setting_at_its_default(analysed: Any, scene: Path) -> None:
    made_ = analysed(AnalyzeHoudini, report(renderables=(rop(),)), "17.5.460", project_name="show")
    found = made_.task_info
    assert found == on_disk(made_.task_json)
    assert found["task_info"] == {**SETTINGS, "input_cg_file": str(scene)}
    assert found["software_config"] == {"cg_name": "Houdini", "cg_version": "17.5.460", "plugins": {}}
    assert found["additional_info"] == {}
    assert found["scene_info"] == found["scene_info_render"]
    assert set(found) == {"software_config", "task_info", "scene_info", "scene_info_render", "additional_info"}


def test_the_files_are_utf_8_and_two_blanks_deep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads(monkeypatch, report(renderables=(rop(),)))
    scene = scene_file(tmp_path, "场景.hip")
    analysis = run(made(AnalyzeHoudini, scene, tmp_path))
    text = Path(analysis.task_json).read_bytes().decode("utf-8")
    assert '\n  "task_info": {\n    "' in text
    assert "场景.hip" in text


def test_a_name_that_is_no_unicode_is_written_as_an_escape(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads(monkeypatch, report(renderables=(rop("/out/\udcff"),)))
    analysis = run(made(AnalyzeHoudini, scene_file(tmp_path), tmp_path))
    assert on_disk(analysis.task_json)["scene_info"]["rop_node"][0]["node"] == "/out/\udcff"


def test_what_was_given_counts(analysed: Any) -> None:
    given = {
        "plugin_config": {"redshift": "3.0.45"},
        "platform": 21,
        "local_os": "windows",
        "render_software": "HOUDINI",
    }
    found = analysed(AnalyzeHoudini, report(), "18.0.348", **given).task_info
    assert found["software_config"] == {
        "cg_name": "HOUDINI",
        "cg_version": "18.0.348",
        "plugins": {"redshift": "3.0.45"},
    }
    assert (found["task_info"]["platform"], found["task_info"]["os_name"]) == ("21", "1")
    assert found["task_info"]["project_name"] == ""


def test_a_version_may_be_a_number(analysed: Any) -> None:
    analysis = analysed(AnalyzeMaya, report("maya", "2018"), 2018)
    assert analysis.task_info["software_config"]["cg_version"] == "2018"


@pytest.mark.parametrize("version", [None, ""])
def test_without_a_version_it_is_the_scene_s(analysed: Any, version: str | None) -> None:
    analysis = analysed(AnalyzeHoudini, report(version="18.5.408"), version)
    assert analysis.task_info["software_config"]["cg_version"] == "18.5.408"
    assert analysis.software_version == version


def test_a_relative_scene_is_named_by_its_whole_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scene: Path
) -> None:
    reads(monkeypatch, report())
    monkeypatch.chdir(tmp_path)
    analysis = run(AnalyzeHoudini("./shot.scene", "17.5", workspace="."))
    assert analysis.cg_file == "./shot.scene"
    assert analysis.task_info["task_info"]["input_cg_file"] == str(scene)
    assert [each["local"] for each in analysis.upload_info["scene"]] == [str(scene)]


def test_analyses_share_nothing(analysed: Any) -> None:
    first = analysed(AnalyzeHoudini, report(renderables=(rop(),)), "17.5.460", plugin_config={"a": "1"})
    first.task_info["task_info"]["frames_per_task"] = "9"
    first.task_info["task_info"]["hardwareConfigIds"].append("7")
    first.task_info["task_info"]["secret"] = "x"
    first.task_info["scene_info_render"]["rop_node"][0]["frames"] = "5"
    first.task_info["software_config"]["plugins"]["b"] = "2"
    second = analysed(AnalyzeMaya, report("maya", "2018"), "2018", input_project_path="D:\\show")
    third = analysed(AnalyzeHoudini, report(renderables=(rop(),)), "17.5.460", project_name="show")
    assert first.task_info["scene_info"]["rop_node"][0]["frames"] == "1-10[1]"
    assert first.plugin_config == {"a": "1"}
    assert second.task_info["task_info"]["input_project_path"] == "D:/show"
    assert third.task_info["task_info"] == {**SETTINGS, "input_cg_file": third.cg_file}
    assert third.task_info["software_config"]["plugins"] == {}


@pytest.mark.parametrize("arguments", [{"no_upload": True}, {"exe_path": True}, {"exe_path": "", "no_upload": 1}])
def test_upload_json_can_be_left_out(analysed: Any, arguments: Any, scene: Path, tmp_path: Path) -> None:
    analysed(AnalyzeHoudini, report())
    analysis = run(made(AnalyzeHoudini, scene, tmp_path / "work"), **arguments)
    assert analysis.upload_info == {}
    assert sorted(path.name for path in Path(analysis.workspace).iterdir()) == ["asset.json", "task.json", "tips.json"]


def test_the_path_of_an_executable_changes_nothing(analysed: Any, scene: Path, tmp_path: Path) -> None:
    analysed(AnalyzeHoudini, report())
    analysis = run(made(AnalyzeHoudini, scene, tmp_path / "work"), exe_path="/opt/hfs17.5/bin/hython")
    assert Path(analysis.upload_json).is_file()


def test_analyse_gives_the_analysis(analysed: Any, scene: Path, tmp_path: Path) -> None:
    analysed(AnalyzeMaya, report("maya"))
    analysis = made(AnalyzeMaya, scene, tmp_path / "work")
    assert run(analysis) is analysis


@pytest.mark.parametrize(
    ("frames", "text"),
    [
        (FrameRange(1, 10, 1, 24), "1-10[1]"),
        (FrameRange(7, 7, 1, 24), "7-7[1]"),
        (FrameRange(1, 10, 0.5, 24), "1-10[1]"),
        (FrameRange(1.5, 10.9, 2, 24), "1-10[2]"),
        (FrameRange(10, 1, -3, 24), "1-10[3]"),
        (FrameRange(-5, 5, 1, 24), "-5-5[1]"),
        (FrameRange(float("nan"), float("inf"), float("inf"), 24), "0-0[1]"),
        (None, ""),
    ],
)
def test_frames_are_written_as_the_api_has_them(frames: FrameRange | None, text: str) -> None:
    assert frames_text(frames) == text


# --- what is to be rendered --------------------------------------------------------------------------------------


def test_houdini(analysed: Any) -> None:
    simulation = {
        "output_driver": "/obj/a/out",
        "sliceType": "cluster",
        "simControlName": "/obj/c",
        "num_slices": "4",
        "cluster_node": "/obj/d",
        "slicediv": ["1", "2", "1"],
    }
    found = analysed(
        AnalyzeHoudini,
        report(
            renderables=(
                rop("/out/mantra1", cameras=("/obj/cam1",)),
                rop("/out/off", enabled=False, resolution=None, frames=FrameRange(1001, 1100, 2, 24)),
                rop("/obj/geo1/rop1", "geometry"),
                rop("/out/hq", "simulation", details=simulation),
                rop("/out/merge1", "driver"),
            )
        ),
    )
    mantra = {"node": "/out/mantra1", "frames": "1-10[1]", "option": "-1", "render": "1", "camera": "/obj/cam1"}
    off = {"node": "/out/off", "frames": "1001-1100[2]", "option": "-1", "render": "0", "camera": ""}
    assert info(found) == {
        "rop_node": [{**mantra, "width": "1280", "height": "720"}, {**off, "width": "", "height": ""}],
        "geo_node": [{"node": "/obj/geo1/rop1", "frames": "1-10[1]", "option": "0", "render": "0"}],
        "distributedsim_node": [
            {
                "node": "/out/hq",
                "output_driver": "/obj/a/out",
                "sliceType": "cluster",
                "simControlName": "/obj/c",
                "num_slices": "4",
                "cluster_filter": "/obj/d",
                "slicediv": ["1", "2", "1"],
                "frames": "1-10[1]",
                "option": "1",
                "render": "0",
            }
        ],
    }


def test_houdini_s_frames_are_those_that_a_node_stores(analysed: Any) -> None:
    current = FrameRange(7, 7, 1, 24)
    nodes = (
        rop(frames=current, details={"trange": "off", "f": [1, 240, 2]}),
        rop("/out/geo", "geometry", frames=current, details={"f": [1.5, 9, 0.5]}),
        rop("/out/usd", frames=current),
    )
    found = info(analysed(AnalyzeHoudini, report(renderables=nodes)))
    assert [each["frames"] for each in found["rop_node"]] == ["1-240[2]", "7-7[1]"]
    assert [each["frames"] for each in found["geo_node"]] == ["1-9[1]"]


def test_maya(analysed: Any) -> None:
    details = {
        "image_format": "exr",
        "image_file_prefix": "<Layer>",
        "all_camera": ["persp", "camera1"],
        "render_camera": ["camera1"],
        "animation": True,
        "renumber_frames": False,
        "is_default_camera": False,
    }
    layer = thing("beauty", "render_layer", renderer="arnold", frames=FrameRange(1, 20, 2, 24), details=details)
    off = thing("off", "render_setup_layer", enabled=False, resolution=None)
    found = analysed(AnalyzeMaya, report("maya", "2018", cameras=("persp",), renderables=(layer, off)))
    assert info(found)["beauty"] == {
        "renderable": "1",
        "is_default_camera": "0",
        "env": {},
        "option": "",
        "common": {
            "renderer": "arnold",
            "frames": "1-20[2]",
            "start": "1",
            "end": "20",
            "by_frame": "2",
            "width": "1280",
            "height": "720",
            "image_format": "exr",
            "image_file_prefix": "<Layer>",
            "all_camera": ["persp", "camera1"],
            "render_camera": ["camera1"],
            "animation": "True",
            "renumber_frames": "False",
        },
    }
    assert (info(found)["off"]["renderable"], info(found)["off"]["is_default_camera"]) == ("0", "1")
    assert info(found)["off"]["common"]["all_camera"] == ["persp"]
    assert info(found)["off"]["common"]["width"] == ""


def test_maya_settings_of_layers_and_project(analysed: Any) -> None:
    found = analysed(AnalyzeMaya, report("maya", "2018"), render_layer_type="1", input_project_path="E:\\show\\maya")
    settings = found.task_info["task_info"]
    assert (settings["render_layer_type"], settings["input_project_path"]) == ("1", "E:/show/maya")
    assert (settings["cg_id"], found.task_info["software_config"]["cg_name"]) == ("2000", "Maya")


def test_render_setup_is_told_by_the_scene(analysed: Any) -> None:
    layer = thing("rs_beauty", "render_setup_layer", cameras=("persp",), details={"layer_type": "1"})
    found = analysed(AnalyzeMaya, report("maya", "2018", renderables=(thing(details={"layer_type": "0"}), layer)))
    assert found.task_info["task_info"]["render_layer_type"] == "1"


def test_clarisse(analysed: Any) -> None:
    deep = {"enable_deep_output": True, "enable_deep_output_path": "/x/deep", "LUT": "linear", "save_to_disk": True}
    things = (
        thing("project://scene/image", "image", enabled=False, output="/x/img", format="exr16"),
        thing("project://scene/image.bg", "layer", output="/x/bg", format="exr16", details=deep),
        thing("project://scene/other", "image", resolution=None),
    )
    first, second = info(analysed(AnalyzeClarisse, report("clarisse", "4", renderables=things)))["image_node"]
    (layer,) = first.pop("layers")
    plain = {"frames": "1-10[1]", "output": "/x/img", "format": "exr16", "LUT": ""}
    size = {"width": "1280", "height": "720"}
    assert first == {"name": "project://scene/image", **plain, **size, "renderable": "0", "save_to_disk": "0"}
    assert layer == {
        **plain,
        "name": "project://scene/image.bg",
        "output": "/x/bg",
        "LUT": "linear",
        "renderable": "1",
        "save_to_disk": "1",
        "inw_output": "",
        "enable_deep_output": "1",
        "enable_deep_output_path": "/x/deep",
    }
    assert (second["name"], second["renderable"], second["width"], second["layers"]) == (
        "project://scene/other",
        *("1", "", []),
    )


def test_blender_has_the_scene_that_the_file_opens_with(analysed: Any) -> None:
    known = {"cameras": ("Camera",), "output": "//render/shot_####", "format": "OPEN_EXR"}
    things = (
        thing("Other/ViewLayer", "layer", scene="Other", frames=FrameRange(1, 5, 1, 24)),
        thing("Scene/ViewLayer", "layer", scene="Scene", active=True, **known),
        thing("Scene/Second", "layer", scene="Scene", active=True, **known),
    )
    assert info(analysed(AnalyzeBlender, report("blender", "2.82", renderables=things))) == {
        "common": {
            "frames": "1-10[1]",
            "width": "1280",
            "height": "720",
            "Render_Format": "OPEN_EXR",
            "scene_name": ["Scene"],
            "camera_name": "Camera",
            "Output_path": "//render/shot_####",
        }
    }


def test_blender_s_cameras_that_take_turns_are_left_to_the_scene(analysed: Any) -> None:
    layer = thing(scene="Scene", active=True, cameras=("Camera", "Camera.001"))
    assert info(analysed(AnalyzeBlender, report("blender", renderables=(layer,))))["common"]["camera_name"] == ""


def test_max(analysed: Any) -> None:
    found = report("3ds-max", "2011", renderer="Scanline", cameras=("Camera01", "Camera02"))
    analysis = analysed(AnalyseMax, found, "2011", renderable_camera=["Camera02", "Camera09"])
    assert info(analysis) == {
        "renderer": {"name": "Scanline"},
        "common": {
            "frames": "1-10[1]",
            "animation_range": "1-10",
            "width": "1280",
            "height": "720",
            "all_camera": ["Camera01", "Camera02"],
            "renderable_camera": ["Camera02"],
            "output_file": "",
            "output_file_basename": "",
            "output_file_type": "",
            "is_picture": "0",
            "cgv": "2011",
        },
    }
    settings = analysis.task_info["task_info"]
    assert (settings["cg_id"], settings["version"], settings["os_name"]) == ("2001", "2", "1")


def test_max_has_the_file_that_it_writes(analysed: Any) -> None:
    view = thing("View_7-12", "view", output="C:\\out\\img.jpg", frames=FrameRange(7, 12, 1, 30), resolution=(400, 300))
    common = info(analysed(AnalyseMax, report("3ds-max", "2011", renderables=(view,))))["common"]
    assert (common["frames"], common["width"], common["animation_range"]) == ("7-12[1]", "400", "1-10")
    written = [common["output_file"], common["output_file_basename"], common["output_file_type"]]
    assert written == ["C:\\out\\img.jpg", "img", ".jpg"]


def test_cinema_4d(analysed: Any) -> None:
    analysis = analysed(AnalyzeC4d, report("cinema4d", "", frames=None, resolution=None, renderer="Physical"))
    assert info(analysis) == {
        "renderer": {"name": "Physical"},
        "common": {
            "frames": "",
            "fps": "",
            "frame_rate": "",
            "width": "",
            "height": "",
            "all_camera": [],
            "saved_version": "",
        },
    }
    assert analysis.task_info["task_info"]["cg_id"] == "2005"


def test_katana(analysed: Any) -> None:
    things = (thing("Render", "render"), thing("Other", "render", enabled=False))
    analysis = analysed(AnalyzeKatana, report("katana", "2.5v4", renderables=things), input_project_path="/show")
    node = {"aov": {}, "frames": "1-10[1]", "denoise": "0", "renderable": "1"}
    assert info(analysis) == {"rendernodes": {"Render": node, "Other": {**node, "renderable": "0"}}}
    settings = analysis.task_info["task_info"]
    assert (settings["cg_id"], settings["input_project_path"]) == ("2016", "/show")


def test_every_leaf_is_text(analysed: Any) -> None:
    def leaves(value: Any) -> list[Any]:
        if isinstance(value, dict | list):
            return [leaf for each in (value.values() if isinstance(value, dict) else value) for leaf in leaves(each)]
        return [value]

    layer = thing("beauty", cameras=("a",), details={"animation": True, "image_format": 7})
    image = thing("project://scene/image", "image", details={"save_to_disk": True})
    for cls, name, one in (
        (AnalyzeHoudini, "houdini", rop()),
        (AnalyzeMaya, "maya", layer),
        (AnalyzeClarisse, "clarisse", image),
        (AnalyzeBlender, "blender", layer),
        (AnalyseMax, "3ds-max", layer),
        (AnalyzeC4d, "cinema4d", layer),
        (AnalyzeKatana, "katana", layer),
    ):
        found = json.dumps(analysed(cls, report(name, "1", renderables=(one,))).task_info)
        assert {type(leaf) for leaf in leaves(json.loads(found))} == {str}
