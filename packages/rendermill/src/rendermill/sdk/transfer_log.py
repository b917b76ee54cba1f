"""What a transfer did, in a file: one line for each file that it was asked for."""

from __future__ import annotations

import logging
import os
import time
import weakref
from collections.abc import Callable
from pathlib import Path

from rendermill.sdk.transfer import Listener

LOG_NAME = "transfer.log"
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_log = logging.getLogger(__name__)


class TransferLog(Listener):
    """Adds lines to ``transfer.log`` in a folder: time (UTC), action, path, bytes, result, with tabs between them.

    ``action`` is ``upload`` or ``download``; the result ``done``, ``unchanged`` for what was there already, or
    ``failed: …``. Several processes may write to one file. If it cannot be written, that is logged once and the
    transfer goes on.
    """

    def __init__(self, folder: Path, action: str, now: Callable[[], float] = time.time) -> None:
        self._path = folder / LOG_NAME
        self._action = action
        self._now = now
        self._file: int | None = None
        self._broken = False

    def done(self, path: Path, name: str, size: int, *, moved: bool) -> None:  # noqa: ARG002
        """A line for a file that is where it should be."""
        self._line(path, size, "done" if moved else "unchanged")

    def failed(self, path: Path, name: str, why: str) -> None:  # noqa: ARG002
        """A line for a file that is not."""
        self._line(path, 0, f"failed: {why}")

    def _line(self, path: Path, size: int, result: str) -> None:
        if self._broken:
            return
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self._now()))
        line = "\t".join(each.translate(_ESCAPES) for each in (when, self._action, str(path), str(size), result))
        try:
            if self._file is None:
                self._file = self._opened()
            os.write(self._file, f"{line}\n".encode(errors="backslashreplace"))  # at once: lines do not mix
        except OSError as error:
            self._broken = True
            _log.warning("the log of the transfer cannot be written: %s: %s", self._path, error)

    def _opened(self) -> int:
        """The file, which is closed when this log is not used any more."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        weakref.finalize(self, os.close, file)
        return file
