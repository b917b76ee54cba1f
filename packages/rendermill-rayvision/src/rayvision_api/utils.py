"""Changing what an analysis has written, before the task is checked. All files are UTF-8."""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rayvision_api.constants import PACKAGE_NAME
from rayvision_api.exception import RayvisionError
from rendermill.farm.model.errors import BadInputError
from rendermill.sdk.folders import files_below
from rendermill_rayvision.assets import local_path, pair, server_path
from rendermill_rayvision.errors import Code
from rendermill_rayvision.jsonfile import StrPath, read_json, write_json
from rendermill_rayvision.values import snake_case
from rendermill_rayvision.workspace import is_file, is_folder

hump2underline = snake_case
_WINDOWS = re.compile(r"[A-Za-z]:[\\/]|\\\\")


def update_task_info(update_info: Mapping[str, Any], task_path: StrPath) -> None:
    """Change settings in ``task_info`` of a task.json. Only what is there can be changed.

    Raises RayvisionError: 1000002 for a setting that is not there, and then nothing is changed; 1000004 without the
    file, 1000005 if ``update_info`` is no dict, 1000000 if the file is broken.
    """
    task = json_load(task_path)
    settings = task.get("task_info")
    if not isinstance(settings, dict):
        raise RayvisionError(Code.FAILED, f"{os.fspath(task_path)} has no task_info")
    for name in _dict(update_info, "update_info"):
        if name not in settings:
            known = ", ".join(settings)
            raise RayvisionError(Code.KEY, f"{name} is no setting of {os.fspath(task_path)}; it has {known}")
    settings.update(update_info)
    write_json(task_path, task)


def append_to_task(additional_info: Mapping[str, Any], task_path: StrPath, cover: bool = True) -> None:
    """Put members into ``additional_info`` of a task.json; without ``cover`` only ones that are new.

    Raises RayvisionError: 1000002 for a member that is there already, and then nothing is changed; 1000004 without the
    file, 1000005 if ``additional_info`` is no dict, 1000000 if the file is broken.
    """
    task = json_load(task_path)
    there = _dict(task.setdefault("additional_info", {}), f"additional_info of {os.fspath(task_path)}")
    for name in _dict(additional_info, "additional_info"):
        if name in there and not cover:
            raise RayvisionError(Code.KEY, f"{name} is in additional_info of {os.fspath(task_path)} already")
    task["additional_info"] = {**there, **additional_info}
    write_json(task_path, task)


def append_to_upload(files_paths: StrPath | list[StrPath], upload_path: StrPath) -> None:
    """Add files to an upload.json, and of folders all files below them; each once, links are followed.

    Raises RayvisionError, and then nothing is changed: 1000004 for a path where nothing is, 1000005 for what is neither
    a path nor a list of paths, 1000006 without the upload.json, 1000000 if that is broken.
    """
    if not is_file(upload_path):
        raise RayvisionError(Code.UPLOAD_MISSING, f"{os.fspath(upload_path)} is not found: analyse the scene first")
    upload = json_load(upload_path)
    assets = upload.setdefault("asset", [])
    try:
        known = {_key(each["local"]) for each in assets}
    except (TypeError, KeyError) as error:
        what = f"asset of {os.fspath(upload_path)} is no list of files with local and server"
        raise RayvisionError(Code.FAILED, what) from error
    for path in _paths(files_paths):
        for file in walk_files(path):
            if _key(file) not in known:
                known.add(_key(file))
                assets.append(pair(file))
    write_json(upload_path, upload)


def walk_files(path: StrPath) -> Iterator[str]:
    """The absolute paths of all files below a folder, in order; a file's own. Folders that hold themselves end there.

    Raises RayvisionError 1000004 for what is not there or cannot be looked into.
    """
    named = os.path.normpath(Path(path).absolute())  # links stay, their names are those that scenes know
    if not os.fspath(path):
        raise RayvisionError(Code.PATH_MISSING, "an empty path is no file or folder")
    if is_file(named):
        yield named
    elif is_folder(named):
        yield from _below(named)
    else:
        raise RayvisionError(Code.PATH_MISSING, f"{os.fspath(path)} is not found")


def json_load(json_path: StrPath) -> dict[str, Any]:
    """The object that a JSON file holds. Raises RayvisionError: 1000004 without the file, 1000000 if it is broken."""
    if not is_file(json_path):
        raise RayvisionError(Code.PATH_MISSING, f"{os.fspath(json_path)} is not found")
    try:
        return read_json(json_path)
    except (ValueError, OSError) as error:
        raise RayvisionError(Code.FAILED, f"{os.fspath(json_path)} cannot be read: {error}") from error


def json_save(json_path: StrPath, data: dict[str, Any]) -> None:
    """Write a JSON file. Raises OSError."""
    write_json(json_path, data)


def convert_path(path: StrPath) -> str:
    """Where a file lies in the storage: one of Windows by its drive or server, any other by its absolute path."""
    text = os.fspath(path)
    if _WINDOWS.match(text):
        return server_path(text.replace("\\", "/"))
    return server_path(local_path(os.path.normpath(Path(path).absolute())))


def exists_or_create(folder: StrPath) -> bool:
    """Make a folder, and those above it, unless it is there; True. Raises OSError."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    return True


def get_os() -> str:
    """``windows`` or ``linux``."""
    return "windows" if sys.platform == "win32" else "linux"


def _dict(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise RayvisionError(Code.WRONG_TYPE, f"{name} must be a dict, not {type(value).__name__}")
    return value


def _paths(given: Any) -> list[StrPath]:
    several: list[StrPath] = given if isinstance(given, list) else [given]
    for each in several:
        if not isinstance(each, str | os.PathLike):
            what = f"files_paths must be a path or a list of paths, not {type(each).__name__}"
            raise RayvisionError(Code.WRONG_TYPE, what)
    return several


def _key(path: str) -> str:
    """What is the same for all names of a file that differ in writing alone."""
    return os.path.normcase(os.path.normpath(path))


def _below(folder: str) -> Iterator[str]:
    try:
        for path in files_below(Path(folder)):
            if is_file(path):
                yield str(path)
            else:
                logging.getLogger(PACKAGE_NAME).warning("%s is passed over: it is no file, or a broken link", path)
    except BadInputError as error:
        raise RayvisionError(Code.PATH_MISSING, str(error)) from error
