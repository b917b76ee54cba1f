"""Where a session's files lie: inputs, output folders, and the paths between them."""

from __future__ import annotations

import shlex
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from rendermill.farm.model.errors import BadInputError
from rendermill.farm.model.status import JobStatus
from rendermill.farm.model.submission import Asset
from support.local_farm import LocalFarm, local_farm
from support.templates import shell, template

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def farm(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalFarm]:
    """A farm of one slot for the tests of this module."""
    async with local_farm(tmp_path_factory.mktemp("farm"), slots=1) as made:
        yield made


def asset(farm: LocalFarm, path: str, content: bytes) -> Asset:
    """A file sent to the farm."""
    with farm.blobs.writer() as writer:
        writer.write(content)
        return Asset(path, writer.commit(), writer.size)


def parameter(name: str, value: str, flow: str = "IN", kind: str = "DIRECTORY") -> dict[str, Any]:
    """A PATH parameter of a template."""
    return {"name": name, "type": "PATH", "objectType": kind, "dataFlow": flow, "default": value}


def with_paths(script: str, *parameters: dict[str, Any], **options: Any) -> dict[str, Any]:
    return template(shell(script, **options)) | {"parameterDefinitions": list(parameters)}


async def contents(farm: LocalFarm, made: dict[str, Any], *inputs: Asset) -> dict[str, str]:
    """Run a job that succeeds: published path → content."""
    job = await farm.run(made, inputs=inputs, max_attempts=1)
    reasons = [task.message for task in farm.tasks(job.id)]
    assert job.status is JobStatus.SUCCEEDED, reasons
    return {path: farm.content(output).decode() for path, output in farm.outputs(job.id).items()}


async def test_inputs_lie_under_their_paths_read_only_and_relative_paths_hold(farm: LocalFarm) -> None:
    scene = asset(farm, "/show/shot/scene.txt", b"../tex/wood.txt")
    wood = asset(farm, "/show/tex/wood.txt", b"oak\n")
    script = (
        "cd $(dirname {{Param.Scene}}); cat $(cat scene.txt) > {{Param.Out}}/seen; "
        "stat -c %a scene.txt ../tex/wood.txt > {{Param.Out}}/modes"
    )
    made = with_paths(script, parameter("Scene", scene.path, kind="FILE"), parameter("Out", "/show/out", "OUT"))
    assert await contents(farm, made, scene, wood) == {"seen": "oak\n", "modes": "444\n444\n"}


async def test_path_parameters_are_mapped_wherever_they_point(farm: LocalFarm) -> None:
    wood = asset(farm, "/show/assets/tex/wood.txt", b"oak\n")
    tree = asset(farm, "/show/assets/geo/tree.txt", b"tree\n")
    script = "cat {{Param.Assets}}/tex/wood.txt {{Param.Assets}}/geo/tree.txt {{Param.Tree}} > {{Param.Out}}/seen"
    made = with_paths(
        script,
        parameter("Assets", "/show/assets"),
        parameter("Tree", tree.path, kind="FILE"),
        parameter("Out", "/out", "OUT"),
    )
    assert await contents(farm, made, wood, tree) == {"seen": "oak\ntree\ntree\n"}


async def test_the_output_folder_may_be_the_inputs_folder(farm: LocalFarm) -> None:
    scene = asset(farm, "/shot/scene.txt", b"a scene")
    made = with_paths("cp {{Param.Out}}/scene.txt {{Param.Out}}/copy.txt", parameter("Out", "/shot", "OUT"))
    assert await contents(farm, made, scene) == {"copy.txt": "a scene"}


async def test_the_output_folder_may_lie_inside_the_inputs_folder_and_around_it(farm: LocalFarm) -> None:
    inside = asset(farm, "/shot/renders/old/scene.txt", b"a scene")
    above = asset(farm, "/shot/notes.txt", b"notes")
    script = "cat {{Param.Out}}/old/scene.txt {{Param.Out}}/../notes.txt > {{Param.Out}}/seen"
    made = with_paths(script, parameter("Out", "/shot/renders", "OUT"))
    assert await contents(farm, made, inside, above) == {"seen": "a scenenotes"}


async def test_an_input_changed_in_the_output_folder_is_published_and_its_blob_stays_whole(farm: LocalFarm) -> None:
    scene = asset(farm, "/shot/log.txt", b"one\n")
    made = with_paths("echo two >> {{Param.Out}}/log.txt", parameter("Out", "/shot", "OUT"))
    assert await contents(farm, made, scene) == {"log.txt": "one\ntwo\n"}
    assert farm.blobs.checked(scene.hash).read_bytes() == b"one\n"


async def test_every_task_of_a_session_finds_the_inputs_as_they_were_sent(farm: LocalFarm) -> None:
    state = asset(farm, "/shot/state.txt", b"sent\n")
    script = "cat {{Param.Out}}/state.txt > {{Param.Out}}/{{Task.Param.Frame}}; echo changed > {{Param.Out}}/state.txt"
    found = await contents(farm, with_paths(script, parameter("Out", "/shot", "OUT"), frames="1-2"), state)
    assert found == {"1": "sent\n", "2": "sent\n", "state.txt": "changed\n"}


async def test_nested_output_folders_belong_to_the_innermost(farm: LocalFarm) -> None:
    made = with_paths(
        "echo a > {{Param.All}}/a; echo b > {{Param.Layers}}/b",
        parameter("Layers", "/out/layers", "OUT"),
        parameter("All", "/out", "OUT"),
    )
    assert await contents(farm, made) == {"All/a": "a\n", "Layers/b": "b\n"}


async def test_an_output_may_be_one_file_and_its_folders_other_files_are_none(farm: LocalFarm) -> None:
    made = with_paths(
        "echo movie > {{Param.Movie}}; echo rest > $(dirname {{Param.Movie}})/rest",
        parameter("Movie", "/out/film/movie.mp4", "OUT", "FILE"),
    )
    assert await contents(farm, made) == {"movie.mp4": "movie\n"}


@pytest.mark.parametrize("order", [1, -1])
async def test_a_file_and_its_folder_may_both_be_outputs(farm: LocalFarm, order: int) -> None:
    parameters = [parameter("Log", "/out/log.txt", "OUT", "FILE"), parameter("Out", "/out", "OUT")][::order]
    made = with_paths("echo log > {{Param.Log}}; echo picture > {{Param.Out}}/picture", *parameters)
    assert await contents(farm, made) == {"Log/log.txt": "log\n", "Out/picture": "picture\n"}


@pytest.mark.parametrize("spelling", ["{}/out/", "{}//out", "{}/./out", "{}/x/../out"])
async def test_an_output_path_is_mapped_however_it_is_spelt(farm: LocalFarm, tmp_path: Path, spelling: str) -> None:
    out = parameter("Out", spelling.format(tmp_path), "OUT")
    assert await contents(farm, with_paths("mkdir -p {{Param.Out}}; echo a > {{Param.Out}}/a", out)) == {"a": "a\n"}
    assert list(tmp_path.iterdir()) == []


NAMES = [
    "two words",
    "it's",
    'a "quote"',
    "na\u00efve \u2603.txt",
    "back\\slash",
    "new\nline",
    "-dash",
    "#1",
    " lead",
    "%d$HOME",
]


@pytest.mark.parametrize("name", NAMES)
async def test_names_of_inputs_and_outputs_may_hold_anything(farm: LocalFarm, name: str) -> None:
    source = asset(farm, f"/show/{name}/{name}", b"content")
    quoted = shlex.quote(name)
    script = f"cp -- {{{{Param.Out}}}}/../show/{quoted}/{quoted} {{{{Param.Out}}}}/{quoted}"
    assert await contents(farm, with_paths(script, parameter("Out", "/out", "OUT")), source) == {name: "content"}


async def test_links_pipes_and_folders_are_no_outputs(farm: LocalFarm) -> None:
    script = (
        "cd {{Param.Out}}; ln -s /etc/passwd link.txt; ln -s /etc folder; ln -s nowhere dangling; ln -s . loop; "
        "mkfifo pipe; mkdir -p empty/deep; echo a > real"
    )
    assert await contents(farm, with_paths(script, parameter("Out", "/out", "OUT"))) == {"real": "a\n"}


async def test_an_output_folder_turned_into_a_link_takes_nothing_from_where_it_points(
    farm: LocalFarm, tmp_path: Path
) -> None:
    precious = tmp_path / "precious.txt"
    precious.write_text("mine")
    script = f"rmdir {{{{Param.Out}}}}; ln -s {tmp_path} {{{{Param.Out}}}}"
    await farm.run(with_paths(script, parameter("Out", "/out", "OUT")), max_attempts=1)
    assert precious.read_text() == "mine"


async def test_names_that_are_no_text_are_made_readable(farm: LocalFarm) -> None:
    script = "echo coffee > \"{{Param.Out}}/$(printf 'caf\\351').txt\""
    assert await contents(farm, with_paths(script, parameter("Out", "/out", "OUT"))) == {"caf?.txt": "coffee\n"}


async def test_names_that_are_no_text_and_read_the_same_fail_their_task(farm: LocalFarm) -> None:
    script = 'for c in 351 350; do touch "{{Param.Out}}/$(printf caf\\\\$c).txt"; done'
    job = await farm.run(with_paths(script, parameter("Out", "/out", "OUT")), max_attempts=1)
    assert job.status is JobStatus.FAILED
    assert "caf?.txt" in farm.tasks(job.id)[0].message


async def test_a_missing_input_file_is_named(farm: LocalFarm) -> None:
    lost = asset(farm, "/shot/lost.txt", b"lost soon")
    job_id = await farm.submit(template(shell("true")), inputs=(lost,), paused=True)
    farm.blobs.path(lost.hash).unlink()
    await farm.farm.resume(job_id)
    assert (await farm.ended(job_id)).status is JobStatus.FAILED
    assert "not in the store" in farm.tasks(job_id)[0].message


async def test_an_input_written_through_its_link_is_found_out(farm: LocalFarm) -> None:
    wood = asset(farm, "/show/wood.txt", b"oak\n")
    spoil = with_paths(
        "chmod u+w {{Param.Wood}}; echo rot >> {{Param.Wood}}", parameter("Wood", wood.path, kind="FILE")
    )
    use_it = with_paths("cat {{Param.Wood}}", parameter("Wood", wood.path, kind="FILE"))
    waiting = await farm.submit(use_it, inputs=(wood,), paused=True)
    assert await contents(farm, spoil, wood) == {}
    await farm.farm.resume(waiting)
    assert (await farm.ended(waiting)).status is JobStatus.FAILED
    assert "it was damaged on disk and has been removed" in farm.attempts(waiting)[0].message
    assert farm.blobs.missing([wood.hash]) == [wood.hash]


async def test_an_input_that_was_damaged_is_asked_for_again(farm: LocalFarm) -> None:
    wood = asset(farm, "/show/wood.txt", b"oak\n")
    spoil = with_paths(
        "chmod u+w {{Param.Wood}}; echo rot >> {{Param.Wood}}", parameter("Wood", wood.path, kind="FILE")
    )
    assert await contents(farm, spoil, wood) == {}
    use_it = with_paths(
        "cat {{Param.Wood}} > {{Param.Out}}/seen",
        parameter("Wood", wood.path, kind="FILE"),
        parameter("Out", "/show/out", "OUT"),
    )
    with pytest.raises(BadInputError, match="have not been sent"):
        await farm.submit(use_it, inputs=(wood,))
    assert asset(farm, "/show/wood.txt", b"oak\n") == wood
    assert await contents(farm, use_it, wood) == {"seen": "oak\n"}
