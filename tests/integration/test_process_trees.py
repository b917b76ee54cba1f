"""Whatever dies, and whenever: the processes of its session go with it, and the work goes on."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from rendermill.engine.processes import descendants
from rendermill.farm.lifecycle import Lifecycle
from rendermill.farm.model.status import AttemptStatus, JobStatus, TaskStatus
from rendermill.marked import kill_all
from support.clock import FakeClock
from support.local_farm import local_farm
from support.processes import STRAYS, Bell, Keepers, environment, gone, strays
from support.templates import shell, template


def hung(task: Bell, bell: Bell) -> str:
    """A script with strays around it that hangs."""
    return f"{strays(bell)}; echo $$ > {task}; exec sleep 600"


def hung_once(flag: Path, task: Bell, bell: Bell) -> str:
    once = f"test -e {flag} || {{ touch {flag}; {hung(task, bell)}; }}"
    return f"{once}; echo ok > {{{{Param.Out}}}}/{{{{Task.Param.Frame}}}}"


async def test_a_tree_is_listed_from_its_root_down(tmp_path: Path) -> None:
    deep = f'echo $$ > {tmp_path}/bell; [ "$1" = 0 ] || {{ sh -c "$0" "$0" $(($1 - 1)); exit; }}; exec sleep 600'
    with Bell(tmp_path / "bell") as bell, subprocess.Popen(["sh", "-c", deep, deep, "40"]) as root:
        pids = await bell.pids(41)
        try:
            assert descendants(root.pid) == pids[1:]
        finally:
            kill_all(pids)
    await gone(*pids)


@pytest.mark.parametrize("victim", ["host", "reaper", "fork_server"])
async def test_a_killed_keeper_takes_its_tree_along_and_the_job_goes_on(tmp_path: Path, victim: str) -> None:
    with Bell(tmp_path / "bell") as bell, Bell(tmp_path / "task") as task:
        script = hung_once(tmp_path / "flag", task, bell)
        async with local_farm(tmp_path / "farm", slots=1) as farm:
            job_id = await farm.submit(template(shell(script, frames="1-3"), output="/out"))
            keepers = Keepers.of(int(await task.line()))
            pids = await bell.pids(STRAYS)
            os.kill(getattr(keepers, victim), signal.SIGKILL)
            job = await farm.ended(job_id)
            await gone(*pids, keepers.host, keepers.reaper)
            assert job.status is JobStatus.SUCCEEDED
            assert sorted(farm.outputs(job_id)) == ["1", "2", "3"]
            first, second = farm.attempts(job_id)
            assert (first.status, first.message) == (AttemptStatus.FAILED, "its session ended: its process died")
            assert second.status is AttemptStatus.SUCCEEDED


async def test_a_host_that_hangs_loses_its_lease_and_its_task_runs_again(tmp_path: Path) -> None:
    with Bell(tmp_path / "bell") as bell, Bell(tmp_path / "task") as task:
        script = hung_once(tmp_path / "flag", task, bell)
        async with local_farm(tmp_path / "farm", slots=1) as farm:
            job_id = await farm.submit(template(shell(script, frames="1"), output="/out"))
            host = Keepers.of(int(await task.line())).host
            pids = await bell.pids(STRAYS)
            os.kill(host, signal.SIGSTOP)
            dispatcher = farm.farm.dispatcher
            lifecycle = dispatcher.lifecycle
            dispatcher.lifecycle = Lifecycle(FakeClock(time.time() + 3600))
            for session in dispatcher.picture.sessions.values():
                session.heard = -math.inf
            await farm.until(lambda: farm.attempts(job_id)[0].status is AttemptStatus.LOST)
            dispatcher.lifecycle = lifecycle
            job = await farm.ended(job_id)
            await gone(host, *pids)
            assert job.status is JobStatus.SUCCEEDED
            assert [a.message for a in farm.attempts(job_id)] == ["its session gave no sign of life", ""]
            assert farm.tasks(job_id)[0].failures == 0


async def test_cancel_ends_the_whole_tree_and_the_daemons_of_its_environment(tmp_path: Path) -> None:
    with Bell(tmp_path / "bell") as bell, Bell(tmp_path / "task") as task:
        env = environment(onEnter=strays(bell))
        script = hung(task, bell)
        async with local_farm(tmp_path / "farm", slots=1) as farm:
            job_id = await farm.submit(template(shell(script, frames="1-2", environment=env)))
            running = int(await task.line())
            pids = await bell.pids(2 * STRAYS)
            await farm.farm.cancel(job_id)
            await gone(running, *pids)
            assert farm.farm.job(job_id).status is JobStatus.CANCELED
            assert [t.status for t in farm.tasks(job_id)] == [TaskStatus.CANCELED] * 2
            assert [a.status for a in farm.attempts(job_id)] == [AttemptStatus.CANCELED]
            assert (await farm.run(template(shell("true")))).status is JobStatus.SUCCEEDED


async def test_cancel_ends_a_task_that_ignores_signals(tmp_path: Path) -> None:
    with Bell(tmp_path / "task") as task:
        script = f"trap '' TERM INT HUP; echo $$ > {task}; while :; do sleep 600; done"
        async with local_farm(tmp_path / "farm") as farm:
            job_id = await farm.submit(template(shell(script)))
            running = int(await task.line())
            await farm.farm.cancel(job_id)
            await gone(running)


async def test_cancel_notifies_a_task_first_that_asks_for_it(tmp_path: Path) -> None:
    with Bell(tmp_path / "task") as task:
        script = f"trap 'echo goodbye > {task}' TERM; echo $$ > {task}; while :; do sleep 0.1; done"
        step = shell(script)
        step["script"]["actions"]["onRun"]["cancelation"] = {
            "mode": "NOTIFY_THEN_TERMINATE",
            "notifyPeriodInSeconds": 1,
        }
        async with local_farm(tmp_path / "farm") as farm:
            job_id = await farm.submit(template(step))
            running = int(await task.line())
            await farm.farm.cancel(job_id)
            assert await task.line() == "goodbye"
            await gone(running)


async def test_cancel_ends_a_session_that_is_still_starting(tmp_path: Path) -> None:
    with Bell(tmp_path / "bell") as bell:
        env = environment(onEnter=f"{strays(bell)}; exec sleep 600")
        async with local_farm(tmp_path / "farm") as farm:
            job_id = await farm.submit(template(shell("true", environment=env)))
            pids = await bell.pids(STRAYS)
            await farm.farm.cancel(job_id)
            await gone(*pids)


async def test_the_end_of_the_farm_is_the_end_of_its_processes(tmp_path: Path) -> None:
    with Bell(tmp_path / "bell") as bell, Bell(tmp_path / "task") as task:
        async with local_farm(tmp_path / "farm") as farm:
            await farm.submit(template(shell(hung(task, bell))))
            running = int(await task.line())
            pids = await bell.pids(STRAYS)
        await gone(running, *pids)
        assert list((tmp_path / "farm").glob("sessions/*")) == []


async def test_what_a_task_leaves_running_is_gone_before_the_next_task(tmp_path: Path) -> None:
    pid, out = tmp_path / "pid", "{{Param.Out}}"
    writer = f"while :; do echo late >> {out}/late.txt; done"
    script = (
        f"if [ -e {pid} ]; then kill -0 $(cat {pid}) && exit 9; echo {{{{Task.Param.Frame}}}} > {out}/second.txt; "
        f"else setsid sh -c '{writer}' >/dev/null 2>&1 & echo $! > {pid}; "
        f"while ! [ -e {out}/late.txt ]; do sleep 0.01; done; fi"
    )
    async with local_farm(tmp_path / "farm", slots=1) as farm:
        job = await farm.run(template(shell(script, frames="1-2"), output="/out"))
        assert job.status is JobStatus.SUCCEEDED, [t.message for t in farm.tasks(job.id)]
        outputs = farm.outputs(job.id)
        assert {path: output.index for path, output in outputs.items()} == {"late.txt": 0, "second.txt": 1}


async def test_a_file_of_a_failed_attempt_is_not_mixed_into_the_next(tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    script = (
        f"[ -e {flag} ] && {{ echo good > {{{{Param.Out}}}}/b; exit; }}; touch {flag}; echo bad > {{{{Param.Out}}}}/a; "
        "echo 'rendermill_fail: the first try'"
    )
    async with local_farm(tmp_path / "farm", slots=1) as farm:
        job = await farm.run(template(shell(script), output="/out"))
        assert job.status is JobStatus.SUCCEEDED
        assert list(farm.outputs(job.id)) == ["b"]
