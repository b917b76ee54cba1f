"""Progress of a transfer on a terminal."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from rendermill.assets.client.telling import Listener

_WORTH_SHOWING = 64 * 1024**2


class Bars(Listener):
    """Bars of bytes read and bytes moved, on standard error, once there are 64 MiB to wait for.

    It is a context. ``what`` is the word for what moves (``sending``, ``fetching``); with ``quiet`` nothing is shown.
    """

    def __init__(self, what: str, *, quiet: bool = False) -> None:
        self._what, self._quiet = what, quiet
        self._display: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._size = 0

    def __enter__(self) -> Bars:
        return self

    def __exit__(self, *_: object) -> None:
        if self._display is not None:
            self._display.stop()

    def total(self, files: int, size: int) -> None:  # noqa: ARG002
        """How much there is."""
        self._size = size
        if self._display is not None:
            for task in self._tasks.values():
                self._display.update(task, total=size)
        elif not self._quiet and size >= _WORTH_SHOWING:
            self._display = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                DownloadColumn(binary_units=True),
                TransferSpeedColumn(),
                TimeRemainingColumn(),
                console=Console(stderr=True),
                refresh_per_second=4,
            )
            self._display.start()

    def hashed(self, size: int) -> None:
        """Bytes were read."""
        self._advance("reading", size)

    def moved(self, size: int) -> None:
        """Bytes went over the wire."""
        self._advance(self._what, size)

    def done(self, path: Path, name: str, size: int, *, moved: bool) -> None:  # noqa: ARG002
        """A file is there; one that was so before counts too."""
        if not moved:
            self._advance(self._what, size)

    def _advance(self, what: str, size: int) -> None:
        if self._display is None:
            return
        if what not in self._tasks:
            self._tasks[what] = self._display.add_task(what, total=self._size)
        self._display.advance(self._tasks[what], size)
