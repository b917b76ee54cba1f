"""Writing down what sessions report, in order, also while the store cannot."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

from rendermill.farm.model.errors import UnavailableError
from rendermill.farm.ports import Store, Transaction

T = TypeVar("T")
Work = Callable[[Transaction], object]
_log = logging.getLogger(__name__)
_RETRY_SECONDS = 1.0


class Journal:
    """The event loop's side of the store's writer."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._backlog: deque[tuple[str, Work]] = deque()
        self._working_off: asyncio.Task[None] | None = None

    def write(self, work: Callable[[Transaction], T]) -> asyncio.Future[T]:
        """What ``work`` returns, once it is committed."""
        return asyncio.wrap_future(self._store.write(work))

    def record(self, what: str, work: Work) -> None:
        """Write what has happened, which cannot be refused. While the store cannot, keep the order and keep trying."""
        if self._backlog:
            self._backlog.append((what, work))
            return
        self.write(work).add_done_callback(lambda done: self._recorded(what, work, done))

    def _recorded(self, what: str, work: Work, done: asyncio.Future[Any]) -> None:
        if done.cancelled() or (error := done.exception()) is None:
            return
        if not isinstance(error, UnavailableError):
            raise error
        self._backlog.append((what, work))
        if len(self._backlog) == 1:
            _log.error("%s could not be written; it is kept and tried again: %s", what, error)
            self._working_off = asyncio.get_running_loop().create_task(self._work_off())

    async def _work_off(self) -> None:
        while self._backlog:
            try:
                await self.write(self._backlog[0][1])
                self._backlog.popleft()
            except UnavailableError:
                await asyncio.sleep(_RETRY_SECONDS)

    async def stop(self) -> None:
        """Give up what could not be written: the next start finds it lost and runs it again."""
        if self._working_off is not None:
            self._working_off.cancel()
            await asyncio.gather(self._working_off, return_exceptions=True)
