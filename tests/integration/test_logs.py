"""Logs and progress of tasks, while they run and after."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from rendermill.farm.model.records import AttemptKey
from rendermill.farm.model.status import JobStatus
from support.local_farm import LocalFarm, local_farm
from support.processes import Gate, environment
from support.templates import shell, template

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def farm(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalFarm]:
    """A farm of one slot for the tests of this module."""
    async with local_farm(tmp_path_factory.mktemp("farm"), slots=1) as made:
        yield made


def progress(farm: LocalFarm, job_id: int) -> tuple[float | None, str] | None:
    task = farm.tasks(job_id)[0]
    return farm.farm.news.progress.get(AttemptKey(*task.key, 1))


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (("openjd_progress: 25",), (0.25, "")),
        (("openjd_status: reading the scene",), (None, "reading the scene")),
        (("openjd_progress: 25", "openjd_status: reading the scene"), (0.25, "reading the scene")),
        (("Fra:7 Mem:120.11M (Peak 125.00M) | Time:00:01.20 | Sample 3/16",), (3 / 16, "sample 3 of 16")),
        (("Fra: 7 Mem:120.11M | Synchronizing object | Cube",), (None, "frame 7")),
        (("Fra:7 Mem:1M | Sample 1/16", "Fra:7 Mem:1M | Sample 2/16"), (2 / 16, "sample 2 of 16")),
        (("rendermill_part: 2/4",), (0.25, "part 2 of 4")),
        (("rendermill_part: 2/4", "Fra:7 Mem:1M | Sample 8/16"), (0.375, "sample 8 of 16")),
        (("rendermill_part: 4/4", "Fra:7 Mem:1M | Sample 16/16"), (1.0, "sample 16 of 16")),
        (("rendermill_part: 2/4", "Fra:7 | Sample 8/16", "Fra:7 | Sample 1/16"), (0.375, "sample 1 of 16")),
        (("rendermill_part: 2/4", "Fra:7 | Sample 8/16", "Fra:7 | Finished"), (0.375, "frame 7")),
        (("rendermill_part: 5/4", "rendermill_part: 0/0", "Fra:7 | Sample 8/16"), (0.5, "sample 8 of 16")),
    ],
)
async def test_progress_is_told_while_the_task_runs_and_forgotten_after(
    farm: LocalFarm, tmp_path: Path, lines: tuple[str, ...], told: tuple[float | None, str]
) -> None:
    with Gate(tmp_path / "gate") as gate:
        said = "; ".join(f"echo '{line}'" for line in lines)
        job_id = await farm.submit(template(shell(f"{said}; read x < {gate}")))
        await farm.until(lambda: progress(farm, job_id) == told)
        gate.let()
        assert (await farm.ended(job_id)).status is JobStatus.SUCCEEDED
        assert farm.farm.news.progress == {}


async def test_parts_count_for_their_task_alone(farm: LocalFarm, tmp_path: Path) -> None:
    with Gate(tmp_path / "gate") as gate:
        first = "[ {{Task.Param.Frame}} = 1 ] && { echo rendermill_part: 2/4; exit 0; }"
        script = f"{first}; echo 'Fra:2 | Sample 1/16'; read x < {gate}"
        job_id = await farm.submit(template(shell(script, frames="1-2")))
        await farm.until(lambda: (1 / 16, "sample 1 of 16") in farm.farm.news.progress.values())
        gate.let()
        assert (await farm.ended(job_id)).status is JobStatus.SUCCEEDED


async def test_a_log_can_be_read_while_its_task_runs(farm: LocalFarm, tmp_path: Path) -> None:
    with Gate(tmp_path / "gate") as gate:
        script = f"echo first words; echo openjd_progress: 50; read x < {gate}; echo last words"
        job_id = await farm.submit(template(shell(script)))
        await farm.until(lambda: progress(farm, job_id) is not None)
        assert "\nfirst words\n" in farm.log(job_id)
        assert "\nlast words\n" not in farm.log(job_id)
        gate.let()
        await farm.ended(job_id)
        assert "\nlast words\n" in farm.log(job_id)


async def test_every_attempt_has_a_log_of_its_own(farm: LocalFarm, tmp_path: Path) -> None:
    tries = tmp_path / "tries"
    script = f"echo x >> {tries}; echo try $(wc -l < {tries}); [ $(wc -l < {tries}) = 3 ]"
    job = await farm.run(template(shell(script)))
    assert job.status is JobStatus.SUCCEEDED
    logs = [farm.log(job.id, attempt=number) for number in (1, 2, 3)]
    assert [[f"\ntry {number}\n" in log for number in (1, 2, 3)] for log in logs] == [
        [True, False, False],
        [False, True, False],
        [False, False, True],
    ]
    assert [a.message for a in farm.attempts(job.id)][:2] == [f"exit code 1; its last line: try {n}" for n in (1, 2)]


async def test_the_tasks_of_a_warm_session_have_logs_of_their_own(farm: LocalFarm) -> None:
    job = await farm.run(template(shell("echo frame={{Task.Param.Frame}}", frames="1-3")))
    assert ["\nframe=2\n" in "\n" + farm.log(job.id, index) for index in range(3)] == [False, True, False]


async def test_a_task_may_print_two_hundred_thousand_lines(farm: LocalFarm) -> None:
    job = await farm.run(template(shell("seq -f 'line %.0f' 200000")))
    assert job.status is JobStatus.SUCCEEDED
    lines = [line for line in farm.log(job.id).splitlines() if line.startswith("line ")]
    assert lines == [f"line {number}" for number in range(1, 200_001)]


async def test_binary_rubbish_does_no_harm(farm: LocalFarm) -> None:
    script = "head -c 300000 /dev/urandom; printf '\\n\\000\\377\\376 \\033[31mred\\r\\nend of rubbish\\n'; exit 4"
    job = await farm.run(template(shell(script)), max_attempts=1)
    assert farm.tasks(job.id)[0].message == "exit code 4; its last line: end of rubbish"
    assert "\\xff\\xfe" in farm.log(job.id)


async def test_rubbish_may_be_the_reason(farm: LocalFarm) -> None:
    script = "printf 'rendermill_fail: \\377\\000 \\033[31mred caf\\351\\n'"
    job = await farm.run(template(shell(script)), max_attempts=1)
    assert job.status is JobStatus.FAILED
    assert "red caf\\xe9" in farm.tasks(job.id)[0].message


async def test_a_line_without_end_is_kept_in_pieces(farm: LocalFarm) -> None:
    job = await farm.run(template(shell("head -c 5000000 /dev/zero | tr '\\0' '@'; echo; echo; echo after it")))
    assert job.status is JobStatus.SUCCEEDED
    log = farm.log(job.id)
    assert log.count("@") == 5_000_000
    assert "\nafter it\n" in log


async def test_a_log_is_cut_at_its_limit_and_the_task_goes_on(farm: LocalFarm) -> None:
    script = "head -c 80000000 /dev/zero | tr '\\0' '@'; echo; echo the end > {{Param.Out}}/a"
    job = await farm.run(template(shell(script), output="/out"))
    assert job.status is JobStatus.SUCCEEDED
    assert list(farm.outputs(job.id)) == ["a"]
    log = farm.log(job.id)
    assert 64 * 1024**2 - 100_000 < len(log) < 64 * 1024**2 + 100_000
    assert "[the log is cut here: it is over 67108864 bytes]" in log


# --- logs that cannot be written -------------------------------------------------------------------------------


async def two_tasks_of_one_session_succeed(data: Path, entered: Path) -> None:
    script = "seq 1000; echo a > {{Param.Out}}/{{Task.Param.Frame}}"
    step = shell(script, frames="1-2", environment=environment(onEnter=f"echo x >> {entered}"))
    async with local_farm(data, slots=1) as farm:
        job = await farm.run(template(step, output="/out"), max_attempts=1)
        assert job.status is JobStatus.SUCCEEDED, farm.tasks(job.id)
        assert [(task.key.step_id, task.message) for task in farm.tasks(job.id)] == [(1, "")] * 2
        assert sorted(farm.outputs(job.id)) == ["1", "2"]
    assert entered.read_text() == "x\n"
    assert "session host:" not in (data / "engine.log").read_text()  # what a host says when it breaks


async def test_a_folder_of_logs_that_cannot_be_made_hurts_no_task(tmp_path: Path) -> None:
    (tmp_path / "farm").mkdir()
    (tmp_path / "farm/logs").write_text("no folder")
    await two_tasks_of_one_session_succeed(tmp_path / "farm", tmp_path / "entered")


async def test_a_disk_too_full_for_logs_hurts_no_task(tmp_path: Path) -> None:
    logs = tmp_path / "farm/logs/1/1"  # of the first step of a farm's first job
    logs.mkdir(parents=True)
    for index in (0, 1):
        (logs / f"{index}.1.log").symlink_to("/dev/full")
    await two_tasks_of_one_session_succeed(tmp_path / "farm", tmp_path / "entered")
    assert len(list(logs.iterdir())) == 2


async def test_a_failure_is_told_without_a_log(tmp_path: Path) -> None:
    (tmp_path / "farm").mkdir()
    (tmp_path / "farm/logs").write_text("no folder")
    async with local_farm(tmp_path / "farm", slots=1) as farm:
        job = await farm.run(template(shell("echo no such texture; exit 7")), max_attempts=1)
        assert farm.tasks(job.id)[0].message == "exit code 7; its last line: no such texture"
