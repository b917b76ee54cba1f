"""Files that were found elsewhere than the scene says: a Blender that loads it must be told."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rendermill.scenes.blender.files import FIXED
from rendermill.scenes.report import FileUse, SceneReport, State

_TOKEN = re.compile(r"#+|<UDIM>|<UVTILE>")


def found_elsewhere(report: SceneReport) -> list[tuple[str, str]]:
    """Pairs of a path that the scene leads to and the one to use instead."""
    return [(asked, instead) for use in report.files if not _is_fixed(use) for asked, instead in _pairs(use)]


def unusable(report: SceneReport) -> list[FileUse]:
    """Files that were found, but that no Blender can be told the place of: as good as missing."""
    return [use for use in report.files if use.instead_of and _is_fixed(use)]


def _is_fixed(use: FileUse) -> bool:
    return any(kind in use.used_by for kind in FIXED)


def _pairs(use: FileUse) -> Iterator[tuple[str, str]]:
    for asked in use.instead_of:
        yield asked, _instead(use, asked)


def _instead(use: FileUse, asked: str) -> str:
    """A path as Blender would write it: for a sequence any of its frames, for tiles the token."""
    if use.state is State.RESOLVED or use.files[0].startswith(f"{use.resolved}/"):  # a file, or what is in a folder
        return use.resolved
    tokens = list(_TOKEN.finditer(asked.rpartition("/")[2]))
    if not tokens or tokens[-1][0].startswith("#"):
        return use.files[0]
    before, after = _TOKEN.split(asked.rpartition("/")[2], maxsplit=1)
    folder, _, name = use.files[0].rpartition("/")
    return f"{folder}/{name[: len(before)]}{tokens[0][0]}{name[len(name) - len(after) :]}"
