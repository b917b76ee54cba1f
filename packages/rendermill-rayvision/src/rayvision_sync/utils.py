"""What uploads and downloads have in common, and what scripts do with their files."""

from __future__ import annotations

import configparser
import os
from pathlib import Path
from typing import Any

from rendermill_rayvision.errors import Code, RayvisionError
from rendermill_rayvision.jsonfile import read_json
from rendermill_rayvision.jsonfile import write_json as write_object
from rendermill_rayvision.progress import insert_redis

__all__ = [
    "create_transfer_params",
    "cutting_upload",
    "get_share_info",
    "get_task_status_description",
    "input_storage",
    "insert_redis",
    "json_load",
    "read_ini_config",
    "write_json",
]
StrPath = str | os.PathLike[str]
_DESCRIPTIONS = {
    "0": ("等待中", "Waiting"),
    "5": ("渲染中", "Rendering"),
    "8": ("预处理中", "Preprocessing"),
    "10": ("已停止", "Stopped"),
    "20": ("欠费停止", "Stopped: arrears"),
    "23": ("超时停止", "Stopped: it ran too long"),
    "25": ("已完成", "Done"),
    "30": ("已完成(有失败帧)", "Done, with failed frames"),
    "35": ("已放弃", "Abandoned"),
    "40": ("优先帧完成", "Test frames done"),
    "45": ("失败", "Failed"),
}


def get_task_status_description(task_status_code: int | str | None = None, language: str | int = "1") -> str:
    """A status in words: Chinese for language ``0``, English for any other. Raises RayvisionError for none."""
    words = _DESCRIPTIONS.get(str(task_status_code))
    if words is None:
        raise RayvisionError(Code.FAILED, f"{task_status_code!r} is no status of a task")
    return words[0 if str(language) == "0" else 1]


def get_share_info(api: Any) -> tuple[str, int]:
    """The storage that files are uploaded to, and whose it is: a sub-account may write into its main account's."""
    profile = api.user.query_user_profile()
    if profile.get("shareMainCapital"):
        return str(api.user_info["parent_input_bid"]), int(profile["mainUserId"])
    return str(api.user_info["input_bid"]), int(api.user_info["user_id"])


def input_storage(api: Any) -> str:
    """The storage that files are uploaded to."""
    return get_share_info(api)[0]


def create_transfer_params(api: Any) -> dict[str, Any]:
    """What a login told of the storages and of who the user is."""
    names = ("config_bid", "input_bid", "output_bid", "domain", "platform", "local_os", "user_id")
    return {name: api.user_info[name] for name in names}


def read_ini_config(db_config_path: StrPath) -> configparser.ConfigParser:
    """An INI file in UTF-8; nothing is in it if it is not there."""
    found = configparser.ConfigParser()
    found.read(db_config_path, encoding="utf-8")
    return found


def json_load(json_path: StrPath) -> dict[str, Any]:
    """The object that a JSON file holds. Raises OSError, ValueError."""
    return read_json(json_path)


def write_json(path: StrPath, info: dict[str, Any]) -> None:
    """Write a JSON file. Raises OSError."""
    write_object(path, info)


def cutting_upload(
    upload_path: StrPath, max_resources_number: int | None = None, after_cutting_position: StrPath | None = None
) -> list[str]:
    """Part an upload.json into several with so many assets each; the paths of ``upload_1.json`` and so on.

    They lie in ``after_cutting_position``, else beside it. The scene goes with the first. Raises RayvisionError.
    """
    source = Path(upload_path).absolute()
    try:
        content = read_json(source)
        assets = list(content["asset"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RayvisionError(Code.ARGUMENT, f"{source} is no upload.json: {error!r}") from error
    size = int(max_resources_number) if max_resources_number else max(len(assets), 1)
    if size < 1:
        raise RayvisionError(Code.ARGUMENT, f"max_resources_number is {size}: give a number above 0")
    folder = Path(after_cutting_position).absolute() if after_cutting_position else source.parent
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for number, start in enumerate(range(0, max(len(assets), 1), size), 1):
        scene = {"scene": content["scene"]} if number == 1 and "scene" in content else {}
        path = folder / f"{source.stem}_{number}.json"
        write_object(path, {**scene, "asset": assets[start : start + size]})
        made.append(str(path))
    return made
