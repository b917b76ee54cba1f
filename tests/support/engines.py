"""Engines that run nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rendermill.farm.model.records import AttemptKey
from rendermill.farm.ports.engine import EngineEvent, SessionOrder, TaskOrder, Worker
from support.pictures import worker


class NoWorkers:
    """An engine (:class:`rendermill.farm.ports.engine.Engine`) of a farm whose machines are all away."""

    def workers(self) -> Sequence[Worker]:
        return ()

    async def start(self, listener: Callable[[EngineEvent], None]) -> None:
        return

    async def stop(self) -> None:
        return

    def open(self, order: SessionOrder, first: TaskOrder) -> None:
        raise AssertionError("there is no worker")

    def run(self, session: str, order: TaskOrder) -> None:
        raise AssertionError("there is no worker")

    def cancel(self, session: str, key: AttemptKey) -> None:
        raise AssertionError("there is no worker")

    def close(self, session: str) -> None:
        raise AssertionError("there is no worker")

    def kill(self, session: str, reason: str) -> None:
        raise AssertionError("there is no worker")


class Opened(NoWorkers):
    """One that has a worker, and writes down the sessions that it is told to open."""

    def __init__(self) -> None:
        self.opened: list[SessionOrder] = []

    def workers(self) -> Sequence[Worker]:
        return [worker()]

    def open(self, order: SessionOrder, first: TaskOrder) -> None:
        self.opened.append(order)
