"""Locked requirements installed into an environment of their own, which stays in the user's cache."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

_UV = Path(sys.executable).parent / "uv"
_INSTALL_SECONDS = 240


def own_environment(lock: Path, python: str) -> Path:
    """The folder of the environment that a lock describes, on a version of Python.

    Made where that has not been done; fails where it cannot be.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rendermill-tests"
    folder = cache / f"{lock.stem}-{hashlib.sha256(lock.read_bytes()).hexdigest()[:16]}"
    cache.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not folder.is_dir():
            _install(folder, lock, python)
    return folder


def _install(folder: Path, lock: Path, python: str) -> None:
    """Make it beside its place and move it there whole: what was interrupted is begun anew."""
    part = folder.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    _uv(python, "venv", "--python", python, "--no-python-downloads", "--relocatable", part)
    _uv(python, "pip", "install", "--python", part / "bin/python", "--require-hashes", "-r", lock)
    part.rename(folder)


def _uv(python: str, *words: object) -> None:
    done = subprocess.run(
        [str(_UV), *map(str, words)],
        env={"UV_SYSTEM_CERTS": "1", **os.environ},
        capture_output=True,
        text=True,
        timeout=_INSTALL_SECONDS,
        check=False,
    )
    what = f"this needs Python {python}, `make setup` and the package index"
    assert done.returncode == 0, f"{what}\n{done.stdout}{done.stderr}"
