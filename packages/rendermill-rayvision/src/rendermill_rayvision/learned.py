"""The names of parameters that hold files, as they were met in Houdini scenes: a small database that only grows.

``data_tl.db`` has one table, ``ReFerType``, whose column ``TYPES`` has the names.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from rendermill.scenes.report import SceneReport, State
from rendermill_rayvision.workspace import is_folder, sdk_folder

DATABASE = "data_tl.db"
_WAIT_SECONDS = 60
_USER = re.compile(r"/\S* (\S+)")
_NO_FILES = (".py", ".hda", ".otl")
"""Code and definitions: they have a path, and are no files that a scene reads."""


def database_folder(custom: str | os.PathLike[str] | None) -> Path:
    """``custom`` if it is there, else the environment's RAYVISION_HOUDINI, else the folder of the SDK."""
    if custom and is_folder(custom):
        return Path(custom).absolute()
    named = os.environ.get("RAYVISION_HOUDINI")
    return Path(named).absolute() if named else sdk_folder()


def parameter_names(report: SceneReport) -> set[str]:
    """The parameters of nodes that hold files to read."""
    read = (use for use in report.files if use.state is not State.OUTPUT)
    users = (use.used_by.split(", ") for use in read if not use.path.lower().endswith(_NO_FILES))
    return {match[1] for names in users for user in names if (match := _USER.fullmatch(user))}


def remember(folder: Path, names: Iterable[str]) -> None:
    """Add names to the database of a folder; processes may do so at once. Raises sqlite3.Error, OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(folder / DATABASE, timeout=_WAIT_SECONDS, isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")  # whoever is second waits here, not between two statements
        database.execute("CREATE TABLE IF NOT EXISTS ReFerType (TYPES TEXT PRIMARY KEY NOT NULL, INFO TEXT)")
        rows = [(name,) for name in sorted({"file", *names})]
        database.executemany("INSERT OR IGNORE INTO ReFerType (TYPES) VALUES (?)", rows)
        database.execute("COMMIT")
