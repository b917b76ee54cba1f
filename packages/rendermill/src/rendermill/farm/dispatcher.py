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
from rendermill.farm.model.status import TaskStatus
from rendermill.farm.news import News
from rendermill.farm.picture import Picture, SessionState, SessionView, StepView
from rendermill.farm.planner import Assign, Close, Open, plan
from rendermill.farm.ports.clock import Clock
from rendermill.farm.ports.engine import (
    Engine,
    EngineEvent,
    SessionClosed,
    SessionOpened,
    SessionOrder,
    TaskEnded,
    TaskOrder,
    TaskProgress,
    TaskRan,
    TaskStarted,
    Worker,
)
from rendermill.farm.ports.store import Store

_log = logging.getLogger(__name__)
_TICK_SECONDS = 1.0
_LOOK_TICKS = 10
"""Ticks between two looks at what workers there are and what they have."""
_RENEW_SECONDS = 5.0
_REST_SECONDS = (5.0, 15.0, 60.0)


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
        self._ticks = itertools.count(1)
        self._planning = False
        self._ending = False
        self._renewed = -_RENEW_SECONDS
        self._strikes: dict[str, int] = {}
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
        self.picture.workers = await self._look_at_workers()
        self._store.listen(self._on_commit)
        self._keeper.load_all()
        self._spawn(self._tick_forever())
        self.plan_soon()

    def end(self) -> None:
        """The farm is about to stop: start nothing more, and take what ends from now on for lost, not failed."""
        self._ending = True
        self.news.end()

    async def stop(self) -> None:
        """Stop planning and end every session. What ran is lost now and runs again at the next start."""
        self._ending = True
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
            if event.kind == "task" and event.target == TaskStatus.WAITING:
                self._outdate(event.step_id)
        for session in self.picture.abandoned():
            self._close(session)
        for job_id in {event.job_id for event in events}:
            self.news.tell(job_id)
        self.plan_soon()

    def _outdate(self, step_id: int | None) -> None:
        """A step waits again for what it reads: its sessions have the old files and end as soon as they can."""
        for session in list(self.picture.sessions.values()):
            if session.step_id == step_id:
                session.stale = True
                if session.state is SessionState.IDLE:
                    self._close(session)

    # --- planning ----------------------------------------------------------------------------------------------

    def plan_soon(self) -> None:
        """Plan once the events at hand are taken in."""
        if not (self._planning or self._ending or self._loop is None):
            self._planning = True
            self._loop.call_soon(self._plan)

    def _plan(self) -> None:
        self._planning = False
        if self._ending:
            return
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
            ended = "its session ended"
            self._journal.record("a lost task", lambda tx: self.lifecycle.lose(tx, view.job_id, attempt, ended))
            return
        session.held[attempt] = False
        session.ran += 1
        try:
            self._give(session, TaskOrder(attempt, view.job_id, view.task_timeout))
        except Exception as error:  # noqa: BLE001 - the slot must not be lost, whatever it was
            _log.exception("session %s could not be given a task", session.id)
            self._on_engine(SessionClosed(session.id, f"it could not be given a task: {error!r}", session.opened))

    def _give(self, session: SessionView, task: TaskOrder) -> None:
        if session.ran > 1:
            self._engine.run(session.id, task)
        else:
            self._engine.open(self._order(session), task)

    def _not_given(self, session: SessionView) -> None:
        """A session did not get the task it was meant for."""
        if not session.ran:
            self.picture.sessions.pop(session.id, None)
        elif session.stale:
            self._close(session)
        elif session.state is SessionState.BUSY:
            session.state, session.idle_since = SessionState.IDLE, self._clock.now()

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
        """End the processes of attempts that were cancelled."""
        for attempt in attempts:
            session = self.picture.sessions.get(attempt.session)
            if session is None:
                continue
            # One before the last has run already; while it is verified the next one runs and must not end with it.
            if not session.held or attempt.key == next(reversed(session.held)):
                session.state = SessionState.CLOSING
                self._engine.cancel(session.id, attempt.key)

    # --- the engine's side -------------------------------------------------------------------------------------

    def _on_engine(self, event: EngineEvent) -> None:
        session = self.picture.sessions.get(event.session)
        if session is None or self._loop is None:  # stopping: what runs is lost, which the next start writes down
            return
        session.heard = self._loop.time()
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
        elif isinstance(event, SessionOpened):
            session.opened = True
            self._strikes.pop(session.worker, None)
            if view := self.picture.steps.get(session.step_id):
                view.open_failures = 0
        elif isinstance(event, SessionClosed):
            self._closed(session, event)

    def _free(self, session: SessionView) -> None:
        if session.state is not SessionState.BUSY:
            return
        if session.stale or session.ran >= self._settings.recycle_after:
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
            end = self.lifecycle.fail if started and not self._ending else self.lifecycle.lose
            self._journal.record("a lost task", partial(end, job_id=session.job_id, key=key, reason=reason))
        if event.machine:
            self._rest(session.worker, event.reason)
        elif not event.opened and event.reason and session.state is not SessionState.CLOSING:
            self._did_not_open(session, event.reason)
        self.plan_soon()

    def _did_not_open(self, session: SessionView, reason: str) -> None:
        """It says something about the step, if nobody told the session to end."""
        view = self.picture.steps.get(session.step_id)
        if view is None or self._ending:
            return
        view.open_failures += 1
        if view.open_failures >= self._settings.open_failures:
            view.open_failures = 0
            self._journal.record("a step's failure", lambda tx: self.lifecycle.fail_step(tx, view.step_id, reason))

    def _rest(self, worker: str, reason: str) -> None:
        """Nothing can be started on a machine: leave it alone for a while, the longer the more often that is so."""
        if self._loop is None or worker in self.picture.resting:
            return
        strikes = self._strikes[worker] = self._strikes.get(worker, 0) + 1
        seconds = _REST_SECONDS[min(strikes, len(_REST_SECONDS)) - 1]
        self.picture.resting[worker] = reason
        _log.error("nothing can be started on %s, it rests for %g s: %s", worker, seconds, reason)
        self._loop.call_later(seconds, self._rested, worker)
        for job_id in {view.job_id for view in self.picture.steps.values()}:
            self.news.tell_soon(job_id)

    def _rested(self, worker: str) -> None:
        self.picture.resting.pop(worker, None)
        self.plan_soon()

    # --- clockwork ---------------------------------------------------------------------------------------------

    async def _tick_forever(self) -> None:
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            try:
                await self.tick()
            except RendermillError as error:
                _log.error("%s", error)
            except Exception:  # noqa: BLE001 - the clockwork goes on, whatever it was
                _log.exception("something broke in the farm's clockwork")

    async def tick(self) -> None:
        """What the passing of time brings: leases, sessions idle for too long, another look at the plan."""
        if not self._journal.behind:  # else what has happened is not written down yet, and looks like silence
            await self._leases()
            self.stop_attempts(await self._journal.write(self.lifecycle.end_overdue))
        if next(self._ticks) % _LOOK_TICKS == 0:
            self.picture.workers = await self._look_at_workers()
        now = self._clock.now()
        for session in list(self.picture.sessions.values()):
            if session.state is SessionState.IDLE and now - session.idle_since >= self._settings.idle_seconds:
                self._close(session)
        self.plan_soon()

    async def _look_at_workers(self) -> dict[str, Worker]:
        """In another thread: looking may ask the machine what is installed."""
        return {worker.name: worker for worker in await asyncio.to_thread(self._engine.workers)}

    async def _leases(self) -> None:
        """Renew the leases of sessions that were heard; whose lease has ended all the same is ended.

        Hearing goes by the loop's clock, which stands still while the machine sleeps and which nobody sets.
        """
        now = asyncio.get_running_loop().time()
        alive = [each.id for each in self.picture.sessions.values() if each.held and now - each.heard < LEASE_SECONDS]
        if now - self._renewed >= _RENEW_SECONDS:
            self._renewed = now
            await self._journal.write(lambda tx: self.lifecycle.renew(tx, alive))
        for attempt in await self._journal.write(lambda tx: self.lifecycle.expire(tx, frozenset(alive))):
            self._engine.kill(attempt.session, "it gave no sign of life")

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
