"""The built-in RenderServer among others who change its tasks at the worst moment, and results that collide."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import pytest
from sqlalchemy import func, select

from rendermill.doors.cinnamon.renderserver import PLUGINS, results
from rendermill.doors.cinnamon.renderserver import server as module
from rendermill.doors.cinnamon.renderserver.plugins import Drafted, Order
from rendermill.farm.model.errors import UnavailableError
from rendermill.farm.model.records import Output
from rendermill.farm.model.status import JobStatus
from rendermill.renderers.command import draft
from rendermill.store.cinnamon import renders
from rendermill.store.cinnamon.records import Session
from rendermill.store.cinnamon.schema import sessions
from support.cinnamon import CinnamonClient, RenderingStudio, rendering_studio
from support.processes import Bell, Gate


class Held:
    """A plug-in that drafts only once it is let, and what its jobs do."""

    parameters: Mapping[str, str] = {}

    def __init__(self) -> None:
        self.begun, self.let = threading.Event(), threading.Event()
        self.script, self.breaks = "echo a > {output}/a.txt; echo b > {output}/b.txt", False

    def draft(self, order: Order) -> Drafted:
        self.begun.set()
        assert self.let.wait(60)
        if self.breaks:
            raise OSError("broken")
        made = draft(["sh", "-c", self.script], name="held", frames=None, output=Path("/out"))
        return Drafted(made.template, made.parameters, ())


@pytest.fixture
def held() -> Held:
    return Held()


@pytest.fixture
async def studio(tmp_path: Path, held: Held) -> AsyncIterator[RenderingStudio]:
    async with rendering_studio(tmp_path / "farm", plugins={**PLUGINS, "held": held}) as made:
        yield made


@pytest.fixture
async def anna(studio: RenderingStudio) -> CinnamonClient:
    return await studio.connect("anna")


@pytest.fixture
async def admin(studio: RenderingStudio) -> CinnamonClient:
    return await studio.connect(superuser=True)


async def drafting(client: CinnamonClient, held: Held) -> int:
    """A task that has been taken and is being drafted."""
    task = await client.task("held")
    assert await asyncio.to_thread(held.begun.wait, 60)
    return task


async def with_job(studio: RenderingStudio, task: int) -> int:
    """Wait until a task has a job; which."""
    job: int | None = None

    async def known() -> bool:
        nonlocal job
        found = await studio.read(lambda c: renders.render(c, task))
        job = None if found is None else found.job_id
        return job is not None

    await studio.until_true(known)
    assert job is not None
    return job


async def let_go(studio: RenderingStudio, task: int) -> None:
    """Wait until the farm works on a task no more."""

    async def is_gone() -> bool:
        return await studio.read(lambda c: renders.render(c, task)) is None

    await studio.until_true(is_gone)


async def is_locked(client: CinnamonClient, task: int) -> bool:
    return (await client.send("getobject", id=task)).find("object/lockedBy/id") is not None


async def related(client: CinnamonClient, task: int) -> dict[str, bytes]:
    found = await client.send("getrelations", leftid=task)
    ids = [int(each.text or "") for each in found.iterfind("relation/rightId")]
    return {await client.text("getobject", "object/name", id=each): await client.content(each) for each in ids}


# --- while a task is drafted -------------------------------------------------------------------------------------


async def test_a_task_that_gets_another_state_while_it_is_drafted_keeps_it_and_nothing_stays_locked(
    studio: RenderingStudio, anna: CinnamonClient, admin: CinnamonClient, held: Held
) -> None:
    task = await drafting(anna, held)
    await admin.send("unlock", id=task)
    await admin.send("lock", id=task)
    await admin.send("changestate", id=task, state_name="failed")
    await admin.send("unlock", id=task)
    held.let.set()
    await let_go(studio, task)
    assert (await anna.state(task), await is_locked(anna, task)) == ("failed", False)
    assert studio.farm.farm.ask(lambda q: q.jobs()) == []


async def test_a_task_that_cannot_be_drafted_fails_although_somebody_has_locked_it(
    studio: RenderingStudio, anna: CinnamonClient, admin: CinnamonClient, held: Held
) -> None:
    held.breaks = True
    task = await drafting(anna, held)
    await admin.send("unlock", id=task)
    await admin.send("lock", id=task)
    held.let.set()
    await let_go(studio, task)
    assert await anna.state(task) == "failed"
    assert await is_locked(anna, task)
    await admin.send("unlock", id=task)
    assert not await is_locked(anna, task)


async def test_a_task_that_is_deleted_while_it_is_drafted_leaves_no_job(
    studio: RenderingStudio, anna: CinnamonClient, held: Held
) -> None:
    task = await drafting(anna, held)
    await anna.send("deleteallversions", id=task)
    held.let.set()
    other = await anna.task("held")
    assert await studio.until(anna, other, "finished", "failed") == "finished"
    (job,) = studio.farm.farm.ask(lambda q: q.jobs())
    assert job.info["cinnamon"]["object"] == other


# --- while it renders --------------------------------------------------------------------------------------------


async def test_a_superuser_who_unlocks_a_task_has_time_to_lock_it(
    studio: RenderingStudio, anna: CinnamonClient, admin: CinnamonClient, held: Held, tmp_path: Path
) -> None:
    with Gate(tmp_path / "gate") as gate:
        held.script = f"read _ < {gate}"
        held.let.set()
        task = await anna.task("held")
        job = await with_job(studio, task)
        await admin.send("unlock", id=task)
        await studio.server._refresh(task)  # what it does when it hears of that
        await admin.send("lock", id=task)
        await admin.send("changestate", id=task, state_name="failed")
        assert (await studio.farm.ended(job)).status is JobStatus.CANCELED


async def test_the_ticket_and_the_file_of_a_program_end_when_its_task_is_deleted(
    studio: RenderingStudio, anna: CinnamonClient, tmp_path: Path
) -> None:
    with Bell(tmp_path / "bell") as bell, Gate(tmp_path / "gate") as gate:
        await studio.program("tell", "sh", "-c", f'echo "$CINNAMON_TICKET" > {bell}; read _ < {gate}')
        task = await anna.task("tell")
        program = studio.client(await bell.line())
        forked = studio.client(await program.text("forksession", "ticket"))
        await program.send("getobject", id=task)
        await forked.send("getobject", id=task)
        await with_job(studio, task)
        await anna.send("delete", id=task)
        for each in (program, forked):
            assert await each.refused("getfolder", id=1) == "error.session.not_found"
        left = select(func.count()).select_from(sessions).where(sessions.c.task_id.is_not(None))
        assert await studio.read(lambda c: c.scalar(left)) == 0
        assert list((studio.farm.data / "programs").iterdir()) == []


async def test_a_job_whose_task_was_deleted_in_the_moment_of_a_crash_is_cancelled_by_the_next_server(
    tmp_path: Path, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    held.let.set()
    with Gate(tmp_path / "gate") as gate:
        held.script = f"read _ < {gate}"
        async with rendering_studio(tmp_path / "farm", plugins={"held": held}) as before:
            anna = await before.connect("anna")
            task = await anna.task("held")
            job = await with_job(before, task)
            monkeypatch.setattr(before.server, "orphaned", lambda jobs: None)
            await anna.send("delete", id=task)
        async with rendering_studio(tmp_path / "farm", plugins={"held": held}) as after:
            assert (await after.farm.ended(job)).status is JobStatus.CANCELED


async def test_a_ticket_that_ends_while_it_is_looked_up_lives_no_longer(
    studio: RenderingStudio, anna: CinnamonClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    forked = await anna.text("forksession", "ticket")
    keep = studio.sessions._find

    async def find(ticket: str) -> tuple[Session, float]:
        found = await keep(ticket)
        await studio.sessions.disconnect(ticket)
        return found

    monkeypatch.setattr(studio.sessions, "_find", find)
    await studio.sessions.recognise(forked)
    monkeypatch.undo()
    assert await studio.client(forked).refused("getfolder", id=1) == "error.session.not_found"


# --- results -----------------------------------------------------------------------------------------------------


async def test_a_relation_does_not_let_a_task_replace_what_its_owner_may_not_write(
    studio: RenderingStudio, anna: CinnamonClient, admin: CinnamonClient, held: Held
) -> None:
    theirs = await admin.create("a.txt", content=b"theirs", format="txt")
    task = await drafting(anna, held)
    await anna.send("createrelation", name="render_output", leftid=task, rightid=theirs)
    held.let.set()
    assert await studio.until(anna, task, "finished", "failed") == "finished", await anna.messages(task)
    assert await anna.content(theirs) == b"theirs"


async def test_files_whose_names_would_be_the_same_are_all_kept(
    studio: RenderingStudio, anna: CinnamonClient, held: Held
) -> None:
    long = "ü" * 120
    held.script = (
        "cd {output}; mkdir a; echo 1 > a/b.txt; echo 2 > a_b.txt; echo 3 > 2_a_b.txt;"
        f"mkdir {long}; echo 4 > {long}/{long}; echo 5 > {long}/x{long[1:]}; echo 6 > 'a &<b>.txt'"
    )
    held.let.set()
    task = await anna.task("held")
    assert await studio.until(anna, task, "finished", "failed") == "finished", await anna.messages(task)
    made = await related(anna, task)
    assert sorted(made.values()) == [b"1\n", b"2\n", b"3\n", b"4\n", b"5\n", b"6\n"]


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["a/b", "a_b", "a_b_"], ["a_b", "2_a_b", "a_b_"]),
        (["2_a_b", "a/b", "a_b"], ["2_a_b", "a_b", "3_a_b"]),
        (["1" + "x" * 200, "2" + "x" * 200], ["x" * 128, "2_" + "x" * 126]),
    ],
)
def test_each_file_gets_a_name_of_its_own(paths: list[str], names: list[str]) -> None:
    assert results.names(paths) == names


async def test_two_thousand_files_are_all_attached_once(
    studio: RenderingStudio, anna: CinnamonClient, held: Held
) -> None:
    held.script = "cd {output}; for i in $(seq 2000); do echo $i > $i.txt; done"
    held.let.set()
    task = await anna.task("held")
    assert await studio.until(anna, task, "finished", "failed") == "finished", await anna.messages(task)
    found = await anna.send("getobjects", parentid=1)
    names = sorted(each.text or "" for each in found.iterfind("object/name"))
    assert [each for each in names if each.endswith(".txt")] == sorted(f"{number}.txt" for number in range(1, 2001))


def breaking(studio: RenderingStudio, do: Callable[[Output], None]) -> Callable[[Output], str]:
    """What reads results, with something that happens before."""
    read = studio.server._sha256

    def first(output: Output) -> str:
        do(output)
        return read(output)

    return first


async def test_a_result_that_is_gone_fails_the_task(
    studio: RenderingStudio, anna: CinnamonClient, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose(output: Output) -> None:
        (studio.farm.data / "blobs" / output.hash[:2] / output.hash[2:]).unlink(missing_ok=True)

    monkeypatch.setattr(studio.server, "_sha256", breaking(studio, lose))
    held.let.set()
    task = await anna.task("held")
    assert await studio.until(anna, task, "finished", "failed") == "failed"
    assert "it is not in the store" in (await anna.messages(task))[-1]
    assert not await is_locked(anna, task)


async def test_what_went_wrong_at_the_end_of_a_job_is_tried_again(
    studio: RenderingStudio, anna: CinnamonClient, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    errors = [UnavailableError("the disk is full"), OSError("no thread")]

    def stumble(_output: Output) -> None:
        if errors:
            raise errors.pop()

    monkeypatch.setattr(module, "_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(studio.server, "_sha256", breaking(studio, stumble))
    held.let.set()
    task = await anna.task("held")
    assert await studio.until(anna, task, "finished", "failed") == "finished", await anna.messages(task)
    assert errors == []


async def test_of_a_program_that_says_megabytes_the_end_is_told(studio: RenderingStudio, anna: CinnamonClient) -> None:
    await studio.program(
        "chat", "sh", "-c", "head -c 5000000 /dev/zero | tr '\\0' x; echo; echo the end; kill -SEGV $$"
    )
    task = await anna.task("chat")
    assert await studio.until(anna, task, "finished", "failed") == "failed"
    told = await anna.messages(task)
    assert any("the end" in each for each in told)
    assert sum(len(each) for each in told) < 10_000
