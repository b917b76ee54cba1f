"""The one service that moves statuses.

Each method runs inside a transaction of the store, moves what the tables of :mod:`rendermill.farm.model.status`
allow, writes an event for every move, and ripples: task to step, step to the steps that wait for it, step to job.
A late or doubled answer finds its guard false and changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rendermill.farm.blueprint import Blueprint
from rendermill.farm.model.choice import Choice
from rendermill.farm.model.errors import NotFoundError, WrongStateError
from rendermill.farm.model.records import Attempt, AttemptKey, Counts, Job, Output, Step, TaskKey
from rendermill.farm.model.status import (
    ACTIVE,
    ENDED,
    JOB_MOVES,
    SCHEDULABLE,
    UNENDED,
    AttemptStatus,
    Cause,
    JobStatus,
    TaskStatus,
    Turn,
    job_sources,
)
from rendermill.farm.model.submission import Submission
from rendermill.farm.ports.clock import Clock
from rendermill.farm.ports.store import NewStep, Transaction
from rendermill.farm.turns import Look, all_succeeded, ended, turns_of

_T = TaskStatus
_J = JobStatus
LEASE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """The state authority."""

    clock: Clock

    # --- jobs --------------------------------------------------------------------------------------------------

    def create(self, tx: Transaction, submission: Submission, blueprint: Blueprint) -> int:
        """Store a job with all its tasks; returns its id, or that of the job that has its reference already."""
        if submission.reference is not None and (known := tx.job_of(submission.reference)) is not None:
            return known.id
        turns = turns_of(submission.first, {step.name: step.depends for step in blueprint.steps})
        steps = [NewStep(step.name, step.depends, turns[step.name], step.total) for step in blueprint.steps]
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
        self._hold(tx, job_id, tx.steps(job_id))
        self._settle(tx, job_id)

    def cancel(self, tx: Transaction, job_id: int, message: str = "", cause: Cause = Cause.NONE) -> list[Attempt]:
        """Cancel what has not succeeded; returns the attempts whose processes must be stopped."""
        self._move_job(tx, self._job(tx, job_id), _J.CANCELED, message, cause)
        return self._cancel(tx, job_id, Choice(UNENDED))

    def cancel_tasks(self, tx: Transaction, job_id: int, choice: Choice) -> list[Attempt]:
        """Cancel those of the chosen tasks that have not ended; returns the attempts that must be stopped."""
        stopped = self._cancel(tx, job_id, choice)
        self._settle_steps(tx, job_id)
        return stopped

    def _cancel(self, tx: Transaction, job_id: int, choice: Choice) -> list[Attempt]:
        stopped = [a for a in tx.active_attempts(job_id) if choice.has(a.key.task, _active(a.status))]
        for step in tx.steps(job_id):
            for source in UNENDED & choice.statuses:
                self._move_many(tx, step, source, _T.CANCELED, indices=choice.of(step.id))
        for attempt in stopped:
            tx.close_attempt(attempt.key, AttemptStatus.CANCELED, "canceled", self.clock.now())
        return stopped

    def retry(self, tx: Transaction, job_id: int) -> int:
        """Make failed and cancelled tasks ready again; returns how many."""
        moved, _ = self.rerun(tx, job_id, Choice(frozenset({_T.FAILED, _T.CANCELED})))
        if not moved:
            raise _wrong_state(self._job(tx, job_id), "retried", "It has no failed or cancelled task.")
        return moved

    def rerun(self, tx: Transaction, job_id: int, choice: Choice) -> tuple[int, list[Attempt]]:
        """Make those of the chosen tasks that have ended ready again, and what was made of their outputs with them.

        Returns how many, and the attempts that must be stopped because their inputs will change. What was published
        stays until it is replaced.
        """
        job, steps = self._job(tx, job_id), tx.steps(job_id)
        look = Look(steps)
        moved = sum(
            self._move_many(
                tx, step, source, _T.READY if look.may_start(step) else _T.WAITING, indices=choice.of(step.id)
            )
            for step in steps
            for source in (_T.FAILED, _T.CANCELED, _T.SUCCEEDED)
            if source in choice.statuses
        )
        if not moved:
            return 0, []
        stopped = self._wait_again(tx, job_id)
        if job.status is _J.PAUSED and job.cause is Cause.TEST:
            self._look_again(tx, job)
        can_run = any(step.counts[_T.READY] or step.counts.active for step in tx.steps(job_id))
        if job.status in ENDED and can_run:
            self._move_job(tx, job, _J.RUNNING)
        return moved, stopped

    def _look_again(self, tx: Transaction, job: Job) -> None:
        """A job that waits to be looked at has first tasks to run again: they run, and then it waits again."""
        steps = tx.steps(job.id)
        if Look(steps).first_have_ended:
            return
        for step in steps:
            if step.turn is Turn.REST:
                self._move_many(tx, step, _T.READY, _T.WAITING)
        tx.adjust_job(job.id, {"hold": True})
        self._move_job(tx, job, _J.RUNNING)

    def _wait_again(self, tx: Transaction, job_id: int) -> list[Attempt]:
        """What depends on a step that is not done any more waits for it; returns the attempts to be stopped."""
        stopped: list[Attempt] = []
        for _ in tx.steps(job_id):  # at most as many rounds as steps lie behind each other
            steps = tx.steps(job_id)
            look = Look(steps)
            late = [step for step in steps if step.depends and _has_begun(step) and not look.may_read(step)]
            for step in late:
                active = [a for a in tx.active_attempts(job_id) if a.key.step_id == step.id]
                self._lose_all(tx, active, "a step that it depends on runs again")
                stopped += active
                for source in (_T.READY, _T.SUCCEEDED, _T.FAILED):
                    self._move_many(tx, tx.step(step.id), source, _T.WAITING)
            if not late:
                break
        return stopped

    def adjust(self, tx: Transaction, job_id: int, settings: Mapping[str, Any]) -> None:
        """Change a job's priority, limit, timeouts or hold (:data:`~rendermill.farm.ports.store.ADJUSTABLE`)."""
        job = self._job(tx, job_id)
        tx.adjust_job(job_id, settings)
        data = {name: value for name, value in settings.items() if _plain(getattr(job, name)) != _plain(value)}
        if data:
            tx.emit("change", job_id, now=self.clock.now(), source=job.status, target=job.status, data=data)

    def end_overdue(self, tx: Transaction) -> list[Attempt]:
        """Cancel the jobs that have run longer than they may; returns the attempts that must be stopped."""
        stopped: list[Attempt] = []
        for job_id in tx.overdue(self.clock.now()):
            message = f"it ran longer than its {self._job(tx, job_id).job_timeout:g} seconds"
            stopped += self.cancel(tx, job_id, message, Cause.TIMEOUT)
        return stopped

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

    def _move_job(
        self, tx: Transaction, job: Job, target: JobStatus, message: str = "", cause: Cause = Cause.NONE
    ) -> None:
        now = self.clock.now()
        if not tx.move_job(job.id, job_sources(target), target, now, message, cause):
            raise _wrong_state(
                job, target.value, f"From {job.status} a job can go to: {_names(JOB_MOVES[job.status])}."
            )
        tx.emit("job", job.id, now=now, source=job.status, target=target)

    def _move_many(
        self,
        tx: Transaction,
        step: Step,
        source: TaskStatus,
        target: TaskStatus,
        message: str = "",
        indices: Sequence[int] | None = None,
    ) -> int:
        if not step.counts[source]:
            return 0
        moved = tx.move_tasks(step.id, source, target, message, indices)
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
        if not step.counts[_T.READY] and not step.counts.active:
            self._settle_steps(tx, step.job_id)

    def _settle_steps(self, tx: Transaction, job_id: int) -> None:
        """Release the steps whose turn has come, then see where the job stands."""
        steps = tx.steps(job_id)
        look = Look(steps)
        for step in steps:
            if step.counts[_T.WAITING] and look.may_start(step):
                self._move_many(tx, step, _T.WAITING, _T.READY)
        self._hold(tx, job_id, steps)
        self._settle(tx, job_id)

    def _hold(self, tx: Transaction, job_id: int, steps: Sequence[Step]) -> None:
        """Pause a job whose first steps have ended, once, if it is to be looked at then."""
        job = self._job(tx, job_id)
        if not job.hold or job.status not in SCHEDULABLE:
            return
        rest = [step for step in steps if step.turn is Turn.REST and not ended(step.counts)]
        if rest and Look(steps).first_have_ended:
            tx.adjust_job(job_id, {"hold": False})
            self._move_job(tx, job, _J.PAUSED, "its first tasks have ended", Cause.TEST)

    def _settle(self, tx: Transaction, job_id: int) -> None:
        """Move a job to its end if nothing more of it can run."""
        counts = Counts({})
        for step in tx.steps(job_id):
            counts += step.counts
        if all_succeeded(counts):
            target, message = _J.SUCCEEDED, ""
        elif counts[_T.READY] or counts.active:
            return
        elif counts[_T.FAILED]:
            target, message = _J.FAILED, f"{counts[_T.FAILED]} of {counts.total} tasks failed"
        else:
            target, message = _J.CANCELED, f"{counts[_T.CANCELED]} of {counts.total} tasks were cancelled"
        job = self._job(tx, job_id)
        now = self.clock.now()
        if tx.move_job(job_id, job_sources(target), target, now, message):
            tx.emit("job", job_id, now=now, source=job.status, target=target, data={"message": message})


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _has_begun(step: Step) -> bool:
    return any(step.counts[status] for status in (_T.READY, _T.ASSIGNED, _T.RUNNING, _T.SUCCEEDED, _T.FAILED))


def _active(status: AttemptStatus) -> TaskStatus:
    return _T.RUNNING if status is AttemptStatus.RUNNING else _T.ASSIGNED


def _names(statuses: frozenset[JobStatus]) -> str:
    return ", ".join(sorted(statuses)) or "nothing"


def _wrong_state(job: Job, what: str, remedy: str) -> WrongStateError:
    return WrongStateError(f"it is {job.status} and cannot be {what}", where=f"job {job.id}", remedy=remedy)
