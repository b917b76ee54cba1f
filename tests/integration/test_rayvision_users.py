"""Who may do what at the Rayvision door, and what bodies it takes: keys, clocks, replays, accounts, limits."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any, cast

import pytest
import pytest_asyncio
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from rendermill.doors.rayvision.app import RayvisionDoor
from rendermill.doors.rayvision.registry import MAX_BODY
from rendermill.farm.model.storage import Area, storage_number
from support.asgi import request
from support.rayvision import DOMAIN, RayvisionCaller, RayvisionFarm, RefusedError, rayvision_farm, rops

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOTES = ("rayvision_records", "rayvision_signatures")
"""Tables that every changing call writes into, whatever comes of it."""
READING = "render/project/getList"
CHANGING = "render/project/add"
PUBLIC = "farm.example:8443/mill"
_names = (f"user{number}" for number in itertools.count(1))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def farm(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RayvisionFarm]:
    """A farm whose worker has no application: tasks wait."""
    async with rayvision_farm(tmp_path_factory.mktemp("users") / "farm", public=(PUBLIC,)) as made:
        yield made


@pytest.fixture
def anna(farm: RayvisionFarm) -> RayvisionCaller:
    """A new user."""
    return farm.user(next(_names))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def one(farm: RayvisionFarm) -> RayvisionCaller:
    return farm.user(next(_names))


@pytest.fixture
def someone(one: RayvisionCaller) -> RayvisionCaller:
    """A user, for tests that neither change nor see what the user has."""
    return replace(one)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def theirs(farm: RayvisionFarm) -> tuple[str, list[int], int]:
    """Another user's name, their task with its children, and one of its frames."""
    caller = farm.user(next(_names))
    task = await caller.submit(rops("1", "2"), labels=["day"])
    parts = [each["id"] for each in (await caller.info(task))["respRenderingTaskList"]]
    return caller.name, [task, *parts], (await caller.frames(task))[0]["id"]


@pytest.fixture
def bert(farm: RayvisionFarm) -> RayvisionCaller:
    """Another one."""
    return farm.user(next(_names))


def sub_of(farm: RayvisionFarm, main: RayvisionCaller, **settings: Any) -> RayvisionCaller:
    return farm.user(next(_names), main=main.name, **settings)


def number_of(farm: RayvisionFarm, caller: RayvisionCaller) -> int:
    return farm.accounts.user(caller.name).id


async def code(caller: RayvisionCaller, path: str, body: dict[str, Any] | None = None, **headers: str) -> int:
    found: int = (await caller.send(path, body, **headers))["code"]
    return found


async def code_of_raw(caller: RayvisionCaller, path: str, headers: dict[str, str], content: bytes = b"{}") -> int:
    found: int = caller.read(await caller.raw(path, headers, content))["code"]
    return found


async def listed(caller: RayvisionCaller) -> list[int]:
    found = await caller.call("render/handle/getTaskList/v2", {"pageNum": 1, "pageSize": 100})
    return [each["id"] for each in found["items"]]


# --- keys and signatures -----------------------------------------------------------------------------------------


async def test_a_wrong_key_is_611(farm: RayvisionFarm, anna: RayvisionCaller, bert: RayvisionCaller) -> None:
    for key in ("0" * 32, "", bert.access_key, anna.access_key.upper()):
        anna.access_key = key
        assert await code(anna, READING) == 611


async def test_an_access_id_that_is_none_is_611(farm: RayvisionFarm, someone: RayvisionCaller) -> None:
    for access_id in ("0" * 32, "x", someone.access_id[:-1], someone.access_id + " ", "' OR 1=1 --"):
        assert await code(someone, READING, accessId=access_id) == 611


async def test_a_key_that_was_removed_is_611(farm: RayvisionFarm, anna: RayvisionCaller) -> None:
    assert await code(anna, READING) == 200
    farm.accounts.remove_key(anna.access_id)
    assert await code(anna, READING) == 611


async def test_without_an_access_id_one_is_to_log_in(farm: RayvisionFarm, someone: RayvisionCaller) -> None:
    headers = someone.signed(f"/api/{READING}", {})
    del headers["accessId"]
    assert await code_of_raw(someone, f"/api/{READING}", headers) == 602
    assert await code_of_raw(someone, f"/api/{READING}", {}) == 602


@pytest.mark.parametrize("name", ["channel", "platform", "UTCTimestamp", "nonce", "version", "signature"])
async def test_every_signed_header_must_be_there(farm: RayvisionFarm, someone: RayvisionCaller, name: str) -> None:
    headers = someone.signed(f"/api/{READING}", {})
    del headers[name]
    assert await code_of_raw(someone, f"/api/{READING}", headers) == 611
    assert await code_of_raw(someone, f"/api/{READING}", {**headers, name: ""}) == 611


@pytest.mark.parametrize("name", ["channel", "platform", "nonce", "version", "signature", "UTCTimestamp"])
async def test_no_signed_header_can_be_changed(farm: RayvisionFarm, someone: RayvisionCaller, name: str) -> None:
    headers = someone.signed(f"/api/{READING}", {})
    changed = str(int(headers[name]) + 1) if headers[name].isdecimal() else f"{headers[name]}x"
    assert await code_of_raw(someone, f"/api/{READING}", {**headers, name: changed}) == 611


async def test_a_signature_is_good_for_its_path_and_body_only(farm: RayvisionFarm, anna: RayvisionCaller) -> None:
    body = {"newName": "a show"}
    headers = anna.signed(f"/api/{CHANGING}", body)
    rows = farm.rows()
    for path, content in (
        ("/api/render/project/delete", b'{"newName": "a show"}'),
        ("/api/render/common/addLabel", b'{"newName": "a show"}'),
        (f"/api/{CHANGING}", b'{"newName": "another show"}'),
        (f"/api/{CHANGING}", b'{"newName": "a show", "status": 0}'),
        (f"/api/{CHANGING}", b"{}"),
    ):
        assert await code_of_raw(anna, path, headers, content) == 611
    assert farm.rows() == rows


async def test_the_body_may_be_written_in_any_way_that_means_the_same(
    farm: RayvisionFarm, anna: RayvisionCaller
) -> None:
    body = {"newName": "größer 中", "status": 0}
    headers = anna.signed(f"/api/{CHANGING}", body)
    content = json.dumps(dict(reversed(body.items())), ensure_ascii=False, indent=4).encode()
    assert await code_of_raw(anna, f"/api/{CHANGING}", headers, content) == 200
    found = await anna.call(READING)
    assert found["projectNameList"][0]["projectName"] == "größer 中"


# --- clocks ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("apart", "expected"), [(-320, 610), (-280, 200), (280, 200), (320, 610), (-(10**9), 610)])
async def test_clocks_may_differ_by_five_minutes(
    farm: RayvisionFarm, someone: RayvisionCaller, apart: int, expected: int
) -> None:
    when = str(int(someone.services.clock.now()) + apart)
    assert await code(someone, READING, UTCTimestamp=when) == expected


@pytest.mark.parametrize("text", ["now", "-1", "1e9", "1700000000.5", "0x10", "9" * 400, "²", "1 2"])
async def test_a_time_that_is_none_is_610(farm: RayvisionFarm, someone: RayvisionCaller, text: str) -> None:
    assert await code(someone, READING, UTCTimestamp=text) == 610


# --- replays -----------------------------------------------------------------------------------------------------


async def test_a_call_that_changes_something_is_good_for_once(farm: RayvisionFarm, anna: RayvisionCaller) -> None:
    body = {"count": 1, "taskUserLevel": 50}
    path, content = "/api/render/submit/createTask", json.dumps(body).encode()
    headers = anna.signed(path, body)
    assert await code_of_raw(anna, path, headers, content) == 200
    rows = farm.rows()
    assert await code_of_raw(anna, path, headers, content) == 603
    assert await code_of_raw(anna, f"/{path}", headers, content) == 603
    assert farm.rows() == rows


async def test_of_the_same_call_sent_many_times_at_once_one_is_done(farm: RayvisionFarm, anna: RayvisionCaller) -> None:
    body = {"count": 1, "taskUserLevel": 50}
    path, content = "/api/render/submit/createTask", json.dumps(body).encode()
    headers = anna.signed(path, body)
    before = len(farm.rows()["rayvision_tasks"])
    codes = await asyncio.gather(*(code_of_raw(anna, path, headers, content) for _ in range(8)))
    assert sorted(codes) == [200, *[603] * 7]
    assert len(farm.rows()["rayvision_tasks"]) == before + 1


async def test_a_call_that_only_reads_may_be_sent_again(farm: RayvisionFarm, someone: RayvisionCaller) -> None:
    headers = someone.signed(f"/api/{READING}", {})
    for _ in range(2):
        assert await code_of_raw(someone, f"/api/{READING}", headers) == 200


async def test_a_farm_that_was_started_anew_remembers_what_was_done(farm: RayvisionFarm, anna: RayvisionCaller) -> None:
    body = {"newName": "a show"}
    path, content = f"/api/{CHANGING}", json.dumps(body).encode()
    headers = anna.signed(path, body)
    assert await code_of_raw(anna, path, headers, content) == 200
    await anna.call("render/project/delete", {"delName": "a show"})
    anna.door = RayvisionDoor(farm.services)
    assert await code_of_raw(anna, path, headers, content) == 603
    assert (await anna.call(READING))["projectNameList"] == []


# --- whose things ------------------------------------------------------------------------------------------------

Ids = dict[str, int]
BY_NUMBER: dict[str, Callable[[int, int], dict[str, Any]]] = {
    "rendering/task/renderingTask/stopTask": lambda task, _: {"taskIds": [task]},
    "render/handle/stopTask": lambda task, _: {"taskIds": [task]},
    "render/task/stopTask": lambda task, _: {"taskParam": [task]},
    "rendering/task/renderingTask/startTask": lambda task, _: {"taskIds": [task]},
    "render/handle/abandonTask": lambda task, _: {"taskIds": [task]},
    "render/handle/deleteTask": lambda task, _: {"taskIds": [task]},
    "render/handle/fullSpeedRendering": lambda task, _: {"taskIds": [task]},
    "render/handle/queryTaskInfo/v2": lambda task, _: {"taskIds": [task]},
    "render/handle/queryTaskFrames": lambda task, _: {"taskId": task},
    "render/handle/recommitTasks": lambda task, _: {"taskIds": [task]},
    "render/handle/recommitTaskFrames": lambda task, frame: {"taskId": task, "selectAll": 0, "ids": [frame]},
    "render/handle/stopTaskFrames": lambda task, frame: {"taskId": task, "selectAll": 0, "ids": [frame]},
    "render/handle/setTaskOverTimeStop": lambda task, _: {"taskIds": [task], "overTime": 5},
    "render/handle/updateTaskLimit": lambda task, _: {"taskId": task, "taskLimit": 5},
    "render/handle/editTaskHardwareConfig": lambda task, _: {
        **{"taskIds": [task], "hardwareConfigIds": [], "model": "", "ram": "", "gpuNum": ""}
    },
    "render/handle/addTaskLabel": lambda task, _: {"label": "mine", "taskIds": [task]},
    "render/handle/deleteTaskLabel": lambda task, _: {"taskIds": [task], "labelNames": ["day"], "labelIds": []},
    "render/handle/loadTaskProcessImg": lambda task, _: {"taskId": task},
    "render/handle/loadingFrameThumbnail": lambda _, frame: {"id": frame, "frameStatus": 4},
    "render/handle/showLog": lambda _, frame: {"renderingType": "render", "id": frame},
    "render/hardwareConfig/list": lambda task, _: {"taskIds": [str(task)]},
    "render/file/operate/getOutputUserDirFile": lambda task, _: {"taskId": task, "treePath": "/"},
    "render/submit/task": lambda task, _: {"taskId": task},
    "render/submit/taskJsonFile": lambda task, _: {"taskId": task, "fileName": "task.json", "content": "{}"},
    "render/submit/createTask": lambda task, _: {"count": 1, "taskUserLevel": 50, "cloneOriginalId": task},
    "rendering/task/renderingTask/updateTaskUserLevel": lambda task, _: {"taskId": task, "taskUserLevel": 1},
}


@pytest.mark.parametrize("path", BY_NUMBER)
async def test_somebody_elses_things_are_403_and_stay_as_they_are(
    farm: RayvisionFarm, someone: RayvisionCaller, theirs: tuple[str, list[int], int], path: str
) -> None:
    name, family, frame = theirs
    rows = farm.rows(NOTES)
    for task in family:
        refused = await someone.refused(path, BY_NUMBER[path](task, frame))
        assert refused.code == 403
        assert name not in refused.message
        assert "shot" not in refused.message
    assert farm.rows(NOTES) == rows


@pytest.mark.parametrize("path", BY_NUMBER)
async def test_numbers_that_are_none_are_404(farm: RayvisionFarm, someone: RayvisionCaller, path: str) -> None:
    rows = farm.rows(NOTES)
    for number in (0, 999_999_999, 10**17):
        assert await code(someone, path, BY_NUMBER[path](number, number)) in (
            (404, 200) if number == 0 and "OutputUserDir" in path else (404,)
        )
    assert farm.rows(NOTES) == rows


async def test_one_number_of_somebody_else_among_ones_own_and_nothing_is_done(
    farm: RayvisionFarm, anna: RayvisionCaller, bert: RayvisionCaller
) -> None:
    own, other = await anna.submit(rops("1")), await bert.submit(rops("1"))
    rows = farm.rows(NOTES)
    for path, body in BY_NUMBER.items():
        if "taskIds" in body(own, 0):
            assert await code(anna, path, {**body(own, 0), "taskIds": [own, other]}) == 403
    assert farm.rows(NOTES) == rows


async def test_nobody_finds_the_things_of_others_in_lists(
    farm: RayvisionFarm, anna: RayvisionCaller, bert: RayvisionCaller
) -> None:
    await bert.submit(rops("1", "2"), labels=["day"])
    await bert.call(CHANGING, {"newName": "a show"})
    environment = {"cgId": 2004, "cgName": "Houdini", "cgVersion": "17.5", "editName": "e", "renderSystem": 0}
    await bert.call("render/plugin/addUserPluginConfig", {**environment, "pluginIds": []})
    await bert.call("render/setUp/queryUserProfile")
    assert await listed(anna) == []
    assert set((await anna.call("render/handle/queryAllFrameStats")).values()) == {0}
    assert (await anna.call("render/project/list", {"flag": 2}))["projectNameList"] == []
    assert await anna.call("render/plugin/getUserPluginConfig") == []
    assert await anna.call("render/file/operate/getOutputUserDirFile", {"treePath": "/"}) == []
    for kind in ("taskRecord", "loginRecord"):
        assert (await anna.call(f"render/handle/operate/sdk/{kind}"))["items"] == []
    assert await code(anna, "render/plugin/setDefaultUserPluginConfig", {"editName": "e"}) == 404
    await anna.call("render/project/delete", {"delName": "a show"})
    await anna.call("render/plugin/deleteUserPluginConfig", {"editName": "e"})
    assert len((await bert.call(READING))["projectNameList"]) == 1
    assert len(await bert.call("render/plugin/getUserPluginConfig")) == 1


async def test_labels_are_taken_from_ones_own_tasks_only(
    farm: RayvisionFarm, anna: RayvisionCaller, bert: RayvisionCaller
) -> None:
    own, other = [await each.submit(rops("1"), labels=["day"]) for each in (anna, bert)]
    await anna.call("render/handle/deleteTaskLabel", {"taskIds": [], "labelNames": ["day"], "labelIds": []})
    assert (await anna.info(own))["labels"] == []
    assert len((await bert.info(other))["labels"]) == 1


async def test_a_superuser_sees_and_steers_everybodys(farm: RayvisionFarm, anna: RayvisionCaller) -> None:
    task = await anna.submit(rops("1"))
    root = farm.user(next(_names), superuser=True)
    assert task in await listed(root)
    await root.call("render/handle/abandonTask", {"taskIds": [task]})
    assert (await anna.info(task))["taskStatus"] == 35


# --- main accounts and sub-accounts ------------------------------------------------------------------------------


async def test_a_main_account_sees_and_steers_its_sub_accounts_tasks(
    farm: RayvisionFarm, anna: RayvisionCaller
) -> None:
    sub = sub_of(farm, anna)
    task = await sub.submit(rops("1-2[1]"))
    assert await listed(anna) == [task]
    found = await anna.info(task)
    assert (found["userName"], found["userId"]) == (sub.name, number_of(farm, sub))
    assert found["bid"] == storage_number(number_of(farm, sub), Area.OUTPUT)
    assert (await anna.call("render/handle/queryAllFrameStats"))["totalFrames"] == 2
    await anna.call("rendering/task/renderingTask/stopTask", {"taskIds": [task]})
    assert (await sub.info(task))["taskStatus"] == 10
    (record,) = (await anna.call("render/handle/operate/sdk/taskRecord", {"pageSize": 1}))["items"]
    assert (record["userName"], record["buttonName"]) == (anna.name, "stop task")
    records = (await anna.call("render/handle/operate/sdk/taskRecord"))["items"]
    assert {each["operateSource"] for each in records if each["userName"] == sub.name} == {2}


async def test_a_sub_account_sees_nothing_of_its_main_account_or_its_siblings(
    farm: RayvisionFarm, anna: RayvisionCaller
) -> None:
    sub, sibling = sub_of(farm, anna), sub_of(farm, anna)
    tasks = [await anna.submit(rops("1")), await sibling.submit(rops("1"))]
    assert await listed(sub) == []
    for task in tasks:
        assert await code(sub, "render/handle/queryTaskInfo/v2", {"taskIds": [task]}) == 403
        assert await code(sub, "render/handle/deleteTask", {"taskIds": [task]}) == 403
    assert (await sub.call("render/handle/operate/sdk/taskRecord"))["items"] == []


async def test_projects_are_listed_for_oneself_with_the_main_account_or_for_all_under_it(
    farm: RayvisionFarm, anna: RayvisionCaller
) -> None:
    sub, sibling = sub_of(farm, anna), sub_of(farm, anna)
    for caller in (anna, sub, sibling):
        await caller.call(CHANGING, {"newName": f"of {caller.name}"})

    async def names(caller: RayvisionCaller, flag: int) -> set[str]:
        found = await caller.call("render/project/list", {"flag": flag})
        return {each["projectName"].removeprefix("of ") for each in found["projectNameList"]}

    everybody = {anna.name, sub.name, sibling.name}
    assert [await names(sub, flag) for flag in (0, 1, 2)] == [{sub.name}, {sub.name, anna.name}, everybody]
    assert [await names(anna, flag) for flag in (0, 1, 2)] == [{anna.name}, {anna.name}, everybody]


async def test_a_sub_account_that_shares_its_main_accounts_storage_renders_scenes_from_there(
    farm: RayvisionFarm, anna: RayvisionCaller
) -> None:
    sharing, alone = sub_of(farm, anna, shares_storage=True), sub_of(farm, anna)
    await anna.put("show/shot.scene", b"the main account's")
    made = await sharing.create()
    await sharing.send_file(made, rops("1"))
    await sharing.call("render/submit/task", {"taskId": made})
    assert [each[0] for each in await inputs(farm, made)] == ["/show/shot.scene"]
    other = await alone.create()
    await alone.send_file(other, rops("1"))
    refused = await alone.refused("render/submit/task", {"taskId": other})
    assert (refused.code, refused.message.split(":")[0]) == (600, "task_info.input_cg_file")


async def inputs(farm: RayvisionFarm, task: int) -> list[tuple[str, str]]:
    """The files of a task's job: path and hash."""
    job = farm.job(task)
    found = farm.farm.farm.ask(lambda q: q.source(job.id)).inputs
    return [(each.path, each.hash) for each in found]


async def test_storages_are_told_by_their_numbers(farm: RayvisionFarm, anna: RayvisionCaller) -> None:
    sharing, alone = sub_of(farm, anna, shares_storage=True), sub_of(farm, anna)
    main, one, other = (number_of(farm, each) for each in (anna, sharing, alone))
    bids = {each.name: await each.call("render/transfer/getBid") for each in (anna, sharing, alone)}
    assert bids[sharing.name] == {
        "config_bid": f"{one}1",
        "input_bid": f"{one}2",
        "output_bid": f"{one}3",
        "parent_input_bid": f"{main}2",
        "sub_user_output_bids": None,
    }
    assert bids[alone.name]["parent_input_bid"] is bids[anna.name]["parent_input_bid"] is None
    listed_subs = sorted(bids[anna.name]["sub_user_output_bids"], key=lambda each: int(each["userId"] != one))
    assert listed_subs == [{"userId": one, "outputBid": f"{one}3"}, {"userId": other, "outputBid": f"{other}3"}]
    config = await sharing.call("render/transfer/getConfig")
    assert (config["parentInputBid"], config["inputBid"]) == (f"{main}2", f"{one}2")
    assert config["resqEngines"][0]["respTaskEngineLines"][0]["server"] == "127.0.0.1"
    assert config["resqEngines"][0]["respTaskEngineLines"][0]["port"] == "8642"


@pytest.mark.parametrize(("scheme", "port"), [("https", "443"), ("http", "80")])
async def test_files_are_sent_where_the_script_logged_in_when_that_names_no_port(
    anna: RayvisionCaller, scheme: str, port: str
) -> None:
    host, path = "farm.example", "/api/render/transfer/getConfig"
    caller = replace(anna, domain=host, headers={"host": host, "x-forwarded-proto": scheme})
    behind_proxy: Any = ProxyHeadersMiddleware(cast(Any, anna.door))  # as uvicorn puts it before the doors
    answer = await request(behind_proxy, "POST", path, caller.signed(path, {}), b"{}")
    for engine in caller.read(answer)["data"]["resqEngines"]:
        (line,) = engine["respTaskEngineLines"]
        assert (line["server"], line["port"]) == (host, port)


@pytest.mark.parametrize("shares", [False, True])
async def test_a_profile_tells_the_main_account_and_whether_its_storage_is_shared(
    farm: RayvisionFarm, anna: RayvisionCaller, shares: bool
) -> None:
    sub = sub_of(farm, anna, shares_storage=shares)
    found = await sub.call("render/setUp/queryUserProfile")
    assert (found["mainUserId"], found["shareMainCapital"]) == (number_of(farm, anna), int(shares))
    assert (await sub.call("render/setUp/queryUserSetting"))["shareMainCapital"] == int(shares)
    assert (await anna.call("render/setUp/queryUserProfile"))["shareMainCapital"] == 0


async def test_a_main_account_makes_tasks_for_its_sub_accounts_and_for_nobody_else(
    farm: RayvisionFarm, anna: RayvisionCaller, bert: RayvisionCaller
) -> None:
    sub = sub_of(farm, anna)
    body = {"count": 1, "taskUserLevel": 50}
    made = await anna.call("render/submit/createTask", {**body, "outUserId": number_of(farm, sub)})
    (task,) = made["taskIdList"]
    assert made["userId"] == number_of(farm, sub)
    assert farm.row(task).owner == sub.name
    await sub.put("show/shot.scene")
    await anna.send_file(task, rops("1"))
    await anna.call("render/submit/task", {"taskId": task})
    assert farm.job(task).owner == sub.name
    assert await listed(sub) == [task]
    rows = farm.rows(NOTES)
    for caller, user, expected in (
        (anna, number_of(farm, bert), 403),
        (sub, number_of(farm, anna), 403),
        (anna, 5, 404),
    ):
        assert await code(caller, "render/submit/createTask", {**body, "outUserId": user}) == expected
    assert farm.rows(NOTES) == rows
    for user in (0, number_of(farm, anna)):
        own = await anna.call("render/submit/createTask", {**body, "outUserId": user})
        assert own["userId"] == number_of(farm, anna)


async def test_settings_are_each_users_own(farm: RayvisionFarm, anna: RayvisionCaller, bert: RayvisionCaller) -> None:
    await anna.call("render/setUp/updateUserSetting", {"taskOverTimeSec": 5400})
    found = await anna.call("render/setUp/queryUserSetting")
    assert (found["taskOverTime"], found["taskOverTimeSec"]) == (1, 5400)
    assert (await bert.call("render/setUp/queryUserSetting"))["taskOverTimeSec"] == 0


# --- domains -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "before", "domain", "expected"),
    [
        (DOMAIN, "", DOMAIN, 200),
        (DOMAIN, "/", f"{DOMAIN}/", 200),
        ("mill.example", "", "mill.example", 200),
        ("mill.example", "", "mill.example:80", 200),
        ("mill.example", "", "mill.example:443", 200),
        ("mill.example:80", "", "mill.example", 200),
        ("mill.example:443", "", "mill.example", 200),
        ("mill.example:443", "/", "mill.example/", 200),
        ("[::1]", "", "[::1]:80", 200),
        ("[::1]:8642", "", "[::1]:8642", 200),
        ("10.0.0.5:8642", "", PUBLIC, 200),
        ("10.0.0.5:8642", "/mill", PUBLIC, 200),
        ("10.0.0.5:8642", "/mill/", f"{PUBLIC}/", 200),
        ("10.0.0.5:8642", "/mill", "10.0.0.5:8642/mill", 200),
        ("mill.example", "", "mill.example:81", 611),
        ("mill.example:8642", "", "mill.example", 611),
        ("mill.example", "", "other.example", 611),
        (DOMAIN, "", "", 611),
        (DOMAIN, "", f"{DOMAIN}/other", 611),
        ("10.0.0.5:8642", "/mill", "10.0.0.5:8642", 611),
        ("10.0.0.5:8642", "/other", "10.0.0.5:8642/other", 200),
    ],
)
async def test_the_domain_is_what_the_client_was_given(
    farm: RayvisionFarm, someone: RayvisionCaller, host: str, before: str, domain: str, expected: int
) -> None:
    someone.domain, someone.headers = domain, {"host": host}
    headers = someone.signed(f"/api/{READING}", {})
    assert farm.door.serves(f"{before}/api/{READING}")
    assert await code_of_raw(someone, f"{before}/api/{READING}", headers) == expected


# --- bodies ------------------------------------------------------------------------------------------------------


async def test_ten_thousand_numbers_in_one_call_and_not_one_more(farm: RayvisionFarm, anna: RayvisionCaller) -> None:
    ids: list[int] = []
    for _ in range(10):
        body = {"count": 1000, "taskUserLevel": 50}
        ids += (await anna.call("render/submit/createTask", body))["taskIdList"]
    assert len(set(ids)) == 10_000
    found = await anna.call("render/handle/queryTaskInfo/v2", {"taskIds": ids})
    assert [each["id"] for each in found["items"]] == ids
    await anna.call("render/handle/addTaskLabel", {"label": "night", "taskIds": ids[:3]})
    await anna.call("render/handle/deleteTask", {"taskIds": ids})
    assert (await anna.info(ids[-1]))["isDelete"] == 0
    rows = farm.rows(NOTES)
    for path, body_of in BY_NUMBER.items():
        body = body_of(1, 1)
        for name in body.keys() & {"taskIds", "taskParam"}:
            refused = await anna.refused(path, {**body, name: [*ids, ids[0]]})
            assert refused.code == 600
            assert refused.message.split(":")[0] in ("taskIds", "taskParam")
    assert await code(anna, "render/submit/createTask", {"count": 1001, "taskUserLevel": 50}) == 600
    assert farm.rows(NOTES) == rows


async def test_a_body_over_the_limit_is_refused(farm: RayvisionFarm, anna: RayvisionCaller) -> None:
    body = {"newName": "x" * MAX_BODY}
    headers = anna.signed(f"/api/{CHANGING}", body)
    found = anna.read(await anna.raw(f"/api/{CHANGING}", headers, json.dumps(body).encode()))
    assert found["code"] == 400
    assert str(MAX_BODY) in found["message"]


@pytest.mark.parametrize(
    "content",
    [
        b"[]",
        b"[1, 2]",
        b'"text"',
        b"7",
        b"null",
        b"true",
        b"NaN",
        b'{"zone": NaN}',
        b'{"zone": Infinity}',
        b'{"zone": 1e999}',
        b'{"zone": -Infinity}',
        b"{",
        b"{'zone': 1}",
        b'{"zone": 1} {}',
        b"\xff\xfe",
        b'{"zone": "\xff"}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"zone": ' + b"[" * 40 + b"]" * 40 + b"}",
        b'{"zone": ' + b"9" * 5000 + b"}",
    ],
    ids=lambda content: repr(content[:20]),
)
async def test_what_is_no_json_object_of_a_bounded_depth_is_400(
    farm: RayvisionFarm, someone: RayvisionCaller, content: bytes
) -> None:
    path = "/api/render/common/queryPlatforms"
    assert await code_of_raw(someone, path, someone.signed(path, {}), content) == 400


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        ("render/project/getList", {"a": 1}, "a"),
        ("render/common/queryPlatforms", {"zone": 1, "Zone": 2}, "Zone"),
        ("render/project/add", {"newName": "x", "accessId": "y"}, "accessId"),
        ("render/handle/queryTaskInfo/v2", {"taskIds": [1], "taskIds0": 2}, "taskIds0"),
        ("render/handle/queryTaskInfo/v2", {"taskParam": [1]}, "taskIds"),
        ("render/task/stopTask", {"taskParam": [1], "task": 1}, "task"),
        ("render/handle/getTaskList/v2", {"pageNum": 1, "owner": "anna"}, "owner"),
    ],
)
async def test_a_member_that_nobody_knows_is_refused_and_named(
    farm: RayvisionFarm, someone: RayvisionCaller, path: str, body: dict[str, Any], named: str
) -> None:
    refused = await someone.refused(path, body)
    assert refused.code in (600, 601)
    assert refused.message.split(":")[0] == named


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("render/common/queryPlatforms", {"zone": 1.0}),
        ("render/common/queryPlatforms", {"zone": True}),
        ("render/common/queryPlatforms", {"zone": 10**40}),
        ("render/submit/createTask", {"count": "1", "taskUserLevel": 50}),
        ("render/submit/createTask", {"count": 0, "taskUserLevel": 50}),
        ("render/submit/createTask", {"count": 1, "taskUserLevel": 101}),
        ("render/handle/queryTaskInfo/v2", {"taskIds": []}),
        ("render/handle/queryTaskInfo/v2", {"taskIds": 1}),
        ("render/handle/queryTaskInfo/v2", {"taskIds": [2**62]}),
        ("render/handle/queryTaskInfo/v2", {"taskIds": [-1]}),
        ("render/handle/queryTaskInfo/v2", {"taskIds": ["1 "]}),
        ("render/handle/getTaskList/v2", {"pageNum": 0}),
        ("render/handle/getTaskList/v2", {"pageSize": 1001}),
        ("render/project/add", {"newName": ""}),
        ("render/project/add", {"newName": "x" * 201}),
        ("render/submit/taskJsonFile", {"taskId": 1, "fileName": "other.json", "content": "{}"}),
    ],
    ids=str,
)
async def test_a_value_that_cannot_be_is_600(
    farm: RayvisionFarm, someone: RayvisionCaller, path: str, body: dict[str, Any]
) -> None:
    rows = farm.rows()
    assert (await someone.refused(path, body)).code == 600
    assert farm.rows() == rows


@pytest.mark.parametrize("tree", ["..", "../x", "a/../../b", "/../a", "a/./b", "..\\x", "a\0b"])
async def test_no_folder_is_above_the_storage(farm: RayvisionFarm, someone: RayvisionCaller, tree: str) -> None:
    refused = await someone.refused("render/file/operate/getOutputUserDirFile", {"treePath": tree})
    assert (refused.code, refused.message.split(":")[0]) == (600, "treePath")


@pytest.mark.parametrize("name", ["../task.json", "cfg/../task.json", "/task.json", "task.json\0", "TASK.JSON"])
async def test_no_json_file_has_another_name(farm: RayvisionFarm, someone: RayvisionCaller, name: str) -> None:
    task = await someone.create()
    body = {"taskId": task, "fileName": name, "content": "{}"}
    assert (await someone.refused("render/submit/taskJsonFile", body)).code == 600
    assert farm.services.files.below(someone.name, Area.CONFIG, "") == []


@pytest.mark.parametrize("content", ["[]", "7", "", "{", "[" * 100_000, '{"a": ' * 40 + "1" + "}" * 40])
async def test_a_json_file_holds_an_object_of_a_bounded_depth(
    farm: RayvisionFarm, someone: RayvisionCaller, content: str
) -> None:
    task = await someone.create()
    body = {"taskId": task, "fileName": "task.json", "content": content}
    refused = await someone.refused("render/submit/taskJsonFile", body)
    assert (refused.code, refused.message.split(":")[0]) == (600, "content")


@pytest.mark.parametrize(
    "entry",
    [
        {"local": "/show/../../other.tex", "server": "show/other.tex"},
        {"local": "/show/other.tex", "server": "../other.tex"},
        {"local": "", "server": "x"},
        {"local": "/show/a\nb.tex", "server": "x"},
        "show/other.tex",
        {"server": "show/other.tex"},
    ],
    ids=str,
)
async def test_no_file_of_a_task_is_above_the_storage(
    farm: RayvisionFarm, anna: RayvisionCaller, entry: object
) -> None:
    await anna.put("show/shot.scene")
    task = await anna.create()
    await anna.send_file(task, rops("1"))
    await anna.send_file(task, {"asset": [entry]}, "upload.json")
    refused = await anna.refused("render/submit/task", {"taskId": task})
    assert (refused.code, refused.message.split(".")[0]) == (600, "upload")


async def test_names_that_look_like_paths_are_names(farm: RayvisionFarm, anna: RayvisionCaller) -> None:
    for name in ("../../etc/passwd", "a/b", "'; DROP TABLE jobs; --", "%", "\\", "中 文", "🎬"):
        await anna.call(CHANGING, {"newName": name})
        with pytest.raises(RefusedError, match="503"):
            await anna.call(CHANGING, {"newName": name, "status": 1})
    assert len((await anna.call(READING))["projectNameList"]) == 7


async def test_a_quota_counts_for_json_files_too(farm: RayvisionFarm) -> None:
    caller = farm.user(next(_names), quota=100)
    task = await caller.create()
    await caller.send_file(task, {"a": "b"})
    body = {"taskId": task, "fileName": "upload.json", "content": json.dumps({"a": "x" * 100})}
    refused = await caller.refused("render/submit/taskJsonFile", body)
    assert refused.code == 600
    assert "quota" in refused.message
