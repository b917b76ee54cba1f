"""Tips of an analysis that is a script's own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NoReturn

from rendermill_rayvision.jsonfile import StrPath, write_json


class TipsInfo:
    """Messages by their codes, in ``tips_list``; ``save_path`` is the folder that tips.json goes to."""

    def __init__(self, save_path: StrPath | None = None) -> None:
        self.tips_list: dict[str, list[str]] = {}
        self.path = save_path

    def add(self, key: str, *values: str) -> None:
        """Add messages to those of a code."""
        self.tips_list.setdefault(key, []).extend(values)

    def set_tips(self, key: str, value: str | list[str]) -> None:
        """Set the messages of a code, in place of those that it had."""
        self.tips_list[key] = [value] if isinstance(value, str) else list(value)

    def save_tips(self, path: StrPath | None = None) -> None:
        """Write tips.json into a folder. Raises OSError, TypeError without a folder."""
        folder = path or self.path
        if not folder:
            raise TypeError("a folder for tips.json is required: give path=, or save_path= when it is made")
        write_json(Path(folder) / "tips.json", self.tips_list)

    def save_and_exit(self, path: StrPath | None = None, exit_code: int = -1) -> NoReturn:
        """Write tips.json and end the process."""
        self.save_tips(path)
        sys.exit(exit_code)
