"""Render tasks on which the farm's own RenderServer works."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields
from typing import Any

from sqlalchemy import Connection, bindparam, delete, exists, insert, select, update

from rendermill.store.cinnamon.objects import item
from rendermill.store.cinnamon.records import Item, Render
from rendermill.store.cinnamon.schema import objects, renders

_COLUMNS = select(*(renders.c[each.name] for each in fields(Render)))
_BY_OBJECT = _COLUMNS.where(renders.c.object_id == bindparam("object_id"))


def oldest_waiting(
    connection: Connection, repository_id: int, type_id: int, state_id: int, names: Collection[str]
) -> Item | None:
    """The oldest task of these names in a state that nobody has locked, and on which the farm does not work.

    Each name is asked for by itself: that is one step in the index, however many wait.
    """
    own = (objects.c.repository_id == repository_id) & (objects.c.state_id == state_id) & (objects.c.type_id == type_id)
    free = own & objects.c.locker_id.is_(None) & ~exists().where(renders.c.object_id == objects.c.id)
    oldest = (select(objects.c.id).where(free, objects.c.task_name == name).order_by(objects.c.id) for name in names)
    ids = [found for each in oldest if (found := connection.scalar(each.limit(1))) is not None]
    return item(connection, repository_id, min(ids)) if ids else None


def render(connection: Connection, object_id: int) -> Render | None:
    """The render of a task."""
    row = connection.execute(_BY_OBJECT, {"object_id": object_id}).one_or_none()
    return None if row is None else Render(*row)


def all_renders(connection: Connection) -> list[Render]:
    """Everything on which the farm works."""
    return [Render(*row) for row in connection.execute(_COLUMNS.order_by(renders.c.object_id))]


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
