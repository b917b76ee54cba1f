"""A farm that stops, or dies, and starts again on the same data: what is done stays done, the rest runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rendermill.farm.model.status import AttemptStatus, JobStatus, TaskStatus
from support.local_farm import LocalFarm, local_farm
from support.processes import STRAYS, Bell, Gate, gone, strays
from support.templates import shell, template

TESTS = Path(__file__).resolve().parent.parent
FARM = """
import asyncio, json, sys
from pathlib import Path
from support.local_farm import local_farm

async def live():
    async with local_farm(Path(sys.argv[1]), slots=2) as farm:
        await farm.submit(json.loads(sys.argv[2]), max_attempts=1)
        await asyncio.Event().wait()

asyncio.run(live())
"""


@contextmanager
def farm_process(data: Path, made: dict[str, Any]) -> Iterator[subprocess.Popen[bytes]]:
    """A process that holds a farm with one job; killed at the end of the block."""
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    with subprocess.Popen([sys.executable, "-c", FARM, str(data), json.dumps(made)], env=environment) as process:
        try:
            yield process
        finally:
            process.kill()


class Work:
    """A job of six frames that write their numbers down: two end, two run (with strays), two wait for their turn."""

    def __init__(self, folder: Path, bell: Bell, gate: Gate, left: Bell | None = None) -> None:
        self.ran = folder / "ran"
        self.bell, self.gate = bell, gate
        frame = "{{Task.Param.Frame}}"
        start = f"echo {frame} >> {self.ran}; [ {frame} -lt 3 ] || {strays(left) if left else 'true'}"
        script = f"{start}; echo $$ > {bell}; read x < {gate}; echo a > {{{{Param.Out}}}}/{frame}"
        after = shell("ls {{Param.Out}} > {{Param.Out}}/all", "after", depends=("run",))
        self.template = template(shell(script, frames="1-6"), after, output="/out")

    async def until_half_done(self) -> list[int]:
        """Returns the processes of the two that run."""
        pids = await self.bell.pids(2)
        self.gate.let(2)
        return pids + await self.bell.pids(2)

    async def ends_well(self, farm: LocalFarm, job_id: int, ended_before: list[int]) -> None:
        self.gate.let(6)  # what had ended and was not yet written down runs again
        assert (await farm.ended(job_id)).status is JobStatus.SUCCEEDED
        numbers = [int(number) for number in self.ran.read_text().split()]
        assert {number: numbers.count(number) for number in range(1, 7)} == {
            number: 1 if number in ended_before or number > 4 else 2 for number in range(1, 7)
        }
        assert farm.content(farm.outputs(job_id)["all"]).split() == [b"1", b"2", b"3", b"4", b"5", b"6", b"all"]


def succeeded(farm: LocalFarm, job_id: int) -> list[int]:
    return [task.key.index + 1 for task in farm.tasks(job_id, "run") if task.status is TaskStatus.SUCCEEDED]


async def test_a_farm_stopped_in_mid_job_goes_on_and_counts_no_failure(tmp_path: Path) -> None:
    with Bell(tmp_path / "bell") as bell, Gate(tmp_path / "gate") as gate:
        work = Work(tmp_path, bell, gate)
        async with local_farm(tmp_path / "farm") as farm:
            job_id = await farm.submit(work.template, max_attempts=1)
            running = await work.until_half_done()
            await farm.until(lambda: len(succeeded(farm, job_id)) == 2)
            ended = succeeded(farm, job_id)
        await gone(*running)
        async with local_farm(tmp_path / "farm") as farm:
            await work.ends_well(farm, job_id, ended)
            lost = next(i for i in range(4) if i + 1 not in ended)
            first, second = farm.attempts(job_id, lost, "run")
            assert (first.status, second.status) == (AttemptStatus.LOST, AttemptStatus.SUCCEEDED)
            assert first.message in ("the server was restarted", "its session ended: the server stops")


async def test_a_farm_killed_in_mid_job_goes_on_and_leaves_no_process(tmp_path: Path) -> None:
    with Bell(tmp_path / "bell") as bell, Gate(tmp_path / "gate") as gate, Bell(tmp_path / "strays") as left:
        work = Work(tmp_path, bell, gate, left)
        with farm_process(tmp_path / "farm", work.template) as process:
            running = await work.until_half_done()
            pids = await left.pids(2 * STRAYS)
            process.kill()
        await gone(*running, *pids)
        async with local_farm(tmp_path / "farm") as farm:
            job_id = 1
            ended = succeeded(farm, job_id)
            await work.ends_well(farm, job_id, ended)
            messages = {farm.attempts(job_id, i, "run")[0].message for i in range(4) if i + 1 not in ended}
            assert messages == {"the server was restarted"}


async def test_a_paused_job_is_still_paused_and_a_cancelled_one_still_cancelled(tmp_path: Path) -> None:
    async with local_farm(tmp_path / "farm") as farm:
        paused = await farm.submit(template(shell("true")), paused=True)
        cancelled = await farm.submit(template(shell("true")), paused=True)
        await farm.farm.cancel(cancelled)
    async with local_farm(tmp_path / "farm") as farm:
        assert (await farm.run(template(shell("true")))).status is JobStatus.SUCCEEDED
        assert farm.farm.job(paused).status is JobStatus.PAUSED
        assert farm.farm.job(cancelled).status is JobStatus.CANCELED
        await farm.farm.resume(paused)
        assert (await farm.ended(paused)).status is JobStatus.SUCCEEDED


async def test_the_folder_of_sessions_may_be_a_link_to_another_disk(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    (tmp_path / "farm").mkdir()
    (tmp_path / "farm/sessions").symlink_to(scratch)
    for _ in range(2):
        async with local_farm(tmp_path / "farm") as farm:
            assert (await farm.run(template(shell("true")))).status is JobStatus.SUCCEEDED
