"""Driving one OpenJD session: environments in, tasks, environments out (``openjd-sessions``)."""

from __future__ import annotations

import contextlib
import logging
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from openjd.model import RevisionExtensions, SpecificationRevision
from openjd.sessions import LOG, ActionState, ActionStatus, PathMappingRule, Session

from rendermill.farm.blueprint import Blueprint, StepBlueprint
from rendermill.farm.model.errors import RendermillError

NOT_STARTED = "it could not be started"


class SessionStartError(RendermillError):
    """A session's environments could not be entered."""

    code = "session_start"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an action ended; ``error`` is empty for success. ``usable``: the session can take another task."""

    error: str
    usable: bool


class StepSession:
    """The OpenJD session of one step. Methods but :meth:`cancel` belong to one thread."""

    def __init__(
        self,
        blueprint: Blueprint,
        step: StepBlueprint,
        folder: Path,
        rules: list[PathMappingRule],
        environment: dict[str, str],
        log: logging.Handler,
        progress: Callable[[float | None, str], None],
    ) -> None:
        self._blueprint, self._step = blueprint, step
        self._progress = progress
        self._done = threading.Event()
        self._status: ActionStatus | None = None
        self._entered: list[tuple[str, Any]] = []
        self._canceled = threading.Event()
        LOG.propagate = False
        LOG.addHandler(log)
        self._session = Session(
            session_id=folder.name,
            job_parameter_values=blueprint.parameters,
            job_name=blueprint.name,
            path_mapping_rules=rules,
            session_root_directory=folder,
            os_env_vars=environment,
            callback=self._on_status,
            revision_extensions=RevisionExtensions(
                spec_rev=SpecificationRevision.v2023_09, supported_extensions=list(blueprint.extensions)
            ),
        )

    def enter(self) -> None:
        """Enter the job's and the step's environments. Raises :class:`SessionStartError`."""
        for environment, symbols in self._environments():
            self._done.clear()
            identifier = self._session.enter_environment(
                environment=environment, step_name=self._step.name, resolved_symtab=symbols
            )
            self._entered.append((identifier, symbols))
            self._cancel_if_asked()
            outcome = self._wait(None)
            if outcome.error:
                raise SessionStartError(outcome.error, where=f"environment {environment.name}")

    def _environments(self) -> list[tuple[Any, Any]]:
        job = [(environment, self._blueprint.symbols) for environment in self._blueprint.environments]
        return job + [(environment, self._step.symbols) for environment in self._step.model.stepEnvironments or ()]

    def run(self, index: int, timeout: float | None) -> Outcome:
        """Run a task to its end; ``timeout`` in seconds bounds it beside the template's own."""
        self._done.clear()
        self._session.run_task(
            step_script=self._step.model.script,
            task_parameter_values=self._step.parameters(index),
            log_task_banner=False,
            step_name=self._step.name,
            resolved_symtab=self._step.symbols,
        )
        self._cancel_if_asked()
        return self._wait(timeout)

    def cancel(self) -> None:
        """Stop what runs or is about to, by the action's own cancelation method. From any thread."""
        self._canceled.set()
        self._cancel_if_asked()

    def _cancel_if_asked(self) -> None:
        """Looked at from both sides: a cancel that comes just before an action begins finds nothing to stop."""
        if self._canceled.is_set():
            with contextlib.suppress(RuntimeError):  # nothing runs any more, or not yet
                self._session.cancel_action()

    def exit(self) -> None:
        """Leave the environments in reverse order and remove the session's working folder."""
        while self._entered:
            identifier, symbols = self._entered.pop()
            self._done.clear()
            self._session.exit_environment(
                identifier=identifier, resolved_symtab=symbols, keep_session_running=bool(self._entered)
            )
            self._wait(None)
        self._session.cleanup()

    def _on_status(self, _session: str, status: ActionStatus) -> None:
        if status.state is not ActionState.RUNNING:
            self._status = status  # that it runs may be told after its end, from another thread
            self._done.set()
        elif status.progress is not None or status.status_message:
            fraction = None if status.progress is None else status.progress / 100
            self._progress(fraction, status.status_message or "")

    def _wait(self, timeout: float | None) -> Outcome:
        timed_out = not self._done.wait(timeout)
        if timed_out:
            try:
                self._session.cancel_action(time_limit=timedelta(seconds=5))
            except RuntimeError:
                timed_out = False  # it ended at the same moment
            self._done.wait()
        assert self._status is not None
        if timed_out:
            return Outcome(f"timed out: it ran longer than {timeout:g} seconds", usable=False)
        return Outcome(_error(self._status), usable=self._status.state is ActionState.SUCCESS)


def _error(status: ActionStatus) -> str:
    if status.state is ActionState.SUCCESS:
        return ""
    if status.state is ActionState.TIMEOUT:
        return "timed out: it ran longer than its template allows"
    if status.state is ActionState.CANCELED:
        return "canceled"
    if status.fail_message:
        return status.fail_message
    return describe_exit(status.exit_code)


def describe_exit(code: int | None) -> str:
    """An exit code in words: ``exit code 3``, ``killed by SIGSEGV (segmentation fault)``."""
    if code is None:
        return NOT_STARTED
    number = -code if code < 0 else code - 128
    if code < 0 or code > 128:
        try:
            found = signal.Signals(number)
        except ValueError:
            return f"exit code {code}"
        return f"killed by {found.name} ({(signal.strsignal(number) or '').lower()})"
    hint = {126: " (the program cannot be executed)", 127: " (the program was not found)"}.get(code, "")
    return f"exit code {code}{hint}"
