"""Relations of objects."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, delete, exists, insert, select, true

from rendermill.store.cinnamon.records import Relation
from rendermill.store.cinnamon.schema import objects, relations

_COLUMNS = select(relations)


def relation(connection: Connection, relation_id: int) -> Relation | None:
    """The relation of that id."""
    row = connection.execute(_COLUMNS.where(relations.c.id == relation_id)).one_or_none()
    return None if row is None else Relation(*row)


def relations_of(
    connection: Connection,
    repository_id: int,
    *,
    type_id: int | None = None,
    left_id: int | None = None,
    right_id: int | None = None,
    most: int | None = None,
) -> list[Relation]:
    """The relations of a repository between these ends, by id; at most so many."""
    wanted: ColumnElement[bool] = true()
    for column, value in (
        (relations.c.type_id, type_id),
        (relations.c.left_id, left_id),
        (relations.c.right_id, right_id),
    ):
        if value is not None:
            wanted &= column == value
    if left_id is None and right_id is None:
        own = select(objects.c.id).where(objects.c.repository_id == repository_id)
        wanted &= relations.c.left_id.in_(own)
    statement = _COLUMNS.where(wanted).order_by(relations.c.id).limit(most)
    return [Relation(*row) for row in connection.execute(statement)]


def add_relation(connection: Connection, type_id: int, left_id: int, right_id: int, metadata: str = "") -> int:
    """Relate two objects that are not related so; the relation's id."""
    row = {"type_id": type_id, "left_id": left_id, "right_id": right_id, "metadata": metadata}
    return int(connection.execute(insert(relations).values(row)).inserted_primary_key[0])  # type: ignore[index]


def remove_relation(connection: Connection, relation_id: int) -> None:
    """Remove a relation."""
    connection.execute(delete(relations).where(relations.c.id == relation_id))


def type_in_use(connection: Connection, type_id: int) -> bool:
    """Whether there is a relation of a type."""
    return bool(connection.execute(select(exists().where(relations.c.type_id == type_id))).scalar_one())
