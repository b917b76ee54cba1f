"""A user of a farm who works by the Rayvision API, and what a script of theirs has written before it submits."""

from __future__ import annotations

import base64
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.command import Server, run

USER = "ann"


@dataclass(frozen=True)
class Key:
    """An access key, and the farm that it is for."""

    host: str
    access_id: str
    access_key: str

    def request(self, path: str, *, method: str = "GET", body: bytes | None = None) -> tuple[bytes, str]:
        """Ask the farm for something by HTTP Basic; the content, and its hash where it is a stored file."""
        secret = base64.b64encode(f"{self.access_id}:{self.access_key}".encode()).decode()
        asked = urllib.request.Request(
            f"http://{self.host}{path}", data=body, method=method, headers={"Authorization": f"Basic {secret}"}
        )
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return answer.read(), answer.headers.get("X-Hash", "")

    def put(self, file: Path, name: str) -> None:
        """Put a file into the user's input storage."""
        self.request(f"/api/v1/files/input/{name}", method="PUT", body=file.read_bytes())

    def output(self, name: str) -> tuple[bytes, str]:
        """A finished file and its hash."""
        return self.request(f"/api/v1/files/output/{name}")


def make_key(data: Path, home: Path) -> tuple[str, str]:
    """A user of the farm, and a key of theirs."""
    home.mkdir(parents=True)
    made = run(home, "user", "create", USER, "--password-stdin", "--data", data, stdin="hunter2hunter2\n")
    assert made.code == 0, made
    key = run(home, "key", "create", "--user", USER, "--data", data, "--json").json
    return key["access_id"], key["access_key"]


def host_of(server: Server) -> str:
    return server.url.removeprefix("http://")


def task_json(project: Path, frames: str, **task_info: Any) -> dict[str, Any]:
    """What an analysis of the scene writes."""
    return {
        "software_config": {"cg_name": "Blender", "cg_version": "4.5", "plugins": {}},
        "task_info": {
            "input_cg_file": str(project / "scene.blend"),
            "cg_id": "2007",
            "task_id": "",
            "user_id": "",
            "project_id": "",
            "project_name": "",
            "os_name": "0",
            "ram": "64",
            "platform": "2",
            "channel": "4",
            "frames_per_task": "1",
            "pre_frames": "000",
            "stop_after_test": "2",
            "job_stop_time": "600",
            "hardwareConfigIds": [],
            "graphics_cards_num": "2",
            **task_info,
        },
        "scene_info": {
            "common": {
                "frames": frames,
                "width": "64",
                "height": "36",
                "Render_Format": "PNG",
                "scene_name": ["Scene"],
                "camera_name": "Camera",
                "Output_path": "/tmp/",
            }
        },
        "additional_info": {"shot": "sh010"},
    }


def upload_json(project: Path) -> dict[str, Any]:
    """The files of the scene, as an analysis lists them."""
    listed = [{"local": str(file), "server": str(file).lstrip("/")} for file in sorted(project.rglob("*.*"))]
    scene = [
        {**each, "hash": "d41d8cd98f00b204e9800998ecf8427e"} for each in listed if each["local"].endswith("e.blend")
    ]
    return {"scene": scene, "asset": listed}
