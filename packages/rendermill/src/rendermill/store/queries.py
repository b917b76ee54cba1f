"""What can be asked of the store: rows to records."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, func, select

from rendermill.farm.model.records import (
    Attempt,
    AttemptKey,
    Counts,
    Event,
    Job,
    JobSource,
    Output,
    Step,
    Task,
    TaskKey,
)
from rendermill.farm.model.status import ENDED, AttemptStatus, Cause, JobStatus, TaskStatus, Turn
from rendermill.farm.model.storage import Area, StoredFile
from rendermill.farm.model.submission import Asset
from rendermill.store.schema import attempts, events, files, jobs, outputs, steps, tasks

T = TypeVar("T")
#: Values that one statement may name: SQLite takes some thirty thousand.
MANY = 5000
_JOB = [each.name for each in fields(Job)]
#: A job without its template, parameters and inputs, which are heavy; in the order of the record's fields.
job_columns = select(*(jobs.c[name] for name in _JOB))
_JOB_BY_ID = job_columns.where(jobs.c.id == bindparam("job_id"))
_STEP_BY_ID = select(steps).where(steps.c.id == bindparam("step_id"))
_STEPS_OF_JOB = select(steps).where(steps.c.job_id == bindparam("job_id")).order_by(steps.c.position)
_TASK = select(tasks).where(tasks.c.step_id == bindparam("step_id"), tasks.c.idx == bindparam("index"))


_FILES = select(files.c.path, files.c.hash, files.c.size, files.c.modified)


def parts_of(many: Sequence[T]) -> Iterator[Sequence[T]]:
    """Values in parts of :data:`MANY`."""
    return (many[start : start + MANY] for start in range(0, len(many), MANY))


def in_storage(owner: str | ColumnElement[str], area: Area | ColumnElement[str]) -> ColumnElement[bool]:
    """Files of an area of somebody's storage."""
    return (files.c.owner == owner) & (files.c.area == area)


def below(folder: str | ColumnElement[str], after: str | None = None) -> ColumnElement[bool]:
    """Files below a folder (after a path of it), as a range, which the key answers; "0" comes after "/"."""
    return (files.c.path > (folder + "/" if after is None else after)) & (files.c.path < folder + "0")


class SqlQueries:
    """Reads over one connection (:class:`rendermill.farm.ports.store.Queries`)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def _rows(self, statement: Select[Any], **values: Any) -> Sequence[Row[Any]]:
        return self._connection.execute(statement, values).all()

    def job(self, job_id: int) -> Job | None:
        """See :class:`rendermill.farm.ports.store.Queries`, as for every method here."""
        rows = self._rows(_JOB_BY_ID, job_id=job_id)
        return job_record(rows[0]) if rows else None

    def jobs(self, *, owner: str | None = None, limit: int = 1000, before: int | None = None) -> list[Job]:
        """Jobs, newest first."""
        statement = job_columns.order_by(jobs.c.id.desc()).limit(limit)
        if owner is not None:
            statement = statement.where(jobs.c.owner == owner)
        if before is not None:
            statement = statement.where(jobs.c.id < before)
        return [job_record(row) for row in self._rows(statement)]

    def job_of(self, reference: str) -> Job | None:
        """The job of a reference."""
        rows = self._rows(job_columns.where(jobs.c.reference == reference))
        return job_record(rows[0]) if rows else None

    def jobs_of_folder(self, owner: str, folder: str | None) -> list[Job]:
        """An owner's jobs that have (such) a folder."""
        named = jobs.c.folder == folder if folder is not None else jobs.c.folder.is_not(None)
        return [
            job_record(row)
            for row in self._rows(job_columns.where((jobs.c.owner == owner) & named).order_by(jobs.c.folder))
        ]

    def file(self, owner: str, area: Area, path: str) -> StoredFile | None:
        """A file of a storage."""
        rows = self._rows(_FILES.where(in_storage(owner, area) & (files.c.path == path)))
        return _stored(rows[0]) if rows else None

    def files_named(self, owner: str, area: Area, paths: Sequence[str]) -> list[StoredFile]:
        """Many files of a storage."""
        mine = in_storage(owner, area)
        named = (self._rows(_FILES.where(mine & files.c.path.in_(part))) for part in parts_of(paths))
        return [_stored(row) for rows in named for row in rows]

    def files(self, owner: str, area: Area, folder: str, *, after: str, limit: int) -> list[StoredFile]:
        """Files below a folder."""
        # SQLite seeks by one lower bound alone: given two it would read everything between them.
        page = below(folder, max(after, f"{folder}/")) if folder else files.c.path > after
        of_page = _FILES.where(in_storage(owner, area) & page).order_by(files.c.path).limit(limit)
        return [_stored(row) for row in self._rows(of_page)]

    def used(self, owner: str) -> int:
        """The bytes of an owner's storage."""
        total = select(func.coalesce(func.sum(files.c.size), 0)).where(files.c.owner == owner)
        return int(self._connection.execute(total).scalar_one())

    def overdue(self, now: float) -> list[int]:
        """Running jobs over their time."""
        over = jobs.c.running_since + jobs.c.job_timeout < now
        return list(self._connection.scalars(select(jobs.c.id).where(jobs.c.status == JobStatus.RUNNING, over)))

    def source(self, job_id: int) -> JobSource:
        """What a job was made of."""
        statement = select(jobs.c.template, jobs.c.parameters, jobs.c.inputs).where(jobs.c.id == job_id)
        row = self._rows(statement)[0]
        return JobSource(row.template, row.parameters, tuple(Asset(*asset) for asset in row.inputs))

    def unfinished(self) -> list[Job]:
        """Jobs that have not ended, oldest first."""
        return [
            job_record(row) for row in self._rows(job_columns.where(jobs.c.status.not_in(ENDED)).order_by(jobs.c.id))
        ]

    def steps(self, job_id: int) -> list[Step]:
        """The job's steps."""
        return [step_record(row) for row in self._rows(_STEPS_OF_JOB, job_id=job_id)]

    def step(self, step_id: int) -> Step:
        """A step."""
        return step_record(self._rows(_STEP_BY_ID, step_id=step_id)[0])

    def task(self, key: TaskKey) -> Task | None:
        """The task, or None."""
        rows = self._rows(_TASK, step_id=key.step_id, index=key.index)
        return _task(rows[0]) if rows else None

    def tasks(
        self, step_id: int, *, status: TaskStatus | None = None, noted: bool = False, offset: int = 0, limit: int = 1000
    ) -> list[Task]:
        """A page of a step's tasks."""
        statement = select(tasks).where(tasks.c.step_id == step_id)
        if noted:
            statement = statement.where(tasks.c.message != "")
        if status is not None:
            statement = statement.where(tasks.c.status == status)
        return [_task(row) for row in self._rows(statement.order_by(tasks.c.idx).offset(offset).limit(limit))]

    def ready_indices(self, step_id: int) -> list[int]:
        """The indices of a step's ready tasks."""
        ready = (tasks.c.step_id == step_id) & (tasks.c.status == TaskStatus.READY)
        return list(self._connection.scalars(select(tasks.c.idx).where(ready).order_by(tasks.c.idx)))

    def attempts(self, key: TaskKey) -> list[Attempt]:
        """A task's attempts."""
        of_task = (attempts.c.step_id == key.step_id) & (attempts.c.idx == key.index)
        return [_attempt(row) for row in self._rows(select(attempts).where(of_task).order_by(attempts.c.number))]

    def active_attempts(self, job_id: int | None = None, *, lease_before: float | None = None) -> list[Attempt]:
        """Attempts that a session holds."""
        statement = select(attempts).where(attempts.c.finished.is_(None))
        if job_id is not None:
            statement = statement.where(attempts.c.job_id == job_id)
        if lease_before is not None:
            statement = statement.where(attempts.c.lease < lease_before)
        return [_attempt(row) for row in self._rows(statement)]

    def outputs(self, job_id: int, *, steps: Sequence[int] | None = None) -> list[Output]:
        """Published files."""
        statement = _OUTPUTS.where(outputs.c.job_id == job_id)
        if steps is not None:
            statement = statement.where(outputs.c.step_id.in_(steps))
        rows = self._rows(statement.order_by(outputs.c.path))
        return [Output(row.path, row.hash, row.size, row.step, row.idx) for row in rows]

    def outputs_of(self, key: TaskKey) -> list[Output]:
        """Published files of a task."""
        of_task = (outputs.c.step_id == key.step_id) & (outputs.c.idx == key.index)
        rows = self._rows(_OUTPUTS.where(of_task).order_by(outputs.c.path))
        return [Output(row.path, row.hash, row.size, row.step, row.idx) for row in rows]

    def output(self, job_id: int, path: str) -> Output | None:
        """A published file by its path."""
        found = self._rows(_OUTPUTS.where((outputs.c.job_id == job_id) & (outputs.c.path == path)))
        return next((Output(row.path, row.hash, row.size, row.step, row.idx) for row in found), None)

    def events(self, after: int, *, job_id: int | None = None, limit: int = 1000) -> list[Event]:
        """Events in order."""
        statement = select(events).where(events.c.seq > after).order_by(events.c.seq).limit(limit)
        if job_id is not None:
            statement = statement.where(events.c.job_id == job_id)
        return [Event(*tuple(row)) for row in self._rows(statement)]


_OUTPUTS = select(outputs.c.path, outputs.c.hash, outputs.c.size, outputs.c.idx, steps.c.name.label("step")).join_from(
    outputs, steps, outputs.c.step_id == steps.c.id
)


_AS_RECORDED: dict[int, Callable[[Any], Any]] = {
    _JOB.index("status"): JobStatus,
    _JOB.index("cause"): Cause,
    _JOB.index("warnings"): tuple,
    _JOB.index("hardware"): tuple,
}


def job_record(row: Row[Any]) -> Job:
    """The job of a row of :data:`job_columns`."""
    values = list(row)
    for index, convert in _AS_RECORDED.items():
        values[index] = convert(values[index])
    return Job(*values)


def _stored(row: Row[Any]) -> StoredFile:
    return StoredFile(row.path, row.hash, row.size, row.modified)


def step_record(row: Row[Any]) -> Step:
    """The step of a row."""
    values: tuple[Any, ...] = tuple(row)
    step_id, job_id, name, position, depends, turn = values[:6]
    counts = Counts(dict(zip(TaskStatus, values[6:], strict=True)))
    return Step(step_id, job_id, name, position, tuple(depends), Turn(turn), counts)


def _task(row: Row[Any]) -> Task:
    return Task(TaskKey(row.step_id, row.idx), TaskStatus(row.status), row.attempt, row.failures, row.message)


def _attempt(row: Row[Any]) -> Attempt:
    key = AttemptKey(row.step_id, row.idx, row.number)
    status = AttemptStatus(row.status)
    return Attempt(key, row.job_id, status, row.session, row.worker, row.started, row.finished, row.message)
