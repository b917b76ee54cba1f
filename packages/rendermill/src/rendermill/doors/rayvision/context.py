"""What calls work with: the farm, its storage, the door's own tables, and who asks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rendermill.doors.rayvision.thumbnails import Thumbnails
from rendermill.farm.model.errors import BadInputError, NotAllowedError, NotFoundError
from rendermill.farm.model.identity import Account, Identity
from rendermill.farm.model.records import AttemptKey
from rendermill.farm.model.storage import Area
from rendermill.farm.ports.accounts import Accounts
from rendermill.farm.ports.blobs import Blobs
from rendermill.farm.ports.clock import Clock
from rendermill.farm.service import Farm
from rendermill.farm.storage import UserStorage
from rendermill.store.desk import Desk
from rendermill.store.rayvision import tasks
from rendermill.store.rayvision.records import TaskRow

MAX_IDS = 10_000


@dataclass(frozen=True, slots=True)
class Services:
    """What the door is wired to."""

    farm: Farm
    blobs: Blobs
    files: UserStorage
    accounts: Accounts
    desk: Desk
    clock: Clock
    log_path: Callable[[int, AttemptKey], Path]
    thumbnails: Thumbnails
    public: tuple[str, ...] = ()
    """Names of this farm (``farm.example:8443/prefix``)."""
    shared: tuple[Path, ...] = ()
    """Folders of this machine whose scenes anybody may render."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A call that is let in."""

    services: Services
    user: Identity
    account: Account
    platform: int
    address: str
    agent: str
    channel: str
    host: str
    """The farm's host and port, as the caller has it."""
    secure: bool
    """Whether the caller came by https."""

    @property
    def owners(self) -> frozenset[str] | None:
        """Whose things the caller sees; None for everybody's."""
        return None if self.user.superuser else frozenset({self.user.name, *self.user.subs})

    @property
    def server(self) -> tuple[str, str]:
        """The farm's host and port, for clients that want them apart."""
        host, _, port = self.host.rpartition(":")
        return (host, port) if host and port.isdecimal() else (self.host, "443" if self.secure else "80")

    async def tasks(self, ids: list[int]) -> list[TaskRow]:
        """The tasks of these numbers, each once, in order.

        Raises NotFoundError for numbers that are none, NotAllowedError for somebody else's.
        """
        if len(ids) > MAX_IDS:
            raise BadInputError(f"{len(ids)} ids are over {MAX_IDS}", where="taskIds")
        found = await self.services.desk.read(lambda c: tasks.rows(c, set(ids)))
        for number in ids:
            if number not in found:
                raise NotFoundError(f"there is no task {number}", where="taskIds")
            if not self.user.acts_for(found[number].owner):
                raise NotAllowedError(f"task {number} belongs to somebody else", where="taskIds")
        return [found[number] for number in dict.fromkeys(ids)]

    async def task(self, number: int) -> TaskRow:
        """The task of that number. Raises BadInputError, MissingFieldError."""
        return (await self.tasks([number]))[0]


def input_owner(account: Account) -> str:
    """Into whose input storage an account's files go."""
    return account.main if account.shares_storage and account.main is not None else account.name


def config_path(task_id: int, name: str) -> tuple[Area, str]:
    """Where a task's JSON file lies in its owner's storage."""
    return Area.CONFIG, f"{task_id}/cfg/{name}"


def user_number(accounts: Accounts, name: str) -> int:
    """A user's number; 0 for one who was removed."""
    try:
        return accounts.user(name).id
    except NotFoundError:
        return 0
