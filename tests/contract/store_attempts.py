"""Attempts, what they publish, and the event log."""

from __future__ import annotations

import pytest

from contract.store_words import NOW, TS, add, emit, first_task, held, move, publish, steps_of, write
from rendermill.farm.model.records import AttemptKey, Event, Output, TaskKey
from rendermill.farm.model.status import AttemptStatus, Turn
from rendermill.farm.ports.store import NewStep, Store, Transaction


class Attempts:
    """Attempts, their leases and what they publish."""

    def test_an_attempt_is_written_down_and_closed_once(self, store: Store) -> None:
        job_id = add(store)
        key = held(store, job_id, first_task(store, job_id), "s7")
        write(store, lambda tx: tx.close_attempt(key, AttemptStatus.RUNNING, "", NOW + 1))
        write(store, lambda tx: tx.close_attempt(key, AttemptStatus.FAILED, "it broke", NOW + 2))
        write(store, lambda tx: tx.close_attempt(key, AttemptStatus.SUCCEEDED, "too late", NOW + 3))
        (attempt,) = store.read(lambda q: q.attempts(key.task))
        assert (attempt.key, attempt.job_id, attempt.session, attempt.worker) == (key, job_id, "s7", "w1")
        assert (attempt.status, attempt.message) == (AttemptStatus.FAILED, "it broke")
        assert (attempt.started, attempt.finished) == (NOW, NOW + 2)

    def test_attempts_come_oldest_first(self, store: Store) -> None:
        job_id = add(store)
        key = first_task(store, job_id)
        for session in ("s1", "s2"):
            attempt = held(store, job_id, key, session)
            move(store, attempt, TS.ASSIGNED, TS.READY)
        assert [attempt.session for attempt in store.read(lambda q: q.attempts(key))] == ["s1", "s2"]

    def test_active_attempts_are_those_that_were_not_closed(self, store: Store) -> None:
        one, two = add(store), add(store)
        first = held(store, one, first_task(store, one))
        second = held(store, two, first_task(store, two))
        assert {each.key for each in store.read(lambda q: q.active_attempts())} == {first, second}
        assert [each.key for each in store.read(lambda q: q.active_attempts(two))] == [second]
        write(store, lambda tx: tx.close_attempt(second, AttemptStatus.LOST, "", NOW))
        assert store.read(lambda q: q.active_attempts(two)) == []

    def test_leases_end_unless_their_session_renews_them(self, store: Store) -> None:
        job_id = add(store)
        step_id = steps_of(store, job_id)[0].id
        quiet = held(store, job_id, TaskKey(step_id, 0), "quiet", lease=10)
        alive = held(store, job_id, TaskKey(step_id, 1), "alive", lease=10)
        write(store, lambda tx: tx.renew(["alive", "unknown"], 20))

        def ended(before: float) -> set[AttemptKey]:
            return {each.key for each in store.read(lambda q: q.active_attempts(lease_before=before))}

        assert ended(10) == set()
        assert ended(10.5) == {quiet}
        assert ended(20.5) == {quiet, alive}

    def test_a_closed_attempt_has_no_lease_to_end(self, store: Store) -> None:
        job_id = add(store)
        key = held(store, job_id, first_task(store, job_id), lease=10)
        write(store, lambda tx: tx.close_attempt(key, AttemptStatus.SUCCEEDED, "", NOW))
        assert store.read(lambda q: q.active_attempts(lease_before=99)) == []

    def test_outputs_come_by_path_with_their_step_and_task(self, store: Store) -> None:
        job_id = add(store, NewStep("a", (), Turn.ANY, 2), NewStep("b", (), Turn.ANY, 1))
        first, second = steps_of(store, job_id)
        files = Output("f_2.png", "ab" * 32, 2), Output("deep/é 1.png", "cd" * 32, 2**40)
        publish(store, AttemptKey(first.id, 1, 1), *files)
        publish(store, AttemptKey(second.id, 0, 3), Output("m.mp4", "ef" * 32, 0))
        assert store.read(lambda q: q.outputs(job_id)) == [
            Output("deep/é 1.png", "cd" * 32, 2**40, "a", 1),
            Output("f_2.png", "ab" * 32, 2, "a", 1),
            Output("m.mp4", "ef" * 32, 0, "b", 0),
        ]
        only = store.read(lambda q: q.outputs(job_id, steps=[second.id]))
        assert [output.path for output in only] == ["m.mp4"]
        assert store.read(lambda q: q.outputs(job_id, steps=[])) == []

    def test_the_latest_to_publish_a_path_wins_in_its_own_job(self, store: Store) -> None:
        one, two = add(store), add(store)
        for job_id in (one, two):
            publish(store, AttemptKey(*first_task(store, job_id), 1), Output("f.png", "ab" * 32, 1))
        again = AttemptKey(first_task(store, one).step_id, 2, 1)
        publish(store, again, Output("f.png", "cd" * 32, 9))
        assert [(o.hash[:2], o.index) for o in store.read(lambda q: q.outputs(one))] == [("cd", 2)]
        assert [(o.hash[:2], o.index) for o in store.read(lambda q: q.outputs(two))] == [("ab", 0)]

    def test_what_other_tasks_published_under_a_path_is_told(self, store: Store) -> None:
        one, two = add(store), add(store)
        first = AttemptKey(*first_task(store, one), 1)
        publish(store, first, Output("f.png", "ab" * 32, 1), Output("g.png", "ab" * 32, 1))
        other, stranger = AttemptKey(first.step_id, 2, 1), AttemptKey(*first_task(store, two), 1)

        def asked(key: AttemptKey, *paths: str) -> list[str]:
            return write(store, lambda tx: tx.published_by_others(key, paths))

        assert asked(other, "g.png", "f.png", "h.png") == ["f.png", "g.png"]
        assert asked(AttemptKey(first.step_id, first.index, 2), "f.png") == []
        assert asked(stranger, "f.png") == []
        assert asked(other) == []

    def test_an_output_is_found_by_its_path_in_its_job(self, store: Store) -> None:
        one, two = add(store), add(store)
        publish(store, AttemptKey(*first_task(store, one), 1), Output("deep/f.png", "ab" * 32, 7))
        found = store.read(lambda q: q.output(one, "deep/f.png"))
        assert found == store.read(lambda q: q.outputs(one))[0]
        assert store.read(lambda q: q.output(one, "f.png")) is None
        assert store.read(lambda q: q.output(two, "deep/f.png")) is None

    def test_publishing_nothing_changes_nothing(self, store: Store) -> None:
        job_id = add(store)
        publish(store, AttemptKey(*first_task(store, job_id), 1))
        assert store.read(lambda q: q.outputs(job_id)) == []


class Events:
    """The event log, and who hears of it."""

    def test_an_event_comes_back_as_it_was_written(self, store: Store) -> None:
        job_id = add(store)
        data = {"count": 3, "reason": "é"}
        write(
            store,
            lambda tx: tx.emit(
                "task", job_id, now=NOW, step_id=5, index=0, attempt=2, source=TS.READY, target=TS.ASSIGNED, data=data
            ),
        )
        (event,) = store.read(lambda q: q.events(0))
        assert event == Event(event.seq, NOW, "task", job_id, 5, 0, 2, "ready", "assigned", data)

    def test_events_are_numbered_upwards_and_asked_for_from_a_number_on(self, store: Store) -> None:
        one, two = add(store), add(store)
        emit(store, one, "a", "b")
        emit(store, two, "c")
        emit(store, one, "d")
        events = store.read(lambda q: q.events(0))
        assert [event.target for event in events] == ["a", "b", "c", "d"]
        assert [event.seq for event in events] == sorted({event.seq for event in events})
        later = store.read(lambda q: q.events(events[1].seq))
        assert [event.target for event in later] == ["c", "d"]
        assert [event.target for event in store.read(lambda q: q.events(0, job_id=one))] == ["a", "b", "d"]
        assert [event.target for event in store.read(lambda q: q.events(0, limit=3))] == ["a", "b", "c"]

    def test_listeners_hear_of_what_was_committed_and_in_order(self, store: Store) -> None:
        heard: list[Event] = []
        store.listen(heard.extend)
        job_id = add(store)
        emit(store, job_id, *(f"e{number}" for number in range(20)))
        emit(store, job_id, "last")
        assert heard == store.read(lambda q: q.events(0))
        assert len(heard) == 21

    def test_a_listener_sees_in_the_store_what_it_hears_of(self, store: Store) -> None:
        seen: list[int] = []
        store.listen(lambda events: seen.extend(len(store.read(lambda q: q.events(0))) for _ in events))
        emit(store, add(store), "a")
        assert seen == [1]

    def test_the_caller_hears_after_the_listeners(self, store: Store) -> None:
        heard: list[str] = []
        store.listen(lambda events: heard.extend(event.target for event in events))
        emit(store, add(store), "a")
        assert heard == ["a"], "the unit's future was done before its listeners had heard"

    def test_what_was_undone_is_not_heard_of(self, store: Store) -> None:
        heard: list[Event] = []
        store.listen(heard.extend)
        job_id = add(store)

        def breaks(tx: Transaction) -> None:
            tx.emit("job", job_id, now=NOW, target="a")
            raise ValueError("no")

        with pytest.raises(ValueError, match="no"):
            write(store, breaks)
        assert heard == []
        assert store.read(lambda q: q.events(0)) == []
