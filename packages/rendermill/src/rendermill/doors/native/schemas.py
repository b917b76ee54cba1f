"""The JSON of the native door."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from rendermill.farm.model.identity import Identity
from rendermill.farm.model.records import Attempt, Counts, Event, Job, Output, Step, Task
from rendermill.farm.model.status import TaskStatus
from rendermill.farm.model.storage import Offer
from rendermill.farm.model.submission import DEFAULT_MAX_ATTEMPTS, DEFAULT_PRIORITY, Asset, Submission


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AssetIn(_In):
    """An input file: absolute path on the submitter's machine, BLAKE3 in hex, size in bytes."""

    path: str
    hash: str
    size: int


class JobIn(_In):
    """A job to be made of an OpenJD template."""

    template: dict[str, Any]
    parameters: dict[str, Any] = {}
    inputs: list[AssetIn] = Field(default=[], max_length=200_000)
    name: str | None = Field(default=None, min_length=1, max_length=128)
    priority: int = DEFAULT_PRIORITY
    max_attempts: int = DEFAULT_MAX_ATTEMPTS
    task_timeout: float | None = None
    paused: bool = False
    warnings: list[str] = Field(default=[], max_length=1000)

    def submission(self, user: Identity) -> Submission:
        """As the farm takes it. Raises BadInputError."""
        return Submission(
            template=self.template,
            owner=user.name,
            parameters=self.parameters,
            inputs=tuple(Asset(each.path, each.hash, each.size) for each in self.inputs),
            name=self.name,
            priority=self.priority,
            max_attempts=self.max_attempts,
            task_timeout=self.task_timeout,
            paused=self.paused,
            warnings=tuple(self.warnings),
        )


class HashesIn(_In):
    """BLAKE3 hashes to be asked about."""

    hashes: list[str] = Field(max_length=200_000)


class OfferIn(_In):
    """A file that a client has."""

    path: str
    hash: str = Field(pattern="^[0-9a-f]{64}$")
    size: int = Field(ge=0)


class OffersIn(_In):
    """Files to be put into a storage."""

    files: list[OfferIn] = Field(max_length=10_000)

    def offers(self) -> list[Offer]:
        """The same in the farm's words."""
        return [Offer(file.path, file.hash, file.size) for file in self.files]


def counts_out(counts: Counts) -> dict[str, int]:
    """``total``, ``running`` (a session holds it) and one number for each other status."""
    quiet = [status for status in TaskStatus if status not in (TaskStatus.ASSIGNED, TaskStatus.RUNNING)]
    return {
        "total": counts.total,
        "running": counts.active,
        **{status.value: counts[status] for status in quiet},
    }


def job_out(job: Job, steps: list[Step], waiting_reason: str, progress: float | None = None) -> dict[str, Any]:
    """A job. ``progress`` is the share (0 to 1) of its work that is done, running tasks included."""
    total = Counts({})
    for step in steps:
        total += step.counts
    return {
        "id": job.id,
        "name": job.name,
        "owner": job.owner,
        "status": job.status,
        "waiting_reason": waiting_reason,
        "message": job.message,
        "priority": job.priority,
        "created": job.created,
        "started": job.started,
        "finished": job.finished,
        "max_attempts": job.max_attempts,
        "warnings": list(job.warnings),
        "cause": job.cause,
        "reference": job.reference,
        "folder": job.folder,
        "info": job.info,
        "limit": job.limit,
        "task_timeout": job.task_timeout,
        "job_timeout": job.job_timeout,
        "tasks": counts_out(total),
        "progress": progress,
        "steps": [
            {"name": step.name, "depends": list(step.depends), "tasks": counts_out(step.counts)} for step in steps
        ],
    }


def task_out(task: Task, step: Step, label: str, progress: tuple[float | None, str] | None) -> dict[str, Any]:
    """A task. ``label`` shows its parameters, ``progress`` the fraction and text of the running attempt."""
    fraction, text = progress or (None, "")
    return {
        "step": step.name,
        "index": task.key.index,
        "label": label,
        "status": task.status,
        "attempt": task.attempt,
        "failures": task.failures,
        "message": task.message,
        "progress": fraction,
        "progress_text": text,
    }


def attempt_out(attempt: Attempt) -> dict[str, Any]:
    """An attempt."""
    return {
        "number": attempt.key.number,
        "status": attempt.status,
        "session": attempt.session,
        "worker": attempt.worker,
        "started": attempt.started,
        "finished": attempt.finished,
        "message": attempt.message,
    }


def output_out(output: Output) -> dict[str, Any]:
    """A published file."""
    return {
        "path": output.path,
        "hash": output.hash,
        "size": output.size,
        "step": output.step,
        "index": output.index,
    }


def event_out(event: Event) -> dict[str, Any]:
    """An event."""
    return {
        "seq": event.seq,
        "time": event.time,
        "kind": event.kind,
        "step_id": event.step_id,
        "index": event.index,
        "attempt": event.attempt,
        "source": event.source,
        "target": event.target,
        "data": event.data,
    }
