"""What tasks of the Rayvision door mean: from submission to pictures, and everything that steers them on the way.

An application's stand-in renders: a command ``rendermill-houdini`` on the sessions' PATH.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from rendermill.doors.rayvision import housekeeping
from rendermill.farm.model.status import Cause, JobStatus
from rendermill.farm.model.storage import Area
from support.clock import FakeClock
from support.processes import Bell, Gate
from support.rayvision import (
    HOUDINI,
    RayvisionCaller,
    RayvisionFarm,
    png,
    rayvision_farm,
    rops,
    stand_in,
    task_json,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

CHANGING = ("rayvision_records", "rayvision_signatures")
"""Tables that every changing call writes into, whatever it does."""
WAITING, RENDERING, STOPPED, TIMED_OUT, DONE, DONE_WITH_FAILURES, ABANDONED, TESTED, FAILED = (
    *(0, 5, 10, 23, 25),
    *(30, 35, 40, 45),
)


@asynccontextmanager
async def rendering_farm(
    folder: Path, each_frame: str = "true", **settings: Any
) -> AsyncIterator[tuple[RayvisionFarm, RayvisionCaller]]:
    """A farm whose worker has the stand-in, and a user of it."""
    path = stand_in(folder / "bin", each_frame)
    async with rayvision_farm(folder / "farm", path=path, software=HOUDINI, **settings) as farm:
        yield farm, farm.user("anna")


@asynccontextmanager
async def waiting_farm(folder: Path) -> AsyncIterator[tuple[RayvisionFarm, RayvisionCaller]]:
    """A farm whose worker has no application: tasks wait."""
    async with rayvision_farm(folder / "farm") as farm:
        yield farm, farm.user("anna")


Stage = tuple[RayvisionFarm, RayvisionCaller]
_numbers = itertools.count(1)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def waiting_place(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RayvisionFarm]:
    async with rayvision_farm(tmp_path_factory.mktemp("waiting") / "farm") as farm:
        yield farm


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def rendering_place(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RayvisionFarm]:
    async with rendering_farm(tmp_path_factory.mktemp("rendering")) as (farm, _):
        yield farm


@pytest.fixture
def waiting(waiting_place: RayvisionFarm) -> Stage:
    """A farm whose worker has no application, so that tasks wait, and a new user of it."""
    return waiting_place, waiting_place.user(f"user{next(_numbers)}")


@pytest.fixture
def rendering(rendering_place: RayvisionFarm) -> Stage:
    """A farm whose worker has the stand-in, and a new user of it."""
    return rendering_place, rendering_place.user(f"user{next(_numbers)}")


async def statuses(caller: RayvisionCaller, task_id: int) -> list[int]:
    return [each["frameStatus"] for each in await caller.frames(task_id)]


async def status(caller: RayvisionCaller, task_id: int) -> int:
    found: int = (await caller.info(task_id))["taskStatus"]
    return found


async def children(caller: RayvisionCaller, task_id: int) -> list[int]:
    return [each["id"] for each in (await caller.info(task_id))["respRenderingTaskList"]]


async def stop(caller: RayvisionCaller, *ids: int) -> None:
    await caller.call("rendering/task/renderingTask/stopTask", {"taskIds": list(ids)})


async def start(caller: RayvisionCaller, *ids: int) -> None:
    await caller.call("rendering/task/renderingTask/startTask", {"taskIds": list(ids)})


async def listed(caller: RayvisionCaller, **wanted: Any) -> list[int]:
    """The numbers of the tasks that getTaskList shows."""
    body = {"pageNum": 1, "pageSize": 100, **wanted}
    return [each["id"] for each in (await caller.call("render/handle/getTaskList/v2", body))["items"]]


def jobs_of(farm: RayvisionFarm, caller: RayvisionCaller) -> list[int]:
    """The farm's jobs of a user."""
    return [job.id for job in farm.farm.farm.ask(lambda q: q.jobs(owner=caller.name))]


async def files(caller: RayvisionCaller, task_id: int, tree: str = "/") -> list[str]:
    found = await caller.call("render/file/operate/getOutputUserDirFile", {"taskId": task_id, "treePath": tree})
    return [each["filePath"] for each in found]


# --- a task from its beginning to its end ------------------------------------------------------------------------


async def test_a_task_runs_to_its_end_and_its_pictures_are_there(tmp_path: Path) -> None:
    note = f'echo "$scene $part $version" >> {tmp_path}/told'
    async with rendering_farm(tmp_path, note) as (farm, caller):
        task = await caller.submit(rops("1-3[1]"), labels=["night"], artist="Anna")
        await farm.until(task, JobStatus.SUCCEEDED)
        found = await caller.info(task)
        assert (found["taskStatus"], found["doneFrames"], found["totalFrames"]) == (DONE, 3, 3)
        assert (found["isOpen"], found["respRenderingTaskList"]) == (0, [])
        assert (found["framesRange"], found["sceneName"]) == ("/out/rop11-3[1]", "shot.scene")
        assert found["outputFileName"] == f"{task}_shot"
        assert found["completedDate"] >= found["startTime"] >= found["submitDate"]
        assert await statuses(caller, task) == [4, 4, 4]
        assert [each["frameIndex"] for each in await caller.frames(task)] == ["1", "2", "3"]
        assert await files(caller, task) == [f"/{task}_shot/000{frame}.png" for frame in (1, 2, 3)]
        stored = caller.services.files.file("anna", Area.OUTPUT, f"{task}_shot/0002.png")
        assert caller.services.blobs.checked(stored.hash).read_bytes() == png()
    told = (tmp_path / "told").read_text().splitlines()
    assert len(told) == 3
    assert all(line.endswith("/show/shot.scene /out/rop1 17.5") for line in told)


async def test_several_rops_become_children_with_ids_and_folders_of_their_own(rendering: Stage) -> None:
    farm, caller = rendering
    task = await caller.submit(rops("1-2[1]", "5"))
    await farm.until(task, JobStatus.SUCCEEDED)
    parent = await caller.info(task)
    assert (parent["isOpen"], parent["taskStatus"], parent["totalFrames"]) == (1, DONE, 3)
    first, second = parent["respRenderingTaskList"]
    assert len({task, first["id"], second["id"]}) == 3
    assert [each["layerParentId"] for each in (parent, first, second)] == [0, task, task]
    assert [each["layerName"] for each in (first, second)] == ["/out/rop1", "/out/rop2"]
    assert [each["framesRange"] for each in (first, second)] == ["/out/rop11-2[1]", "/out/rop25"]
    assert [each["taskStatus"] for each in (first, second)] == [DONE, DONE]
    assert [each["isOpen"] for each in (first, second)] == [0, 0]
    names = [each["outputFileName"] for each in (first, second)]
    assert names == [f"{task}_shot/out_rop1", f"{task}_shot/out_rop2"]
    assert await files(caller, first["id"]) == [f"/{names[0]}/0001.png", f"/{names[0]}/0002.png"]
    assert await files(caller, second["id"]) == [f"/{names[1]}/0005.png"]
    assert await files(caller, task) == [f"/{name}" for name in names]
    assert [each["frameIndex"] for each in await caller.frames(second["id"])] == ["5"]
    assert (await caller.info(second["id"]))["taskStatus"] == DONE
    assert await listed(caller) == [task]


async def test_several_frames_in_one_go_are_one_frame_of_the_list(rendering: Stage) -> None:
    farm, caller = rendering
    task = await caller.submit(rops("1-7[1]", frames_per_task="3"))
    await farm.until(task, JobStatus.SUCCEEDED)
    assert [each["frameIndex"] for each in await caller.frames(task)] == ["1-3[1]", "4-5[1]", "6-7[1]"]
    assert len(await files(caller, task)) == 7


async def test_a_step_between_frames_is_kept(rendering: Stage) -> None:
    farm, caller = rendering
    task = await caller.submit(rops("1-9[4],20"))
    await farm.until(task, JobStatus.SUCCEEDED)
    assert [each["frameIndex"] for each in await caller.frames(task)] == ["1", "5", "9", "20"]
    assert await files(caller, task) == [f"/{task}_shot/{frame:04}.png" for frame in (1, 5, 9, 20)]


# --- frames that go first ----------------------------------------------------------------------------------------


async def test_a_task_waits_after_its_test_frames_until_it_is_told_to_go_on(rendering: Stage) -> None:
    farm, caller = rendering
    task = await caller.submit(rops("1-4[1]", pre_frames="100", stop_after_test="1"))
    assert (await farm.until(task)).cause is Cause.TEST
    assert await status(caller, task) == TESTED
    assert [(each["frameIndex"], each["frameStatus"], each["frameType"]) for each in await caller.frames(task)] == [
        ("1", 4, 4),
        ("2", 1, 5),
        ("3", 1, 5),
        ("4", 1, 5),
    ]
    assert await listed(caller, statusList=[TESTED]) == [task]
    assert await caller.call("render/handle/fullSpeedRendering", {"taskIds": [task]}) == "success"
    await farm.until(task, JobStatus.SUCCEEDED)
    assert await status(caller, task) == DONE
    assert [each["recommitFlag"] for each in await caller.frames(task)] == [0, 0, 0, 0]
    before = farm.rows(CHANGING)
    assert await caller.call("render/handle/fullSpeedRendering", {"taskIds": [task]}) == "success"
    assert farm.rows(CHANGING) == before


async def test_a_task_goes_on_after_its_test_frames_where_nobody_wants_to_look(tmp_path: Path) -> None:
    order = tmp_path / "order"
    async with rendering_farm(tmp_path, f"echo $frame >> {order}", slots=1) as (farm, caller):
        task = await caller.submit(rops("1-5[1]", pre_frames="011:2", stop_after_test="2"))
        await farm.until(task, JobStatus.SUCCEEDED)
    assert order.read_text().split() == ["2", "3", "5", "1", "4"]


async def test_full_speed_before_the_test_frames_are_done_means_that_nobody_waits(tmp_path: Path) -> None:
    with Gate(tmp_path / "gate") as gate:
        async with rendering_farm(tmp_path, f"read _ < {gate}") as (farm, caller):
            task = await caller.submit(rops("1-3[1]", pre_frames="100", stop_after_test="1"))
            await caller.call("render/handle/fullSpeedRendering", {"taskIds": [task]})
            gate.let(3)
            assert (await farm.until(task)).status is JobStatus.SUCCEEDED


# --- failures ----------------------------------------------------------------------------------------------------


async def test_a_failed_frame_is_rendered_again_when_asked_and_the_others_are_not(tmp_path: Path) -> None:
    fails = f"[ $frame != 2 ] || [ -e {tmp_path}/mended ] || exit 3"
    async with rendering_farm(tmp_path, fails) as (farm, caller):
        task = await caller.submit(rops("1-3[1]"))
        await farm.until(task, JobStatus.FAILED)
        found = await caller.info(task)
        assert (found["taskStatus"], found["doneFrames"], found["failedFrames"]) == (DONE_WITH_FAILURES, 2, 1)
        assert await statuses(caller, task) == [4, 5, 4]
        assert "3" in (await caller.frames(task))[1]["remark"]
        assert await listed(caller, statusList=[DONE_WITH_FAILURES]) == [task]
        assert await listed(caller, statusList=[FAILED]) == []
        before = [each["recommitFlag"] for each in await caller.frames(task)]
        (tmp_path / "mended").touch()
        await caller.call("render/handle/recommitTasks", {"taskIds": [task]})
        await farm.until(task, JobStatus.SUCCEEDED)
        assert await status(caller, task) == DONE
        assert [each["recommitFlag"] for each in await caller.frames(task)] == [0, before[1] + 1, 0]


async def test_a_task_of_which_every_frame_failed_has_failed(tmp_path: Path) -> None:
    async with rendering_farm(tmp_path, "exit 1") as (farm, caller):
        task = await caller.submit(rops("1-2[1]"))
        await farm.until(task, JobStatus.FAILED)
        assert await status(caller, task) == FAILED
        assert await listed(caller, statusList=[FAILED]) == [task]
        assert await caller.call("render/handle/queryAllFrameStats") == {
            "executingFramesTotal": 0,
            "doneFramesTotal": 0,
            "failedFramesTotal": 2,
            "waitingFramesTotal": 0,
            "abandonFramesTotal": 0,
            "totalFrames": 2,
        }


async def test_a_failed_child_is_shown_beside_one_that_is_done(tmp_path: Path) -> None:
    async with rendering_farm(tmp_path, "[ $part = /out/rop1 ] || exit 1") as (farm, caller):
        task = await caller.submit(rops("1", "1-2[1]"))
        await farm.until(task, JobStatus.FAILED)
        found = await caller.info(task)
        assert found["taskStatus"] == DONE_WITH_FAILURES
        assert [each["taskStatus"] for each in found["respRenderingTaskList"]] == [DONE, FAILED]


# --- frames again, and frames stopped ----------------------------------------------------------------------------


async def test_chosen_frames_that_are_done_are_rendered_again_and_no_other(rendering: Stage) -> None:
    farm, caller = rendering
    task = await caller.submit(rops("1-4[1]"))
    await farm.until(task, JobStatus.SUCCEEDED)
    ids = [each["id"] for each in await caller.frames(task)]
    await caller.call("render/handle/recommitTaskFrames", {"taskId": task, "selectAll": 0, "ids": [ids[1], ids[3]]})
    await farm.until(task, JobStatus.SUCCEEDED)
    assert [each["recommitFlag"] for each in await caller.frames(task)] == [0, 1, 0, 1]
    await caller.call("render/handle/recommitTaskFrames", {"taskId": task, "selectAll": 1, "status": [5]})
    assert [each["recommitFlag"] for each in await caller.frames(task)] == [0, 1, 0, 1]
    await caller.call("render/handle/recommitTaskFrames", {"taskId": task, "selectAll": 1, "status": [4]})
    await farm.until(task, JobStatus.SUCCEEDED)
    assert [each["recommitFlag"] for each in await caller.frames(task)] == [1, 2, 1, 2]


async def test_frames_of_another_task_are_not_found_in_this_one(waiting: Stage) -> None:
    _, caller = waiting
    one, other = await caller.submit(rops("1")), await caller.submit(rops("1"))
    frame = (await caller.frames(other))[0]["id"]
    for path in ("render/handle/recommitTaskFrames", "render/handle/stopTaskFrames"):
        refused = await caller.refused(path, {"taskId": one, "selectAll": 0, "ids": [frame]})
        assert refused.code == 404
    assert await statuses(caller, other) == [1]


async def test_stopped_frames_stay_and_the_others_are_rendered(tmp_path: Path) -> None:
    with Gate(tmp_path / "gate") as gate, Bell(tmp_path / "bell") as bell:
        async with rendering_farm(tmp_path, f"echo $frame > {bell}; read _ < {gate}", slots=1) as (farm, caller):
            task = await caller.submit(rops("1-4[1]"))
            assert await bell.line() == "1"
            ids = [each["id"] for each in await caller.frames(task)]
            await caller.call("render/handle/stopTaskFrames", {"taskId": task, "selectAll": 0, "ids": ids[2:]})
            assert await statuses(caller, task) == [2, 1, 3, 3]
            gate.let(2)
            await farm.until(task)
            assert await statuses(caller, task) == [4, 4, 3, 3]
            assert await status(caller, task) == STOPPED
            gate.let(2)
            await start(caller, task)
            await farm.until(task, JobStatus.SUCCEEDED)
            assert [each["recommitFlag"] for each in await caller.frames(task)] == [0, 0, 0, 0]


async def test_stopping_frames_that_run_ends_their_processes(tmp_path: Path) -> None:
    with Bell(tmp_path / "bell") as bell:
        async with rendering_farm(tmp_path, f"echo $frame > {bell}; exec sleep 600", slots=1) as (farm, caller):
            task = await caller.submit(rops("1-2[1]"))
            await bell.line()
            await caller.call("render/handle/stopTaskFrames", {"taskId": task, "selectAll": 1, "status": [2]})
            assert await bell.line() == "2"
            assert await statuses(caller, task) in ([3, 1], [3, 2])
            await stop(caller, task)
            assert await statuses(caller, task) == [3, 3]
            assert farm.job(task).status is JobStatus.CANCELED


# --- stop, start, abandon, delete --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "becomes", "shown"),
    [
        ("rendering/task/renderingTask/stopTask", STOPPED, 1),
        ("render/handle/abandonTask", ABANDONED, 1),
        ("render/handle/deleteTask", STOPPED, 0),
    ],
)
async def test_asking_for_an_end_a_second_time_changes_nothing_more(
    waiting: Stage, path: str, becomes: int, shown: int
) -> None:
    farm, caller = waiting
    alone, family = await caller.submit(rops("1-2[1]")), await caller.submit(rops("1", "2"))
    first, second = await children(caller, family)
    for ids in ([alone], [first], [family, second, family]):
        await caller.call(path, {"taskIds": ids})
        rows = farm.rows(CHANGING)
        await caller.call(path, {"taskIds": ids})
        assert farm.rows(CHANGING) == rows
    for task in (alone, family, first, second):
        found = await caller.info(task)
        assert (found["taskStatus"], found["isDelete"]) == (becomes, shown), task
        assert set(await statuses(caller, task)) == {3}


async def test_starting_a_second_time_changes_nothing_more(waiting: Stage) -> None:
    farm, caller = waiting
    task = await caller.submit(rops("1-2[1]", "3"))
    child = (await children(caller, task))[1]
    await stop(caller, task)
    for ids in ([child], [task]):
        await start(caller, *ids)
        rows = farm.rows(CHANGING)
        await start(caller, *ids)
        assert farm.rows(CHANGING) == rows
    assert await statuses(caller, task) == [1, 1, 1]


async def test_stopping_a_child_leaves_its_siblings_alone(tmp_path: Path) -> None:
    with Gate(tmp_path / "gate") as gate, Bell(tmp_path / "bell") as bell:
        async with rendering_farm(tmp_path, f"echo $part > {bell}; read _ < {gate}") as (farm, caller):
            task = await caller.submit(rops("1-2[1]", "1-2[1]"))
            one, other = await children(caller, task)
            while {await bell.line()} != {"/out/rop1"}:
                pass
            await stop(caller, one)
            assert await status(caller, one) == STOPPED
            assert set(await statuses(caller, one)) == {3}
            assert 3 not in await statuses(caller, other)
            assert await status(caller, task) in (WAITING, RENDERING)
            gate.let(4)
            await farm.until(task)
            assert await statuses(caller, other) == [4, 4]
            assert [await status(caller, each) for each in (one, other)] == [STOPPED, DONE]
            gate.let(2)
            await start(caller, one)
            await farm.until(task, JobStatus.SUCCEEDED)
            assert [await status(caller, each) for each in (task, one, other)] == [DONE, DONE, DONE]


async def test_what_was_abandoned_or_deleted_does_not_start_again(waiting: Stage) -> None:
    farm, caller = waiting
    abandoned, deleted = await caller.submit(rops("1")), await caller.submit(rops("1", "2"))
    await caller.call("render/handle/abandonTask", {"taskIds": [abandoned]})
    await caller.call("render/handle/deleteTask", {"taskIds": [deleted]})
    child = (await children(caller, deleted))[0]
    rows = farm.rows(CHANGING)
    for task in (abandoned, deleted, child):
        for path, body in (
            ("rendering/task/renderingTask/startTask", {"taskIds": [task]}),
            ("render/handle/recommitTasks", {"taskIds": [task], "status": [3]}),
            ("render/handle/recommitTaskFrames", {"taskId": task, "selectAll": 1}),
        ):
            assert (await caller.refused(path, body)).code == 603
    assert farm.rows(CHANGING) == rows


async def test_one_bad_number_among_many_and_nothing_is_done(waiting: Stage) -> None:
    farm, caller = waiting
    task, reserved = await caller.submit(rops("1")), await caller.create()
    rows = farm.rows(CHANGING)
    for wrong, code in ((999_999, 404), (reserved, 603)):
        for path in ("rendering/task/renderingTask/stopTask", "render/handle/abandonTask"):
            assert (await caller.refused(path, {"taskIds": [task, wrong]})).code == code
    assert farm.rows(CHANGING) == rows


async def test_deleted_tasks_are_in_the_recycle_bin_and_nowhere_else(waiting: Stage) -> None:
    _, caller = waiting
    kept, gone = await caller.submit(rops("1")), await caller.submit(rops("1"))
    await caller.call("render/handle/deleteTask", {"taskIds": [gone]})
    assert await listed(caller) == [kept]
    assert await listed(caller, recycleFlag=0) == [kept]
    assert await listed(caller, recycleFlag=1, searchKeyword="nothing", statusList=[25]) == [gone]
    assert (await caller.info(gone))["isDelete"] == 0


# --- limits and settings -----------------------------------------------------------------------------------------


async def test_a_task_that_takes_longer_than_it_may_is_stopped_for_that(tmp_path: Path) -> None:
    with Bell(tmp_path / "bell") as bell:
        async with rendering_farm(tmp_path, f"echo $frame > {bell}; exec sleep 600") as (farm, caller):
            task = await caller.submit(rops("1", "1"))
            await bell.lines(2)
            await caller.call("render/handle/setTaskOverTimeStop", {"taskIds": [task], "overTime": 1})
            assert (await caller.info(task))["overTimeStop"] == 1
            assert (await farm.until(task, JobStatus.CANCELED)).cause is Cause.TIMEOUT
            found = await caller.info(task)
            assert found["taskStatus"] == TIMED_OUT
            assert [each["taskStatus"] for each in found["respRenderingTaskList"]] == [TIMED_OUT, TIMED_OUT]
            assert "1 seconds" in found["remark"]
            assert await listed(caller, statusList=[TIMED_OUT]) == [task]
            assert await listed(caller, statusList=[STOPPED]) == []


async def test_task_files_say_how_long_a_task_may_take_and_else_the_users_setting_does(waiting: Stage) -> None:
    farm, caller = waiting
    await caller.call("render/setUp/updateUserSetting", {"taskOverTimeSec": 7200})
    said = await caller.submit(rops("1", task_stop_time="60", job_stop_time="30", frames_per_task="2"))
    unsaid = await caller.submit(rops("1", task_stop_time="0", job_stop_time="0"))
    assert (farm.job(said).job_timeout, farm.job(said).task_timeout) == (60.0, 60.0)
    assert (farm.job(unsaid).job_timeout, farm.job(unsaid).task_timeout) == (7200.0, None)
    assert (await caller.info(unsaid))["overTimeStop"] == 7200


async def test_the_task_of_higher_priority_goes_first(tmp_path: Path) -> None:
    order = tmp_path / "order"
    with Gate(tmp_path / "gate") as gate, Bell(tmp_path / "bell") as bell:
        note = f"echo $frame >> {order}; echo $frame > {bell}; read _ < {gate}"
        async with rendering_farm(tmp_path, note, slots=1) as (farm, caller):
            first = await caller.submit(rops("1"))
            await bell.line()
            low, high = await caller.submit(rops("20"), taskUserLevel=60), await caller.submit(rops("30"))
            level = {"taskId": high, "taskUserLevel": 90}
            await caller.call("rendering/task/renderingTask/updateTaskUserLevel", level)
            assert [(await caller.info(each))["taskUserLevel"] for each in (low, high)] == [60, 90]
            gate.let(3)
            for task in (first, high, low):
                await farm.until(task, JobStatus.SUCCEEDED)
    assert order.read_text().split() == ["1", "30", "20"]


async def test_a_limited_task_takes_no_more_machines_than_that(tmp_path: Path) -> None:
    with Gate(tmp_path / "gate") as gate, Bell(tmp_path / "bell") as bell:
        note = f'echo "begin $frame" > {bell}; read _ < {gate}; echo "end $frame" > {bell}'
        async with rendering_farm(tmp_path, note, slots=2) as (farm, caller):
            holder = await caller.submit(rops("100-101[1]"))
            await bell.lines(2)
            task = await caller.submit(rops("1-3[1]"))
            await caller.call("render/handle/updateTaskLimit", {"taskId": task, "taskLimit": 1})
            assert (await caller.info(task))["taskLimit"] == 1
            gate.let(5)
            for each in (holder, task):
                await farm.until(each, JobStatus.SUCCEEDED)
            heard = [line.split() for line in await bell.lines(8)]
    running, most = 0, 0
    for word, frame in heard:
        if int(frame) < 100:
            running += 1 if word == "begin" else -1
            most = max(most, running)
    assert most == 1


async def test_hardware_that_is_none_is_refused_and_hardware_that_there_is_kept(waiting: Stage) -> None:
    farm, caller = waiting
    task = await caller.submit(rops("1"))
    anything, kind = sorted({each["id"] for each in await caller.call("render/hardwareConfig/list")})
    assert anything == 1
    body = {"taskIds": [task], "model": "Default", "ram": "8GB", "gpuNum": ""}
    path = "render/handle/editTaskHardwareConfig"
    refused = await caller.refused(path, {**body, "hardwareConfigIds": [kind, 424_242]})
    assert refused.code == 600
    assert "424242" in refused.message
    assert farm.job(task).hardware == ()
    await caller.call(path, {**body, "hardwareConfigIds": [kind]})
    (word,) = farm.job(task).hardware
    assert word.endswith("_m8_g0")
    for wrong in ({"ram": "512GB"}, {"gpuNum": "8*GPU"}, {"model": "28C"}):
        assert (await caller.refused(path, {**body, "hardwareConfigIds": [kind], **wrong})).code == 600
        assert (await caller.refused(path, {**body, "hardwareConfigIds": [], **wrong})).code == 600
    await caller.call(path, {**body, "hardwareConfigIds": [anything], "ram": "64GB"})
    assert farm.job(task).hardware == ()
    await caller.call(path, {**body, "hardwareConfigIds": []})
    assert farm.job(task).hardware == (word,)
    await caller.call(path, {"taskIds": [task], "hardwareConfigIds": [], "model": "", "ram": "", "gpuNum": ""})
    assert farm.job(task).hardware == ()


# --- reserving and submitting ------------------------------------------------------------------------------------


async def test_a_task_submitted_again_and_again_makes_one_job(waiting: Stage) -> None:
    farm, caller = waiting
    await caller.put("show/shot.scene")
    task = await caller.create()
    await caller.send_file(task, rops("1", "2"))
    body = {"taskId": task}
    await asyncio.gather(*(caller.call("render/submit/task", body) for _ in range(5)))
    rows = farm.rows(CHANGING)
    assert len(jobs_of(farm, caller)) == 1
    assert len(await children(caller, task)) == 2
    await caller.call("render/submit/task", body)
    assert farm.rows(CHANGING) == rows


async def test_a_part_of_a_task_is_not_submitted(waiting: Stage) -> None:
    _, caller = waiting
    child = (await children(caller, await caller.submit(rops("1", "2"))))[0]
    assert (await caller.refused("render/submit/task", {"taskId": child})).code == 603
    file = {"taskId": child, "fileName": "task.json", "content": "{}"}
    assert (await caller.refused("render/submit/taskJsonFile", file)).code == 603


async def test_a_reserved_number_makes_no_job_and_is_taken_back_after_a_day(tmp_path: Path) -> None:
    async with waiting_farm(tmp_path) as (farm, caller):
        used, unused = await caller.submit(rops("1", "2")), await caller.create()
        assert len(farm.rows()["jobs"]) == 1
        assert await listed(caller) == [used]
        found = await caller.info(unused)
        assert (found["taskStatus"], found["totalFrames"], found["outputFileName"]) == (WAITING, 0, None)
        assert await caller.frames(unused) == []
        clock = FakeClock(farm.row(unused).reserved)
        clock.turn(24 * 3600.0)
        assert await housekeeping.sweep(caller.services.desk, clock) == 0
        clock.turn(1)
        assert await housekeeping.sweep(caller.services.desk, clock) == 1
        assert (await caller.refused("render/handle/queryTaskInfo/v2", {"taskIds": [unused]})).code == 404
        assert len((await caller.info(used))["respRenderingTaskList"]) == 2
        assert await caller.create() > unused


async def test_records_are_kept_for_a_while_and_no_longer(tmp_path: Path) -> None:
    async with waiting_farm(tmp_path) as (farm, caller):
        await caller.create()
        assert farm.rows()["rayvision_signatures"]
        clock = FakeClock(caller.services.clock.now() + housekeeping.RECORD_SECONDS - 60)
        await housekeeping.sweep(caller.services.desk, clock)
        assert not farm.rows()["rayvision_signatures"]
        assert farm.rows()["rayvision_records"]
        clock.turn(120)
        await housekeeping.sweep(caller.services.desk, clock)
        assert not farm.rows()["rayvision_records"]


async def refused_submission(caller: RayvisionCaller, task: dict[str, Any]) -> tuple[int, str]:
    """The refusal of a task.json whose scene is in the storage."""
    await caller.put("show/shot.scene")
    number = await caller.create()
    await caller.send_file(number, task)
    refused = await caller.refused("render/submit/task", {"taskId": number})
    return refused.code, refused.message


@pytest.mark.parametrize(
    ("task_info", "named"),
    [
        ({"tiles": "4"}, "task_info.tiles"),
        ({"pre_frames": "12"}, "task_info.pre_frames"),
        ({"stop_after_test": "3"}, "task_info.stop_after_test"),
        ({"input_cg_file": "/show/other.hip"}, "task_info.input_cg_file"),
        ({"input_cg_file": "/show/../../etc/passwd"}, "task_info.input_cg_file"),
        ({"task_id": "77777"}, "task_info.task_id"),
        ({"user_id": "77777"}, "task_info.user_id"),
        ({"project_name": "none such"}, "task_info.project_name"),
        ({"project_id": "5"}, "task_info.project_id"),
        ({"edit_name": "none such"}, "task_info.edit_name"),
        ({"hardwareConfigIds": [5]}, "task_info.hardwareConfigIds"),
        ({"is_picture": "1"}, "task_info.is_picture"),
        ({"surprise": "1"}, "task_info.surprise"),
    ],
    ids=str,
)
async def test_what_is_wrong_in_a_task_file_is_named_and_no_job_is_made(
    waiting: Stage, task_info: dict[str, Any], named: str
) -> None:
    farm, caller = waiting
    code, message = await refused_submission(caller, rops("1-2[1]", **task_info))
    assert (code, message.split(":")[0]) == (600, named)
    assert not jobs_of(farm, caller)


async def test_a_task_belongs_to_the_project_that_it_names(waiting: Stage) -> None:
    _, caller = waiting
    await caller.call("render/project/add", {"newName": "the show"})
    (project,) = (await caller.call("render/project/getList"))["projectNameList"]
    for named in ({"project_name": "the show"}, {"project_id": str(project["projectId"])}):
        task = await caller.submit(rops("1", **named))
        assert (await caller.info(task))["projectName"] == "the show"


# --- lists -------------------------------------------------------------------------------------------------------


async def test_pages_go_through_all_tasks_newest_first_and_end_with_empty_ones(waiting: Stage) -> None:
    _, caller = waiting
    made = [await caller.submit(rops("1")) for _ in range(5)]
    seen: list[int] = []
    for number in (1, 2, 3, 4, 1000):
        found = await caller.call("render/handle/getTaskList/v2", {"pageNum": number, "pageSize": 2})
        assert (found["pageCount"], found["pageNum"], found["total"], found["size"]) == (3, number, 5, 2)
        seen += [each["id"] for each in found["items"]]
    assert seen == made[::-1]


async def test_pages_go_through_all_frames_across_children_and_end_with_empty_ones(waiting: Stage) -> None:
    _, caller = waiting
    task = await caller.submit(rops("1-3[1]", "11-12[1]", pre_frames="001"))
    seen = []
    for number in (1, 2, 3, 4, 500):
        found = await caller.call("render/handle/queryTaskFrames", {"taskId": task, "pageNum": number, "pageSize": 2})
        assert (found["pageCount"], found["total"]) == (3, 5)
        seen += [each["frameIndex"] for each in found["items"]]
    assert seen == ["3", "1", "2", "12", "11"]
    assert [each["frameIndex"] for each in await caller.frames(task, searchKeyword="1")] == ["1", "12", "11"]
    body = {"taskId": task, "pageNum": 2, "pageSize": 2, "searchKeyword": "1"}
    page = await caller.call("render/handle/queryTaskFrames", body)
    assert ([each["frameIndex"] for each in page["items"]], page["total"]) == (["11"], 3)
    assert await caller.frames(task, searchKeyword="99") == []


async def test_tasks_are_found_by_status_by_scene_and_number_and_by_time(waiting: Stage) -> None:
    _, caller = waiting
    red = await caller.submit(rops("1", input_cg_file="/show/Red_100%.hip"))
    blue = await caller.submit(rops("1", input_cg_file="/show/blue.hip"))
    await stop(caller, blue)
    assert await listed(caller, statusList=[WAITING]) == [red]
    assert await listed(caller, statusList=[STOPPED]) == [blue]
    assert await listed(caller, statusList=[WAITING, STOPPED, 70]) == [blue, red]
    assert await listed(caller, statusList=[20]) == []
    assert await listed(caller, statusList=[]) == [blue, red]
    assert await listed(caller, searchKeyword="red_") == [red]
    assert await listed(caller, searchKeyword="0%") == [red]
    assert await listed(caller, searchKeyword="%") == [red]
    assert await listed(caller, searchKeyword=str(blue)) == [blue]
    assert await listed(caller, searchKeyword="9" * 900) == []
    for wanted, found in (
        ({"startTime": "2020-01-01 00:00:00"}, [blue, red]),
        ({"startTime": "2999-01-01 00:00:00"}, []),
        ({"endTime": "2020-01-01 00:00:00"}, []),
        ({"startTime": "2020-01-01", "endTime": "2999-12-31 23:59:59", "searchKeyword": "blue"}, [blue]),
    ):
        assert await listed(caller, **wanted) == found
    for wrong in ("yesterday", "2020-13-01 00:00:00", "2020-01-01T00:00:00"):
        refused = await caller.refused("render/handle/getTaskList/v2", {"startTime": wrong})
        assert (refused.code, refused.message.split(":")[0]) == (600, "startTime")


async def test_labels_of_tasks_come_and_go(waiting: Stage) -> None:
    _, caller = waiting
    one, other = await caller.submit(rops("1"), labels=["day"]), await caller.submit(rops("1"))
    for _ in range(2):
        await caller.call("render/handle/addTaskLabel", {"label": "night", "taskIds": [one, other]})
    labels = (await caller.info(one))["labels"]
    assert [each["labelName"] for each in labels] == ["day", "night"]
    assert len({each["labelId"] for each in labels} - {0}) == 2
    gone = {"taskIds": [one], "labelNames": [], "labelIds": [labels[1]["labelId"]]}
    for _ in range(2):
        await caller.call("render/handle/deleteTaskLabel", gone)
    assert [each["labelName"] for each in (await caller.info(one))["labels"]] == ["day"]
    assert [each["labelName"] for each in (await caller.info(other))["labels"]] == ["night"]


# --- logs and pictures -------------------------------------------------------------------------------------------


async def test_the_pages_of_a_log_make_the_whole_file(tmp_path: Path) -> None:
    says = "seq 1 6000 | while read line; do echo \"line $line of the log\"; done; echo 'the end: ä ö'"
    async with rendering_farm(tmp_path, says) as (farm, caller):
        task = await caller.submit(rops("1"))
        await farm.until(task, JobStatus.SUCCEEDED)
        frame = (await caller.frames(task))[0]["id"]
        body = {"renderingType": "render", "pageNum": 1, "pageSize": 1, "id": frame}
        first = await caller.call("render/handle/showLog", body)
        assert first["size"] == 16 * 1024
        pages = [
            await caller.call("render/handle/showLog", {**body, "pageNum": number})
            for number in range(1, first["pageCount"] + 1)
        ]
        (log,) = (farm.farm.data / "logs").rglob("*.log")
        content = log.read_bytes()
        assert first["total"] == len(content) > 6 * 16 * 1024
        assert pages[0]["items"][0] == content.decode().splitlines()[0]
        whole = "".join("".join(page["items"]) for page in pages)
        assert whole == content.decode().replace("\n", "")
        past = await caller.call("render/handle/showLog", {**body, "pageNum": first["pageCount"] + 1})
        assert (past["items"], past["total"]) == ([], len(content))


async def test_a_frame_that_never_ran_has_an_empty_log_and_no_picture(waiting: Stage) -> None:
    _, caller = waiting
    frame = (await caller.frames(await caller.submit(rops("1"))))[0]["id"]
    found = await caller.call("render/handle/showLog", {"renderingType": "render", "id": frame})
    assert (found["items"], found["total"], found["pageCount"]) == ([], 0, 0)
    assert await caller.call("render/handle/loadingFrameThumbnail", {"id": frame, "frameStatus": 4}) == []


async def test_a_small_picture_of_a_frame_is_fetched_by_its_path_and_by_no_other(rendering: Stage) -> None:
    farm, caller = rendering
    task = await caller.submit(rops("1"))
    await farm.until(task, JobStatus.SUCCEEDED)
    frame = (await caller.frames(task))[0]["id"]
    (path,) = await caller.call("render/handle/loadingFrameThumbnail", {"id": frame, "frameStatus": 4})
    for _ in range(2):
        answer = await caller.raw(path, {}, b"", "GET")
        assert (answer.status, answer.headers["content-type"]) == (200, "image/jpeg")
        assert answer.body.startswith(b"\xff\xd8\xff")
    digest, until, mac, _ = path.rpartition("/")[2].split(".")
    later = f"/api/render/thumbnail/{digest}.{int(until) + 1}.{mac}.jpg"
    other = path.replace(digest, "0" * 64)
    unsigned = path.replace(mac, "0" * 64)
    for forged in (later, other, unsigned, path.removesuffix(".jpg"), "/api/render/thumbnail/../x.jpg"):
        assert caller.read(await caller.raw(forged, {}, b"", "GET"))["code"] == 404
    assert caller.read(await caller.raw(path, {}, b"{}"))["code"] == 404


async def test_the_path_of_a_small_picture_is_good_for_an_hour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with rendering_farm(tmp_path) as (farm, caller):
        task = await caller.submit(rops("1"))
        await farm.until(task, JobStatus.SUCCEEDED)
        frame = (await caller.frames(task))[0]["id"]
        (path,) = await caller.call("render/handle/loadingFrameThumbnail", {"id": frame, "frameStatus": 4})
        clock = FakeClock(caller.services.clock.now() + 3590)
        monkeypatch.setattr(caller.services.thumbnails, "_clock", clock)
        assert (await caller.raw(path, {}, b"", "GET")).headers["content-type"] == "image/jpeg"
        clock.turn(20)
        assert caller.read(await caller.raw(path, {}, b"", "GET"))["code"] == 404


# --- what the farm has -------------------------------------------------------------------------------------------


async def test_the_lists_tell_what_the_worker_has(tmp_path: Path) -> None:
    software = frozenset({"houdini_17-5", "houdini_18-0-287", "houdini_9-0", "blender_4-5"})
    async with rayvision_farm(tmp_path / "farm", software=software) as farm:
        caller = farm.user("anna")
        found = await caller.call("render/plugin/querySoftwareList")
        assert {each["cgId"] for each in found["renderInfoList"] if each["isAvailable"]} == {2004, 2007}
        detail = await caller.call("render/plugin/querySoftwareDetail", {"cgId": 2004, "osName": "windows"})
        assert [each["cgVersion"] for each in detail["cgVersion"]] == ["9.0", "17.5", "18.0.287"]
        assert len({each["id"] for each in detail["cgVersion"]} - {0}) == 3
        assert (await caller.call("render/plugin/querySoftwareDetail", {"cgId": 2000}))["cgVersion"] == []
        hardware = await caller.call("render/hardwareConfig/list")
        (worker,) = farm.farm.farm.dispatcher.picture.workers.values()
        assert {(each["ram"], each["cores"], each["type"], each["status"]) for each in hardware} == {
            ("8GB", int(worker.cores), 1, 1),
            ("64GB", 0, 1, 1),
        }, "by 64GB every client finds something"
        assert {2, 3, 6, 9, 20, 21, 35, 62} <= {each["platform"] for each in hardware}
        (platform,) = await caller.call("render/common/queryPlatforms", {"zone": 1})
        assert (platform["platform"], platform["status"], platform["isShow"]) == (2, 1, 1)


async def test_a_task_says_why_it_waits(rendering: Stage) -> None:
    farm, caller = rendering
    task = await caller.submit(task_json(2000))
    job = farm.job(task)
    why = "no worker has maya 2018"
    assert (await caller.info(task))["remark"] == why
    assert farm.farm.farm.waiting_reason(job, farm.farm.farm.steps(job.id)) == why
    assert await status(caller, task) == WAITING
    stats = await caller.call("render/handle/queryAllFrameStats")
    assert (stats["waitingFramesTotal"], stats["totalFrames"]) == (5, 5)


async def test_a_plug_in_that_no_worker_has_is_told_as_well(rendering: Stage) -> None:
    _, caller = rendering
    task = rops("1")
    task["software_config"]["plugins"] = {"mtoa": "4.2"}
    number = await caller.submit(task)
    assert (await caller.info(number))["remark"] == "no worker has mtoa 4.2"


async def test_the_frames_of_all_tasks_are_counted_without_the_deleted_ones(rendering: Stage) -> None:
    farm, caller = rendering
    done = await caller.submit(rops("1-2[1]", "3"))
    await farm.until(done, JobStatus.SUCCEEDED)
    stopped, other = await caller.submit(task_json(2000)), await caller.submit(task_json(2013))
    await stop(caller, stopped)
    expected = {
        **{"executingFramesTotal": 0, "doneFramesTotal": 3, "failedFramesTotal": 0},
        **{"waitingFramesTotal": 2, "abandonFramesTotal": 5, "totalFrames": 10},
    }
    assert await caller.call("render/handle/queryAllFrameStats") == expected
    await caller.call("render/handle/deleteTask", {"taskIds": [other]})
    found = await caller.call("render/handle/queryAllFrameStats")
    assert (found["waitingFramesTotal"], found["totalFrames"]) == (0, 8)


async def test_frames_in_progress_are_shown_with_how_far_they_are(tmp_path: Path) -> None:
    with Gate(tmp_path / "gate") as gate:
        async with rendering_farm(tmp_path, f"echo openjd_progress: 40; read _ < {gate}") as (farm, caller):
            task = await caller.submit(rops("7"))
            await farm.farm.until(lambda: any(done for done, _ in farm.farm.farm.news.progress.values()))
            found = await caller.call("render/handle/loadTaskProcessImg", {"taskId": task})
            (grab,) = found["grabInfo"][0]
            assert (grab["framePercent"], grab["frameStatus"]) == ("40", "2")
            gate.let()
            await farm.until(task, JobStatus.SUCCEEDED)
