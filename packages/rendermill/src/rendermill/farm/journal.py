"""Writing down what sessions report, in order, also while the store cannot."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import TypeVar

from rendermill.farm.model.errors import UnavailableError
from rendermill.farm.ports.store import Store, Transaction

T = TypeVar("T")
Work = Callable[[Transaction], object]
_log = logging.getLogger(__name__)
_RETRY_SECONDS = 1.0
_STOP_SECONDS = 5.0


class Journal:
    """The event loop's side of the store's writer."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._pending: deque[tuple[str, Work]] = deque()
        self._writing: asyncio.Task[None] | None = None
        self.behind = False
        """Whether what has happened could not be written down yet."""

    def write(self, work: Callable[[Transaction], T]) -> asyncio.Future[T]:
        """What ``work`` returns, once it is committed."""
        return asyncio.wrap_future(self._store.write(work))

    def record(self, what: str, work: Work) -> None:
        """Write what has happened, which cannot be refused, after all that was recorded before.

        While the store cannot write, it is kept and tried again.
        """
        self._pending.append((what, work))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.get_running_loop().create_task(self._write_down())

    async def _write_down(self) -> None:
        """One unit of work at a time holds all that has come meanwhile, so nothing can overtake."""
        while self._pending:
            group = list(self._pending)
            try:
                await self._write_group(group)
            except UnavailableError as error:
                if not self.behind:
                    _log.error("what has happened could not be written; it is kept and tried again: %s", error)
                self.behind = True
                await asyncio.sleep(_RETRY_SECONDS)
        self.behind = False

    async def _write_group(self, group: Sequence[tuple[str, Work]]) -> None:
        try:
            await self.write(lambda tx: [work(tx) for _, work in group])
            self._done(len(group))
        except UnavailableError:
            raise
        except Exception:  # noqa: BLE001 - found below
            await self._one_by_one(group)

    async def _one_by_one(self, group: Sequence[tuple[str, Work]]) -> None:
        """One of them is odd: it must not keep the others from being written."""
        for what, work in group:
            try:
                await self.write(work)
            except UnavailableError:
                raise
            except Exception:  # noqa: BLE001 - told, and out of the way
                _log.exception("%s could not be written and is left out", what)
            self._done(1)

    def _done(self, count: int) -> None:
        for _ in range(count):
            self._pending.popleft()

    async def stop(self) -> None:
        """Write what is left; what cannot be written the next start finds lost, and runs it again."""
        if self._writing is not None:
            await asyncio.wait({self._writing}, timeout=_STOP_SECONDS)
            self._writing.cancel()
            await asyncio.gather(self._writing, return_exceptions=True)
