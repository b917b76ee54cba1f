"""The moving part: it keeps the picture, plans, and carries plans and answers between store and engine.

It lives on one event loop. Everything that must last goes through the store first; the picture follows the events
that the store reports after each commit, so it cannot hold what was not committed.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import secrets
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from rendermill.farm.blueprint import Blueprint, instantiate
from rendermill.farm.lifecycle import LEASE_SECONDS, Lifecycle
from rendermill.farm.model.errors import RendermillError, UnavailableError
from rendermill.farm.model.records import Attempt, AttemptKey, Event, JobSource, Output, Step, TaskKey
from rendermill.farm.model.status import SCHEDULABLE, JobStatus, TaskStatus
from rendermill.farm.picture import Picture, SessionState, SessionView, StepView
from rendermill.farm.planner import Assign, Close, Open, plan
from rendermill.farm.ports import (
    Clock,
    Engine,
    EngineEvent,
    SessionAlive,
    SessionClosed,
    SessionOpened,
    SessionOrder,
    Store,
    TaskEnded,
    TaskOrder,
    TaskProgress,
    TaskRan,
    TaskStarted,
    Transaction,
)

T = TypeVar("T")
_log = logging.getLogger(__name__)
_TICK_SECONDS = 1.0
_PROGRESS_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class DispatchSettings:
    """Times in seconds, counts of tasks or sessions."""

    idle_seconds: float = 60.0
    """How long a session stays warm with nothing to do."""
    start_timeout: float = 900.0
    """How long a session may take to open (a heavy scene loads for minutes)."""
    recycle_after: int = 400
    """Tasks after which a session is replaced: each leaves two small files in its folder."""
    open_failures: int = 3
    """Sessions of a step that may fail to open in a row before the step is given up."""


class Dispatcher:
    """Plans and carries plans out."""

    def __init__(self, store: Store, engine: Engine, clock: Clock, settings: DispatchSettings | None = None) -> None:
        self.picture = Picture()
        self.progress: dict[AttemptKey, tuple[float | None, str]] = {}
        self.lifecycle = Lifecycle(clock)
        self._store, self._engine, self._clock = store, engine, clock
        self._settings = settings or DispatchSettings()
        self._sources: dict[int, JobSource] = {}
        self._blueprints: dict[int, Blueprint] = {}
        self._numbers = itertools.count(1)
        self._backlog: deque[tuple[str, Callable[[Transaction], object]]] = deque()
        self._planning = False
        self._to_tell: set[int] = set()
        self._watchers: list[Callable[[int | None], None]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    # --- start and stop ----------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Recover what an earlier server left, load the picture, start the engine and the clockwork."""
        self._loop = asyncio.get_running_loop()
        await self._engine.start(self._on_engine)
        lost = await self._write(lambda tx: self.lifecycle.recover(tx, "the server was restarted"))
        if lost:
            _log.warning("%d tasks were running when the server ended; they run again", lost)
        self.picture.workers = {worker.name: worker for worker in self._engine.workers()}
        self._store.listen(self._on_commit)
        for job in self._store.read(lambda q: q.unfinished()):
            self._load(job.id)
        self._spawn(self._tick_forever())
        self.plan_soon()

    async def stop(self) -> None:
        """Stop planning and end every session. What ran is lost now and runs again at the next start."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._loop = None
        await self._engine.stop()

    def watch(self, watcher: Callable[[int | None], None]) -> Callable[[], None]:
        """Call ``watcher`` with the id of each job that changes, or None when the farm is about to stop.

        Returns what ends that.
        """
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher)

    def end_watches(self) -> None:
        """Tell whoever watches that nothing more will come."""
        self._tell(None)

    # --- the store's side --------------------------------------------------------------------------------------

    def _write(self, work: Callable[[Transaction], T]) -> asyncio.Future[T]:
        return asyncio.wrap_future(self._store.write(work))

    def _record(self, what: str, work: Callable[[Transaction], object]) -> None:
        """Write what an engine event says. While the store cannot, keep the order and keep trying."""
        if self._backlog:
            self._backlog.append((what, work))
            return
        future = self._write(work)
        future.add_done_callback(lambda done: self._recorded(what, work, done))

    def _recorded(self, what: str, work: Callable[[Transaction], object], done: asyncio.Future[Any]) -> None:
        if done.cancelled() or (error := done.exception()) is None:
            return
        if not isinstance(error, UnavailableError):
            raise error
        self._backlog.append((what, work))
        if len(self._backlog) == 1:
            _log.error("%s could not be written; it is kept and tried again: %s", what, error)
            self._spawn(self._work_off())

    async def _work_off(self) -> None:
        while self._backlog:
            try:
                await self._write(self._backlog[0][1])
                self._backlog.popleft()
            except UnavailableError:
                await asyncio.sleep(_TICK_SECONDS)

    def _on_commit(self, events: Sequence[Event]) -> None:
        """In the store's thread."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._apply, events)

    def _apply(self, events: Sequence[Event]) -> None:
        for event in events:
            if event.kind == "job":
                self._apply_job(event)
            elif event.kind == "task":
                self._apply_task(event)
        for job_id in {event.job_id for event in events}:
            self._tell(job_id)
        self.plan_soon()

    def _apply_job(self, event: Event) -> None:
        if event.target in SCHEDULABLE:
            if event.source != JobStatus.READY or event.target != JobStatus.RUNNING:
                self._load(event.job_id)
        else:
            self._unload(event.job_id)

    def _apply_task(self, event: Event) -> None:
        if event.target != TaskStatus.READY and event.index is not None:
            return
        assert event.step_id is not None
        view = self.picture.steps.get(event.step_id)
        if view is None:
            return
        if event.index is not None:
            view.put([event.index])
        else:  # many at once: look again
            view.ready.clear()
            view.put(self._store.read(lambda q: q.ready_indices(view.step_id)))

    def _load(self, job_id: int) -> None:
        """Take a job's steps into the picture."""
        job, steps = self._store.read(lambda q: (q.job(job_id), q.steps(job_id)))
        if job is None or job.status not in SCHEDULABLE:
            return
        blueprint = self.blueprint(job_id)
        for step in steps:
            requirements = blueprint.step(step.name).requirements
            view = StepView(step.id, job.id, job.priority, step.position, requirements, job.task_timeout)
            view.put(self._ready(step))
            self.picture.steps[step.id] = view

    def _ready(self, step: Step) -> list[int]:
        return self._store.read(lambda q: q.ready_indices(step.id)) if step.counts[TaskStatus.READY] else []

    def _unload(self, job_id: int) -> None:
        for step_id in [view.step_id for view in self.picture.steps.values() if view.job_id == job_id]:
            del self.picture.steps[step_id]
        self._sources.pop(job_id, None)
        self._blueprints.pop(job_id, None)
        for session in self.picture.sessions.values():
            if session.job_id == job_id and session.state is SessionState.IDLE:
                self._close(session)

    def source(self, job_id: int) -> JobSource:
        """What a job was made of, kept while the job can run."""
        if job_id not in self._sources:
            self._sources[job_id] = self._store.read(lambda q: q.source(job_id))
        return self._sources[job_id]

    def blueprint(self, job_id: int) -> Blueprint:
        """The job, instantiated, kept while it can run."""
        if job_id not in self._blueprints:
            source = self.source(job_id)
            self._blueprints[job_id] = instantiate(source.template, source.parameters)
        return self._blueprints[job_id]

    # --- planning ----------------------------------------------------------------------------------------------

    def plan_soon(self) -> None:
        """Plan once the events at hand are taken in."""
        if not self._planning and self._loop is not None:
            self._planning = True
            self._loop.call_soon(self._plan)

    def _plan(self) -> None:
        self._planning = False
        for decision in plan(self.picture):
            if isinstance(decision, Assign):
                session = self.picture.sessions[decision.session]
                self._assign(session, self.picture.steps[decision.step_id])
            elif isinstance(decision, Open):
                self._assign(self._new_session(decision), self.picture.steps[decision.step_id])
            elif isinstance(decision, Close):
                self._close(self.picture.sessions[decision.session])

    def _new_session(self, decision: Open) -> SessionView:
        name = f"{decision.step_id}-{next(self._numbers)}-{secrets.token_hex(4)}"
        job_id = self.picture.steps[decision.step_id].job_id
        session = SessionView(
            name, job_id, decision.step_id, decision.worker, decision.cores, decision.memory, decision.threads
        )
        self.picture.sessions[name] = session
        return session

    def _assign(self, session: SessionView, view: StepView) -> None:
        session.state = SessionState.BUSY
        self._spawn(self._hand_over(session, view, view.take()))

    async def _hand_over(self, session: SessionView, view: StepView, index: int) -> None:
        """Write the assignment down, then tell the engine."""
        key = TaskKey(view.step_id, index)
        try:
            number = await self._write(
                lambda tx: self.lifecycle.assign(tx, view.job_id, key, session.id, session.worker)
            )
        except RendermillError as error:
            _log.error("tasks cannot be assigned: %s", error)
            view.put([index])
            self._not_given(session)
            return
        if number is None:  # it was cancelled in between
            self._not_given(session)
            self.plan_soon()
            return
        attempt = AttemptKey(*key, number)
        if self.picture.sessions.get(session.id) is not session:
            self._record("a lost task", lambda tx: self.lifecycle.lose(tx, view.job_id, attempt, "its session ended"))
            return
        session.held[attempt] = False
        session.ran += 1
        task = TaskOrder(attempt, view.job_id, view.task_timeout)
        if session.ran > 1:
            self._engine.run(session.id, task)
        else:
            self._engine.open(self._order(session), task)

    def _not_given(self, session: SessionView) -> None:
        """A session did not get the task it was meant for."""
        if session.ran:
            session.state, session.idle_since = SessionState.IDLE, self._clock.now()
        else:
            self.picture.sessions.pop(session.id, None)

    def _order(self, session: SessionView) -> SessionOrder:
        steps = self._store.read(lambda q: q.steps(session.job_id))
        step = next(step for step in steps if step.id == session.step_id)
        source = self.source(session.job_id)
        return SessionOrder(
            session=session.id,
            worker=session.worker,
            job_id=session.job_id,
            step_id=step.id,
            step=step.name,
            template=source.template,
            parameters=source.parameters,
            inputs=source.inputs,
            dependencies=self._dependencies(session.job_id, step, steps),
            cores=session.cores,
            memory=session.memory,
            threads=session.threads,
            start_timeout=self._settings.start_timeout,
        )

    def _dependencies(self, job_id: int, step: Step, steps: Sequence[Step]) -> tuple[Output, ...]:
        """Published outputs of every step that ``step`` depends on, directly or not."""
        by_name = {other.name: other for other in steps}
        needed: set[str] = set()
        queue = list(step.depends)
        while queue:
            name = queue.pop()
            if name not in needed:
                needed.add(name)
                queue += by_name[name].depends
        if not needed:
            return ()
        ids = [by_name[name].id for name in needed]
        return tuple(self._store.read(lambda q: q.outputs(job_id, steps=ids)))

    def _close(self, session: SessionView) -> None:
        session.state = SessionState.CLOSING
        self._engine.close(session.id)

    def stop_attempts(self, attempts: Sequence[Attempt]) -> None:
        """End the processes of attempts that were cancelled or have expired."""
        for attempt in attempts:
            if session := self.picture.sessions.get(attempt.session):
                session.state = SessionState.CLOSING
                self._engine.cancel(session.id, attempt.key)

    # --- the engine's side -------------------------------------------------------------------------------------

    def _on_engine(self, event: EngineEvent) -> None:
        session = self.picture.sessions.get(event.session)
        if session is None or self._loop is None:  # stopping: what runs is lost, which the next start writes down
            return
        if isinstance(event, TaskProgress):
            self.progress[event.key] = (event.fraction, event.text)
            self._tell_soon(session.job_id)
        elif isinstance(event, TaskStarted):
            job_id = session.job_id
            session.held[event.key] = True
            self._record("a start", lambda tx: self.lifecycle.start(tx, job_id, event.key))
        elif isinstance(event, TaskRan):
            self._free(session)
        elif isinstance(event, TaskEnded):
            self._ended(session, event)
        elif isinstance(event, SessionAlive):
            lease = self._clock.now() + LEASE_SECONDS
            self._record("a lease", lambda tx: tx.renew([session.id], lease))
        elif isinstance(event, SessionOpened):
            session.opened = True
            if view := self.picture.steps.get(session.step_id):
                view.open_failures = 0
        elif isinstance(event, SessionClosed):
            self._closed(session, event)

    def _free(self, session: SessionView) -> None:
        if session.state is not SessionState.BUSY:
            return
        if session.ran >= self._settings.recycle_after:
            self._close(session)
            return
        session.state, session.idle_since = SessionState.IDLE, self._clock.now()
        self.plan_soon()

    def _ended(self, session: SessionView, event: TaskEnded) -> None:
        job_id = session.job_id
        session.held.pop(event.key, None)
        self.progress.pop(event.key, None)
        if event.error:
            self._record("a failure", lambda tx: self.lifecycle.fail(tx, job_id, event.key, event.error))
        else:
            self._record(
                "a success",
                lambda tx: self.lifecycle.succeed(tx, job_id, event.key, event.outputs, event.warnings),
            )

    def _closed(self, session: SessionView, event: SessionClosed) -> None:
        """A session is gone: what it held failed with it, or never started and is free to run elsewhere."""
        del self.picture.sessions[session.id]
        reason = f"its session ended: {event.reason or 'it was closed'}"
        for key, started in session.held.items():
            self.progress.pop(key, None)
            end = self.lifecycle.fail if started else self.lifecycle.lose
            self._record("a lost task", partial(end, job_id=session.job_id, key=key, reason=reason))
        if not event.opened and event.reason:
            self._did_not_open(session, event.reason)
        self.plan_soon()

    def _did_not_open(self, session: SessionView, reason: str) -> None:
        view = self.picture.steps.get(session.step_id)
        if view is None:
            return
        view.open_failures += 1
        if view.open_failures >= self._settings.open_failures:
            view.open_failures = 0
            self._record("a step's failure", lambda tx: self.lifecycle.fail_step(tx, view.step_id, reason))

    # --- clockwork ---------------------------------------------------------------------------------------------

    async def _tick_forever(self) -> None:
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            try:
                await self.tick()
            except RendermillError as error:
                _log.error("%s", error)

    async def tick(self) -> None:
        """What the passing of time brings: expired leases, sessions idle for too long, another look at the plan."""
        now = self._clock.now()
        if any(session.held for session in self.picture.sessions.values()):
            expired = await self._write(self.lifecycle.expire)
            for attempt in expired:
                self._engine.kill(attempt.session, "it gave no sign of life")
        for session in list(self.picture.sessions.values()):
            if session.state is SessionState.IDLE and now - session.idle_since >= self._settings.idle_seconds:
                self._close(session)
        self.plan_soon()

    # --- small things ------------------------------------------------------------------------------------------

    def _tell(self, job_id: int | None) -> None:
        for watcher in list(self._watchers):
            watcher(job_id)

    def _tell_soon(self, job_id: int) -> None:
        """Progress is told a few times a second, however many tasks report it."""
        if self._loop is not None and job_id not in self._to_tell:
            self._to_tell.add(job_id)
            self._loop.call_later(_PROGRESS_SECONDS, self._tell_progress, job_id)

    def _tell_progress(self, job_id: int) -> None:
        self._to_tell.discard(job_id)
        self._tell(job_id)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
