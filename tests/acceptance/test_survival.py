"""kill -9 of the server at any moment: nothing committed is lost, no frame is rendered or published twice."""

from __future__ import annotations

import contextlib
import os
import random
import sqlite3
from pathlib import Path

import pytest

from rendermill.data_folder import farm_mark
from rendermill.engine.processes import MARK
from support import scenes
from support.command import Server, serving

FRAMES = 24
KILLS = 10


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory, bpy_python: Path) -> Path:
    """A frame takes a good quarter of a second, so that a kill finds work under way."""
    body = "scene.render.resolution_x, scene.render.resolution_y = 320, 180\nscene.cycles.samples = 24\n"
    return scenes.build(bpy_python, tmp_path_factory.mktemp("survival"), body + scenes.PLAIN)


def test_a_killed_server_goes_on_where_it_was(tmp_path: Path, scene: Path) -> None:
    kill_and_look(tmp_path, scene, after=5)


@pytest.mark.soak
@pytest.mark.parametrize("turn", range(KILLS))
def test_a_killed_server_goes_on_at_ten_random_moments(turn: int, tmp_path: Path, scene: Path) -> None:
    kill_and_look(tmp_path, scene, after=random.Random(turn).randrange(0, FRAMES))


def kill_and_look(folder: Path, scene: Path, after: int) -> None:
    """Kill the server once ``after`` frames are done, start another, and look at everything."""
    data, home = folder / "farm", folder / "home"
    with serving(data, home, "--slots", "2") as server:
        job_id = server.submit(scene, "--frames", f"1-{FRAMES}")
        wait_for_frames(server, job_id, after)
        mark = farm_mark(data)
        server.kill()
    done = finished(data)
    assert len(done) >= after
    with serving(data, home, "--slots", "2") as server:
        out = folder / "out"
        assert server.run("download", job_id, "--follow", "--output", out).code == 0
        assert server.job(job_id)["tasks"]["succeeded"] == FRAMES
        assert len(list(out.glob("*.png"))) == FRAMES
    look_at_the_store(data, done)
    assert not processes_of(mark), "no process of either server is left"


def wait_for_frames(server: Server, job_id: int, wanted: int) -> None:
    from rendermill.sdk.client import Client

    token = (server.data / "token").read_text()
    for job in Client(server.url, lambda: f"Bearer {token}").watch(job_id):
        if job["tasks"]["succeeded"] >= wanted:
            return


def rows(data: Path, sql: str) -> list[tuple[int, ...]]:
    database = sqlite3.connect(data / "farm.db")
    try:
        return database.execute(sql).fetchall()
    finally:
        database.close()


def pairs(data: Path, sql: str) -> list[tuple[int, int]]:
    return [(first, second) for first, second in rows(data, sql)]


def finished(data: Path) -> dict[int, int]:
    """Tasks that had succeeded → the attempt that did it."""
    return dict(pairs(data, "SELECT idx, attempt FROM tasks WHERE status='succeeded'"))


def look_at_the_store(data: Path, done: dict[int, int]) -> None:
    after = dict(pairs(data, "SELECT idx, attempt FROM tasks"))
    assert all(after[index] == attempt for index, attempt in done.items()), "finished frames were not rendered again"
    succeeded = rows(data, "SELECT idx, COUNT(*) FROM attempts WHERE status='succeeded' GROUP BY idx")
    assert sorted(succeeded) == [(index, 1) for index in range(FRAMES)], "every frame succeeded once"
    published = rows(data, "SELECT idx, attempt FROM outputs ORDER BY idx")
    assert published == sorted(after.items()), "each frame's file is of the attempt that succeeded"
    assert rows(data, "SELECT COUNT(DISTINCT path) FROM outputs") == [(FRAMES,)]
    assert not rows(data, "SELECT 1 FROM attempts WHERE finished IS NULL")


def processes_of(mark: str) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                environ = (entry / "environ").read_bytes()
            except OSError:
                continue
            if f"{MARK}={mark}".encode() in environ.split(b"\0"):
                found.append(int(entry.name))
    return found


def test_a_killed_server_leaves_no_process_behind(tmp_path: Path, scene: Path) -> None:
    data = tmp_path / "farm"
    with serving(data, tmp_path / "home", "--slots", "2") as server:
        job_id = server.submit(scene, "--frames", "1-8")
        wait_for_frames(server, job_id, 1)
        mark = farm_mark(data)
        alive = processes_of(mark)
        assert len(alive) >= 6, "fork server, two reapers, two hosts, two Blenders"
        handles = []
        for pid in alive:
            with contextlib.suppress(ProcessLookupError):  # a command that ended at this moment
                handles.append(os.pidfd_open(pid))
        server.kill()
        for handle in handles:
            wait_for_end(handle)
    assert not processes_of(mark)


def wait_for_end(pidfd: int) -> None:
    """Wait, a second at most, until a process has ended."""
    import select

    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    ended = bool(poll.poll(1000))
    os.close(pidfd)
    assert ended, "a process outlived its server by more than a second"


def test_a_second_server_on_the_same_folder_refuses_and_says_why(tmp_path: Path) -> None:
    from support.command import run

    with serving(tmp_path / "farm", tmp_path / "home") as server:
        second = run(tmp_path / "home", "serve", "--data", tmp_path / "farm", "--port", "0")
        assert second.code == 5
        assert f"process {server.process.pid}" in second.err
        assert "another server" in second.err
        assert server.run("jobs").code == 0, "the first one is not disturbed"
