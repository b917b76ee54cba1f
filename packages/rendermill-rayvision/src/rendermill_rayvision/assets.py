"""asset.json and upload.json: the files that a scene needs, and where they go.

asset.json has ``{"asset": ["<path>  (mtime <time>) size <bytes>", …]}``, a line for each file; what reads it cuts a
line at its two blanks. upload.json has ``{"scene": […], "asset": […]}``, pairs of a local path and its path in the
user's storage.
"""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path
from typing import Any

from rendermill.scenes.report import SceneReport


def files(report: SceneReport, scene: str) -> list[str]:
    """The files that are there and must travel with the scene, each once, without the scene itself.

    Of a family of files each counts. What the scene writes, what lies in it and what ships with the application is
    none of them.
    """
    found = dict.fromkeys(file for use in report.files for file in use.files)
    found.pop(scene, None)
    return list(found)


def asset_lines(paths: list[str]) -> list[str]:
    """The lines of asset.json."""
    return [f"{local_path(path)}  {_marks(path)}" for path in paths]


def upload_info(scene: str, paths: list[str]) -> dict[str, Any]:
    """The content of upload.json. The scene is also the last of its assets; its hash is the MD5 of the whole file."""
    own = pair(scene)
    return {"scene": [{**own, "hash": md5(scene)}], "asset": [*map(pair, paths), own]}


def md5(path: str) -> str:
    """The MD5 of a file in hexadecimal, because this protocol has it so. Raises OSError."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def local_path(path: str) -> str:
    r"""A path of this machine with forward slashes; ``\`` is an ordinary letter of names where ``/`` parts them."""
    return path.replace("\\", "/") if os.sep == "\\" else path


def server_path(local: str) -> str:
    """Where a file lies in the storage: ``D:/a/b`` → ``/D/a/b``, ``//server/a`` → ``/server/a``, ``/a/b`` → ``a/b``.

    ``local`` is absolute, with forward slashes.
    """
    if local[1:2] == ":":
        return f"/{local[0]}{local[2:]}"
    return local.removeprefix("/")


def pair(path: str) -> dict[str, str]:
    """A file of upload.json: where it is, an absolute path, and where it goes."""
    local = local_path(path)
    return {"local": local, "server": server_path(local)}


def _marks(path: str) -> str:
    try:
        status = Path(path).stat()
    except OSError:  # it went away meanwhile
        return "(mtime unknown) size unknown"
    return f"(mtime {time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(status.st_mtime))}) size {status.st_size}"
