"""Who is connected: tickets, and the four commands about them.

Sessions live in the store, so a leaked one costs a row and no memory, and a ticket outlives a restart. The few in
use are also kept in memory. A ticket that is used lasts anew from then on; that is written down only now and then, so
what the store says is a little longer than what was promised.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections import OrderedDict
from dataclasses import replace

from rendermill.doors.cinnamon.codes import SESSION_EXPIRED, SESSION_INVALID, SESSION_NOT_FOUND, refusal
from rendermill.doors.cinnamon.form import Form
from rendermill.farm.model.errors import CinnamonError, NotAuthenticatedError, NotFoundError, RendermillError
from rendermill.farm.model.identity import Account
from rendermill.farm.ports.accounts import Accounts
from rendermill.farm.ports.clock import Clock
from rendermill.store.cinnamon import sessions as rows
from rendermill.store.cinnamon.catalogue import Catalogues, all_repositories, repository_named
from rendermill.store.cinnamon.enrolment import enrol, is_enrolled
from rendermill.store.cinnamon.people import person
from rendermill.store.cinnamon.records import Repository, Session
from rendermill.store.desk import Connection, Desk

_MIN_TICKET = 38
_MAX_TICKET = 255
_KEPT = 4096
_SLACK = 0.125
"""Part of a session's life that the store may be behind."""
_SWEEP_SECONDS = 60.0
_AT_ONCE = 2
"""Passwords that are checked at a time: each takes a core for a while."""
_SUDO = "--- sudo by "


_log = logging.getLogger(__name__)


class Sessions:
    """Tickets of all repositories."""

    def __init__(self, desk: Desk, accounts: Accounts, catalogues: Catalogues, clock: Clock) -> None:
        self._desk, self._accounts, self._catalogues, self._clock = desk, accounts, catalogues, clock
        self._kept: OrderedDict[str, tuple[Session, float]] = OrderedDict()
        """Ticket → session, and how long it lasts by what the store says."""
        self._ends = 0
        """Counts what has ended: a ticket that was looked up meanwhile is not kept, for it may be that."""
        self._passwords = asyncio.Semaphore(_AT_ONCE)

    # --- commands ----------------------------------------------------------------------------------------------

    async def connect(self, form: Form) -> str:
        """Let a user in; returns the ticket. Raises :class:`CinnamonError`."""
        name = form.text("repository")
        repository = await self._desk.read(lambda c: repository_named(c, name))
        if repository is None:
            raise refusal("error.unknown.repository", "there is no such repository", where=name[:100] or "repository")
        user_name, password = (_credential(form, each) for each in ("user", "pwd"))
        async with self._passwords:
            account = await asyncio.to_thread(self._check, user_name, password)
        machine, language = form.text("machine")[:255], form.text("language", "und")[:16] or "und"
        return await self._open(repository, account, machine, language)

    def _check(self, name: str, password: str) -> Account:
        try:
            self._accounts.check_password(name, password)
            return self._accounts.user(name)
        except NotAuthenticatedError as error:
            try:
                self._accounts.user(name)
            except NotFoundError:
                raise refusal("error.user_not_found", "there is no such user", where=name[:100]) from error
            raise refusal("error.wrong.password", "the password is wrong", where=name[:100]) from error
        except NotFoundError as error:
            raise refusal("error.user_not_found", "there is no such user", where=name[:100]) from error

    async def fork(self, ticket: str) -> str:
        """Another ticket for who has one."""
        session = await self.recognise(ticket)
        forked = _new_ticket(ticket.partition("@")[2])
        session = replace(session, expires=session.expires + session.lifetime)
        await self._desk.write(lambda c: rows.add_session(c, forked, session))
        return forked

    async def disconnect(self, ticket: str) -> None:
        """End a session; one that has ended is as well."""
        if not ticket:
            raise refusal("ticket.unknown", "no ticket was given", where="ticket")
        await self._desk.write(lambda c: rows.end_session(c, ticket))
        self._kept.pop(ticket, None)
        self._ends += 1

    async def sudo(self, ticket: str, form: Form) -> str:
        """A ticket of another user for one who may act as others. Raises :class:`CinnamonError`."""
        session = await self.recognise(ticket)
        wanted = form.needed("user_id", "error.missing.param.user_id")
        caller, repository = await self._desk.read(lambda c: _whose(c, session))
        if not caller.sudoer:
            raise refusal("error.sudo.forbidden", "you are no sudoer", where=f"user {caller.name}")
        number = form.id("user_id", "error.param.id")
        target = await self._desk.read(lambda c: person(c, number))
        if target is None:
            raise refusal("error.user.not_found", "there is no such user", where=f"user {wanted[:40]}")
        if not target.sudoable:
            raise refusal("error.sudo.misuse", "nobody may act as this user", where=f"user {target.name}")
        return await self._open(repository, target, f"{_SUDO}{caller.name} ---", session.language)

    async def lend(self, repository: Repository, owner: Account, task_id: int, lifetime: float) -> str:
        """A ticket of a render task's owner for the program that works on it; ``lifetime`` is in seconds."""
        return await self._open(repository, owner, "--- rendermill ---", "und", lifetime=lifetime, task_id=task_id)

    async def _open(
        self,
        repository: Repository,
        user: Account,
        machine: str,
        language: str,
        *,
        lifetime: float | None = None,
        task_id: int | None = None,
    ) -> str:
        ticket = _new_ticket(repository.name)
        lasts = lifetime or repository.session_seconds
        session = Session(repository.id, user.id, machine, language, self._clock.now() + lasts, lasts, task_id)

        def write(connection: Connection) -> None:
            catalogue = self._catalogues.of(connection, repository.id)
            assert catalogue is not None
            if not is_enrolled(catalogue, user):
                enrol(connection, catalogue, user)
            rows.add_session(connection, ticket, session)

        await self._desk.write(write)
        return ticket

    # --- whose ticket ------------------------------------------------------------------------------------------

    async def recognise(self, ticket: str) -> Session:
        """The session of a ticket, which lasts anew from now. Raises :class:`CinnamonError`."""
        _check_shape(ticket)
        now, ends = self._clock.now(), self._ends
        kept = self._kept.get(ticket)
        session, stored = kept if kept is not None else await self._find(ticket)
        if session.expires < now:
            self._kept.pop(ticket, None)
            if stored >= now:  # or it would live again once it is looked up there
                await self._desk.write(lambda c: rows.extend(c, ticket, session.expires))
            raise refusal(SESSION_EXPIRED, "the session has expired", where="ticket", remedy="connect again")
        session = replace(session, expires=now + session.lifetime)
        if session.expires > stored:
            stored = session.expires + session.lifetime * _SLACK
            await self._desk.write(lambda c: rows.extend(c, ticket, stored))
        if ends == self._ends:
            self._keep(ticket, session, stored)
        return session

    async def _find(self, ticket: str) -> tuple[Session, float]:
        name = ticket.partition("@")[2]
        known, session = await self._desk.read(lambda c: (repository_named(c, name), rows.find_session(c, ticket)))
        if known is None:
            what = f"invalid repository '{name[:40]}'"
            raise refusal(SESSION_NOT_FOUND, what, where="ticket", remedy="connect to a repository of this server")
        if session is None or session.repository_id != known.id:
            raise refusal(SESSION_NOT_FOUND, "there is no such session", where="ticket", remedy="connect again")
        return session, session.expires

    def _keep(self, ticket: str, session: Session, stored: float) -> None:
        self._kept[ticket] = (session, stored)
        self._kept.move_to_end(ticket)
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)

    async def sweep_forever(self) -> None:
        """Forget sessions that have expired, every minute."""
        while True:
            try:
                now = self._clock.now()
                while await self._desk.write(lambda c, until=now: rows.sweep(c, until)):  # type: ignore[misc]
                    pass
            except RendermillError as error:
                _log.error("%s", error)
            await asyncio.sleep(_SWEEP_SECONDS)

    def forget_task(self, object_id: int) -> None:
        """The program that worked on a render task has ended, and its tickets with it."""
        self._ends += 1
        for ticket in [each for each, (session, _) in self._kept.items() if session.task_id == object_id]:
            del self._kept[ticket]


def _new_ticket(repository: str) -> str:
    return f"{uuid.uuid4()}@{repository}"


def _check_shape(ticket: str) -> None:
    if not ticket:
        raise refusal(SESSION_NOT_FOUND, "no ticket was given", where="ticket", remedy="connect first")
    if not _MIN_TICKET <= len(ticket) <= _MAX_TICKET or "@" not in ticket:
        what = "ticket is too short" if len(ticket) < _MIN_TICKET else "it is no ticket"
        raise refusal(SESSION_NOT_FOUND, what, where="ticket", remedy="connect first")


def _credential(form: Form, name: str) -> str:
    value = form.text(name)
    if not value:
        what = f"Request parameter {name} is not set."
        raise refusal(what, what, where=name)
    return value


def _whose(connection: Connection, session: Session) -> tuple[Account, Repository]:
    user = person(connection, session.user_id)
    if user is None:
        raise gone()
    return user, next(each for each in all_repositories(connection) if each.id == session.repository_id)


def is_borrowed(session: Session) -> bool:
    """Whether somebody else acts as the session's user: a sudoer, or the program that works on their render task."""
    return session.task_id is not None or session.machine.startswith(_SUDO)


def gone() -> CinnamonError:
    """The user of a session is not there any more."""
    return refusal(SESSION_INVALID, "the session's user is not there any more", where="ticket")
