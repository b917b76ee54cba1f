"""Render tasks of a Cinnamon repository, on a farm of this machine: real processes, real Blender."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import OpenImageIO as oiio
import pytest

from rendermill.sdk.cinnamon import Cinnamon
from rendermill.sdk.client import Client
from support.cinnamon_farm import OWNER, PASSWORD, SEED, Farm, messages, state, task
from support.command import Server, serving
from support.processes import Bell, Gate

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def scene(bpy_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example scene, with a library and a texture beside it."""
    folder = tmp_path_factory.mktemp("scene")
    build = [str(bpy_python), str(ROOT / "examples/build_scene.py"), str(folder)]
    subprocess.run(build, check=True, stdout=subprocess.DEVNULL, timeout=300)
    return folder


def with_user(server: Server) -> Farm:
    """The farm, with a user."""
    done = server.run("user", "create", OWNER, "--password-stdin", "--data", server.data, stdin=PASSWORD)
    assert done.code == 0, done
    return Farm(server)


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Farm]:
    base = tmp_path_factory.mktemp("cinnamon")
    with serving(base / "farm", base / "home", "--slots", "2") as server:
        yield with_user(server)


@pytest.fixture
def anna(farm: Farm) -> Iterator[Cinnamon]:
    with farm.connect() as client:
        yield client


def native(server: Server) -> Client:
    """The farm's own API, as the user who started it."""
    return Client(server.url, lambda: f"Bearer {(server.data / 'token').read_text()}")


def ended(server: Server, client: Cinnamon, task_id: int) -> str:
    """Wait for a task's end; its state then. The jobs of the farm are followed; what is left is a moment's work."""
    farm = native(server)
    while (found := state(client, task_id)) in ("new", "rendering"):
        for job in farm.jobs():
            if job["status"] not in ("succeeded", "failed", "canceled"):
                list(farm.watch(job["id"]))
    return found


def uploaded(client: Cinnamon, scene: Path, folder: str) -> int:
    """The scene and what it needs as objects of a folder; the scene's id."""
    home = client.get_folder_by_path(folder, make=True).id
    client.create("vane", home, file=scene / "props/vane.blend", file_format="blend")
    client.create("tiles", home, file=scene / "textures/tiles.png", file_format="png")
    return client.create("mill", home, file=scene / "mill.blend", file_format="blend")


def related(client: Cinnamon, task_id: int) -> list[int]:
    found = client.send("getrelations", leftid=task_id)
    return [int(each.text or "") for each in found.iterfind("relation/rightId")]


def test_a_scene_of_the_repository_is_rendered_and_the_pictures_lie_beside_its_task(
    farm: Farm, anna: Cinnamon, scene: Path, tmp_path: Path
) -> None:
    source = uploaded(anna, scene, "/shots/mill")
    home = anna.get_object(source).parent_id
    inside = f"<sourceId>{source}</sourceId><frames>1-3</frames><samples>2</samples><movie>mill.mp4</movie>"
    asked = f'<meta><metaset type="render_input"><renderTaskName>blender</renderTaskName>{inside}</metaset></meta>'
    made = anna.start_render_task(asked, name="the mill", parent_id=home)
    assert ended(farm.server, anna, made) == "finished", messages(anna, made)
    told = messages(anna, made)
    assert told[0].startswith("info: job ") and told[-1] == "info: finished; 4 files"
    assert not any(each.startswith(("warning", "error")) for each in told)

    movie = tmp_path / "mill.mp4"
    anna.get_content(made, movie)
    assert movie.read_bytes()[4:8] == b"ftyp"
    names = {anna.get_object(each).name: each for each in related(anna, made)}
    assert sorted(names) == ["mill.mp4", "mill_0001.png", "mill_0002.png", "mill_0003.png"]
    job = native(farm.server).jobs()[0]
    published = {each["path"]: each for each in native(farm.server).outputs(job["id"])}
    for name, each in names.items():
        target = tmp_path / f"again-{name}"
        anna.get_content(each, target)
        assert target.stat().st_size == published[name]["size"]
        if name.endswith(".png"):
            picture = oiio.ImageBuf(str(target)).spec()
            assert (picture.width, picture.height) == (480, 270)
    shown = anna.send("getobject", id=names["mill_0002.png"])
    sha256 = hashlib.sha256((tmp_path / "again-mill_0002.png").read_bytes()).hexdigest()
    assert shown.findtext("object/contentHash") == sha256
    assert shown.findtext("object/objectType/name") == "image"
    assert job["owner"] == OWNER


def test_a_scene_whose_files_are_not_in_its_folder_says_which(farm: Farm, anna: Cinnamon, scene: Path) -> None:
    home = anna.get_folder_by_path("/lonely", make=True).id
    source = anna.create("lonely", home, file=scene / "mill.blend", file_format="blend")
    made = task(anna, "blender", f"<sourceId>{source}</sourceId>")
    assert ended(farm.server, anna, made) == "failed"
    assert "tiles.png, vane.blend" in messages(anna, made)[0]


def test_a_render_that_is_cancelled_fails_its_task(farm: Farm, anna: Cinnamon, scene: Path) -> None:
    source = uploaded(anna, scene, "/shots/cancelled")
    made = task(anna, "blender", f"<sourceId>{source}</sourceId><frames>1-200</frames><samples>500</samples>")
    while not native(farm.server).jobs()[0]["name"].startswith("blender") or state(anna, made) == "new":
        assert state(anna, made) in ("new", "rendering"), messages(anna, made)
    job = native(farm.server).jobs()[0]
    assert farm.server.run("cancel", job["id"]).code == 0
    assert ended(farm.server, anna, made) == "failed"
    assert f"job {job['id']} was cancelled" in messages(anna, made)[-1]


async def test_a_farm_that_is_killed_goes_on_with_its_tasks_when_it_comes_back(scene: Path, tmp_path: Path) -> None:
    home, data = tmp_path / "home", tmp_path / "farm"
    with Gate(tmp_path / "gate") as gate, Bell(tmp_path / "bell") as bell:
        with serving(data, home, "--slots", "1", "--no-spare") as first:
            farm = with_user(first)
            words = ("program", "set", "wait", "--repository", SEED, "--data", data)
            work = f'echo $$ > {bell}; read _ < {gate}; echo done > "$CINNAMON_OUTPUT/a.txt"'
            done = first.run("cinnamon", *words, "--", "/bin/sh", "-c", work)
            assert done.code == 0, done
            with farm.connect() as client:
                made, later = task(client, "wait"), task(client, "nobody")
                await bell.line()
                assert state(client, made) == "rendering"
            first.kill()
        with serving(data, home, "--slots", "1", "--no-spare") as second, Farm(second).connect() as client:
            assert (state(client, made), state(client, later)) == ("rendering", "new")
            gate.let()
            assert ended(second, client, made) == "finished"
            client.get_content(made, tmp_path / "a.txt")
            assert (tmp_path / "a.txt").read_text() == "done\n"
            assert len(native(second).jobs()) == 1
            assert sum("finished" in each for each in messages(client, made)) == 1
