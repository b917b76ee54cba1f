"""Projects, labels, environments, records and used signatures of the Rayvision door."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from rendermill.store.rayvision.schema import environments, labels, projects, records, signatures


@dataclass(frozen=True, slots=True)
class Project:
    """A project: ``status`` is 0 (open) or 1 (closed)."""

    id: int
    owner: str
    name: str
    status: int
    created: float


@dataclass(frozen=True, slots=True)
class Environment:
    """A rendering environment that a user has put together: an application with plug-ins, under a name."""

    owner: str
    name: str
    cg_id: int
    is_default: bool
    settings: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Record:
    """Something that a user asked for; ``kind`` is ``task`` or ``login``."""

    id: int
    owner: str
    kind: str
    time: float
    address: str
    details: dict[str, Any]


# --- projects and labels -----------------------------------------------------------------------------------------


def list_projects(connection: Connection, owners: Collection[str] | None) -> list[Project]:
    """The projects of these users (None: of all), oldest first."""
    statement = select(projects).order_by(projects.c.id)
    if owners is not None:
        statement = statement.where(projects.c.owner.in_(list(owners)))
    return [Project(*row) for row in connection.execute(statement)]


def add_project(connection: Connection, made: Project, *, again_after: float) -> bool:
    """Add a project under a number of its own; False if there is one of that name.

    The same one, made after ``again_after``, counts as this one.
    """
    row = {"owner": made.owner, "name": made.name, "status": made.status, "created": made.created}
    if _added(connection, insert(projects), row):
        return True
    same = (projects.c.owner == made.owner) & (projects.c.name == made.name) & (projects.c.status == made.status)
    return (
        connection.execute(select(projects.c.id).where(same & (projects.c.created >= again_after))).first() is not None
    )


def remove_project(connection: Connection, owner: str, name: str) -> bool:
    """Remove a project; False if there was none."""
    same = (projects.c.owner == owner) & (projects.c.name == name)
    return connection.execute(delete(projects).where(same)).rowcount == 1


def label_numbers(connection: Connection, owner: str, names: Iterable[str]) -> None:
    """Give labels that have no number one."""
    for name in names:
        _added(connection, insert(labels), {"owner": owner, "name": name})


def all_labels(connection: Connection, owners: Collection[str] | None) -> dict[tuple[str, str], int]:
    """The numbers of labels, by owner and name."""
    statement = select(labels)
    if owners is not None:
        statement = statement.where(labels.c.owner.in_(list(owners)))
    return {(row.owner, row.name): row.id for row in connection.execute(statement)}


# --- environments ------------------------------------------------------------------------------------------------


def list_environments(connection: Connection, owner: str) -> list[Environment]:
    """A user's environments, by name."""
    found = connection.execute(select(environments).where(environments.c.owner == owner).order_by(environments.c.name))
    return [Environment(*row) for row in found]


def put_environment(connection: Connection, made: Environment) -> None:
    """Add an environment, or replace the one of that name; whether it is the default stays."""
    same = (environments.c.owner == made.owner) & (environments.c.name == made.name)
    values = {"cg_id": made.cg_id, "settings": made.settings}
    if not connection.execute(update(environments).where(same).values(values)).rowcount:
        row = {**values, "owner": made.owner, "name": made.name, "is_default": made.is_default}
        connection.execute(insert(environments).values(row))


def remove_environment(connection: Connection, owner: str, name: str) -> bool:
    """Remove an environment; False if there was none."""
    same = (environments.c.owner == owner) & (environments.c.name == name)
    return connection.execute(delete(environments).where(same)).rowcount == 1


def make_default(connection: Connection, owner: str, name: str) -> None:
    """Make an environment the only default of its application."""
    same = (environments.c.owner == owner) & (environments.c.name == name)
    cg_id = select(environments.c.cg_id).where(same).scalar_subquery()
    siblings = (environments.c.owner == owner) & (environments.c.cg_id == cg_id)
    connection.execute(update(environments).where(siblings).values(is_default=environments.c.name == name))


# --- records and signatures --------------------------------------------------------------------------------------


def add_record(
    connection: Connection, owner: str, kind: str, now: float, address: str, details: dict[str, Any]
) -> None:
    """Write down what a user asked for."""
    row = {"owner": owner, "kind": kind, "time": now, "address": address, "details": details}
    connection.execute(insert(records).values(row))


def list_records(
    connection: Connection,
    owners: Collection[str],
    kind: str,
    *,
    since: float | None,
    until: float | None,
    offset: int,
    limit: int,
) -> tuple[int, list[Record]]:
    """How many records there are, and a page of them, newest first."""
    wanted = records.c.owner.in_(list(owners)) & (records.c.kind == kind)
    if since is not None:
        wanted &= records.c.time >= since
    if until is not None:
        wanted &= records.c.time <= until
    total = int(connection.execute(select(func.count()).select_from(records).where(wanted)).scalar_one())
    page = select(records).where(wanted).order_by(records.c.id.desc()).offset(offset).limit(limit)
    return total, [Record(*row) for row in connection.execute(page)]


def last_record(connection: Connection, owner: str, kind: str) -> Record | None:
    """A user's latest record of a kind."""
    same = (records.c.owner == owner) & (records.c.kind == kind)
    row = connection.execute(select(records).where(same).order_by(records.c.id.desc()).limit(1)).one_or_none()
    return Record(*row) if row is not None else None


def claim(connection: Connection, signature: str, expires: float) -> bool:
    """Use a signature; False if it was used before."""
    return _added(connection, insert(signatures), {"signature": signature, "expires": expires})


def sweep(connection: Connection, now: float, records_before: float) -> None:
    """Forget signatures that are too old to be used again, and old records."""
    connection.execute(delete(signatures).where(signatures.c.expires < now))
    connection.execute(delete(records).where(records.c.time < records_before))


def _added(connection: Connection, statement: Any, row: dict[str, Any]) -> bool:
    try:
        with connection.begin_nested():
            connection.execute(statement.values(row))
    except IntegrityError:
        return False
    return True
