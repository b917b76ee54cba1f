"""The Rayvision SDK's analyses over real scenes, and what the farm's Rayvision door makes of their files."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from rayvision_blender.analyze_blender import AnalyzeBlender
from rayvision_clarisse.analyse_clarisse import AnalyzeClarisse
from rayvision_houdini.analyze_houdini import AnalyzeHoudini
from rayvision_max.analyse_max import AnalyseMax
from rayvision_maya.analyze_maya import AnalyzeMaya
from rayvision_utils.exception.exception import AnalyseFailError
from rendermill.scenes import read as reading
from rendermill.software.blender.installations import for_sessions
from rendermill.software.blender.launcher import commands
from support import samples
from support import scenes_clarisse as clarisse
from support import scenes_houdini as houdini
from support import scenes_maya as maya
from support.rayvision import RayvisionCaller, RayvisionFarm, rayvision_farm
from support.rayvision_sdk import made, on_disk, run
from support.scenes import build


@pytest.fixture(autouse=True)
def traces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Analyses leave their traces in the test's own folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("RAYVISION_HOUDINI", str(tmp_path / "learned"))


def info(analysis: Any) -> Any:
    return analysis.task_info["scene_info_render"]


def locals_of(analysis: Any) -> list[str]:
    return [each["local"] for each in analysis.upload_info["asset"]]


# --- scenes of the test ------------------------------------------------------------------------------------------


def hip(folder: Path) -> Path:
    """A ROP, a simulation and a camera; a sequence with a gap, a picture twice, a file that is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("fx.1.bgeo", "fx.2.bgeo", "fx.4.bgeo", "wood.png"):
        (folder / name).write_bytes(name.encode())
    scene = houdini.Hip(version="17.5.460").camera().rop(camera="/obj/cam1", vm_picture="$HIP/render/a.$F4.exr")
    scene.node("/obj/geo1", "geo").node("/obj/geo1/fx", "file", {"file": "$HIP/fx.$F.bgeo"})
    scene.node("/obj/geo1/lost", "file", {"file": "$HIP/lost.bgeo"})
    for number in (1, 2):
        scene.node(f"/obj/cam{number}/plate", "cam", {"vm_background": "$HIP/wood.png"})
    (folder / "shot.hip").write_bytes(scene.data())
    return folder / "shot.hip"


def ma(folder: Path) -> Path:
    """A layer with a camera, a texture, a reference that is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "wood.png").write_bytes(b"wood")
    nodes = (
        *maya.camera("cam1"),
        maya.texture("file1", str(folder / "wood.png")),
        maya.globals_(an=True, fs=maya.Frames(5), ef=maya.Frames(8)),
    )
    refers = (maya.Refers(str(folder / "rig.mb"), "rigRN"),)
    (folder / "shot.ma").write_bytes(maya.ascii_scene(maya.Scene(nodes, refers=refers)))
    return folder / "shot.ma"


def project(folder: Path) -> Path:
    """An image with a layer, a texture that is there and one that is not."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "wood.png").write_bytes(b"wood")
    layer = clarisse.item("Layer3d", "bg", 'active_camera "project://scene/camera"')
    lines = ("first_frame 3", "last_frame 9", "render_to_disk yes", 'save_as "/out/img.####"')
    items = (
        clarisse.item("CameraPerspective", "camera"),
        clarisse.item("TextureMapFile", "wood", 'filename "$PDIR/wood.png"'),
        clarisse.item("TextureMapFile", "lost", 'filename "$PDIR/lost.png"'),
        clarisse.image("image", *lines, layers=(layer,)),
    )
    return clarisse.write(folder, clarisse.project(clarisse.context("scene", *items)), "shot.project")


def test_a_houdini_scene_s_files_and_frames_are_those_that_it_names(tmp_path: Path) -> None:
    scene = hip(tmp_path / "show")
    analysis = run(made(AnalyzeHoudini, scene, tmp_path / "work", "17.5.460"))
    (rop,) = info(analysis)["rop_node"]
    assert (rop["node"], rop["frames"], rop["camera"], rop["width"]) == ("/out/mantra1", "1-10[1]", "/obj/cam1", "640")
    names = ["fx.1.bgeo", "fx.2.bgeo", "fx.4.bgeo", "wood.png", "shot.hip"]
    assert sorted(locals_of(analysis)) == sorted(str(scene.parent / name) for name in names)
    assert locals_of(analysis)[-1] == str(scene)
    assert set(analysis.tips_info) == {"50001"}
    told = "\n".join(analysis.tips_info["50001"])
    assert f"/obj/geo1/lost file  $HIP/lost.bgeo  missing: {scene.parent}/lost.bgeo" in told
    assert "missing: frames 3 of" in told
    assert analysis.asset_info["Normal"]["/obj/cam2/plate"] == ["$HIP/wood.png", [str(scene.parent / "wood.png")]]


def test_a_maya_scene_s_files_and_frames_are_those_that_it_names(tmp_path: Path) -> None:
    scene = ma(tmp_path / "show")
    analysis = run(made(AnalyzeMaya, scene, tmp_path / "work", "2023"))
    (layer,) = info(analysis).values()
    assert layer["common"]["frames"] == "5-8[1]"
    assert "cam1" in layer["common"]["render_camera"]
    assert locals_of(analysis) == [str(scene.parent / "wood.png"), str(scene)]
    assert list(analysis.tips_info) == ["25009"]
    assert str(scene.parent / "rig.mb") in analysis.tips_info["25009"][0]


def test_a_project_s_files_and_frames_are_those_that_it_names(tmp_path: Path) -> None:
    scene = project(tmp_path / "show")
    analysis = run(made(AnalyzeClarisse, scene, tmp_path / "work", "clarisse_ifx_4.0"))
    (image,) = info(analysis)["image_node"]
    assert (image["name"], image["frames"], image["renderable"]) == ("project://scene/image", "3-9[1]", "1")
    assert locals_of(analysis) == [str(scene.parent / "wood.png"), str(scene)]
    (line,) = analysis.tips_info.pop("10012")
    assert "missing: " + str(scene.parent / "lost.png") in line
    assert analysis.tips_info == {}
    assert on_disk(analysis.upload_json) == analysis.upload_info


@pytest.mark.parametrize("cls", [AnalyzeHoudini, AnalyzeMaya, AnalyzeBlender, AnalyzeClarisse])
def test_what_is_no_scene_fails_and_tips_json_says_why(cls: Any, tmp_path: Path) -> None:
    scene = tmp_path / "scene"
    scene.write_bytes(b"something else")
    analysis = made(cls, scene, tmp_path / "work")
    with pytest.raises(AnalyseFailError, match="not a scene of a format that is known"):
        run(analysis)
    assert list(on_disk(analysis.tips_json)) == ["15002"]


# --- scenes of real applications ---------------------------------------------------------------------------------


def test_the_vendor_s_own_houdini_scene(tmp_path: Path) -> None:
    scene = samples.copied("houdini/h17.0_rayvision_sphere.hip", tmp_path, "x.bin")
    analysis = run(made(AnalyzeHoudini, scene, tmp_path / "work", "17.0.352"))
    (rop,) = info(analysis)["rop_node"]
    assert rop == {
        "node": "/out/mantra1",
        "frames": "1-10[1]",
        "option": "-1",
        "render": "1",
        "camera": "/obj/cam1",
        "width": "1280",
        "height": "720",
    }
    assert (info(analysis)["geo_node"], info(analysis)["distributedsim_node"]) == ([], [])
    assert set(analysis.tips_info) <= {"10010", "50001"}, "it is damaged, which does not keep it from being rendered"
    assert "10010" in analysis.tips_info
    assert locals_of(analysis) == [str(scene)]


def test_a_camera_that_a_houdini_scene_lacks_is_told(tmp_path: Path) -> None:
    scene = samples.path("houdini/h18.5_toolbox_test_parameters.hip")
    analysis = run(made(AnalyzeHoudini, scene, tmp_path / "work", "18.5"))
    assert analysis.tips_info["50002"] == ["/out/mantra1  camera: /obj/cam1 is not in the scene"]


def test_a_houdini_scene_that_has_not_changed_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = hip(tmp_path / "show")
    (tmp_path / "db").mkdir()
    first = run(made(AnalyzeHoudini, scene, tmp_path / "work", custom_db_path=str(tmp_path / "db")))

    def no_more(*_: object) -> None:
        raise AssertionError("it is read again")

    monkeypatch.setattr(reading, "_Reading", no_more)
    second = run(made(AnalyzeHoudini, scene, tmp_path / "work", custom_db_path=str(tmp_path / "db")))
    assert second.task_info == first.task_info
    assert (tmp_path / "db/data_tl.db").is_file()


def test_the_vendor_s_own_maya_scene(tmp_path: Path) -> None:
    scene = samples.copied("maya_ma/m_rayvision_demo.ma", tmp_path, "x.bin")
    analysis = run(made(AnalyzeMaya, scene, tmp_path / "work", "2018"))
    (layer,) = [each for each in info(analysis).values() if each["renderable"] == "1"]
    common = layer["common"]
    assert (common["frames"], common["width"], common["height"]) == ("1-10[1]", "960", "540")
    assert (common["render_camera"], common["animation"]) == (["persp"], "True")
    assert "15013" not in analysis.tips_info


def test_a_maya_scene_of_another_version_is_blocked(tmp_path: Path) -> None:
    scene = samples.path("maya_ma/m_rayvision_demo.ma")
    assert "2018" in run(made(AnalyzeMaya, scene, tmp_path / "work", "2022")).tips_info["15013"][0]


def test_layers_of_maya_have_their_own_frames(tmp_path: Path) -> None:
    scene = samples.path("maya_ma/m2023_dl_layers_arnold.ma")
    analysis = run(made(AnalyzeMaya, scene, tmp_path / "work", "2023", render_layer_type="1"))
    frames = {name: layer["common"]["frames"] for name, layer in info(analysis).items()}
    assert (frames["renderSetupLayer2"], frames["renderSetupLayer4"]) == ("20-30[1]", "1-20[1]")
    assert info(analysis)["renderSetupLayer4"]["common"]["width"] == "1920"
    assert info(analysis)["notRenderableLayer"]["renderable"] == "0"


def test_a_blender_scene(tmp_path: Path) -> None:
    scene = samples.path("blend/cgru_scene_v282.blend")
    analysis = run(made(AnalyzeBlender, scene, tmp_path / "work", "2.82"))
    common = info(analysis)["common"]
    assert (common["frames"], common["width"], common["height"]) == ("1-250[1]", "1280", "720")
    assert len(common["scene_name"]) == 1


def test_a_3ds_max_scene(tmp_path: Path) -> None:
    scene = samples.path("other/cgru_scene.max")
    analysis = run(made(AnalyseMax, scene, tmp_path / "work", "2011", renderable_camera=["Camera02"]))
    common = info(analysis)["common"]
    assert (common["all_camera"], common["renderable_camera"]) == (["Camera01", "Camera02"], ["Camera02"])
    assert analysis.tips_info.keys() <= {"10012"}


# --- the farm's door ---------------------------------------------------------------------------------------------


@pytest_asyncio.fixture
async def farm(tmp_path: Path) -> AsyncIterator[RayvisionFarm]:
    """A farm whose worker has Blender and none of the other applications: their tasks wait."""
    folder = tmp_path / "commands"
    folder.mkdir()
    for name, script in commands(sys.executable).items():
        (folder / name).write_text(script)
        (folder / name).chmod(0o755)
    has: dict[str, Any] = {
        "path": (str(folder),),
        "environment": for_sessions(),
        "software": frozenset({"blender_4-5"}),
    }
    async with rayvision_farm(tmp_path / "farm", **has) as farm:
        yield farm


async def submitted(farm: RayvisionFarm, analysis: Any) -> tuple[RayvisionCaller, int]:
    """A user who sent the assets of an analysis, its four files and its task; and the task."""
    caller = farm.user("anna")
    for pair in analysis.upload_info["asset"]:
        await caller.put(pair["server"], Path(pair["local"]).read_bytes())
    task_id = await caller.create()
    for name in ("task", "upload", "asset", "tips"):
        text = Path(getattr(analysis, f"{name}_json")).read_text(encoding="utf-8")
        await caller.send_file(task_id, text, f"{name}.json")
    await caller.call("render/submit/task", {"taskId": task_id})
    return caller, task_id


def inputs(farm: RayvisionFarm, task_id: int) -> set[str]:
    """The files that the task's sessions will find."""
    job = farm.job(task_id)
    return {each.path for each in farm.farm.farm.ask(lambda q: q.source(job.id)).inputs}


async def shown_frames(caller: RayvisionCaller, task_id: int) -> list[str]:
    return [each["frameIndex"] for each in await caller.frames(task_id)]


async def test_the_farm_takes_a_clarisse_analysis(tmp_path: Path, farm: RayvisionFarm) -> None:
    analysis = run(made(AnalyzeClarisse, project(tmp_path / "show"), tmp_path / "work"))
    caller, task_id = await submitted(farm, analysis)
    assert (await caller.info(task_id))["sceneName"] == "shot.project"
    assert await shown_frames(caller, task_id) == [str(number) for number in range(3, 10)]
    assert inputs(farm, task_id) == set(locals_of(analysis))


async def test_the_farm_takes_a_houdini_analysis(tmp_path: Path, farm: RayvisionFarm) -> None:
    analysis = run(made(AnalyzeHoudini, hip(tmp_path / "show"), tmp_path / "work"))
    caller, task_id = await submitted(farm, analysis)
    task = await caller.info(task_id)
    assert (task["framesRange"], task["renderCamera"]) == ("/out/mantra11-10[1]", "/obj/cam1")
    assert inputs(farm, task_id) == set(locals_of(analysis))
    assert await shown_frames(caller, task_id) == [str(number) for number in range(1, 11)]


async def test_the_farm_takes_a_maya_analysis(tmp_path: Path, farm: RayvisionFarm) -> None:
    analysis = run(made(AnalyzeMaya, ma(tmp_path / "show"), tmp_path / "work", "2023"))
    caller, task_id = await submitted(farm, analysis)
    cameras = info(analysis)["defaultRenderLayer"]["common"]["render_camera"]
    assert (await caller.info(task_id))["totalFrames"] == 4 * len(cameras)
    assert inputs(farm, task_id) == set(locals_of(analysis))


async def test_the_farm_takes_and_renders_a_blender_analysis(
    tmp_path: Path, bpy_python: Path, farm: RayvisionFarm
) -> None:
    scene = build(bpy_python, tmp_path / "show")
    analysis = run(made(AnalyzeBlender, scene, tmp_path / "work", "4.5"))
    assert analysis.tips_info == {}
    assert info(analysis)["common"]["frames"] == "1-4[1]"
    analysis.task_info["scene_info_render"]["common"]["frames"] = "2-3"
    Path(analysis.task_json).write_text(json.dumps(analysis.task_info))
    caller, task_id = await submitted(farm, analysis)
    await farm.until(task_id)
    assert [(each["frameIndex"], each["frameStatus"]) for each in await caller.frames(task_id)] == [("2", 4), ("3", 4)]
