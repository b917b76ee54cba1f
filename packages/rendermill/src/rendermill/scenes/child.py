"""The process in which a scene is read, so that no scene can harm who asked: ``python -m rendermill.scenes.child``.

It takes one JSON object on its standard input (``path``, ``maps``, ``memory``, ``seconds``) and writes JSON lines:
``{"progress": 0.4}``, and ``{"report": {…}}``, of which the last counts.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rendermill.scenes.examine import Listener, TimeUpError, examine
from rendermill.scenes.report import SceneReport

_STEP = 0.01


def _limited(path: Path, memory: int, seconds: float) -> None:
    """Cap memory and processor time, allow no file to be written and no core; interrupt Python when time is up."""
    size = path.stat().st_size if path.is_file() else 0
    for limit, value in (
        (resource.RLIMIT_AS, memory + size),  # the scene itself is mapped
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
        raise TimeUpError(f"reading it takes longer than {seconds:g} seconds")

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

    def _write(self, data: dict[str, Any]) -> None:
        try:
            sys.stdout.write(json.dumps(data) + "\n")
            sys.stdout.flush()
        except BrokenPipeError:  # who asked has gone
            os._exit(1)


def main() -> None:
    """Read what the order on stdin names."""
    order = json.loads(sys.stdin.read())
    path = Path(order["path"])
    _limited(path, order["memory"], order["seconds"])
    lines = _Lines()
    report = examine(
        path, tuple((source, target) for source, target in order["maps"]), Listener(lines.progress, lines.report)
    )
    signal.setitimer(signal.ITIMER_REAL, 0)
    lines.report(report)


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    os._exit(0)
