"""Which task runs when: pause, priority, what a step asks of its worker, what waits for what."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from blake3 import blake3

from rendermill.farm.model.errors import NotFoundError, WrongStateError
from rendermill.farm.model.status import AttemptStatus, JobStatus, TaskStatus
from support.local_farm import LocalFarm, local_farm
from support.processes import Bell, Gate
from support.templates import shell, template

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def farm(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalFarm]:
    """A farm of two slots for the tests of this module."""
    async with local_farm(tmp_path_factory.mktemp("farm")) as made:
        yield made


def statuses(farm: LocalFarm, job_id: int) -> list[str]:
    return [task.status.value for task in farm.tasks(job_id)]


def waiting(farm: LocalFarm, job_id: int) -> str:
    return farm.farm.waiting_reason(farm.farm.job(job_id), farm.farm.steps(job_id))


def cores(count: int) -> dict[str, Any]:
    return {"amounts": [{"name": "amount.worker.vcpu", "min": count}]}


# --- pause, cancel, and the states they fit --------------------------------------------------------------------


async def test_a_paused_job_ends_what_runs_and_goes_on_when_resumed(farm: LocalFarm, tmp_path: Path) -> None:
    with Bell(tmp_path / "bell") as bell, Gate(tmp_path / "gate") as gate:
        job_id = await farm.submit(template(shell(f"echo x > {bell}; read x < {gate}", frames="1-6")))
        await bell.lines(2)
        await farm.farm.pause(job_id)
        gate.let(2)
        await farm.until(lambda: statuses(farm, job_id) == ["succeeded"] * 2 + ["ready"] * 4)
        assert farm.farm.job(job_id).status is JobStatus.PAUSED
        assert waiting(farm, job_id) == "it is paused: `rendermill resume` lets it go on"
        assert (await farm.run(template(shell("true")))).status is JobStatus.SUCCEEDED
        assert statuses(farm, job_id).count("ready") == 4
        await farm.farm.resume(job_id)
        gate.let(4)
        assert (await farm.ended(job_id)).status is JobStatus.SUCCEEDED


async def test_a_job_submitted_as_paused_waits(farm: LocalFarm) -> None:
    job_id = await farm.submit(template(shell("true")), paused=True)
    assert (await farm.run(template(shell("true")))).status is JobStatus.SUCCEEDED
    assert statuses(farm, job_id) == ["ready"]
    await farm.farm.resume(job_id)
    assert (await farm.ended(job_id)).status is JobStatus.SUCCEEDED


async def test_a_job_whose_last_task_ends_while_it_is_paused_has_ended(farm: LocalFarm, tmp_path: Path) -> None:
    with Bell(tmp_path / "bell") as bell, Gate(tmp_path / "gate") as gate:
        job_id = await farm.submit(template(shell(f"echo x > {bell}; read x < {gate}")))
        await bell.line()
        await farm.farm.pause(job_id)
        gate.let()
        assert (await farm.ended(job_id)).status is JobStatus.SUCCEEDED


async def test_a_cancelled_job_can_be_retried_and_keeps_what_succeeded(farm: LocalFarm, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    with Bell(tmp_path / "bell") as bell, Gate(tmp_path / "gate") as gate:
        script = f"echo {{{{Task.Param.Frame}}}} >> {ran}; echo x > {bell}; read x < {gate}"
        job_id = await farm.submit(template(shell(script, frames="1-4"), shell("true", "after", depends=("run",))))
        await bell.lines(2)
        gate.let()
        await bell.line()
        # The next one may begin before it is written down.
        await farm.until(lambda: any(task.status is TaskStatus.SUCCEEDED for task in farm.tasks(job_id, "run")))
        await farm.farm.cancel(job_id)
        assert farm.farm.job(job_id).status is JobStatus.CANCELED
        found = [task.status for task in farm.tasks(job_id, "run")]
        assert (found.count(TaskStatus.SUCCEEDED), found.count(TaskStatus.CANCELED)) == (1, 3)
        assert await farm.farm.retry(job_id) == 4
        gate.let(5)  # those that are being ended may pass, too
        assert (await farm.ended(job_id)).status is JobStatus.SUCCEEDED
        again = [str(task.key.index + 1) for task in farm.tasks(job_id, "run") if task.attempt == 2]
        assert sorted(ran.read_text().split()) == sorted(["1", "2", "3", "4", *again])
        assert len(again) == 2


async def test_what_a_job_cannot_do_now_is_refused_with_its_state(farm: LocalFarm, tmp_path: Path) -> None:
    with Bell(tmp_path / "bell") as bell, Gate(tmp_path / "gate") as gate:
        job_id = await farm.submit(template(shell(f"echo x > {bell}; read x < {gate}")))
        await bell.line()
        with pytest.raises(WrongStateError, match=f"job {job_id}: it is running and cannot be resumed"):
            await farm.farm.resume(job_id)
        with pytest.raises(WrongStateError, match="it is running and cannot be retried"):
            await farm.farm.retry(job_id)
        await farm.farm.pause(job_id)
        with pytest.raises(WrongStateError, match="it is paused and cannot be paused"):
            await farm.farm.pause(job_id)
        gate.let()
        await farm.ended(job_id)
        for refused in (farm.farm.pause, farm.farm.resume, farm.farm.cancel, farm.farm.retry):
            with pytest.raises(WrongStateError, match="it is succeeded and cannot be"):
                await refused(job_id)
        for refused in (farm.farm.pause, farm.farm.resume, farm.farm.cancel, farm.farm.retry):
            with pytest.raises(NotFoundError, match="there is no job 9999"):
                await refused(9999)
    assert [a.status for a in farm.attempts(job_id)] == [AttemptStatus.SUCCEEDED]


# --- order and room --------------------------------------------------------------------------------------------


async def test_higher_priority_comes_first_and_equals_in_the_order_they_came(tmp_path: Path) -> None:
    order = tmp_path / "order"
    async with local_farm(tmp_path / "farm", slots=1) as farm:
        with Bell(tmp_path / "bell") as bell, Gate(tmp_path / "gate") as gate:
            await farm.submit(template(shell(f"echo x > {bell}; read x < {gate}")))
            await bell.line()
            jobs = [
                await farm.submit(template(shell(f"echo {name} >> {order}", frames="1-2")), priority=priority)
                for name, priority in (("low", 10), ("first", 50), ("second", 50), ("high", 90))
            ]
            assert waiting(farm, jobs[1]) == "1 sessions are busy and 1 jobs are ahead of it"
            gate.let()
            for job_id in jobs:
                await farm.ended(job_id)
    assert order.read_text().split() == ["high"] * 2 + ["first"] * 2 + ["second"] * 2 + ["low"] * 2


async def test_a_task_that_wants_all_cores_runs_alone(farm: LocalFarm, tmp_path: Path) -> None:
    order = tmp_path / "order"
    with Bell(tmp_path / "bell") as bell, Gate(tmp_path / "gate") as gate:
        script = f"echo x > {bell}; read x < {gate}; echo big >> {order}"
        big = await farm.submit(template(shell(script, frames="1-2", requirements=cores(2))))
        await bell.line()
        small = await farm.submit(template(shell(f"echo small >> {order}")))
        await farm.farm.dispatcher.tick()
        assert [session.job_id for session in farm.farm.dispatcher.picture.sessions.values()] == [big]
        assert waiting(farm, small) == "1 sessions are busy and 1 jobs are ahead of it"
        gate.let(2)
        await farm.ended(small)
    assert order.read_text().split() == ["big", "big", "small"]


async def test_a_big_task_is_not_starved_by_small_ones_of_lower_priority(farm: LocalFarm, tmp_path: Path) -> None:
    order = tmp_path / "order"
    with Bell(tmp_path / "bell") as bell, Gate(tmp_path / "gate") as gate:
        small = await farm.submit(
            template(shell(f"echo x > {bell}; read x < {gate}; echo small >> {order}", frames="1-6"))
        )
        await bell.lines(2)
        big = await farm.submit(template(shell(f"echo big >> {order}", requirements=cores(2))), priority=90)
        for done in (1, 2):
            gate.let()
            await farm.until(lambda: statuses(farm, small).count("succeeded") == done)  # noqa: B023 - asked here
        gate.let(4)
        await farm.ended(big)
        await farm.ended(small)
    assert order.read_text().split() == ["small"] * 2 + ["big"] + ["small"] * 4


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (cores(64), "64 cores wanted, 2 there"),
        ({"amounts": [{"name": "amount.worker.memory", "min": 1_000_000}]}, "1e+06 MiB of memory wanted, 8192 there"),
        ({"amounts": [{"name": "amount.worker.gpu", "min": 1}]}, "1 worker.gpu wanted, 0 there"),
        (
            {"attributes": [{"name": "attr.worker.os.family", "anyOf": ["windows"]}]},
            "worker.os.family windows wanted, linux there",
        ),
        ({"attributes": [{"name": "attr.studio", "allOf": ["a", "b"]}]}, "studio a and b wanted, nothing there"),
    ],
)
async def test_a_job_that_fits_no_worker_waits_and_says_why(
    farm: LocalFarm, asked: dict[str, Any], reason: str
) -> None:
    job_id = await farm.submit(template(shell("true", requirements=asked)))
    assert (await farm.run(template(shell("true")))).status is JobStatus.SUCCEEDED  # it keeps nobody from running
    assert waiting(farm, job_id) == f"no worker fits: local: {reason}"
    assert statuses(farm, job_id) == ["ready"]
    await farm.farm.cancel(job_id)


# --- what waits for what ---------------------------------------------------------------------------------------


async def test_a_step_finds_the_outputs_of_all_steps_before_it(farm: LocalFarm) -> None:
    first = shell("echo one > {{Param.Out}}/a.txt", "first")
    second = shell("cat {{Param.Out}}/a.txt > {{Param.Out}}/b.txt", "second", depends=("first",))
    third = shell("cat {{Param.Out}}/*.txt > {{Param.Out}}/c", "third", depends=("second",))
    apart = shell("ls {{Param.Out}} > {{Param.Out}}/seen", "apart")
    job = await farm.run(template(third, second, first, apart, output="/out"))
    assert job.status is JobStatus.SUCCEEDED
    found = {path: farm.content(output) for path, output in farm.outputs(job.id).items()}
    assert found["c"] == b"one\none\n"
    assert found["seen"] in (b"", b"seen\n")


async def test_a_step_may_change_a_file_of_the_step_before_and_its_blob_stays_whole(farm: LocalFarm) -> None:
    first = shell("echo one > {{Param.Out}}/a", "first")
    second = shell("echo two >> {{Param.Out}}/a", "second", depends=("first",))
    job = await farm.run(template(first, second, output="/out"))
    assert farm.content(farm.outputs(job.id)["a"]) == b"one\ntwo\n"
    assert farm.blobs.checked(blake3(b"one\n").hexdigest()).read_bytes() == b"one\n"


async def test_every_task_of_a_step_finds_the_files_of_the_step_before_as_published(farm: LocalFarm) -> None:
    first = shell("echo one > {{Param.Out}}/a", "first")
    script = "cat {{Param.Out}}/a > {{Param.Out}}/{{Task.Param.Frame}}; echo two >> {{Param.Out}}/a"
    second = shell(script, "second", frames="1-3", depends=("first",), requirements=cores(2))
    job = await farm.run(template(first, second, output="/out"), max_attempts=1)
    assert job.status is JobStatus.SUCCEEDED, farm.tasks(job.id, "second")
    assert [farm.content(farm.outputs(job.id)[name]) for name in "123"] == [b"one\n"] * 3
