"""Stores in fresh SQLite files, made without running the migrations each time."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from rendermill.store.database import SqlStore, migrate, sqlite_engine


@cache
def _blank() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "blank.db"
        engine = sqlite_engine(path)
        migrate(engine)
        engine.dispose()
        return path.read_bytes()


def fresh_store(folder: Path) -> SqlStore:
    """An empty store in ``folder``."""
    path = folder / "farm.db"
    path.write_bytes(_blank())
    return SqlStore(sqlite_engine(path))
