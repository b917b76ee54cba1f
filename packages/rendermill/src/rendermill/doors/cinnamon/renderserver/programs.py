"""Render tasks of a name for which the administrator has configured a program.

What the program is told, a ticket among it, lies in a file that only the farm's user may read, and not in the job,
which others may look at.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from rendermill.doors.cinnamon.renderserver.plugins import Drafted
from rendermill.renderers.command import draft
from rendermill.store.cinnamon.records import Program

LIFETIME = 30 * 24 * 3600.0
"""Seconds that a program's ticket lasts when it is not used; it ends with the task."""
_OUTPUT = PurePosixPath("/output")


@dataclass(frozen=True, slots=True)
class Told:
    """What a program is told; the names are those of the places in its arguments."""

    id: int
    repository: str
    ticket: str
    host: str
    user: str

    def to_dict(self) -> Mapping[str, str]:
        """As texts."""
        found = {"id": str(self.id), "repository": self.repository, "ticket": self.ticket}
        return {**found, "host": self.host, "user": self.user}


class Programs:
    """Makes jobs of tasks that a program works on; keeps their files in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def draft(self, program: Program, told: Told, name: str) -> Drafted:
        """The job that runs a program once."""
        self.forget(told.id)
        self._folder.mkdir(mode=0o700, exist_ok=True)
        path = self._folder / f"{told.id}-{secrets.token_hex(8)}.json"
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump({"command": program.command, "told": told.to_dict()}, file)
        job = draft(["rendermill-program", str(path), "{output}"], name=name, frames=None, output=_OUTPUT)
        return Drafted(job.template, job.parameters, ())

    def forget(self, object_id: int) -> None:
        """A task has ended: nobody needs its files any more."""
        for path in self._folder.glob(f"{object_id}-*.json"):
            with contextlib.suppress(OSError):
                path.unlink()
