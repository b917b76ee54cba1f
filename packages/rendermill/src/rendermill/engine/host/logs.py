"""One log file for each attempt, written as the lines come, and what is read from those lines.

No task fails for its log: what a disk refuses to take is left out.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from openjd.sessions import LogContent

from rendermill.farm.model.records import AttemptKey

MAX_LOG_BYTES = 64 * 1024 * 1024
_HIDDEN = LogContent.BANNER | LogContent.HOST_INFO | LogContent.FILE_CONTENTS
_MESSAGE = re.compile(r"rendermill_(fail|expect|recycle|part): (.*)")
_PART = re.compile(r"([0-9]{1,9})/([0-9]{1,9})")
_SAMPLE = re.compile(r"\bSample (\d+)/(\d+)")
_FRAME = re.compile(r"^Fra: ?(-?\d+)\b")


def log_path(logs: Path, job_id: int, key: AttemptKey) -> Path:
    """Where an attempt's log lies below the farm's folder of logs."""
    return logs / str(job_id) / str(key.step_id) / f"{key.index}.{key.number}.log"


def _opened(path: Path) -> TextIO | None:
    """A log to write to; None where it cannot be made."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("a", buffering=1, encoding="utf-8", errors="replace")
    return None


class AttemptLog(logging.Handler):
    """Sends the session's lines to the log of the attempt they belong to.

    ``progress`` hears of Blender's own progress lines, as a fraction and a text. Where a task says in which of its
    parts it is (``rendermill_part: 2/4``), the fraction is of the whole and never goes back.
    """

    def __init__(self, logs: Path, progress: Callable[[float | None, str], None]) -> None:
        super().__init__()
        self._logs = logs
        self._progress = progress
        self._file: TextIO | None = None
        self._key: AttemptKey | None = None
        self._written = 0
        self.failure = ""
        self.recycle = False
        self.expected: list[dict[str, Any]] = []
        self._parts: tuple[int, int] | None = None
        self._reached = 0.0
        self.last_line = ""
        """The last line of the command."""
        self.last_word = ""
        """The last line of the session itself."""

    def begin(self, job_id: int, key: AttemptKey) -> None:
        """From here on lines belong to this attempt."""
        if key == self._key:
            return
        self.end()
        self._key = key
        self._file = _opened(log_path(self._logs, job_id, key))
        self._written = 0
        self.failure, self.expected, self.last_line = "", [], ""
        self._parts, self._reached = None, 0.0

    def end(self) -> None:
        """The attempt's lines are over."""
        file, self._file = self._file, None
        if file is not None:
            with contextlib.suppress(OSError):  # it writes what a full disk refused once more
                file.close()

    def emit(self, record: logging.LogRecord) -> None:
        """Take a record of the session."""
        content = getattr(record, "openjd_log_content", None) or LogContent(0)
        if content & _HIDDEN:
            return
        text = record.getMessage()
        if content & LogContent.COMMAND_OUTPUT:
            if self._told(text):
                return
            if not text.startswith("openjd_"):
                self.last_line = text.strip() or self.last_line
        elif text.strip():
            self.last_word = text.strip()
        self.line(text)

    def line(self, text: str) -> None:
        """Write a line."""
        if self._file is None or self._written > MAX_LOG_BYTES:
            return
        self._written += len(text) + 1
        if self._written > MAX_LOG_BYTES:
            text = f"[the log is cut here: it is over {MAX_LOG_BYTES} bytes]"
        try:
            self._file.write(text + "\n")
        except OSError:
            self._written = MAX_LOG_BYTES + 1  # the disk is full: no more is tried

    def late(self, job_id: int, key: AttemptKey, text: str) -> None:
        """Add a line to the log of an attempt that may be over."""
        path = log_path(self._logs, job_id, key)
        with contextlib.suppress(OSError), path.open("a", encoding="utf-8", errors="replace") as file:
            file.write(text + "\n")

    def _told(self, text: str) -> bool:
        """Take in what a line says of the attempt; True if it was meant for the farm alone."""
        if message := _MESSAGE.match(text):
            kind, body = message.groups()
            if kind == "fail":
                self.failure = body
            elif kind == "recycle":
                self.recycle = True
            elif kind == "part":
                self._begin_part(body)
            elif (said := _object(body)) is not None:
                self.expected.append(said)
            return True
        if sample := _SAMPLE.search(text):
            done, total = int(sample[1]), int(sample[2])
            self._progress(self._of_whole(done / total if total else None), f"sample {done} of {total}")
        elif frame := _FRAME.match(text):
            self._progress(self._of_whole(None), f"frame {frame[1]}")
        return False

    def _begin_part(self, text: str) -> None:
        """A part of the task begins: ``2/4``."""
        match = _PART.fullmatch(text.strip())
        if match is None or not 0 < int(match[1]) <= int(match[2]):
            return
        self._parts = (int(match[1]) - 1, int(match[2]))
        self.last_line = ""  # should this part fail, what was said of the one before is no reason
        self._progress(self._of_whole(None), f"part {match[1]} of {match[2]}")

    def _of_whole(self, fraction: float | None) -> float | None:
        """How far the task is when its part is that far."""
        if self._parts is None:
            return fraction
        done, total = self._parts
        self._reached = max(self._reached, (done + (fraction or 0.0)) / total)
        return self._reached


def _object(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
