"""Parts of the scheduler's picture, made by hand."""

from __future__ import annotations

from rendermill.farm.blueprint import Requirements
from rendermill.farm.model.records import AttemptKey
from rendermill.farm.picture import Picture, SessionState, SessionView, StepView
from rendermill.farm.planner import CORES, MEMORY
from rendermill.farm.ports.engine import Worker


def worker(name: str = "w", slots: int = 2, cores: float = 4.0, memory: float = 8000.0) -> Worker:
    return Worker(name, slots, cores, memory, {}, {"attr.worker.os.family": frozenset({"linux"})})


def wants(cores: float | None = None, memory: float | None = None) -> Requirements:
    """Requirements of cores and memory (MiB)."""
    asked = {CORES: cores, MEMORY: memory}
    return Requirements({name: amount for name, amount in asked.items() if amount is not None})


def waiting_step(
    step_id: int,
    tasks: int = 1,
    *,
    job_id: int | None = None,
    priority: int = 50,
    position: int = 0,
    asks: Requirements | None = None,
) -> StepView:
    """A step with so many ready tasks."""
    view = StepView(step_id, step_id if job_id is None else job_id, priority, position, asks or Requirements())
    view.put(range(tasks))
    return view


def session(
    name: str,
    step_id: int,
    state: SessionState = SessionState.BUSY,
    *,
    on: str = "w",
    cores: float = 2.0,
    memory: float = 0.0,
) -> SessionView:
    """A session of a step; a busy one holds an attempt."""
    made = SessionView(name, step_id, step_id, on, cores, memory, state=state, opened=True, ran=1)
    if state is SessionState.BUSY:
        made.held[AttemptKey(step_id, 0, 1)] = True
    return made


def picture(*parts: Worker | StepView | SessionView) -> Picture:
    """A picture of these parts."""
    made = Picture()
    for part in parts:
        if isinstance(part, Worker):
            made.workers[part.name] = part
        elif isinstance(part, StepView):
            made.steps[part.step_id] = part
        else:
            made.sessions[part.id] = part
    return made
