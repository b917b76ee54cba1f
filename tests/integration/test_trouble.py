"""Trouble that is nobody's task's fault must not count against tasks."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import time
from pathlib import Path

import pytest

from rendermill.farm.model.status import AttemptStatus, JobStatus, TaskStatus
from support.disks import small_disk
from support.local_farm import LocalFarm, local_farm
from support.processes import Bell, Gate, environment, lineage
from support.templates import shell, template


async def test_a_full_disk_of_the_sessions_makes_jobs_wait_and_not_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rendermill.farm.dispatcher._REST_SECONDS", (0.2,))
    with small_disk(tmp_path / "farm/sessions") as disk:
        async with local_farm(tmp_path / "farm", slots=1) as farm:
            with (disk / "ballast").open("wb") as ballast:
                ballast.write(bytes(os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize))
            job_id = await farm.submit(template(shell("true", frames="1-50", environment=environment(onEnter="true"))))
            await farm.until(lambda: "is full" in waiting(farm, job_id))
            assert {task.status for task in farm.tasks(job_id)} == {TaskStatus.READY}
            (disk / "ballast").unlink()
            assert (await farm.ended(job_id)).status is JobStatus.SUCCEEDED
            assert {task.failures for task in farm.tasks(job_id)} == {0}


def waiting(farm: LocalFarm, job_id: int) -> str:
    return farm.farm.waiting_reason(farm.farm.job(job_id), farm.farm.steps(job_id))


async def test_sessions_that_were_cancelled_while_they_opened_do_not_count_against_the_step(tmp_path: Path) -> None:
    with Bell(tmp_path / "bell") as bell, Gate(tmp_path / "gate") as gate:
        slow = environment(onEnter=f"[ -e {tmp_path}/go ] || {{ echo x > {bell}; read _ < {gate}; }}")
        async with local_farm(tmp_path / "farm", slots=4) as farm:
            job_id = await farm.submit(template(shell("true", frames="1-20", environment=slow)))
            await bell.lines(4)
            (tmp_path / "go").touch()
            await farm.farm.cancel(job_id)
            await farm.farm.retry(job_id)
            job = await farm.ended(job_id)
            assert job.status is JobStatus.SUCCEEDED, farm.tasks(job_id)[0].message


async def test_what_runs_when_the_farm_is_about_to_stop_is_lost_and_not_failed(tmp_path: Path) -> None:
    with Bell(tmp_path / "bell") as bell:
        async with local_farm(tmp_path / "farm", slots=1) as farm:
            job_id = await farm.submit(template(shell(f"echo $$ > {bell}; exec sleep 600")), max_attempts=1)
            task = int(await bell.line())
            farm.farm.dispatcher.end()
            os.kill(lineage(task)[-4], signal.SIGKILL)  # its host, as Ctrl-C in a terminal may do
            await farm.until(lambda: farm.attempts(job_id)[0].status is AttemptStatus.LOST)
            assert farm.tasks(job_id)[0].failures == 0
            assert farm.farm.job(job_id).status is JobStatus.RUNNING


async def test_the_fork_server_is_out_of_the_terminals_reach(tmp_path: Path) -> None:
    with Bell(tmp_path / "bell") as bell:
        async with local_farm(tmp_path / "farm", slots=1) as farm:
            await farm.submit(template(shell(f"echo $$ > {bell}; exec sleep 600")))
            above = lineage(int(await bell.line()))
            assert {os.getsid(pid) for pid in above[:-1]}.isdisjoint({os.getsid(0)})


async def test_a_store_that_cannot_write_for_long_costs_no_task(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Longer than a lease: the sessions were heard all the time, only nobody could write it down."""
    with Bell(tmp_path / "bell") as bell, Gate(tmp_path / "gate") as gate:
        async with local_farm(tmp_path / "farm", slots=1) as farm:
            job_id = await farm.submit(template(shell(f"echo x > {bell}; read _ < {gate}")))
            await bell.line()
            await farm.until(lambda: farm.attempts(job_id)[0].status is AttemptStatus.RUNNING)
            database = sqlite3.connect(tmp_path / "farm/farm.db", isolation_level=None)
            database.execute("UPDATE attempts SET lease = ?", (time.time() - 60,))
            database.close()
            await farm.farm.dispatcher.tick()
            gate.let()
            assert (await farm.ended(job_id)).status is JobStatus.SUCCEEDED
            assert [attempt.status for attempt in farm.attempts(job_id)] == [AttemptStatus.SUCCEEDED]


async def test_a_file_that_two_tasks_write_is_told(tmp_path: Path) -> None:
    async with local_farm(tmp_path / "farm", slots=1) as farm:
        script = "echo {{Task.Param.Frame}} > {{Param.Out}}/same.txt"
        job = await farm.run(template(shell(script, frames="1-2"), output="/out"))
        assert job.status is JobStatus.SUCCEEDED
        messages = [task.message for task in farm.tasks(job.id)]
        assert messages == ["", "it replaced same.txt, which another task wrote"]


async def test_a_task_that_is_tried_again_replaces_nothing_of_others(tmp_path: Path) -> None:
    async with local_farm(tmp_path / "farm", slots=1) as farm:
        once = f"echo x > {{{{Param.Out}}}}/own.txt; [ -e {tmp_path}/flag ] || {{ touch {tmp_path}/flag; exit 1; }}"
        job = await farm.run(template(shell(once), output="/out"))
        assert job.status is JobStatus.SUCCEEDED
        assert farm.tasks(job.id)[0].message == ""


async def test_an_engine_that_breaks_costs_no_slot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with local_farm(tmp_path / "farm", slots=1) as farm:
        opened, broken = farm.engine.open, asyncio.Event()

        def break_once(*arguments: object) -> None:
            monkeypatch.setattr(farm.engine, "open", opened)
            broken.set()
            raise RuntimeError("odd")

        monkeypatch.setattr(farm.engine, "open", break_once)
        job = await farm.run(template(shell("true")))
        assert broken.is_set()
        assert job.status is JobStatus.SUCCEEDED
