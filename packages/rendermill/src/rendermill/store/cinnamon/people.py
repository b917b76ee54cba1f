"""The farm's users as repositories see them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace

from sqlalchemy import Connection, bindparam, select, update

from rendermill.farm.model.errors import NotFoundError
from rendermill.farm.model.identity import LOCAL_ACCOUNT, Account
from rendermill.store.accounts import account_record
from rendermill.store.schema import users

RENDER_SERVER = Account("_renderserver", superuser=False, sudoer=False, sudoable=False, created=0.0, id=1)
"""Who holds the lock of a task on which the farm works. Nobody can be called so, or connect as it."""
_NOBODYS = {each.id: each for each in (LOCAL_ACCOUNT, RENDER_SERVER)}
_COLUMNS = select(*(users.c[each.name] for each in fields(Account)))
# Made once: every command asks for its caller, and most answers name one user.
_BY_NUMBER = _COLUMNS.where(users.c.id == bindparam("number"))


def people(connection: Connection, numbers: Iterable[int | None]) -> dict[int, Account]:
    """The users of these numbers, as far as they are there."""
    wanted = {number for number in numbers if number is not None}
    found = {number: _NOBODYS[number] for number in wanted & _NOBODYS.keys()}
    if rest := wanted - found.keys():
        if len(rest) == 1:
            rows = connection.execute(_BY_NUMBER, {"number": rest.pop()})
        else:
            rows = connection.execute(_COLUMNS.where(users.c.id.in_(rest)))
        found |= {row.id: account_record(row) for row in rows}
    return found


def person(connection: Connection, number: int) -> Account | None:
    """The user of that number."""
    return people(connection, [number]).get(number)


def person_named(connection: Connection, name: str) -> Account | None:
    """The user of that name."""
    row = connection.execute(_COLUMNS.where(users.c.name == name)).one_or_none()
    return None if row is None else account_record(row)


def everybody(connection: Connection) -> list[Account]:
    """All users, by name."""
    return [account_record(row) for row in connection.execute(_COLUMNS.order_by(users.c.name))]


def change_rights(
    connection: Connection, name: str, *, sudoer: bool | None = None, sudoable: bool | None = None
) -> Account:
    """Say whether a user may act as others, and others as them; None leaves it. Raises :class:`NotFoundError`."""
    found = person_named(connection, name)
    if found is None:
        raise NotFoundError(f"there is no user {name}", remedy="rendermill user create NAME --password-stdin")
    changed = replace(
        found,
        sudoer=found.sudoer if sudoer is None else sudoer,
        sudoable=found.sudoable if sudoable is None else sudoable,
    )
    if changed != found:
        rights = {"sudoer": changed.sudoer, "sudoable": changed.sudoable}
        connection.execute(update(users).where(users.c.name == name).values(rights))
    return changed
