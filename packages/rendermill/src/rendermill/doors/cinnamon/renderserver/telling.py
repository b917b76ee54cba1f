"""What a job has to tell the task that it renders: messages, made of the job's events."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rendermill.doors.cinnamon.messages import MAX_TEXT, Message
from rendermill.farm.model.errors import RendermillError
from rendermill.farm.model.records import AttemptKey, Event, Job, Step, TaskKey
from rendermill.farm.model.status import ENDED, JobStatus, TaskStatus
from rendermill.farm.service import Farm

_TENTHS = 10
_MAX_ERRORS = 20
_MAX_EVENTS = 1000
_TAIL = 2000
"""Bytes of a program's log that are told when it fails."""


@dataclass(frozen=True, slots=True)
class News:
    """What is new of a job: messages, and up to which event."""

    job: Job
    messages: tuple[Message, ...]
    told: int
    more: bool
    """Whether there are more events than were looked at."""

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will come of the job."""
        return self.job.status in ENDED and not self.more


def said(error: RendermillError) -> str:
    """An error in one line."""
    text = f"{error.where}: {error.what}" if error.where else error.what
    return f"{text}. {error.remedy}" if error.remedy else text


class Reporter:
    """Makes messages of events. ``log_path`` says where an attempt's log lies."""

    def __init__(self, farm: Farm, log_path: Callable[[int, AttemptKey], Path]) -> None:
        self._farm, self._log_path = farm, log_path

    def news(self, job_id: int, told: int, *, with_log: bool) -> News:
        """What is new since the event ``told``; ``with_log``: failures come with the end of their log."""
        job, steps, events = self._farm.ask(
            lambda q: (q.job(job_id), q.steps(job_id), q.events(told, job_id=job_id, limit=_MAX_EVENTS))
        )
        assert job is not None
        found: list[Message] = []
        done = [event for event in events if event.kind == "task" and event.target == TaskStatus.SUCCEEDED]
        if done and (progress := _progress(steps, len(done))):
            found.append((done[-1].time, "info", progress))
        failed = [event for event in events if event.kind == "task" and event.target == TaskStatus.FAILED]
        for event in failed[:_MAX_ERRORS]:
            found.append((event.time, "error", self._failure(job, steps, event, with_log)))
        if len(failed) > _MAX_ERRORS:
            found.append((failed[-1].time, "error", f"{len(failed) - _MAX_ERRORS} more tasks failed"))
        found += [(event.time, "warning", "the job is paused") for event in events if _is_pause(event)]
        last = events[-1].seq if events else told
        return News(job, tuple(sorted(found, key=lambda each: each[0])), last, len(events) == _MAX_EVENTS)

    def _failure(self, job: Job, steps: list[Step], event: Event, with_log: bool) -> str:
        step = next((each for each in steps if each.id == event.step_id), None)
        if step is None or event.index is None:
            return f"{event.data.get('count', 'some')} tasks failed"
        key = TaskKey(step.id, event.index)
        task = self._farm.ask(lambda q: q.task(key))
        label = self._farm.label(job.id, step, event.index)
        text = f"{step.name} {label}: {task.message if task is not None else ''}".strip()
        if with_log and event.attempt is not None:
            text += self._log(job.id, AttemptKey(step.id, event.index, event.attempt))
        return text[:MAX_TEXT]

    def _log(self, job_id: int, key: AttemptKey) -> str:
        try:
            with self._log_path(job_id, key).open("rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
                return f"\n{file.read(_TAIL).decode(errors='replace')}"
        except OSError:
            return ""


def _is_pause(event: Event) -> bool:
    return event.kind == "job" and event.target == JobStatus.PAUSED


def _progress(steps: list[Step], new: int) -> str:
    """How far a job is, if that has reached another tenth; ``new`` of its tasks have just been done."""
    total = sum(step.counts.total for step in steps)
    now = sum(step.counts[TaskStatus.SUCCEEDED] for step in steps)
    before = max(0, now - new)
    if total < 2 or _TENTHS * now // total == _TENTHS * before // total:
        return ""
    return f"{now} of {total} tasks are done"
