"""Who is connected. A ticket is kept as its hash alone, so what is stored lets nobody in."""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from rendermill.store.cinnamon.records import Session
from rendermill.store.cinnamon.schema import sessions

_BY_TICKET = select(
    sessions.c.repository_id,
    sessions.c.user_id,
    sessions.c.machine,
    sessions.c.language,
    sessions.c.expires,
    sessions.c.lifetime,
    sessions.c.task_id,
).where(sessions.c.ticket == bindparam("hash"))
_ADD = insert(sessions)


def _hash(ticket: str) -> bytes:
    return hashlib.sha256(ticket.encode()).digest()


def add_session(connection: Connection, ticket: str, made: Session) -> None:
    """Connect somebody."""
    row = {"ticket": _hash(ticket), "repository_id": made.repository_id, "user_id": made.user_id}
    row |= {"machine": made.machine, "language": made.language, "task_id": made.task_id}
    row |= {"expires": made.expires, "lifetime": made.lifetime}
    connection.execute(_ADD, row)


def find_session(connection: Connection, ticket: str) -> Session | None:
    """The session of a ticket, expired or not."""
    row = connection.execute(_BY_TICKET, {"hash": _hash(ticket)}).one_or_none()
    return None if row is None else Session(*row)


def extend(connection: Connection, ticket: str, expires: float) -> None:
    """Let a session last until then."""
    connection.execute(update(sessions).where(sessions.c.ticket == _hash(ticket)).values(expires=expires))


def end_session(connection: Connection, ticket: str) -> None:
    """Disconnect somebody."""
    connection.execute(delete(sessions).where(sessions.c.ticket == _hash(ticket)))


def end_sessions_of_task(connection: Connection, object_id: int) -> None:
    """Disconnect the programs that worked on a render task."""
    connection.execute(delete(sessions).where(sessions.c.task_id == object_id))


def sweep(connection: Connection, now: float, most: int = 10_000) -> int:
    """Forget sessions that have expired, at most so many at a time; returns how many."""
    old = select(sessions.c.ticket).where(sessions.c.expires < now).limit(most)
    return connection.execute(delete(sessions).where(sessions.c.ticket.in_(old))).rowcount
