"""Checking what an analysis has written, and reserving a number for its task."""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rayvision_api.constants import DCC_ID_MAPPINGS, MODIFIABLE_PARAM
from rayvision_api.exception import RayvisionError, RayvisonTaskIdError
from rayvision_api.task import hardware
from rayvision_api.task.shapes import File, Order, order_of
from rayvision_api.utils import json_load
from rendermill_rayvision.errors import Code
from rendermill_rayvision.jsonfile import StrPath, write_json
from rendermill_rayvision.workspace import is_folder, new_folder

if TYPE_CHECKING:
    from rayvision_api.core import RayvisionAPI

ERROR = 1
_KINDS = ("upload", "asset", "tips", "task")
_INDENT = 4


class RayvisionCheck:
    """The check of a scene's files, once they are edited as wanted.

    ``analyze`` is an analysis; without one, and if a script is to have its files in a new folder, that is made in
    ``workspace``, which must be there, or in the SDK's folder. Once it is done ``task_info``, ``upload_info``,
    ``asset_info`` and ``tips_info`` are the contents of the files ``task_json`` and so on, ``error_warn_info_list``
    what the farm says to the tips, and ``errors_number`` how many of these are errors.

    Raises RayvisionError 1000004 if there is no such workspace.
    """

    def __init__(self, api: RayvisionAPI, analyze: Any = None, workspace: StrPath | None = None) -> None:
        if workspace and not is_folder(workspace):
            raise RayvisionError(Code.PATH_MISSING, f"the workspace {os.fspath(workspace)} is not found")
        self.logger = api.logger
        self.api = api
        self.analyze = analyze
        self.workspace = None if workspace is None else os.fspath(workspace)
        self.task_json = self.upload_json = self.asset_json = self.tips_json = ""
        self.task_info: dict[str, Any] = {}
        self.upload_info: dict[str, Any] = {}
        self.asset_info: dict[str, Any] = {}
        self.tips_info: dict[str, Any] = {}
        self.errors_number = 0
        self.error_warn_info_list: list[dict[str, Any]] = []

    def execute(self, *args: Any, **kwargs: Any) -> Any:
        """Check a task and write its number into task.json; the number, without ``only_id`` ``(task, number)``.

        Takes ``(task_json, upload_json="", asset_json="", is_cover=True, only_id=True)``, and the same with
        ``hardware_config`` before them: a dict with ``model``, ``ram`` and ``gpuNum``. ``task_json`` and the others are
        files or their contents. With ``is_cover`` the files are written in their place, or the analysis', else into a
        new folder. What has a number already keeps it.

        Nothing is written and no number reserved unless everything is right. Raises RayvisionError 1000000 for errors
        that the analysis found, for an application that the farm has not (only with ``hardware_config``), and for
        broken files; 1000004 for files that are not there, 2000 for a task.json without settings or scene; what
        :func:`rayvision_api.task.hardware.choose` raises; TypeError, RayvisionAPIError, UnreachableError.
        """
        order = order_of(args, kwargs)
        contents = {kind: self._content(getattr(order, kind)) for kind in ("task", "upload", "asset")}
        task, tips = _complete(contents["task"]), self._tips(order)
        if order.hardware is not None:
            self._check_software(task)
            task["task_info"].update(self._hardware(order.hardware, task, list(tips)))
        self._check_tips(tips)
        task_id = self._number(task["task_info"])
        self.task_info, self.upload_info, self.asset_info = task, contents["upload"], contents["asset"]
        self.tips_info = tips
        self._write(order)
        self.logger.info("%s: task %d is checked", self.task_json, task_id)
        return task_id if order.only_id else (task, task_id)

    # --- reading -------------------------------------------------------------------------------------------------

    def _content(self, given: File) -> dict[str, Any]:
        if isinstance(given, Mapping):
            return copy.deepcopy(dict(given))
        return json_load(given) if given else {}

    def _tips(self, order: Order) -> dict[str, Any]:
        if self.analyze is not None:
            return dict(self.analyze.tips_info)
        if isinstance(order.task, Mapping):
            return {}
        beside = Path(order.task).with_name("tips.json")
        return json_load(beside) if beside.is_file() else {}

    # --- checking ------------------------------------------------------------------------------------------------

    def _check_software(self, task: Mapping[str, Any]) -> None:
        number, version = (
            str(task["task_info"].get("cg_id")),
            str((task.get("software_config") or {}).get("cg_version")),
        )
        name = next((each for each, own in DCC_ID_MAPPINGS.items() if own == number), None)
        if name is None:
            raise RayvisionError(Code.FAILED, f"cg_id in task.json is {number!r}, which is no application")
        found = [str(each["cgVersion"]) for each in self.api.query.supported_plugin(name)["cgVersion"]]
        if version not in found:
            there = ", ".join(found) or "none"
            raise RayvisionError(Code.FAILED, f"the farm has no {name} {version}; versions that it has: {there}")

    def _hardware(self, wanted: Mapping[str, Any], task: Mapping[str, Any], codes: list[str]) -> dict[str, Any]:
        platform = str(task["task_info"].get("platform") or self.api.platform)
        return hardware.choose(wanted, self.api.user.get_hardware_config(), task, codes, platform)

    def _check_tips(self, tips: Mapping[str, Any]) -> None:
        """Ask what the tips mean. Raises RayvisionError if one is an error."""
        language = "0" if self.api.connect.address.is_chinese else "1"
        found = self.api.query.error_detail(codes=list(tips), language=language) if tips else []
        self.error_warn_info_list = [{**each, "details": tips.get(str(each["code"]), [])} for each in found]
        errors = [each for each in self.error_warn_info_list if each["type"] == ERROR]
        self.errors_number = len(errors)
        for each in self.error_warn_info_list:
            self.logger.warning("%s", _told(each))
        if errors:
            said = "\n".join(map(_told, errors))
            raise RayvisionError(Code.FAILED, f"the analysis found {len(errors)} errors:\n{said}")

    def _number(self, settings: dict[str, Any]) -> int:
        """Fill in the numbers that are empty, the task's last: nothing must go wrong once that is reserved."""
        task_id = _task_id(settings.get("task_id"))
        if not settings.get("project_id"):
            name = settings.get("project_name")
            settings["project_id"] = self.api.check_and_add_project_name(name) if name else "0"
        if not settings.get("user_id"):
            settings["user_id"] = str(self.api.user_info["user_id"])
        if task_id is None:
            task_id = self.api.task.new_task_id()
        settings["task_id"] = str(task_id)
        return task_id

    # --- writing -------------------------------------------------------------------------------------------------

    def _write(self, order: Order) -> None:
        folder = None if order.is_cover and self._has_places(order) else new_folder(self.workspace)
        for kind in _KINDS:
            path = str(folder / f"{kind}.json") if folder else self._place(kind, order)
            setattr(self, f"{kind}_json", path)
            content = getattr(self, f"{kind}_info")
            if content or kind == "task":
                write_json(path, content, indent=_INDENT)

    def _has_places(self, order: Order) -> bool:
        return self.analyze is not None or not isinstance(order.task, Mapping)

    def _place(self, kind: str, order: Order) -> str:
        """Where a file goes: to the analysis', to the one that was given, or beside task.json."""
        if self.analyze is not None:
            return str(getattr(self.analyze, f"{kind}_json"))
        given: File = getattr(order, kind, "") or ""
        if given and not isinstance(given, Mapping):
            return os.fspath(given)
        assert not isinstance(order.task, Mapping)
        return str(Path(order.task).with_name(f"{kind}.json"))


def _complete(task: dict[str, Any]) -> dict[str, Any]:
    """A task.json with what is to be rendered, its settings as text. Raises RayvisionError."""
    settings = task.get("task_info")
    if not isinstance(settings, dict) or not settings:
        raise RayvisionError(Code.TASK, "task.json has no task_info")
    wanted = task.get("scene_info_render") or task.get("scene_info")
    if not wanted:
        raise RayvisionError(Code.TASK, "task.json has neither scene_info_render nor scene_info: nothing to render")
    task["scene_info_render"] = copy.deepcopy(wanted)
    for name in MODIFIABLE_PARAM:
        if isinstance(value := settings.get(name), int | float):
            settings[name] = str(int(value) if value == int(value) else value)
    return task


def _task_id(text: object) -> int | None:
    if text in (None, ""):
        return None
    if not str(text).isdecimal():
        raise RayvisonTaskIdError(f"task_id in task.json is {text!r}, which is no number")
    return int(str(text))


def _told(info: Mapping[str, Any]) -> str:
    kind = "error" if info["type"] == ERROR else "warning"
    details = info["details"] if isinstance(info["details"], str) else "; ".join(map(str, info["details"]))
    parts = (info.get("desDescriptionCn"), details, info.get("desSolutionCn"))
    return f"{kind} {info['code']}: {' | '.join(str(part) for part in parts if part)}"
