"""The pipes between a session and its Blender, with something quicker to end in Blender's place."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from rendermill.software.blender import launcher

CANNOT_LOAD = 'read -r _; echo "no such scene" >out; echo "RC 1" >rc; exit 1'
DIES = "read -r _; echo loading >out; kill -9 $$"
Begin = Callable[[str], "subprocess.Popen[bytes]"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("in", "out", "rc"):
        os.mkfifo(tmp_path / name)
    return tmp_path


@pytest.fixture
def begin(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Begin]:
    """Starts a Blender that is a shell script; whoever listens to it is so slow that it is gone by then."""
    begun: list[subprocess.Popen[bytes]] = []
    original = Path.open

    @contextmanager
    def slowly(path: Path, *about: Any, **options: Any) -> Iterator[Any]:
        with original(path, *about, **options) as file:
            yield file
            begun[0].wait()

    def start(script: str) -> subprocess.Popen[bytes]:
        command = ["/bin/sh", "-c", launcher._KEEPER, "keeper", "/bin/sh", "-c", script]
        begun.append(subprocess.Popen(command, cwd=folder))
        monkeypatch.setattr(Path, "open", slowly)
        return begun[0]

    yield start
    for process in begun:
        process.kill()
        process.wait()


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("script", "said"),
    [(CANNOT_LOAD, "no such scene\n"), (DIES, "loading\n")],
    ids=["cannot load", "dies"],
)
def test_a_blender_that_is_gone_when_its_answer_is_read_is_not_waited_for(
    folder: Path, begin: Begin, script: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    begin(script)
    with os.fdopen(os.open(folder / "in", os.O_RDWR), "w") as pipe:
        print("load", file=pipe, flush=True)
        assert launcher._listen(folder) == 1
    assert capsys.readouterr().out.startswith(said)
