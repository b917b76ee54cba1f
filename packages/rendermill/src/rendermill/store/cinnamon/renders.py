"""Render tasks on which the farm's own RenderServer works."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from rendermill.store.cinnamon.objects import COLUMNS
from rendermill.store.cinnamon.records import Item, Render
from rendermill.store.cinnamon.schema import objects, renders

_COLUMNS = select(*(renders.c[each.name] for each in fields(Render)))
_BY_OBJECT = _COLUMNS.where(renders.c.object_id == bindparam("object_id"))


def waiting_tasks(
    connection: Connection, repository_id: int, type_id: int, state_id: int, names: Collection[str], most: int
) -> list[Item]:
    """Tasks of these names in a state that nobody has locked, oldest first."""
    own = (objects.c.repository_id == repository_id) & (objects.c.state_id == state_id) & (objects.c.type_id == type_id)
    free = objects.c.task_name.in_(list(names)) & objects.c.locker_id.is_(None)
    return [Item(*row) for row in connection.execute(COLUMNS.where(own & free).order_by(objects.c.id).limit(most))]


def render(connection: Connection, object_id: int) -> Render | None:
    """The render of a task."""
    row = connection.execute(_BY_OBJECT, {"object_id": object_id}).one_or_none()
    return None if row is None else Render(*row)


def render_of_job(connection: Connection, job_id: int) -> Render | None:
    """The render whose job that is."""
    row = connection.execute(_COLUMNS.where(renders.c.job_id == job_id)).one_or_none()
    return None if row is None else Render(*row)


def all_renders(connection: Connection) -> list[Render]:
    """Everything on which the farm works."""
    return [Render(*row) for row in connection.execute(_COLUMNS.order_by(renders.c.object_id))]


def renders_among(connection: Connection, ids: Collection[int]) -> list[Render]:
    """The renders of some tasks."""
    return [Render(*row) for row in connection.execute(_COLUMNS.where(renders.c.object_id.in_(list(ids))))]


def add_render(connection: Connection, begun: Render) -> None:
    """Write down that a task is begun."""
    row = {each.name: getattr(begun, each.name) for each in fields(Render)}
    connection.execute(insert(renders).values(row))


def change_render(connection: Connection, object_id: int, **values: Any) -> None:
    """Change columns of a render."""
    connection.execute(update(renders).where(renders.c.object_id == object_id).values(**values))


def remove_render(connection: Connection, object_id: int) -> None:
    """Forget a render that has ended."""
    connection.execute(delete(renders).where(renders.c.object_id == object_id))
