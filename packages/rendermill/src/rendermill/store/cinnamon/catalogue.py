"""What of a repository is looked up with every command: its terms, groups, ACLs and lifecycles.

They are tens, and change rarely: :class:`Catalogues` keeps them in memory for as long as the repository's revision is
the same. The revision is a value that never was before, so one that was rolled back is not met again.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from rendermill.store.cinnamon.records import Entry, Kind, Lifecycle, Program, Repository, State, Term
from rendermill.store.cinnamon.schema import entries, lifecycles, members, repositories, states, terms

_REPOSITORY = select(repositories).where(repositories.c.name == bindparam("name"))
_REVISION = select(repositories.c.revision).where(repositories.c.id == bindparam("id"))


@dataclass(frozen=True)
class Catalogue:
    """A repository's terms, groups, ACLs and lifecycles, as they are in one revision."""

    repository: Repository
    terms: Mapping[int, Term]
    entries: Mapping[int, Entry]
    members: Mapping[int, frozenset[int]]
    """Group → numbers of its users."""
    lifecycles: Mapping[int, Lifecycle]
    states: Mapping[int, State]
    cache: dict[Any, str] = field(default_factory=dict)
    """Texts that doors make of terms again and again."""
    _names: dict[tuple[Kind, str], Term] = field(init=False)
    _by_acl: dict[int, list[Entry]] = field(init=False)
    _groups_of: dict[int, frozenset[int]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_names", {(term.kind, term.name): term for term in self.terms.values()})
        by_acl: dict[int, list[Entry]] = defaultdict(list)
        for entry in self.entries.values():
            by_acl[entry.acl_id].append(entry)
        object.__setattr__(self, "_by_acl", dict(by_acl))

    def term(self, kind: Kind, term_id: int | None) -> Term | None:
        """The term of that id, if it is of that kind."""
        found = self.terms.get(term_id) if term_id is not None else None
        return found if found is not None and found.kind is kind else None

    def named(self, kind: Kind, name: str) -> Term | None:
        """The term of that name."""
        return self._names.get((kind, name))

    def all(self, kind: Kind) -> list[Term]:
        """The terms of a kind, in the order in which they were made."""
        return [term for term in self.terms.values() if term.kind is kind]

    def id_of(self, kind: Kind, name: str) -> int:
        """The id of a term that every repository has."""
        return self._names[kind, name].id

    def lifecycle_named(self, name: str) -> Lifecycle | None:
        """The lifecycle of that name."""
        return next((each for each in self.lifecycles.values() if each.name == name), None)

    def entries_of(self, acl_id: int) -> list[Entry]:
        """What an ACL lets whom do."""
        return self._by_acl.get(acl_id, [])

    def groups_of(self, user_id: int) -> frozenset[int]:
        """The groups that a user is in, and those that these are in."""
        if user_id not in self._groups_of:
            found = {group for group, users in self.members.items() if user_id in users}
            self._groups_of[user_id] = frozenset(above for group in found for above in self._upwards(group))
        return self._groups_of[user_id]

    def _upwards(self, group_id: int) -> Iterator[int]:
        seen: set[int] = set()
        at: int | None = group_id
        while at is not None and at not in seen and at in self.terms:
            seen.add(at)
            yield at
            at = self.terms[at].details.get("parent")


class Catalogues:
    """The catalogues that were used last, by repository."""

    def __init__(self) -> None:
        self._kept: dict[int, Catalogue] = {}

    def of(self, connection: Connection, repository_id: int) -> Catalogue | None:
        """The catalogue of a repository as the connection sees it; None if it is not there any more."""
        revision = connection.execute(_REVISION, {"id": repository_id}).scalar_one_or_none()
        if revision is None:
            self._kept.pop(repository_id, None)
            return None
        kept = self._kept.get(repository_id)
        if kept is None or kept.repository.revision != revision:
            kept = self._kept[repository_id] = load(connection, repository_id)
        return kept


def all_repositories(connection: Connection) -> list[Repository]:
    """Every repository, by name."""
    return [_repository(row) for row in connection.execute(select(repositories).order_by(repositories.c.name))]


def repository_named(connection: Connection, name: str) -> Repository | None:
    """The repository of that name."""
    row = connection.execute(_REPOSITORY, {"name": name}).one_or_none()
    return None if row is None else _repository(row)


def load(connection: Connection, repository_id: int) -> Catalogue:
    """The catalogue of a repository that exists."""
    row = connection.execute(select(repositories).where(repositories.c.id == repository_id)).one()
    of_terms = select(terms).where(terms.c.repository_id == repository_id).order_by(terms.c.id)
    found = {each.id: Term(each.id, Kind(each.kind), *each[3:]) for each in connection.execute(of_terms)}
    own = select(terms.c.id).where(terms.c.repository_id == repository_id)
    of_entries = connection.execute(select(entries).where(entries.c.acl_id.in_(own)).order_by(entries.c.id))
    users: dict[int, set[int]] = defaultdict(set)
    for group_id, user_id in connection.execute(select(members).where(members.c.group_id.in_(own))):
        users[group_id].add(user_id)
    chains = _lifecycles(connection, repository_id)
    return Catalogue(
        _repository(row),
        found,
        {each.id: Entry(each.id, each.acl_id, each.group_id, frozenset(each.permissions)) for each in of_entries},
        {group: frozenset(of_group) for group, of_group in users.items()},
        chains,
        {state.id: state for each in chains.values() for state in each.states},
    )


def _lifecycles(connection: Connection, repository_id: int) -> dict[int, Lifecycle]:
    own = select(lifecycles).where(lifecycles.c.repository_id == repository_id).order_by(lifecycles.c.id)
    found = connection.execute(own).all()
    of_all: dict[int, list[State]] = defaultdict(list)
    wanted = select(states).where(states.c.lifecycle_id.in_([each.id for each in found])).order_by(states.c.id)
    for row in connection.execute(wanted):
        of_all[row.lifecycle_id].append(State(*row))
    return {each.id: Lifecycle(each.id, each.name, each.default_state_id, tuple(of_all[each.id])) for each in found}


def _repository(row: Any) -> Repository:
    programs = {
        name: Program(tuple(each["command"]), each.get("timeout")) for name, each in sorted(row.programs.items())
    }
    serves = None if row.serves is None else tuple(row.serves)
    return Repository(
        row.id, row.name, row.profile, tuple(row.categories), row.session_seconds, serves, programs, row.revision
    )


# --- changes: each gives the repository another revision ---------------------------------------------------------


def touch(connection: Connection, repository_id: int) -> None:
    """Say that something of the catalogue has changed."""
    own = repositories.c.id == repository_id
    connection.execute(update(repositories).where(own).values(revision=uuid.uuid4().hex))


def change_repository(connection: Connection, repository_id: int, **values: Any) -> None:
    """Change how a repository is set up: columns of its table."""
    own = repositories.c.id == repository_id
    connection.execute(update(repositories).where(own).values(**values))
    touch(connection, repository_id)


def add_term(
    connection: Connection,
    repository_id: int,
    kind: Kind,
    name: str,
    description: str = "",
    details: Mapping[str, Any] | None = None,
) -> int:
    """Add a term of a name that is free; its id."""
    row = {"repository_id": repository_id, "kind": kind, "name": name, "description": description}
    made = connection.execute(insert(terms).values(**row, details=dict(details or {})))
    touch(connection, repository_id)
    return int(made.inserted_primary_key[0])  # type: ignore[index]


def change_term(connection: Connection, repository_id: int, term_id: int, **values: Any) -> None:
    """Change a term's ``name``, ``description`` or ``details``."""
    connection.execute(update(terms).where(terms.c.id == term_id).values(**values))
    touch(connection, repository_id)


def remove_term(connection: Connection, repository_id: int, term_id: int) -> None:
    """Remove a term that nothing uses, and with a group or an ACL its entries."""
    connection.execute(delete(terms).where(terms.c.id == term_id))
    touch(connection, repository_id)


def add_member(connection: Connection, repository_id: int, group_id: int, user_id: int) -> None:
    """Put a user who is not in it into a group."""
    connection.execute(insert(members).values(group_id=group_id, user_id=user_id))
    touch(connection, repository_id)


def remove_member(connection: Connection, repository_id: int, group_id: int, user_id: int) -> bool:
    """Take a user out of a group; False if they were not in it."""
    same = (members.c.group_id == group_id) & (members.c.user_id == user_id)
    gone = connection.execute(delete(members).where(same)).rowcount == 1
    touch(connection, repository_id)
    return gone


def put_entry(connection: Connection, repository_id: int, acl_id: int, group_id: int, allowed: frozenset[str]) -> int:
    """Say what an ACL lets a group do; the entry's id."""
    same = (entries.c.acl_id == acl_id) & (entries.c.group_id == group_id)
    touch(connection, repository_id)
    there = connection.execute(select(entries.c.id).where(same)).scalar_one_or_none()
    if there is not None:
        connection.execute(update(entries).where(entries.c.id == there).values(permissions=sorted(allowed)))
        return int(there)
    made = connection.execute(insert(entries).values(acl_id=acl_id, group_id=group_id, permissions=sorted(allowed)))
    return int(made.inserted_primary_key[0])  # type: ignore[index]


def remove_entry(connection: Connection, repository_id: int, entry_id: int) -> None:
    """Let an ACL say nothing of a group any more."""
    connection.execute(delete(entries).where(entries.c.id == entry_id))
    touch(connection, repository_id)


def add_lifecycle(connection: Connection, repository_id: int, name: str) -> int:
    """Add a lifecycle without states; its id."""
    made = connection.execute(insert(lifecycles).values(repository_id=repository_id, name=name))
    touch(connection, repository_id)
    return int(made.inserted_primary_key[0])  # type: ignore[index]


def add_state(
    connection: Connection, repository_id: int, lifecycle_id: int, name: str, state_class: str, config: str
) -> int:
    """Add a state to a lifecycle; its id."""
    row = {"lifecycle_id": lifecycle_id, "name": name, "state_class": state_class, "config": config}
    made = connection.execute(insert(states).values(row))
    touch(connection, repository_id)
    return int(made.inserted_primary_key[0])  # type: ignore[index]


def set_copy_state(connection: Connection, repository_id: int, state_id: int, copy_state_id: int) -> None:
    """Say in which state copies of objects in a state begin."""
    connection.execute(update(states).where(states.c.id == state_id).values(copy_state_id=copy_state_id))
    touch(connection, repository_id)


def set_default_state(connection: Connection, repository_id: int, lifecycle_id: int, state_id: int) -> None:
    """Say in which state objects of a lifecycle begin."""
    own = lifecycles.c.id == lifecycle_id
    connection.execute(update(lifecycles).where(own).values(default_state_id=state_id))
    touch(connection, repository_id)


def remove_lifecycle(connection: Connection, repository_id: int, lifecycle_id: int) -> None:
    """Remove a lifecycle that no object is in."""
    connection.execute(delete(lifecycles).where(lifecycles.c.id == lifecycle_id))
    touch(connection, repository_id)
