"""What always holds for a job, whatever was done to it and in what order."""

from __future__ import annotations

from collections.abc import Sequence

from rendermill.farm.model.records import AttemptKey, Event, TaskKey
from rendermill.farm.model.status import (
    ACTIVE,
    ENDED,
    JOB_MOVES,
    TASK_MOVES,
    UNENDED,
    AttemptStatus,
    JobStatus,
    TaskStatus,
    Turn,
)
from support.job_rows import Rows


class JobChecks:
    """The checks of one job; they remember what they saw before."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._told_status, self._last_seq = "", 0
        self._ledger = {row.id: rows.counted(row.id) for row in rows.steps}
        self._succeeded: dict[TaskKey, int] = {}
        self._told_successes: set[AttemptKey] = set()
        self._reopened = False

    def check(self, rows: Rows, told: Sequence[Event]) -> None:
        """Check the job as it is now; ``told`` are the events since the last check."""
        self._rows = rows
        self._counters_are_the_count()
        self._every_move_is_told(told)
        self._what_has_succeeded_stays()
        self._a_task_succeeds_by_one_attempt_its_latest()
        self._outputs_belong_to_attempts_that_succeeded()
        self._active_attempts_are_the_assigned_and_running_tasks()
        self._attempts_are_numbered_without_gaps()
        self._no_task_fails_more_often_than_it_may()
        self._a_job_has_succeeded_when_all_its_tasks_have()
        self._a_job_ends_when_nothing_of_it_can_run()
        self._a_step_waits_while_one_that_it_needs_is_not_done()
        self._a_job_has_started_when_a_session_was_given_something()

    def _counters_are_the_count(self) -> None:
        for row in self._rows.steps:
            counters = {status.value: getattr(row, f"n_{status}") for status in TaskStatus}
            assert {status: number for status, number in counters.items() if number} == self._rows.counted(row.id)

    def _every_move_is_told(self, told: Sequence[Event]) -> None:
        """Each is legal, begins where the last one ended, and together they lead to what is."""
        for event in told:
            assert event.seq > self._last_seq
            self._last_seq = event.seq
            if event.kind == "job":
                assert event.source == self._told_status
                assert not event.source or JobStatus(event.target) in JOB_MOVES[JobStatus(event.source)], event
                self._told_status = event.target
            else:
                self._take_down(event)
        assert self._told_status == self._rows.job.status
        for step_id, counted in self._ledger.items():
            assert +counted == self._rows.counted(step_id), "what was told does not add up to what is"

    def _take_down(self, event: Event) -> None:
        assert event.kind == "task"
        assert event.step_id is not None
        assert TaskStatus(event.target) in TASK_MOVES[TaskStatus(event.source)], event
        if event.target == TaskStatus.SUCCEEDED:
            assert event.index is not None and event.attempt is not None
            key = AttemptKey(event.step_id, event.index, event.attempt)
            assert key not in self._told_successes, "an attempt succeeded twice"
            self._told_successes.add(key)
        moved = 1 if event.index is not None else event.data["count"]
        counted = self._ledger[event.step_id]
        counted[event.source] -= moved
        counted[event.target] += moved
        assert counted[event.source] >= 0, event

    def _what_has_succeeded_stays(self) -> None:
        now = {key: row.attempt for key, row in self._rows.tasks.items() if row.status == "succeeded"}
        assert self._reopened or self._succeeded.items() <= now.items()
        self._succeeded = now
        self._reopened = False

    def reopened(self) -> None:
        """Somebody wanted again what had succeeded, since the last check."""
        self._reopened = True

    def _a_task_succeeds_by_one_attempt_its_latest(self) -> None:
        by = [key for key, row in self._rows.attempts.items() if row.status == AttemptStatus.SUCCEEDED]
        latest = {key.task: key.number for key in sorted(by)}
        assert self._succeeded.items() <= latest.items()
        assert len(by) == len(self._told_successes)

    def _outputs_belong_to_attempts_that_succeeded(self) -> None:
        """Those of a task that runs again stay until it has succeeded again."""
        for row in self._rows.outputs:
            assert AttemptKey(row.step_id, row.idx, row.attempt) in self._told_successes
            assert self._succeeded.get(TaskKey(row.step_id, row.idx), row.attempt) == row.attempt
        logs = {row.path for row in self._rows.outputs if row.path.endswith(".log")}
        latest = {key.task: key for key in sorted(self._told_successes)}
        assert logs == {f"{key}.log" for key in latest.values()}

    def _active_attempts_are_the_assigned_and_running_tasks(self) -> None:
        active = {key: row.status for key, row in self._rows.attempts.items() if row.finished is None}
        tasks = self._rows.tasks.items()
        assert active == {AttemptKey(*key, row.attempt): row.status for key, row in tasks if row.status in ACTIVE}

    def _attempts_are_numbered_without_gaps(self) -> None:
        tasks = self._rows.tasks.items()
        numbered = {AttemptKey(*key, number) for key, row in tasks for number in range(1, row.attempt + 1)}
        assert set(self._rows.attempts) == numbered

    def _no_task_fails_more_often_than_it_may(self) -> None:
        limit = self._rows.job.max_attempts
        for row in self._rows.tasks.values():
            assert row.failures < limit or (row.failures == limit and row.status in ("failed", "canceled"))

    def _a_job_has_succeeded_when_all_its_tasks_have(self) -> None:
        everything = len(self._succeeded) == len(self._rows.tasks)
        assert (self._rows.job.status == JobStatus.SUCCEEDED) == everything

    def _a_job_ends_when_nothing_of_it_can_run(self) -> None:
        can_run = any(row.status == "ready" or row.status in ACTIVE for row in self._rows.tasks.values())
        assert (self._rows.job.status in ENDED) != can_run
        assert (self._rows.job.finished is not None) == (self._rows.job.status in ENDED)

    def _a_step_waits_while_one_that_it_needs_is_not_done(self) -> None:
        undone = {row.name for row in self._rows.steps if not self._rows.done(row)}
        first = [self._rows.counted(row.id) for row in self._rows.steps if row.turn == Turn.FIRST]
        first_have_ended = not any(counted[status] for counted in first for status in UNENDED)
        for row in self._rows.steps:
            counted = self._rows.counted(row.id)
            if undone & set(row.depends):
                assert set(counted) <= {"waiting", "canceled"}, (row.name, counted)
            elif row.turn != Turn.REST or first_have_ended:
                assert not counted["waiting"]

    def _a_job_has_started_when_a_session_was_given_something(self) -> None:
        assert (self._rows.job.started is not None) >= bool(self._rows.attempts)
        if self._rows.job.status == JobStatus.READY:
            assert not self._rows.attempts
