"""The files of an analysis: JSON in UTF-8, two blanks deep."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


def write_json(path: str | os.PathLike[str], data: dict[str, Any]) -> None:
    """Write a file; of a name that is no Unicode the raw bytes become JSON's escapes."""
    with Path(path).open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
        json.dump(data, file, ensure_ascii=False, indent=2)
