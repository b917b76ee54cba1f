"""What the farm offers to its doors: submit, look, pause, resume, cancel, retry."""

from __future__ import annotations

import asyncio
import posixpath
from collections.abc import Callable
from typing import Any, TypeVar

from rendermill.farm.blueprint import Blueprint, instantiate
from rendermill.farm.dispatcher import Dispatcher
from rendermill.farm.model.choice import Choice
from rendermill.farm.model.errors import BadInputError, NotFoundError
from rendermill.farm.model.records import Attempt, Event, Job, Output, Step, Task, TaskKey
from rendermill.farm.model.status import TaskStatus
from rendermill.farm.model.submission import Submission
from rendermill.farm.ports.blobs import Blobs
from rendermill.farm.ports.store import Queries, Store, Transaction
from rendermill.farm.waiting import Waiting

T = TypeVar("T")


class Farm:
    """The farm, as doors see it. Identity is checked by the door; ownership is told by :class:`Job`."""

    def __init__(self, store: Store, dispatcher: Dispatcher, blobs: Blobs) -> None:
        self._store, self._blobs = store, blobs
        self.dispatcher = dispatcher
        self.news = dispatcher.news
        self._lifecycle = dispatcher.lifecycle

    async def submit(self, submission: Submission, along: Callable[[Transaction, int], object] | None = None) -> int:
        """Make a job; returns its id, or that of the job that has the submission's reference already.

        ``along`` is a door's own part of it, done with the job's id in the same transaction. Raises BadInputError,
        TooLargeError; then nothing of it is kept.
        """
        blueprint = await asyncio.to_thread(instantiate, submission.template, submission.parameters)
        _check_output_paths(blueprint)
        missing = await asyncio.to_thread(self._blobs.missing, [asset.hash for asset in submission.inputs])
        if missing:
            raise BadInputError(
                f"{len(missing)} input files have not been sent, the first is {missing[0]}",
                where="inputs",
                remedy="Ask for the missing ones with POST /api/v1/blobs/missing and send them first.",
            )

        def create(tx: Transaction) -> int:
            job_id = self._lifecycle.create(tx, submission, blueprint)
            if along is not None:
                along(tx, job_id)
            return job_id

        return await self._write(create)

    async def pause(self, job_id: int) -> None:
        """Let nothing new of a job start. Raises NotFoundError, WrongStateError (as every call below)."""
        await self._write(lambda tx: self._lifecycle.pause(tx, job_id))

    async def resume(self, job_id: int) -> None:
        """Let a paused job go on."""
        await self._write(lambda tx: self._lifecycle.resume(tx, job_id))

    async def cancel(self, job_id: int) -> None:
        """Cancel what has not succeeded and end its processes."""
        self.dispatcher.stop_attempts(await self._write(lambda tx: self._lifecycle.cancel(tx, job_id)))

    async def retry(self, job_id: int) -> int:
        """Make failed and cancelled tasks ready again; returns how many."""
        return await self._write(lambda tx: self._lifecycle.retry(tx, job_id))

    async def cancel_tasks(self, job_id: int, choice: Choice) -> None:
        """Cancel those of the chosen tasks that have not ended."""
        self.dispatcher.stop_attempts(await self._write(lambda tx: self._lifecycle.cancel_tasks(tx, job_id, choice)))

    async def rerun(self, job_id: int, choice: Choice) -> int:
        """Make those of the chosen tasks that have ended ready again; returns how many.

        What was published stays until it is replaced.
        """
        moved, stopped = await self._write(lambda tx: self._lifecycle.rerun(tx, job_id, choice))
        self.dispatcher.stop_attempts(stopped)
        return moved

    async def adjust(self, job_id: int, **settings: Any) -> None:
        """Change a job's ``priority``, ``limit``, ``task_timeout``, ``job_timeout`` or ``hold``."""
        await self._write(lambda tx: self._lifecycle.adjust(tx, job_id, settings))

    def _write(self, work: Callable[[Transaction], T]) -> asyncio.Future[T]:
        return asyncio.wrap_future(self._store.write(work))

    # --- looking -----------------------------------------------------------------------------------------------

    def ask(self, work: Callable[[Queries], T]) -> T:
        """Run a query on one consistent snapshot."""
        return self._store.read(work)

    def job(self, job_id: int) -> Job:
        """The job. Raises NotFoundError."""
        job = self.ask(lambda q: q.job(job_id))
        if job is None:
            raise NotFoundError(f"there is no job {job_id}", remedy="`rendermill jobs` lists them.")
        return job

    def steps(self, job_id: int) -> list[Step]:
        """The job's steps."""
        return self.ask(lambda q: q.steps(job_id))

    def step(self, job_id: int, name: str | None) -> Step:
        """A job's step by name; without one, its only step. Raises NotFoundError, BadInputError."""
        steps = self.steps(job_id)
        names = ", ".join(step.name for step in steps)
        if name is None and len(steps) > 1:
            raise BadInputError("it has several steps", where=f"job {job_id}", remedy=f"Name one of: {names}.")
        for step in steps:
            if name in (None, step.name):
                return step
        raise NotFoundError(f"there is no step {name!r}", where=f"job {job_id}", remedy=f"It has: {names}.")

    def tasks(
        self, step: Step, *, status: TaskStatus | None, noted: bool = False, offset: int, limit: int
    ) -> list[Task]:
        """A page of a step's tasks; ``noted``: of those that have a message."""
        return self.ask(lambda q: q.tasks(step.id, status=status, noted=noted, offset=offset, limit=limit))

    def attempts(self, key: TaskKey) -> list[Attempt]:
        """A task's attempts, oldest first."""
        return self.ask(lambda q: q.attempts(key))

    def outputs(self, job_id: int) -> list[Output]:
        """A job's published files."""
        return self.ask(lambda q: q.outputs(job_id))

    def events(self, job_id: int, after: int) -> list[Event]:
        """A job's events after a sequence number."""
        return self.ask(lambda q: q.events(after, job_id=job_id))

    def waiting_reason(self, job: Job, steps: list[Step]) -> str:
        """Why nothing of a job runs; empty where something does or it has ended."""
        return self.waiting().reason(job, steps)

    def waiting(self) -> Waiting:
        """The same for several jobs at this moment."""
        return Waiting(self.dispatcher.picture)

    def label(self, job_id: int, step: Step, index: int) -> str:
        """A task's parameters as a person reads them."""
        return self.blueprint(job_id).step(step.name).label(index)

    def blueprint(self, job_id: int) -> Blueprint:
        """The job, instantiated."""
        source = self.ask(lambda q: q.source(job_id))
        return instantiate(source.template, source.parameters)


def _check_output_paths(blueprint: Blueprint) -> None:
    for name in blueprint.output_parameters:
        value = str(blueprint.parameters[name].value)
        if not posixpath.isabs(value):
            raise BadInputError(
                f"the output path {value!r} is not absolute",
                where=f"parameters.{name}",
                remedy="Give it as /a/b/c.",
            )
