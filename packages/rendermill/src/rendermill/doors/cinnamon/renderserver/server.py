"""The RenderServer that is built in: it takes tasks as they come, has the farm render them, and tells of it.

It lives on one event loop. What it works on stands in the store, so it goes on after a restart: a task whose job lives
is followed again, and one that was taken and has no job waits again.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from rendermill.doors.cinnamon.messages import Message
from rendermill.doors.cinnamon.renderserver import results, tasks
from rendermill.doors.cinnamon.renderserver.plugins import Drafted, Plugin
from rendermill.doors.cinnamon.renderserver.programs import LIFETIME, Programs, Told
from rendermill.doors.cinnamon.renderserver.tasks import Begun, Unit
from rendermill.doors.cinnamon.renderserver.telling import News, Reporter, said
from rendermill.doors.cinnamon.sessions import Sessions
from rendermill.farm.model.errors import NotAllowedError, NotFoundError, RendermillError, WrongStateError
from rendermill.farm.model.records import AttemptKey, Output
from rendermill.farm.model.status import JobStatus
from rendermill.farm.model.submission import DEFAULT_MAX_ATTEMPTS, Submission
from rendermill.farm.ports.blobs import Blobs
from rendermill.farm.ports.clock import Clock
from rendermill.farm.ports.store import Transaction
from rendermill.farm.service import Farm
from rendermill.store.cinnamon import renders
from rendermill.store.cinnamon.catalogue import Catalogues, all_repositories
from rendermill.store.cinnamon.records import Content, Repository
from rendermill.store.desk import Connection, Desk

T = TypeVar("T")
_AT_ONCE = 2
"""Tasks that are made jobs of at a time: each may read a scene."""
_LOOK_SECONDS = 10.0
"""How often it looks without having been told: names may be served that were not, by another process."""
_UNTOLD = 200
"""Events without a message that are looked at again each time, before it is written down that they were."""
_HASHED_AT_ONCE = 1
"""Tasks whose results are read at a time: many large ones must not take all threads."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RenderServices:
    """What the RenderServer is wired to."""

    desk: Desk
    farm: Farm
    blobs: Blobs
    clock: Clock
    sessions: Sessions
    catalogues: Catalogues
    plugins: Mapping[str, Plugin]
    programs: Programs
    log_path: Callable[[int, AttemptKey], Path]
    url: str
    """Where programs reach this door."""


class RenderServer:
    """Works on the tasks of all repositories of the farm."""

    def __init__(self, services: RenderServices) -> None:
        self._services = services
        self._reporter = Reporter(services.farm, services.log_path)
        self._look_again = asyncio.Event()
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._hashing = asyncio.Semaphore(_HASHED_AT_ONCE)
        self._followed: dict[int, tuple[int, int]] = {}
        """Job → repository and object."""
        self._jobs: dict[int, int] = {}
        """Object → job."""
        self._busy: set[int] = set()
        self._again: set[int] = set()
        self._running: set[asyncio.Task[None]] = set()
        self._unwatch: Callable[[], None] = lambda: None

    # --- start and stop ----------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Take up what an earlier server left, and begin to look for tasks."""
        self._unwatch = self._services.farm.news.watch(self._on_news)
        for each in await self._services.desk.read(renders.all_renders):
            if each.job_id is None:
                await self._write(each.repository_id, lambda unit, left=each: tasks.put_back(unit, left.object_id))  # type: ignore[misc]
            else:
                self._follow(each.job_id, each.repository_id, each.object_id)
        jobs = await asyncio.to_thread(self._services.farm.ask, lambda queries: queries.unfinished())
        self.orphaned(await self._services.desk.read(lambda c: tasks.orphans(c, jobs)))
        self._spawn(self._look_forever())

    async def stop(self) -> None:
        """Begin nothing more. Jobs are the farm's, and go on when it does."""
        self._unwatch()
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    # --- what it hears -----------------------------------------------------------------------------------------

    def touched(self, objects: frozenset[int]) -> None:
        """Commands have changed these objects: they may wait for us, or be no longer ours."""
        self._look_again.set()
        for object_id in objects & self._jobs.keys():
            self._refresh_soon(object_id)

    def orphaned(self, jobs: list[int]) -> None:
        """The tasks of these jobs are gone."""
        for job_id in jobs:
            if job_id in self._followed:
                self._let_go(self._followed[job_id][1], job_id)
            self._spawn(self._cancel(job_id))

    def _on_news(self, job_id: int | None) -> None:
        if job_id is not None and job_id in self._followed:
            self._refresh_soon(self._followed[job_id][1])

    # --- taking tasks ------------------------------------------------------------------------------------------

    async def _look_forever(self) -> None:
        while True:
            self._look_again.clear()
            try:
                for repository in await self._services.desk.read(all_repositories):
                    await self._take_all(repository)
            except Exception:  # noqa: BLE001 - the next look may go well
                _log.exception("looking for render tasks failed")
            with contextlib.suppress(TimeoutError):  # not wait_for, which may pass over that it is to stop
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._look_again.wait()

    def served(self, repository: Repository) -> frozenset[str]:
        """The names of the tasks that are worked on here."""
        chosen = self._services.plugins.keys() if repository.serves is None else repository.serves
        return frozenset(self._services.plugins.keys() & set(chosen)) | repository.programs.keys()

    async def _take_all(self, repository: Repository) -> None:
        names = self.served(repository)
        while await self._read(repository.id, lambda unit: tasks.next_waiting(unit, names)) is not None:
            await self._turns.acquire()
            begun = None
            try:
                begun = await self._write(repository.id, lambda unit: tasks.begin(unit, names))
            finally:
                if begun is None:
                    self._turns.release()
            if begun is None:
                return  # somebody else was faster
            self._spawn(self._start(repository, begun))

    async def _start(self, repository: Repository, begun: Begun) -> None:
        object_id = begun.item.id
        self._jobs.pop(object_id, None)  # that it had before
        try:
            drafted = await self._draft(repository, begun)
            await self._submit(repository, begun, drafted)
        except RendermillError as error:
            await self._fail(repository.id, object_id, said(error))
        except Exception:  # noqa: BLE001 - whatever it was, the task must not stay as it is
            _log.exception("render task %d could not be begun", object_id)
            await self._fail(repository.id, object_id, "something broke in the server; its log says what")
        finally:
            self._turns.release()

    async def _draft(self, repository: Repository, begun: Begun) -> Drafted:
        name = begun.item.task_name or ""
        program = repository.programs.get(name)
        if program is not None:
            ticket = await self._services.sessions.lend(repository, begun.owner, begun.item.id, LIFETIME)
            told = Told(begun.item.id, repository.name, ticket, self._services.url, begun.owner.name)
            return await asyncio.to_thread(self._services.programs.draft, program, told, begun.item.name)
        blob_path = self._services.blobs.checked
        order = await self._read(repository.id, lambda unit: tasks.order_of(unit, begun, blob_path))
        return await asyncio.to_thread(self._services.plugins[name].draft, order)

    async def _submit(self, repository: Repository, begun: Begun, drafted: Drafted) -> None:
        object_id, now = begun.item.id, self._services.clock.now()
        program = repository.programs.get(begun.item.task_name or "")
        submission = Submission(
            template=drafted.template,
            owner=begun.owner.name,
            parameters=drafted.parameters,
            inputs=drafted.inputs,
            name=f"{begun.item.name} ({repository.name} {object_id})",
            warnings=drafted.warnings,
            task_timeout=program.timeout if program is not None else None,
            info={"cinnamon": {"repository": repository.name, "object": object_id}},
            # A program says by its exit code whether it is done; it is not asked twice.
            max_attempts=1 if program is not None else DEFAULT_MAX_ATTEMPTS,
        )

        def along(tx: Transaction, job_id: int) -> None:
            unit = self._unit(self._services.desk.within(tx), repository.id)
            found = tasks.standing(unit, object_id)
            if found is None or not found.is_rendering:
                raise WrongStateError("somebody else has taken the task", where=f"object {object_id}")
            messages: list[Message] = [(now, "info", f"job {job_id} renders it")]
            messages += [(now, "warning", text) for text in drafted.warnings]
            tasks.tell(unit, object_id, messages)
            renders.change_render(unit.connection, object_id, job_id=job_id)

        job_id = await self._services.farm.submit(submission, along)
        self._follow(job_id, repository.id, object_id)

    async def _fail(self, repository_id: int, object_id: int, why: str, job_id: int | None = None) -> None:
        message: Message = (self._services.clock.now(), "error", why)
        await self._write(repository_id, lambda unit: tasks.fail(unit, object_id, [message]))
        self._let_go(object_id, job_id)

    # --- following jobs ----------------------------------------------------------------------------------------

    def _follow(self, job_id: int, repository_id: int, object_id: int) -> None:
        self._followed[job_id] = (repository_id, object_id)
        self._jobs[object_id] = job_id
        self._refresh_soon(object_id)

    def _let_go(self, object_id: int, job_id: int | None) -> None:
        """Forget a job, and its task unless that is rendered anew by now."""
        if job_id is not None:
            self._followed.pop(job_id, None)
        if self._jobs.get(object_id) != job_id:
            return
        self._jobs.pop(object_id, None)
        self._services.sessions.forget_task(object_id)
        self._services.programs.forget(object_id)
        self._look_again.set()

    def _refresh_soon(self, object_id: int) -> None:
        if object_id in self._busy:
            self._again.add(object_id)
        else:
            self._busy.add(object_id)
            self._spawn(self._refresh(object_id))

    async def _refresh(self, object_id: int) -> None:
        try:
            while True:
                self._again.discard(object_id)
                job_id = self._jobs.get(object_id)
                if job_id is None:
                    return
                more = await self._look_at(job_id, self._followed[job_id][0], object_id)
                if not more and object_id not in self._again:
                    return
        except RendermillError as error:
            _log.error("render task %d: %s", object_id, error)
            self._spawn(self._refresh_later(object_id))
        except Exception:  # noqa: BLE001 - the next look may go well
            _log.exception("render task %d could not be followed", object_id)
            self._spawn(self._refresh_later(object_id))
        finally:
            self._busy.discard(object_id)

    async def _refresh_later(self, object_id: int) -> None:
        await asyncio.sleep(_LOOK_SECONDS)
        self._refresh_soon(object_id)

    async def _look_at(self, job_id: int, repository_id: int, object_id: int) -> bool:
        """Bring a task to where its job is; whether there is more to do at once."""
        found, programs = await self._read(
            repository_id, lambda unit: (tasks.standing(unit, object_id), unit.catalogue.repository.programs)
        )
        if found is None or found.render.job_id != job_id:
            self._let_go(object_id, job_id)
            return False
        name = found.render.task_name
        is_program = name not in self._services.plugins or name in programs
        news = await asyncio.to_thread(self._reporter.news, job_id, found.render.told, with_log=is_program)
        if not is_program and not found.is_rendering:
            return await self._leave(job_id, repository_id, object_id)
        if not _is_free(found, news, is_program):
            return False
        if not news.has_ended:
            # A superuser who has unlocked it may be about to lock it: our lock comes back with the next message.
            if news.messages or news.told - found.render.told > _UNTOLD:
                await self._write(repository_id, lambda unit: _tell(unit, object_id, news))
            return news.more
        try:
            return await self._end(news, found, is_program)
        except (NotFoundError, NotAllowedError) as error:
            await self._fail(repository_id, object_id, said(error), job_id)
            return False

    async def _leave(self, job_id: int, repository_id: int, object_id: int) -> bool:
        """Somebody has given the task another state: it is not ours any more."""
        await self._cancel(job_id)  # first: once it is left, nobody would after a restart
        await self._write(repository_id, lambda unit: tasks.leave(unit, object_id))
        self._let_go(object_id, job_id)
        return False

    async def _end(self, news: News, found: tasks.Standing, is_program: bool) -> bool:
        """The job has ended: attach what it made, and say how it ended; whether there is more to do."""
        repository_id, object_id = found.render.repository_id, found.item.id
        outputs = await asyncio.to_thread(self._services.farm.outputs, news.job.id)
        outputs = sorted(outputs, key=lambda each: each.path)
        succeeded = news.job.status is JobStatus.SUCCEEDED
        paths = [each.path for each in outputs]
        if succeeded and len(outputs) > 1 and found.render.attached < len(outputs):
            part = slice(found.render.attached, found.render.attached + results.AT_ONCE)
            made = dict(zip(results.names(paths)[part], await self._results(outputs[part]), strict=True))
            attached = found.render.attached + len(made)
            await self._write(repository_id, lambda unit: _attach(unit, object_id, made, attached))
            return True
        own = await self._results([outputs[results.main_result(paths)]] if succeeded and outputs else [])
        count, now = len(outputs), self._services.clock.now()
        if await self._write(repository_id, lambda unit: _finish(unit, object_id, news, is_program, own, count, now)):
            self._let_go(object_id, news.job.id)
        return False

    async def _results(self, outputs: Sequence[Output]) -> list[results.Result]:
        async with self._hashing:
            return await asyncio.to_thread(
                lambda: [
                    results.Result(each.path, Content(each.hash, each.size, self._sha256(each))) for each in outputs
                ]
            )

    def _sha256(self, output: Output) -> str:
        with self._services.blobs.checked(output.hash).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    async def _cancel(self, job_id: int) -> None:
        with contextlib.suppress(WrongStateError):
            await self._services.farm.cancel(job_id)

    # --- the store ---------------------------------------------------------------------------------------------

    def _unit(self, connection: Connection, repository_id: int) -> Unit:
        catalogue = self._services.catalogues.of(connection, repository_id)
        assert catalogue is not None
        return Unit(connection, catalogue, self._services.clock.now())

    async def _write(self, repository_id: int, work: Callable[[Unit], T]) -> T:
        return await self._services.desk.write(lambda c: work(self._unit(c, repository_id)))

    async def _read(self, repository_id: int, work: Callable[[Unit], T]) -> T:
        return await self._services.desk.read(lambda c: work(self._unit(c, repository_id)))


def _tell(unit: Unit, object_id: int, news: News) -> None:
    """Write messages, unless somebody has locked the task in the meantime."""
    found = tasks.standing(unit, object_id)
    if found is None or not found.is_ours:
        return
    if found.item.locker_id is None and found.is_rendering:
        tasks.take_lock(unit, object_id)
    tasks.tell(unit, object_id, news.messages)
    renders.change_render(unit.connection, object_id, told=news.told)


def _is_free(found: tasks.Standing, news: News, is_program: bool) -> bool:
    """Whether nobody else holds a task's lock; what a program has left locked at its end is taken back."""
    left_locked = news.has_ended and is_program and found.item.locker_id == found.render.owner_id
    return found.is_ours or left_locked


def _attach(unit: Unit, object_id: int, made: Mapping[str, results.Result], attached: int) -> None:
    found = tasks.standing(unit, object_id)
    if found is not None:
        results.attach(unit, found.item, made, attached)


def _finish(
    unit: Unit, object_id: int, news: News, is_program: bool, own: Sequence[results.Result], count: int, now: float
) -> bool:
    """The last of a task: its content, its last messages, its state. False if somebody has locked it meanwhile."""
    found = tasks.standing(unit, object_id)
    if found is None:
        return True
    if not _is_free(found, news, is_program):
        return False
    if not found.is_rendering:  # its program has said how it ended
        tasks.end(unit, object_id, None, news.messages)
        return True
    course, messages = tasks.needed_course(unit), list(news.messages)
    if news.job.status is not JobStatus.SUCCEEDED:
        ended = "was cancelled" if news.job.status is JobStatus.CANCELED else "failed"
        why = f": {news.job.message}" if news.job.message else ""
        tasks.end(unit, object_id, course.failed, [*messages, (now, "error", f"job {news.job.id} {ended}{why}")])
        return True
    for result in own:
        tasks.set_content(unit, object_id, results.content_values(unit, result, found.item.owner_id))
    messages.append((now, "info", f"finished; {count} file{'s' if count != 1 else ''}"))
    tasks.end(unit, object_id, course.finished, messages)
    return True
