"""The one service that moves statuses.

Each method runs inside a transaction of the store, moves what the tables of :mod:`rendermill.farm.model.status`
allow, writes an event for every move, and ripples: task to step, step to the steps that wait for it, step to job.
A late or doubled answer finds its guard false and changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rendermill.farm.blueprint import Blueprint
from rendermill.farm.model.errors import NotFoundError, WrongStateError
from rendermill.farm.model.records import Attempt, AttemptKey, Counts, Job, Output, Step, TaskKey
from rendermill.farm.model.status import (
    ACTIVE,
    JOB_MOVES,
    SCHEDULABLE,
    AttemptStatus,
    JobStatus,
    TaskStatus,
    job_sources,
)
from rendermill.farm.model.submission import Submission
from rendermill.farm.ports import Clock, NewStep, Transaction

_T = TaskStatus
_J = JobStatus
LEASE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """The state authority."""

    clock: Clock

    # --- jobs --------------------------------------------------------------------------------------------------

    def create(self, tx: Transaction, submission: Submission, blueprint: Blueprint) -> int:
        """Store a job with all its tasks; returns its id."""
        steps = [NewStep(step.name, step.depends, step.total) for step in blueprint.steps]
        status = _J.PAUSED if submission.paused else _J.READY
        now = self.clock.now()
        job_id = tx.add_job(submission, submission.name or blueprint.name, steps, status, now)
        tx.emit("job", job_id, now=now, target=status)
        return job_id

    def pause(self, tx: Transaction, job_id: int) -> None:
        """Let nothing new of a job start; what runs ends by itself."""
        self._move_job(tx, self._job(tx, job_id), _J.PAUSED)

    def resume(self, tx: Transaction, job_id: int) -> None:
        """Undo :meth:`pause`."""
        job = self._job(tx, job_id)
        if job.status is not _J.PAUSED:
            raise _wrong_state(job, "resumed", "Only a paused job can be resumed.")
        self._move_job(tx, job, _J.READY if job.started is None else _J.RUNNING)
        self._settle(tx, job_id)

    def cancel(self, tx: Transaction, job_id: int) -> list[Attempt]:
        """Cancel what has not succeeded; returns the attempts whose processes must be stopped."""
        job = self._job(tx, job_id)
        stopped = tx.active_attempts(job_id)
        self._move_job(tx, job, _J.CANCELED)
        for step in tx.steps(job_id):
            for source in (_T.WAITING, _T.READY, _T.ASSIGNED, _T.RUNNING):
                self._move_many(tx, step, source, _T.CANCELED)
        for attempt in stopped:
            tx.close_attempt(attempt.key, AttemptStatus.CANCELED, "canceled", self.clock.now())
        return stopped

    def retry(self, tx: Transaction, job_id: int) -> int:
        """Make failed and cancelled tasks ready again; returns how many."""
        job = self._job(tx, job_id)
        steps = tx.steps(job_id)
        done = {step.name for step in steps if _all_succeeded(step.counts)}
        moved = 0
        for step in steps:
            moved += self._move_many(tx, step, _T.FAILED, _T.READY)
            target = _T.READY if set(step.depends) <= done else _T.WAITING
            moved += self._move_many(tx, step, _T.CANCELED, target)
        if not moved:
            raise _wrong_state(job, "retried", "It has no failed or cancelled task.")
        if job.status in (_J.FAILED, _J.CANCELED):
            self._move_job(tx, job, _J.RUNNING)
        return moved

    # --- attempts ----------------------------------------------------------------------------------------------

    def assign(self, tx: Transaction, job_id: int, key: TaskKey, session: str, worker: str) -> int | None:
        """Give a ready task to a session; the attempt's number, or None if it is not to be had any more."""
        now = self.clock.now()
        job = tx.job(job_id)
        if job is None or job.status not in SCHEDULABLE:  # it was paused or cancelled after the plan was made
            return None
        number = tx.assign(job_id, key, session, worker, now + LEASE_SECONDS, now)
        if number is None:
            return None
        self._emit_task(tx, job_id, AttemptKey(*key, number), _T.READY, _T.ASSIGNED, {"session": session})
        if job.status is _J.READY and tx.move_job(job_id, frozenset({_J.READY}), _J.RUNNING, now, ""):
            tx.emit("job", job_id, now=now, source=_J.READY, target=_J.RUNNING)
        return number

    def start(self, tx: Transaction, job_id: int, key: AttemptKey) -> bool:
        """The attempt's action runs."""
        if not tx.move_attempt(key, _T.ASSIGNED, _T.RUNNING):
            return False
        tx.close_attempt(key, AttemptStatus.RUNNING, "", self.clock.now())
        self._emit_task(tx, job_id, key, _T.ASSIGNED, _T.RUNNING)
        return True

    def succeed(
        self,
        tx: Transaction,
        job_id: int,
        key: AttemptKey,
        outputs: Sequence[Output],
        warnings: Sequence[str],
    ) -> bool:
        """Publish an attempt's verified outputs and end its task. False: it came too late and changed nothing."""
        replaced = tx.published_by_others(key, [output.path for output in outputs])
        warnings = [*warnings, *(f"it replaced {path}, which another task wrote" for path in replaced)]
        message = "; ".join(warnings)
        if not tx.move_attempt(key, _T.RUNNING, _T.SUCCEEDED, message=message):
            return False
        tx.publish(key, outputs)
        tx.close_attempt(key, AttemptStatus.SUCCEEDED, message, self.clock.now())
        self._emit_task(tx, job_id, key, _T.RUNNING, _T.SUCCEEDED)
        self._settle_step(tx, key.step_id)
        return True

    def fail(self, tx: Transaction, job_id: int, key: AttemptKey, reason: str) -> bool:
        """An attempt failed: its task gets another try while its limit allows."""
        task, job = tx.task(key.task), self._job(tx, job_id)
        if task is None or task.attempt != key.number or task.status not in ACTIVE:
            return False
        target = _T.FAILED if task.failures + 1 >= job.max_attempts else _T.READY
        self._leave(tx, job_id, key, task.status, target, AttemptStatus.FAILED, reason)
        return True

    def lose(self, tx: Transaction, job_id: int, key: AttemptKey, reason: str) -> bool:
        """An attempt's session or server is gone: the task runs again, and its limit is not touched."""
        task = tx.task(key.task)
        if task is None or task.attempt != key.number or task.status not in ACTIVE:
            return False
        self._leave(tx, job_id, key, task.status, _T.READY, AttemptStatus.LOST, reason)
        return True

    def fail_step(self, tx: Transaction, step_id: int, reason: str) -> int:
        """No session of a step can open: fail what is ready of it. Returns how many tasks failed."""
        moved = self._move_many(tx, tx.step(step_id), _T.READY, _T.FAILED, reason)
        self._settle_step(tx, step_id)
        return moved

    def recover(self, tx: Transaction, reason: str) -> int:
        """Lose every active attempt (the sessions of the server that died are gone); returns how many."""
        return self._lose_all(tx, tx.active_attempts(), reason)

    def renew(self, tx: Transaction, sessions: Sequence[str]) -> None:
        """Sessions gave a sign of life: the leases of what they hold begin anew."""
        if sessions:
            tx.renew(sessions, self.clock.now() + LEASE_SECONDS)

    def expire(self, tx: Transaction, alive: frozenset[str] = frozenset()) -> list[Attempt]:
        """Lose the attempts whose lease has ended; returns them, so that their sessions can be ended.

        Those of ``alive`` sessions are spared: their leases are about to be renewed.
        """
        ended = tx.active_attempts(lease_before=self.clock.now())
        expired = [attempt for attempt in ended if attempt.session not in alive]
        self._lose_all(tx, expired, "its session gave no sign of life")
        return expired

    # --- inside ------------------------------------------------------------------------------------------------

    def _lose_all(self, tx: Transaction, attempts: Sequence[Attempt], reason: str) -> int:
        return sum(self.lose(tx, a.job_id, a.key, reason) for a in attempts)

    def _job(self, tx: Transaction, job_id: int) -> Job:
        job = tx.job(job_id)
        if job is None:
            raise NotFoundError(f"there is no job {job_id}", remedy="`rendermill jobs` lists them.")
        return job

    def _move_job(self, tx: Transaction, job: Job, target: JobStatus, message: str = "") -> None:
        now = self.clock.now()
        if not tx.move_job(job.id, job_sources(target), target, now, message):
            raise _wrong_state(
                job, target.value, f"From {job.status} a job can go to: {_names(JOB_MOVES[job.status])}."
            )
        tx.emit("job", job.id, now=now, source=job.status, target=target)

    def _move_many(self, tx: Transaction, step: Step, source: TaskStatus, target: TaskStatus, message: str = "") -> int:
        if not step.counts[source]:
            return 0
        moved = tx.move_tasks(step.id, source, target, message)
        if moved:
            tx.emit(
                "task",
                step.job_id,
                now=self.clock.now(),
                step_id=step.id,
                source=source,
                target=target,
                data={"count": moved},
            )
        return moved

    def _leave(
        self,
        tx: Transaction,
        job_id: int,
        key: AttemptKey,
        source: TaskStatus,
        target: TaskStatus,
        ended: AttemptStatus,
        reason: str,
    ) -> None:
        tx.move_attempt(key, source, target, failed=ended is AttemptStatus.FAILED, message=reason)
        tx.close_attempt(key, ended, reason, self.clock.now())
        self._emit_task(tx, job_id, key, source, target, {"attempt": ended, "reason": reason})
        self._settle_step(tx, key.step_id)

    def _emit_task(
        self,
        tx: Transaction,
        job_id: int,
        key: AttemptKey,
        source: TaskStatus,
        target: TaskStatus,
        data: dict[str, str] | None = None,
    ) -> None:
        tx.emit(
            "task",
            job_id,
            now=self.clock.now(),
            step_id=key.step_id,
            index=key.index,
            attempt=key.number,
            source=source,
            target=target,
            data=data,
        )

    def _settle_step(self, tx: Transaction, step_id: int) -> None:
        step = tx.step(step_id)
        if step.counts[_T.READY] or step.counts.active:
            return
        if _all_succeeded(step.counts):
            steps = tx.steps(step.job_id)
            done = {other.name for other in steps if _all_succeeded(other.counts)}
            for other in steps:
                if step.name in other.depends and set(other.depends) <= done:
                    self._move_many(tx, other, _T.WAITING, _T.READY)
        self._settle(tx, step.job_id)

    def _settle(self, tx: Transaction, job_id: int) -> None:
        """Move a job to its end if nothing more of it can run."""
        counts = Counts({})
        for step in tx.steps(job_id):
            counts += step.counts
        if _all_succeeded(counts):
            target, message = _J.SUCCEEDED, ""
        elif not counts[_T.READY] and not counts.active and counts[_T.FAILED]:
            target, message = _J.FAILED, f"{counts[_T.FAILED]} of {counts.total} tasks failed"
        else:
            return
        job = self._job(tx, job_id)
        now = self.clock.now()
        if tx.move_job(job_id, job_sources(target), target, now, message):
            tx.emit("job", job_id, now=now, source=job.status, target=target, data={"message": message})


def _all_succeeded(counts: Counts) -> bool:
    return counts[_T.SUCCEEDED] == counts.total


def _names(statuses: frozenset[JobStatus]) -> str:
    return ", ".join(sorted(statuses)) or "nothing"


def _wrong_state(job: Job, what: str, remedy: str) -> WrongStateError:
    return WrongStateError(f"it is {job.status} and cannot be {what}", where=f"job {job.id}", remedy=remedy)
