"""JSON files in UTF-8. A file is written beside its place and moved there whole."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
from pathlib import Path
from typing import Any

StrPath = str | os.PathLike[str]


def write_json(path: StrPath, data: dict[str, Any], *, indent: int = 2) -> None:
    """Write a file; of a name that is no Unicode the raw bytes become JSON's escapes. Raises OSError."""
    target = Path(os.path.realpath(path))  # a link stays one
    part = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with part.open("x", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            json.dump(data, file, ensure_ascii=False, indent=indent)
        with contextlib.suppress(FileNotFoundError):
            shutil.copymode(target, part)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def read_json(path: StrPath) -> dict[str, Any]:
    """The object that a file holds. Raises OSError, and ValueError, which says what is wrong, for any other content."""
    try:
        data = json.loads(Path(path).read_text(encoding="utf-8-sig"))
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not isinstance(data, dict):
        raise ValueError(f"it holds {type(data).__name__}, not an object")
    return data
