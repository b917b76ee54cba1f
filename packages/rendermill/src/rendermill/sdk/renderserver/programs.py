"""Programs that work on tasks: started without a shell, watched, and ended with everything that they have started."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import IO

from rendermill.farm.model.errors import StoppedError
from rendermill.marked import kill_marked
from rendermill.safe_xml import UNFIT

_MARK = "RENDERSERVER_TASK"
_GRACE = 5.0
"""Seconds between asking a program to end and ending it."""
_BEAT = 60.0
"""Seconds between two calls of who watches."""
_TAIL = 3000
_MAX_LINE = 2000
_log = logging.getLogger(__name__)


class Programs:
    """The programs that run; threads share it."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[bytes]] = set()
        self._is_stopping = False
        self._one_at_a_time = threading.Lock()

    def run(
        self,
        command: Sequence[str],
        told: Mapping[str, str],
        mark: str,
        *,
        label: str,
        timeout: float | None,
        beat: Callable[[], None],
    ) -> str:
        """Run a program to its end; why it failed, empty if it did not.

        ``told`` is added to its environment; ``beat`` is called now and then while it runs. Raises
        :class:`StoppedError` if it is ended because of :meth:`stop`.
        """
        environment = {**os.environ, **told, _MARK: mark}
        try:
            process = self._start(command, environment)
        except (OSError, ValueError) as error:  # ValueError: a NUL in an argument
            return f"{command[0]} cannot be started: {getattr(error, 'strerror', None) or error}"
        assert process.stdout is not None
        assert process.stderr is not None
        drains = [_Drain(process.stdout, label), _Drain(process.stderr, label)]
        try:
            why = _watched(process, timeout, beat)
        finally:
            _end_group(process)
            end_marked(mark)
            process.wait()
            with self._one_at_a_time:
                self._running.discard(process)
                stopped = self._is_stopping
            for drain in drains:
                drain.finish()
        if stopped and (why or process.returncode):
            raise StoppedError("the RenderServer was stopped", where=label)
        return _failure(why, process.returncode, drains[1].tail)

    def _start(self, command: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        with self._one_at_a_time:
            if self._is_stopping:
                raise StoppedError("the RenderServer was stopped", where=command[0])
            process = subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
            self._running.add(process)
        return process

    def stop(self) -> None:
        """End all programs, and start none any more."""
        with self._one_at_a_time:
            self._is_stopping = True
            running = list(self._running)
        for process in running:
            _signal(process, signal.SIGTERM)
        deadline = time.monotonic() + _GRACE
        for process in running:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                _signal(process, signal.SIGKILL)


def _watched(process: subprocess.Popen[bytes], timeout: float | None, beat: Callable[[], None]) -> str:
    """Wait for a program; if it takes longer than it may, end it and say so."""
    deadline = None if timeout is None else time.monotonic() + timeout
    while True:
        left = _BEAT if deadline is None else min(_BEAT, deadline - time.monotonic())
        try:
            process.wait(max(0.0, left))
            return ""
        except subprocess.TimeoutExpired:
            if deadline is not None and time.monotonic() >= deadline:
                _end_group(process)
                return f"it took longer than its timeout of {timeout:g} s"
            beat()


def _failure(why: str, code: int, tail: str) -> str:
    if not why and code == 0:
        return ""
    how = f"signal {-code}" if code < 0 else f"exit status {code}"
    return "\n".join(each for each in (why or f"the program ended with {how}", tail) if each)


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """Ask a program and what it has started to end, then end what is left."""
    if process.poll() is None:
        _signal(process, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE)
    _signal(process, signal.SIGKILL)


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def end_marked(mark: str) -> None:
    """End every process that was started for a task, also by a RenderServer that is dead, where the system tells."""
    kill_marked(_MARK, mark)


class _Drain:
    """Reads what a program says: into our log, and keeps the end of it."""

    def __init__(self, pipe: IO[bytes], label: str) -> None:
        self._pipe, self._label = pipe, label
        self._kept = bytearray()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        with self._pipe:
            while line := self._pipe.readline(_MAX_LINE):
                self._kept += line
                del self._kept[:-_TAIL]
                _log.info("%s: %s", self._label, line.decode("utf-8", "replace").rstrip())

    def finish(self) -> None:
        """Wait until all is read; not for ever, because something may still hold the other end."""
        self._thread.join(_GRACE)

    @property
    def tail(self) -> str:
        """The end of what it said, without what a message cannot hold."""
        return UNFIT.sub("\N{REPLACEMENT CHARACTER}", bytes(self._kept).decode("utf-8", "replace")).strip()
