"""The published, unmodified ``rayvision-api`` in an environment of its own, and processes that drive farms with it."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
LOCK = ROOT / "requirements/rayvision-client.txt"
SCRIPT = Path(__file__).with_name("rayvision_script.py")
_PYTHON = "3.11"
_UV = Path(sys.executable).parent / "uv"
_INSTALL_SECONDS = 240


def client_python() -> Path:
    """The Python that has the client. Installs it where that has not been done; fails where it cannot be."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rendermill-tests"
    folder = cache / f"rayvision-client-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]}"
    cache.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            _install(folder)
    return folder / "bin/python"


def _install(folder: Path) -> None:
    """Make it beside its place and move it there whole: what was interrupted is begun anew."""
    part = folder.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    _uv("venv", "--python", _PYTHON, "--no-python-downloads", "--relocatable", part)
    _uv("pip", "install", "--python", part / "bin/python", "--require-hashes", "-r", LOCK)
    part.rename(folder)


def _uv(*words: object) -> None:
    done = subprocess.run(
        [str(_UV), *map(str, words)],
        env={"UV_SYSTEM_CERTS": "1", **os.environ},
        capture_output=True,
        text=True,
        timeout=_INSTALL_SECONDS,
        check=False,
    )
    what = f"the client needs Python {_PYTHON}, `make setup` and the package index"
    assert done.returncode == 0, f"{what}\n{done.stdout}{done.stderr}"


class RefusedError(Exception):
    """A call that raised: the kind of its exception, its code, its text."""

    def __init__(self, kind: str, code: int | None, said: str) -> None:
        super().__init__(f"{kind} {code}: {said}")
        self.kind, self.code, self.said = kind, code, said


@dataclass
class RayvisionClient:
    """A process with the client in it. Calls go by the client's own names: ``query.task_info``."""

    process: subprocess.Popen[str]

    def call(self, name: str, /, *args: object, **kwargs: object) -> Any:
        """Make a call. Raises :class:`RefusedError`."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps({"call": name, "args": args, "kwargs": kwargs}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "the client's process ended"
        said = json.loads(line)
        if "error" in said:
            raise RefusedError(said["error"], said["code"], said["said"])
        return said["answer"]

    def until(self, task_id: int, *wanted: int, passing: tuple[int, ...] = (0, 5)) -> dict[str, Any]:
        """The task once it has one of these statuses; it may go through the ``passing`` ones."""
        found: dict[str, Any] = self.call("until", task_id, wanted, passing, 120)
        return found


@contextmanager
def client(python: Path, home: Path) -> Iterator[RayvisionClient]:
    """A client that has not logged in yet; its process ends with the block."""
    home.mkdir(parents=True, exist_ok=True)
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"}
    with subprocess.Popen(
        [str(python), str(SCRIPT)], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield RayvisionClient(process)
        finally:
            process.kill()
