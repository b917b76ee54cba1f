"""Opening a database, bringing it up to date, and the writer whose commits many units share.

SQLite runs in WAL mode with ``synchronous=FULL``: what a commit has answered survives a power cut. Because each
commit then waits for the disk, units that queue while one waits go together into the next (group commit).
"""

from __future__ import annotations

import json
import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DatabaseError, OperationalError

from rendermill.farm.model.errors import UnavailableError
from rendermill.farm.model.records import Event
from rendermill.farm.ports.store import Queries, Transaction
from rendermill.store import functions
from rendermill.store.moves import SqlTransaction
from rendermill.store.queries import SqlQueries

T = TypeVar("T")
Listener = Callable[[Sequence[Event]], None]
_MAX_BATCH = 256
_PATIENCE_SECONDS = 10.0
_PRAGMAS = ("busy_timeout=10000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")  # patience first
_log = logging.getLogger(__name__)


def sqlite_engine(path: Path) -> Engine:
    """An engine over a SQLite file; transactions begin where SQLAlchemy says, writing ones take the lock at once."""
    engine = create_engine(f"sqlite:///{path}", json_deserializer=_from_json)

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver must not begin transactions by itself
        for pragma in _PRAGMAS:
            _pragma(connection, pragma)
        functions.register(connection)

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _from_json(text: str) -> Any:
    """Most JSON columns of most rows are empty, and a page of a list has hundreds of them."""
    if text == "[]":
        return []
    return {} if text == "{}" else json.loads(text)


def _pragma(connection: Any, pragma: str) -> None:
    """Set a pragma. Turning a new file to WAL does not wait for a lock by itself, so it is tried for a while."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            connection.execute(f"PRAGMA {pragma}")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def migrate(engine: Engine) -> None:
    """Bring the schema to this version's, however old it is.

    Raises :class:`UnavailableError` if it is newer, is no store of ours, or cannot be opened.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    try:
        with engine.connect().execution_options(writes=True) as connection, connection.begin():
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except DatabaseError as error:
        remedy = "Check the folder's permissions, its free space, and that the file is a Rendermill store."
        raise UnavailableError(str(error.orig), where=str(engine.url.database), remedy=remedy) from error
    except CommandError as error:
        what = f"the store does not fit this version: {error}"
        raise UnavailableError(what, where=str(engine.url.database), remedy="Update Rendermill.") from error


@contextmanager
def opened(path: Path) -> Iterator[Engine]:
    """The SQLite store at ``path``, made or brought up to date, for a block's length. Raises as :func:`migrate`."""
    engine = sqlite_engine(path)
    try:
        migrate(engine)
        yield engine
    finally:
        engine.dispose()


class SqlStore:
    """Jobs in SQL (:class:`rendermill.farm.ports.store.Store`)."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._queue: queue.SimpleQueue[_Unit | None] = queue.SimpleQueue()
        self._listeners: list[Listener] = []
        self._thread = threading.Thread(target=self._write_forever, name="store-writer", daemon=True)
        self._thread.start()

    @classmethod
    def open(cls, path: Path) -> SqlStore:
        """Open, make or upgrade the SQLite store at ``path``.

        Raises :class:`UnavailableError` where it cannot be opened or was written by a newer version.
        """
        engine = sqlite_engine(path)
        try:
            migrate(engine)
        except UnavailableError:
            engine.dispose()
            raise
        return cls(engine)

    def write(self, work: Callable[[Transaction], T]) -> Future[T]:
        """Queue a unit of work; its future is done once it is durable."""
        unit = _Unit(work)
        self._queue.put(unit)
        return unit.future

    def read(self, work: Callable[[Queries], T]) -> T:
        """Run a reading unit in this thread, on one consistent snapshot."""
        with self._engine.connect() as connection, connection.begin():
            return work(SqlQueries(connection))

    def listen(self, listener: Listener) -> None:
        """Hear the events of each commit."""
        self._listeners.append(listener)

    @property
    def engine(self) -> Engine:
        """The SQLAlchemy engine, for parts that keep tables of their own beside the jobs."""
        return self._engine

    def close(self) -> None:
        """Finish what is queued and close."""
        self._queue.put(None)
        self._thread.join()
        self._engine.dispose()

    # --- the writer --------------------------------------------------------------------------------------------

    def _write_forever(self) -> None:
        with self._engine.connect().execution_options(writes=True) as connection:
            while (batch := self._next_batch()) is not None:
                self._commit(connection, batch)

    def _next_batch(self) -> list[_Unit] | None:
        first = self._queue.get()
        if first is None:
            return None
        batch = [first]
        while len(batch) < _MAX_BATCH:
            try:
                unit = self._queue.get_nowait()
            except queue.Empty:
                break
            if unit is None:
                self._queue.put(None)
                break
            batch.append(unit)
        return [
            unit for unit in batch if unit.future.set_running_or_notify_cancel()
        ]  # from here on they are not called off

    def _commit(self, connection: Connection, batch: list[_Unit]) -> None:
        emitted: list[Event] = []
        try:
            with connection.begin():
                for unit in batch:
                    emitted += unit.run(connection)
        except OperationalError as error:
            failure = UnavailableError(
                f"the store cannot write: {error.orig}",
                remedy="Free some disk space; nothing of this was kept.",
            )
            for unit in batch:
                unit.future.set_exception(failure)
            return
        except Exception as error:  # noqa: BLE001 - the writer goes on, whatever it was
            _log.exception("a batch could not be committed")
            for unit in batch:
                unit.future.set_exception(error)
            return
        if emitted:
            self._tell(emitted)
        for unit in batch:
            unit.settle()

    def _tell(self, emitted: list[Event]) -> None:
        for listener in self._listeners:
            try:
                listener(emitted)
            except Exception:  # noqa: BLE001 - it is committed all the same
                _log.exception("a listener of the store broke")


class _Unit:
    """A queued unit of work and what became of it."""

    def __init__(self, work: Callable[[Transaction], Any]) -> None:
        self.work = work
        self.future: Future[Any] = Future()
        self._result: Any = None
        self._error: Exception | None = None

    def run(self, connection: Connection) -> list[Event]:
        """Do the work under a savepoint, so that its error undoes this unit alone."""
        tx = SqlTransaction(connection)
        connection.execute(_SAVEPOINT)
        try:
            self._result = self.work(tx)
        except OperationalError:
            raise  # the disk, not the work: the whole batch is undone
        except Exception as error:  # noqa: BLE001 - whatever it is belongs to the caller of this unit
            connection.execute(_ROLLBACK)
            self._error = error
            return []
        connection.execute(_RELEASE)
        return tx.emitted

    def settle(self) -> None:
        """Tell the caller, after the commit."""
        if self._error is not None:
            self.future.set_exception(self._error)
        else:
            self.future.set_result(self._result)


_SAVEPOINT = text("SAVEPOINT unit")
_ROLLBACK = text("ROLLBACK TO unit")
_RELEASE = text("RELEASE unit")
