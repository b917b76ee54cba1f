"""tips.json: which finding has which code, and which of them block."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rayvision_blender.analyze_blender import AnalyzeBlender
from rayvision_clarisse.analyse_clarisse import AnalyzeClarisse
from rayvision_houdini.analyze_houdini import AnalyzeHoudini
from rayvision_maya.analyze_maya import AnalyzeMaya
from rayvision_utils.exception.exception import AnalyseFailError, CGFileNotExistsError
from rendermill.doors.rayvision.catalogue import Kind, entry
from rendermill.farm.model.errors import BadInputError
from rendermill.scenes.report import Confidence, FrameRange, SceneReport, State
from rendermill_rayvision import tips as codes
from rendermill_rayvision.analysis import Analysis
from support.rayvision_sdk import made, on_disk, reads, report, rop, run, scene_file, thing, used

CAMERA = "/obj/cam1"


@pytest.fixture
def tips(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    def tips(cls: type[Analysis], found: SceneReport, version: str | None = None) -> dict[str, list[str]]:
        reads(monkeypatch, found)
        analysis = run(made(cls, scene_file(tmp_path, "shot.scene"), tmp_path / "work", version))
        assert analysis.tips_info == on_disk(analysis.tips_json)
        told: dict[str, list[str]] = analysis.tips_info
        return told

    return tips


def houdini(*nodes: Any, **known: Any) -> SceneReport:
    return report(renderables=nodes or (rop(cameras=(CAMERA,)),), **{"cameras": (CAMERA,), **known})


def maya(*uses: Any, **known: Any) -> SceneReport:
    return report("maya", "2018", renderables=(thing("beauty", cameras=("persp",)),), files=uses, **known)


def lost(path: str, by: str = "node attribute", **known: Any) -> Any:
    return used(path, by=by, raw=path.rpartition("/")[2], state=State.MISSING, **known)


def test_a_clean_scene_has_none(tips: Any) -> None:
    assert tips(AnalyzeHoudini, houdini(files=(used("/show/there.exr"),)), "17.5") == {}


def test_codes_are_those_that_a_farm_knows_and_their_kinds_are_meant() -> None:
    named = {name: value for name, value in vars(codes).items() if name.isupper() and isinstance(value, str)}
    warnings = {name for name, code in named.items() if entry(code).kind is Kind.WARNING}
    assert warnings == {
        "DAMAGED",
        "FILE_MISSING",
        "FRAME_MISSING",
        "BLENDER_STEP",
        "HOUDINI_FILE_MISSING",
        "HOUDINI_CAMERA_MISSING",
    }
    assert all("does not know this code" not in entry(code).english.description for code in named.values())


# --- files -------------------------------------------------------------------------------------------------------


def test_files_that_houdini_misses_name_node_spelling_and_place(tips: Any) -> None:
    found = houdini(
        files=(
            used("/show/geo/a.bgeo", by="/obj/a/file1 file", raw="$HIP/geo/a.bgeo", state=State.MISSING),
            used("/show/b.abc", by="/obj/b fileName", raw="b.abc", state=State.MISSING, confidence=Confidence.LOW),
            used("", by="/obj/c file", raw="$JOB/c", state=State.UNRESOLVED, reason="variable $JOB"),
            used("/show/d.$F.exr", by="/obj/d tex", raw="d.$F.exr", state=State.PATTERN, files=["/x"], gaps="3-4"),
            used("/show/out.exr", state=State.OUTPUT),
            used("default.pic", state=State.BUILT_IN),
        )
    )
    assert tips(AnalyzeHoudini, found) == {
        "50001": [
            "/obj/a/file1 file  $HIP/geo/a.bgeo  missing: /show/geo/a.bgeo",
            "/obj/b fileName  b.abc  missing: /show/b.abc (a guess)",
            "/obj/c file  $JOB/c  not known: variable $JOB",
            "/obj/d tex  d.$F.exr  missing: frames 3-4 of /show/d.$F.exr",
        ]
    }


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/show/wood.exr", "10012"),
        ("/show/nothing", "10012"),
        ("/show/a.ABC", "10018"),
        ("/show/fog.<UDIM>.vdb", "10028"),
        ("/show/tree.vrmesh", "10030"),
        ("/show/rig.mb", "25009"),
        ("/show/rig.ma", "25009"),
    ],
)
def test_other_files_have_the_code_of_their_kind(tips: Any, path: str, code: str) -> None:
    found = tips(AnalyzeMaya, maya(lost(path)), "2018")
    assert found == {code: [f"node attribute  {path.rpartition('/')[2]}  missing: {path}"]}


def test_a_guess_at_a_scene_does_not_block(tips: Any) -> None:
    guess = lost("/show/rig.mb", confidence=Confidence.LOW)
    unknown = used("", by="x y", raw="$P/rig.mb", state=State.UNRESOLVED, reason="variable $P")
    assert list(tips(AnalyzeMaya, maya(guess, unknown))) == ["10012"]


def test_frames_that_a_sequence_lacks_are_a_warning(tips: Any) -> None:
    sequence = used("/show/a.#.exr", state=State.PATTERN, files=["/show/a.1.exr"], gaps="2")
    assert list(tips(AnalyzeMaya, maya(sequence))) == ["10027"]


def test_a_missing_project_is_an_error_of_clarisse(tips: Any) -> None:
    found = report("clarisse", "4", renderables=(thing(kind="image"),), files=(lost("/show/set.project"),))
    assert list(tips(AnalyzeClarisse, found)) == ["25009"]


# --- versions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cls", "saved", "asked", "fits"),
    [
        (AnalyzeHoudini, "17.5.460", "17.5.460", True),
        (AnalyzeHoudini, "17.5.460", "17.5.293", True),
        (AnalyzeHoudini, "17.5.460", "17", True),
        (AnalyzeHoudini, "17.5.460", "18.0.348", False),
        (AnalyzeHoudini, "17.5.460", "16.5", False),
        (AnalyzeHoudini, "", "16.5", True),
        (AnalyzeHoudini, "17.5.460", None, True),
        (AnalyzeHoudini, "17.5.460", "", True),
        (AnalyzeMaya, "2018", "2018", True),
        (AnalyzeMaya, "2016 Extension 2", "2016", True),
        (AnalyzeMaya, "2018", "2019", False),
        (AnalyzeClarisse, "4", "clarisse_ifx_4.0_sp3", True),
        (AnalyzeClarisse, "4", "clarisse_ifx_3.6", False),
        (AnalyzeBlender, "2.82", "2.82a", True),
        (AnalyzeBlender, "2.82", "4.5", True),
        (AnalyzeBlender, "4.5", "4.2", False),
    ],
)
def test_a_scene_of_another_version_is_an_error(tips: Any, cls: Any, saved: str, asked: str, fits: bool) -> None:
    things = (rop(cameras=(CAMERA,), active=True),)
    found = report(cls.application.name, saved, renderables=things, cameras=(CAMERA,))
    told = tips(cls, found, asked)
    assert ("15013" not in told) is fits
    if not fits:
        assert saved in told["15013"][0]
        assert str(asked) in told["15013"][0]


# --- cameras -----------------------------------------------------------------------------------------------------


def blind(name: str = "/out/b", camera: str = "/obj/lost", **known: Any) -> Any:
    return rop(name, cameras=(camera,), details={"missing_camera": True}, **known)


def test_houdini_without_any_camera_that_its_nodes_name_is_blocked(tips: Any) -> None:
    assert tips(AnalyzeHoudini, houdini(blind("/out/a", "/obj/gone"), blind())) == {
        "50002": [
            "/out/a  camera: /obj/gone is not in the scene",
            "/out/b  camera: /obj/lost is not in the scene",
        ]
    }


def test_houdini_without_some_camera_is_warned_of(tips: Any) -> None:
    found = houdini(rop("/out/a", cameras=(CAMERA,)), blind())
    assert tips(AnalyzeHoudini, found) == {"50003": ["/out/b  camera: /obj/lost is not in the scene"]}


def test_of_a_damaged_scene_the_camera_may_be_in_what_was_lost(tips: Any) -> None:
    assert set(tips(AnalyzeHoudini, houdini(blind(), damage="cut off"))) == {"50003", "10010"}


@pytest.mark.parametrize(
    "node",
    [
        blind(enabled=False),
        rop("/out/x", "geometry"),
        rop(),
        rop(cameras=("/obj/rig1/cam1",)),
    ],
    ids=["off", "geometry", "no camera", "inside an asset"],
)
def test_only_nodes_that_surely_lack_their_camera_count(tips: Any, node: Any) -> None:
    assert tips(AnalyzeHoudini, houdini(node)) == {}


def test_maya_without_a_camera_that_renders(tips: Any) -> None:
    blind = report("maya", "2018", cameras=("persp",), renderables=(thing("beauty"), thing("off", enabled=False)))
    assert list(tips(AnalyzeMaya, blind)) == ["15006"]
    with_reference = report("maya", "2018", renderables=(thing("beauty"),), files=(used("/show/cam.ma"),))
    assert tips(AnalyzeMaya, with_reference) == {}


def test_clarisse_without_a_camera(tips: Any) -> None:
    image = thing("project://scene/image", "image")
    assert list(tips(AnalyzeClarisse, report("clarisse", "4", renderables=(image,)))) == ["15006"]
    assert tips(AnalyzeClarisse, report("clarisse", "4", renderables=(image,), cameras=("cam",))) == {}


def test_blender_s_own_findings(tips: Any) -> None:
    layer = thing("Scene/ViewLayer", "layer", scene="Scene", active=True)
    movie = thing(active=True, cameras=("Camera",), format="FFMPEG", frames=FrameRange(1, 10, 2, 24))
    assert list(tips(AnalyzeBlender, report("blender", "2.82", renderables=(layer,)))) == ["46003"]
    assert list(tips(AnalyzeBlender, report("blender", "2.82", renderables=(movie,)))) == ["46000", "46001"]


# --- Houdini's nodes ---------------------------------------------------------------------------------------------


def test_a_houdini_scene_without_a_node_that_renders_is_blocked(tips: Any) -> None:
    assert list(tips(AnalyzeHoudini, report(renderables=()))) == ["50010"]


def test_simulations_that_no_farm_can_spread(tips: Any) -> None:
    node = rop("/out/hq", "simulation", details={"sliceType": "slab", "num_slices": 17})
    assert tips(AnalyzeHoudini, houdini(node)) == {
        "50007": ["/out/hq  slice type: slab"],
        "50008": ["/out/hq  slices: 17, 16 at most"],
    }
    fine = rop("/out/hq", "simulation", details={"sliceType": "volume", "num_slices": 16})
    assert tips(AnalyzeHoudini, houdini(fine)) == {}


# --- damage ------------------------------------------------------------------------------------------------------


def test_a_damaged_scene_is_a_warning_if_something_of_it_can_be_rendered(tips: Any) -> None:
    told = tips(AnalyzeHoudini, houdini(damage="damaged at byte 7: no header"))
    assert list(told) == ["10010"]
    assert "damaged at byte 7: no header" in told["10010"][0]


def test_a_scene_of_which_nothing_can_be_read_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads(monkeypatch, report("", "", damage="it is not a scene"))
    analysis = made(AnalyzeHoudini, scene_file(tmp_path), tmp_path)
    with pytest.raises(AnalyseFailError, match="it is not a scene"):
        run(analysis)
    assert analysis.tips_info == on_disk(analysis.tips_json)
    assert list(analysis.tips_info) == ["15002"]
    assert [path.name for path in Path(analysis.workspace).iterdir()] == ["tips.json"]


def test_a_scene_of_another_application_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads(monkeypatch, report("maya", "2018", renderables=(thing(),)))
    with pytest.raises(AnalyseFailError, match="is a scene of maya, not of houdini"):
        run(made(AnalyzeHoudini, scene_file(tmp_path), tmp_path))


def test_a_scene_that_went_away_fails(tmp_path: Path) -> None:
    scene = scene_file(tmp_path)
    analysis = made(AnalyzeMaya, scene, tmp_path / "work")
    scene.unlink()
    with pytest.raises(CGFileNotExistsError) as caught:
        run(analysis)
    assert isinstance(caught.value.__cause__, BadInputError)
    assert list(on_disk(analysis.tips_json)) == ["15024"]


def test_a_scene_that_went_away_after_it_was_read_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads(monkeypatch, houdini())
    scene = scene_file(tmp_path)
    analysis = made(AnalyzeHoudini, scene, tmp_path / "work")
    scene.unlink()
    with pytest.raises(CGFileNotExistsError):
        run(analysis)
    assert list(on_disk(analysis.tips_json)) == ["15024"]
    assert not Path(analysis.upload_json).exists()


def test_an_analysis_that_fails_forgets_what_it_knew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads(monkeypatch, houdini())
    analysis = made(AnalyzeHoudini, scene_file(tmp_path), tmp_path)
    run(analysis)
    reads(monkeypatch, report("", "", damage="cut off"))
    with pytest.raises(AnalyseFailError):
        run(analysis)
    assert [analysis.task_info, analysis.asset_info, analysis.upload_info] == [{}, {}, {}]


def test_a_script_may_add_tips(tmp_path: Path) -> None:
    analysis = made(AnalyzeHoudini, scene_file(tmp_path), tmp_path)
    analysis.add_tip("50001", "one")
    analysis.add_tip("50001", ["two", "three"])
    analysis.add_tip("999", "")
    analysis.save_tips()
    assert on_disk(analysis.tips_json) == {"50001": ["two", "three"], "999": [""]}
