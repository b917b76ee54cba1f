"""The folder that the files of one analysis lie in: ``<workspace>/<mark>``; what is there at all."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

from rendermill_rayvision.errors import CGFileNotExistsError


def sdk_folder() -> Path:
    """``renderfarm_sdk`` in the user's home."""
    home = os.environ.get("USERPROFILE" if sys.platform == "win32" else "HOME")
    return (Path(home).absolute() if home else Path.home()) / "renderfarm_sdk"


def new_folder(workspace: str | os.PathLike[str] | None) -> Path:
    """A new folder in ``workspace``, without one in :func:`sdk_folder`, which is then made.

    Its name is the mark of the analysis: the time in seconds and the number of the process, or outside of its main
    thread that of the thread. Another analysis of the same second has a number behind it. Raises CGFileNotExistsError
    if there is no such workspace.
    """
    if workspace and not is_folder(workspace):
        raise CGFileNotExistsError(f"the workspace {os.fspath(workspace)} is not found")
    parent = Path(workspace).absolute() if workspace else sdk_folder()
    if not workspace:
        parent.mkdir(parents=True, exist_ok=True)
    mark, count = f"{int(time.time())}{_current()}", 1
    folder = parent / mark
    while True:
        try:
            folder.mkdir()
        except FileExistsError:
            count += 1
            folder = parent / f"{mark}_{count}"
        else:
            return folder


def is_folder(path: str | os.PathLike[str]) -> bool:
    """Whether there is such a folder. What may not be looked at, or is too long for a name, is not there."""
    try:
        return Path(path).is_dir()
    except OSError:
        return False


def is_file(path: str | os.PathLike[str]) -> bool:
    """Whether there is such a file, as with :func:`is_folder`."""
    try:
        return Path(path).is_file()
    except OSError:
        return False


def _current() -> int:
    if threading.current_thread() is threading.main_thread():
        return os.getpid()
    return threading.get_ident()
