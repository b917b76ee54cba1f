"""The speed of a transfer."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rendermill.assets.client.pace import Pace
from support.campaign import fixed

SPEED = 10_000
SAVED = 0.1


class Time:
    """A clock that waiters turn: each wakes at its own time."""

    def __init__(self) -> None:
        self.time = 100.0
        self.waits: list[float] = []
        self._lock = threading.Lock()

    def now(self) -> float:
        return self.time

    def wait(self, seconds: float) -> None:
        with self._lock:
            self.waits.append(seconds)

    def wait_alone(self, seconds: float) -> None:
        self.time += seconds


@given(st.lists(st.tuples(st.integers(1, 5000), st.floats(0, 0.5)), min_size=1, max_size=60))
@fixed(100)
def test_never_more_goes_than_the_speed_allows(turns: list[tuple[int, float]]) -> None:
    clock = Time()
    pace = Pace(SPEED, clock.now, clock.wait_alone)
    gone = 0
    for size, idle in turns:
        pace.take(size)
        gone += size
        assert gone <= (clock.time - 100.0 + SAVED) * SPEED + 1e-3
        clock.time += idle


def test_who_always_sends_goes_at_the_speed() -> None:
    clock = Time()
    pace = Pace(SPEED, clock.now, clock.wait_alone)
    for _ in range(200):
        pace.take(1000)
    assert clock.time - 100.0 == pytest.approx(200 * 1000 / SPEED)


def test_idle_time_is_not_saved_up_for_long() -> None:
    clock = Time()
    pace = Pace(SPEED, clock.now, clock.wait_alone)
    clock.time += 3600
    for _ in range(20):
        pace.take(1000)
    assert clock.time - 3700.0 == pytest.approx(2.0 - SAVED)


def test_threads_share_one_speed_and_wait_one_after_the_other() -> None:
    clock = Time()
    pace = Pace(SPEED, clock.now, clock.wait)
    together = threading.Barrier(4)

    def send() -> None:
        together.wait()
        for _ in range(25):
            pace.take(1000)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(clock.waits) == pytest.approx([(turn + 1) * 1000 / SPEED for turn in range(100)])


def test_without_a_speed_nobody_waits() -> None:
    clock = Time()
    pace = Pace(None, clock.now, clock.wait)
    pace.take(10**12)
    assert clock.waits == []
    assert pace.slice == 256 * 1024


@pytest.mark.parametrize(("speed", "size"), [(10**9, 256 * 1024), (1_000_000, 100_000), (100, 1024)])
def test_pieces_are_about_a_tenth_of_a_second_long(speed: int, size: int) -> None:
    assert Pace(speed).slice == size
