"""Who wants to hear when something of a job changes, and how far its running tasks are."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from rendermill.farm.model.records import AttemptKey

_PROGRESS_SECONDS = 0.5
Watcher = Callable[[int | None], None]


class News:
    """Belongs to one event loop."""

    def __init__(self) -> None:
        self.progress: dict[AttemptKey, tuple[float | None, str]] = {}
        """Running attempts → share done (0 to 1, None if unknown) and what the program last said of it."""
        self._watchers: list[Watcher] = []
        self._to_tell: set[int] = set()

    def watch(self, watcher: Watcher) -> Callable[[], None]:
        """Call ``watcher`` with the id of each job that changes, or None when the farm is about to stop.

        Returns what ends that.
        """
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher)

    def end(self) -> None:
        """Tell whoever watches that nothing more will come."""
        self.tell(None)

    def tell(self, job_id: int | None) -> None:
        """Something of a job has changed."""
        for watcher in list(self._watchers):
            watcher(job_id)

    def tell_soon(self, job_id: int) -> None:
        """The same, a few times a second, however many tasks report their progress."""
        if job_id not in self._to_tell:
            self._to_tell.add(job_id)
            asyncio.get_running_loop().call_later(_PROGRESS_SECONDS, self._tell_now, job_id)

    def _tell_now(self, job_id: int) -> None:
        self._to_tell.discard(job_id)
        self.tell(job_id)
