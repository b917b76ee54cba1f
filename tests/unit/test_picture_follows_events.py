"""The scheduler's picture follows what the store reports: nothing that is ready is forgotten, whatever happens."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rendermill.farm.blueprint import instantiate
from rendermill.farm.dispatcher import Dispatcher
from rendermill.farm.model.choice import Choice
from rendermill.farm.model.errors import WrongStateError
from rendermill.farm.model.hardware import HARDWARE
from rendermill.farm.model.records import AttemptKey, Job, Output, Step, TaskKey
from rendermill.farm.model.status import SCHEDULABLE, TaskStatus
from rendermill.farm.model.submission import Submission
from rendermill.farm.ports.store import Queries, Transaction
from rendermill.store.database import SqlStore
from support.campaign import fixed, full
from support.clock import FakeClock
from support.engines import NoWorkers
from support.stores import fresh_store
from support.templates import shell, template

T = TypeVar("T")
Deed = tuple[str, int]
JOBS = [
    template(shell("true", "a", frames="1-3"), shell("true", "b", frames="1-2", depends=("a",))),
    template(shell("true", "c", frames="1-3"), shell("true", "d", frames="1-2")),
]
FIRST = [(), ("c",)]
USERS = ("pause", "resume", "resume", "cancel", "retry", "retry", "no_session_opens", "cancel_some", "again", "adjust")
SESSIONS = ("take", "take", "take", "start", "succeed", "fail", "lose")
deeds = st.lists(st.tuples(st.sampled_from((*USERS, *SESSIONS)), st.integers(0, 5)), min_size=15, max_size=30)


class Farm:
    """A dispatcher over a store; the test plays the sessions, which take tasks from the picture."""

    def __init__(self, store: SqlStore) -> None:
        self.store = store
        self.dispatcher = Dispatcher(store, NoWorkers(), FakeClock())
        self.lifecycle = self.dispatcher.lifecycle
        self.jobs: list[int] = []
        self.held: list[tuple[int, AttemptKey]] = []

    async def start(self) -> None:
        await self.dispatcher.start()
        for each, first in zip(JOBS, FIRST, strict=True):
            submission = Submission(each, "ann", max_attempts=1, first=first, hold=bool(first))
            create = partial(self.lifecycle.create, submission=submission)
            self.jobs.append(await self.write(partial(create, blueprint=instantiate(each, {}))))

    def write(self, work: Callable[[Transaction], T]) -> Awaitable[T]:
        return asyncio.wrap_future(self.store.write(work))

    async def do(self, deed: Deed) -> None:
        what, number = deed
        with contextlib.suppress(WrongStateError):
            if what in USERS:
                await self._ask(what, self.jobs[number % len(self.jobs)], number)
            elif what == "take":
                await self._take(number)
            elif self.held:
                await self._answer(what, *self.held[-1 - number % len(self.held)])

    async def _ask(self, what: str, job_id: int, number: int) -> None:
        if what == "no_session_opens":
            steps = self.store.read(lambda q: q.steps(job_id))
            step_id = steps[number % len(steps)].id
            await self.write(lambda tx: self.lifecycle.fail_step(tx, step_id, "it does not open"))
        elif what == "adjust":
            changes = {"priority": 40 + number, "limit": number or None, "hardware": ["c1"] * (number % 2)}
            await self.write(lambda tx: self.lifecycle.adjust(tx, job_id, changes))
        elif what in ("cancel_some", "again"):
            work = self.lifecycle.cancel_tasks if what == "cancel_some" else self.lifecycle.rerun
            steps = self.store.read(lambda q: q.steps(job_id))
            choice = Choice(frozenset(TaskStatus), {steps[number % len(steps)].id: range(number)})
            await self.write(lambda tx: work(tx, job_id, choice))
        else:
            await self.write(lambda tx: getattr(self.lifecycle, what)(tx, job_id))

    async def _take(self, number: int) -> None:
        """As the dispatcher does it: out of the picture first, then into the store."""
        views = [view for view in self.dispatcher.picture.steps.values() if view.ready]
        if not views:
            return
        view = views[number % len(views)]
        key = TaskKey(view.step_id, view.take())
        attempt = await self.write(lambda tx: self.lifecycle.assign(tx, view.job_id, key, "s", "w"))
        if attempt is not None:
            self.held.append((view.job_id, AttemptKey(*key, attempt)))

    async def _answer(self, what: str, job_id: int, key: AttemptKey) -> None:
        if what == "start":
            await self.write(lambda tx: self.lifecycle.start(tx, job_id, key))
        elif what == "succeed":
            files = [Output(f"{key}.txt", "ab" * 32, 1)]
            await self.write(lambda tx: self.lifecycle.succeed(tx, job_id, key, files, ()))
        else:
            await self.write(lambda tx: getattr(self.lifecycle, what)(tx, job_id, key, "why"))

    def job(self, job_id: int) -> Job:
        found = self.store.read(lambda q: q.job(job_id))
        assert found is not None
        return found

    def shown(self) -> dict[int, list[int]]:
        """What the picture says is ready, by step."""
        return {step_id: sorted(view.ready) for step_id, view in self.dispatcher.picture.steps.items()}

    def stored(self) -> dict[int, list[int]]:
        """What is ready of the jobs that may be scheduled."""

        def work(q: Queries) -> dict[int, list[int]]:
            jobs: list[Job] = [job for job in q.jobs() if job.status in SCHEDULABLE]
            steps: list[Step] = [step for job in jobs for step in q.steps(job.id)]
            return {step.id: q.ready_indices(step.id) for step in steps}

        return self.store.read(work)


async def _play(done: list[Deed], *, at_once: int) -> None:
    """Do it all, so many deeds at a time, and compare each time that everything is answered."""
    with tempfile.TemporaryDirectory() as folder:
        store = fresh_store(Path(folder))
        farm = Farm(store)
        try:
            await farm.start()
            for first in range(0, len(done), at_once):
                await asyncio.gather(*(farm.do(deed) for deed in done[first : first + at_once]))
                _compare(farm, exactly=at_once == 1)
        finally:
            await farm.dispatcher.stop()
            store.close()


def _compare(farm: Farm, *, exactly: bool) -> None:
    shown, stored = farm.shown(), farm.stored()
    for view in farm.dispatcher.picture.steps.values():
        job = farm.job(view.job_id)
        assert (view.priority, view.limit) == (job.priority, job.limit)
        assert view.requirements.attributes.get(HARDWARE, ((), ()))[0] == job.hardware
    if exactly:
        assert shown == stored
    assert shown.keys() == stored.keys()
    forgotten = {step_id: set(ready) - set(shown[step_id]) for step_id, ready in stored.items()}
    assert not any(forgotten.values()), "the farm would never run them"


@given(deeds)
@fixed(20)
def test_the_picture_shows_what_is_ready(done: list[Deed]) -> None:
    asyncio.run(_play(done, at_once=1))


@given(deeds)
@fixed(20)
def test_nothing_ready_is_forgotten_when_much_happens_at_once(done: list[Deed]) -> None:
    asyncio.run(_play(done, at_once=4))


@pytest.mark.soak
@given(deeds)
@full(40)
def test_the_picture_shows_what_is_ready_at_full_length(done: list[Deed]) -> None:
    asyncio.run(_play(done, at_once=1))


@pytest.mark.soak
@given(deeds)
@full(40)
def test_nothing_ready_is_forgotten_when_much_happens_at_once_at_full_length(done: list[Deed]) -> None:
    asyncio.run(_play(done, at_once=4))
