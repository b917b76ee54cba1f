"""What is published: verified, whole, and nothing that a renderer only claims."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
import pytest
import pytest_asyncio

from rendermill.farm.model.records import Job
from rendermill.farm.model.status import JobStatus, TaskStatus
from support.disks import small_disk
from support.local_farm import LocalFarm, local_farm
from support.processes import Gate, environment
from support.templates import shell, template

pytestmark = pytest.mark.asyncio(loop_scope="module")
OUT = "{{Param.Out}}"
ENDED = (TaskStatus.SUCCEEDED, TaskStatus.FAILED)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def farm(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalFarm]:
    """A farm of one slot for the tests of this module."""
    async with local_farm(tmp_path_factory.mktemp("farm"), slots=1) as made:
        yield made


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Real pictures, 64x36: ``good`` and ``black`` ones, one with NaN, and halves of them."""
    folder = tmp_path_factory.mktemp("pictures")
    pixels = np.random.default_rng(1).random((36, 64, 3), dtype=np.float32)
    holes = pixels.copy()
    holes[3, 3, 1] = np.nan
    for name, content in (
        ("good.png", pixels),
        ("good.jpg", pixels),
        ("good.exr", pixels),
        ("good.tif", pixels),
        ("black.png", pixels * 0),
        ("nan.exr", holes),
    ):
        write(folder / name, content)
    for file in list(folder.glob("good.*")):
        data = file.read_bytes()
        (folder / f"half{file.suffix}").write_bytes(data[: len(data) // 2])
        (folder / f"empty{file.suffix}").touch()
        (folder / f"words{file.suffix}").write_text("no picture at all")
    (folder / "tailless.png").write_bytes((folder / "good.png").read_bytes()[:-6])
    return folder


def write(file: Path, pixels: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> None:
    height, width, channels = pixels.shape
    out = oiio.ImageOutput.create(str(file))
    assert out is not None
    assert out.open(str(file), oiio.ImageSpec(width, height, channels, "uint8" if file.suffix != ".exr" else "float"))
    assert out.write_image(pixels)
    assert out.close()


async def run(farm: LocalFarm, script: str) -> Job:
    return await farm.run(template(shell(script), output="/out"), max_attempts=1)


def expect(**said: object) -> str:
    return f"echo 'rendermill_expect: {json.dumps(said)}'"


@pytest.mark.parametrize("name", ["good.png", "good.jpg", "good.exr", "good.tif"])
async def test_a_whole_picture_is_published(farm: LocalFarm, pictures: Path, name: str) -> None:
    said = expect(width=64, height=36, files=[name])
    job = await run(farm, f"{said}; mkdir {OUT}/beauty; cp {pictures}/{name} {OUT}/beauty/")
    assert job.status is JobStatus.SUCCEEDED, farm.tasks(job.id)
    assert farm.content(farm.outputs(job.id)[f"beauty/{name}"]) == (pictures / name).read_bytes()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("half.png", "the PNG is cut off"),
        ("tailless.png", "the PNG is cut off"),
        ("half.jpg", "the JPEG is cut off"),
        ("half.exr", "it does not"),
        ("half.tif", "it does not"),
        ("empty.png", "the file is empty"),
        ("empty.exr", "the file is empty"),
        ("words.png", "the PNG is cut off"),
        ("words.exr", "it does not open as a picture"),
        ("words.tif", "it does not open as a picture"),
        ("nan.exr", "it holds NaN"),
    ],
)
async def test_a_broken_picture_fails_its_task_whatever_the_renderer_says(
    farm: LocalFarm, pictures: Path, name: str, reason: str
) -> None:
    job = await run(farm, f"cp {pictures}/{name} {OUT}/")
    assert job.status is JobStatus.FAILED
    assert farm.tasks(job.id)[0].message.startswith(f"{name}: {reason}")
    assert farm.outputs(job.id) == {}


async def test_a_black_picture_is_published_with_a_warning(farm: LocalFarm, pictures: Path) -> None:
    job = await run(farm, f"cp {pictures}/black.png {OUT}/")
    assert job.status is JobStatus.SUCCEEDED
    assert farm.tasks(job.id)[0].message == "black.png: the picture is all black"


async def test_a_picture_of_the_wrong_size_fails(farm: LocalFarm, pictures: Path) -> None:
    job = await run(farm, f"{expect(width=1920, height=1080)}; cp {pictures}/good.png {OUT}/")
    assert farm.tasks(job.id)[0].message == "good.png: it is 64x36 pixels, 1920x1080 were asked for"
    assert job.status is JobStatus.FAILED


async def test_only_pictures_that_were_named_must_have_the_size(farm: LocalFarm, pictures: Path) -> None:
    write(pictures / "small.png", np.ones((4, 4, 3), dtype=np.float32))
    copies = f"cp {pictures}/good.png {OUT}/; mkdir {OUT}/thumbs; cp {pictures}/small.png {OUT}/thumbs/"
    job = await run(farm, f"{expect(width=64, height=36, files=['good.png'])}; {copies}")
    assert sorted(farm.outputs(job.id)) == ["good.png", "thumbs/small.png"]
    job = await run(farm, f"{expect(width=64, height=36, files=['good.png', 'small.png'])}; {copies}")
    assert farm.tasks(job.id)[0].message == "thumbs/small.png: it is 4x4 pixels, 64x36 were asked for"


async def test_a_file_that_was_promised_and_is_not_there_fails(farm: LocalFarm, pictures: Path) -> None:
    job = await run(farm, f"{expect(files=['good.png', 'depth.exr'])}; cp {pictures}/good.png {OUT}/")
    assert farm.tasks(job.id)[0].message == "the renderer said it was done but wrote no depth.exr"
    assert farm.outputs(job.id) == {}


async def test_a_promised_name_that_is_no_text_has_an_answer(farm: LocalFarm) -> None:
    job = await run(farm, expect(files=["\ud800.png"]))
    assert farm.tasks(job.id)[0].message == "the renderer said it was done but wrote no ?.png"
    assert "wrote no ?.png" in farm.log(job.id)


@pytest.mark.parametrize("said", ["nonsense", "[1, 2]", '{"width": "wide", "files": 3}', "{}"])
async def test_an_expectation_that_makes_no_sense_is_none(farm: LocalFarm, pictures: Path, said: str) -> None:
    job = await run(farm, f"echo 'rendermill_expect: {said}'; cp {pictures}/good.png {OUT}/")
    assert job.status is JobStatus.SUCCEEDED


async def test_what_is_expected_adds_up_and_each_picture_has_the_size_that_was_said_of_it(
    farm: LocalFarm, pictures: Path
) -> None:
    write(pictures / "small.png", np.ones((4, 4, 3), dtype=np.float32))
    small, good = expect(width=4, height=4, files=["small.png"]), expect(width=64, height=36, files=["good.png"])
    copies = f"cp {pictures}/small.png {pictures}/good.png {OUT}/"
    job = await run(farm, f"{small}; {good}; {copies}")
    assert sorted(farm.outputs(job.id)) == ["good.png", "small.png"]
    job = await run(farm, f"{small}; {good}; cp {pictures}/good.png {OUT}/")
    assert farm.tasks(job.id)[0].message == "the renderer said it was done but wrote no small.png"
    job = await run(farm, f"{small}; {good}; {expect(width=9, height=9, files=['small.png'])}; {copies}")
    assert farm.tasks(job.id)[0].message == "small.png: it is 4x4 pixels, 9x9 were asked for"


async def test_the_next_task_is_not_held_to_what_the_one_before_expected(farm: LocalFarm) -> None:
    frame = "{{Task.Param.Frame}}"
    script = f"[ {frame} = 1 ] && {expect(files=['1'])}; echo a > {OUT}/{frame}"
    job = await farm.run(template(shell(script, frames="1-2"), output="/out"), max_attempts=1)
    assert job.status is JobStatus.SUCCEEDED


async def test_a_renderer_can_fail_a_task_and_stay_warm(farm: LocalFarm, tmp_path: Path) -> None:
    entered = tmp_path / "entered"
    frame = "{{Task.Param.Frame}}"
    script = f"echo a > {OUT}/{frame}; [ {frame} = 2 ] && echo 'rendermill_fail: no memory for frame 2'; exit 0"
    step = shell(script, frames="1-3", environment=environment(onEnter=f"echo x >> {entered}"))
    job = await farm.run(template(step, output="/out"), max_attempts=2)
    assert job.status is JobStatus.FAILED
    assert [task.status is TaskStatus.SUCCEEDED for task in farm.tasks(job.id)] == [True, False, True]
    assert farm.tasks(job.id)[1].message == "no memory for frame 2"
    assert len(farm.attempts(job.id, 1)) == 2
    assert sorted(farm.outputs(job.id)) == ["1", "3"]
    assert entered.read_text() == "x\n"


async def test_a_renderer_can_ask_for_a_new_session(farm: LocalFarm, tmp_path: Path) -> None:
    entered = tmp_path / "entered"
    script = "[ {{Task.Param.Frame}} = 2 ] && echo 'rendermill_recycle: it grew to 9 GiB'; exit 0"
    step = shell(script, frames="1-4", environment=environment(onEnter=f"echo x >> {entered}"))
    job = await farm.run(template(step), max_attempts=1)
    assert job.status is JobStatus.SUCCEEDED
    assert len(entered.read_text().split()) == 2


async def test_the_latest_writer_of_a_path_has_published_it(farm: LocalFarm) -> None:
    script = f"echo {{{{Task.Param.Frame}}}} > {OUT}/same.txt"
    job = await farm.run(template(shell(script, frames="1-3"), output="/out"))
    assert farm.content(farm.outputs(job.id)["same.txt"]) == b"3\n"


# --- what stays in the session ---------------------------------------------------------------------------------


async def left_behind(farm: LocalFarm, tmp_path: Path, script: str) -> list[list[str]]:
    """What is in the staging folder of each session when a script has run twice in one and a third task runs there."""
    with Gate(tmp_path / "gate") as gate:
        waits = f"[ {{{{Task.Param.Frame}}}} = 3 ] && {{ read x < {gate}; exit 0; }}"
        job_id = await farm.submit(template(shell(f"{waits}; {script}", frames="1-3"), output="/out"), max_attempts=1)
        await farm.until(lambda: all(task.status in ENDED for task in farm.tasks(job_id)[:2]))
        found = [[file.name for file in each.iterdir()] for each in farm.data.glob("sessions/*/staging")]
        gate.let()
        await farm.ended(job_id)
    return found


@pytest.mark.parametrize(
    "end",
    [
        "echo 'rendermill_fail: no memory'",
        f"echo no picture > {OUT}/a.png",
        expect(files=["never.png"]),
        "true",
    ],
)
async def test_no_file_of_a_task_stays_in_its_session(farm: LocalFarm, tmp_path: Path, end: str) -> None:
    assert await left_behind(farm, tmp_path, f"mkdir {OUT}/sub; echo a > {OUT}/sub/a; {end}") == [[]]


@pytest.mark.parametrize(
    ("end", "message"),
    [("true", "its outputs could not be taken over: [Errno 20] "), ("echo 'rendermill_fail: no memory'", "no memory")],
)
async def test_outputs_that_cannot_be_taken_over_fail_their_task_and_end_its_session(
    farm: LocalFarm, tmp_path: Path, end: str, message: str
) -> None:
    entered = tmp_path / "entered"
    frame = "{{Task.Param.Frame}}"
    script = f"echo a > {OUT}/{frame}; [ {frame} = 1 ] && {{ echo b > {OUT}/../../staging; {end}; }}; true"
    step = shell(script, frames="1-3", environment=environment(onEnter=f"echo x >> {entered}"))
    job = await farm.run(template(step, output="/out"), max_attempts=1)
    assert farm.tasks(job.id)[0].message.startswith(message)
    assert sorted(farm.outputs(job.id)) == ["2", "3"]
    assert entered.read_text() == "x\nx\n"


# --- a full disk -----------------------------------------------------------------------------------------------


@pytest.fixture
def farm_on_a_small_disk(tmp_path: Path) -> Iterator[Path]:
    """A farm's data folder whose blobs lie on a disk of 1 MiB."""
    with small_disk(tmp_path / "farm/blobs"):
        yield tmp_path / "farm"


async def test_a_full_disk_fails_the_task_that_filled_it_and_no_other(farm_on_a_small_disk: Path) -> None:
    frame = "{{Task.Param.Frame}}"
    script = f"head -c $(( {frame} == 2 ? 2000000 : 10 )) /dev/urandom > {OUT}/{frame}"
    async with local_farm(farm_on_a_small_disk, slots=1) as farm:
        job = await farm.run(template(shell(script, frames="1-3"), output="/out"), max_attempts=2)
        assert (job.status, job.message) == (JobStatus.FAILED, "1 of 3 tasks failed")
        assert "cannot store a file: No space left on device (" in farm.tasks(job.id)[1].message
        assert sorted(farm.outputs(job.id)) == ["1", "3"]
        assert list((farm_on_a_small_disk / "blobs/tmp").iterdir()) == []
        assert all(len(farm.content(output)) == 10 for output in farm.outputs(job.id).values())


async def test_what_a_full_disk_did_not_take_does_not_stay(farm_on_a_small_disk: Path, tmp_path: Path) -> None:
    async with local_farm(farm_on_a_small_disk, slots=1) as farm:
        assert await left_behind(farm, tmp_path, f"head -c 2000000 /dev/urandom > {OUT}/big") == [[]]
