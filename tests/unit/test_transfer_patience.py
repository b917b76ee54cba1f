"""Going on after the server went away."""

from __future__ import annotations

import threading

import pytest

from rendermill.assets.client.patience import Patience
from rendermill.farm.model.errors import BadInputError, StoppedError, UnreachableError


class Call:
    """Something that fails a number of times."""

    def __init__(self, failures: int, error: Exception | None = None) -> None:
        self.tries, self.reached, self._failures = 0, 0, failures
        self._error = error or UnreachableError("nobody answers")

    def __call__(self) -> int:
        self.tries += 1
        if self.tries <= self._failures:
            raise self._error
        return self.tries


def test_it_goes_on_when_the_server_is_back_and_waits_longer_each_time() -> None:
    waits: list[float] = []
    assert Patience(wait=waits.append).call(Call(6)) == 7
    assert waits == [0.0, 0.5, 1.0, 2.0, 4.0, 8.0]


def test_after_about_a_minute_it_gives_up() -> None:
    waits: list[float] = []
    call = Call(1000)
    with pytest.raises(UnreachableError):
        Patience(wait=waits.append).call(call)
    assert 50 <= sum(waits) <= 70
    assert call.tries == len(waits) + 1


def test_each_call_has_its_own_minute() -> None:
    waits: list[float] = []
    patience = Patience(wait=waits.append)
    for _ in range(3):
        assert patience.call(Call(10)) == 11
    assert len(waits) == 30


def test_who_gets_further_each_time_has_a_new_minute() -> None:
    call = Call(100)
    assert Patience(wait=lambda _: None).call(call, lambda: call.tries) == 101


def test_who_only_gets_as_far_as_before_does_not() -> None:
    call = Call(100)
    with pytest.raises(UnreachableError):
        Patience(wait=lambda _: None).call(call, lambda: call.tries % 2)
    assert call.tries < 20


def test_what_the_server_refuses_is_not_tried_again() -> None:
    call = Call(5, BadInputError("no"))
    with pytest.raises(BadInputError):
        Patience().call(call)
    assert call.tries == 1


def test_nothing_is_begun_once_it_was_stopped() -> None:
    stop, call = threading.Event(), Call(0)
    stop.set()
    for patience in (Patience(stop), Patience()):
        patience.end()
        with pytest.raises(StoppedError):
            patience.call(call)
    with pytest.raises(StoppedError):
        Patience(stop).check()
    assert call.tries == 0


@pytest.mark.parametrize("from_outside", [True, False])
def test_who_waits_is_woken_by_a_stop(from_outside: bool) -> None:
    stop, waiting = threading.Event(), threading.Event()
    patience = Patience(stop)
    raised: list[BaseException] = []

    def wait() -> None:
        waiting.set()
        try:
            patience.wait(3600)  # else this test hangs
        except StoppedError as error:
            raised.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    waiting.wait()
    stop.set() if from_outside else patience.end()
    thread.join()
    assert len(raised) == 1


def test_a_server_that_takes_calls_and_does_not_answer_is_given_up_after_three() -> None:
    now, calls = [0.0], list[float]()

    def unanswered() -> None:
        calls.append(now[0])
        now[0] += 60.0  # what a read may take
        raise UnreachableError("no answer")

    with pytest.raises(UnreachableError):
        Patience(wait=lambda _: None, clock=lambda: now[0]).call(unanswered)
    assert calls == [0.0, 60.0, 120.0]
