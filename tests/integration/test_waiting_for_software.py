"""Jobs wait for software, and begin once a worker has it."""

from __future__ import annotations

from pathlib import Path

from rendermill.farm.model.software import SOFTWARE
from rendermill.farm.model.status import JobStatus
from support.local_farm import local_farm
from support.templates import shell, template


async def test_a_job_waits_for_software_and_begins_when_it_is_installed(tmp_path: Path) -> None:
    there: set[str] = set()
    needs = {"attributes": [{"name": SOFTWARE, "allOf": ["houdini_17-5"]}]}
    async with local_farm(tmp_path, software=lambda: frozenset(there)) as farm:
        job_id = await farm.submit(template(shell("true", requirements=needs)))
        await farm.until(lambda: bool(farm.farm.dispatcher.picture.steps))
        reason = farm.farm.waiting_reason(farm.farm.job(job_id), farm.farm.steps(job_id))
        assert reason == "no worker has houdini 17.5"
        there.add("houdini_17-5")
        assert (await farm.ended(job_id)).status is JobStatus.SUCCEEDED
