"""What can be changed in the store. Every status move is guarded in its statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    Text,
    Update,
    bindparam,
    delete,
    exists,
    func,
    insert,
    select,
    text,
    update,
)

from rendermill.farm.model.records import AttemptKey, Event, Output, TaskKey
from rendermill.farm.model.status import ENDED, TASK_MOVES, AttemptStatus, Cause, JobStatus, TaskStatus, Turn
from rendermill.farm.model.storage import Area, StoredFile
from rendermill.farm.model.submission import Submission
from rendermill.farm.ports.store import ADJUSTABLE, NewStep
from rendermill.store.queries import SqlQueries, below, in_storage, parts_of
from rendermill.store.schema import attempts, events, files, jobs, outputs, steps, tasks

_LIVE = (AttemptStatus.ASSIGNED, AttemptStatus.RUNNING)

# One statement makes all tasks of a step, so that a hundred thousand cost no more than their rows.
_ADD_TASKS = text(
    "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :total) "
    "INSERT INTO tasks (step_id, idx, status, attempt, failures, message) SELECT :step_id, i, :status, 0, 0, '' FROM n"
)
_ASSIGN = (
    update(tasks)
    .where(
        tasks.c.step_id == bindparam("step"),
        tasks.c.idx == bindparam("index"),
        tasks.c.status == TaskStatus.READY,
    )
    .values(status=TaskStatus.ASSIGNED, attempt=tasks.c.attempt + 1)
    .returning(tasks.c.attempt)
)
_MOVE_ATTEMPT = (
    update(tasks)
    .where(
        tasks.c.step_id == bindparam("step"),
        tasks.c.idx == bindparam("index"),
        tasks.c.attempt == bindparam("number"),
        tasks.c.status == bindparam("source"),
    )
    .values(status=bindparam("target"), failures=tasks.c.failures + bindparam("failed"), message=bindparam("why"))
)
_MOVE_TASKS = (
    update(tasks)
    .where(tasks.c.step_id == bindparam("step"), tasks.c.status == bindparam("source"))
    .values(status=bindparam("target"), failures=0, message=bindparam("why"))
)
_CLOSE_ATTEMPT = (
    update(attempts)
    .where(
        attempts.c.step_id == bindparam("step"),
        attempts.c.idx == bindparam("index"),
        attempts.c.number == bindparam("n"),
        attempts.c.finished.is_(None),
    )
    .values(status=bindparam("to"), message=bindparam("why"), finished=bindparam("end"))
)
_ADD_ATTEMPT = insert(attempts)
_ADD_EVENT = insert(events)


@cache
def _count(source: TaskStatus, target: TaskStatus) -> Update:
    before, after = steps.c[f"n_{source}"], steps.c[f"n_{target}"]
    moved: BindParameter[int] = bindparam("moved")
    return update(steps).where(steps.c.id == bindparam("step")).values({before: before - moved, after: after + moved})


_FILE = [each.name for each in fields(StoredFile)]
_PUT_FILE = insert(files).from_select(
    ["owner", "area", *_FILE],
    select(bindparam("in_owner"), bindparam("in_area"), *(bindparam(f"in_{name}") for name in _FILE)).where(
        ~exists().where(
            in_storage(bindparam("in_owner"), bindparam("in_area")), below(bindparam("in_path", type_=Text))
        )
    ),
)


def _named(file: StoredFile) -> dict[str, Any]:
    return {f"in_{name}": getattr(file, name) for name in _FILE}


class SqlTransaction(SqlQueries):
    """Changes over one connection (:class:`rendermill.farm.ports.store.Transaction`).

    ``emitted`` collects its events.
    """

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.emitted: list[Event] = []

    @property
    def connection(self) -> Connection:
        """The connection, for parts that keep tables of their own beside the jobs."""
        return self._connection

    def add_job(
        self, submission: Submission, name: str, new_steps: Sequence[NewStep], status: JobStatus, now: float
    ) -> int:
        """See :class:`rendermill.farm.ports.store.Transaction`, as for every method here."""
        row = {
            "name": name,
            "owner": submission.owner,
            "status": status,
            "priority": submission.priority,
            "created": now,
            "max_attempts": submission.max_attempts,
            "task_timeout": submission.task_timeout,
            "warnings": list(submission.warnings),
            "template": submission.template,
            "parameters": submission.parameters,
            "inputs": [[asset.path, asset.hash, asset.size] for asset in submission.inputs],
            "reference": submission.reference,
            "folder": submission.folder,
            "job_timeout": submission.job_timeout,
            "limit": submission.limit,
            "hold": submission.hold,
            "hardware": list(submission.hardware),
            "info": submission.info,
        }
        job_id = int(self._connection.execute(insert(jobs).returning(jobs.c.id), row).scalar_one())
        for position, step in enumerate(new_steps):
            self._add_step(job_id, position, step)
        return job_id

    def _add_step(self, job_id: int, position: int, step: NewStep) -> None:
        status = TaskStatus.WAITING if step.depends or step.turn is Turn.REST else TaskStatus.READY
        row = {
            "job_id": job_id,
            "name": step.name,
            "position": position,
            "depends": list(step.depends),
            "turn": step.turn,
            f"n_{status}": step.total,
        }
        step_id = int(self._connection.execute(insert(steps).returning(steps.c.id), row).scalar_one())
        self._connection.execute(_ADD_TASKS, {"step_id": step_id, "total": step.total, "status": status})

    def move_job(
        self,
        job_id: int,
        sources: frozenset[JobStatus],
        target: JobStatus,
        now: float,
        message: str,
        cause: Cause = Cause.NONE,
    ) -> bool:
        """Move a job if it is in one of ``sources``."""
        ran = func.coalesce(now - jobs.c.running_since, 0.0)
        values: dict[str, Any] = {
            "status": target,
            "message": message,
            "cause": cause,
            "running_since": now if target is JobStatus.RUNNING else None,
            "worked": jobs.c.worked + ran,
        }
        values["finished"] = now if target in ENDED else None
        statement = update(jobs).where(jobs.c.id == job_id, jobs.c.status.in_(sorted(sources)))
        moved = self._connection.execute(statement.values(values)).rowcount == 1
        if moved and target is JobStatus.RUNNING:
            first = update(jobs).where(jobs.c.id == job_id, jobs.c.started.is_(None))
            self._connection.execute(first.values(started=now))
        return moved

    def put_files(self, owner: str, area: Area, new: Sequence[StoredFile]) -> list[str]:
        """Add or replace files of a storage; the names that are folders."""
        refused: list[str] = []
        for part in parts_of(new):
            same = in_storage(owner, area) & files.c.path.in_([file.path for file in part])
            self._connection.execute(delete(files).where(same))
            rows = [{"in_owner": owner, "in_area": area, **_named(file)} for file in part]
            if self._connection.execute(_PUT_FILE, rows).rowcount != len(rows):
                refused += [file.path for file in part if self.files(owner, area, file.path, after="", limit=1)]
        return refused

    def remove_file(self, owner: str, area: Area, path: str) -> bool:
        """Remove a file of a storage."""
        same = in_storage(owner, area) & (files.c.path == path)
        return self._connection.execute(delete(files).where(same)).rowcount == 1

    def adjust_job(self, job_id: int, settings: Mapping[str, Any]) -> None:
        """Change fields of a job that are no status."""
        assert settings.keys() <= ADJUSTABLE, settings
        self._connection.execute(update(jobs).where(jobs.c.id == job_id).values(dict(settings)))

    def assign(self, job_id: int, key: TaskKey, session: str, worker: str, lease: float, now: float) -> int | None:
        """Move a ready task to assigned and open its next attempt."""
        values = {"step": key.step_id, "index": key.index}
        number = self._connection.execute(_ASSIGN, values).scalar_one_or_none()
        if number is None:
            return None
        self._count_move(key.step_id, TaskStatus.READY, TaskStatus.ASSIGNED, 1)
        row = {
            "step_id": key.step_id,
            "idx": key.index,
            "number": number,
            "job_id": job_id,
            "status": AttemptStatus.ASSIGNED,
            "session": session,
            "worker": worker,
            "lease": lease,
            "started": now,
        }
        self._connection.execute(_ADD_ATTEMPT, row)
        return int(number)

    def move_attempt(
        self,
        key: AttemptKey,
        source: TaskStatus,
        target: TaskStatus,
        *,
        failed: bool = False,
        message: str = "",
    ) -> bool:
        """Move a task if it stands at ``source`` and this attempt is its latest."""
        values = {
            "step": key.step_id,
            "index": key.index,
            "number": key.number,
            "source": source,
            "target": target,
            "failed": int(failed),
            "why": message,
        }
        if self._connection.execute(_MOVE_ATTEMPT, values).rowcount != 1:
            return False
        self._count_move(key.step_id, source, target, 1)
        return True

    def move_tasks(
        self,
        step_id: int,
        source: TaskStatus,
        target: TaskStatus,
        message: str = "",
        indices: Sequence[int] | None = None,
    ) -> int:
        """Move every task of a step that stands at ``source``, or some of them."""
        values = {"step": step_id, "source": source, "target": target, "why": message}
        if indices is None:
            moved = self._connection.execute(_MOVE_TASKS, values).rowcount
        else:
            chosen = (_MOVE_TASKS.where(tasks.c.idx.in_(part)) for part in parts_of(indices))
            moved = sum(self._connection.execute(statement, values).rowcount for statement in chosen)
        self._count_move(step_id, source, target, moved)
        return moved

    def _count_move(self, step_id: int, source: TaskStatus, target: TaskStatus, moved: int) -> None:
        assert target in TASK_MOVES[source], f"no task moves from {source} to {target}"
        self._connection.execute(_count(source, target), {"step": step_id, "moved": moved})

    def close_attempt(self, key: AttemptKey, status: AttemptStatus, message: str, now: float) -> None:
        """Write down how an attempt stands or ended."""
        values = {
            "step": key.step_id,
            "index": key.index,
            "n": key.number,
            "to": status,
            "why": message,
            "end": None if status in _LIVE else now,
        }
        self._connection.execute(_CLOSE_ATTEMPT, values)

    def renew(self, sessions: Sequence[str], lease: float) -> None:
        """Give the active attempts of these sessions a new end of lease."""
        live = attempts.c.session.in_(list(sessions)) & attempts.c.finished.is_(None)
        self._connection.execute(update(attempts).where(live).values(lease=lease))

    def published_by_others(self, key: AttemptKey, paths: Sequence[str]) -> list[str]:
        """Those of the paths that another task of the job has published."""
        if not paths:
            return []
        job = select(steps.c.job_id).where(steps.c.id == key.step_id).scalar_subquery()
        other = (outputs.c.step_id != key.step_id) | (outputs.c.idx != key.index)
        found = select(outputs.c.path).where((outputs.c.job_id == job) & outputs.c.path.in_(list(paths)) & other)
        return list(self._connection.scalars(found.order_by(outputs.c.path)))

    def publish(self, key: AttemptKey, files: Sequence[Output]) -> None:
        """Make the files of an attempt the task's only outputs; the latest publisher of a path wins."""
        job_id = self._connection.execute(select(steps.c.job_id).where(steps.c.id == key.step_id)).scalar_one()
        earlier = (outputs.c.step_id == key.step_id) & (outputs.c.idx == key.index)
        same = earlier | outputs.c.path.in_([file.path for file in files])
        self._connection.execute(delete(outputs).where((outputs.c.job_id == job_id) & same))
        if not files:
            return
        rows = [
            {
                "job_id": job_id,
                "path": file.path,
                "step_id": key.step_id,
                "idx": key.index,
                "attempt": key.number,
                "hash": file.hash,
                "size": file.size,
            }
            for file in files
        ]
        self._connection.execute(insert(outputs), rows)

    def emit(  # noqa: PLR0913 - an event has these parts
        self,
        kind: str,
        job_id: int,
        *,
        now: float,
        step_id: int | None = None,
        index: int | None = None,
        attempt: int | None = None,
        source: str = "",
        target: str = "",
        data: Mapping[str, Any] | None = None,
    ) -> None:
        """Write an event row."""
        row = {
            "time": now,
            "kind": kind,
            "job_id": job_id,
            "step_id": step_id,
            "idx": index,
            "attempt": attempt,
            "source": str(source),
            "target": str(target),
            "data": dict(data or {}),
        }
        key = self._connection.execute(_ADD_EVENT, row).inserted_primary_key
        assert key is not None
        parts = (now, kind, job_id, step_id, index, attempt, str(source), str(target), dict(data or {}))
        self.emitted.append(Event(int(key[0]), *parts))
