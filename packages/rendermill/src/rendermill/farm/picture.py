"""The scheduler's in-memory picture: what waits, what runs, where there is room.

The store is the truth; this is what planning looks at, kept small (a task that waits is one integer).
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum, auto

from rendermill.farm.blueprint import Requirements
from rendermill.farm.model.records import AttemptKey
from rendermill.farm.ports.engine import Worker


class SessionState(Enum):
    """Whether a session can take a task."""

    BUSY = auto()
    IDLE = auto()
    CLOSING = auto()


@dataclass(slots=True)
class SessionView:
    """A session as planning sees it."""

    id: str
    job_id: int
    step_id: int
    worker: str
    cores: float
    memory: float
    threads: int = 1
    state: SessionState = SessionState.BUSY
    opened: bool = False
    stale: bool = False
    """What it has read of earlier steps is made anew: it takes no further task."""
    idle_since: float = 0.0
    ran: int = 0
    """Tasks it has been given."""
    heard: float = math.inf
    """When it last gave a sign of life, by the event loop's clock; before it is opened its engine looks after it."""
    held: dict[AttemptKey, bool] = field(default_factory=dict)
    """Attempts it has not answered for, oldest first → whether it has started. The last may still run, those
    before it are in verification."""


@dataclass(slots=True)
class StepView:
    """A step with work left, as planning sees it."""

    step_id: int
    job_id: int
    priority: int
    position: int
    requirements: Requirements
    task_timeout: float | None = None
    limit: int | None = None
    """The most sessions that its job may have at a time."""
    ready: list[int] = field(default_factory=list)
    """A heap of task indices."""
    open_failures: int = 0
    """Sessions in a row that did not open."""

    @property
    def order(self) -> tuple[int, int, int]:
        """Higher priority first, then first in first out, then the template's order."""
        return (-self.priority, self.job_id, self.position)

    def put(self, indices: Iterable[int]) -> None:
        """Tasks that became ready."""
        for index in indices:
            heapq.heappush(self.ready, index)

    def take(self) -> int:
        """The next task."""
        return heapq.heappop(self.ready)


@dataclass(slots=True)
class Picture:
    """Steps of jobs that may be scheduled, sessions, and workers."""

    steps: dict[int, StepView] = field(default_factory=dict)
    sessions: dict[str, SessionView] = field(default_factory=dict)
    workers: dict[str, Worker] = field(default_factory=dict)
    resting: dict[str, str] = field(default_factory=dict)
    """Workers on which nothing can be started at the moment → why."""

    def on_worker(self, name: str) -> list[SessionView]:
        """The sessions a worker carries, those on their way out included: their processes still use it."""
        return [session for session in self.sessions.values() if session.worker == name]

    def abandoned(self) -> list[SessionView]:
        """Idle sessions whose step will not be scheduled again."""
        return [
            session
            for session in self.sessions.values()
            if session.state is SessionState.IDLE and session.step_id not in self.steps
        ]
