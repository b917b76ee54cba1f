"""Writing down what sessions report: in order, whatever the store does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, cast

import pytest

from rendermill.farm.journal import Journal
from rendermill.farm.model.errors import UnavailableError
from rendermill.farm.ports.store import Store


class SlowStore:
    """A store whose units the test answers; ``done`` is what was committed, in order."""

    def __init__(self) -> None:
        self.units: list[tuple[Callable[[Any], Any], Future[Any]]] = []
        self.done: list[str] = []
        self.asked = asyncio.Event()

    def write(self, work: Callable[[Any], Any]) -> Future[Any]:
        future: Future[Any] = Future()
        self.units.append((work, future))
        self.asked.set()
        return future

    async def unit(self) -> tuple[Callable[[Any], Any], Future[Any]]:
        async with asyncio.timeout(60):
            await self.asked.wait()
        unit = self.units.pop(0)
        if not self.units:
            self.asked.clear()
        return unit

    async def commit(self) -> None:
        work, future = await self.unit()
        before = list(self.done)
        try:
            future.set_result(work(self))
        except Exception as error:  # noqa: BLE001 - as a store does: undone, and told
            self.done = before
            future.set_exception(error)

    async def refuse(self) -> None:
        _, future = await self.unit()
        future.set_exception(UnavailableError("the disk is full"))


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rendermill.farm.journal._RETRY_SECONDS", 0.0)


def recording(store: SlowStore) -> tuple[Journal, Callable[[str], None]]:
    journal = Journal(cast(Store, store))
    return journal, lambda name: journal.record(name, lambda _tx: store.done.append(name))


@pytest.mark.usefixtures("at_once")
async def test_what_comes_while_an_earlier_one_cannot_be_written_stays_behind_it() -> None:
    store = SlowStore()
    journal, record = recording(store)
    record("start")
    await asyncio.sleep(0)
    record("success")  # the start is on its way
    await store.refuse()
    record("another")
    await store.commit()
    await journal.stop()
    assert store.done == ["start", "success", "another"]
    assert not journal.behind


@pytest.mark.usefixtures("at_once")
async def test_it_is_behind_until_all_is_written() -> None:
    store = SlowStore()
    journal, record = recording(store)
    record("start")
    await store.refuse()
    work, future = await store.unit()
    assert journal.behind
    future.set_result(work(store))
    await journal.stop()
    assert not journal.behind


async def test_an_odd_one_keeps_no_other_from_being_written() -> None:
    def break_down(_tx: object) -> None:
        raise ValueError("odd")

    store = SlowStore()
    journal, record = recording(store)
    record("first")
    journal.record("odd", break_down)
    record("last")
    for _ in range(4):  # all at once, then one by one
        await store.commit()
    await journal.stop()
    assert store.done == ["first", "last"]
    record("later")
    await store.commit()
    await journal.stop()
    assert store.done == ["first", "last", "later"]
