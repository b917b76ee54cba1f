"""Who asks."""

from __future__ import annotations

from dataclasses import dataclass

from rendermill.farm.model.errors import NotAllowedError
from rendermill.farm.model.records import Job

LOCAL_USER = "local"


@dataclass(frozen=True, slots=True)
class Identity:
    """A user whom a door has recognised.

    A superuser may act for everybody, a main account for its sub-accounts (``subs``, by name).
    """

    name: str
    superuser: bool
    subs: frozenset[str] = frozenset()

    def acts_for(self, owner: str) -> bool:
        """Whether the user may act on what belongs to ``owner``."""
        return self.superuser or owner == self.name or owner in self.subs

    def may_use(self, job: Job) -> None:
        """Pass if the user may act for the job's owner. Raises :class:`NotAllowedError`."""
        if not self.acts_for(job.owner):
            raise NotAllowedError("it belongs to somebody else", where=f"job {job.id}")


@dataclass(frozen=True, slots=True)
class Account:
    """A user as an administrator sees them."""

    name: str
    superuser: bool
    sudoer: bool
    sudoable: bool
    created: float
    id: int
    """A number for doors that name users by numbers; never used twice."""
    main: str | None = None
    """The main account, which may act for this one."""
    shares_storage: bool = False
    """Whether it sends its files into the main account's storage."""
    quota: int | None = None
    """Bytes that its storage may hold; None for no limit."""

    def writes_for(self, owner: str) -> bool:
        """Whether the user's files go into that owner's storage."""
        return self.shares_storage and self.main == owner


#: Whoever started the farm, on its machine.
LOCAL_ACCOUNT = Account(LOCAL_USER, superuser=True, sudoer=False, sudoable=False, created=0.0, id=0)
