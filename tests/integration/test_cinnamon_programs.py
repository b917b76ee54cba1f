"""Programs of a RenderServer: started, watched, ended with all that they have started."""

from __future__ import annotations

import asyncio
import logging
import threading
from pathlib import Path

import pytest

from rendermill.farm.model.errors import StoppedError
from rendermill.sdk.renderserver import programs as programs_module
from rendermill.sdk.renderserver.programs import Programs, end_marked
from support.processes import Bell, Gate, gone

MARK = "0f3a"


def run(*command: str, mark: str = MARK, timeout: float | None = None) -> str:
    return Programs().run(command, {"WORD": "told"}, mark, label="task 1", timeout=timeout, beat=lambda: None)


def shell(text: str, mark: str = MARK, timeout: float | None = None) -> str:
    return run("/bin/sh", "-c", text, mark=mark, timeout=timeout)


def test_exit_status_0_is_no_failure_whatever_it_says() -> None:
    assert shell("echo bad >&2") == ""


def test_how_it_ended_is_told_with_the_end_of_stderr() -> None:
    assert shell("echo bad >&2; exit 7") == "the program ended with exit status 7\nbad"
    assert shell("printf '\\033[1mbad' >&2; exit 7").endswith("\n\N{REPLACEMENT CHARACTER}[1mbad")
    assert shell("kill -SEGV $$") == "the program ended with signal 11"


def test_of_much_on_stderr_the_end_is_kept() -> None:
    why = shell("head -c 3000000 /dev/zero | tr '\\0' x >&2; echo; echo the end >&2; exit 1")
    assert len(why) < 4000
    assert why.endswith("xthe end")


def test_what_it_says_is_logged_line_by_line(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        shell("echo one; echo $WORD")
    assert [record.getMessage() for record in caplog.records] == ["task 1: one", "task 1: told"]


@pytest.mark.parametrize("command", [("/no/such/thing",), ("/etc/passwd",), ("/bin/echo", "a\0b")])
def test_what_cannot_be_started_is_a_failure(command: tuple[str, ...]) -> None:
    assert run(*command).startswith(f"{command[0]} cannot be started: ")


async def test_what_it_leaves_running_is_ended(tmp_path: Path) -> None:
    with Bell(tmp_path / "bell") as bell, Gate(tmp_path / "gate") as gate:
        left = f"echo $$ > {bell}; exec sleep 600"
        text = f"sh -c '{left}' & setsid sh -c '{left}' & echo $$ > {bell}; read _ < {gate}"
        running = asyncio.create_task(asyncio.to_thread(shell, text))
        pids = await bell.pids(3)
        gate.let()
        assert await running == ""
        await gone(*pids)


async def test_a_program_that_does_not_want_to_end_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs_module, "_GRACE", 0.05)
    with Bell(tmp_path / "bell") as bell:
        why = shell(f"trap '' TERM; echo $$ > {bell}; while :; do sleep 600; done", timeout=2.0)
        assert why == "it took longer than its timeout of 2 s"
        await gone(*await bell.pids(1))


def test_who_watches_is_called_while_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs_module, "_BEAT", 0.001)
    with Gate(tmp_path / "gate") as gate:
        beats: list[int] = []

        def beat() -> None:
            beats.append(1)
            if len(beats) == 3:
                gate.let()

        command = ("/bin/sh", "-c", f"read _ < {gate}")
        assert Programs().run(command, {}, MARK, label="task 1", timeout=None, beat=beat) == ""
    assert len(beats) >= 3


async def test_a_stop_ends_what_runs_and_nothing_is_started_any_more(tmp_path: Path) -> None:
    programs, raised = Programs(), []
    with Bell(tmp_path / "bell") as bell:

        def work() -> None:
            try:
                command = ("/bin/sh", "-c", f"echo $$ > {bell}; sleep 600")
                programs.run(command, {}, MARK, label="task 1", timeout=None, beat=lambda: None)
            except StoppedError as error:
                raised.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        pids = await bell.pids(1)
        programs.stop()
        thread.join()
        await gone(*pids)
    assert len(raised) == 1
    with pytest.raises(StoppedError):
        programs.run(("/bin/true",), {}, MARK, label="task 2", timeout=None, beat=lambda: None)


async def test_only_what_bears_the_mark_is_ended(tmp_path: Path) -> None:
    with Bell(tmp_path / "bell") as bell, Gate(tmp_path / "gate") as gate:
        found: list[str] = []
        text = f"echo $$ > {bell}; read _ < {gate}"
        other = threading.Thread(target=lambda: found.append(shell(text, mark="other")))
        other.start()
        await bell.pids(1)
        marked = threading.Thread(target=lambda: found.append(shell(text, mark="marked")))
        marked.start()
        pids = await bell.pids(1)
        end_marked("marked")
        await gone(*pids)
        marked.join()
        gate.let()
        other.join()
    assert found == ["the program ended with signal 9", ""]
