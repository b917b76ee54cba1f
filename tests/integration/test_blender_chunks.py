"""Several frames in one task, in a real Blender; and the size of the pictures that a job wishes."""

from __future__ import annotations

import re
import sys
from collections.abc import AsyncIterator, Callable
from itertools import chain
from pathlib import Path
from typing import Any

import OpenImageIO as oiio
import pytest
import pytest_asyncio

from rendermill.farm.model.records import AttemptKey, Job
from rendermill.farm.model.status import JobStatus, TaskStatus
from rendermill.farm.model.submission import Asset
from rendermill.renderers.blender import BlenderWishes, draft
from rendermill.scenes.read import read_scene
from rendermill.scenes.report import SceneReport
from rendermill.software.blender.installations import Installation, for_sessions
from rendermill.software.blender.launcher import commands
from support import scenes
from support.local_farm import LocalFarm, local_farm
from support.processes import Gate

pytestmark = pytest.mark.asyncio(loop_scope="module")
THREE = {"defaultTaskCount": 3, "rangeConstraint": "NONCONTIGUOUS"}
Build = Callable[[str], Path]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def farm(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LocalFarm]:
    """A farm of one slot whose sessions have a Blender."""
    folder = tmp_path_factory.mktemp("commands")
    for name, script in commands(sys.executable).items():
        (folder / name).write_text(script)
        (folder / name).chmod(0o755)
    data = tmp_path_factory.mktemp("farm")
    async with local_farm(data, slots=1, path=(str(folder),), environment=for_sessions()) as made:
        yield made


@pytest.fixture(scope="module")
def plain(bpy_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return scenes.build(bpy_python, tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="module")
def report(plain: Path) -> SceneReport:
    return read_scene(plain)


class Renders:
    """Makes jobs of scenes as the Blender renderer does, but for their step."""

    def __init__(self, farm: LocalFarm, report: SceneReport, installation: Installation) -> None:
        self._farm, self._report, self._installation = farm, report, installation

    async def submit(
        self, scene: Path, frames: str = "1", chunks: dict[str, Any] | None = None, settings: tuple[str, ...] = ()
    ) -> int:
        made = draft(scene, self._report, BlenderWishes(auto_run=True), Path("/show/out"), self._installation)
        step = made.template["steps"][0]
        step["stepEnvironments"][0]["script"]["actions"]["onEnter"]["args"] += settings
        if chunks is not None:
            made.template["extensions"] = ["TASK_CHUNKING"]
            frame = {"name": "Frame", "type": "CHUNK[INT]", "range": "{{Param.Frames}}", "chunks": chunks}
            step["parameterSpace"] = {"taskParameterDefinitions": [frame]}
        with self._farm.blobs.writer() as writer:
            writer.write(scene.read_bytes())
            sent = Asset(str(scene), writer.commit(), writer.size)
        return await self._farm.submit(
            made.template,
            parameters=made.parameters | {"Frames": frames},
            inputs=(sent,),
            max_attempts=1,
        )

    async def __call__(self, *about: Any, **options: Any) -> Job:
        return await self._farm.ended(await self.submit(*about, **options))


@pytest.fixture
def render(farm: LocalFarm, report: SceneReport, installation: Installation) -> Renders:
    return Renders(farm, report, installation)


@pytest.fixture
def build(bpy_python: Path, tmp_path: Path) -> Build:
    """Makes a scene whose own script does something when a frame is about to be rendered or was written."""
    return lambda body: scenes.build(bpy_python, tmp_path / "scene", body)


def after(frame: int, deed: str) -> str:
    """A scene whose own script does ``deed`` to the picture of ``frame``."""
    text = (
        "import bpy, os\n"
        "def written(scene, *_):\n"
        "    picture = scene.render.frame_path(frame=scene.frame_current)\n"
        f"    if scene.frame_current == {frame}:\n"
        f"        {deed}\n"
        "bpy.app.handlers.render_write.append(written)\n"
    )
    return f"scene.camera = camera()\nscript({text!r})\nsave()"


def pictures(*frames: int) -> list[str]:
    return [f"scene_{frame:04}.png" for frame in frames]


def chunks_of(farm: LocalFarm, job: Job) -> list[list[int]]:
    """The frames of each task as Blender rendered them."""
    logs = [farm.log(job.id, task.key.index) for task in farm.tasks(job.id)]
    return [[int(found) for found in re.findall(r"^Saved: '.*_(\d+)\.png'", log, re.MULTILINE)] for log in logs]


def sizes(farm: LocalFarm, job: Job) -> dict[str, tuple[int, int]]:
    found = {}
    for path, output in farm.outputs(job.id).items():
        spec = oiio.ImageBuf(str(farm.blobs.checked(output.hash))).spec()
        found[path] = (spec.width, spec.height)
    return found


# --- chunks ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frames", "constraint", "expected"),
    [
        ("1-7", "NONCONTIGUOUS", [[1, 2, 3], [4, 5], [6, 7]]),
        ("1-9:2", "NONCONTIGUOUS", [[1, 3, 5], [7, 9]]),
        ("1-4,7", "CONTIGUOUS", [[1, 2], [3, 4], [7]]),
    ],
)
async def test_a_chunk_of_frames_is_one_task_and_every_frame_a_picture(
    farm: LocalFarm, render: Renders, plain: Path, frames: str, constraint: str, expected: list[list[int]]
) -> None:
    job = await render(plain, frames, THREE | {"rangeConstraint": constraint})
    assert job.status is JobStatus.SUCCEEDED, farm.tasks(job.id)
    assert chunks_of(farm, job) == expected
    assert sizes(farm, job) == dict.fromkeys(pictures(*chain(*expected)), (64, 36))
    assert len({farm.attempts(job.id, index)[0].session for index in range(len(expected))}) == 1


async def test_the_first_frame_that_fails_fails_its_chunk_and_ends_it(
    farm: LocalFarm, render: Renders, build: Build
) -> None:
    scene = build(scenes.misbehaving(5, "os.mkdir(scene.render.frame_path(frame=5))"))
    job = await render(scene, "1-9", THREE)
    assert [task.status is TaskStatus.SUCCEEDED for task in farm.tasks(job.id)] == [True, False, True]
    assert re.match(r"frame 5: .*scene_0005\.png", farm.tasks(job.id)[1].message)
    assert chunks_of(farm, job) == [[1, 2, 3], [4], [7, 8, 9]]
    assert sorted(farm.outputs(job.id)) == pictures(1, 2, 3, 7, 8, 9)
    assert len({farm.attempts(job.id, index)[0].session for index in range(3)}) == 1


@pytest.mark.parametrize(
    ("deed", "reason"),
    [
        ("os.remove(picture)", "the renderer said it was done but wrote no scene_0002.png"),
        ("os.truncate(picture, 90)", "scene_0002.png: the PNG is cut off: its end (IEND) is missing"),
    ],
)
async def test_every_picture_of_a_chunk_is_looked_for_and_looked_at(
    farm: LocalFarm, render: Renders, build: Build, deed: str, reason: str
) -> None:
    job = await render(build(after(2, deed)), "1-5", THREE)
    assert [task.message for task in farm.tasks(job.id)] == [reason, ""]
    assert chunks_of(farm, job) == [[1, 2, 3], [4, 5]]
    assert sorted(farm.outputs(job.id)) == pictures(4, 5)


@pytest.mark.parametrize("chunks", [THREE, THREE | {"defaultTaskCount": 1}], ids=["chunk", "single"])
async def test_the_frame_in_which_blender_died_is_named(
    farm: LocalFarm, render: Renders, build: Build, chunks: dict[str, Any]
) -> None:
    job = await render(build(scenes.misbehaving(5, scenes.SEGFAULT)), "4-6", chunks)
    failed = [task.message for task in farm.tasks(job.id) if task.status is TaskStatus.FAILED]
    assert failed == ["Blender died in frame 5 (signal 11, a segmentation fault)"]
    assert len(farm.outputs(job.id)) == (2 if len(farm.tasks(job.id)) == 3 else 0)


async def test_progress_is_that_of_the_whole_chunk(
    farm: LocalFarm, render: Renders, build: Build, tmp_path: Path
) -> None:
    with Gate(tmp_path / "gate") as gate:
        scene = build(scenes.misbehaving(3, f"open({str(gate.path)!r}).readline()"))
        job_id = await render.submit(scene, "1-4", {"defaultTaskCount": 4, "rangeConstraint": "CONTIGUOUS"})
        key = AttemptKey(*farm.tasks(job_id)[0].key, 1)
        await farm.until(lambda: farm.farm.news.progress.get(key, (0, ""))[0] == 0.5)
        gate.let()
        assert (await farm.ended(job_id)).status is JobStatus.SUCCEEDED


@pytest.mark.parametrize(
    ("frames", "reason"),
    [
        ("-3--1", "frame -3: Blender has no such frame, the nearest is 0"),
        ("1048574-1048575", "frame 1048575: Blender has no such frame, the nearest is 1048574"),
    ],
)
async def test_frames_that_blender_does_not_have_fail(
    farm: LocalFarm, render: Renders, plain: Path, frames: str, reason: str
) -> None:
    job = await render(plain, frames, THREE)
    assert farm.tasks(job.id)[0].message == reason


# --- the size of pictures --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "size"),
    [
        (("width=48", "height=20"), (48, 20)),
        (("width=48", "height=20", "resolution=50"), (24, 10)),
        (("width=48", "height="), (48, 36)),
        (("width=0", "height=4"), (64, 4)),
    ],
)
async def test_pictures_have_the_size_that_was_wished(
    farm: LocalFarm, render: Renders, build: Build, settings: tuple[str, ...], size: tuple[int, int]
) -> None:
    scene = build(f"scene.render.resolution_percentage = 200\n{scenes.PLAIN}")
    job = await render(scene, settings=settings)
    assert job.status is JobStatus.SUCCEEDED, farm.tasks(job.id)
    assert sizes(farm, job) == {"scene_0001.png": size}


@pytest.mark.parametrize("setting", ["width=3", "height=65537", "width=-48", "height=tall", "width=1e3"])
async def test_a_size_that_no_picture_has_is_refused(
    farm: LocalFarm, render: Renders, plain: Path, setting: str
) -> None:
    job = await render(plain, settings=(setting,))
    assert job.status is JobStatus.FAILED
    name, _, value = setting.partition("=")
    assert f"the {name} is 4 to 65536 pixels, not {value}" in farm.tasks(job.id)[0].message
