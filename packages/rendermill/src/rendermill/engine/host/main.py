"""The life of a session host, from its first message to its last."""

from __future__ import annotations

import os
import queue
import socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from openjd.model import ParameterValueType

from rendermill.assets.blobs import BlobStore
from rendermill.engine import wire
from rendermill.engine.host.layout import Layout, output_places
from rendermill.engine.host.logs import AttemptLog
from rendermill.engine.host.outputs import OutputArea, Taken, publish
from rendermill.engine.host.session import NOT_STARTED, Outcome, StepSession
from rendermill.engine.processes import become_subreaper, descendants, end_descendants, pin
from rendermill.farm.blueprint import Blueprint, instantiate
from rendermill.farm.model.errors import RendermillError
from rendermill.farm.ports.engine import (
    SessionAlive,
    SessionClosed,
    SessionOpened,
    TaskEnded,
    TaskOrder,
    TaskProgress,
    TaskRan,
    TaskStarted,
)

HEARTBEAT_SECONDS = 5.0
_PROGRESS_SECONDS = 0.5


def run_host(control: socket.socket) -> None:
    """Be a session's host until the session ends. ``control`` is the connection to the engine."""
    lines = control.makefile("rb")
    become_subreaper()
    first = wire.decode(lines.readline())
    if isinstance(first, wire.Prepare):
        _prepare(first)
        line = lines.readline()
        if not line:
            return  # it was not needed
        first = wire.decode(line)
    assert isinstance(first, wire.OpenSession)
    host = _Host(control, first)
    threading.Thread(target=host.listen, args=(lines,), daemon=True).start()
    threading.Thread(target=host.beat, daemon=True).start()
    host.live()


def _prepare(order: wire.Prepare) -> None:
    """Run a command ahead of the session. If it fails, the session only starts slower."""
    _make_home(order.folder)
    environment = {**os.environ, **_private(order.folder)}
    subprocess.run(order.command, env=environment, cwd=order.folder, stdin=subprocess.DEVNULL, check=False)


def _named_paths(blueprint: Blueprint) -> tuple[str, ...]:
    """The absolute paths that a job's parameters name."""
    values = [str(p.value) for p in blueprint.parameters.values() if p.type is ParameterValueType.PATH]
    return tuple(os.path.normpath(value) for value in values if value.startswith("/"))


def _make_home(folder: Path) -> None:
    for name in ("home", "tmp"):
        (folder / name).mkdir(exist_ok=True)


def _private(folder: Path) -> dict[str, str]:
    """The environment variables of a session's own folders."""
    return {"HOME": str(folder / "home"), "TMPDIR": str(folder / "tmp"), "RENDERMILL_SPARE": str(folder / "spare")}


class _Host:
    def __init__(self, control: socket.socket, opening: wire.OpenSession) -> None:
        self._control, self._sending = control, threading.Lock()
        self._opening, self._order = opening, opening.order
        self._id = opening.order.session
        self._work: queue.SimpleQueue[TaskOrder | None] = queue.SimpleQueue()
        self._current: TaskOrder | None = None
        self._canceled: set[tuple[int, int, int]] = set()
        self._session: StepSession | None = None
        self._verifier = ThreadPoolExecutor(1, thread_name_prefix="verifier")
        self._log = AttemptLog(opening.logs, self._progress)
        self._last_progress = 0.0
        self._opened = False
        self._untold: TaskProgress | None = None
        self._telling = threading.Lock()
        self._blobs = BlobStore(opening.blobs)

    # --- messages ----------------------------------------------------------------------------------------------

    def _send(self, message: wire.Message) -> None:
        with self._sending:
            self._control.sendall(wire.encode(message))

    def listen(self, lines: object) -> None:
        """Take the engine's messages; its end is ours."""
        for line in lines:  # type: ignore[attr-defined]
            message = wire.decode(line)
            if isinstance(message, wire.RunTask):
                self._work.put(message.order)
            elif isinstance(message, wire.CancelTask):
                self._cancel(tuple(message.key))
            elif isinstance(message, wire.CloseSession):
                self._work.put(None)
        os._exit(0)  # the engine is gone; the reaper ends the rest

    def beat(self) -> None:
        """Say that we live."""
        while True:
            time.sleep(HEARTBEAT_SECONDS)
            self._send(SessionAlive(self._id))

    def _progress(self, fraction: float | None, text: str) -> None:
        """Tell a few times a second; what came in between is told at the end of the interval."""
        current = self._current
        if current is None:
            return
        message = TaskProgress(self._id, current.key, fraction, text)
        with self._telling:
            waiting, self._untold = self._untold is not None, message
            wait = self._last_progress + _PROGRESS_SECONDS - time.monotonic()
        if wait <= 0:
            self._tell()
        elif not waiting:
            threading.Timer(wait, self._tell).start()

    def _tell(self) -> None:
        with self._telling:
            message, self._untold = self._untold, None
            self._last_progress = time.monotonic()
        if message is not None and self._current is not None and self._current.key == message.key:
            self._send(message)

    def _cancel(self, key: tuple[int, ...]) -> None:
        self._canceled.add((key[0], key[1], key[2]))
        current = self._current or (None if self._opened else self._opening.first)
        if current is not None and tuple(current.key) == key and self._session is not None:
            self._session.cancel()

    # --- life --------------------------------------------------------------------------------------------------

    def live(self) -> None:
        """Open the session, run tasks until told to end, close."""
        reason = ""
        try:
            area = self._open()
            self._opened = True
            self._send(SessionOpened(self._id))
            while (task := self._work.get()) is not None:
                if not self._run(task, area):
                    break
        except RendermillError as error:
            reason = str(error)
        except OSError as error:
            reason = str(error) if self._opened else f"the session's files could not be laid out: {error}"
        try:
            self._close()
        finally:
            self._send(SessionClosed(self._id, reason, self._opened))

    def _open(self) -> OutputArea:
        opening, order = self._opening, self._order
        self._log.begin(order.job_id, opening.first.key)  # it shows how the session starts
        self._work.put(opening.first)
        self._verifier.submit(int)  # its thread is there before the session is pinned, so it may use any core
        if opening.cpus:
            pin(opening.cpus)
        blueprint = instantiate(order.template, order.parameters)
        layout = Layout(opening.folder, output_places(blueprint), order.inputs, _named_paths(blueprint))
        layout.lay_out(self._blobs, order.dependencies)
        area = OutputArea(layout, opening.folder / "staging", self._blobs)
        self._session = StepSession(
            blueprint,
            blueprint.step(order.step),
            opening.folder,
            layout.rules(),
            self._environment(),
            self._log,
            self._progress,
        )
        if tuple(opening.first.key) in self._canceled:  # it came before there was a session to tell
            self._session.cancel()
        self._session.enter()
        return area

    def _environment(self) -> dict[str, str]:
        """What tasks find in their environment beside the engine's built one."""
        _make_home(self._opening.folder)
        os.environ["PATH"] = os.pathsep.join([*self._opening.path, os.environ["PATH"]])
        return {
            **_private(self._opening.folder),
            "PATH": os.environ["PATH"],
            "RENDERMILL_SESSION": self._id,
            "RENDERMILL_CORES": str(self._order.threads),
        }

    def _run(self, task: TaskOrder, area: OutputArea) -> bool:
        """Run a task; False if the session can take no other."""
        assert self._session is not None
        before = descendants(os.getpid())
        self._current = task
        self._send(TaskStarted(self._id, task.key))
        self._log.begin(task.job_id, task.key)
        if tuple(task.key) in self._canceled:
            self._end(task, "canceled")
            return False
        outcome = self._session.run(task.key.index, task.timeout)
        self._current = None
        if not outcome.error:
            end_descendants(
                spare=frozenset(before)
            )  # what a task leaves running would write into the next one's folder
        error, expected = self._reason(outcome), self._log.expected
        try:
            taken = area.take()
        except (OSError, RendermillError) as failure:  # what it left there would be taken for the next one's
            self._end(task, error or f"its outputs could not be taken over: {failure}")
            return False
        usable = outcome.usable and not self._log.recycle
        if usable:
            self._send(TaskRan(self._id, task.key))
        if error:
            taken.drop()
            self._end(task, error)
        else:
            self._verifier.submit(self._publish, task, taken, expected)
        return usable

    def _reason(self, outcome: Outcome) -> str:
        """Why an attempt has failed; empty if it has not."""
        log = self._log
        error = outcome.error or log.failure
        if not error or log.failure:
            return error
        if log.last_line:
            return f"{error}; its last line: {log.last_line[:500]}"
        return f"{error}: {log.last_word[:500]}" if error == NOT_STARTED else error

    def _end(self, task: TaskOrder, error: str) -> None:
        self._log.line(f"[rendermill] {error}")
        self._send(TaskEnded(self._id, task.key, error, (), ()))

    def _publish(self, task: TaskOrder, taken: Taken, expected: list[dict[str, object]]) -> None:
        try:
            outputs, warnings = publish(taken.files, expected, self._blobs)
            message = TaskEnded(self._id, task.key, "", tuple(outputs), tuple(warnings))
        except RendermillError as error:
            message = TaskEnded(self._id, task.key, str(error), (), ())
        except Exception as error:  # noqa: BLE001 - whatever broke, the attempt must get an answer
            message = TaskEnded(self._id, task.key, f"its outputs could not be published: {error!r}", (), ())
        finally:
            taken.drop()
        if message.error:
            self._log.late(task.job_id, task.key, f"[rendermill] {message.error}")
        self._send(message)

    def _close(self) -> None:
        try:
            if self._session is not None:
                self._session.exit()
        finally:
            self._verifier.shutdown(wait=True)  # what is being published still gets its answer
            self._log.end()
