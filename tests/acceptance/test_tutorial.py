"""The Rayvision SDK's tutorial, line by line, against a farm that runs: from login to downloaded frames."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rendermill.assets.hashing import hash_file
from support import scenes
from support import scenes_houdini as houdini
from support import scenes_maya as maya
from support.command import serving
from support.rayvision_user import Key, host_of, make_key

ROOT = Path(__file__).resolve().parent.parent.parent
TUTORIAL = ROOT / "examples/rayvision_tutorial.py"
STATUS_WAITING = 0


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Key]:
    folder = tmp_path_factory.mktemp("tutorial")
    made = make_key(folder / "farm", folder / "home")
    with serving(folder / "farm", folder / "home", "--slots", "2") as server:
        yield Key(host_of(server), *made)


def tutorial(key: Key, home: Path, scene: Path, output: Path, *more: str) -> dict[str, Any]:
    """Run the script as its reader would; what it says at its end."""
    environment = {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "RENDERMILL_SERVER": f"http://{key.host}",
        "RENDERMILL_SOFTWARE": os.environ.get(
            "RENDERMILL_SOFTWARE", str(Path.home() / ".local/share/rendermill/software")
        ),
        "RAYVISION_API_ACCESS_ID": key.access_id,
        "RAYVISION_API_KEY": key.access_key,
    }
    words = [sys.executable, str(TUTORIAL), str(scene), str(output), *more]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert key.access_key not in done.stdout + done.stderr
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return said


def hashes(folder: Path) -> dict[str, str]:
    """The files below a folder by their paths, hidden ones too."""
    return {str(path.relative_to(folder)): hash_file(path) for path in folder.rglob("*") if path.is_file()}


def of_server(key: Key, folder: str) -> dict[str, str]:
    """What the farm has in a folder of the output storage."""
    listed = json.loads(key.request(f"/api/v1/files/output?folder={folder}")[0])["files"]
    return {file["path"]: file["hash"] for file in listed}


def test_a_blender_scene_goes_from_login_to_frames_in_every_way_of_downloading(
    key: Key, bpy_python: Path, tmp_path: Path
) -> None:
    scene = scenes.build(bpy_python, tmp_path / "my show 镜头", scenes.WITH_FILES)
    (tmp_path / "home").mkdir()
    said = tutorial(key, tmp_path / "home", scene, tmp_path / "out")
    there = of_server(key, said["folder"])
    frames = [path for path in there if path.endswith(".png")]
    assert said["folder"] == f"{said['task']}_scene"
    assert len(frames) == 4
    for way in ("as_they_finish", "by_task", "by_path"):
        assert hashes(Path(said[way])) == there
    without = {path.removeprefix(f"{said['folder']}/"): digest for path, digest in there.items()}
    assert hashes(Path(said["when_done"])) == without
    config = json.loads(key.request("/api/v1/files/config")[0])["files"]
    names = ("asset.json", "task.json", "tips.json", "upload.json")
    assert {file["path"] for file in config} >= {f"{said['task']}/cfg/{name}" for name in names}
    written = json.loads((Path(said["workspace"]) / "task.json").read_text())
    assert written["task_info"]["task_id"] == str(said["task"])
    assert written["additional_info"] == {"shot": "sh010"}


def test_a_houdini_scene_comes_to_the_reason_why_it_waits(key: Key, tmp_path: Path) -> None:
    scene = tmp_path / "show/shot.hip"
    scene.parent.mkdir()
    scene.write_bytes(houdini.Hip().rop(camera="/obj/cam1").camera().data())
    (tmp_path / "home").mkdir()
    said = tutorial(key, tmp_path / "home", scene, tmp_path / "out", "--wait")
    assert said["status"] == STATUS_WAITING
    assert "no worker has houdini" in said["remark"]


def test_a_maya_scene_comes_to_the_reason_why_it_waits(key: Key, tmp_path: Path) -> None:
    scene = tmp_path / "show/shot.ma"
    scene.parent.mkdir()
    nodes = (maya.globals_(an=True, fs=1, ef=3), *maya.camera("shotCam", rnd=True))
    scene.write_bytes(maya.ascii_scene(maya.Scene(nodes)))
    (tmp_path / "home").mkdir()
    said = tutorial(key, tmp_path / "home", scene, tmp_path / "out", "--wait")
    assert said["status"] == STATUS_WAITING
    assert "no worker has maya" in said["remark"]


@pytest.mark.parametrize(
    ("scene", "output", "named"), [("a.txt", "out", "no scene"), ("a.hip", "show/out", "elsewhere")]
)
def test_what_cannot_work_is_told_before_anything_is_sent(tmp_path: Path, scene: str, output: str, named: str) -> None:
    words = [sys.executable, str(TUTORIAL), str(tmp_path / "show" / scene), str(tmp_path / output)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert named in done.stderr
    assert list(tmp_path.iterdir()) == []
