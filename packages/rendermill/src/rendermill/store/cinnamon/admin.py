"""What an administrator sets up and clients have no commands for. Running servers see it with their next command."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, Engine

from rendermill.farm.model.errors import AlreadyExistsError, BadInputError, NotFoundError, WrongStateError
from rendermill.farm.model.identity import Account
from rendermill.store.cinnamon import catalogue as changes
from rendermill.store.cinnamon.catalogue import Catalogue, all_repositories, load, repository_named
from rendermill.store.cinnamon.declaration import DeclaredGroup, DeclaredRepository, read_declaration
from rendermill.store.cinnamon.metasets import type_in_use
from rendermill.store.cinnamon.people import change_rights, person_named
from rendermill.store.cinnamon.records import PROFILES, SEED, Kind, Program, Repository, names_program
from rendermill.store.cinnamon.seed import ALIASES, DEFAULT_REPOSITORY, LASTING, create_repository, ensure_repository

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,26}")
_MAX_NAME = 128


@contextmanager
def administration(engine: Engine) -> Iterator[Repositories]:
    """The repositories of the farm in that database, for one transaction, which an exception undoes."""
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        yield Repositories(connection)
        ensure_repository(connection)


class Repositories:
    """The repositories of a farm, within one transaction: all that is done becomes so, or nothing."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # --- repositories ------------------------------------------------------------------------------------------

    def all(self) -> list[Repository]:
        """Every repository, by name."""
        ensure_repository(self._connection)
        return all_repositories(self._connection)

    def find(self, name: str) -> Repository:
        """The repository of that name. Raises :class:`NotFoundError`."""
        if name == DEFAULT_REPOSITORY:
            ensure_repository(self._connection)
        found = repository_named(self._connection, name)
        if found is None:
            remedy = f"rendermill cinnamon repository create {name}"
            raise NotFoundError(f"there is no repository {name}", where=name, remedy=remedy)
        return found

    def create(
        self, name: str, *, profile: str = SEED, categories: Sequence[str] = (), session_seconds: float = 3600.0
    ) -> Repository:
        """Make a repository with its default data.

        Raises :class:`BadInputError` for a name, a profile or a time that cannot be, :class:`AlreadyExistsError` for
        a taken name.
        """
        if not _NAME.fullmatch(name):
            remedy = "Up to 27 letters, digits and . _ -, starting with a letter or digit."
            raise BadInputError(f"{name!r} cannot be a repository's name", where="NAME", remedy=remedy)
        if profile not in PROFILES:
            raise BadInputError(f"there is no profile {profile!r}", where="profile", remedy=" or ".join(PROFILES))
        if repository_named(self._connection, name) is not None:
            raise AlreadyExistsError(f"there is a repository {name} already", where=name)
        settings = _checked(categories=categories, session_seconds=session_seconds)
        made = create_repository(self._connection, name, profile=profile)
        changes.change_repository(self._connection, made, **settings)
        return self.find(name)

    def change(
        self,
        name: str,
        *,
        categories: Sequence[str] | None = None,
        session_seconds: float | None = None,
        serves: Sequence[str] | Literal["all"] | None = None,
    ) -> Repository:
        """Change how a repository is set up; what is None stays. ``serves`` names render tasks, or is ``all``.

        Raises :class:`NotFoundError`, :class:`BadInputError`.
        """
        found = self.find(name)
        settings = _checked(categories=categories, session_seconds=session_seconds)
        if serves is not None:
            settings["serves"] = None if serves == "all" else [_checked_name(each, "serves") for each in serves]
        there = asdict(found)
        there |= {key: list(there[key]) for key in ("categories", "serves") if there[key] is not None}
        settings = {key: value for key, value in settings.items() if there[key] != value}
        if settings:
            changes.change_repository(self._connection, found.id, **settings)
        return self.find(name)

    # --- programs ----------------------------------------------------------------------------------------------

    def set_program(self, repository: str, name: str, command: Sequence[str], timeout: float | None = None) -> Program:
        """Say which program works on render tasks of a name, without a shell; ``timeout`` in seconds.

        Raises :class:`NotFoundError` for the repository, :class:`BadInputError`.
        """
        if not names_program(command):
            raise BadInputError("it names no program", where="COMMAND")
        if timeout is not None and not 0 < timeout < float("inf"):
            raise BadInputError("it is no time in seconds", where="timeout")
        program = Program(tuple(command), timeout)
        found = self.find(repository)
        if found.programs.get(_checked_name(name, "NAME")) != program:
            self._store_programs(found, {**found.programs, name: program})
        return program

    def remove_program(self, repository: str, name: str) -> None:
        """Let no program work on render tasks of a name any more. Raises :class:`NotFoundError`."""
        found = self.find(repository)
        if name not in found.programs:
            raise NotFoundError(f"there is no program for render tasks named {name}", where=repository)
        self._store_programs(found, {each: program for each, program in found.programs.items() if each != name})

    def _store_programs(self, found: Repository, programs: Mapping[str, Program]) -> None:
        stored = {
            name: {"command": list(each.command), "timeout": each.timeout} for name, each in sorted(programs.items())
        }
        changes.change_repository(self._connection, found.id, programs=stored)

    # --- types of metasets -------------------------------------------------------------------------------------

    def metaset_types(self, repository: str) -> list[str]:
        """The types of metasets that a repository knows."""
        return [term.name for term in self._catalogue(repository).all(Kind.METASET_TYPE)]

    def add_metaset_type(self, repository: str, name: str) -> None:
        """Add a type of metasets. Raises NotFoundError, AlreadyExistsError, BadInputError."""
        if not self._ensure(repository, Kind.METASET_TYPE, [_checked_name(name, "NAME")]):
            raise AlreadyExistsError(f"there is a metaset type {name} already", where=repository)

    def remove_metaset_type(self, repository: str, name: str) -> None:
        """Remove a type of metasets. Raises :class:`NotFoundError`, or :class:`WrongStateError` if it is needed."""
        known = self._catalogue(repository)
        term = known.named(Kind.METASET_TYPE, name)
        if term is None:
            raise NotFoundError(f"there is no metaset type {name}", where=repository)
        if name in LASTING[Kind.METASET_TYPE] or type_in_use(self._connection, term.id):
            raise WrongStateError(f"the metaset type {name} is in use", where=repository)
        changes.remove_term(self._connection, known.repository.id, term.id)

    # --- users -------------------------------------------------------------------------------------------------

    def set_rights(self, user: str, *, sudoer: bool | None = None, sudoable: bool | None = None) -> Account:
        """Say whether a user may act as others, and others as them; None leaves it. Raises :class:`NotFoundError`."""
        return change_rights(self._connection, user, sudoer=sudoer, sudoable=sudoable)

    # --- all at once -------------------------------------------------------------------------------------------

    def apply(self, file: Path) -> list[Repository]:
        """Make it so as a file declares it; the repositories that it names.

        Raises :class:`BadInputError` for what the file says wrongly, :class:`NotFoundError` for what it names that is
        not there.
        """
        wanted = read_declaration(file)
        for name, user in wanted.user.items():
            self.set_rights(name, sudoer=user.sudoer, sudoable=user.sudoable)
        for name, declared in wanted.repository.items():
            self._apply(name, declared)
        return [self.find(name) for name in wanted.repository]

    def _apply(self, name: str, declared: DeclaredRepository) -> None:
        there = repository_named(self._connection, name)
        if there is None:
            there = self.create(name, profile=declared.profile or SEED)
        if declared.profile not in (None, there.profile):
            raise BadInputError(f"it has the profile {there.profile}, and keeps it", where=f"repository.{name}.profile")
        self.change(
            name,
            categories=declared.categories,
            session_seconds=declared.session_seconds,
            serves=declared.serves,
        )
        self._ensure(name, Kind.METASET_TYPE, declared.metaset_types)
        self._ensure(name, Kind.OBJECT_TYPE, declared.object_types)
        for each, made in declared.formats.items():
            self._put(name, Kind.FORMAT, each, made.model_dump())
        self._groups(name, declared.groups)
        self._acls(name, declared.acls)
        for each, program in declared.programs.items():
            self.set_program(name, each, program.command, program.timeout)

    def _groups(self, name: str, declared: Mapping[str, DeclaredGroup]) -> None:
        for each in declared:
            if self._catalogue(name).named(Kind.GROUP, each) is None:
                self._put(name, Kind.GROUP, each, {"is_user": False, "parent": None})
        known = self._catalogue(name)
        for each, group in declared.items():
            where = f"repository.{name}.groups.{each}"
            if group.parent is not None:
                if group.parent in ALIASES:
                    raise BadInputError(f"no group is a part of {group.parent}", where=where)
                parent = _group_id(known, group.parent, where)
                self._put(name, Kind.GROUP, each, {"is_user": False, "parent": parent})
            if group.members is not None:
                self._members(known, each, group.members, where)

    def _members(self, known: Catalogue, name: str, members: Iterable[str], where: str) -> None:
        if name in ALIASES:
            raise BadInputError("it is not a group that users are put into", where=where)
        group_id = known.id_of(Kind.GROUP, name)
        wanted = {self._user(each, where).id for each in members}
        there = known.members.get(group_id, frozenset())
        for number in wanted - there:
            changes.add_member(self._connection, known.repository.id, group_id, number)
        for number in there - wanted:
            changes.remove_member(self._connection, known.repository.id, group_id, number)

    def _user(self, name: str, where: str) -> Account:
        found = person_named(self._connection, name)
        if found is None:
            raise NotFoundError(f"there is no user {name}", where=where, remedy="rendermill user create NAME")
        return found

    def _acls(self, name: str, declared: Mapping[str, Mapping[str, frozenset[str]]]) -> None:
        self._ensure(name, Kind.ACL, declared)
        known = self._catalogue(name)
        permissions = {term.name for term in known.all(Kind.PERMISSION)}
        for acl, grants in declared.items():
            acl_id = known.id_of(Kind.ACL, acl)
            there = {entry.group_id: entry.permissions for entry in known.entries_of(acl_id)}
            for group, allowed in grants.items():
                where = f"repository.{name}.acls.{acl}.{group}"
                if strange := sorted(allowed - permissions):
                    raise NotFoundError(f"there is no permission {strange[0]}", where=where)
                group_id = _group_id(known, group, where)
                if there.get(group_id) != allowed:
                    changes.put_entry(self._connection, known.repository.id, acl_id, group_id, allowed)

    # --- terms -------------------------------------------------------------------------------------------------

    def _catalogue(self, repository: str) -> Catalogue:
        return load(self._connection, self.find(repository).id)

    def _ensure(self, repository: str, kind: Kind, names: Iterable[str]) -> list[str]:
        """Add those of the terms that are not there; their names."""
        known = self._catalogue(repository)
        missing = [name for name in dict.fromkeys(names) if known.named(kind, name) is None]
        for name in missing:
            changes.add_term(self._connection, known.repository.id, kind, name)
        return missing

    def _put(self, repository: str, kind: Kind, name: str, details: Mapping[str, Any]) -> None:
        """Add a term, or change what it has."""
        known = self._catalogue(repository)
        there = known.named(kind, name)
        if there is None:
            changes.add_term(self._connection, known.repository.id, kind, name, details=details)
        elif there.details != details:
            changes.change_term(self._connection, known.repository.id, there.id, details=dict(details))


def _group_id(known: Catalogue, name: str, where: str) -> int:
    found = known.named(Kind.GROUP, name)
    if found is None:
        raise NotFoundError(f"there is no group {name}", where=where)
    return found.id


def _checked(*, categories: Sequence[str] | None, session_seconds: float | None) -> dict[str, Any]:
    """Settings of a repository, as they are stored."""
    settings: dict[str, Any] = {}
    if categories is not None:
        settings["categories"] = [_checked_name(each, "category") for each in categories]
    if session_seconds is not None:
        if not 1 <= session_seconds < float("inf"):
            raise BadInputError("a session lasts at least a second", where="session_seconds")
        settings["session_seconds"] = float(session_seconds)
    return settings


def _checked_name(name: str, where: str) -> str:
    if not name.strip() or name != name.strip() or len(name) > _MAX_NAME or not name.isprintable():
        raise BadInputError(f"{name[:40]!r} cannot be a name", where=where, remedy="One line, at most 128 characters.")
    return name
