"""A farm driven with the published, unmodified ``rayvision-api``, from login to finished frames."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import OpenImageIO as oiio
import pytest

import rendermill.doors.rayvision.app  # noqa: F401 - its modules register the calls
from rendermill.doors.rayvision.registry import CALLS
from support import scenes
from support.command import serving
from support.rayvision_client import RayvisionClient, RefusedError, client, client_python
from support.rayvision_user import USER, Key, host_of, make_key, task_json, upload_json

WAITING, RENDERING, STOPPED, DONE, TESTED = 0, 5, 10, 25, 40
FRAME_DONE, TEST_FRAME = 4, 4


@pytest.fixture(scope="module")
def python() -> Path:
    return client_python()


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Key]:
    folder = tmp_path_factory.mktemp("rayvision")
    made = make_key(folder / "farm", folder / "home")
    with serving(folder / "farm", folder / "home", "--slots", "2") as server:
        yield Key(host_of(server), *made)


@pytest.fixture(scope="module")
def api(python: Path, key: Key, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RayvisionClient]:
    with client(python, tmp_path_factory.mktemp("client")) as started:
        started.call("login", key.host, key.access_id, key.access_key)
        yield started


@pytest.fixture(scope="module")
def project(bpy_python: Path, key: Key, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a scene and its files, which are in the user's storage."""
    folder = scenes.build(bpy_python, tmp_path_factory.mktemp("show"), scenes.WITH_FILES).parent
    for file in folder.rglob("*.*"):
        key.put(file, str(file).lstrip("/"))
    return folder


def submit(api: RayvisionClient, project: Path, frames: str, **task_info: Any) -> int:
    """Create a task, send its task.json, submit it."""
    task_id = int(api.call("task.task_id"))
    wanted = task_json(project, frames, **task_info)
    wanted["scene_info_render"] = wanted["scene_info"]
    api.call("transmit.upload_json_content", task_id, json.dumps(wanted))
    assert api.call("submit", task_id) is True
    return task_id


def size(picture: bytes, path: Path) -> tuple[int, int]:
    """Width and height of a picture that can be read whole."""
    path.write_bytes(picture)
    opened = oiio.ImageInput.open(str(path))
    assert opened is not None, oiio.geterror()
    assert opened.read_image("uint8") is not None, opened.geterror()
    return opened.spec().width, opened.spec().height


def frame(api: RayvisionClient, task_id: int, name: str) -> dict[str, Any]:
    """A frame of a task."""
    found: dict[str, Any] = api.call("query.get_all_frames", task_id)[name]
    return found


@pytest.fixture(scope="module")
def tested(api: RayvisionClient, project: Path) -> int:
    """A task of four frames whose first was rendered as a test."""
    task_id = submit(api, project, "1-4[1]", pre_frames="100", stop_after_test="1")
    found = api.until(task_id, TESTED)
    assert (found["doneFrames"], found["totalFrames"]) == (1, 4)
    return task_id


@pytest.fixture(scope="module")
def done(api: RayvisionClient, tested: int) -> int:
    """The same task once it is done."""
    assert api.call("task.full_speed", [tested]) == "success"
    api.until(tested, DONE, passing=(TESTED, WAITING, RENDERING))
    return tested


def test_a_login_tells_the_client_who_the_user_is(python: Path, key: Key, tmp_path: Path) -> None:
    with client(python, tmp_path) as fresh:
        known = fresh.call("login", key.host, key.access_id, key.access_key)
        assert (known["user_name"], known["domain"], known["platform"]) == (USER, key.host, "2")
        assert known["user_id"] == fresh.call("get_user_id") > 0
        storages = {known["config_bid"], known["input_bid"], known["output_bid"]}
        assert len(storages) == 3, "each storage has a number of its own"
        assert known["task_over_time_sec"] == 0, "the settings are in it"


def test_every_path_that_the_client_has_a_constant_for_is_answered(api: RayvisionClient) -> None:
    """What each answers, and what it changes, is looked at in tests/integration/test_rayvision_paths.py."""
    paths = set(api.call("paths"))
    assert len(paths) == 49
    assert paths <= CALLS.keys()


def test_platforms_are_listed_and_a_project_is_there_once_it_is_added(api: RayvisionClient) -> None:
    assert 2 in [each["platform"] for each in api.call("query.platforms")]
    assert api.call("tag.add_label", "mill") is None
    number = next(each for each in api.call("tag.get_project_list") if each["projectName"] == "mill")["projectId"]
    assert api.call("check_and_add_project_name", "mill") == str(number), "it is found, and not added again"
    assert api.call("check_and_add_project_name", "dam") not in ("", str(number))


def test_test_frames_are_rendered_and_the_rest_at_full_speed(
    api: RayvisionClient, key: Key, done: int, tmp_path: Path
) -> None:
    info = api.call("query.task_info", [done])["items"][0]
    assert (info["doneFrames"], info["totalFrames"], info["isOpen"]) == (4, 4, 0)
    frames = api.call("query.get_all_frames", done)
    assert set(frames) == {"1", "2", "3", "4"}
    assert {each["frameStatus"] for each in frames.values()} == {FRAME_DONE}
    assert [name for name, each in frames.items() if each["frameType"] == TEST_FRAME] == ["1"]
    listed = api.call("transmit.get_output_files", done)
    assert [each["fileName"] for each in listed] == [f"scene_{number:04}.png" for number in range(1, 5)]
    for each in listed:
        picture, _ = key.output(f"{info['outputFileName']}/{each['fileName']}")
        assert len(picture) == each["fileSize"]
        assert size(picture, tmp_path / each["fileName"]) == (64, 36)


def test_a_task_without_layers_has_no_small_tasks(api: RayvisionClient, done: int) -> None:
    assert api.call("query.get_small_task_id", done) == []


def test_the_tasks_are_in_the_list_newest_first(api: RayvisionClient, done: int) -> None:
    found = api.call("query.get_task_list", status_list=[DONE], search_keyword="scene")
    numbers = [each["id"] for each in found["items"]]
    assert done in numbers
    assert numbers == sorted(numbers, reverse=True)


def test_a_frames_thumbnail_is_a_jpeg_of_its_shape(api: RayvisionClient, key: Key, done: int, tmp_path: Path) -> None:
    (path,) = api.call("query.get_frame_thumbnall", frame(api, done, "2")["id"])
    with urllib.request.urlopen(f"http://{key.host}{path}", timeout=60) as answer:
        assert answer.headers.get_content_type() == "image/jpeg"
        picture = answer.read()
    assert picture.startswith(b"\xff\xd8\xff")
    width, height = size(picture, tmp_path / "small.jpg")
    assert abs(width / height - 64 / 36) < 0.05


def test_a_frames_log_is_read_by_the_page(api: RayvisionClient, done: int) -> None:
    number = frame(api, done, "1")["id"]
    first = api.call("query.get_render_log", frame_id=number)
    lines = list(first["items"])
    for page in range(2, first["pageCount"] + 1):
        lines += api.call("query.get_render_log", pageNum=page, frame_id=number)["items"]
    assert any("Saved:" in line for line in lines)
    past = api.call("query.get_render_log", pageNum=first["pageCount"] + 1, frame_id=number)
    assert past["items"] == []


def test_a_stopped_task_starts_again_and_a_frame_of_it_is_rendered_anew(
    api: RayvisionClient, key: Key, project: Path, tmp_path: Path
) -> None:
    task_id = submit(api, project, "1-24[1]")
    api.call("task.stop_task", [task_id])
    stopped = api.until(task_id, STOPPED)
    assert stopped["doneFrames"] < stopped["totalFrames"] == 24
    api.call("task.start_task", [task_id])
    folder = api.until(task_id, DONE)["outputFileName"]
    before, picture = frame(api, task_id, "1"), key.output(f"{folder}/scene_0001.png")
    api.call("query.get_custome_frames", task_id, ["1"])
    api.until(task_id, DONE)
    after, anew = frame(api, task_id, "1"), key.output(f"{folder}/scene_0001.png")
    assert after["recommitFlag"] == before["recommitFlag"] + 1
    assert after["startTime"] > before["endTime"]
    assert anew[1] != picture[1], "Blender writes the time into it"
    assert size(anew[0], tmp_path / "anew.png") == (64, 36)
    assert frame(api, task_id, "2")["recommitFlag"] <= 1, "the others were left alone"


def test_what_an_analysis_wrote_is_checked_by_the_client_and_rendered(
    api: RayvisionClient, project: Path, tmp_path: Path
) -> None:
    written = {"task.json": task_json(project, "2-3[1]", project_name="river"), "upload.json": upload_json(project)}
    for name, content in written.items():
        (tmp_path / name).write_text(json.dumps(content, indent=2))
    hardware = {name: api.call("user.get_hardware_config")[0][name] for name in ("model", "ram", "gpuNum")}
    files = [str(tmp_path / name) for name in written]
    task_id = api.call("check", str(tmp_path), hardware, *files)
    checked = json.loads((tmp_path / "task.json").read_text())
    assert checked["task_info"]["task_id"] == str(task_id)
    assert checked["task_info"]["user_id"] == str(api.call("get_user_id"))
    assert checked["task_info"]["project_id"] == api.call("check_and_add_project_name", "river")
    assert checked["task_info"]["hardwareConfigIds"]
    for name in written:
        api.call("transmit.upload_json_content", task_id, (tmp_path / name).read_text(), file_name=name)
    assert api.call("submit", task_id, "mary") is True
    found = api.until(task_id, DONE)
    assert (found["totalFrames"], found["projectName"], found["producer"]) == (2, "river", "mary")


ANALYSE = """
import json, sys
from rayvision_blender.analyze_blender import AnalyzeBlender

analysis = AnalyzeBlender(sys.argv[1], "4.5", "river", {}, workspace=sys.argv[2])
analysis.analyse("/no/such/blender")
names = [f"{kind}_{what}" for kind in ("task", "tips", "asset", "upload") for what in ("json", "info")]
print(json.dumps({name: getattr(analysis, name) for name in names}))
"""


def analysed(scene: Path, tmp_path: Path) -> dict[str, Any]:
    """What a script has once it has analysed a scene."""
    environment = {**os.environ, "HOME": str(tmp_path)}
    command = [sys.executable, "-c", ANALYSE, str(scene), str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_our_analysis_is_edited_and_checked_by_the_client_and_rendered(
    api: RayvisionClient, key: Key, project: Path, tmp_path: Path
) -> None:
    analysis = analysed(project / "scene.blend", tmp_path)
    assert analysis["tips_info"] == {}
    (tmp_path / "more").mkdir()
    (tmp_path / "more/grade.txt").write_text("x")
    settings = {"pre_frames": "010", "frames_per_task": 3, "stop_after_test": "2"}
    api.call("edit", analysis, settings, {"shot": "sh020"}, [str(tmp_path / "more")])
    hardware = {name: api.call("user.get_hardware_config")[0][name] for name in ("model", "ram", "gpuNum")}
    task_id = api.call("check_analysis", analysis, hardware)
    task, upload = (json.loads(Path(analysis[f"{kind}_json"]).read_text()) for kind in ("task", "upload"))
    assert (task["task_info"]["task_id"], task["task_info"]["frames_per_task"]) == (str(task_id), "3")
    assert {Path(each["local"]).name for each in upload["asset"]} == {
        *("scene.blend", "things.blend", "wood.png", "grade.txt")
    }
    for each in upload["asset"]:
        key.put(Path(each["local"]), each["server"])
    for kind in ("task", "upload", "asset", "tips"):
        text = Path(analysis[f"{kind}_json"]).read_text()
        api.call("transmit.upload_json_content", task_id, text, file_name=f"{kind}.json")
    assert api.call("submit", task_id) is True
    found = api.until(task_id, DONE)
    assert (found["projectName"], found["renderCamera"]) == ("river", "Camera")
    names = [each["fileName"] for each in api.call("transmit.get_output_files", task_id)]
    assert names == [f"scene_{number:04}.png" for number in range(1, 5)]


def test_an_error_that_our_analysis_found_stops_the_client_s_check(
    api: RayvisionClient, project: Path, tmp_path: Path
) -> None:
    shutil.copy(project / "scene.blend", tmp_path / "scene.blend")  # without its library
    analysis = analysed(tmp_path / "scene.blend", tmp_path)
    assert set(analysis["tips_info"]) == {"10012", "25009"}
    hardware = {name: api.call("user.get_hardware_config")[0][name] for name in ("model", "ram", "gpuNum")}
    with pytest.raises(RefusedError, match=r"There are 1 errors.*lib/things\.blend") as refused:
        api.call("check_analysis", analysis, hardware)
    assert (refused.value.kind, refused.value.code) == ("RayvisionError", 1000000)


def test_an_analysis_for_hardware_that_the_farm_has_not_is_refused_with_what_it_has(
    api: RayvisionClient, project: Path, tmp_path: Path
) -> None:
    (tmp_path / "task.json").write_text(json.dumps(task_json(project, "1")))
    hardware = {"model": "Default", "ram": "3GB", "gpuNum": None}
    with pytest.raises(RefusedError, match=r"Allowed Hardware Configuration Information:.*Default") as refused:
        api.call("check", str(tmp_path), hardware, str(tmp_path / "task.json"))
    assert refused.value.kind == "HardwareConfigIdError"


def test_a_deleted_task_is_in_the_recycle_bin_alone(api: RayvisionClient, project: Path) -> None:
    task_id = submit(api, project, "1-2[1]")
    api.call("task.delete_task", [task_id])
    assert task_id not in [each["id"] for each in api.call("query.get_task_list")["items"]]
    assert task_id in [each["id"] for each in api.call("query.get_task_list", recycle_flag=1)["items"]]


def test_what_the_farm_refuses_the_client_raises_with_our_code_and_words(api: RayvisionClient) -> None:
    """It has asked five times by then."""
    with pytest.raises(RefusedError, match="there is no task 987654321") as refused:
        api.call("task.stop_task", [987654321])
    assert (refused.value.kind, refused.value.code) == ("RayvisionAPIError", 404)


def test_the_domain_may_have_a_prefix_and_a_slash_at_its_end(python: Path, tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    made = make_key(tmp_path / "farm", tmp_path / "home")
    words = ("--port", port, "--public", f"127.0.0.1:{port}/farm", "--slots", "1", "--no-spare")
    with serving(tmp_path / "farm", tmp_path / "home", *words) as server, client(python, tmp_path / "client") as fresh:
        host = host_of(server)
        for domain in (host, f"{host}/", f"{host}/farm", f"{host}/farm/"):
            known = fresh.call("login", domain, *made)
            assert (known["user_name"], known["domain"]) == (USER, domain)
            assert fresh.call("query.get_task_list")["items"] == []
