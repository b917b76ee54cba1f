"""How doors reach tables of their own: within the store's own transactions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection

from rendermill.farm.ports.store import Transaction
from rendermill.store.database import SqlStore
from rendermill.store.moves import SqlTransaction

__all__ = ["Connection", "Desk"]
T = TypeVar("T")


class Desk:
    """Runs functions that take a connection: those of :mod:`rendermill.store.rayvision` and ``store.cinnamon``."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run what only reads, on one snapshot, in another thread."""
        return await asyncio.to_thread(self.look, work)

    def look(self, work: Callable[[Connection], T]) -> T:
        """The same in this thread."""
        with self._store.engine.connect() as connection, connection.begin():
            return work(connection)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run what changes something; it is durable once this returns."""
        return await asyncio.wrap_future(self._store.write(lambda tx: work(self.within(tx))))

    def within(self, tx: Transaction) -> Connection:
        """The connection of a transaction of the farm's, to do a part of it."""
        assert isinstance(tx, SqlTransaction)
        return tx.connection
