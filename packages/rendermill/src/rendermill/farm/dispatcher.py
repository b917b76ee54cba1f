"""The moving part: it plans, and carries plans and answers between store and engine.

It lives on one event loop. Everything that must last goes through the store first (:class:`Journal`); the picture
follows what was committed (:class:`Keeper`).
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import secrets
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from rendermill.farm.journal import Journal
from rendermill.farm.keeper import Keeper
from rendermill.farm.lifecycle import LEASE_SECONDS, Lifecycle
from rendermill.farm.model.errors import RendermillError
from rendermill.farm.model.records import Attempt, AttemptKey, Event, Output, Step, TaskKey
from rendermill.farm.news import News
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
)

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
        self.news = News()
        self.lifecycle = Lifecycle(clock)
        self._store, self._engine, self._clock = store, engine, clock
        self._settings = settings or DispatchSettings()
        self._keeper, self._journal = Keeper(store, self.picture), Journal(store)
        self._numbers = itertools.count(1)
        self._planning = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    # --- start and stop ----------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Recover what an earlier server left, load the picture, start the engine and the clockwork."""
        self._loop = asyncio.get_running_loop()
        await self._engine.start(self._on_engine)
        lost = await self._journal.write(lambda tx: self.lifecycle.recover(tx, "the server was restarted"))
        if lost:
            _log.warning("%d tasks were running when the server ended; they run again", lost)
        self.picture.workers = {worker.name: worker for worker in self._engine.workers()}
        self._store.listen(self._on_commit)
        self._keeper.load_all()
        self._spawn(self._tick_forever())
        self.plan_soon()

    async def stop(self) -> None:
        """Stop planning and end every session. What ran is lost now and runs again at the next start."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._journal.stop()
        self._loop = None
        await self._engine.stop()

    # --- the store's side --------------------------------------------------------------------------------------

    def _on_commit(self, events: Sequence[Event]) -> None:
        """In the store's thread."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self._apply, events)

    def _apply(self, events: Sequence[Event]) -> None:
        for event in events:
            self._keeper.apply(event)
        for session in self.picture.abandoned():
            self._close(session)
        for job_id in {event.job_id for event in events}:
            self.news.tell(job_id)
        self.plan_soon()

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
            number = await self._journal.write(
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
            self._journal.record(
                "a lost task", lambda tx: self.lifecycle.lose(tx, view.job_id, attempt, "its session ended")
            )
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
        source = self._keeper.source(session.job_id)
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
            self.news.progress[event.key] = (event.fraction, event.text)
            self.news.tell_soon(session.job_id)
        elif isinstance(event, TaskStarted):
            job_id = session.job_id
            session.held[event.key] = True
            self._journal.record("a start", lambda tx: self.lifecycle.start(tx, job_id, event.key))
        elif isinstance(event, TaskRan):
            self._free(session)
        elif isinstance(event, TaskEnded):
            self._ended(session, event)
        elif isinstance(event, SessionAlive):
            lease = self._clock.now() + LEASE_SECONDS
            self._journal.record("a lease", lambda tx: tx.renew([session.id], lease))
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
        self.news.progress.pop(event.key, None)
        if event.error:
            self._journal.record("a failure", lambda tx: self.lifecycle.fail(tx, job_id, event.key, event.error))
        else:
            self._journal.record(
                "a success",
                lambda tx: self.lifecycle.succeed(tx, job_id, event.key, event.outputs, event.warnings),
            )

    def _closed(self, session: SessionView, event: SessionClosed) -> None:
        """A session is gone: what it held failed with it, or never started and is free to run elsewhere."""
        del self.picture.sessions[session.id]
        reason = f"its session ended: {event.reason or 'it was closed'}"
        for key, started in session.held.items():
            self.news.progress.pop(key, None)
            end = self.lifecycle.fail if started else self.lifecycle.lose
            self._journal.record("a lost task", partial(end, job_id=session.job_id, key=key, reason=reason))
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
            self._journal.record("a step's failure", lambda tx: self.lifecycle.fail_step(tx, view.step_id, reason))

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
            expired = await self._journal.write(self.lifecycle.expire)
            for attempt in expired:
                self._engine.kill(attempt.session, "it gave no sign of life")
        for session in list(self.picture.sessions.values()):
            if session.state is SessionState.IDLE and now - session.idle_since >= self._settings.idle_seconds:
                self._close(session)
        self.plan_soon()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
