"""Objects: versions of things, with content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, case, delete, exists, insert, select, update

from rendermill.store.cinnamon.records import Item, words_of
from rendermill.store.cinnamon.schema import objects
from rendermill.store.queries import parts_of

COLUMNS = select(*(objects.c[each.name] for each in fields(Item)))
_BY_ID = COLUMNS.where(objects.c.id == bindparam("id"), objects.c.repository_id == bindparam("repository_id"))
_INSERT = insert(objects)
_SET_ROOT = update(objects).where(objects.c.id == bindparam("key")).values(root_id=objects.c.id)


def item(connection: Connection, repository_id: int, object_id: int) -> Item | None:
    """The object of that id."""
    row = connection.execute(_BY_ID, {"id": object_id, "repository_id": repository_id}).one_or_none()
    return None if row is None else Item(*row)


def several(connection: Connection, repository_id: int, ids: Sequence[int]) -> list[Item]:
    """Those of many objects that are there, by id."""
    own = objects.c.repository_id + 0 == repository_id  # no index but the ids': the repository's has everything
    found = (connection.execute(COLUMNS.where(own & objects.c.id.in_(part))) for part in parts_of(ids))
    return sorted((Item(*row) for rows in found for row in rows), key=lambda each: each.id)


def in_folder(connection: Connection, folder_id: int, *, only: str | None = None) -> list[Item]:
    """The objects in a folder, by id: all, or those that are ``latest_head`` or ``latest_branch``."""
    wanted: ColumnElement[bool] = objects.c.parent_id == folder_id
    if only is not None:
        wanted &= objects.c[only]
    return [Item(*row) for row in connection.execute(COLUMNS.where(wanted).order_by(objects.c.id))]


def versions_of(connection: Connection, root_id: int) -> list[Item]:
    """All versions of a thing, oldest first."""
    own = objects.c.root_id == root_id
    return [Item(*row) for row in connection.execute(COLUMNS.where(own).order_by(objects.c.id))]


def successors(connection: Connection, object_id: int) -> list[Item]:
    """The versions that were made of a version."""
    own = objects.c.predecessor_id == object_id
    return [Item(*row) for row in connection.execute(COLUMNS.where(own).order_by(objects.c.id))]


def add_item(connection: Connection, repository_id: int, **values: Any) -> int:
    """Add an object: columns of the table, of which ``words`` and, for a first version, ``root_id`` are made here.

    Returns its id.
    """
    row = {"repository_id": repository_id, "words": words_of(values["name"]), **values}
    made = int(connection.execute(_INSERT, row).inserted_primary_key[0])  # type: ignore[index]
    if values.get("root_id") is None:
        connection.execute(_SET_ROOT, {"key": made})
    return made


def change_item(connection: Connection, object_id: int, **values: Any) -> None:
    """Change columns of an object."""
    if "name" in values:
        values["words"] = words_of(values["name"])
    connection.execute(update(objects).where(objects.c.id == object_id).values(**values))


def remove_items(connection: Connection, ids: Sequence[int]) -> None:
    """Remove objects, their relations with them."""
    for part in parts_of(ids):
        connection.execute(delete(objects).where(objects.c.id.in_(part)))


def mark_latest(connection: Connection, root_id: int) -> None:
    """Say anew which versions of a thing are the latest of the trunk and of their branches."""
    found = versions_of(connection, root_id)
    trunk = [each.id for each in found if "." not in each.version]
    heads = trunk[-1:]
    followed = {each.predecessor_id for each in found if _same_branch(each, found)}
    branches = [each.id for each in found if each.id not in followed]
    values = {
        "latest_head": case((objects.c.id.in_(heads), True), else_=False),
        "latest_branch": case((objects.c.id.in_(branches), True), else_=False),
    }
    connection.execute(update(objects).where(objects.c.root_id == root_id).values(values))


def _same_branch(one: Item, of_all: Sequence[Item]) -> bool:
    """Whether a version goes on with its predecessor's branch, and does not begin one."""
    before = next((each for each in of_all if each.id == one.predecessor_id), None)
    return before is not None and branch_of(before.version) == branch_of(one.version)


def branch_of(version: str) -> str:
    """The part of a label that versions of a branch have in common: ``2.1-3`` → ``2.1-``, and ``3`` → nothing."""
    return version[: version.rfind("-") + 1]


def uses(connection: Connection, column: str, term_id: int) -> bool:
    """Whether an object has that id in a column."""
    found: ColumnElement[bool] = exists().where(objects.c[column] == term_id)
    return bool(connection.execute(select(found)).scalar_one())
