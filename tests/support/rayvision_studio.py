"""A farm with a user who is logged in by the Rayvision SDK's names, and whose frames are done when a test says so."""

from __future__ import annotations

import json
import os
import shlex
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from blake3 import blake3

from rayvision_api.core import RayvisionAPI
from rayvision_sync.upload import RayvisionUpload
from rendermill.sdk.transfer_log import TransferLog
from support.command import Server, serving
from support.rayvision import rops, stand_in
from support.rayvision_user import make_key

SECONDS = 120
CONFIGS = ("task.json", "tips.json", "asset.json", "upload.json")


@dataclass
class Studio:
    """A farm, a user who is logged in to it, and frames that are done when the test says so."""

    server: Server
    key: tuple[str, str]
    api: RayvisionAPI
    gates: Path

    def go(self, frame: int) -> None:
        """Let a frame be done: returns once its renderer takes notice."""
        (self.gates / str(frame)).write_bytes(b"go\n")

    def stored(self, storage: str, folder: str = "") -> dict[str, str]:
        """The hashes of the files in a storage."""
        files = self.api.rendermill.json("GET", f"/files/{storage}", {"folder": folder})["files"]
        return {each["path"]: each["hash"] for each in files}

    def written(self, folder: Path, *frames: str, **task_info: Any) -> list[str]:
        """A scene with what an analysis of it writes."""
        folder.mkdir(parents=True)
        scene = folder / "shot.hip"
        scene.write_bytes(os.urandom(5000))
        task = rops(*frames, input_cg_file=str(scene), **task_info)
        pair = {"local": str(scene), "server": str(scene).lstrip("/")}
        for name, content in zip(CONFIGS, (task, {}, {}, {"scene": [pair], "asset": [pair]}), strict=True):
            (folder / name).write_text(json.dumps(content))
        return [str(folder / name) for name in CONFIGS]

    def task(self, folder: Path, *frames: str, **task_info: Any) -> int:
        """A task that is submitted."""
        task, tips, asset, upload = self.written(folder, *frames, **task_info)
        task_id = self.api.task.task_id
        assert RayvisionUpload(self.api).upload(str(task_id), task, tips, asset, upload)
        assert self.api.submit(int(task_id))
        return int(task_id)

    def until(self, task_id: int, happened: Callable[[dict[str, Any]], bool]) -> None:
        """Wait until the farm's job stands so."""
        job = int(self.api.query.task_info([task_id])["items"][0]["munuTaskId"])
        assert any(happened(state) for state in self.api.rendermill.watch(job))

    def rendered(self, folder: Path, *frames: str) -> int:
        """A task that is done."""
        task_id = self.task(folder, *frames)
        self.until(task_id, lambda job: job["status"] == "succeeded")
        return task_id


GATE = 'gate="GATES/$frame"; [ ! -p "$gate" ] || read -r line < "$gate"'


HOUDINI = ("--slots", "2", "--software", "houdini 17.5")


@contextmanager
def opened(folder: Path) -> Iterator[Studio]:
    """A studio of one's own. Frames from 11 on wait at gates, others are done at once."""
    gates = folder / "gates"
    gates.mkdir(parents=True)
    for frame in range(11, 40):
        os.mkfifo(gates / str(frame))
    made = make_key(folder / "farm", folder / "home")
    stand_in(folder / "farm" / "commands", GATE.replace("GATES", shlex.quote(str(gates))))
    with serving(folder / "farm", folder / "home", *HOUDINI) as server:
        api = RayvisionAPI(*made, domain=server.url, platform="2")
        yield Studio(server, made, api, gates)
        api.rendermill.close()


def tree(folder: Path) -> dict[str, str]:
    """The hashes of all files below a folder."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): blake3(path.read_bytes()).hexdigest() for path in files}


def lines(log: Path) -> list[list[str]]:
    """The cells of a log."""
    return [line.split("\t") for line in log.read_text().splitlines()]


def listed(folder: Path, *files: Path) -> Path:
    """An upload.json."""
    folder.mkdir(parents=True, exist_ok=True)
    assets = [{"local": str(file), "server": str(file)} for file in files]
    (folder / "upload.json").write_text(json.dumps({"asset": assets}))
    return folder / "upload.json"


def some_files(folder: Path, count: int = 3) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    made = [folder / f"tex {number}.png" for number in range(count)]
    for path in made:
        path.write_bytes(os.urandom(1000))
    return made


def outputs(studio: Studio, task_id: int) -> dict[str, str]:
    """The hashes of what a task has rendered."""
    folder = studio.api.query.task_info([task_id])["items"][0]["outputFileName"]
    found = studio.stored("output", folder)
    assert found
    return found


class Frames:
    """Hears the files that a download brings, from its log."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.names: list[str] = []
        self._changed = threading.Condition()
        plain = TransferLog.done

        def done(log: TransferLog, path: Path, name: str, size: int, *, moved: bool) -> None:
            plain(log, path, name, size, moved=moved)
            with self._changed:
                self.names.append(path.name)
                self._changed.notify_all()

        monkeypatch.setattr(TransferLog, "done", done)

    def until(self, name: str, download: Future[bool]) -> None:
        """Wait until a file of that name is here."""
        with self._changed:
            assert self._changed.wait_for(lambda: name in self.names, SECONDS), (self.names, download)
