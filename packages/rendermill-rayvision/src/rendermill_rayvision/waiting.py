"""Waiting for tasks: woken when one of them changes, and looking after a while in any case."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

from rendermill.farm.model.errors import RendermillError, UnreachableError
from rendermill_rayvision.tasks import Task

PATIENCE_SECONDS = 60.0
_AGAIN_SECONDS = 5.0
_MOST_THREADS = 16
_log = logging.getLogger(__name__)
T = TypeVar("T")


class Watching(Protocol):
    """What tells of a farm's jobs: ``api.rendermill``."""

    def watch(self, job_id: int, stop: threading.Event | None = None) -> Iterator[dict[str, Any]]:
        """The job whenever something of it changes."""


class Bell:
    """Rings when a frame of a farm's jobs is done, or one of them has ended or been paused.

    A thread listens for each job, up to 16 of them; of others nothing is heard.
    """

    def __init__(self, client: Watching) -> None:
        self._client = client
        self._rung, self._stop = threading.Event(), threading.Event()
        self._lock = threading.Lock()
        self._listening: set[int] = set()
        self._seen: dict[int, tuple[Any, Any]] = {}

    def listen(self, jobs: Iterable[int]) -> None:
        """Listen for these jobs too."""
        for job in jobs:
            with self._lock:
                if job in self._listening or len(self._listening) >= _MOST_THREADS:
                    continue
                self._listening.add(job)
            threading.Thread(target=self._follow, args=(job,), name=f"job {job}", daemon=True).start()

    def wait(self, seconds: float) -> None:
        """Wait until it rings, so long at most."""
        self._rung.wait(seconds)
        self._rung.clear()

    def close(self) -> None:
        """Listen no more; the threads end with the next sign of life of their connections."""
        self._stop.set()

    def _follow(self, job: int) -> None:
        try:
            for state in self._client.watch(job, self._stop):
                now = (state["status"], state["tasks"]["succeeded"])
                if self._seen.get(job) != now:  # frames that begin are no news
                    self._seen[job] = now
                    self._rung.set()
        except RendermillError as error:
            _log.debug("job %d is not heard: %s", job, error)
        finally:
            with self._lock:
                self._listening.discard(job)


def patiently(
    call: Callable[[], T],
    wait: Callable[[float], object] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> T:
    """What a call gives; a farm that does not answer is asked again. ``wait`` gets the seconds between two calls.

    Raises UnreachableError if it has not answered for a minute, and what the call raises.
    """
    began = clock()
    while True:
        try:
            return call()
        except UnreachableError:
            if clock() - began >= PATIENCE_SECONDS:
                raise
        wait(_AGAIN_SECONDS)


def rounds(
    ids: Sequence[int],
    look: Callable[[list[int]], list[Task]],
    bell: Bell,
    pause: float,
    *,
    tested: bool = False,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[tuple[Task, bool]]:
    """Each task again and again, and whether it is over (ended, or deleted): then it does not come again.

    ``pause`` is how many seconds pass between two looks if the bell does not ring. Raises UnreachableError if the farm
    has not answered for a minute, and what ``look`` raises.
    """
    left = list(ids)
    while left:
        found = patiently(lambda: look(left), lambda seconds: bell.wait(min(pause, seconds)), clock)
        bell.listen(task.job for task in found if task.job is not None)
        for task in found:
            over = task.deleted or task.is_over(tested=tested)
            if over:
                left.remove(task.id)
            yield task, over
        if left:
            bell.wait(pause)
