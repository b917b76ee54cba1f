"""The published ``rayvision-api`` under load. Runs with the Python of the client's own environment.

Standard input is one JSON object: ``domain``, ``access_id``, ``access_key``; ``kind``, one of :data:`KINDS`; ``rate``
and ``seconds``; ``tasks``, numbers of tasks, and ``total``, how many there are. Standard output is a JSON object:
``times``, the seconds of each call, and ``rate``, how many there really were in a second.
"""

from __future__ import annotations

import json
import logging
import random
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from rayvision_api.core import RayvisionAPI

THREADS = 8
WARM = 50
Work = Callable[[Any, Any, int], object]


def login(api: Any, _: Any, number: int) -> object:
    """One of the three calls of a login."""
    posts = (api.user.query_user_profile, api.user.query_user_setting, api.user.get_transfer_bid)
    return posts[number % 3]()


def page_of(size: int) -> Work:
    """Any page of the tasks."""

    def work(api: Any, asked: Any, _: int) -> object:
        return api.query.get_task_list(random.randint(1, max(1, asked["total"] // size)), size)

    return work


def frames(api: Any, asked: Any, _: int) -> object:
    """The frames of any task."""
    return api.query.task_frames(random.choice(asked["tasks"]), 1, 100)


KINDS: dict[str, Work] = {"login": login, "list-100": page_of(100), "list-10": page_of(10), "frames-100": frames}


class Load:
    """Calls at even distances, each on time as long as a thread is free."""

    def __init__(self, asked: Any) -> None:
        self._asked, self._work = asked, KINDS[asked["kind"]]
        self._lock, self._next = threading.Lock(), 0
        self._ready = threading.Barrier(THREADS + 1)
        self._began = 0.0
        self._count = int(asked["rate"] * asked["seconds"])
        self.times: list[float] = []
        self.errors: list[str] = []

    def run(self) -> float:
        """Make the calls; how many a second there were."""
        threads = [threading.Thread(target=self._calls, daemon=True) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        self._ready.wait()
        self._began = time.monotonic()
        self._ready.wait()
        for thread in threads:
            thread.join()
        return len(self.times) / (time.monotonic() - self._began)

    def _calls(self) -> None:
        try:
            api = _api(self._asked)
            for number in range(WARM // THREADS):
                self._work(api, self._asked, number)
        except Exception:
            self._ready.abort()
            raise
        self._ready.wait()
        self._ready.wait()
        while (number := self._take()) < self._count:
            time.sleep(max(0.0, self._began + number / self._asked["rate"] - time.monotonic()))
            self._call(api, number)

    def _take(self) -> int:
        with self._lock:
            self._next += 1
            return self._next - 1

    def _call(self, api: Any, number: int) -> None:
        began = time.perf_counter()
        try:
            self._work(api, self._asked, number)
        except Exception as error:  # noqa: BLE001 - told with the times
            self.errors.append(f"{type(error).__name__}: {error}")
        self.times.append(time.perf_counter() - began)


def _api(asked: Any) -> Any:
    quiet = logging.getLogger("quiet")
    quiet.setLevel(logging.ERROR)
    names = ("access_id", "access_key", "domain")
    return RayvisionAPI(**{name: asked[name] for name in names}, platform="2", protocol="http", logger=quiet)


def main() -> None:
    """Measure one kind of call."""
    load = Load(json.load(sys.stdin))
    rate = load.run()
    if load.errors:
        sys.exit(f"{len(load.errors)} calls failed, the first with {load.errors[0]}")
    json.dump({"times": load.times, "rate": rate}, sys.stdout)


if __name__ == "__main__":
    main()
