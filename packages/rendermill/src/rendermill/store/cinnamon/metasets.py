"""Metasets: pieces of XML of a type, which objects and folders have one of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, bindparam, delete, exists, func, insert, select, update

from rendermill.store.cinnamon.records import Holder, Metaset
from rendermill.store.cinnamon.schema import holders, metasets
from rendermill.store.queries import parts_of

_COLUMNS = select(metasets.c.id, metasets.c.type_id, metasets.c.content)
_OF_HOLDER = (
    _COLUMNS.join_from(holders, metasets, holders.c.metaset_id == metasets.c.id)
    .where(holders.c.kind == bindparam("kind"), holders.c.holder_id == bindparam("holder_id"))
    .order_by(metasets.c.id)
)
_OF_TYPE = _OF_HOLDER.where(holders.c.type_id == bindparam("type_id"))
_ADD = insert(metasets)
_HOLD = insert(holders)


def metasets_of(connection: Connection, kind: Holder, holder_id: int) -> list[Metaset]:
    """The metasets of an object or a folder, in the order in which they were made."""
    return [Metaset(*row) for row in connection.execute(_OF_HOLDER, {"kind": kind, "holder_id": holder_id})]


def metaset_of(connection: Connection, kind: Holder, holder_id: int, type_id: int) -> Metaset | None:
    """The metaset of a type that an object or a folder has."""
    row = connection.execute(_OF_TYPE, {"kind": kind, "holder_id": holder_id, "type_id": type_id}).one_or_none()
    return None if row is None else Metaset(*row)


def metasets_of_all(connection: Connection, kind: Holder, ids: Sequence[int]) -> dict[int, list[Metaset]]:
    """The metasets of many."""
    found: dict[int, list[Metaset]] = {each: [] for each in ids}
    statement = select(holders.c.holder_id, metasets.c.id, metasets.c.type_id, metasets.c.content)
    statement = statement.join_from(holders, metasets, holders.c.metaset_id == metasets.c.id).order_by(metasets.c.id)
    for part in parts_of(ids):
        for row in connection.execute(statement.where(holders.c.kind == kind, holders.c.holder_id.in_(part))):
            found[row[0]].append(Metaset(*row[1:]))
    return found


def metaset(connection: Connection, metaset_id: int) -> Metaset | None:
    """The metaset of that id."""
    row = connection.execute(_COLUMNS.where(metasets.c.id == metaset_id)).one_or_none()
    return None if row is None else Metaset(*row)


def holders_of(connection: Connection, metaset_id: int) -> list[tuple[Holder, int]]:
    """Who has a metaset."""
    own = select(holders.c.kind, holders.c.holder_id).where(holders.c.metaset_id == metaset_id)
    return [(Holder(kind), holder_id) for kind, holder_id in connection.execute(own)]


def add_metasets(connection: Connection, kind: Holder, holder_id: int, contents: Mapping[int, str]) -> None:
    """Give an object or a folder metasets, by their types, of which it has none yet."""
    for type_id, content in contents.items():
        added = connection.execute(_ADD, {"type_id": type_id, "content": content})
        made = int(added.inserted_primary_key[0])  # type: ignore[index]
        link(connection, kind, holder_id, Metaset(made, type_id, content))


def link(connection: Connection, kind: Holder, holder_id: int, linked: Metaset) -> None:
    """Give an object or a folder a metaset that is there."""
    row = {"kind": kind, "holder_id": holder_id, "type_id": linked.type_id, "metaset_id": linked.id}
    connection.execute(_HOLD, row)


def change_content(connection: Connection, metaset_id: int, content: str) -> None:
    """Change a metaset, for all who have it."""
    connection.execute(update(metasets).where(metasets.c.id == metaset_id).values(content=content))


def is_shared(connection: Connection, metaset_id: int) -> bool:
    """Whether several have a metaset."""
    count = select(func.count()).select_from(holders).where(holders.c.metaset_id == metaset_id)
    return int(connection.execute(count).scalar_one()) > 1


def unlink(connection: Connection, kind: Holder, holder_id: int, metaset_ids: Sequence[int]) -> None:
    """Take metasets from an object or a folder; those that nobody else has are gone."""
    if not metaset_ids:
        return
    own = (holders.c.kind == kind) & (holders.c.holder_id == holder_id)
    connection.execute(delete(holders).where(own & holders.c.metaset_id.in_(metaset_ids)))
    _remove_unheld(connection, metaset_ids)


def unlink_all(connection: Connection, kind: Holder, ids: Sequence[int]) -> None:
    """Take all metasets from objects or folders that are about to be removed."""
    for part in parts_of(ids):
        own = (holders.c.kind == kind) & holders.c.holder_id.in_(part)
        held = list(connection.scalars(select(holders.c.metaset_id).where(own)))
        connection.execute(delete(holders).where(own))
        _remove_unheld(connection, held)


def _remove_unheld(connection: Connection, ids: Sequence[int]) -> None:
    for part in parts_of(ids):
        still = exists().where(holders.c.metaset_id == metasets.c.id)
        connection.execute(delete(metasets).where(metasets.c.id.in_(part) & ~still))


def type_in_use(connection: Connection, type_id: int) -> bool:
    """Whether there is a metaset of a type."""
    return bool(connection.execute(select(exists().where(metasets.c.type_id == type_id))).scalar_one())
