"""Tasks that run again, with what was made of their outputs; single tasks stopped."""

from __future__ import annotations

from pathlib import Path

from rendermill.farm.model.choice import Choice
from rendermill.farm.model.status import JobStatus, TaskStatus
from support.local_farm import LocalFarm, local_farm
from support.templates import shell, template

COUNT = "n=$(($(cat {count} 2>/dev/null) + 1)); echo $n >{count}; echo $n >{{{{Param.Out}}}}/a.txt"


def step_id(farm: LocalFarm, job_id: int, name: str) -> int:
    return farm.farm.step(job_id, name).id


async def test_what_read_the_files_of_a_task_that_runs_again_reads_the_new_ones(tmp_path: Path) -> None:
    """Also where its session was still open, with the old files laid out."""
    gate = tmp_path / "gate"
    made = template(
        shell(COUNT.format(count=tmp_path / "count"), "a"),
        shell("cat {{Param.Out}}/a.txt >{{Param.Out}}/b_{{Task.Param.Frame}}.txt", "b", frames="1-3", depends=("a",)),
        shell(f"until [ -e {gate} ]; do sleep 0.05; done", "c"),
        output="/out",
    )
    async with local_farm(tmp_path / "farm", slots=3) as farm:
        job_id = await farm.submit(made)
        done = TaskStatus.SUCCEEDED
        await farm.until(lambda: [task.status for task in farm.tasks(job_id, "b")] == [done] * 3)
        assert farm.farm.job(job_id).status is JobStatus.RUNNING
        await farm.farm.rerun(job_id, Choice(frozenset({done}), {step_id(farm, job_id, "a"): None}))
        await farm.until(lambda: [task.attempt for task in farm.tasks(job_id, "b")] == [2, 2, 2])
        gate.touch()
        assert (await farm.ended(job_id)).status is JobStatus.SUCCEEDED
        contents = {path: farm.content(output).decode().strip() for path, output in farm.outputs(job_id).items()}
        assert contents == {"a.txt": "2", "b_1.txt": "2", "b_2.txt": "2", "b_3.txt": "2"}


async def test_a_stopped_task_stops_and_its_neighbours_go_on(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    script = f"until [ -e {gate} ]; do sleep 0.05; done; echo x >{{{{Param.Out}}}}/{{{{Task.Param.Frame}}}}.txt"
    async with local_farm(tmp_path / "farm", slots=2) as farm:
        job_id = await farm.submit(template(shell(script, frames="1-4"), output="/out"))
        running = TaskStatus.RUNNING
        await farm.until(lambda: [task.status for task in farm.tasks(job_id)][:2] == [running] * 2)
        step = step_id(farm, job_id, "run")
        await farm.farm.cancel_tasks(job_id, Choice(frozenset(TaskStatus), {step: [0, 3]}))
        gate.touch()
        assert (await farm.ended(job_id)).status is JobStatus.CANCELED
        assert sorted(farm.outputs(job_id)) == ["2.txt", "3.txt"]
        assert farm.farm.job(job_id).message == "2 of 4 tasks were cancelled"
