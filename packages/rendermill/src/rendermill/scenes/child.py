"""The process in which a scene is read, so that no scene can harm who asked: ``python -m rendermill.scenes.child``.

It takes one JSON object, a line on its standard input (``path``, ``maps``, ``within``, ``memory``, ``seconds``), and
writes JSON lines: ``{"progress": 0.4}``, ``{"report": {…}}``, of which the last counts, and ``{"looked": […]}``, the
folders and files that the report depends on. When that input ends, who asked is gone, and so is the process.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rendermill.scenes.examine import Listener, TimeUpError, examine, too_long
from rendermill.scenes.report import SceneReport

_STEP = 0.01


def _limited(memory: int, seconds: float) -> None:
    """Cap memory and processor time, allow no file to be written and no core; interrupt Python when time is up."""
    for limit, value in (
        (resource.RLIMIT_DATA, memory),  # what is mapped of files takes none
        (resource.RLIMIT_CPU, int(seconds) + 5),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):  # macOS knows not all of them
            resource.setrlimit(limit, (value, value))
    signal.signal(signal.SIGALRM, _time_up(seconds))
    signal.setitimer(signal.ITIMER_REAL, seconds)


def _time_up(seconds: float) -> Callable[[int, object], None]:
    def raised(*_: object) -> None:
        raise TimeUpError(too_long(seconds))

    return raised


class _Lines:
    """Writes what happens as JSON lines; progress in steps."""

    def __init__(self) -> None:
        self._told = 0.0

    def progress(self, done: float) -> None:
        if done >= self._told + _STEP:
            self._told = done
            self._write({"progress": round(done, 3)})

    def report(self, report: SceneReport) -> None:
        self._write({"report": report.to_dict()})

    def looked(self, places: list[str]) -> None:
        self._write({"looked": places})

    def _write(self, data: dict[str, Any]) -> None:
        try:
            sys.stdout.write(json.dumps(data) + "\n")
            sys.stdout.flush()
        except BrokenPipeError:  # who asked has gone
            os._exit(1)


def main() -> None:
    """Read what the order on stdin names."""
    order = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_who_asked, daemon=True).start()
    _limited(order["memory"], order["seconds"])
    lines = _Lines()
    listener = Listener(lines.progress, lines.report, lines.looked)
    maps = tuple((source, target) for source, target in order["maps"])
    report = examine(Path(order["path"]), maps, listener, order["within"])
    signal.setitimer(signal.ITIMER_REAL, 0)
    lines.report(report)


def _end_with_who_asked() -> None:
    while os.read(0, 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    os._exit(0)
