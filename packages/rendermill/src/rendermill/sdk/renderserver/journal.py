"""What a RenderServer has begun and not yet settled, kept through its death.

A file beside its settings, one JSON object; each change is on disk before the call returns. The folder is held while it
is used, so that no other RenderServer takes these tasks for its own.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from rendermill.farm.model.errors import BadInputError, UnavailableError

_FILE = "renderserver.journal.json"
_LOCK = "renderserver.lock"


@dataclass(frozen=True, slots=True)
class Begun:
    """A task that was begun."""

    url: str
    repository: str
    task_id: int
    mark: str
    """What each process that works on it has in its environment."""
    taken: bool = False
    """The server has said that it is ours."""
    ended: bool = False
    """The program has ended, and what follows tells how."""
    failure: str = ""
    """Why it failed; empty if it did not."""

    @property
    def key(self) -> tuple[str, str, int]:
        """Which task it is."""
        return self.url, self.repository, self.task_id


class Journal:
    """The tasks that are begun; threads may share it."""

    def __init__(self, path: Path, found: list[Begun]) -> None:
        self._path = path
        self._begun = {each.key: each for each in found}
        self._one_at_a_time = threading.Lock()

    @classmethod
    @contextmanager
    def opened(cls, folder: Path) -> Iterator[Journal]:
        """The journal in a folder, which is held meanwhile.

        Raises :class:`UnavailableError` if another RenderServer holds it, or nothing can be written there.
        """
        try:
            held = (folder / _LOCK).open("a")
        except OSError as error:
            what = f"nothing can be written there: {error.strerror or error}"
            raise UnavailableError(what, where=str(folder)) from error
        with held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                remedy = "Give each RenderServer a folder of its own."
                what = "another RenderServer works with this folder"
                raise UnavailableError(what, where=str(folder), remedy=remedy) from error
            yield cls(folder / _FILE, _read(folder / _FILE))

    def of(self, url: str, repository: str) -> list[Begun]:
        """The tasks of a repository that are begun."""
        with self._one_at_a_time:
            return [each for each in self._begun.values() if (each.url, each.repository) == (url, repository)]

    def begin(self, url: str, repository: str, task_id: int) -> Begun:
        """Write down that a task begins, before it does."""
        made = Begun(url, repository, task_id, uuid.uuid4().hex)
        self._put(made)
        return made

    def take(self, begun: Begun) -> Begun:
        """Write down that a task is ours."""
        made = replace(begun, taken=True)
        self._put(made)
        return made

    def end(self, begun: Begun, failure: str = "") -> Begun:
        """Write down how a task's program ended."""
        made = replace(begun, ended=True, failure=failure)
        self._put(made)
        return made

    def settle(self, begun: Begun) -> None:
        """Forget a task: the server knows how it ended, or that it waits again."""
        with self._one_at_a_time:
            if self._begun.pop(begun.key, None) is not None:
                self._write()

    def _put(self, begun: Begun) -> None:
        with self._one_at_a_time:
            self._begun[begun.key] = begun
            self._write()

    def _write(self) -> None:
        temporary = self._path.with_suffix(".new")
        with temporary.open("w", encoding="utf-8") as file:
            json.dump({"begun": [asdict(each) for each in self._begun.values()]}, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _read(path: Path) -> list[Begun]:
    try:
        return [Begun(**each) for each in json.loads(path.read_text(encoding="utf-8"))["begun"]]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError) as error:
        remedy = "Tasks that were begun stay in their state `rendering`. Remove the file to go on."
        raise BadInputError(f"it is no journal: {error}", where=str(path), remedy=remedy) from error
