"""Choosing hardware for a task, as scripts describe it: model, memory, cards."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rayvision_api.exception import (
    HardwareConfigIdError,
    NotSupportCGSoftwareError,
    NotSupportHardwareCodeError,
    NotSupportPluginError,
)

Config = Mapping[str, Any]
_ANY_MODEL = "default"
_CARDS = "2"
"""What ``graphics_cards_num`` says where no cards are wanted."""


def choose(
    wanted: Mapping[str, Any], configs: Sequence[Config], task: Mapping[str, Any], codes: Sequence[str], platform: str
) -> dict[str, Any]:
    """The settings of ``task_info`` for the hardware that is wanted.

    ``wanted`` has ``model`` (a name or a list of names; Default is any), ``ram`` and ``gpuNum``; what it does not have
    does not matter. ``configs`` is what the farm has, ``codes`` are those of tips.json. Raises HardwareConfigIdError if
    the farm has none such; NotSupportCGSoftwareError, NotSupportPluginError, NotSupportHardwareCodeError if those that
    it has cannot render the scene.
    """
    usable = [each for each in configs if each["status"] == 1 and str(each["platform"]) == platform]
    left = [each for each in usable if _fits(wanted, each)]
    if not left:
        there = "; ".join(sorted({_words(each) for each in usable})) or "none"
        raise HardwareConfigIdError(f"platform {platform} has no hardware {_words(wanted)}; it has: {there}")
    software = task.get("software_config") or {}
    for error, what, excludes in _EXCLUSIONS:
        able = [each for each in left if not excludes(each, task, codes)]
        if not able:
            scene = f"{software.get('cg_name', '')} {software.get('cg_version', '')}".strip()
            raise error(f"hardware {_words(wanted)} cannot render this scene of {scene}: {what}")
        left = able
    cards = str(left[0]["gpuNum"] or "")
    return {
        "hardwareConfigIds": [str(each["id"]) for each in left],
        "ram": _memory(left[0]["ram"]),
        "graphics_cards_num": cards[:1] or _CARDS,
    }


def _fits(wanted: Mapping[str, Any], config: Config) -> bool:
    models = wanted.get("model") or [_ANY_MODEL]
    named = [models] if isinstance(models, str) else list(models)
    return (
        any(name.lower() == _ANY_MODEL or name == config["model"] for name in named)
        and (not wanted.get("ram") or _memory(wanted["ram"]) == _memory(config["ram"]))
        and ("gpuNum" not in wanted or (wanted["gpuNum"] or None) == (config["gpuNum"] or None))
    )


def _memory(text: object) -> str:
    """``64`` of ``64GB``."""
    return str(text).upper().removesuffix("GB").strip()


def _words(config: Config) -> str:
    return ", ".join(f"{name} {config[name]}" for name in ("model", "ram", "gpuNum") if name in config)


# --- what cannot be rendered on it -------------------------------------------------------------------------------


def _not_its_software(config: Config, task: Mapping[str, Any], _: Sequence[str]) -> bool:
    number = str(task["task_info"].get("cg_id", ""))
    version = str((task.get("software_config") or {}).get("cg_version", ""))
    versions = config.get("notSupportCgVersions") or ()
    return number in map(str, config.get("notSupportCgId") or ()) or any(
        str(each["cgId"]) == number and each["cgVersionName"] == version for each in versions
    )


def _not_its_plugins(config: Config, task: Mapping[str, Any], _: Sequence[str]) -> bool:
    plugins = (task.get("software_config") or {}).get("plugins") or {}
    names = [f"{name} {version}" for name, version in plugins.items()]
    patterns = config.get("notSupportPluginList") or ()
    return any(re.search(pattern, name) for pattern in patterns for name in names)


def _not_its_codes(config: Config, _: Mapping[str, Any], codes: Sequence[str]) -> bool:
    return bool(set(config.get("notSupportCode") or ()) & set(codes))


_EXCLUSIONS: tuple[tuple[type[Exception], str, Callable[[Config, Mapping[str, Any], Sequence[str]], bool]], ...] = (
    (NotSupportCGSoftwareError, "it does not run this application or version", _not_its_software),
    (NotSupportPluginError, "it does not run one of its plug-ins", _not_its_plugins),
    (NotSupportHardwareCodeError, "the analysis found what it does not take", _not_its_codes),
)
