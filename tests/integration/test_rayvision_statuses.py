"""What a list is asked for by status is what it shows, and nothing is shown that clients do not know."""

from __future__ import annotations

import itertools
from pathlib import Path

from sqlalchemy import update

from rendermill.doors.rayvision.statuses import Status
from rendermill.farm.model.status import Cause, JobStatus
from rendermill.store.rayvision import tasks
from rendermill.store.schema import jobs, steps
from support.rayvision import RayvisionCaller, RayvisionFarm, rayvision_farm, task_json

KNOWN = {0, 5, 10, 20, 23, 25, 30, 35, 40, 45}


async def stand(farm: RayvisionFarm, task_id: int, how: tuple[JobStatus, Cause, bool, int]) -> None:
    """Make a task stand so, whether or not that can come about."""
    status, cause, abandoned, succeeded = how
    row = (await farm.services.desk.read(lambda c: tasks.rows(c, {task_id})))[task_id]
    with farm.farm.store.engine.begin() as connection:
        connection.execute(update(jobs).where(jobs.c.id == row.job_id).values(status=status, cause=cause))
        counted = {"n_ready": 0, "n_failed": 10 - succeeded, "n_succeeded": succeeded}
        connection.execute(update(steps).where(steps.c.job_id == row.job_id).values(counted))
        tasks.change(connection, [task_id], abandoned=abandoned)


async def shown(ann: RayvisionCaller, **wanted: object) -> dict[int, int]:
    page = await ann.call("render/handle/getTaskList/v2", {"pageNum": 1, "pageSize": 200, **wanted})
    return {item["id"]: item["taskStatus"] for item in page["items"]}


async def test_a_list_by_status_holds_what_is_shown_with_that_status(tmp_path: Path) -> None:
    ways = list(itertools.product(JobStatus, Cause, (False, True), (0, 3)))
    async with rayvision_farm(tmp_path) as farm:
        ann = farm.user("ann")
        for how in ways:
            possible = how[1] is Cause.NONE or (how[0], how[1]) in (
                (JobStatus.PAUSED, Cause.TEST),
                (JobStatus.CANCELED, Cause.TIMEOUT),
            )
            if possible:
                await stand(farm, await ann.submit(task_json()), how)
        everything = await shown(ann)
        assert set(everything.values()) == set(map(int, Status))
        assert set(everything.values()) <= KNOWN
        for code in (*Status, 20, 50, 70, 999):
            expected = {number: status for number, status in everything.items() if status == code}
            assert await shown(ann, statusList=[int(code)]) == expected
        both = await shown(ann, statusList=[25, 45])
        assert both == {number: status for number, status in everything.items() if status in (25, 45)}
