"""What becomes of tasks that fail, and of the environments around them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from rendermill.farm.model.status import AttemptStatus, JobStatus, TaskStatus
from support.local_farm import LocalFarm, local_farm
from support.processes import STRAYS, Bell, Gate, environment, gone, strays
from support.templates import shell, step, template

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def farm(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalFarm]:
    """A farm of one slot for the tests of this module."""
    async with local_farm(tmp_path_factory.mktemp("farm"), slots=1) as made:
        yield made


def count(file: Path) -> int:
    return len(file.read_text().splitlines())


# --- tasks that fail -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("attempts", [1, 3])
async def test_a_task_fails_when_its_attempts_are_used_up_and_the_others_succeed(
    farm: LocalFarm, attempts: int
) -> None:
    script = "[ {{Task.Param.Frame}} = 2 ] && { echo no such texture; exit 7; }; true"
    job = await farm.run(template(shell(script, frames="1-4")), max_attempts=attempts)
    assert (job.status, job.message) == (JobStatus.FAILED, "1 of 4 tasks failed")
    statuses = [task.status for task in farm.tasks(job.id)]
    assert statuses == [TaskStatus.SUCCEEDED, TaskStatus.FAILED, TaskStatus.SUCCEEDED, TaskStatus.SUCCEEDED]
    reason = "exit code 7; its last line: no such texture"
    assert farm.tasks(job.id)[1].message == reason
    tries = farm.attempts(job.id, 1)
    assert [(a.status, a.message) for a in tries] == [(AttemptStatus.FAILED, reason)] * attempts
    assert f"[rendermill] {reason}" in farm.log(job.id, 1, attempts).splitlines()


async def test_a_retry_brings_back_what_failed_and_what_waited_for_it(farm: LocalFarm, tmp_path: Path) -> None:
    flag, ran = tmp_path / "flag", tmp_path / "ran"
    first = shell(f"echo first >> {ran}; [ -e {flag} ] || [ {{{{Task.Param.Frame}}}} = 1 ]", "first", frames="1-2")
    second = shell(f"echo second >> {ran}", "second", depends=("first",))
    job = await farm.run(template(first, second), max_attempts=2)
    assert job.status is JobStatus.FAILED
    assert [task.status for task in farm.tasks(job.id, "second")] == [TaskStatus.WAITING]
    flag.touch()
    assert await farm.farm.retry(job.id) == 1
    assert (await farm.ended(job.id)).status is JobStatus.SUCCEEDED
    assert ran.read_text().split() == ["first"] * 4 + ["second"]
    assert farm.tasks(job.id, "first")[1].attempt == 3


async def test_a_retry_counts_failures_anew(farm: LocalFarm) -> None:
    job = await farm.run(template(shell("exit 1")), max_attempts=2)
    await farm.farm.retry(job.id)
    assert (await farm.ended(job.id)).status is JobStatus.FAILED
    assert len(farm.attempts(job.id)) == 4


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (("/bin/sh", "-c", "kill -SEGV $$"), "killed by SIGSEGV (segmentation fault)"),
        (("/bin/sh", "-c", "kill -KILL $$"), "killed by SIGKILL (killed)"),
        (("/nowhere/renderer", "-x"), "exit code 127 (the program was not found)"),
        (("no-such-renderer",), "exit code 127 (the program was not found)"),
        (("/etc",), "exit code 126 (the program cannot be executed)"),
    ],
)
async def test_the_reason_names_what_ended_the_program(farm: LocalFarm, command: tuple[str, ...], reason: str) -> None:
    job = await farm.run(template(step("run", *command)), max_attempts=1)
    assert job.status is JobStatus.FAILED
    assert farm.tasks(job.id)[0].message.partition(";")[0] == reason


@pytest.mark.parametrize(("of_template", "of_job"), [(2, None), (None, 2.0)])
async def test_a_task_that_takes_too_long_ends_with_its_tree(
    farm: LocalFarm, tmp_path: Path, of_template: int | None, of_job: float | None
) -> None:
    with Bell(tmp_path / "bell") as bell:
        script = f"{strays(bell)}; trap '' TERM; while :; do sleep 600; done"
        job = await farm.run(template(shell(script, timeout=of_template)), task_timeout=of_job, max_attempts=1)
        assert job.status is JobStatus.FAILED
        assert farm.tasks(job.id)[0].message.startswith("timed out: it ran longer than ")
        await gone(*await bell.pids(STRAYS))


# --- environments ----------------------------------------------------------------------------------------------


async def test_an_environment_is_entered_once_used_by_every_task_and_left(farm: LocalFarm, tmp_path: Path) -> None:
    entered = tmp_path / "entered"
    with Bell(tmp_path / "left") as left:
        env = environment(
            onEnter=f"echo x >> {entered}; echo openjd_env: LICENCE=a b=c",
            onExit=f'echo "$LICENCE" > {left}',
        )
        script = 'echo "$LICENCE" > {{Param.Out}}/{{Task.Param.Frame}}'
        job = await farm.run(template(shell(script, frames="1-6", environment=env), output="/out"))
        assert job.status is JobStatus.SUCCEEDED
        assert {farm.content(output) for output in farm.outputs(job.id).values()} == {b"a b=c\n"}
        assert len(farm.outputs(job.id)) == 6
        assert await left.line() == "a b=c"
        assert count(entered) == 1


async def test_the_environments_of_job_and_step_are_left_in_reverse_order(farm: LocalFarm, tmp_path: Path) -> None:
    with Bell(tmp_path / "bell") as bell:
        made = template(
            shell(
                "true",
                environment=environment("Inner", onEnter=f"echo +inner > {bell}", onExit=f"echo -inner > {bell}"),
            )
        )
        made["jobEnvironments"] = [
            environment("Outer", onEnter=f"echo +outer > {bell}", onExit=f"echo -outer > {bell}")
        ]
        assert (await farm.run(made)).status is JobStatus.SUCCEEDED
        assert await bell.lines(4) == ["+outer", "+inner", "-inner", "-outer"]


@pytest.mark.parametrize("slots", [1, 2])
async def test_a_step_is_given_up_when_its_sessions_cannot_start(tmp_path: Path, slots: int) -> None:
    entered = tmp_path / "entered"
    env = environment("Licence", onEnter=f"echo x >> {entered}; echo no licence; exit 7")
    async with local_farm(tmp_path / "farm", slots=slots) as farm:
        bad = shell("true", "bad", frames="1-4", environment=env)
        job = await farm.run(template(bad, shell("true", "good")))
        assert (job.status, job.message) == (JobStatus.FAILED, "4 of 5 tasks failed")
        assert [task.status for task in farm.tasks(job.id, "good")] == [TaskStatus.SUCCEEDED]
        reasons = {task.message for task in farm.tasks(job.id, "bad")}
        assert all(reason.startswith("environment Licence: exit code 7") for reason in reasons)
        assert slots == 2 or count(entered) == 3
        lost = farm.attempts(job.id, 0, "bad")[0]
        assert lost.status is AttemptStatus.LOST
        assert "no licence" in farm.log(job.id, 0, step="bad")


async def test_a_session_that_starts_at_the_third_try_is_in_time(farm: LocalFarm, tmp_path: Path) -> None:
    entered = tmp_path / "entered"
    env = environment(onEnter=f"echo x >> {entered}; [ $(wc -l < {entered}) = 3 ]")
    job = await farm.run(template(shell("true", environment=env)), max_attempts=1)
    assert job.status is JobStatus.SUCCEEDED
    assert [a.status for a in farm.attempts(job.id)] == [AttemptStatus.LOST] * 2 + [AttemptStatus.SUCCEEDED]


@pytest.mark.parametrize(
    ("script", "start_timeout", "reason"),
    [("exec sleep 600", 2.0, "did not start within 2 s"), ("kill -9 $PPID", 600.0, "died")],
    ids=["hang", "die"],
)
async def test_sessions_that_hang_or_die_at_their_start_are_not_opened_for_ever(
    tmp_path: Path, script: str, start_timeout: float, reason: str
) -> None:
    entered = tmp_path / "entered"
    env = environment(onEnter=f"echo x >> {entered}; {script}")
    async with local_farm(tmp_path / "farm", slots=1, start_timeout=start_timeout) as farm:
        job = await farm.run(template(shell("true", environment=env)))
        assert job.status is JobStatus.FAILED
        assert reason in farm.tasks(job.id)[0].message
        assert count(entered) == 3


async def test_a_session_is_replaced_after_so_many_tasks(tmp_path: Path) -> None:
    entered = tmp_path / "entered"
    env = environment(onEnter=f"echo x >> {entered}")
    async with local_farm(tmp_path / "farm", slots=1, recycle_after=2) as farm:
        job = await farm.run(template(shell("true", frames="1-6", environment=env)))
        assert job.status is JobStatus.SUCCEEDED
        assert count(entered) == 3
        assert len({farm.attempts(job.id, index)[0].session for index in range(6)}) == 3


# --- what a task sees ------------------------------------------------------------------------------------------


EXPECTED = """HOME LANG LD_LIBRARY_PATH OCIO OLDPWD OPENJD_SESSION_WORKING_DIR PATH PWD PYTHONDONTWRITEBYTECODE
RENDERMILL_CORES RENDERMILL_FARM RENDERMILL_SESSION RENDERMILL_SOFTWARE RENDERMILL_SPARE SHLVL TMPDIR TZ _"""


async def test_tasks_see_a_built_environment_and_not_the_servers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_SECRET_ACCESS_KEY", "DATABASE_URL", "PYTHONPATH", "LD_PRELOAD_PATH", "RENDERMILL_TOKEN"):
        monkeypatch.setenv(name, "hunter2")
    monkeypatch.setenv("OCIO", "/studio/config.ocio")
    with Gate(tmp_path / "gate") as gate:
        out = "{{Param.Out}}/{{Task.Param.Frame}}"
        script = f"read x < {gate}; env -0 > {out}; cat /proc/$PPID/environ > {out}.host; pwd > {out}.pwd"
        async with local_farm(tmp_path / "farm", slots=1) as farm:
            job_id = await farm.submit(template(shell(script, frames="1-2"), output="/out"))
            gate.let()
            await farm.until(lambda: farm.tasks(job_id)[0].status is TaskStatus.SUCCEEDED)
            gate.let()  # by now the verifier, too, has loaded what it needs into the task's parent
            await farm.ended(job_id)
            found = {path: farm.content(output).decode() for path, output in farm.outputs(job_id).items()}
    assert "hunter2" not in "".join(found.values())
    seen = dict(line.split("=", 1) for line in found["2"].split("\0") if line)
    session = tmp_path / "farm/sessions" / seen["RENDERMILL_SESSION"]
    assert (seen["HOME"], seen["TMPDIR"]) == (f"{session}/home", f"{session}/tmp")
    assert found["2.pwd"].startswith(str(session))
    assert seen["OCIO"] == "/studio/config.ocio"
    prefixes = ("LC_", "CUDA_", "NVIDIA_", "HIP_", "ROCR_", "OPTIX_")
    assert [name for name in sorted(seen) if name not in EXPECTED.split() and not name.startswith(prefixes)] == []


async def test_tasks_inherit_no_file_of_the_farm(farm: LocalFarm) -> None:
    job = await farm.run(template(shell("ls /proc/self/fd > {{Param.Out}}/fds"), output="/out"))
    numbers = farm.content(farm.outputs(job.id)["fds"]).split()
    assert numbers == [b"0", b"1", b"2", b"3"]  # 3 is the folder that ls reads


async def test_redacted_variables_stay_out_of_the_log_and_the_reason(farm: LocalFarm) -> None:
    env = environment(onEnter="echo openjd_redacted_env: PASSWORD=hunter2")
    made: dict[str, Any] = template(shell('echo "my password is $PASSWORD"; exit 1', environment=env))
    made["extensions"] = ["REDACTED_ENV_VARS"]
    job = await farm.run(made, max_attempts=1)
    assert farm.tasks(job.id)[0].message == "exit code 1; its last line: my password is ********"
    assert "hunter2" not in farm.log(job.id)
