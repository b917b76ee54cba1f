"""Stores in fresh SQLite files, made without running the migrations each time."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import event

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
    """An empty store in ``folder``. It waits for no disk: a power cut is not what its users test."""
    path = folder / "farm.db"
    path.write_bytes(_blank())
    engine = sqlite_engine(path)

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: object) -> None:
        connection.execute("PRAGMA synchronous=OFF")

    return SqlStore(engine)
