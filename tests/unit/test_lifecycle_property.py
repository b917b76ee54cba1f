"""Any order of calls: the real lifecycle over a real store, looked at from outside after every step."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from rendermill.farm.blueprint import instantiate
from rendermill.farm.lifecycle import LEASE_SECONDS, Lifecycle
from rendermill.farm.model.choice import Choice
from rendermill.farm.model.errors import WrongStateError
from rendermill.farm.model.records import AttemptKey, Event, Output, TaskKey
from rendermill.farm.model.status import ACTIVE, ENDED, JOB_MOVES, SCHEDULABLE, UNENDED, JobStatus, TaskStatus
from rendermill.farm.model.submission import Submission
from rendermill.farm.ports.store import Transaction
from support.campaign import fixed, full
from support.clock import FakeClock
from support.job_checks import JobChecks
from support.job_rows import Rows
from support.stores import fresh_store
from support.templates import shell, template

T = TypeVar("T")
Shape = list[tuple[str, tuple[str, ...], int]]
PATIENCE = 60.0
SHAPES: list[Shape] = [
    [("a", (), 2), ("b", ("a",), 2)],
    [("a", (), 2), ("b", ("a",), 1), ("c", ("b",), 2)],
    [("a", (), 1), ("b", (), 2), ("c", ("a", "b"), 1)],
    [("a", (), 2), ("b", ("a",), 1), ("c", ("a",), 1)],
]
shapes = st.sampled_from(SHAPES)
numbers = st.integers(0, 7)


def one_of(things: Sequence[T], number: int) -> T:
    """One of the things, the latest most often."""
    return things[-1 - number % len(things)]


class JobMachine(RuleBasedStateMachine):
    """A job of a few dependent steps, and everything that may be said about it, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = fresh_store(Path(self.folder.name))
        self.clock = FakeClock()
        self.lifecycle = Lifecycle(self.clock)
        self.heard: list[Event] = []
        self.checked = 0
        self.store.listen(self.heard.extend)
        self.done: list[Rows] = []

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()

    @initialize(shape=shapes, limit=st.integers(1, 3), paused=st.booleans(), first=numbers, hold=st.booleans())
    def submit(self, shape: Shape, limit: int, paused: bool, first: int = 0, hold: bool = False) -> None:
        """Some steps go first, if ``first`` is over 2; with ``hold`` the job is then to be looked at."""
        made = [shell("true", name, frames=f"1-{total}", depends=depends) for name, depends, total in shape]
        chosen = tuple(name for number, (name, _, _) in enumerate(shape) if first & 4 and first >> number & 1)
        submission = Submission(
            template(*made), "ann", max_attempts=limit, paused=paused, first=chosen, hold=hold and bool(chosen)
        )
        blueprint = instantiate(submission.template, {})
        self.job_id = self.write(lambda tx: self.lifecycle.create(tx, submission, blueprint))
        self.rows = Rows.read(self.store, self.job_id)
        self.checks = JobChecks(self.rows)
        self.issued: list[AttemptKey] = []

    @precondition(lambda self: self.rows.job.status == JobStatus.SUCCEEDED)
    @rule(shape=shapes, limit=st.integers(1, 3))
    def submit_another(self, shape: Shape, limit: int) -> None:
        """Nothing more can happen to this one."""
        self.done.append(self.rows)
        self.submit(shape, limit, paused=False)

    @invariant()
    def everything_holds(self) -> None:
        self.checks.check(self.rows, self.heard[self.checked :])
        self.checked = len(self.heard)
        for before in self.done[-1:]:
            assert Rows.read(self.store, before.job.id) == before, "something happened to a job that had succeeded"

    # --- how calls are made ------------------------------------------------------------------------------------

    def write(self, work: Callable[[Transaction], T]) -> T:
        return self.store.write(work).result(PATIENCE)

    def call(self, work: Callable[[Transaction], T]) -> T:
        """Write, and look again."""
        result = self.write(work)
        self.rows = Rows.read(self.store, self.job_id)
        return result

    def answer(self, key: AttemptKey, work: Callable[[Transaction], bool], due: frozenset[str]) -> None:
        """An answer counts if its attempt is the task's latest and stands where it must; else nothing changes."""
        before, heard, task = self.rows, len(self.heard), self.rows.tasks[key.task]
        accepted = self.call(work)
        assert accepted == (task.attempt == key.number and task.status in due)
        if not accepted:
            assert self.rows == before, "a late answer changed something"
            assert len(self.heard) == heard, "a late answer was told"

    def ask(self, work: Callable[[Transaction], Any], *, allowed: bool) -> None:
        """Something a user asks for: done, or refused with nothing changed."""
        if allowed:
            self.call(work)
            return
        before, heard = self.rows, len(self.heard)
        with pytest.raises(WrongStateError):
            self.write(work)
        self.call(lambda _tx: None)
        assert self.rows == before, "a refused request changed something"
        assert len(self.heard) == heard, "a refused request was told"

    # --- sessions ----------------------------------------------------------------------------------------------

    def assign(self, key: TaskKey) -> None:
        task, job = self.rows.tasks[key], self.rows.job
        number = self.call(lambda tx: self.lifecycle.assign(tx, self.job_id, key, f"s{len(self.issued)}", "w"))
        assert (number is not None) == (task.status == TaskStatus.READY and job.status in SCHEDULABLE)
        if number is not None:
            assert number == task.attempt + 1
            self.issued.append(AttemptKey(*key, number))

    def start(self, key: AttemptKey) -> None:
        self.answer(key, lambda tx: self.lifecycle.start(tx, self.job_id, key), frozenset({"assigned"}))

    def succeed(self, key: AttemptKey) -> None:
        name = "shared.png" if key.number % 2 else f"{key.step_id}-{key.index}.png"
        files = [Output(name, f"{len(self.heard):064x}", 1), Output(f"{key}.log", "ab" * 32, 2)]
        self.answer(key, lambda tx: self.lifecycle.succeed(tx, self.job_id, key, files, ()), frozenset({"running"}))

    def fail(self, key: AttemptKey) -> None:
        before, limit = self.rows.tasks[key.task], self.rows.job.max_attempts
        self.answer(key, lambda tx: self.lifecycle.fail(tx, self.job_id, key, "it broke"), frozenset(ACTIVE))
        after = self.rows.tasks[key.task]
        if after != before:
            assert after.failures == before.failures + 1
            assert after.status == ("failed" if after.failures >= limit else "ready")

    def lose(self, key: AttemptKey) -> None:
        before = self.rows.tasks[key.task]
        self.answer(key, lambda tx: self.lifecycle.lose(tx, self.job_id, key, "it is gone"), frozenset(ACTIVE))
        after = self.rows.tasks[key.task]
        if after != before:
            assert (after.status, after.failures) == ("ready", before.failures)

    def work_off(self, key: TaskKey) -> None:
        self.assign(key)
        self.start(self.issued[-1])
        self.succeed(self.issued[-1])

    def work(self, number: int, what: str) -> None:
        """What sessions do most of the time: something that is due."""
        ready = self.rows.where("ready") if self.rows.job.status in SCHEDULABLE else []
        due: list[tuple[str, Sequence[Any]]] = [
            (what, self.rows.held()),
            ("assign", ready),
            ("start", self.rows.held("assigned")),
            ("succeed", self.rows.held("running")),
            ("work_off", ready),
        ]
        possible = [(name, things) for name, things in due if things]
        if possible:
            name, things = one_of(possible, number)
            getattr(self, name)(one_of(things, number // 2))

    @rule(number=numbers, what=st.sampled_from(["fail", "lose"]))
    def a_session_works(self, number: int, what: str) -> None:
        self.work(number, what)

    @rule(first=numbers, then=numbers, what=st.sampled_from(["fail", "lose"]))
    def sessions_work(self, first: int, then: int, what: str) -> None:
        self.work(first, what)
        self.work(then, what)

    @precondition(lambda self: self.issued)
    @rule(number=numbers, answer=st.sampled_from(["start", "succeed", "fail", "lose"]))
    def an_answer_comes_late_or_twice(self, number: int, answer: str) -> None:
        """Of an attempt that has ended if there is one: most of those come after another was begun."""
        ended = [key for key in self.issued if self.rows.attempts[key].finished is not None]
        getattr(self, answer)(one_of(ended or self.issued, number))

    @rule(number=numbers)
    def a_plan_comes_late(self, number: int) -> None:
        """It was made before the job was paused, or its task given up."""
        late = self.rows.where("failed") or self.rows.where("ready") or sorted(self.rows.tasks)
        self.assign(one_of(late, number))

    # --- what happens to a farm --------------------------------------------------------------------------------

    @rule(what=st.sampled_from(["time_passes", "no_session_opens", "the_server_starts_again"]), number=numbers)
    def something_goes_wrong(self, what: str, number: int) -> None:
        getattr(self, what)(number)

    def time_passes(self, number: int) -> None:
        """Sessions of an even number still give signs of life."""
        self.clock.turn(LEASE_SECONDS / 2 + number * 3)
        live = {key: self.rows.attempts[key] for key in self.rows.held()}
        alive = [row.session for row in live.values() if int(row.session[1:]) % 2 == 0]
        self.write(lambda tx: tx.renew(alive, self.clock.now() + LEASE_SECONDS))
        due = {key for key, row in live.items() if row.session not in alive and row.lease < self.clock.now()}
        assert {attempt.key for attempt in self.call(self.lifecycle.expire)} == due

    def no_session_opens(self, number: int) -> None:
        step_id = one_of(self.rows.steps, number).id
        ready = self.rows.counted(step_id)["ready"]
        assert self.call(lambda tx: self.lifecycle.fail_step(tx, step_id, "it does not open")) == ready
        assert self.rows.counted(step_id)["ready"] == 0

    def the_server_starts_again(self, _number: int) -> None:
        held = len(self.rows.held())
        assert self.call(lambda tx: self.lifecycle.recover(tx, "the server was restarted")) == held
        assert self.rows.held() == []

    # --- users -------------------------------------------------------------------------------------------------

    @rule(what=st.sampled_from(["pause", "resume", "cancel", "retry"]))
    def a_user_asks(self, what: str) -> None:
        getattr(self, what)()

    @precondition(lambda self: self.rows.job.status in ("paused", "failed", "canceled"))
    @rule()
    def a_user_lets_it_go_on(self) -> None:
        self.resume() if self.rows.job.status == "paused" else self.retry()

    def pause(self) -> None:
        self.ask(lambda tx: self.lifecycle.pause(tx, self.job_id), allowed=self.rows.job.status in SCHEDULABLE)

    def resume(self) -> None:
        self.ask(lambda tx: self.lifecycle.resume(tx, self.job_id), allowed=self.rows.job.status == "paused")

    def cancel(self) -> None:
        held, stopped = self.rows.held(), []
        allowed = JobStatus.CANCELED in JOB_MOVES[JobStatus(self.rows.job.status)]

        def work(tx: Transaction) -> None:
            stopped.extend(sorted(attempt.key for attempt in self.lifecycle.cancel(tx, self.job_id)))

        self.ask(work, allowed=allowed)
        assert stopped == (held if allowed else [])

    def retry(self) -> None:
        wrong = self.rows.where("failed") + self.rows.where("canceled")
        self.ask(lambda tx: self.lifecycle.retry(tx, self.job_id), allowed=bool(wrong))
        assert self.rows.where("failed") == self.rows.where("canceled") == []

    @rule(picked=st.sets(numbers), statuses=st.sets(st.sampled_from(TaskStatus)))
    def a_user_cancels_some_tasks(self, picked: set[int], statuses: set[TaskStatus]) -> None:
        choice, chosen = self.choose(picked, statuses)
        before, held = self.rows, self.rows.held()
        stopped = self.call(lambda tx: self.lifecycle.cancel_tasks(tx, self.job_id, choice))
        assert {attempt.key for attempt in stopped} == {key for key in held if key.task in chosen}
        for key, task in before.tasks.items():
            hit = key in chosen and task.status in UNENDED
            now = self.rows.tasks[key]
            assert now.status == "canceled" if hit else task.status in (now.status, "waiting")

    @rule(picked=st.sets(numbers), statuses=st.sets(st.sampled_from(TaskStatus)))
    def a_user_wants_some_tasks_again(self, picked: set[int], statuses: set[TaskStatus]) -> None:
        choice, chosen = self.choose(picked, statuses)
        due = [key for key in chosen if self.rows.tasks[key].status not in UNENDED]
        held = self.rows.held()
        self.checks.reopened()
        moved, stopped = self.call(lambda tx: self.lifecycle.rerun(tx, self.job_id, choice))
        assert moved == len(due)
        assert {self.rows.tasks[key].status for key in due} <= {"ready", "waiting"}
        assert {attempt.key for attempt in stopped} == set(held) - set(self.rows.held())
        assert not self.rows.where("ready") or self.rows.job.status not in ENDED

    def choose(self, picked: set[int], statuses: set[TaskStatus]) -> tuple[Choice, set[TaskKey]]:
        """A choice of tasks by number and status, and what it comes to now; none picked: of all steps."""
        keys = [key for number, key in enumerate(sorted(self.rows.tasks)) if number in picked or not picked]
        steps = {row.id: [key.index for key in keys if key.step_id == row.id] for row in self.rows.steps}
        chosen = {key for key in keys if self.rows.tasks[key].status in statuses}
        return Choice(frozenset(statuses), steps if picked else None), chosen


TestAnyOrderOfCalls = JobMachine.TestCase
TestAnyOrderOfCalls.settings = fixed(45, steps=30)


@pytest.mark.soak
class TestAnyOrderOfCallsAtFullLength(JobMachine.TestCase):  # type: ignore[misc, valid-type]
    settings = full(90, steps=50)


# --- the least that must hold, whatever the search finds ---------------------------------------------------------


@pytest.fixture
def machine() -> Iterator[JobMachine]:
    made = JobMachine()
    made.submit(SHAPES[0], limit=1, paused=False)
    yield made
    made.teardown()


def test_a_plan_that_comes_after_a_pause_is_not_carried_out(machine: JobMachine) -> None:
    machine.pause()
    machine.assign(machine.rows.where("ready")[0])
    assert machine.issued == []


@pytest.mark.parametrize("answer", ["start", "succeed", "fail", "lose"])
def test_an_answer_of_an_earlier_attempt_changes_nothing(machine: JobMachine, answer: str) -> None:
    task = machine.rows.where("ready")[0]
    machine.assign(task)
    first = machine.issued[0]
    machine.start(first)
    machine.lose(first)
    machine.assign(task)
    if answer != "start":
        machine.start(machine.issued[-1])
    before = machine.rows
    getattr(machine, answer)(first)
    assert machine.rows == before
    machine.everything_holds()
