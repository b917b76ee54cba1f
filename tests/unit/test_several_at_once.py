"""Commands of one user that run at the same time, and what lies where each of them finds it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from rendermill import runtime
from rendermill.cli import render
from rendermill.sdk.folders import check_writable
from rendermill.software.blender import install

TIMES = 50


def together(work: Callable[[], object], times: int = TIMES) -> None:
    """Do something in three threads at once, again and again."""
    start = Barrier(3)

    def some() -> None:
        start.wait()
        for _ in range(times):
            work()

    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(some) for _ in range(3)]:
            done.result()


def test_the_folder_of_a_render_that_ends_is_not_missed_by_one_that_begins(tmp_path: Path) -> None:
    def begin_and_end() -> None:
        with render._own_folder(tmp_path / "render") as folder:
            (folder / "file").touch()

    together(begin_and_end)
    assert [each.name for each in (tmp_path / "render").iterdir()] == [".lock"]


def test_a_folder_is_found_writable_by_all(tmp_path: Path) -> None:
    together(lambda: check_writable(tmp_path), 300)
    assert list(tmp_path.iterdir()) == []


def test_a_blender_is_installed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Path] = []

    def make(_version: object, target: Path, *, quiet: bool) -> None:
        made.append(target)
        (target / "bin").mkdir(parents=True)
        (target / "bin/python").touch()
        (target / "complete").touch()

    monkeypatch.setenv("RENDERMILL_SOFTWARE", str(tmp_path))
    monkeypatch.setattr(install, "_install", make)
    together(lambda: install.install("4.5", quiet=True), 1)
    assert len(made) == 1


def test_a_server_that_ends_leaves_the_announcement_of_the_next_at_its_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    url, old, new = "http://127.0.0.1:1", tmp_path / "old", tmp_path / "new"
    for folder in (old, new):
        folder.mkdir()
        (folder / "token").write_text(folder.name)
        runtime.announce(url, folder)
    runtime.withdraw(url, old)
    assert runtime.local_token(url) == "new"
    runtime.withdraw(url, new)
    assert runtime.local_token(url) is None
