"""The users, as doors need them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from rendermill.farm.model.identity import Account, Identity


class Accounts(Protocol):
    """One set of users for all doors."""

    def check_key(self, access_id: str, access_key: str) -> Identity:
        """The user of an access key. Raises NotAuthenticatedError."""

    def check_password(self, name: str, password: str) -> Identity:
        """The user of that name and password. Raises NotAuthenticatedError."""

    def secret_of(self, access_id: str) -> tuple[Identity, str] | None:
        """The user of an access id and the access key, for doors that check signatures; None if there is none."""

    def user(self, name: str) -> Account:
        """The user of that name. Raises NotFoundError."""

    def user_of_id(self, number: int) -> Account:
        """The user of that number. Raises NotFoundError."""

    def create_user(self, name: str, password: str, *, sudoer: bool = False, sudoable: bool = False) -> Account:
        """Add a user. Raises BadInputError, whose ``where`` is ``password`` where that is too short."""

    def remove_user(self, name: str) -> None:
        """Remove a user with all keys and files; their jobs stay. Raises NotFoundError."""

    def set_password(self, name: str, password: str) -> None:
        """Change a password. Raises NotFoundError, BadInputError."""

    def subs(self, main: str) -> list[Account]:
        """The sub-accounts of a main account, by name."""

    def settings(self, name: str) -> dict[str, Any]:
        """What a user has chosen for all their work. Raises NotFoundError."""

    def change_settings(self, name: str, changes: Mapping[str, Any]) -> None:
        """Add to a user's settings. Raises NotFoundError."""
