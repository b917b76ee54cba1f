"""The classes of the Rayvision SDK: how they are made, where their files go, how they log."""

from __future__ import annotations

import inspect
import logging
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from pathlib import Path
from typing import Any

import pytest

import rendermill
import rendermill_rayvision
from rayvision_houdini.analyze_houdini import AnalyzeHoudini
from rayvision_max.analyse_max import AnalyseMax
from rayvision_maya.analyze_maya import AnalyzeMaya
from rayvision_utils.exception.exception import AnalyseFailError, AnalyzeError, CGFileNotExistsError
from rendermill_rayvision.analysis import Analysis
from support.rayvision_sdk import CLASSES, made, reads, report, rop, run, scene_file

REQUIRED = inspect.Parameter.empty
SCENE = [("cg_file", REQUIRED), ("software_version", REQUIRED)]
OPTIONAL_PROJECT: list[tuple[str, Any]] = [("project_name", None), ("plugin_config", None)]
PROJECT = [("project_name", REQUIRED), ("plugin_config", REQUIRED)]
PLACE: list[tuple[str, Any]] = [("local_os", None), ("workspace", None), ("custom_exe_path", None), ("platform", "2")]
LAYERS: list[tuple[str, Any]] = [("render_layer_type", "0"), ("input_project_path", None)]
LOG: list[tuple[str, Any]] = [("logger", None), ("log_folder", None), ("log_name", None), ("log_level", "DEBUG")]
SIGNATURES = {
    "AnalyzeHoudini": [
        *(*SCENE, *OPTIONAL_PROJECT, ("render_software", "Houdini"), *PLACE, ("custom_db_path", None)),
        *LOG,
    ],
    "AnalyzeMaya": [*SCENE, *PROJECT, ("render_software", "Maya"), *LAYERS, *PLACE, *LOG],
    "AnalyzeClarisse": [*SCENE, *OPTIONAL_PROJECT, ("render_software", "Clarisse"), *PLACE, *LOG],
    "AnalyzeBlender": [*SCENE, *PROJECT, ("render_software", "Blender"), *LAYERS, *PLACE, *LOG],
    "AnalyzeC4d": [*SCENE, *PROJECT, ("render_software", "CINEMA 4D"), *LAYERS, *PLACE, *LOG],
    "AnalyzeKatana": [*SCENE, *PROJECT, ("render_software", "Katana"), LAYERS[1], *PLACE, *LOG],
    "AnalyseMax": [
        *(*SCENE, *PROJECT, ("workspace", None), ("max_exe_path", None), ("renderable_camera", None)),
        *(("render_software", "3ds Max"), ("platform", "2"), *LOG),
    ],
}


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_a_constructor_takes_what_the_sdk_s_takes_in_its_order(cls: type[Analysis]) -> None:
    parameters = inspect.signature(cls).parameters.values()
    assert [(each.name, each.default) for each in parameters] == SIGNATURES[cls.__name__]
    assert {each.kind for each in parameters} == {inspect.Parameter.POSITIONAL_OR_KEYWORD}


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("AnalyzeHoudini", ["exe_path", "no_upload"]),
        ("AnalyzeMaya", ["no_upload", "exe_path"]),
        ("AnalyzeClarisse", ["no_upload"]),
        ("AnalyseMax", ["no_upload"]),
        ("AnalyzeBlender", ["exe_path", "no_upload"]),
        ("AnalyzeC4d", ["exe_path", "no_upload"]),
        ("AnalyzeKatana", ["exe_path", "no_upload"]),
    ],
)
def test_analyse_takes_what_the_sdk_s_takes(name: str, parameters: list[str]) -> None:
    cls: Any = next(each for each in CLASSES if each.__name__ == name)
    assert list(inspect.signature(cls.analyse).parameters)[1:] == parameters


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_what_was_given_and_where_the_files_go_can_be_asked_for(cls: type[Analysis], tmp_path: Path) -> None:
    scene = scene_file(tmp_path)
    analysis = made(cls, scene, tmp_path / "work", "1.2", project_name="show", plugin_config={"a": "1"})
    folder = tmp_path / "work" / analysis.tmp_mark
    assert analysis.workspace == str(folder)
    assert folder.is_dir()
    names = ["task.json", "tips.json", "asset.json", "upload.json"]
    paths = [analysis.task_json, analysis.tips_json, analysis.asset_json, analysis.upload_json]
    assert paths == [str(folder / name) for name in names]
    assert list(folder.iterdir()) == []
    assert [analysis.task_info, analysis.tips_info, analysis.asset_info, analysis.upload_info] == [{}, {}, {}, {}]
    assert (analysis.cg_file, analysis.software_version, analysis.platform) == (str(scene), "1.2", "2")
    assert (analysis.project_name, analysis.plugin_config) == ("show", {"a": "1"})
    assert analysis.render_software == inspect.signature(cls).parameters["render_software"].default


def test_particular_settings_can_be_asked_for(tmp_path: Path) -> None:
    scene = scene_file(tmp_path)
    maya = made(AnalyzeMaya, scene, tmp_path, render_layer_type="1", input_project_path="D:\\show", local_os="Windows")
    assert (maya.render_layer_type, maya.input_project_path, maya.local_os) == ("1", "D:\\show", "windows")
    houdini = made(AnalyzeHoudini, scene, tmp_path, custom_db_path="db", custom_exe_path="/no/such/hython")
    assert (houdini.custom_db_path, houdini.custom_exe_path, houdini.local_os) == ("db", "/no/such/hython", "linux")
    max_ = made(AnalyseMax, scene, tmp_path, max_exe_path="x.exe", renderable_camera=["a"])
    assert (max_.cgfile, max_.max_exe_path, max_.renderable_camera) == (str(scene), "x.exe", ["a"])


# --- what is not there -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_a_scene_that_is_not_there_is_refused(cls: type[Analysis], tmp_path: Path) -> None:
    with pytest.raises(CGFileNotExistsError, match=r"none\.hip is not found"):
        made(cls, tmp_path / "none.hip", tmp_path / "work")
    assert list((tmp_path / "work").iterdir()) == []


def test_a_folder_is_no_scene(tmp_path: Path) -> None:
    with pytest.raises(CGFileNotExistsError, match="is a folder"):
        made(AnalyzeHoudini, tmp_path, tmp_path / "work")


@pytest.mark.parametrize("name", ["", "x" * 5000, "a\0b"], ids=["no name", "too long", "no path"])
def test_what_can_be_no_scene_is_not_there(name: str, tmp_path: Path) -> None:
    with pytest.raises(CGFileNotExistsError, match="is not found"):
        AnalyzeHoudini(name, "17.5", workspace=str(tmp_path))


def test_what_can_be_no_folder_is_not_there(tmp_path: Path) -> None:
    scene = str(scene_file(tmp_path))
    with pytest.raises(CGFileNotExistsError, match="is not found"):
        AnalyzeHoudini(scene, "17.5", workspace="x" * 5000)


def test_a_workspace_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CGFileNotExistsError, match="elsewhere is not found"):
        AnalyzeHoudini(str(scene_file(tmp_path)), "17.5", workspace=str(tmp_path / "elsewhere"))


def test_the_errors_are_of_one_family() -> None:
    assert issubclass(CGFileNotExistsError, AnalyzeError)
    assert issubclass(AnalyseFailError, AnalyzeError)


# --- workspace ---------------------------------------------------------------------------------------------------


def test_the_default_workspace_is_in_the_user_s_home(tmp_path: Path, home: Path) -> None:
    analysis = AnalyzeHoudini(str(scene_file(tmp_path)), "17.5")
    assert Path(analysis.workspace).parent == home / "renderfarm_sdk"


def test_the_mark_is_the_time_and_the_process_or_the_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 1_700_000_000.9)
    scene = scene_file(tmp_path)
    assert made(AnalyzeHoudini, scene, tmp_path).tmp_mark == f"1700000000{os.getpid()}"

    def mark() -> tuple[str, int]:
        return made(AnalyzeHoudini, scene, tmp_path).tmp_mark, threading.get_ident()

    with ThreadPoolExecutor(1) as pool:
        found, thread = pool.submit(mark).result()
    assert found == f"1700000000{thread}"


def test_analyses_of_one_second_have_folders_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 1_700_000_000.0)
    scene = scene_file(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: made(AnalyzeHoudini, scene, tmp_path / "work"), repeat(None, 40)))
    assert len({each.workspace for each in found}) == 40
    assert made(AnalyzeHoudini, scene, tmp_path / "work").tmp_mark == f"1700000000{os.getpid()}"
    assert made(AnalyzeHoudini, scene, tmp_path / "work").tmp_mark == f"1700000000{os.getpid()}_2"


# --- logging -----------------------------------------------------------------------------------------------------


def test_the_script_s_own_logger_is_used(tmp_path: Path) -> None:
    own = logging.getLogger("a script's")
    assert made(AnalyzeMaya, scene_file(tmp_path), tmp_path, logger=own).logger is own


def test_a_log_goes_into_the_folder_that_is_named_and_the_root_logger_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = logging.getLogger()
    before = (root.level, list(root.handlers))
    reads(monkeypatch, report(renderables=(rop(),), warnings=("its fps are unusual",)))
    scene = scene_file(tmp_path)
    wanted: dict[str, Any] = {"log_folder": tmp_path / "logs", "log_name": "a.log", "log_level": "info"}
    made(AnalyzeHoudini, scene, tmp_path, **wanted)
    analysis = run(made(AnalyzeHoudini, scene, tmp_path, **wanted))
    assert (root.level, list(root.handlers)) == before
    assert analysis.logger.level == logging.INFO
    lines = (tmp_path / "logs/rayvision_houdini/a.log").read_text().splitlines()
    assert [line.split(": ", 1)[1] for line in lines] == [
        f"{scene}: its fps are unusual",
        f"{scene}: analysed, the files are in {analysis.workspace}",
    ]
    for handler in list(analysis.logger.handlers):
        analysis.logger.removeHandler(handler)
        handler.close()


def test_both_distributions_have_one_version() -> None:
    assert rendermill_rayvision.__version__ == rendermill.__version__
