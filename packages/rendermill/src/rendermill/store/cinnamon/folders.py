"""Folders."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, exists, insert, select, update

from rendermill.store.cinnamon.records import Folder
from rendermill.store.cinnamon.schema import folders, objects
from rendermill.store.queries import parts_of

_COLUMNS = select(*(folders.c[each.name] for each in fields(Folder)))
_BY_ID = _COLUMNS.where(folders.c.id == bindparam("id"), folders.c.repository_id == bindparam("repository_id"))


def folder(connection: Connection, repository_id: int, folder_id: int) -> Folder | None:
    """The folder of that id; 0 is the root."""
    if folder_id == 0:
        return root(connection, repository_id)
    row = connection.execute(_BY_ID, {"id": folder_id, "repository_id": repository_id}).one_or_none()
    return None if row is None else Folder(*row)


def root(connection: Connection, repository_id: int) -> Folder:
    """The root folder."""
    own = (folders.c.repository_id == repository_id) & folders.c.parent_id.is_(None)
    return Folder(*connection.execute(_COLUMNS.where(own)).one())


def several(connection: Connection, repository_id: int, ids: Sequence[int]) -> list[Folder]:
    """Those of many folders that are there, by id."""
    own = folders.c.repository_id + 0 == repository_id  # no index but the ids': the repository's has everything
    found = (connection.execute(_COLUMNS.where(own & folders.c.id.in_(part))) for part in parts_of(ids))
    return sorted((Folder(*row) for rows in found for row in rows), key=lambda each: each.id)


def subfolders(connection: Connection, folder_id: int) -> list[Folder]:
    """The folders in a folder, by name."""
    own = folders.c.parent_id == folder_id
    return [Folder(*row) for row in connection.execute(_COLUMNS.where(own).order_by(folders.c.name))]


def child_named(connection: Connection, folder_id: int, name: str) -> Folder | None:
    """The folder of that name in a folder."""
    own = (folders.c.parent_id == folder_id) & (folders.c.name == name)
    row = connection.execute(_COLUMNS.where(own)).one_or_none()
    return None if row is None else Folder(*row)


def ancestors(connection: Connection, of: Folder) -> list[Folder]:
    """The folders above one, nearest first."""
    found: list[Folder] = []
    at = of
    while at.parent_id is not None:
        at = Folder(*connection.execute(_COLUMNS.where(folders.c.id == at.parent_id)).one())
        found.append(at)
    return found


def with_ancestors(connection: Connection, repository_id: int, ids: Collection[int]) -> list[Folder]:
    """The folders of these ids and all above them, each once, by id."""
    found: dict[int, Folder] = {}
    wanted = set(ids)
    while wanted:
        these = several(connection, repository_id, sorted(wanted))
        found |= {each.id: each for each in these}
        wanted = {each.parent_id for each in these if each.parent_id is not None} - found.keys()
    return [found[number] for number in sorted(found)]


def parents_among(connection: Connection, ids: Collection[int]) -> frozenset[int]:
    """Those of the folders that have folders in them."""
    found = select(folders.c.parent_id).where(folders.c.parent_id.in_(list(ids))).distinct()
    return frozenset(connection.scalars(found))


def holds_anything(connection: Connection, folder_id: int) -> tuple[bool, bool]:
    """Whether there are folders in a folder, and whether there are objects."""
    has_folders: ColumnElement[bool] = exists().where(folders.c.parent_id == folder_id)
    has_objects: ColumnElement[bool] = exists().where(objects.c.parent_id == folder_id)
    row = connection.execute(select(has_folders, has_objects)).one()
    return bool(row[0]), bool(row[1])


def uses(connection: Connection, column: str, term_id: int) -> bool:
    """Whether a folder has that id in a column."""
    found: ColumnElement[bool] = exists().where(folders.c[column] == term_id)
    return bool(connection.execute(select(found)).scalar_one())


def add_folder(connection: Connection, repository_id: int, **values: Any) -> int:
    """Add a folder: ``parent_id``, ``name``, ``owner_id``, ``acl_id``, ``type_id``, ``summary``. Returns its id."""
    made = connection.execute(insert(folders).values(repository_id=repository_id, **values))
    return int(made.inserted_primary_key[0])  # type: ignore[index]


def change_folder(connection: Connection, folder_id: int, **values: Any) -> None:
    """Change columns of a folder."""
    connection.execute(update(folders).where(folders.c.id == folder_id).values(**values))


def remove_folder(connection: Connection, folder_id: int) -> None:
    """Remove a folder that holds nothing."""
    connection.execute(delete(folders).where(folders.c.id == folder_id))
