"""A command sent again and again over several connections. Standard library only: its work costs the server little.

Standard input is one JSON object: ``domain``, ``path``, ``body`` (text), ``content_type``, ``connections``, ``count``,
and ``expected``, what each answer must hold. Standard output is a JSON object: ``times``, the seconds of each call, and
``rate``, how many there were in a second.
"""

from __future__ import annotations

import http.client
import json
import sys
import threading
import time
from typing import Any


class Load:
    """Calls as fast as they are answered."""

    def __init__(self, asked: Any) -> None:
        self._asked = asked
        self._left: int = asked["count"]
        self._lock = threading.Lock()
        self.times: list[float] = []
        self.wrong: list[bytes] = []

    def run(self) -> float:
        """Make the calls; how many a second there were."""
        threads = [threading.Thread(target=self._calls, daemon=True) for _ in range(self._asked["connections"])]
        began = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return len(self.times) / (time.perf_counter() - began)

    def _take(self) -> bool:
        with self._lock:
            self._left -= 1
            return self._left >= 0

    def _calls(self) -> None:
        asked = self._asked
        connection = http.client.HTTPConnection(asked["domain"], timeout=60)
        headers = {"Content-Type": asked["content_type"]}
        body, expected = asked["body"].encode(), asked["expected"].encode()
        while self._take():
            began = time.perf_counter()
            connection.request("POST", asked["path"], body, headers)
            answer = connection.getresponse().read()
            self.times.append(time.perf_counter() - began)
            if expected not in answer:
                self.wrong.append(answer)
        connection.close()


def main() -> None:
    """Measure."""
    load = Load(json.load(sys.stdin))
    rate = load.run()
    if load.wrong:
        sys.exit(f"{len(load.wrong)} calls failed, the first with {load.wrong[0][:500]!r}")
    json.dump({"times": load.times, "rate": rate}, sys.stdout)


if __name__ == "__main__":
    main()
