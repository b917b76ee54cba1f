"""The Blenders of this machine, and which of them opens a scene.

``RENDERMILL_SOFTWARE`` (default ``~/.local/share/rendermill/software``) holds ``blender/4.5/`` and so on: a Python
environment with that ``bpy``. An executable is found by ``RENDERMILL_BLENDER_EXECUTABLE`` or as ``blender`` on PATH.
Standard library only: the sessions' launcher imports it too.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from rendermill.farm.model.errors import SoftwareMissingError

Version = tuple[int, int]
DEFAULT: Version = (4, 5)
_VERSION = re.compile(r"Blender (\d+)\.(\d+)")
#: A line of the ``blender`` that sessions get.
SESSIONS_MARK = "# the blender of a Rendermill session"
_PROBE_SECONDS = 30
_START = Path(__file__).parent / "inside/start.py"


@dataclass(frozen=True, slots=True)
class Installation:
    """One Blender. ``program`` is the environment's Python for ``bpy``, else the Blender executable."""

    version: Version
    program: Path
    is_module: bool

    @property
    def name(self) -> str:
        """``4.5``"""
        return version_text(self.version)

    def command(self, script: str, *arguments: str) -> list[str]:
        """The command line that runs one of the scripts of ``inside`` by its name."""
        if self.is_module:
            return [str(self.program), "-P", str(_START), script, *arguments]
        start = [str(self.program), "--background", "--factory-startup", "--python-exit-code", "1"]
        return [*start, "--python", str(_START), "--", script, *arguments]


def version_text(version: Version) -> str:
    """``(4, 5)`` as ``4.5``."""
    return f"{version[0]}.{version[1]}"


def parse_version(text: str) -> Version | None:
    """``4.5`` or ``4.5.3`` as ``(4, 5)``; None if it is no version."""
    match = re.fullmatch(r"(\d{1,2})\.(\d{1,2})(?:\.\d+)?", text)
    return (int(match[1]), int(match[2])) if match else None


def software_root() -> Path:
    """Where this user's applications are installed."""
    configured = os.environ.get("RENDERMILL_SOFTWARE")
    return Path(configured) if configured else Path.home() / ".local/share/rendermill/software"


def environment_of(version: Version) -> Path:
    """Where the environment with the ``bpy`` of a version is, or would be."""
    return software_root() / "blender" / version_text(version)


def installed() -> list[Installation]:
    """Every Blender of this machine, oldest first; an environment wins over an executable of its version."""
    found = {installation.version: installation for installation in _environments()}
    if executable := _executable():
        found.setdefault(executable.version, executable)
    return [found[version] for version in sorted(found)]


def _environments() -> list[Installation]:
    folder = software_root() / "blender"
    found = []
    for entry in folder.iterdir() if folder.is_dir() else ():
        version, python = parse_version(entry.name), entry / "bin/python"
        if version is not None and (entry / "complete").exists() and python.exists():
            found.append(Installation(version, python, is_module=True))
    return found


def _environment(version: Version) -> Installation | None:
    """The environment of a version, found without asking an executable for its own, which takes a while."""
    return next((found for found in _environments() if found.version == version), None)


def _executable() -> Installation | None:
    path = os.environ.get("RENDERMILL_BLENDER_EXECUTABLE") or shutil.which("blender")
    if not path or _is_ours(Path(path)):
        return None
    try:
        changed = Path(path).stat().st_mtime_ns
    except OSError:
        return None
    try:
        return _asked(path, changed)
    except (OSError, subprocess.TimeoutExpired, ValueError):
        return None


@lru_cache(maxsize=4)
def _asked(path: str, _changed: int) -> Installation:
    """The version of an executable, asked for once while it does not change: asking takes a while.

    Raises OSError, TimeoutExpired, ValueError; then it is asked again the next time.
    """
    said = subprocess.run(
        [path, "--version"], capture_output=True, text=True, timeout=_PROBE_SECONDS, check=False
    ).stdout
    match = _VERSION.search(said)
    if match is None:
        raise ValueError(said[:100])
    return Installation((int(match[1]), int(match[2])), Path(path), is_module=False)


def for_sessions() -> dict[str, str]:
    """The environment variables by which sessions, whose HOME and PATH are others, find what this process finds."""
    found = {"RENDERMILL_SOFTWARE": str(software_root())}
    if executable := _executable():
        found["RENDERMILL_BLENDER_EXECUTABLE"] = str(executable.program)
    return found


def _is_ours(path: Path) -> bool:
    """Whether that ``blender`` is the one that sessions get, which would ask us again, for ever."""
    try:
        with path.open("rb") as file:
            return SESSIONS_MARK.encode() in file.read(1000)
    except OSError:
        return False


def choose(needed: Version, where: str | None = None) -> Installation:
    """The Blender for a scene saved by ``needed``: that version, else the next newer one that is installed.

    Raises :class:`SoftwareMissingError`, which says how to install one that would do.
    """
    if (module := _environment(needed)) is not None:
        return module
    have = installed()
    for installation in have:
        if installation.version >= needed:
            return installation
    listed = ", ".join(installation.name for installation in have) or "none"
    wanted = version_text(max(needed, DEFAULT))
    raise SoftwareMissingError(
        f"it needs Blender {version_text(needed)} or newer, installed: {listed}",
        where=where,
        remedy=f"rendermill software install blender {wanted}",
    )


def preferred() -> Installation:
    """The Blender for whoever names none: the default version, else the next newer one, else the newest there is.

    Raises :class:`SoftwareMissingError` if there is none.
    """
    try:
        return choose(DEFAULT)
    except SoftwareMissingError:
        if older := installed():
            return older[-1]
        raise


def exactly(version: Version) -> Installation:
    """The Blender of that version. Raises :class:`SoftwareMissingError`."""
    if (module := _environment(version)) is not None:
        return module
    for installation in installed():
        if installation.version == version:
            return installation
    name = version_text(version)
    raise SoftwareMissingError(
        f"Blender {name} is not installed on this machine",
        remedy=f"rendermill software install blender {name}",
    )
