"""The two ways to call a check: with the hardware that is wanted first, and without it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rendermill_rayvision.jsonfile import StrPath

_HARDWARE = "hardware_config"
_NAMES = ("task_json", "upload_json", "asset_json", "is_cover", "only_id")
_DEFAULTS: dict[str, Any] = {_HARDWARE: None, "upload_json": "", "asset_json": "", "is_cover": True, "only_id": True}
_PARTS_OF_TASK = ("task_info", "software_config")
File = StrPath | Mapping[str, Any]
"""A file, or its content."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a check is asked for; empty text for a file that is not given."""

    task: File
    upload: File
    asset: File
    hardware: Mapping[str, Any] | None
    is_cover: bool
    only_id: bool


def order_of(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Order:
    """Make sense of a call's arguments. Raises TypeError as Python does for a call."""
    names = _NAMES if args and _is_task(args[0]) else (_HARDWARE, *_NAMES)
    if len(args) > len(names):
        raise TypeError(f"execute() takes {', '.join(names)}; {len(args)} arguments are given")
    given = dict(zip(names, args, strict=False))
    for name, value in kwargs.items():
        if name in given or name not in (_HARDWARE, *_NAMES):
            what = "is given twice" if name in given else "is not known"
            raise TypeError(f"execute(): {name} {what}")
        given[name] = value
    found = {**_DEFAULTS, **given}
    if not found.get("task_json"):
        raise TypeError("execute(): task_json is missing")
    for name in _NAMES[:3]:
        if not isinstance(found[name], str | os.PathLike | Mapping):
            raise TypeError(f"execute(): {name} must be a path or a dict, not {type(found[name]).__name__}")
    if not isinstance(found[_HARDWARE], Mapping | None):
        raise TypeError(f"execute(): {_HARDWARE} must be a dict, not {type(found[_HARDWARE]).__name__}")
    return Order(
        found["task_json"],
        found["upload_json"],
        found["asset_json"],
        found[_HARDWARE],
        bool(found["is_cover"]),
        bool(found["only_id"]),
    )


def _is_task(value: object) -> bool:
    """Whether a first argument is a task, not hardware: a path, or a dict with a task's parts."""
    if isinstance(value, Mapping):
        return any(part in value for part in _PARTS_OF_TASK)
    return isinstance(value, str | os.PathLike)
