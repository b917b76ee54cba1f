"""The scheduler, on pictures made by hand and at random."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Set

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rendermill.farm.blueprint import Requirements
from rendermill.farm.picture import Picture, SessionState, SessionView, StepView
from rendermill.farm.planner import Assign, Close, Decision, Open, plan, share, unfit
from rendermill.farm.ports.engine import Worker
from support.campaign import fixed, full
from support.pictures import picture, session, waiting_step, wants, worker

IDLE, BUSY, CLOSING = SessionState.IDLE, SessionState.BUSY, SessionState.CLOSING


def opened(decisions: list[Decision]) -> list[tuple[str, int]]:
    return [(each.worker, each.step_id) for each in decisions if isinstance(each, Open)]


# --- limits ------------------------------------------------------------------------------------------------------


def limited(step_id: int, tasks: int, limit: int, job_id: int | None = None) -> StepView:
    view = waiting_step(step_id, tasks, job_id=job_id)
    view.limit = limit
    return view


def test_a_job_gets_no_more_sessions_than_its_limit_over_all_its_steps() -> None:
    shown = picture(
        worker(slots=8, cores=8), limited(1, 5, 3, job_id=7), limited(2, 5, 3, job_id=7), waiting_step(9, 2)
    )
    assert opened(plan(shown)) == [("w", 1)] * 3 + [("w", 9)] * 2


def test_sessions_that_a_job_has_count_for_its_limit() -> None:
    assert plan(picture(worker(slots=8, cores=8), session("s", 1), limited(1, 5, 1))) == []
    warm = picture(worker(slots=8, cores=8), session("s", 1, IDLE), limited(1, 5, 1))
    assert plan(warm) == [Assign("s", 1)]


def test_a_limit_that_was_lowered_holds_for_warm_sessions_too() -> None:
    shown = picture(worker(slots=8, cores=8), session("a", 1), session("b", 1, IDLE), limited(1, 5, 1))
    assert plan(shown) == []


def test_a_job_at_its_limit_has_no_room_made_for_it() -> None:
    shown = picture(worker(slots=2), session("a", 1), session("b", 2, IDLE), limited(1, 5, 1))
    assert plan(shown) == []


def test_a_limited_job_goes_on_to_its_next_step_at_once() -> None:
    warm = session("done", 1, IDLE)
    step = limited(2, 3, 1, job_id=1)
    assert plan(picture(worker(slots=8, cores=8), warm, step)) == [Close("done")]


def test_a_limited_job_has_no_more_room_made_than_it_may_take() -> None:
    others = [session(name, 5, IDLE) for name in "abcd"]
    low = waiting_step(5, 50, priority=10)
    decisions = plan(picture(worker(slots=4, cores=8), *others, low, limited(1, 50, 1)))
    assert len([each for each in decisions if isinstance(each, Close)]) == 1
    assert len([each for each in decisions if isinstance(each, Assign)]) == 3


# --- what comes first --------------------------------------------------------------------------------------------


def test_nothing_ready_means_nothing_to_do() -> None:
    assert plan(picture(worker(), waiting_step(1, 0))) == []


def test_each_free_slot_gets_a_session() -> None:
    decisions = plan(picture(worker(slots=2, cores=4), waiting_step(1, 5)))
    assert decisions == [Open("w", 1, cores=2.0, memory=0.0, threads=2)] * 2


def test_no_more_sessions_open_than_tasks_wait() -> None:
    assert opened(plan(picture(worker(slots=8, cores=8), waiting_step(1, 3)))) == [("w", 1)] * 3


def test_a_warm_session_of_the_step_is_used_before_a_new_one() -> None:
    decisions = plan(picture(worker(), session("warm", 1, IDLE), waiting_step(1, 2)))
    assert decisions == [Assign("warm", 1), Open("w", 1, cores=2.0, memory=0.0, threads=2)]


def test_higher_priority_comes_first_whenever_it_was_submitted() -> None:
    decisions = plan(picture(worker(slots=1), waiting_step(1, priority=50), waiting_step(2, priority=60)))
    assert opened(decisions) == [("w", 2)]


def test_jobs_of_one_priority_go_first_in_first_out() -> None:
    assert opened(plan(picture(worker(slots=1), waiting_step(2), waiting_step(1)))) == [("w", 1)]


def test_steps_of_one_job_go_in_the_template_s_order() -> None:
    second = waiting_step(7, job_id=1, position=1)
    first = waiting_step(8, job_id=1, position=0)
    assert opened(plan(picture(worker(slots=1), second, first))) == [("w", 8)]


def test_what_is_left_of_the_room_goes_to_the_next_job() -> None:
    assert opened(plan(picture(worker(slots=3, cores=3), waiting_step(1, 2), waiting_step(2, 9)))) == [
        ("w", 1),
        ("w", 1),
        ("w", 2),
    ]


def test_a_job_that_does_not_fit_beside_what_runs_lets_nothing_pass_or_it_would_never_find_room() -> None:
    busy = session("busy", 9, BUSY, cores=2.0)
    decisions = plan(picture(worker(), busy, waiting_step(1, asks=wants(cores=4)), waiting_step(2)))
    assert decisions == []


def test_a_farm_without_workers_plans_nothing() -> None:
    assert plan(picture(waiting_step(1))) == []


# --- room --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("machine", "asks", "fitting"),
    [
        (worker(slots=4, cores=8), wants(), 4),
        (worker(slots=4, cores=8), wants(cores=3), 2),
        (worker(slots=4, cores=8), wants(cores=8), 1),
        (worker(slots=4, cores=8), wants(cores=9), 0),
        (worker(slots=4, cores=8, memory=4000), wants(memory=1500), 2),
        (worker(slots=4, cores=8, memory=4000), wants(memory=4001), 0),
        (worker(slots=4, cores=8), wants(cores=0.5), 4),
    ],
)
def test_a_worker_takes_as_many_sessions_as_fit(machine: Worker, asks: Requirements, fitting: int) -> None:
    assert len(opened(plan(picture(machine, waiting_step(1, 10, asks=asks))))) == fitting


def test_a_session_on_its_way_out_still_takes_its_room() -> None:
    assert plan(picture(worker(slots=1), session("going", 1, CLOSING), waiting_step(1))) == []


def test_a_step_that_asks_for_no_cores_gets_one_slot_s_share() -> None:
    assert share(worker(slots=2, cores=8), Requirements()) == (4.0, 0.0)
    assert share(worker(slots=4, cores=2), Requirements()) == (1.0, 0.0)
    assert share(worker(), wants(cores=3, memory=100)) == (3.0, 100.0)


@pytest.mark.parametrize(
    ("tasks", "asks", "threads"),
    [(1, wants(), [8]), (2, wants(), [4, 4]), (4, wants(), [2] * 4), (9, wants(), [2] * 4), (1, wants(cores=3), [3])],
)
def test_a_session_may_use_cores_that_would_idle_unless_its_step_says_how_many(
    tasks: int, asks: Requirements, threads: list[int]
) -> None:
    decisions = plan(picture(worker(slots=4, cores=8), waiting_step(1, tasks, asks=asks)))
    assert [each.threads for each in decisions if isinstance(each, Open)] == threads


def test_cores_that_others_use_do_not_idle() -> None:
    others = [session(f"busy{number}", 9, cores=2.0) for number in range(3)]
    (decision,) = plan(picture(worker(slots=4, cores=8), *others, waiting_step(1)))
    assert isinstance(decision, Open)
    assert decision.threads == 2


# --- making room -------------------------------------------------------------------------------------------------


def test_an_idle_session_of_another_step_gives_way_and_the_new_one_opens_in_a_later_plan() -> None:
    before = picture(worker(slots=1), session("idle", 1, IDLE), waiting_step(2))
    assert plan(before) == [Close("idle")]
    del before.sessions["idle"]
    assert opened(plan(before)) == [("w", 2)]


def test_only_as_many_idle_sessions_close_as_tasks_wait() -> None:
    idle = [session(f"idle{number}", 1, IDLE, cores=1.0) for number in range(3)]
    decisions = plan(picture(worker(slots=3, cores=3), *idle, waiting_step(2, 2)))
    assert len(decisions) == 2
    assert all(isinstance(each, Close) for each in decisions)


def test_room_that_is_made_is_kept_for_whom_it_was_made() -> None:
    decisions = plan(picture(worker(slots=1), session("idle", 9, IDLE), waiting_step(1), waiting_step(2)))
    assert decisions == [Close("idle")]


def test_a_wide_job_gets_several_narrow_sessions_closed() -> None:
    idle = [session(f"idle{number}", 9, IDLE, cores=1.0) for number in range(4)]
    decisions = plan(picture(worker(slots=4, cores=4), *idle, waiting_step(1, asks=wants(cores=4))))
    assert sorted(each.session for each in decisions if isinstance(each, Close)) == [f"idle{n}" for n in range(4)]


def test_no_session_is_closed_while_one_elsewhere_makes_enough_room_on_its_way_out() -> None:
    going = session("going", 2, CLOSING, on="second")
    shown = picture(worker("first", slots=1), worker("second", slots=1), session("warm", 2, IDLE, on="first"), going)
    shown.steps[1] = waiting_step(1)
    assert plan(shown) == []
    shown.steps[1] = waiting_step(1, 2)
    assert plan(shown) == [Close("warm")]


def test_no_session_is_closed_where_a_later_one_makes_room_for_all() -> None:
    idle = [session(name, 2, IDLE, on="first", cores=cores) for name, cores in (("small", 1.0), ("large", 3.0))]
    shown = picture(worker("first", slots=2, cores=4), *idle, waiting_step(1, asks=wants(cores=3)))
    assert plan(shown) == [Close("large")]
    shown.workers["second"] = worker("second", slots=4, cores=8)
    wide = session("wide", 2, IDLE, on="second", cores=8.0)
    shown.sessions[wide.id], shown.steps[1] = wide, waiting_step(1, 2, asks=wants(cores=3))
    assert plan(shown) == [Close("wide")]


def test_what_waits_elsewhere_is_promised_where_a_closed_session_made_room_for_it_too() -> None:
    large = session("large", 3, IDLE, on="first", cores=4.0)
    going, small = (session(name, 3, state, on="second", cores=2.0) for name, state in (("g", CLOSING), ("s", IDLE)))
    workers = worker("first", slots=2, cores=4, memory=1000), worker("second", slots=2, cores=4)
    shown = picture(*workers, large, going, small)
    shown.steps[1] = waiting_step(1, 2, asks=wants(cores=2))
    shown.steps[2] = waiting_step(2, asks=wants(cores=2, memory=4000))
    assert plan(shown) == [Close("large")]


def test_a_session_is_not_closed_where_that_makes_too_little_room() -> None:
    busy, idle = session("busy", 8, BUSY, cores=2.0), session("idle", 9, IDLE, cores=2.0)
    assert plan(picture(worker(slots=2, cores=4), busy, idle, waiting_step(1, asks=wants(cores=4)))) == []


def test_a_session_is_not_closed_for_a_step_that_could_never_run_there() -> None:
    never = waiting_step(1, asks=wants(cores=64))
    assert plan(picture(worker(slots=1), session("idle", 9, IDLE), never)) == []


# --- fit ---------------------------------------------------------------------------------------------------------


def test_a_worker_without_what_is_asked_for_says_so() -> None:
    machine = worker(cores=4, memory=8000)
    assert unfit(machine, wants(cores=4, memory=8000)) is None
    assert unfit(machine, wants(cores=16)) == "16 cores wanted, 4 there"
    assert unfit(machine, wants(memory=9000)) == "9000 MiB of memory wanted, 8000 there"
    assert unfit(machine, Requirements({"amount.worker.gpu": 1.0})) == "1 worker.gpu wanted, 0 there"


def test_attributes_are_any_of_or_all_of() -> None:
    machine = Worker("w", 1, 1.0, 1.0, {}, {"attr.x": frozenset({"a", "b"})})
    assert unfit(machine, Requirements({}, {"attr.x": (("a", "z"), ())})) is None
    assert unfit(machine, Requirements({}, {"attr.x": ((), ("a", "b"))})) is None
    assert unfit(machine, Requirements({}, {"attr.x": (("y", "z"), ())})) == "x y or z wanted, a, b there"
    assert unfit(machine, Requirements({}, {"attr.x": ((), ("a", "z"))})) == "x a and z wanted, a, b there"
    assert unfit(machine, Requirements({}, {"attr.y": (("a",), ())})) == "y a wanted, nothing there"


def test_a_step_goes_to_the_worker_that_fits() -> None:
    small, big = worker("small", cores=2), worker("big", cores=16)
    assert opened(plan(picture(small, big, waiting_step(1, asks=wants(cores=8))))) == [("big", 1)]


# --- whatever the picture ----------------------------------------------------------------------------------------

asks = st.builds(wants, st.none() | st.sampled_from([1, 2, 3, 4, 8]), st.none() | st.sampled_from([500, 4000, 8000]))


@st.composite
def pictures(draw: st.DrawFn) -> Picture:
    """Any picture whose sessions fit on their workers."""
    made = Picture()
    for number in range(draw(st.integers(0, 2))):
        made.workers[f"w{number}"] = worker(
            f"w{number}", draw(st.integers(1, 4)), draw(st.sampled_from([1.0, 4.0, 8.0]))
        )
    for number in range(draw(st.integers(1, 4))):
        priority, tasks = draw(st.sampled_from([10, 50])), draw(st.integers(0, 3))
        made.steps[number] = waiting_step(number, tasks, priority=priority, asks=draw(asks))
    for name, machine in made.workers.items():
        for number in range(draw(st.integers(0, machine.slots))):
            step_id, state = draw(st.integers(0, 4)), draw(st.sampled_from(SessionState))
            cores, memory = share(machine, draw(asks))
            one = session(f"{name}-{number}", step_id, state, on=name, cores=cores, memory=memory)
            if fits(made, machine, [one]):
                made.sessions[one.id] = one
    return made


def fits(shown: Picture, machine: Worker, more: list[SessionView]) -> bool:
    there = shown.on_worker(machine.name) + more
    cores, memory = sum(each.cores for each in there), sum(each.memory for each in there)
    return len(there) <= machine.slots and cores <= machine.cores and memory <= machine.memory


def _follow(shown: Picture, decisions: list[Decision]) -> list[SessionView]:
    """Do what was decided; returns the sessions that were opened. Closed ones keep their room until they are gone."""
    new = []
    for number, each in enumerate(decisions):
        if isinstance(each, Close):
            assert shown.sessions[each.session].state is IDLE
            shown.sessions[each.session].state = CLOSING
            continue
        if isinstance(each, Assign):
            one = shown.sessions[each.session]
            assert one.state is IDLE
            assert one.step_id == each.step_id
            one.state = BUSY
        else:
            one = session(f"new{number}", each.step_id, on=each.worker, cores=each.cores, memory=each.memory)
            new.append(one)
        shown.steps[each.step_id].take()
    return new


def _check_plan(shown: Picture) -> None:
    untouched = copy.deepcopy(shown)
    decisions = plan(shown)
    assert shown == untouched, "planning changed the picture"
    assert plan(untouched) == decisions, "the same picture gave another plan"
    new = _follow(shown, decisions)
    for machine in shown.workers.values():
        there = [each for each in new if each.worker == machine.name]
        assert fits(shown, machine, there), f"too much on {machine.name}: {decisions}"
        assert all(unfit(machine, shown.steps[each.step_id].requirements) is None for each in there)
    for each in decisions:
        if isinstance(each, Open):
            assert max(1, int(each.cores)) <= each.threads <= shown.workers[each.worker].cores


def _check_progress(shown: Picture) -> None:
    """Room that a plan makes is used by the next: no session is closed for nothing, none that fits is left out."""
    decisions = plan(shown)
    leaving = {each.id for each in shown.sessions.values() if each.state is CLOSING}
    shown.sessions |= {each.id: each for each in _follow(shown, decisions)}
    closed = {each.session for each in decisions if isinstance(each, Close)}
    if not closed:
        assert plan(shown) == [], f"left out of {decisions}"
        return
    then = _opened_once_gone(shown, leaving | closed)
    assert then > _opened_once_gone(shown, leaving, kept=closed), f"closed in vain: {decisions}"
    if len([step for step in shown.steps.values() if step.ready]) == 1:
        for each in closed:
            without = _opened_once_gone(shown, leaving | closed - {each}, kept={each})
            assert then > without, f"closed {each} in vain: {decisions}"


def _opened_once_gone(shown: Picture, gone: set[str], kept: Set[str] = frozenset()) -> list[int]:
    """How many sessions the plan opens for each step, the first one first, once some are gone and others idle again."""
    later = copy.deepcopy(shown)
    for name in gone:
        del later.sessions[name]
    for name in kept:
        later.sessions[name].state = IDLE
    opened = Counter(each.step_id for each in plan(later) if isinstance(each, Open))
    return [opened[step.step_id] for step in sorted(later.steps.values(), key=lambda step: step.order)]


@given(pictures())
@fixed(120)
def test_a_plan_never_gives_away_more_room_than_there_is(shown: Picture) -> None:
    _check_plan(shown)


@given(pictures())
@fixed(120)
def test_a_plan_leaves_nothing_out_and_closes_nothing_in_vain(shown: Picture) -> None:
    _check_progress(shown)


@pytest.mark.soak
@given(pictures())
@full(120)
def test_a_plan_never_gives_away_more_room_than_there_is_at_full_length(shown: Picture) -> None:
    _check_plan(shown)


@pytest.mark.soak
@given(pictures())
@full(120)
def test_a_plan_leaves_nothing_out_and_closes_nothing_in_vain_at_full_length(shown: Picture) -> None:
    _check_progress(shown)
