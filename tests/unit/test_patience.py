"""Being told that a command has ended."""

from __future__ import annotations

import threading
from queue import Empty

import pytest
from openjd.sessions import _subprocess

from rendermill.engine.host import patience
from rendermill.engine.host.patience import Filler, PatientQueue, be_patient


def read(queue: PatientQueue, filler: threading.Thread) -> list[str]:
    """As the library's loop reads."""
    lines = []
    while filler.is_alive():
        try:
            lines.append(queue.get(timeout=0.001))
        except Empty:
            continue
    while not queue.empty():
        lines.append(queue.get())
    return lines


def fill(queue: PatientQueue, lines: list[str]) -> None:
    for line in lines:
        queue.put(line)


def test_every_line_arrives_in_order() -> None:
    wanted = [str(number) for number in range(5000)]
    queue = PatientQueue()
    filler = Filler(target=fill, args=(queue, wanted), daemon=True)
    filler.start()
    assert read(queue, filler) == wanted


def test_the_end_wakes_who_waits_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "_INTERVAL", 3600.0)  # else this test hangs
    queue, go = PatientQueue(), threading.Event()
    filler = Filler(target=go.wait, daemon=True)
    filler.start()
    threading.Timer(0.01, go.set).start()
    assert read(queue, filler) == []


def test_it_looks_now_and_then_while_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "_INTERVAL", 0.0)
    queue, go = PatientQueue(), threading.Event()
    filler = Filler(target=go.wait, daemon=True)
    filler.start()
    with pytest.raises(Empty):
        queue.get(timeout=0.001)
    go.set()
    filler.join()


def test_two_commands_at_once_do_not_mix() -> None:
    def command(number: int, told: dict[int, list[str]]) -> None:
        queue = PatientQueue()
        filler = Filler(target=fill, args=(queue, [str(number)] * 1000), daemon=True)
        filler.start()
        told[number] = read(queue, filler)

    told: dict[int, list[str]] = {}
    threads = [threading.Thread(target=command, args=(number, told)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == {number: [str(number)] * 1000 for number in range(8)}


def test_a_library_that_has_changed_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(_subprocess, "Thread")
    with pytest.raises(RuntimeError, match="has changed"):
        be_patient()
