"""A user's first steps in a repository: a group of their own, and the group of all users."""

from __future__ import annotations

from sqlalchemy import Connection

from rendermill.farm.model.identity import Account
from rendermill.store.cinnamon.catalogue import Catalogue, add_member, add_term
from rendermill.store.cinnamon.records import Kind
from rendermill.store.cinnamon.seed import USERS


def group_of_one(user: Account) -> str:
    """The name of a user's own group."""
    return f"_{user.id}_{user.name}"


def is_enrolled(catalogue: Catalogue, user: Account) -> bool:
    """Whether a user was in the repository before."""
    return catalogue.named(Kind.GROUP, group_of_one(user)) is not None


def enrol(connection: Connection, catalogue: Catalogue, user: Account) -> int:
    """Make a user's own group and put them into it and into ``_users``; the id of their group."""
    repository_id = catalogue.repository.id
    details = {"is_user": True, "parent": None}
    own = add_term(connection, repository_id, Kind.GROUP, group_of_one(user), details=details)
    add_member(connection, repository_id, own, user.id)
    users = catalogue.named(Kind.GROUP, USERS)
    if users is not None and user.id not in catalogue.members.get(users.id, frozenset()):
        add_member(connection, repository_id, users.id, user.id)
    return own
