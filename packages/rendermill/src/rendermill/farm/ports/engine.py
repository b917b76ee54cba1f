"""Where sessions run, and what is said with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from rendermill.farm.model.records import AttemptKey, Output
from rendermill.farm.model.submission import Asset


@dataclass(frozen=True, slots=True)
class Worker:
    """A machine with slots. ``amounts`` are OpenJD amount capabilities, ``attributes`` OpenJD attributes."""

    name: str
    slots: int
    cores: float
    memory: float
    """MiB"""
    amounts: Mapping[str, float] = field(default_factory=dict)
    attributes: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SessionOrder:
    """Everything a session host needs to open a session for one step."""

    session: str
    worker: str
    job_id: int
    step_id: int
    step: str
    template: dict[str, Any]
    parameters: dict[str, Any]
    inputs: tuple[Asset, ...]
    dependencies: tuple[Output, ...]
    """Published outputs of the steps this one depends on, laid out before it starts."""
    cores: float
    memory: float
    threads: int
    """Cores that it may use; more than ``cores`` where others would idle."""
    start_timeout: float
    """Seconds until the session must be open."""


@dataclass(frozen=True, slots=True)
class TaskOrder:
    """One attempt to run in a session."""

    key: AttemptKey
    job_id: int
    timeout: float | None


@dataclass(frozen=True, slots=True)
class SessionOpened:
    """The session's environments are entered."""

    session: str


@dataclass(frozen=True, slots=True)
class SessionClosed:
    """The session and every process of it are gone. ``reason`` is empty where that was asked for.

    ``opened`` is False where it never became ready, which says something about the step and not the task; with
    ``machine`` it says something about the machine, on which no session could be started.
    """

    session: str
    reason: str
    opened: bool
    machine: bool = False


@dataclass(frozen=True, slots=True)
class SessionAlive:
    """A heartbeat."""

    session: str


@dataclass(frozen=True, slots=True)
class TaskStarted:
    """The task's action runs."""

    session: str
    key: AttemptKey


@dataclass(frozen=True, slots=True)
class TaskProgress:
    """How far a running task is: a fraction from 0 to 1 (or None) and a short text."""

    session: str
    key: AttemptKey
    fraction: float | None
    text: str


@dataclass(frozen=True, slots=True)
class TaskRan:
    """The action is over and the session can take the next task, while outputs are still being verified."""

    session: str
    key: AttemptKey


@dataclass(frozen=True, slots=True)
class TaskEnded:
    """The attempt is over. ``error`` is empty for success; ``outputs`` then are in the blob store."""

    session: str
    key: AttemptKey
    error: str
    outputs: tuple[Output, ...]
    warnings: tuple[str, ...]


EngineEvent = SessionOpened | SessionClosed | SessionAlive | TaskStarted | TaskProgress | TaskRan | TaskEnded


class Engine(Protocol):
    """Where sessions run. Calls return at once; what becomes of them comes as events."""

    def workers(self) -> Sequence[Worker]:
        """The machines as they are now."""

    async def start(self, listener: Callable[[EngineEvent], None]) -> None:
        """Get ready; events go to ``listener`` on the event loop."""

    async def stop(self) -> None:
        """End every session and every process of them."""

    def open(self, order: SessionOrder, first: TaskOrder) -> None:
        """Open a session and give it its first task."""

    def run(self, session: str, order: TaskOrder) -> None:
        """Give a session its next task."""

    def cancel(self, session: str, key: AttemptKey) -> None:
        """Stop a task, its whole process tree, and with it the session."""

    def close(self, session: str) -> None:
        """End a session that has nothing to do."""

    def kill(self, session: str, reason: str) -> None:
        """End a session at once, whatever it does."""
