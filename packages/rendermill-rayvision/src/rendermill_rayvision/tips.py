"""tips.json: what is wrong with a scene, by the codes of the Rayvision API.

A check asks the server what a code means. One of its errors blocks the submission, so a guess must not have such a
code. No code of the API says that a scene is damaged and was read nevertheless; :data:`DAMAGED` is the warning that
comes nearest, and its message says what is meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from rendermill.scenes.report import Confidence, FileUse, SceneReport, State

Tip = tuple[str, str]
"""A code and a message."""
Tips = dict[str, list[str]]

# Warnings.
DAMAGED = "10010"
FILE_MISSING = "10012"
FRAME_MISSING = "10027"
BLENDER_STEP = "46001"
HOUDINI_FILE_MISSING = "50001"
HOUDINI_CAMERA_MISSING = "50003"
# Errors.
UNREADABLE = "15002"
NO_CAMERA = "15006"
OTHER_VERSION = "15013"
SCENE_MISSING = "15024"
REFERENCE_MISSING = "25009"
BLENDER_MOVIE = "46000"
BLENDER_NO_CAMERA = "46003"
HOUDINI_NO_CAMERA = "50002"
HOUDINI_SLICE_TYPE = "50007"
HOUDINI_SLICES = "50008"
HOUDINI_NOTHING_TO_RENDER = "50010"

MOST_SLICES = 16
_BY_SUFFIX = {
    ".abc": "10018",
    ".aur": "10022",
    ".fxd": "10011",
    ".vdb": "10028",
    ".vrlmap": "10024",
    ".vrmap": "10023",
    ".vrmesh": "10030",
    ".xmesh": "10020",
    **dict.fromkeys((".blend", ".c4d", ".katana", ".ma", ".max", ".mb", ".project"), REFERENCE_MISSING),
}


def missing_code(use: FileUse) -> str:
    """The code of a file that is not there, by its kind. Only a scene that is surely used is an error."""
    code = _BY_SUFFIX.get(PurePosixPath(use.resolved or use.path).suffix.lower(), FILE_MISSING)
    return FILE_MISSING if code == REFERENCE_MISSING and not is_missed(use) else code


def is_missed(use: FileUse) -> bool:
    """Whether a file is surely used and surely not there."""
    return use.state is State.MISSING and use.confidence is Confidence.HIGH


def file_tips(report: SceneReport) -> Iterator[tuple[FileUse, str]]:
    """What to say of files that are not there, or not all of them: who names them, how, and where they should be."""
    for use in report.files:
        named = f"{use.used_by}  {use.path}"
        guess = "" if use.confidence is Confidence.HIGH else " (a guess)"
        if use.state is State.MISSING:
            yield use, f"{named}  missing: {use.resolved}{guess}"
        elif use.state is State.UNRESOLVED:
            yield use, f"{named}  not known: {use.reason}{guess}"
        elif use.state is State.PATTERN and use.gaps:
            yield use, f"{named}  missing: frames {use.gaps} of {use.resolved}{guess}"


def collected(tips: Iterable[Tip]) -> Tips:
    """The messages of each code, each once."""
    found: dict[str, dict[str, None]] = {}
    for code, message in tips:
        found.setdefault(code, {})[message] = None
    return {code: list(messages) for code, messages in found.items()}
