from pathlib import Path

from rendermill.farm.model.status import JobStatus
from support.local_farm import local_farm
from support.templates import shell, template


async def test_a_job_of_two_steps_runs_and_its_files_are_published(tmp_path: Path) -> None:
    first = shell("echo {{Task.Param.Frame}} > {{Param.Out}}/{{Task.Param.Frame}}.txt", "make", frames="1-3")
    second = shell("cat {{Param.Out}}/*.txt > {{Param.Out}}/all.txt", "gather", depends=("make",))
    async with local_farm(tmp_path / "farm") as farm:
        job = await farm.run(template(first, second, output="/elsewhere/out"))
        assert job.status is JobStatus.SUCCEEDED
        outputs = farm.outputs(job.id)
        assert sorted(outputs) == ["1.txt", "2.txt", "3.txt", "all.txt"]
        assert farm.content(outputs["all.txt"]) == b"1\n2\n3\n"
