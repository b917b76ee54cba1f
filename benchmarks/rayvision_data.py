"""A farm that has been in use: a store with many Rayvision tasks, without the pictures."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from sqlalchemy import Connection, insert, text

from rendermill.farm.model.status import Cause, JobStatus, TaskStatus
from rendermill.renderers.adapter import AdapterApplication
from rendermill.renderers.request import Part, Request, Requested, requested_job
from rendermill.store.accounts import AccessKey, Accounts
from rendermill.store.database import SqlStore
from rendermill.store.rayvision import notes
from rendermill.store.rayvision.schema import rayvision_tasks
from rendermill.store.schema import jobs, steps

USER = "ann"
OTHERS = ("bob", "carol", "dora", "emil")
FRAMES = 100
_LAYERS = 4
_YEAR = 365 * 24 * 3600.0
_T = TaskStatus
_J = JobStatus
_ORDER = (_T.SUCCEEDED, _T.FAILED, _T.CANCELED, _T.READY, _T.WAITING)


@dataclass(frozen=True)
class Stand:
    """How a job stands, and how many of its frames stand where; ``share`` in a thousand of the jobs are so."""

    share: int
    status: JobStatus
    counts: dict[TaskStatus, int]
    cause: Cause = Cause.NONE
    abandoned: bool = False
    deleted: bool = False


STANDS = (
    Stand(700, _J.SUCCEEDED, {_T.SUCCEEDED: 100}),
    Stand(100, _J.FAILED, {_T.SUCCEEDED: 96, _T.FAILED: 4}),
    Stand(60, _J.CANCELED, {_T.SUCCEEDED: 40, _T.CANCELED: 60}),
    Stand(20, _J.CANCELED, {_T.SUCCEEDED: 40, _T.CANCELED: 60}, Cause.TIMEOUT),
    Stand(20, _J.CANCELED, {_T.SUCCEEDED: 10, _T.CANCELED: 90}, abandoned=True),
    Stand(30, _J.SUCCEEDED, {_T.SUCCEEDED: 100}, deleted=True),
    Stand(40, _J.PAUSED, {_T.SUCCEEDED: 3, _T.WAITING: 97}, Cause.TEST),
    Stand(20, _J.PAUSED, {_T.SUCCEEDED: 50, _T.READY: 50}),
    Stand(10, _J.READY, {_T.READY: 100}),
)


@dataclass
class _Rows:
    jobs: list[dict[str, Any]] = field(default_factory=list)
    steps: list[dict[str, Any]] = field(default_factory=list)
    tasks: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Filled:
    """What the farm has of :data:`USER`: a key, and the numbers of the tasks."""

    key: AccessKey
    tasks: tuple[int, ...]


def fill(data: Path, count: int) -> Filled:
    """Make a farm's store of so many tasks of a hundred frames each."""
    data.mkdir(parents=True, exist_ok=True)
    store = SqlStore.open(data / "farm.db")
    try:
        accounts = Accounts(store.engine, data / "secret.key")
        for name in (USER, *OTHERS):
            accounts.create_user(name, "hunter2hunter2")
        rows = _rows(count)
        with store.engine.connect().execution_options(writes=True) as connection, connection.begin():
            _write(connection, rows)
        key = accounts.create_key(USER)
    finally:
        store.close()
    mine = (row for row in rows.tasks if row["owner"] == USER and row["parent"] is None and row["deleted"] is None)
    return Filled(key, tuple(row["id"] for row in mine))


def _rows(count: int) -> _Rows:
    rows = _Rows()
    plain, tested, layered = _plain(), _tested(), _layered()
    began = time.time() - _YEAR
    stands = list(_stands(count))
    for number, stand in enumerate(stands, 1):
        owner = USER if number % 10 else OTHERS[number // 10 % len(OTHERS)]
        created = began + number * _YEAR / (count + 1)
        made = tested if stand.cause is Cause.TEST else layered if number % 20 == 0 else plain
        _add_job(rows, made, owner, created, stand)
        _add_tasks(rows, made, owner, created, stand)
    return rows


def _stands(count: int) -> Iterator[Stand]:
    """The stands, mixed: any stretch of the list has each about as often as the whole."""
    thousand = [stand for stand in STANDS for _ in range(stand.share)]
    return (thousand[number * 377 % 1000] for number in range(count))


def _plain() -> Requested:
    return _requested(Part("/out/mantra1", tuple(range(1, FRAMES + 1)), settings={"camera": "/obj/cam1"}))


def _tested() -> Requested:
    return _requested(Part("/out/mantra1", tuple(range(1, FRAMES + 1)), (1, 50, 100)))


def _layered() -> Requested:
    frames = tuple(range(1, FRAMES // _LAYERS + 1))
    return _requested(*(Part(f"layer{number}", frames, folder=f"layer{number}") for number in range(_LAYERS)))


def _requested(*parts: Part) -> Requested:
    """A job of an application that no worker has, so that what is not done stays so."""
    scene, output = PurePosixPath("/show/seq/shot.hip"), PurePosixPath("/rendermill-output")
    return requested_job(Request("houdini", "17.5", scene, parts, output), AdapterApplication())


def _add_job(rows: _Rows, made: Requested, owner: str, created: float, stand: Stand) -> None:
    job_id = len(rows.jobs) + 1
    worked, ended = stand.status is not _J.READY, stand.status in (_J.SUCCEEDED, _J.FAILED, _J.CANCELED)
    rows.jobs.append(
        {
            "id": job_id,
            "name": _scene(job_id),
            "owner": owner,
            "status": stand.status,
            "cause": stand.cause,
            "priority": 50,
            "created": created,
            "started": created + 5 if worked else None,
            "finished": created + 1500 if ended else None,
            "max_attempts": 3,
            "warnings": [],
            "template": made.template,
            "parameters": made.parameters,
            "inputs": [[f"/show/tex/{number}.tx", "0" * 64, 1 << 20] for number in range(20)],
            "reference": f"rayvision/{len(rows.tasks) + 1}",
            "folder": f"{len(rows.tasks) + 1}_{_scene(job_id)}",
            "hold": stand.cause is Cause.TEST,
            "info": {"shot": f"sh{job_id:05}"},
        }
    )
    left = dict(stand.counts)
    names = [step["name"] for step in made.template["steps"]]
    for position, name in enumerate(names):
        total = _size(made, name)
        after = [first for first in made.first if name not in made.first]
        counts = {f"n_{status}": 0 for status in TaskStatus} | _take(left, total)
        row = {"id": len(rows.steps) + 1, "job_id": job_id, "name": name, "position": position, "depends": []}
        rows.steps.append({**row, "after": after, **counts})


def _scene(number: int) -> str:
    return f"shot_{number:05}"


def _size(made: Requested, name: str) -> int:
    if made.first:
        return 3 if name in made.first else FRAMES - 3
    return FRAMES // len(made.steps)


def _take(left: dict[TaskStatus, int], total: int) -> dict[str, int]:
    """How many tasks of a step stand where, out of what is left of the job's."""
    taken: dict[str, int] = {}
    for status in _ORDER:
        number = min(left.get(status, 0), total - sum(taken.values()))
        taken[f"n_{status}"] = number
        left[status] = left.get(status, 0) - number
    return taken


def _add_tasks(rows: _Rows, made: Requested, owner: str, created: float, stand: Stand) -> None:
    task_id, job_id = len(rows.tasks) + 1, len(rows.jobs)
    folder = f"{task_id}_{_scene(job_id)}"
    shown = {"channel": "4", "ram": 64, "reminder": 43200, "tiles": "1", "platform": 2, "camera": "/obj/cam1"}
    row = {
        "id": task_id,
        "owner": owner,
        "parent": None,
        "job_id": job_id,
        "steps": [],
        "layer": "",
        "scene": f"{_scene(job_id)}.hip",
        "cg_id": 2004,
        "frames": f"1-{FRAMES}[1]",
        "reserved": created - 30,
        "submitted": created,
        "level": 50,
        "labels": ["final"] if task_id % 7 == 0 else [],
        "project_id": 1 + task_id % 3,
        "abandoned": stand.abandoned,
        "deleted": created + 9000 if stand.deleted else None,
        "shown": {**shown, "software": "Houdini 17.5", "folder": folder},
    }
    rows.tasks.append(row)
    if len(made.steps) > 1:
        for name, names in made.steps.items():
            own = {"id": len(rows.tasks) + 1, "parent": task_id, "layer": name, "steps": list(names)}
            rows.tasks.append({**row, **own, "frames": f"1-{FRAMES // _LAYERS}[1]"})


# Tasks and attempts are made of the steps' counters, in one statement each.
_BOUNDS = "s.n_succeeded", "s.n_failed", "s.n_canceled", "s.n_ready"
_CASES = " ".join(
    f"WHEN n.i < {' + '.join(_BOUNDS[: place + 1])} THEN '{status}'" for place, status in enumerate(_ORDER[:-1])
)
_ADD_TASKS = text(
    "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :most) "
    "INSERT INTO tasks (step_id, idx, status, attempt, failures, message) "
    f"SELECT s.id, n.i, CASE {_CASES} ELSE '{_T.WAITING}' END, "
    f"n.i < {' + '.join(_BOUNDS[:2])}, 0, '' FROM steps AS s JOIN n "
    f"ON n.i < {' + '.join((*_BOUNDS, 's.n_waiting'))} ORDER BY s.id, n.i"
)
_ADD_ATTEMPTS = text(
    "INSERT INTO attempts (step_id, idx, number, job_id, status, session, worker, lease, started, finished, message) "
    "SELECT t.step_id, t.idx, 1, j.id, t.status, 's-' || t.step_id, 'local', 0, j.started + t.idx * 12, "
    "j.started + t.idx * 12 + 11, '' FROM tasks AS t JOIN steps AS s ON s.id = t.step_id "
    "JOIN jobs AS j ON j.id = s.job_id WHERE t.attempt = 1"
)


def _write(connection: Connection, rows: _Rows) -> None:
    for name in ("mill", "dam", "river"):
        notes.add_project(connection, notes.Project(0, USER, name, 0, time.time()), again_after=0.0)
    notes.label_numbers(connection, USER, ["final"])
    connection.execute(insert(jobs), rows.jobs)
    connection.execute(insert(steps), rows.steps)
    connection.execute(_ADD_TASKS, {"most": FRAMES})
    connection.execute(_ADD_ATTEMPTS)
    connection.execute(insert(rayvision_tasks), rows.tasks)
