"""Records in a SQLite file of this machine, which several processes may use at once.

The table is ``record(r_key, r_val, r_time)``. A file in which another program has such a table is used as it is; what
that program wrote there is left alone and understood by nobody here.
"""

from __future__ import annotations

import contextlib
import json
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from rendermill.assets.client.record_text import key_text, mark_of, text_of
from rendermill.assets.client.records import Mark

T = TypeVar("T")
_SCHEMA = """CREATE TABLE IF NOT EXISTS record (
    r_key CHAR(2048) PRIMARY KEY NOT NULL, r_val CHAR(64) NOT NULL, r_time CHAR(20) NOT NULL)"""
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_log = logging.getLogger(__name__)


class SqliteRecords:
    """Records in a SQLite file (:class:`~rendermill.assets.client.records.Records`).

    A damaged file is renamed to ``*.damaged`` and begun anew. Where the file cannot be read or written, that is logged
    once, and from then on nothing is known, or kept. Another process that writes is waited for ``patience`` seconds.
    """

    def __init__(self, path: Path, *, patience: float = 10.0) -> None:
        self._path = path
        self._patience = patience
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._reads = self._writes = True

    def known(self, keys: Sequence[str]) -> dict[str, Mark]:
        """The marks of those keys that have one."""
        if not keys:
            return {}
        asked = {key_text(key): key for key in keys}

        def read(connection: sqlite3.Connection) -> dict[str, Mark]:
            query = "SELECT r_key, r_val FROM record WHERE r_key IN (SELECT value FROM json_each(?))"
            rows = connection.execute(query, (json.dumps(list(asked)),))
            return {asked[key]: mark for key, text in rows if (mark := mark_of(text)) is not None}

        return self._reading(read)

    def keep(self, marks: Mapping[str, Mark]) -> None:
        """Remember marks in place of those that the keys had."""
        now = str(int(time.time()))
        rows = [(key_text(key), text_of(mark), now) for key, mark in marks.items()]
        self._change("INSERT OR REPLACE INTO record VALUES (?, ?, ?)", rows)

    def forget(self, keys: Sequence[str]) -> None:
        """Forget what is known of the keys."""
        self._change("DELETE FROM record WHERE r_key = ?", [(key_text(key),) for key in keys])

    def close(self) -> None:
        """Close the file; from then on nothing is known, or kept."""
        with self._lock:
            self._reads = self._writes = False
            self._let_go()

    # --- inside ------------------------------------------------------------------------------------------------

    def _reading(self, work: Callable[[sqlite3.Connection], dict[str, Mark]]) -> dict[str, Mark]:
        with self._lock:
            if not self._reads:
                return {}
            try:
                return self._try(work)
            except (OSError, sqlite3.Error) as error:
                self._give_up(error)
                self._reads = False
                return {}

    def _change(self, statement: str, rows: Sequence[tuple[str, ...]]) -> None:
        def write(connection: sqlite3.Connection) -> None:
            connection.execute("BEGIN IMMEDIATE")
            try:
                connection.executemany(statement, rows)
                connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                raise

        with self._lock:
            if not (rows and self._writes):
                return
            try:
                self._try(write)
            except (OSError, sqlite3.Error) as error:
                self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        """Write no more. What was never a database, or is read-only, stays so: one message is enough."""
        if self._writes:
            _log.warning("the records of uploads are not used, files are read again: %s: %s", self._path, error)
        self._writes = False

    def _try(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do something with the database; if it turns out damaged, with a new one."""
        try:
            return work(self._open())
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _DAMAGED:
                raise
            self._let_go()
            self._set_aside(error)
        return work(self._open())

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(
                self._path, timeout=self._patience, isolation_level=None, check_same_thread=False
            )
            self._connection = connection
            with contextlib.suppress(
                sqlite3.OperationalError
            ):  # another process is doing just that, or it is read-only
                connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute(_SCHEMA)
        return self._connection

    def _let_go(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def _set_aside(self, error: Exception) -> None:
        """Rename the damaged file; its journal goes first, or it would be taken for that of the new one."""
        _log.warning("the records of uploads are damaged and begun anew: %s: %s", self._path, error)
        for suffix in ("-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
        with contextlib.suppress(FileNotFoundError):  # another process was quicker
            self._path.replace(self._path.with_name(f"{self._path.name}.damaged"))
