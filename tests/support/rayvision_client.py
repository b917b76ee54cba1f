"""The published, unmodified ``rayvision-api`` and ``rayvision-sync`` in an environment of their own, and processes that
drive farms with them.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.own_environment import own_environment

ROOT = Path(__file__).resolve().parent.parent.parent
LOCK = ROOT / "requirements/rayvision-client.txt"
SCRIPT = Path(__file__).with_name("rayvision_script.py")
_PYTHON = "3.11"


def client_python() -> Path:
    """The Python that has the client. Installs it where that has not been done; fails where it cannot be.

    ``make test`` does it first: in a test it would count for that test's time.
    """
    return own_environment(LOCK, _PYTHON) / "bin/python"


class RefusedError(Exception):
    """A call that raised: the kind of its exception, its code, its text."""

    def __init__(self, kind: str, code: int | None, said: str) -> None:
        super().__init__(f"{kind} {code}: {said}")
        self.kind, self.code, self.said = kind, code, said


@dataclass
class RayvisionClient:
    """A process with the client in it. Calls go by the client's own names: ``query.task_info``."""

    process: subprocess.Popen[str]

    def call(self, name: str, /, *args: object, **kwargs: object) -> Any:
        """Make a call. Raises :class:`RefusedError`."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps({"call": name, "args": args, "kwargs": kwargs}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "the client's process ended"
        said = json.loads(line)
        if "error" in said:
            raise RefusedError(said["error"], said["code"], said["said"])
        return said["answer"]

    def until(self, task_id: int, *wanted: int, passing: tuple[int, ...] = (0, 5)) -> dict[str, Any]:
        """The task once it has one of these statuses; it may go through the ``passing`` ones."""
        found: dict[str, Any] = self.call("until", task_id, wanted, passing, 120)
        return found


@contextmanager
def client(python: Path, home: Path, variables: dict[str, str] | None = None) -> Iterator[RayvisionClient]:
    """A client that has not logged in yet; its process ends with the block. ``client.log`` of its home has its log."""
    home.mkdir(parents=True, exist_ok=True)
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", **(variables or {})}
    with subprocess.Popen(
        [str(python), str(SCRIPT)], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield RayvisionClient(process)
        finally:
            process.kill()


if __name__ == "__main__":
    client_python()
