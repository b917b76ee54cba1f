"""The files of a task: from the storage, by upload.json or by what lies beside the scene, or from shared folders."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from rendermill.farm.model.storage import Area
from support.rayvision import HOUDINI, RayvisionCaller, RayvisionFarm, rayvision_farm, task_json

# Writes down where its scene lies, and all files that lie below the folder two above it, with their contents.
LOOK = """#!/bin/sh
while [ $# -gt 0 ]; do
    case "$1" in --scene) scene="$2" ;; --output) out="$2" ;; esac
    shift 2
done
mkdir -p "$out"
echo "$scene" >"$out/scene.txt"
cd "$(dirname "$(dirname "$scene")")" && find . -type f | sort | while read -r file; do
    echo "$file: $(cat "$file")"
done >"$out/files.txt"
"""


@asynccontextmanager
async def looking(folder: Path, **settings: Any) -> AsyncIterator[tuple[RayvisionFarm, RayvisionCaller]]:
    """A farm whose application writes down what it sees."""
    command = folder / "bin/rendermill-houdini"
    command.parent.mkdir(parents=True)
    command.write_text(LOOK)
    command.chmod(0o755)
    path = (str(command.parent),)
    async with rayvision_farm(folder / "farm", path=path, software=HOUDINI, **settings) as farm:
        yield farm, farm.user("ann")


async def submitted(ann: RayvisionCaller, scene: str, **files: Any) -> int:
    """Submit a task of a scene with these JSON files beside task.json."""
    task_id = await ann.create()
    task = task_json(input_cg_file=scene)
    task["scene_info_render"]["rop_node"][0]["frames"] = "1"
    await ann.send_file(task_id, task)
    for name, content in files.items():
        await ann.send_file(task_id, content, f"{name}.json")
    await ann.call("render/submit/task", {"taskId": task_id})
    return task_id


async def seen(farm: RayvisionFarm, ann: RayvisionCaller, task_id: int) -> tuple[str, list[str]]:
    """Where the scene lay, and the files about it."""
    job_id = int((await ann.info(task_id))["munuTaskId"])
    job = await farm.farm.ended(job_id)
    assert job.status == "succeeded", farm.farm.log(job_id)
    outputs = farm.farm.outputs(job_id)
    scene = farm.farm.content(outputs["scene.txt"]).decode().strip()
    return scene, farm.farm.content(outputs["files.txt"]).decode().splitlines()


async def test_without_a_list_all_that_lies_beside_the_scene_comes_along(tmp_path: Path) -> None:
    async with looking(tmp_path) as (farm, ann):
        for path in ("/show/seq/a.hip", "/show/seq/tex/wood.png", "/show/other.png", "/else/x.png"):
            await ann.put(path, path.encode())
        _, found = await seen(farm, ann, await submitted(ann, "/show/seq/a.hip"))
        assert found == ["./seq/a.hip: /show/seq/a.hip", "./seq/tex/wood.png: /show/seq/tex/wood.png"]


async def test_with_a_list_its_files_lie_where_the_client_had_them(tmp_path: Path) -> None:
    async with looking(tmp_path) as (farm, ann):
        await ann.put("scenes/a.hip", b"scene")
        await ann.put("lib/wood.png", b"oak")
        await ann.put("scenes/not_listed.png", b"no")
        listed = {
            "scene": [{"local": "D:\\show\\seq\\a.hip", "server": "/scenes/a.hip", "hash": "x"}],
            "asset": [{"local": "D:\\show\\tex\\wood.png", "server": "lib/wood.png"}],
        }
        await ann.put("D/show/seq/a.hip", b"scene")
        scene, found = await seen(farm, ann, await submitted(ann, "D:\\show\\seq\\a.hip", upload=listed))
        assert scene.endswith("/files/D/show/seq/a.hip")
        assert found == ["./seq/a.hip: scene", "./tex/wood.png: oak"]


async def test_a_file_of_the_list_that_is_not_there_is_named_and_nothing_is_submitted(tmp_path: Path) -> None:
    async with looking(tmp_path) as (farm, ann):
        await ann.put("/show/a.hip")
        task_id = await ann.create()
        await ann.send_file(task_id, task_json(input_cg_file="/show/a.hip"))
        listed = {"asset": [{"local": "/show/a.hip", "server": "show/a.hip"}, {"local": "/lib/gone.png"}]}
        await ann.send_file(task_id, listed, "upload.json")
        refused = await ann.refused("render/submit/task", {"taskId": task_id})
        assert refused.code == 600
        assert "upload.json" in refused.message and "lib/gone.png" in refused.message
        assert farm.farm.farm.ask(lambda q: q.jobs()) == []
        await ann.put("/lib/gone.png")
        await ann.call("render/submit/task", {"taskId": task_id})
        assert len(farm.farm.farm.ask(lambda q: q.jobs())) == 1


async def test_a_scene_that_is_nowhere_is_named(tmp_path: Path) -> None:
    async with looking(tmp_path) as (_, ann):
        task_id = await ann.create()
        await ann.send_file(task_id, task_json(input_cg_file="/show/none.hip"))
        refused = await ann.refused("render/submit/task", {"taskId": task_id})
        assert refused.code == 600
        assert "task_info.input_cg_file" in refused.message


async def test_the_files_sent_over_the_api_are_those_of_the_config_storage(tmp_path: Path) -> None:
    async with looking(tmp_path) as (farm, ann):
        task_id = await ann.create()
        await ann.send_file(task_id, {"a": 1}, "tips.json")
        found = farm.services.files.file("ann", Area.CONFIG, f"/{task_id}/cfg/tips.json")
        assert farm.services.blobs.checked(found.hash).read_text() == '{"a": 1}'
        await ann.put("/show/a.hip")
        await ann.put(f"/{task_id}/cfg/task.json", _text(task_json(input_cg_file="/show/a.hip")), Area.CONFIG)
        await ann.call("render/submit/task", {"taskId": task_id})


def _text(content: Any) -> bytes:
    return json.dumps(content).encode()


# --- shared folders ----------------------------------------------------------------------------------------------


async def test_a_scene_in_a_shared_folder_is_rendered_where_it_lies(tmp_path: Path) -> None:
    projects = tmp_path / "projects"
    (projects / "show/seq").mkdir(parents=True)
    (projects / "show/seq/a.hip").write_text("scene")
    (projects / "show/wood.png").write_text("oak")
    async with looking(tmp_path, shared=(projects,)) as (farm, ann):
        scene, found = await seen(farm, ann, await submitted(ann, f"{projects}/show/seq/a.hip"))
        assert scene == f"{projects}/show/seq/a.hip"
        assert found == ["./seq/a.hip: scene", "./wood.png: oak"]


async def test_nothing_leads_out_of_a_shared_folder(tmp_path: Path) -> None:
    projects = tmp_path / "projects"
    (projects / "show").mkdir(parents=True)
    (tmp_path / "secret.hip").write_text("secret")
    (projects / "show/link.hip").symlink_to(tmp_path / "secret.hip")
    (projects / "up").symlink_to(tmp_path)
    async with looking(tmp_path, shared=(projects,)) as (_, ann):
        for scene in (
            f"{tmp_path}/secret.hip",
            f"{projects}/../secret.hip",
            f"{projects}/show/link.hip",
            f"{projects}/up/secret.hip",
            f"{projects}/show",
            "/etc/passwd",
        ):
            task_id = await ann.create()
            await ann.send_file(task_id, task_json(input_cg_file=scene))
            assert (await ann.refused("render/submit/task", {"taskId": task_id})).code == 600, scene


async def test_without_shared_folders_no_path_of_the_machine_is_a_scene(tmp_path: Path) -> None:
    (tmp_path / "a.hip").write_text("scene")
    async with looking(tmp_path) as (_, ann):
        task_id = await ann.create()
        await ann.send_file(task_id, task_json(input_cg_file=f"{tmp_path}/a.hip"))
        assert (await ann.refused("render/submit/task", {"taskId": task_id})).code == 600
