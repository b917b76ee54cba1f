"""Our ``rayvision_api`` over a farm that really runs: every call, logging in, checking, what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rayvision_api.core import RayvisionAPI
from rayvision_api.exception import HardwareConfigIdError, RayvisionAPIError, RayvisionError, UploadFileNotSupportError
from rayvision_api.operators.base import Operator
from rayvision_api.task.check import RayvisionCheck
from rayvision_api.utils import append_to_task, append_to_upload, update_task_info
from rayvision_blender.analyze_blender import AnalyzeBlender
from rayvision_houdini.analyze_houdini import AnalyzeHoudini
from rayvision_maya.analyze_maya import AnalyzeMaya
from support import samples
from support import scenes_houdini as houdini
from support import scenes_maya as maya
from support.command import Server, run, serving
from support.rayvision import task_json
from support.rayvision_calls import DIFFERENT, Call, every_call
from support.rayvision_sdk import made
from support.rayvision_sdk import run as analyse

USER = "ann"
HARDWARE = {"model": "Default", "ram": "64GB", "gpuNum": None}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Analyses leave their traces in the test's own folder."""
    for name in ("HOME", "XDG_CACHE_HOME", "RAYVISION_HOUDINI"):
        monkeypatch.setenv(name, str(tmp_path))


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the farm's machine whose scenes need not be sent."""
    return tmp_path_factory.mktemp("show")


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """The folder of a farm, and the key of a user of it."""
    folder = tmp_path_factory.mktemp("api")
    (folder / "home").mkdir()
    words = ("--data", folder / "farm")
    made = run(folder / "home", "user", "create", USER, "--password-stdin", *words, stdin="hunter2hunter2\n")
    assert made.code == 0, made
    found = run(folder / "home", "key", "create", "--user", USER, *words, "--json").json
    return folder, found["access_id"], found["access_key"]


@pytest.fixture(scope="module")
def server(key: tuple[Path, str, str], show: Path) -> Iterator[Server]:
    """It says to have a Houdini, in one version, and no Maya."""
    folder = key[0]
    words = ("--slots", "1", "--no-spare", "--share", show, "--software", "houdini 17.5.460")
    with serving(folder / "farm", folder / "home", *words) as started:
        yield started


@pytest.fixture
def api(server: Server, key: tuple[Path, str, str]) -> Iterator[RayvisionAPI]:
    """A script that has logged in."""
    logged_in = RayvisionAPI(key[1], key[2], server.url, "2")
    yield logged_in
    logged_in.connect.close()
    logged_in.rendermill.close()


def submitted(api: RayvisionAPI, show: Path) -> int:
    """A task of Maya, which waits because no machine has it."""
    task = task_json(2000, input_cg_file=str(show / "shot.ma"))
    (show / "shot.ma").write_text("//Maya ASCII 2018 scene\n")
    task["scene_info_render"]["masterLayer"]["common"]["frames"] = "1-2"
    task_id = api.task.task_id
    api.transmit.upload_json_content(task_id, json.dumps(task))
    assert api.submit(task_id) is True
    return task_id


# --- every call --------------------------------------------------------------------------------------------------


def operators(api: RayvisionAPI) -> dict[str, Operator]:
    return {name: value for name, value in vars(api).items() if isinstance(value, Operator)}


def test_the_calls_made_here_are_all_there_are(api: RayvisionAPI) -> None:
    called = {call.name for call in [*every_call(1, 1, 1), *DIFFERENT]}
    there = {f"{name}.{each}" for name, of in operators(api).items() for each in dir(type(of)) if each[0] != "_"}
    assert there == {name for name in called if "." in name}


def test_the_farm_takes_every_call(api: RayvisionAPI, show: Path) -> None:
    task = submitted(api, show)
    frame = api.query.get_all_frames(task)["1"]["id"]
    draft = api.task.new_task_id()
    for call in [*every_call(task, frame, draft), *_on(task, DIFFERENT)]:
        try:
            call.make(api)
        except RayvisionAPIError as error:
            raise AssertionError(f"{call} is refused") from error


def _on(task: int, calls: list[Call]) -> list[Call]:
    """The calls with this task in the place of 501."""
    return [Call(each.name, tuple(task if arg == 501 else arg for arg in each.args or ())) for each in calls]


def test_answers_have_what_scripts_look_for(api: RayvisionAPI, show: Path) -> None:
    task = submitted(api, show)
    (info,) = api.query.task_info(task)["items"]
    assert (info["id"], info["sceneName"], info["taskStatus"]) == (task, "shot.ma", 0)
    assert "no worker has maya 2018" in info["remark"]
    assert list(api.query.get_all_frames(task, page_size=1)) == ["1", "2"]
    assert api.query.get_small_task_id(task) == []
    assert task in [each["id"] for each in api.query.get_task_list()["items"]]
    assert 2004 in [each["cgId"] for each in api.query.supported_software()["renderInfoList"]]
    (version,) = api.query.supported_plugin("houdini")["cgVersion"]
    assert version["cgVersion"] == "17.5.460"
    assert [each["type"] for each in api.query.error_detail(codes=["50001", "15013"], language=1)] == [0, 1]
    (job,) = [each for each in api.rendermill.jobs() if each["name"].startswith("shot")][:1]
    assert job["status"] == "ready", "the farm's own client sees the user's jobs"


def test_stopped_frames_are_stopped_and_come_again(api: RayvisionAPI, show: Path) -> None:
    task = submitted(api, show)
    api.query.frame_number_to_stop(task, ["2"])
    assert [each["frameStatus"] for each in api.query.get_all_frames(task).values()] == [1, 3]
    api.query.get_custome_frames(task, "2")
    assert [each["frameStatus"] for each in api.query.get_all_frames(task).values()] == [1, 1]


def test_a_project_is_added_once_and_found_again(api: RayvisionAPI) -> None:
    number = api.check_and_add_project_name("木 river")
    assert number.isdecimal()
    assert api.check_and_add_project_name("木 river") == number
    assert [each for each in api.tag.get_project_list() if each["projectName"] == "木 river"] == [
        {"projectId": int(number), "projectName": "木 river"}
    ]


# --- logging in, and what is refused -----------------------------------------------------------------------------


def test_a_login_tells_who_the_user_is(api: RayvisionAPI, server: Server) -> None:
    known = api.user_info
    assert (known["user_name"], known["domain"], known["platform"]) == (USER, server.url.partition("://")[2], "2")
    assert known["user_id"] == api.get_user_id() == api.user.user_id > 0
    assert len({known["config_bid"], known["input_bid"], known["output_bid"]}) == 3


def test_the_environment_says_where_the_farm_is(
    server: Server, key: tuple[Path, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RENDERMILL_SERVER", server.url)
    monkeypatch.setenv("RAYVISION_API_ACCESS_ID", key[1])
    monkeypatch.setenv("RAYVISION_API_KEY", key[2])
    api = RayvisionAPI(domain="")
    assert (api.user_info["user_name"], api.platform) == (USER, "4")
    api.connect.close()


@pytest.mark.parametrize(("access_id", "access_key"), [(None, "wrong"), ("wrong", None)])
def test_who_has_a_wrong_id_or_key_is_refused(
    server: Server, key: tuple[Path, str, str], access_id: str | None, access_key: str | None
) -> None:
    with pytest.raises(RayvisionAPIError, match="wrong access id or key") as refused:
        RayvisionAPI(access_id or key[1], access_key or key[2], server.url)
    assert refused.value.error_code == 611


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (Call("task.stop_task", ([987654321],)), 404),
        (Call("query.task_frames", (987654321,)), 404),
        (Call("task.update_priority", (1, 1000)), 600),
        (Call("query.get_render_log"), 601),
        (Call("env.update_render_env", ({"editName": "none"},)), 601),
        (Call("env.set_default_render_env", ("none",)), 404),
        (Call("submit", (987654321,)), 404),
        (Call("transmit.upload_json_content", (987654321, "{}", "other.json")), 600),
    ],
    ids=str,
)
def test_what_the_farm_refuses_has_its_code_and_address(api: RayvisionAPI, call: Call, code: int) -> None:
    with pytest.raises(RayvisionAPIError) as refused:
        call.make(api)
    assert refused.value.error_code == code
    assert refused.value.request.startswith(f"{api.connect.address.url}/api/render")
    assert refused.value.error


# --- checking ----------------------------------------------------------------------------------------------------


def hip(folder: Path, **rop: Any) -> Path:
    scene = houdini.Hip(version="17.5.460").camera().rop(**{"camera": "/obj/cam1", **rop})
    (folder / "shot.hip").write_bytes(scene.data())
    return folder / "shot.hip"


def ma(folder: Path) -> Path:
    nodes = (*maya.camera("cam1"), maya.globals_(an=True, fs=maya.Frames(5), ef=maya.Frames(8)))
    (folder / "shot.ma").write_bytes(maya.ascii_scene(maya.Scene(nodes)))
    return folder / "shot.ma"


def analysed(kind: str, show: Path, work: Path) -> Any:
    """An analysis of a scene of an application, which has run."""
    if kind == "houdini":
        return analyse(made(AnalyzeHoudini, hip(show), work, "17.5.460", project_name="river"))
    if kind == "maya":
        return analyse(made(AnalyzeMaya, ma(show), work, "2023", project_name="river"))
    scene = samples.copied("blend/cgru_scene_v282.blend", show, "shot.blend")
    return analyse(made(AnalyzeBlender, scene, work, "4.5", project_name="river"))


def on_disk(path: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
    return found


def numbers_of(settings: dict[str, Any]) -> tuple[str, str, str]:
    return settings["task_id"], settings["user_id"], settings["project_id"]


@pytest.mark.parametrize("kind", ["blender", "houdini", "maya"])
def test_an_analysis_is_edited_checked_as_the_tutorial_does_and_submitted(
    api: RayvisionAPI, show: Path, tmp_path: Path, kind: str
) -> None:
    analysis = analysed(kind, show, tmp_path / "work")
    (tmp_path / "more").mkdir()
    (tmp_path / "more/grade 木.txt").write_text("x")
    update_task_info({"pre_frames": "100", "frames_per_task": 2}, analysis.task_json)
    append_to_task({"shot": "sh010"}, analysis.task_json)
    append_to_upload([str(tmp_path / "more")], analysis.upload_json)
    check = RayvisionCheck(api, analysis)
    task_id = check.execute(analysis.task_json, analysis.upload_json)
    assert type(task_id) is int
    task = on_disk(analysis.task_json)
    assert numbers_of(task["task_info"]) == (
        str(task_id),
        str(api.get_user_id()),
        api.check_and_add_project_name("river"),
    )
    assert (task["task_info"]["frames_per_task"], task["additional_info"]) == ("2", {"shot": "sh010"})
    assert task["scene_info_render"] == analysis.task_info["scene_info_render"]
    assert check.task_info == task and check.errors_number == 0
    listed = [each["local"] for each in on_disk(analysis.upload_json)["asset"]]
    assert str(tmp_path / "more/grade 木.txt") in listed
    assert check.execute(analysis.task_json, analysis.upload_json) == task_id, "it has its number"
    api.transmit.upload_json_content(task_id, Path(analysis.task_json).read_text(encoding="utf-8"))
    assert api.submit(task_id, "mary") is True
    (info,) = api.query.task_info(task_id)["items"]
    assert (info["projectName"], info["producer"]) == ("river", "mary")
    api.task.abort_task(task_id)


@pytest.mark.parametrize("kind", ["blender", "houdini"])
def test_an_analysis_is_checked_as_newer_scripts_do(api: RayvisionAPI, show: Path, tmp_path: Path, kind: str) -> None:
    analysis = analysed(kind, show, tmp_path / "work")
    done = RayvisionCheck(api, analysis).execute(HARDWARE, analysis.task_json, analysis.upload_json, only_id=False)
    task, task_id = done
    assert task == on_disk(analysis.task_json)
    settings = task["task_info"]
    assert "1" in settings["hardwareConfigIds"]
    assert (settings["ram"], settings["graphics_cards_num"], settings["task_id"]) == ("64", "2", str(task_id))


@pytest.mark.parametrize(
    ("hardware", "kind", "error", "said"),
    [
        (HARDWARE, "maya", RayvisionError, "the farm has no maya 2023; versions that it has: none"),
        ({**HARDWARE, "ram": "3GB"}, "houdini", HardwareConfigIdError, "it has: model Default, ram"),
        ({**HARDWARE, "model": "9090Ti"}, "blender", HardwareConfigIdError, "no hardware model 9090Ti"),
    ],
)
def test_a_check_that_fails_writes_nothing_and_reserves_nothing(
    api: RayvisionAPI, show: Path, tmp_path: Path, hardware: Any, kind: str, error: type[Exception], said: str
) -> None:
    analysis = analysed(kind, show, tmp_path / "work")
    before = {path: path.read_bytes() for path in Path(analysis.workspace).iterdir()}
    reserved = records(api)
    with pytest.raises(error, match=said):
        RayvisionCheck(api, analysis).execute(hardware, analysis.task_json, analysis.upload_json)
    assert {path: path.read_bytes() for path in Path(analysis.workspace).iterdir()} == before
    assert records(api) == reserved


def records(api: RayvisionAPI) -> int:
    """How many times something was changed."""
    return int(api.user.task_record()["total"])


@pytest.mark.parametrize("by", ["analysis", "file"])
def test_errors_of_an_analysis_stop_its_check_with_what_they_mean(
    api: RayvisionAPI, show: Path, tmp_path: Path, by: str
) -> None:
    analysis = analyse(made(AnalyzeHoudini, hip(show, camera="/obj/gone"), tmp_path / "work", "16.0"))
    check = RayvisionCheck(api, analysis if by == "analysis" else None)
    reserved = records(api)
    with pytest.raises(RayvisionError, match=r"2 errors") as refused:
        check.execute(analysis.task_json, analysis.upload_json)
    assert refused.value.error_code == 1000000
    for word in ("15013", "50002", "16.0 is asked for", "/obj/gone"):
        assert word in refused.value.error
    assert check.errors_number == 2
    assert {each["code"]: each["type"] for each in check.error_warn_info_list} == {"15013": 1, "50002": 1}
    assert check.error_warn_info_list[0]["details"]
    assert on_disk(analysis.task_json)["task_info"]["task_id"] == ""
    assert records(api) == reserved


def test_warnings_are_told_and_pass(api: RayvisionAPI, show: Path, tmp_path: Path) -> None:
    analysis = analysed("houdini", show, tmp_path / "work")
    analysis.add_tip("50001", "/obj/geo1/lost")
    check = RayvisionCheck(api, analysis)
    assert check.execute(analysis.task_json, analysis.upload_json) > 0
    (warning,) = check.error_warn_info_list
    assert (warning["code"], warning["type"], warning["details"], check.errors_number) == (
        "50001",
        0,
        ["/obj/geo1/lost"],
        0,
    )


@pytest.mark.parametrize("name", [None, ""])
def test_each_number_is_filled_in_by_its_own_emptiness_and_no_name_is_no_project(
    api: RayvisionAPI, tmp_path: Path, name: str | None
) -> None:
    projects = api.tag.get_project_list()
    settings = {"task_id": "7", "user_id": "", "project_id": "", "project_name": name}
    content = {"task_info": settings, "scene_info": {"common": {"frames": "1"}}}
    (tmp_path / "task.json").write_text(json.dumps(content))
    assert RayvisionCheck(api).execute(tmp_path / "task.json") == 7
    checked = on_disk(str(tmp_path / "task.json"))
    assert numbers_of(checked["task_info"]) == ("7", str(api.get_user_id()), "0")
    assert checked["scene_info_render"] == checked["scene_info"]
    assert api.tag.get_project_list() == projects


def test_two_checks_of_one_login_have_two_numbers(api: RayvisionAPI, tmp_path: Path) -> None:
    check = RayvisionCheck(api, workspace=tmp_path)
    first, second = (check.execute(task_json(), only_id=True) for _ in range(2))
    assert first != second
    assert api.task.task_id == second


def test_contents_are_checked_into_a_new_folder(api: RayvisionAPI, tmp_path: Path) -> None:
    check = RayvisionCheck(api, workspace=tmp_path)
    given = task_json(ram=128, frames_per_task=2.0)
    task_id = check.execute(given, {"asset": []})
    assert Path(check.task_json).parent.parent == tmp_path
    assert on_disk(check.task_json)["task_info"]["task_id"] == str(task_id)
    assert (check.task_info["task_info"]["ram"], check.task_info["task_info"]["frames_per_task"]) == ("128", "2")
    assert on_disk(check.upload_json) == {"asset": []}
    assert "task_id" not in given["task_info"], "what was given stays as it is"
    again = check.execute(check.task_json, check.upload_json, is_cover=False)
    assert again == task_id
    assert len(list(tmp_path.glob("*/task.json"))) == 2


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("{", 1000000),
        ("{}", 2000),
        ('{"task_info": {"task_id": ""}}', 2000),
        ('{"task_info": {"task_id": "x"}, "scene_info": {"a": 1}}', 2000),
    ],
)
def test_a_task_json_that_is_none_is_told(api: RayvisionAPI, tmp_path: Path, content: str, code: int) -> None:
    (tmp_path / "task.json").write_text(content)
    with pytest.raises(RayvisionError) as refused:
        RayvisionCheck(api).execute(str(tmp_path / "task.json"))
    assert refused.value.error_code == code
    assert (tmp_path / "task.json").read_text() == content


def test_a_task_json_that_is_not_there_is_told(api: RayvisionAPI, tmp_path: Path) -> None:
    with pytest.raises(RayvisionError, match=r"no\.json is not found") as refused:
        RayvisionCheck(api).execute(str(tmp_path / "no.json"))
    assert refused.value.error_code == 1000004


def test_a_task_may_be_submitted_by_its_content(api: RayvisionAPI, show: Path) -> None:
    (show / "shot.ma").write_text("//Maya ASCII 2018 scene\n")
    content = task_json(2000, input_cg_file=str(show / "shot.ma"))
    task_id = api.submit_by_data(content, producer="mary")
    (info,) = api.query.task_info(task_id)["items"]
    assert (info["sceneName"], info["producer"]) == ("shot.ma", "mary")
    with pytest.raises(UploadFileNotSupportError):
        api.submit_by_data(content, "upload.json")
