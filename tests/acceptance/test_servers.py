"""Servers that stop, die and come back, and the commands that are connected to them meanwhile."""

from __future__ import annotations

import os
import signal
import threading
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from rendermill.sdk.client import Client
from support import scenes
from support.command import SECONDS, Server, run, serving, started
from support.processes import Bell, Gate, gone, lineage


def client(server: Server) -> Client:
    return Client(server.url, lambda: f"Bearer {(server.data / 'token').read_text()}")


def announcements(home: Path) -> list[Path]:
    return list((home / ".local/state/rendermill/servers").iterdir())


def test_who_follows_a_job_stays_with_it_when_the_server_is_killed_and_comes_back(tmp_path: Path) -> None:
    """Its key, the token of the local server, is another one then."""
    home, data = tmp_path / "home", tmp_path / "farm"
    with Gate(tmp_path / "gate") as gate:
        with serving(data, home, "--slots", "1") as first:
            job_id = first.submit("--", "/bin/sh", "-c", f"read _ < {gate}")
            port, seen = str(urlsplit(first.url).port), client(first).watch(job_id)
            assert any(job["status"] == "running" for job in seen)
            first.kill()
        followed = threading.Thread(target=lambda: list(seen))
        followed.start()
        with serving(data, home, "--slots", "1", "--port", port) as second:
            assert second.url == first.url
            gate.let()
            followed.join(SECONDS)
            assert not followed.is_alive()
            assert second.job(job_id)["status"] == "succeeded"


def test_a_server_that_nobody_brings_back_ends_the_wait_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rendermill.farm.model.errors import UnreachableError

    monkeypatch.setattr("rendermill.sdk.client._AGAIN_SECONDS", (0.0, 0.0))
    with serving(tmp_path / "farm", tmp_path / "home") as server:
        job_id = server.submit("--paused", "--", "/bin/true")
        seen = client(server).watch(job_id)
        assert next(seen)["status"] == "paused"
        server.kill()
        with pytest.raises(UnreachableError, match="no server answers there"):
            list(seen)


def test_a_server_that_is_told_to_stop_ends_what_follows_it_quietly(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with serving(tmp_path / "farm", home) as server:
        job_id = server.submit("--paused", "--", "/bin/true")
        seen = client(server).watch(job_id)
        next(seen)
        assert len(announcements(home)) == 1
        assert server.stop() == 0
    assert announcements(home) == [], "nobody looks for it any more"
    log = (home / "farm.log").read_text()
    assert "Traceback" not in log, log
    assert "Cancel" not in log, log


def test_ctrl_c_in_a_terminal_fails_nothing(tmp_path: Path) -> None:
    """It goes to every process of the terminal, and not to the server alone."""
    home, data = tmp_path / "home", tmp_path / "farm"
    with Gate(tmp_path / "gate") as gate:
        with serving(data, home, "--slots", "1") as server:
            job_id = server.submit("--max-attempts", "1", "--", "/bin/sh", "-c", f"read _ < {gate}")
            assert any(job["status"] == "running" for job in client(server).watch(job_id))
            os.killpg(server.process.pid, signal.SIGINT)
            assert server.process.wait(SECONDS) == 0
        gate.let()
        with serving(data, home, "--slots", "1") as server:
            assert [job["status"] for job in client(server).watch(job_id)][-1] == "succeeded"
    assert "fork server ended" not in (home / "farm.log").read_text()


async def test_a_killed_render_takes_its_farm_with_it_and_the_next_one_clears_up(
    bpy_python: Path, tmp_path: Path
) -> None:
    home, out = tmp_path / "home", tmp_path / "out"
    home.mkdir()
    with Bell(tmp_path / "bell") as bell:
        hang = f"open({str(bell.path)!r}, 'w').write(f'{{os.getpid()}}\\n'); {scenes.HANG}"
        scene = scenes.build(bpy_python, tmp_path / "hangs", scenes.misbehaving(2, hang))
        with started(home, "render", scene, "--auto-run", "--slots", "1", "--output", out) as render:
            blender = int(await bell.line())
            server = next(pid for pid, parent in pairwise(lineage(blender)) if parent == render.pid)
            render.kill()
            await gone(server, blender)
    farms = home / ".cache/rendermill/render"
    assert len(list(farms.glob("*/"))) == 1
    done = run(home, "render", scenes.build(bpy_python, tmp_path), "--frames", "1", "--output", out)
    assert done.code == 0, done
    assert list(farms.glob("*/")) == []


def test_the_log_of_a_frame_that_failed_outlives_the_farm_of_render(bpy_python: Path, tmp_path: Path) -> None:
    home, out = tmp_path / "home", tmp_path / "out"
    scene = scenes.build(bpy_python, tmp_path / "scene", scenes.misbehaving(2, scenes.SEGFAULT))
    done = run(home, "render", scene, "--auto-run", "--frames", "2", "--output", out)
    assert done.code == 1, done
    log = out / "render-0.log"
    assert f"The log of render Frame=2 is {log}" in " ".join(done.err.split())
    assert "segmentation fault" in log.read_text()
