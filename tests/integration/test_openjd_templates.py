"""What OpenJD's templates can say runs as they say it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from rendermill.farm.model.status import JobStatus
from support.local_farm import LocalFarm, local_farm
from support.processes import environment
from support.templates import shell, template

pytestmark = pytest.mark.asyncio(loop_scope="module")
OUT = "{{Param.Out}}"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def farm(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalFarm]:
    """A farm of one slot for the tests of this module."""
    async with local_farm(tmp_path_factory.mktemp("farm"), slots=1) as made:
        yield made


async def contents(farm: LocalFarm, made: dict[str, Any], **options: Any) -> dict[str, str]:
    """Run a job that succeeds: published path → content."""
    job = await farm.run(made, max_attempts=1, **options)
    assert job.status is JobStatus.SUCCEEDED, [t.message for t in farm.tasks(job.id)]
    return {path: farm.content(output).decode().strip() for path, output in farm.outputs(job.id).items()}


def spaced(script: str, space: dict[str, Any], *extensions: str) -> dict[str, Any]:
    """A template of one step with a parameter space."""
    made = template(shell(script) | {"parameterSpace": space}, output="/out")
    return made | ({"extensions": list(extensions)} if extensions else {})


@pytest.mark.parametrize(
    ("constraint", "frames", "chunks"),
    [
        ("CONTIGUOUS", "1-10", {"1-4", "5-7", "8-10"}),
        ("CONTIGUOUS", "1-3,7-9", {"1-3", "7-9"}),
        ("NONCONTIGUOUS", "1-3,7-11", {"1-3,7", "8-11"}),
    ],
)
async def test_chunks_of_frames(farm: LocalFarm, constraint: str, frames: str, chunks: set[str]) -> None:
    made = {"defaultTaskCount": 4, "rangeConstraint": constraint}
    definition = {"name": "Frames", "type": "CHUNK[INT]", "range": frames, "chunks": made}
    space = {"taskParameterDefinitions": [definition]}
    found = await contents(farm, spaced(f"touch {OUT}/{{{{Task.Param.Frames}}}}", space, "TASK_CHUNKING"))
    assert set(found) == chunks


async def test_chunks_whose_size_may_adapt_keep_their_names(farm: LocalFarm) -> None:
    made = {"defaultTaskCount": 2, "rangeConstraint": "CONTIGUOUS", "targetRuntimeSeconds": 3600}
    definition = {"name": "Frames", "type": "CHUNK[INT]", "range": "1-6", "chunks": made}
    space = {"taskParameterDefinitions": [definition]}
    found = await contents(farm, spaced(f"touch {OUT}/{{{{Task.Param.Frames}}}}", space, "TASK_CHUNKING"))
    assert set(found) == {"1-2", "3-4", "5-6"}


async def test_combinations_of_parameters(farm: LocalFarm) -> None:
    space = {
        "taskParameterDefinitions": [
            {"name": "Frame", "type": "INT", "range": "1-2"},
            {"name": "Take", "type": "STRING", "range": ["a", "b"]},
            {"name": "Gain", "type": "FLOAT", "range": ["0.5", "1.5", "2.5"]},
        ],
        "combination": "(Frame, Take) * Gain",
    }
    found = await contents(
        farm, spaced(f"touch {OUT}/{{{{Task.Param.Frame}}}}{{{{Task.Param.Take}}}}{{{{Task.Param.Gain}}}}", space)
    )
    assert set(found) == {f"{pair}{gain}" for pair in ("1a", "2b") for gain in ("0.5", "1.5", "2.5")}


async def test_expressions_and_their_let(farm: LocalFarm) -> None:
    step = shell(f"echo {{{{name}}}} {{{{Param.Base + 1}}}} > {OUT}/{{{{double}}}}", frames="1-3")
    step["script"]["let"] = ["double = Task.Param.Frame * 2", "name = 'frame ' + string(double)"]
    made = template(step, output="/out") | {"extensions": ["EXPR"]}
    made["parameterDefinitions"].append({"name": "Base", "type": "INT", "default": 40})
    assert await contents(farm, made, parameters={"Base": "99"}) == {
        "2": "frame 2 100",
        "4": "frame 4 100",
        "6": "frame 6 100",
    }


async def test_an_expression_that_fails_for_one_task_fails_that_task_with_its_reason(farm: LocalFarm) -> None:
    step = shell("echo {{ 10 / Task.Param.Frame }}", frames="0-2")
    job = await farm.run(template(step) | {"extensions": ["EXPR"]}, max_attempts=1)
    assert job.status is JobStatus.FAILED
    assert [task.status.value for task in farm.tasks(job.id)] == ["failed", "succeeded", "succeeded"]
    assert "zero" in farm.tasks(job.id)[0].message


async def test_job_environments_surround_every_step(farm: LocalFarm) -> None:
    steps = [shell(f"echo $STUDIO $SHOT > {OUT}/{name}", name) for name in ("one", "two")]
    made = template(*steps, output="/out")
    made["jobEnvironments"] = [
        environment("Studio", onEnter="echo openjd_env: STUDIO=blue"),
        {"name": "Shot", "variables": {"SHOT": "{{Param.Shot}}"}},
    ]
    made["parameterDefinitions"].append({"name": "Shot", "type": "STRING", "default": "sh 010"})
    assert await contents(farm, made) == {"one": "blue sh 010", "two": "blue sh 010"}


async def test_variables_can_be_unset(farm: LocalFarm) -> None:
    step = shell(f"echo ${{STUDIO:-none}} ${{HOME:+home}} > {OUT}/seen")
    made = template(step, output="/out")
    made["jobEnvironments"] = [
        environment("Set", onEnter="echo openjd_env: STUDIO=blue"),
        environment("Unset", onEnter="echo openjd_unset_env: STUDIO"),
    ]
    assert await contents(farm, made) == {"seen": "none home"}


async def test_embedded_files_are_there_and_run(farm: LocalFarm) -> None:
    step = {
        "name": "run",
        "script": {
            "actions": {"onRun": {"command": "{{Task.File.Run}}", "args": ["{{Task.File.Words}}"]}},
            "embeddedFiles": [
                {"name": "Words", "type": "TEXT", "data": "{{Param.Words}} \u2603\n", "filename": "words.txt"},
                {
                    "name": "Run",
                    "type": "TEXT",
                    "runnable": True,
                    "data": f"#!/bin/sh\ncat $1 > {OUT}/$(basename $1)\n",
                },
            ],
        },
    }
    made = template(step, output="/out")
    made["parameterDefinitions"].append({"name": "Words", "type": "STRING", "default": "two words"})
    assert await contents(farm, made) == {"words.txt": "two words \u2603"}


async def test_the_paths_of_a_parameter_reach_embedded_files_and_environments(farm: LocalFarm) -> None:
    env = {
        "name": "Env",
        "script": {
            "actions": {"onEnter": {"command": "/bin/sh", "args": ["{{Env.File.Enter}}"]}},
            "embeddedFiles": [{"name": "Enter", "type": "TEXT", "data": f"echo entered > {OUT}/../beside"}],
        },
    }
    step = shell(f"cat {OUT}/../beside > {OUT}/seen", environment=env)
    assert await contents(farm, template(step, output="/show/out")) == {"seen": "entered"}
