"""Rayvision tasks: numbers that are reserved first, have a job once they are submitted, and children for its parts."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import fields
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from rendermill.farm.model.errors import WrongStateError
from rendermill.farm.model.records import Job, Step, TaskKey
from rendermill.farm.model.status import TaskStatus
from rendermill.farm.model.storage import Area
from rendermill.store.queries import MANY, below, in_storage, job_columns, job_record, step_record
from rendermill.store.rayvision.records import (
    Filter,
    FrameRow,
    Reservation,
    StatusWish,
    Submitted,
    TaskRow,
    TaskView,
)
from rendermill.store.rayvision.schema import rayvision_tasks
from rendermill.store.schema import attempts, files, jobs, steps
from rendermill.store.schema import tasks as farm_tasks

_NEVER = 1e18
_NAMES = [each.name for each in fields(TaskRow)]
_LIKE = re.compile(r"[%_\\]")
_STEPS, _LABELS = _NAMES.index("steps"), _NAMES.index("labels")
# Made once: putting a statement together takes as long as running it.
_ALL = select(*(rayvision_tasks.c[name] for name in _NAMES))
_BY_ID = _ALL.where(rayvision_tasks.c.id.in_(bindparam("ids", expanding=True)))
_CHILDREN = _ALL.where(rayvision_tasks.c.parent.in_(bindparam("ids", expanding=True)))
_JOBS = job_columns.where(jobs.c.id.in_(bindparam("ids", expanding=True)))
_STEPS_OF = (
    select(steps).where(steps.c.job_id.in_(bindparam("ids", expanding=True))).order_by(steps.c.job_id, steps.c.position)
)
_FRAMES: Select[Any] = select(farm_tasks, attempts.c.started, attempts.c.finished).select_from(
    farm_tasks.outerjoin(
        attempts,
        and_(
            attempts.c.step_id == farm_tasks.c.step_id,
            attempts.c.idx == farm_tasks.c.idx,
            attempts.c.number == farm_tasks.c.attempt,
        ),
    )
)


# --- changes -----------------------------------------------------------------------------------------------------


def reserve(connection: Connection, wanted: Reservation, count: int, now: float) -> list[int]:
    """Reserve numbers."""
    row = {
        "owner": wanted.owner,
        "steps": [],
        "reserved": now,
        "level": wanted.level,
        "labels": list(wanted.labels),
        "artist": wanted.artist,
        "clone_of": wanted.clone_of,
        "shown": {},
    }
    return [
        int(connection.execute(insert(rayvision_tasks).returning(rayvision_tasks.c.id), row).scalar_one())
        for _ in range(count)
    ]


def attach(connection: Connection, task_id: int, job_id: int, submitted: Submitted, now: float) -> None:
    """Give a reserved task its job; one that has it already stays as it is.

    Raises WrongStateError for one that was deleted meanwhile, so that the job is not made either.
    """
    row = connection.execute(select(rayvision_tasks).where(rayvision_tasks.c.id == task_id)).one()
    if row.deleted is not None:
        raise WrongStateError(f"task {task_id} was deleted", where="taskId")
    if row.job_id is not None:
        return
    values = {
        "job_id": job_id,
        "submitted": now,
        "scene": submitted.scene,
        "cg_id": submitted.cg_id,
        "frames": submitted.frames,
        "producer": submitted.producer,
        "project_id": submitted.project_id,
        "shown": submitted.shown,
    }
    connection.execute(update(rayvision_tasks).where(rayvision_tasks.c.id == task_id).values(values))
    for child in submitted.children:
        own = {
            "parent": task_id,
            "steps": list(child.steps),
            "layer": child.layer,
            "frames": child.frames,
            "shown": child.shown,
        }
        same = {name: getattr(row, name) for name in ("owner", "reserved", "level", "labels", "artist", "clone_of")}
        connection.execute(insert(rayvision_tasks).values({**same, **values, **own}))


def change(connection: Connection, ids: Collection[int], **values: Any) -> None:
    """Change columns of tasks and of their children."""
    wanted = list(ids)
    for start in range(0, len(wanted), MANY):
        connection.execute(update(rayvision_tasks).where(_family(wanted[start : start + MANY])).values(values))


def set_labels(connection: Connection, task_id: int, labels: Iterable[str]) -> None:
    """Give a task its labels."""
    connection.execute(update(rayvision_tasks).where(rayvision_tasks.c.id == task_id).values(labels=list(labels)))


def sweep_unused(connection: Connection, before: float) -> int:
    """Remove numbers that were reserved before a time and never used, with the files sent for them; how many."""
    column = rayvision_tasks.c
    unused = select(column.id, column.owner).where(column.submitted.is_(None) & (column.reserved < before))
    found = connection.execute(unused.limit(MANY)).all()
    for row in found:
        connection.execute(delete(files).where(in_storage(row.owner, Area.CONFIG) & below(str(row.id))))
    connection.execute(delete(rayvision_tasks).where(column.id.in_([row.id for row in found])))
    return len(found)


def _family(ids: Collection[int]) -> ColumnElement[bool]:
    return or_(rayvision_tasks.c.id.in_(list(ids)), rayvision_tasks.c.parent.in_(list(ids)))


# --- looking -----------------------------------------------------------------------------------------------------


def rows(connection: Connection, ids: Collection[int]) -> dict[int, TaskRow]:
    """Tasks by their numbers; those that are none are left out."""
    found: dict[int, TaskRow] = {}
    wanted = sorted(ids)
    for start in range(0, len(wanted), MANY):
        part = connection.execute(_BY_ID, {"ids": wanted[start : start + MANY]})
        found |= {row.id: row for row in map(_task, part)}
    return found


def steps_given_up(connection: Connection, parent: int) -> set[str]:
    """The steps of a task's children that were abandoned or deleted."""
    gone = rayvision_tasks.c.abandoned | rayvision_tasks.c.deleted.is_not(None)
    found = connection.scalars(select(rayvision_tasks.c.steps).where((rayvision_tasks.c.parent == parent) & gone))
    return {name for names in found for name in names}


def labelled(connection: Connection, owner: str) -> list[TaskRow]:
    """A user's tasks that have labels."""
    statement = _ALL.where((rayvision_tasks.c.owner == owner) & rayvision_tasks.c.parent.is_(None))
    return [row for row in map(_task, connection.execute(statement)) if row.labels]


def page(connection: Connection, wanted: Filter, offset: int, limit: int) -> tuple[int, list[TaskView]]:
    """How many tasks there are, and a page of them, newest first."""
    count, rows_of = _lists(_Shape.of(wanted))
    values = {
        "owners": list(wanted.owners or ()),
        "pattern": "%" + _LIKE.sub(r"\\\g<0>", wanted.keyword) + "%",
        "number": wanted.number,
        "since": wanted.since,
        "until": wanted.until,
    }
    total = int(connection.execute(count, values).scalar_one())
    found = [_task(row) for row in connection.execute(rows_of, {**values, "offset": offset, "limit": limit}).all()]
    return total, views(connection, found)


def views(connection: Connection, found: Sequence[TaskRow]) -> list[TaskView]:
    """Tasks with what belongs to them, in the same order."""
    children: dict[int, list[TaskRow]] = {}
    parents = [row.id for row in found]
    # Sorted here: for ORDER BY SQLite would rather read the whole table in that order.
    for child in sorted(map(_task, connection.execute(_CHILDREN, {"ids": parents})), key=lambda row: row.id):
        children.setdefault(child.parent or 0, []).append(child)
    job_ids = {row.job_id for row in found if row.job_id is not None}
    by_job = _jobs(connection, job_ids)
    steps_of = _steps(connection, job_ids)

    def view(row: TaskRow) -> TaskView:
        own = tuple(row.own(steps_of.get(row.job_id or 0, ())))
        parts = [each for each in children.get(row.id, ()) if each.deleted is None or row.deleted is not None]
        return TaskView(row, by_job.get(row.job_id or 0), own, tuple(map(view, parts)))

    return [view(row) for row in found]


def frames_at(connection: Connection, step_id: int, indices: Sequence[int]) -> list[FrameRow]:
    """Some tasks of a step, by index, with the times of their latest attempts."""
    return _frames(connection, _FRAMES.where((farm_tasks.c.step_id == step_id) & farm_tasks.c.idx.in_(list(indices))))


def worked(connection: Connection, step_ids: Collection[int]) -> dict[int, tuple[float, float | None]]:
    """For each step that has begun: when its first attempt began and when its last one ended (None if one runs)."""
    last = func.max(func.coalesce(attempts.c.finished, _NEVER))
    statement = select(attempts.c.step_id, func.min(attempts.c.started), last)
    grouped = statement.where(attempts.c.step_id.in_(list(step_ids))).group_by(attempts.c.step_id)
    return {row[0]: (row[1], None if row[2] == _NEVER else row[2]) for row in connection.execute(grouped)}


def frame_totals(connection: Connection, owners: Collection[str] | None) -> dict[TaskStatus, int]:
    """How many frames of all tasks that are not deleted stand where."""
    mine = rayvision_tasks.c.parent.is_(None) & rayvision_tasks.c.deleted.is_(None)
    if owners is not None:
        mine &= rayvision_tasks.c.owner.in_(list(owners))
    sums = [func.coalesce(func.sum(steps.c[f"n_{status}"]), 0) for status in TaskStatus]
    row = connection.execute(
        select(*sums).join_from(rayvision_tasks, steps, steps.c.job_id == rayvision_tasks.c.job_id).where(mine)
    ).one()
    return {status: int(number) for status, number in zip(TaskStatus, row, strict=True)}


def _frames(connection: Connection, statement: Select[Any]) -> list[FrameRow]:
    return [
        FrameRow(
            TaskKey(row.step_id, row.idx), TaskStatus(row.status), row.attempt, row.message, row.started, row.finished
        )
        for row in connection.execute(statement.order_by(farm_tasks.c.idx)).all()
    ]


class _Shape(NamedTuple):
    """What of a filter is given: filters of one shape share their statements."""

    owners: bool
    keyword: bool
    number: bool
    since: bool
    until: bool
    deleted: bool
    statuses: tuple[StatusWish, ...] | None

    @classmethod
    def of(cls, wanted: Filter) -> _Shape:
        return cls(
            wanted.owners is not None,
            bool(wanted.keyword),
            wanted.number is not None,
            wanted.since is not None,
            wanted.until is not None,
            wanted.deleted,
            None if wanted.statuses is None else tuple(wanted.statuses),
        )


@lru_cache(maxsize=256)
def _lists(shape: _Shape) -> tuple[Select[Any], Select[Any]]:
    """The statements that count the tasks of a list, and that give a page of them."""
    condition = _condition(shape)
    source = rayvision_tasks.join(jobs, rayvision_tasks.c.job_id == jobs.c.id) if shape.statuses else rayvision_tasks
    pages = _ALL.select_from(source).where(condition).order_by(rayvision_tasks.c.id.desc())
    return (
        select(func.count()).select_from(source).where(condition),
        pages.offset(bindparam("offset")).limit(bindparam("limit")),
    )


def _condition(shape: _Shape) -> ColumnElement[bool]:
    column = rayvision_tasks.c
    parts: list[ColumnElement[bool]] = [column.submitted.is_not(None)]
    if shape.deleted:  # also children whose parents are still there
        parent = rayvision_tasks.alias()
        alive = exists().where((parent.c.id == column.parent) & parent.c.deleted.is_(None))
        parts += [column.deleted.is_not(None), or_(column.parent.is_(None), alive)]
    else:
        parts += [column.parent.is_(None), column.deleted.is_(None)]
    if shape.owners:
        parts.append(column.owner.in_(bindparam("owners", expanding=True)))
    if shape.keyword:
        named = column.scene.ilike(bindparam("pattern"), escape="\\")
        parts.append(or_(named, column.id == bindparam("number")) if shape.number else named)
    if shape.since:
        parts.append(column.submitted >= bindparam("since"))
    if shape.until:
        parts.append(column.submitted <= bindparam("until"))
    if shape.statuses is not None:
        parts.append(or_(False, *(_at(wish) for wish in shape.statuses)))
    return and_(*parts)


def _at(wish: StatusWish) -> ColumnElement[bool]:
    parts: list[ColumnElement[bool]] = [jobs.c.status == wish.status]
    if wish.cause is not None:
        parts.append(jobs.c.cause == wish.cause)
    if wish.abandoned is not None:
        parts.append(rayvision_tasks.c.abandoned == wish.abandoned)
    if wish.any_succeeded is not None:
        some = exists().where((steps.c.job_id == jobs.c.id) & (steps.c[f"n_{TaskStatus.SUCCEEDED}"] > 0))
        parts.append(some if wish.any_succeeded else ~some)
    return and_(*parts)


def _jobs(connection: Connection, ids: Collection[int]) -> dict[int, Job]:
    return {job.id: job for job in map(job_record, connection.execute(_JOBS, {"ids": list(ids)}).all())}


def _steps(connection: Connection, job_ids: Collection[int]) -> dict[int, list[Step]]:
    found: dict[int, list[Step]] = {}
    for step in map(step_record, connection.execute(_STEPS_OF, {"ids": list(job_ids)}).all()):
        found.setdefault(step.job_id, []).append(step)
    return found


def _task(row: Row[Any]) -> TaskRow:
    """The columns are in the order of the record's fields; two of them are lists."""
    values = list(row)
    values[_STEPS], values[_LABELS] = tuple(values[_STEPS]), tuple(values[_LABELS])
    return TaskRow(*values)
