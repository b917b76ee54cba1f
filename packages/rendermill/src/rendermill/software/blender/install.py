"""Installing and removing Blender as the ``bpy`` module, each version in an environment of its own.

``uv`` makes the environment and takes ``bpy`` from the package index that it is configured for.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uv

from rendermill.farm.model.errors import BadInputError, NotFoundError, SoftwareMissingError, UnavailableError
from rendermill.software.blender.installations import (
    Installation,
    Version,
    environment_of,
    exactly,
    parse_version,
    version_text,
)

#: The Python that each ``bpy`` is built for.
PYTHONS: dict[Version, str] = {(4, 2): "3.11", (4, 5): "3.11", (5, 0): "3.11", (5, 1): "3.13", (5, 2): "3.13"}


def install(name: str, *, quiet: bool = False) -> Installation:
    """Install a Blender by its version's name (``4.5``); one that is there already stays as it is.

    Raises :class:`BadInputError` for something that is no version, :class:`SoftwareMissingError` if the Python it
    needs is missing, :class:`UnavailableError` if the index has no such version or cannot be reached.
    """
    version = _version(name)
    target = environment_of(version)
    if not _is_complete(target):
        with _one_at_a_time(target):
            if not _is_complete(target):  # nobody has made it while we waited
                _install(version, target, quiet=quiet)
    return exactly(version)


def _is_complete(target: Path) -> bool:
    return (target / "complete").exists()


def _install(version: Version, target: Path, *, quiet: bool) -> None:
    shutil.rmtree(target, ignore_errors=True)
    python = PYTHONS.get(version, "3.11" if version < (5, 1) else "3.13")
    try:
        _make_environment(target, python, version)
        _uv(
            # Compiling now halves the time that this Blender takes to start.
            [
                "pip",
                "install",
                "--compile-bytecode",
                "--python",
                f"{target}/bin/python",
                f"bpy=={version_text(version)}.*",
            ],
            quiet=quiet,
        )
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)
        raise
    (target / "complete").touch()


@contextmanager
def _one_at_a_time(target: Path) -> Iterator[None]:
    """Wait until nobody else changes an installation: two would remove what the other has made."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.with_name(f".{target.name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def remove(name: str) -> None:
    """Remove an installed version. Raises :class:`BadInputError`, :class:`NotFoundError`."""
    target = environment_of(_version(name))
    with _one_at_a_time(target):
        if not target.exists():
            raise NotFoundError(f"Blender {name} is not installed", where=str(target))
        (target / "complete").unlink(missing_ok=True)
        shutil.rmtree(target)


def _version(name: str) -> Version:
    version = parse_version(name)
    if version is None:
        raise BadInputError(f"{name!r} is not a version", where="VERSION", remedy="Give it as 4.5.")
    return version


def _make_environment(target: Path, python: str, version: Version) -> None:
    found = _run(["venv", "--quiet", "--no-python-downloads", "--python", python, str(target)], capture=True)
    if found.returncode and "No interpreter found" in found.stderr:
        raise SoftwareMissingError(
            f"Blender {version_text(version)} needs Python {python}, which is not on this machine",
            remedy=f"Install Python {python} (the package python{python} of your system) and try again.",
        )
    if found.returncode:
        said = found.stderr.strip().splitlines() or ["it did not say why"]
        raise UnavailableError(f"no Python environment could be made: {said[-1]}", where=str(target))


def _uv(arguments: list[str], *, quiet: bool) -> None:
    done = _run([*arguments, *(["--quiet"] if quiet else [])], capture=quiet)
    if done.returncode:
        said = (done.stderr or "").strip().splitlines()
        raise UnavailableError(
            f"bpy could not be installed: {said[-1] if said else 'see above'}",
            remedy="Check the network and that this version exists: 4.2, 4.5 and 5.0 do.",
        )


def _run(arguments: list[str], *, capture: bool) -> subprocess.CompletedProcess[str]:
    environment = {"UV_SYSTEM_CERTS": "1", **os.environ}
    command = [uv.find_uv_bin(), *arguments]
    return subprocess.run(command, env=environment, capture_output=capture, text=True, check=False)
