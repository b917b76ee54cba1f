"""The built-in RenderServer over a real farm: tasks taken, followed, ended; locks; restarts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path

import pytest
from lxml import etree

from rendermill.doors.cinnamon.renderserver import PLUGINS, tasks
from rendermill.doors.cinnamon.renderserver.plugins import Drafted, Order
from rendermill.farm.model.identity import Account
from rendermill.farm.model.status import ENDED, JobStatus, TaskStatus
from rendermill.renderers.command import draft
from rendermill.store.cinnamon import renders
from rendermill.store.cinnamon.catalogue import load, repository_named
from rendermill.store.cinnamon.people import person
from rendermill.store.cinnamon.records import Repository
from rendermill.store.desk import Connection
from support.cinnamon import REPOSITORY, CinnamonClient, RenderingStudio, rendering_studio
from support.processes import Gate
from support.rayvision import png


class Counting:
    """A plug-in whose jobs have a task for each frame, which reads a line of a pipe before it writes its file."""

    parameters: Mapping[str, str] = {"frames": "how many", "pipe": "path of a named pipe"}

    def draft(self, order: Order) -> Drafted:
        order.given.only(self.parameters)
        frames, pipe = order.given.number("frames", 1, 1000) or 1, order.given.text("pipe")
        wait = f"read line < '{pipe}';" if pipe else ""
        script = f"{wait} mkdir -p {{output}}/deep && echo {{frame}} > {{output}}/deep/{{frame}}.txt"
        made = draft(["sh", "-c", script], name="count", frames=f"1-{frames}", output=Path("/out"))
        return Drafted(made.template, made.parameters, (), ("a warning",))


ALL = {**PLUGINS, "count": Counting()}


@pytest.fixture
async def studio(tmp_path: Path) -> AsyncIterator[RenderingStudio]:
    async with rendering_studio(tmp_path / "farm", plugins=ALL) as made:
        yield made


@pytest.fixture
async def anna(studio: RenderingStudio) -> CinnamonClient:
    return await studio.connect("anna")


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    with Gate(tmp_path / "gate") as made:
        yield made


async def relations(client: CinnamonClient, object_id: int) -> list[int]:
    found = await client.send("getrelations", leftid=object_id)
    return [int(each.text or "") for each in found.iterfind("relation/rightId")]


async def waiting_on(studio: RenderingStudio, gate: Gate, client: CinnamonClient, frames: int = 1) -> int:
    """A task of the plug-in above that has been taken and waits."""
    task = await client.task("count", inside=f"<frames>{frames}</frames><pipe>{gate.path}</pipe>")
    await studio.until(client, task, "rendering")
    await studio.until_true(lambda: _has_job(studio, task))
    return task


async def _has_job(studio: RenderingStudio, task: int) -> bool:
    found = await studio.read(lambda c: renders.render(c, task))
    return found is not None and found.job_id is not None


async def job_of(studio: RenderingStudio, task: int) -> int:
    found = await studio.read(lambda c: renders.render(c, task))
    assert found is not None and found.job_id is not None
    return found.job_id


# --- results -----------------------------------------------------------------------------------------------------


async def test_one_output_becomes_the_tasks_content(studio: RenderingStudio, anna: CinnamonClient) -> None:
    task = await anna.task("count")
    assert await studio.until(anna, task, "finished", "failed") == "finished", await anna.messages(task)
    assert await anna.content(task) == b"1\n"
    shown = await anna.send("getobject", id=task)
    assert shown.findtext("object/format/name") == "txt"
    assert shown.findtext("object/lockedBy") == "" and shown.find("object/lockedBy/id") is None
    assert await relations(anna, task) == []
    assert await anna.messages(task) == ["info: job 1 renders it", "warning: a warning", "info: finished; 1 file"]


async def test_several_outputs_become_related_objects_beside_the_task(
    studio: RenderingStudio, anna: CinnamonClient
) -> None:
    task = await anna.task("count", inside="<frames>12</frames>")
    assert await studio.until(anna, task, "finished", "failed") == "finished", await anna.messages(task)
    made = await relations(anna, task)
    names = {}
    for each in made:
        shown = await anna.send("getobject", id=each)
        names[shown.findtext("object/name")] = await anna.content(each)
        assert shown.findtext("object/parentId") == "1"
        assert shown.findtext("object/owner/name") == "anna"
    assert names == {f"deep_{frame}.txt": f"{frame}\n".encode() for frame in range(1, 13)}
    assert await anna.content(task) == b"1\n"
    assert "info: finished; 12 files" in await anna.messages(task)


async def test_a_task_that_is_rendered_again_replaces_what_it_made(
    studio: RenderingStudio, anna: CinnamonClient
) -> None:
    task = await anna.task("count", inside="<frames>3</frames>")
    await studio.until(anna, task, "finished")
    before = await relations(anna, task)
    await anna.send("lock", id=task)
    await anna.send("changestate", id=task, state_name="new")
    assert await anna.state(task) == "new"  # nobody takes a task that is locked
    await anna.send("unlock", id=task)

    async def twice() -> bool:
        return sum("finished; 3 files" in each for each in await anna.messages(task)) == 2

    await studio.until_true(twice)
    assert await relations(anna, task) == before


async def test_results_that_the_owner_may_not_create_any_more_fail_the_task(
    studio: RenderingStudio, anna: CinnamonClient, gate: Gate
) -> None:
    admin = await studio.connect(superuser=True)
    acl = await admin.text("createacl", "acl/id", name="none", description="")
    folder = await anna.text("createfolder", "folder/id", name="mine", parentid=0)
    task = await anna.task("count", inside=f"<frames>2</frames><pipe>{gate.path}</pipe>", parentid=folder)
    await studio.until(anna, task, "rendering")
    await admin.send("updatefolder", id=folder, aclid=acl)
    gate.let(2)
    assert await studio.until(admin, task, "finished", "failed") == "failed"
    assert "may not create objects in its folder" in (await admin.messages(task))[-1]


# --- what is refused ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inside", "said"),
    [
        ("", "sourceId: the task names no object to work on"),
        ("<sourceId>999</sourceId>", "sourceId 999: there is no such object"),
        ("<sourceId>{empty}</sourceId>", "the object has no content"),
        ("<sourceId>{hidden}</sourceId>", "anna may not read its content"),
        ("<sourceId>{text}</sourceId><nonsense>1</nonsense>", "nonsense: it is no parameter of this task"),
        ("<sourceId>{text}</sourceId><fps>fast</fps>", "fps: 'fast' is not a number from 0.1 to 1000"),
        ("<sourceId>{text}</sourceId>", "nor a picture with a number in its name"),
    ],
)
async def test_a_task_that_cannot_be_fails_and_says_why(
    studio: RenderingStudio, anna: CinnamonClient, inside: str, said: str
) -> None:
    admin = await studio.connect(superuser=True)
    acl = await admin.text("createacl", "acl/id", name="none", description="")
    objects = {
        "empty": await anna.create("empty"),
        "text": await anna.create("text", content=b"text", format="txt"),
        "hidden": await admin.create("hidden", content=b"secret", acl_id=acl),
    }
    task = await anna.task("encode", inside=inside.format(**objects))
    assert await studio.until(anna, task, "finished", "failed") == "failed"
    messages = await anna.messages(task)
    assert len(messages) == 1 and messages[0].startswith("error: ") and said in messages[0]
    assert (await anna.send("getobject", id=task)).find("object/lockedBy/id") is None


async def test_a_name_that_nobody_serves_stays_new_until_somebody_does(
    studio: RenderingStudio, anna: CinnamonClient
) -> None:
    task = await anna.task("shout")
    other = await anna.task("count")
    await studio.until(anna, other, "finished")  # it was looked at
    assert await anna.state(task) == "new"
    await studio.program("shout", "true")
    assert await studio.until(anna, task, "finished", "failed") == "finished", await anna.messages(task)


async def test_encode_makes_a_movie_of_the_pictures_beside_one(studio: RenderingStudio, anna: CinnamonClient) -> None:
    pictures = [await anna.create(f"shot_{number:03}", content=png(64, 48), format="png") for number in range(1, 5)]
    await anna.create("other_001", content=png(32, 32), format="png")
    task = await anna.task("encode", inside=f"<sourceId>{pictures[2]}</sourceId><fps>12</fps><movie>a.mp4</movie>")
    assert await studio.until(anna, task, "finished", "failed") == "finished", await anna.messages(task)
    assert (await anna.content(task))[4:8] == b"ftyp"
    assert (await anna.send("getobject", id=task)).findtext("object/format/contentType") == "video/mp4"


# --- programs ----------------------------------------------------------------------------------------------------


async def test_a_program_is_told_its_task_and_its_files_are_the_result(
    studio: RenderingStudio, anna: CinnamonClient
) -> None:
    script = 'echo "$1 $2 $CINNAMON_USER $CINNAMON_HOST $#" > "$CINNAMON_OUTPUT/told.txt"; test -n "$CINNAMON_TICKET"'
    await studio.program("tell", "sh", "-c", script, "sh", "__id__", "__repository__", "a b; __user__")
    task = await anna.task("tell")
    assert await studio.until(anna, task, "finished", "failed") == "finished", await anna.messages(task)
    assert (await anna.content(task)).decode().split() == [str(task), REPOSITORY, "anna", "http://x", "3"]


async def test_a_programs_ticket_is_its_owners_and_ends_with_the_task(
    studio: RenderingStudio, anna: CinnamonClient
) -> None:
    script = 'printf %s "$CINNAMON_TICKET" > "$CINNAMON_OUTPUT/ticket.txt"'
    await studio.program("tell", "sh", "-c", script)
    task = await anna.task("tell")
    await studio.until(anna, task, "finished")
    ticket = (await anna.content(task)).decode()
    assert ticket.endswith(f"@{REPOSITORY}")
    assert await studio.client(ticket).refused("getobject", id=task) == "error.session.not_found"
    assert list((studio.farm.data / "programs").iterdir()) == []
    source = studio.farm.store.read(lambda q: q.source(1))
    assert ticket not in str(source)


async def test_a_program_that_fails_leaves_what_it_said(studio: RenderingStudio, anna: CinnamonClient) -> None:
    await studio.program("cry", "sh", "-c", "echo to stdout; echo sorry >&2; exit 3")
    task = await anna.task("cry")
    assert await studio.until(anna, task, "finished", "failed") == "failed"
    told = "\n".join(await anna.messages(task))
    assert "sorry" in told and "3" in told and "error: job 1 failed" in told


async def test_a_program_that_is_not_there_fails_its_task(studio: RenderingStudio, anna: CinnamonClient) -> None:
    await studio.program("gone", "/nowhere/at/all")
    task = await anna.task("gone")
    assert await studio.until(anna, task, "finished", "failed") == "failed"
    assert "/nowhere/at/all cannot be started" in "\n".join(await anna.messages(task))


async def test_a_program_that_takes_too_long_is_ended(
    studio: RenderingStudio, anna: CinnamonClient, gate: Gate
) -> None:
    await studio.program("hang", "sh", "-c", f"read line < {gate}", timeout=0.5)
    task = await anna.task("hang")
    assert await studio.until(anna, task, "finished", "failed") == "failed"


async def lent(studio: RenderingStudio, task: int) -> CinnamonClient:
    """What the program of a task may do."""

    def who(connection: Connection) -> tuple[Repository, Account]:
        repository = repository_named(connection, REPOSITORY)
        found = renders.render(connection, task)
        assert repository is not None and found is not None
        owner = person(connection, found.owner_id)
        assert owner is not None
        return repository, owner

    repository, owner = await studio.read(who)
    ticket = await studio.sessions.lend(repository, owner, task, 1000.0)
    return studio.client(ticket)


async def test_a_program_may_set_the_state_and_the_content_itself(
    studio: RenderingStudio, anna: CinnamonClient, gate: Gate
) -> None:
    await studio.program("own", "sh", "-c", f"read line < {gate}; exit 1")
    task = await anna.task("own")
    await studio.until(anna, task, "rendering")
    await studio.until_true(lambda: _has_job(studio, task))
    program = await lent(studio, task)
    await program.send("lock", id=task)
    await program.send("setcontent", id=task, format="txt", file=("a.txt", b"mine"))
    await program.send("changestate", id=task, state_name="finished")
    await program.send("appendmessage", id=task, message="all well")
    await program.send("unlock", id=task)
    gate.let()
    await studio.until_true(lambda: is_free(anna, task))
    assert await anna.state(task) == "finished"
    assert await anna.content(task) == b"mine"
    assert "info: all well" in await anna.messages(task)


async def test_a_program_that_ends_without_unlocking_leaves_nothing_locked(
    studio: RenderingStudio, anna: CinnamonClient, gate: Gate
) -> None:
    await studio.program("own", "sh", "-c", f"read line < {gate}")
    task = await anna.task("own")
    await studio.until(anna, task, "rendering")
    await studio.until_true(lambda: _has_job(studio, task))
    await (await lent(studio, task)).send("lock", id=task)
    gate.let()
    assert await studio.until(anna, task, "finished", "failed") == "finished", await anna.messages(task)
    assert (await anna.send("getobject", id=task)).find("object/lockedBy/id") is None


def done(studio: RenderingStudio, job: int) -> int:
    return sum(step.counts[TaskStatus.SUCCEEDED] for step in studio.farm.farm.steps(job))


async def test_messages_of_a_client_that_locks_and_of_the_farm_are_all_kept(
    studio: RenderingStudio, anna: CinnamonClient, gate: Gate
) -> None:
    task = await waiting_on(studio, gate, anna, frames=10)
    program = await lent(studio, task)
    await program.send("lock", id=task)
    meta = await program.send("getmeta", id=task)
    job = await job_of(studio, task)
    gate.let(9)
    await studio.farm.until(lambda: done(studio, job) == 9)
    listed = meta.find("metaset[@type='render_output']/messages")
    assert listed is not None
    etree.SubElement(listed, "message", timestamp="2026-01-01T00:00:00", level="info").text = "mine"
    await program.send("setmeta", id=task, metadata=etree.tostring(meta, encoding="unicode"))
    await program.send("unlock", id=task)
    gate.let(1)
    await studio.until(anna, task, "finished")
    told = await anna.messages(task)
    assert "info: mine" in told and "info: 10 of 10 tasks are done" in told


async def is_free(client: CinnamonClient, object_id: int) -> bool:
    """Whether nobody has locked an object."""
    return (await client.send("getobject", id=object_id)).find("object/lockedBy/id") is None


# --- locks and foreign hands ---------------------------------------------------------------------------------------


async def test_nobody_takes_a_task_away_while_it_renders(
    studio: RenderingStudio, anna: CinnamonClient, gate: Gate
) -> None:
    task = await waiting_on(studio, gate, anna)
    shown = await anna.send("getobject", id=task)
    assert shown.findtext("object/lockedBy/name") == "_renderserver"
    assert await anna.refused("lock", id=task) == f"Object {task} is already locked."
    lifecycle = await anna.text("getlifecycle", "lifecycle/id", name="_RenderTaskLC")
    refused = await anna.refused("attachlifecycle", id=task, lifecycle_id=lifecycle)
    assert refused.startswith(f"Object {task} must be locked")
    assert "can only be unlocked by" in await anna.refused("unlock", id=task)
    gate.let()
    await studio.until(anna, task, "finished")


async def test_a_superuser_who_sets_another_state_ends_the_job(
    studio: RenderingStudio, anna: CinnamonClient, gate: Gate
) -> None:
    task = await waiting_on(studio, gate, anna)
    job = await job_of(studio, task)
    admin = await studio.connect(superuser=True)
    await admin.send("unlock", id=task)
    await admin.send("lock", id=task)
    await admin.send("changestate", id=task, state_name="failed")
    assert (await studio.farm.ended(job)).status is JobStatus.CANCELED
    await admin.send("unlock", id=task)
    assert await anna.state(task) == "failed"
    await studio.until_true(lambda: is_free(anna, task))


async def test_a_task_that_is_deleted_takes_its_job_with_it(
    studio: RenderingStudio, anna: CinnamonClient, gate: Gate
) -> None:
    task = await waiting_on(studio, gate, anna)
    job = await job_of(studio, task)
    await anna.send("delete", id=task)
    assert (await studio.farm.ended(job)).status is JobStatus.CANCELED


async def test_a_job_that_is_cancelled_fails_its_task(
    studio: RenderingStudio, anna: CinnamonClient, gate: Gate
) -> None:
    task = await waiting_on(studio, gate, anna)
    await studio.farm.farm.cancel(await job_of(studio, task))
    assert await studio.until(anna, task, "finished", "failed") == "failed"
    assert "was cancelled" in (await anna.messages(task))[-1]


async def test_the_job_is_the_owners(studio: RenderingStudio, anna: CinnamonClient, gate: Gate) -> None:
    task = await waiting_on(studio, gate, anna)
    job = studio.farm.farm.job(await job_of(studio, task))
    assert job.owner == "anna"
    assert job.info == {"cinnamon": {"repository": REPOSITORY, "object": task}}
    gate.let()
    await studio.until(anna, task, "finished")


# --- restarts ------------------------------------------------------------------------------------------------------


async def test_a_job_that_lives_goes_on_after_a_restart_and_its_task_stays_rendering(
    tmp_path: Path, gate: Gate
) -> None:
    async with rendering_studio(tmp_path / "farm", plugins=ALL) as before:
        anna = await before.connect("anna")
        task = await waiting_on(before, gate, anna)
        job = await job_of(before, task)
    async with rendering_studio(tmp_path / "farm", plugins=ALL) as after:
        anna = await after.connect("anna")
        assert await anna.state(task) == "rendering"
        gate.let(3)
        assert await after.until(anna, task, "finished", "failed") == "finished"
        assert after.farm.farm.job(job).status in ENDED
        assert len(after.farm.farm.ask(lambda q: q.jobs())) == 1
        assert sum("finished" in each for each in await anna.messages(task)) == 1


async def test_a_task_that_was_taken_and_has_no_job_waits_again_after_a_restart(tmp_path: Path) -> None:
    async with rendering_studio(tmp_path / "farm", plugins={}) as before:
        anna = await before.connect("anna")
        task = await anna.task("count")

        def take(connection: Connection) -> None:
            repository = repository_named(connection, REPOSITORY)
            assert repository is not None
            unit = tasks.Unit(connection, load(connection, repository.id), 0.0)
            assert tasks.begin(unit, {"count"}) is not None

        await before.write(take)
        assert await anna.state(task) == "rendering"
    async with rendering_studio(tmp_path / "farm", plugins={}) as between:
        anna = await between.connect("anna")
        assert await anna.state(task) == "new"
        assert (await anna.send("getobject", id=task)).find("object/lockedBy/id") is None
    async with rendering_studio(tmp_path / "farm", plugins=ALL) as after:
        anna = await after.connect("anna")
        assert await after.until(anna, task, "finished", "failed") == "finished"


async def test_the_classic_profile_renders_by_its_own_names(tmp_path: Path) -> None:
    async with rendering_studio(tmp_path / "farm", plugins=ALL, profile="classic") as studio:
        anna = await studio.connect("anna")
        task = await anna.task("count")
        assert await studio.until(anna, task, "finishedRenderTask", "failedRenderTask") == "finishedRenderTask"


async def test_a_plug_in_that_breaks_fails_its_task_and_no_other(studio: RenderingStudio, anna: CinnamonClient) -> None:
    bad = await anna.task("count", inside="<frames>0</frames>")
    good = await anna.task("count")
    assert await studio.until(anna, good, "finished", "failed") == "finished"
    assert await studio.until(anna, bad, "finished", "failed") == "failed"
    assert "frames: '0' is not a whole number from 1 to 1000" in (await anna.messages(bad))[0]


async def test_a_server_that_is_told_of_a_task_in_the_moment_it_stops_stops(
    studio: RenderingStudio, anna: CinnamonClient
) -> None:
    await studio.until(anna, await anna.task("count"), "finished")
    for _ in range(3):
        studio.server.touched(frozenset())
        async with asyncio.timeout(60):
            await studio.server.stop()
        await studio.server.start()
