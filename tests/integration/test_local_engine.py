"""The local engine by itself: spare sessions, folders of commands, what an earlier server left."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

from rendermill.assets.blobs import BlobStore
from rendermill.engine.host.logs import log_path
from rendermill.engine.local.engine import LocalEngine, LocalSettings
from rendermill.engine.processes import MARK
from rendermill.farm.model.records import AttemptKey
from rendermill.farm.ports.engine import EngineEvent, SessionClosed, SessionOrder, TaskEnded, TaskOrder, TaskStarted
from support.processes import PATIENCE, STRAYS, Bell, Keepers, gone, strays
from support.templates import shell, template

E = TypeVar("E", bound=EngineEvent)


class Running:
    """A started engine and what it told."""

    def __init__(self, engine: LocalEngine, data: Path) -> None:
        self.engine, self.data = engine, data
        self.events: list[EngineEvent] = []
        self._told = asyncio.Event()
        self.on_start: Callable[[TaskStarted], None] = lambda _event: None

    def hear(self, event: EngineEvent) -> None:
        if isinstance(event, TaskStarted):
            self.on_start(event)
        self.events.append(event)
        self._told.set()

    async def told(self, kind: type[E], session: str) -> E:
        async with asyncio.timeout(PATIENCE):
            while True:
                for event in self.events:
                    if isinstance(event, kind) and event.session == session:
                        return event
                self._told.clear()
                await self._told.wait()

    def open(self, script: str, session: str = "s", **options: Any) -> None:
        made = template(shell(script))
        order = SessionOrder(
            session, "local", 1, 1, "run", made, {}, (), (), 1.0, 0.0, 1, **{"start_timeout": 60.0} | options
        )
        self.engine.open(order, TaskOrder(AttemptKey(1, 0, 1), 1, None))

    async def run(self, script: str, session: str = "s") -> str:
        """Run a task in a session of its own; its log."""
        self.open(script, session)
        ended = await self.told(TaskEnded, session)
        assert ended.error == "", self.log()
        self.engine.close(session)
        await self.told(SessionClosed, session)
        return self.log()

    def log(self) -> str:
        return log_path(self.data / "logs", 1, AttemptKey(1, 0, 1)).read_text()


@asynccontextmanager
async def engine(data: Path, **settings: Any) -> AsyncIterator[Running]:
    data.mkdir(exist_ok=True)
    BlobStore(data / "blobs")
    given: dict[str, Any] = {name: data / name for name in ("sessions", "blobs", "logs")}
    given |= {"log_file": data / "engine.log", "mark": f"test-{data}", "slots": 2, "cpus": (), "memory": 1024.0}
    running = Running(LocalEngine(LocalSettings(**(given | settings))), data)
    try:
        await running.engine.start(running.hear)
        yield running
    finally:
        await running.engine.stop()


def sh(script: str) -> tuple[str, ...]:
    return ("/bin/sh", "-c", script)


async def test_the_folders_of_commands_come_first_on_the_path(tmp_path: Path) -> None:
    (tmp_path / "commands").mkdir()
    command = tmp_path / "commands/true"
    command.write_text("#!/bin/sh\necho ours\n")
    command.chmod(0o755)
    async with engine(tmp_path / "farm", path=(str(tmp_path / "commands"),)) as running:
        assert "\nours\n" in await running.run("env true; echo PATH=$PATH")
        assert f"\nPATH={tmp_path}/commands:/usr/local/bin:/usr/bin:/bin\n" in running.log()


async def test_a_spare_session_is_prepared_used_ended_and_replaced(tmp_path: Path) -> None:
    with Bell(tmp_path / "bell") as bell:
        prepare = sh(f"mkdir $RENDERMILL_SPARE; echo made > $RENDERMILL_SPARE/it; setsid sh -c '{ring(bell)}' &")
        async with engine(tmp_path / "farm", spare=prepare, wants_spare=lambda _: True) as running:
            first = int(await bell.line())
            assert "\nmade\nalive\n" in await running.run(f"cat $RENDERMILL_SPARE/it; kill -0 {first} && echo alive")
            await gone(first)
            second = int(await bell.line())
            assert "\nmade\n" in await running.run("cat $RENDERMILL_SPARE/it", "t")
            await gone(second)
            third = int(await bell.line())
        await gone(third)
        assert list((tmp_path / "farm").glob("sessions/*")) == []


def ring(bell: Bell) -> str:
    return f"echo $$ > {bell}; exec sleep 600 >/dev/null 2>&1"


async def test_a_spare_that_an_order_cannot_use_makes_room(tmp_path: Path) -> None:
    with Bell(tmp_path / "bell") as bell:
        async with engine(tmp_path / "farm", spare=sh(f"{strays(bell)}; {ring(bell)}")) as running:
            pids = await bell.pids(STRAYS + 1)
            running.open("sleep 600")
            await gone(*pids)


async def test_a_spare_that_was_killed_is_not_missed(tmp_path: Path) -> None:
    with Bell(tmp_path / "bell") as bell:
        async with engine(tmp_path / "farm", spare=sh(ring(bell)), wants_spare=lambda _: True) as running:
            spare = int(await bell.line())
            keepers = Keepers.of(spare)
            os.kill(keepers.host, signal.SIGKILL)
            await gone(spare, keepers.reaper)
            assert "\nhello\n" in await running.run("echo hello")


async def test_a_spare_whose_command_fails_is_a_session_all_the_same(tmp_path: Path) -> None:
    with Bell(tmp_path / "bell") as bell:
        prepare = sh(f"echo x > {bell}; exit 3")
        async with engine(tmp_path / "farm", spare=prepare, wants_spare=lambda _: True) as running:
            await bell.line()
            assert "\nhello\n" in await running.run("echo hello")


async def test_a_spare_that_never_gets_ready_is_ended_when_its_time_is_over(tmp_path: Path) -> None:
    with Bell(tmp_path / "bell") as bell:
        async with engine(tmp_path / "farm", spare=sh(ring(bell)), wants_spare=lambda _: True) as running:
            spare = int(await bell.line())
            running.open("true", start_timeout=0.5)
            closed = await running.told(SessionClosed, "s")
            assert (closed.reason, closed.opened) == ("it did not start within 0.5 seconds", False)
            await gone(spare)


async def test_work_goes_on_after_the_fork_server_died_with_a_spare(tmp_path: Path) -> None:
    with Bell(tmp_path / "bell") as bell:
        async with engine(tmp_path / "farm", spare=sh(ring(bell)), wants_spare=lambda _: False) as running:
            spare = int(await bell.line())
            os.kill(Keepers.of(spare).fork_server, signal.SIGKILL)
            await gone(spare)
            assert "\nhello\n" in await running.run("echo hello")


async def test_what_an_earlier_server_left_is_ended_and_others_processes_are_not(tmp_path: Path) -> None:
    data = tmp_path / "farm"
    with started({MARK: f"test-{data}"}) as ours, started({MARK: f"test-{data}-2"}) as others:
        async with engine(data) as running:
            await gone(ours.pid)
            assert others.poll() is None
            await running.run("true")
            assert others.poll() is None


@contextmanager
def started(environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["/bin/sleep", "600"], env=environment, start_new_session=True) as process:
        try:
            yield process
        finally:
            process.kill()


async def test_a_session_whose_folder_cannot_be_made_is_closed_with_the_reason(tmp_path: Path) -> None:
    async with engine(tmp_path / "farm") as running:
        (tmp_path / "farm/sessions").rename(tmp_path / "away")
        running.open("true")
        closed = await running.told(SessionClosed, "s")
        assert not closed.opened
        assert "sessions" in closed.reason


async def test_a_task_cancelled_at_the_moment_it_starts_is_ended(tmp_path: Path) -> None:
    async with engine(tmp_path / "farm") as running:
        running.on_start = lambda event: running.engine.cancel(event.session, event.key)
        for number in range(20):
            running.open("exec sleep 600", f"s{number}")
            assert (await running.told(TaskEnded, f"s{number}")).error == "canceled"
            assert (await running.told(SessionClosed, f"s{number}")).opened


async def test_a_task_cancelled_before_its_session_opened_never_runs(tmp_path: Path) -> None:
    async with engine(tmp_path / "farm") as running:
        for number in range(5):
            running.open(f"touch {tmp_path}/ran", f"s{number}")
            running.engine.cancel(f"s{number}", AttemptKey(1, 0, 1))
            await running.told(SessionClosed, f"s{number}")
    assert not (tmp_path / "ran").exists()


@contextmanager
def no_fork_server(patch: pytest.MonkeyPatch, work: Path) -> Iterator[Bell]:
    """Python cannot be started; the bell rings at each try."""
    broken = work / "python"
    with Bell(work / "broken") as tried, patch.context() as patched:
        broken.write_text(f"#!/bin/sh\necho x > {tried}\n")
        broken.chmod(0o755)
        patched.setattr(sys, "executable", str(broken))
        patched.setattr("rendermill.engine.local.engine._RETRY_SECONDS", (0.0,))
        yield tried


async def without_fork_server(running: Running, bell: Bell, tried: Bell) -> None:
    running.open(ring(bell), "first")
    os.kill(Keepers.of(int(await bell.line())).fork_server, signal.SIGKILL)
    await running.told(SessionClosed, "first")
    await tried.line()


async def test_a_fork_server_that_does_not_start_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Bell(tmp_path / "bell") as bell:
        async with engine(tmp_path / "farm") as running:
            with no_fork_server(monkeypatch, tmp_path) as tried:
                await without_fork_server(running, bell, tried)
                running.open("echo hello")
                await tried.line()
            assert (await running.told(TaskEnded, "s")).error == ""
            assert "\nhello\n" in running.log()


@pytest.mark.parametrize("how", ["cancel", "close", "kill"])
async def test_what_is_ended_while_there_is_no_fork_server_never_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    with Bell(tmp_path / "bell") as bell:
        async with engine(tmp_path / "farm") as running:
            with no_fork_server(monkeypatch, tmp_path) as tried:
                await without_fork_server(running, bell, tried)
                running.open(f"touch {tmp_path}/ran")
                end = {
                    "cancel": lambda: running.engine.cancel("s", AttemptKey(1, 0, 1)),
                    "close": lambda: running.engine.close("s"),
                    "kill": lambda: running.engine.kill("s", "so it was wanted"),
                }
                end[how]()
                closed = await running.told(SessionClosed, "s")
                assert closed.reason == ("so it was wanted" if how == "kill" else "it was ended before it started")
            await running.run("true", "t")
    assert not (tmp_path / "ran").exists()


async def test_a_task_ends_though_something_it_left_keeps_its_output_open(tmp_path: Path) -> None:
    with Bell(tmp_path / "bell") as bell:
        async with engine(tmp_path / "farm") as running:
            assert "\nhello\n" in await running.run(f"setsid sh -c 'echo $$ > {bell}; exec sleep 600' & echo hello")
            await gone(int(await bell.line()))
