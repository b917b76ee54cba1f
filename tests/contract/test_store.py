"""The stores keep the contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from contract.store_suite import StoreSuite
from contract.store_words import Closable
from rendermill.store.database import SqlStore


class TestSqlite(StoreSuite):
    """SQLite in a file."""

    @pytest.fixture
    def stores(self, tmp_path: Path) -> Iterator[list[Closable]]:
        """The store that is open, as the only item."""
        opened: list[Closable] = [SqlStore.open(tmp_path / "farm.db")]
        yield opened
        for each in opened:
            each.close()

    @pytest.fixture
    def store(self, stores: list[Closable]) -> Closable:
        return stores[0]

    @pytest.fixture
    def reopened(self, stores: list[Closable], tmp_path: Path) -> Callable[[], Closable]:
        def again() -> Closable:
            stores[0].close()
            stores[0] = SqlStore.open(tmp_path / "farm.db")
            return stores[0]

        return again
