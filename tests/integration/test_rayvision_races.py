"""Calls that come at once or again, parts that were given up, and scenes with many parts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from rendermill.farm.model.status import ENDED
from support.rayvision import RayvisionCaller, RayvisionFarm, RefusedError, rayvision_farm, rops, task_json

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def farm(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RayvisionFarm]:
    """A farm whose worker has no application: tasks wait."""
    async with rayvision_farm(tmp_path_factory.mktemp("races") / "farm") as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ann(farm: RayvisionFarm) -> RayvisionCaller:
    return farm.user("ann")


async def test_a_task_that_is_deleted_while_it_is_submitted_is_not_left_rendering(
    farm: RayvisionFarm, ann: RayvisionCaller
) -> None:
    await ann.put("show/shot.scene")
    for _ in range(20):
        task_id = await ann.create()
        await ann.send_file(task_id, rops("1-3"))
        await asyncio.gather(
            ann.call("render/submit/task", {"taskId": task_id}),
            ann.call("render/handle/deleteTask", {"taskIds": [task_id]}),
            return_exceptions=True,
        )
        assert (await ann.info(task_id))["isDelete"] == 0
    left = [job for job in farm.farm.farm.ask(lambda q: q.jobs()) if job.status not in ENDED]
    assert left == []


async def test_labels_that_are_given_at_once_are_all_there(ann: RayvisionCaller) -> None:
    task_id = await ann.submit(rops("1"))
    names = [f"label{number}" for number in range(12)]
    add = "render/handle/addTaskLabel"
    await asyncio.gather(*(ann.call(add, {"label": name, "taskIds": [task_id]}) for name in names))
    labels = (await ann.info(task_id))["labels"]
    assert sorted(each["labelName"] for each in labels) == sorted(names)
    numbers = [each["labelId"] for each in labels[:5]]
    body = {"taskIds": [task_id], "labelNames": [], "labelIds": numbers}
    await ann.call("render/handle/deleteTaskLabel", body)
    assert len((await ann.info(task_id))["labels"]) == 7


async def test_starting_a_task_leaves_its_parts_alone_that_were_given_up(ann: RayvisionCaller) -> None:
    task_id = await ann.submit(rops("1-3", "1-3", "1-3"))
    first, second, third = [each["id"] for each in (await ann.info(task_id))["respRenderingTaskList"]]
    await ann.call("render/handle/abandonTask", {"taskIds": [first]})
    await ann.call("render/handle/deleteTask", {"taskIds": [second]})
    stop, start = "rendering/task/renderingTask/stopTask", "rendering/task/renderingTask/startTask"
    await ann.call(stop, {"taskIds": [task_id]})
    await ann.call(start, {"taskIds": [task_id]})
    assert [(await ann.info(each))["waitingCount"] for each in (first, second, third)] == [0, 0, 3]
    deleted = await ann.call("render/handle/getTaskList/v2", {"pageNum": 1, "pageSize": 100, "recycleFlag": 1})
    assert second in [each["id"] for each in deleted["items"]]
    assert [each["id"] for each in (await ann.info(task_id))["respRenderingTaskList"]] == [first, third]


async def test_abandoning_a_task_that_has_ended_changes_nothing(tmp_path: Path) -> None:
    async with rayvision_farm(tmp_path / "farm") as farm:
        ann = farm.user("ann")
        task_id = await ann.submit(rops("1"))
        job_id = int((await ann.info(task_id))["munuTaskId"])
        await farm.farm.farm.cancel(job_id)
        for step in farm.farm.farm.steps(job_id):
            with farm.farm.store.engine.begin() as connection:
                connection.exec_driver_sql("UPDATE steps SET n_canceled = 0, n_succeeded = 1 WHERE id = ?", (step.id,))
                connection.exec_driver_sql("UPDATE jobs SET status = 'succeeded' WHERE id = ?", (job_id,))
        await ann.call("render/handle/abandonTask", {"taskIds": [task_id]})
        assert (await ann.info(task_id))["taskStatus"] == 25
        await ann.call("rendering/task/renderingTask/startTask", {"taskIds": [task_id]})


# --- what is heavy -----------------------------------------------------------------------------------------------


async def test_a_scene_of_many_parts_with_many_settings_is_one_task(ann: RayvisionCaller) -> None:
    task = task_json(2004, input_cg_file="/show/many.hip", pre_frames="100")
    task["scene_info_render"]["rop_node"] = [
        {
            **{"node": f"/out/rop{number}", "frames": f"{number}-{number + 3}[1]", "option": "-1", "render": "1"},
            **{"camera": f"/obj/cam{number}", "width": "1920", "height": "1080"},
        }
        for number in range(300)
    ]
    task_id = await ann.submit(task)
    info = await ann.info(task_id)
    assert (len(info["respRenderingTaskList"]), info["totalFrames"]) == (300, 1200)
    assert info["respRenderingTaskList"][7]["renderCamera"] == "/obj/cam7"
    frames = await ann.frames(info["respRenderingTaskList"][7]["id"])
    assert [each["frameIndex"] for each in frames] == ["7", "8", "9", "10"]
    assert [each["frameType"] for each in frames] == [4, 5, 5, 5]
    one = info["respRenderingTaskList"][7]["id"]
    async with asyncio.timeout(20):  # it took minutes when each step looked at all others
        await ann.call("rendering/task/renderingTask/stopTask", {"taskIds": [one]})
        await ann.call("rendering/task/renderingTask/stopTask", {"taskIds": [task_id]})


async def test_test_frames_do_not_wait_for_what_waits_for_them(ann: RayvisionCaller) -> None:
    task = task_json(2004, input_cg_file="/show/sim.hip", pre_frames="100", geo_node_dependency="1")
    task["scene_info_render"]["geo_node"] = [{"node": "/obj/sim", "frames": "1-2", "option": "0", "render": "1"}]
    task_id = await ann.submit(task)
    info = await ann.info(task_id)
    sim, rop = info["respRenderingTaskList"]
    assert (sim["waitingCount"], rop["waitingCount"]) == (2, 10)
    assert [each["frameStatus"] for each in await ann.frames(sim["id"])] == [1, 1]
    assert {each["frameStatus"] for each in await ann.frames(rop["id"])} == {8}


async def test_nobody_who_has_not_signed_has_a_body_read(ann: RayvisionCaller) -> None:
    content = b"["
    for headers, code in (
        ({}, 602),
        ({**ann.signed("/api/render/setUp/queryUserProfile", {}), "accessId": "nobody"}, 611),
        ({**ann.signed("/api/render/setUp/queryUserProfile", {}), "UTCTimestamp": "1"}, 610),
    ):
        answer = await ann.raw("/api/render/setUp/queryUserProfile", headers, content)
        assert json.loads(answer.body)["code"] == code, "and not 400, which reading it would give"


async def test_only_task_files_may_be_large(ann: RayvisionCaller) -> None:
    task_id = await ann.create()
    await ann.send_file(task_id, {"asset": ["x" * 3_000_000]}, "asset.json")
    with pytest.raises(RefusedError, match="400"):
        await ann.call("render/project/add", {"newName": "x" * 3_000_000})
