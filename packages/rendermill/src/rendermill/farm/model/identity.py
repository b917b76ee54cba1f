"""Who asks."""

from __future__ import annotations

from dataclasses import dataclass

from rendermill.farm.model.errors import NotAllowedError
from rendermill.farm.model.records import Job

LOCAL_USER = "local"


@dataclass(frozen=True, slots=True)
class Identity:
    """A user whom a door has recognised. A superuser may act on everybody's jobs."""

    name: str
    superuser: bool

    def may_use(self, job: Job) -> None:
        """Pass if the job is the user's own or the user is a superuser. Raises :class:`NotAllowedError`."""
        if not self.superuser and job.owner != self.name:
            raise NotAllowedError("it belongs to somebody else", where=f"job {job.id}")
