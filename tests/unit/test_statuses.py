"""The tables of legal moves, as facts that must hold whatever else changes."""

from __future__ import annotations

import pytest

from rendermill.farm.model.status import (
    ACTIVE,
    ENDED,
    JOB_MOVES,
    SCHEDULABLE,
    TASK_MOVES,
    JobStatus,
    TaskStatus,
    job_sources,
)


def test_every_status_has_an_entry_in_its_table() -> None:
    assert set(TASK_MOVES) == set(TaskStatus)
    assert set(JOB_MOVES) == set(JobStatus)


def test_what_succeeded_only_runs_again() -> None:
    assert TASK_MOVES[TaskStatus.SUCCEEDED] == {TaskStatus.READY, TaskStatus.WAITING}
    assert JOB_MOVES[JobStatus.SUCCEEDED] == {JobStatus.RUNNING}


def test_no_status_moves_to_itself() -> None:
    assert not [status for status, targets in TASK_MOVES.items() if status in targets]
    assert not [status for status, targets in JOB_MOVES.items() if status in targets]


def test_a_task_succeeds_only_while_it_runs() -> None:
    assert [source for source, targets in TASK_MOVES.items() if TaskStatus.SUCCEEDED in targets] == [TaskStatus.RUNNING]


def test_a_session_gets_only_ready_tasks() -> None:
    assert [source for source, targets in TASK_MOVES.items() if TaskStatus.ASSIGNED in targets] == [TaskStatus.READY]


@pytest.mark.parametrize("status", sorted(ACTIVE))
def test_a_task_that_a_session_holds_can_be_made_ready_again(status: TaskStatus) -> None:
    assert TaskStatus.READY in TASK_MOVES[status]


@pytest.mark.parametrize("status", [status for status in TaskStatus if status is not TaskStatus.SUCCEEDED])
def test_every_task_that_has_not_succeeded_can_reach_success(status: TaskStatus) -> None:
    reached, queue = {status}, [status]
    while queue:
        more = TASK_MOVES[queue.pop()] - reached
        reached |= more
        queue += more
    assert TaskStatus.SUCCEEDED in reached


@pytest.mark.parametrize("status", sorted(set(JobStatus) - ENDED))
def test_every_job_that_has_not_ended_can_be_canceled(status: JobStatus) -> None:
    assert JobStatus.CANCELED in JOB_MOVES[status]


@pytest.mark.parametrize("status", [JobStatus.FAILED, JobStatus.CANCELED])
def test_a_retried_job_runs_again(status: JobStatus) -> None:
    assert JobStatus.RUNNING in JOB_MOVES[status]


def test_a_job_is_scheduled_or_paused_or_ended() -> None:
    assert not SCHEDULABLE & ENDED
    assert set(JobStatus) - SCHEDULABLE - ENDED == {JobStatus.PAUSED}


@pytest.mark.parametrize("target", list(JobStatus))
def test_job_sources_are_the_table_read_backwards(target: JobStatus) -> None:
    assert job_sources(target) == {source for source in JobStatus if target in JOB_MOVES[source]}
    assert job_sources(JobStatus.PAUSED) == {JobStatus.READY, JobStatus.RUNNING}
