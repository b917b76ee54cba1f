"""Cases of render tasks: how they are made, what they look like, who works on them."""

from __future__ import annotations

import asyncio
import re

import pytest

from contract.cinnamon_words import ALL_OF_OBJECTS, Stage, acl, folder, fresh, locked
from rendermill.store.cinnamon.seed import Names
from support.cinnamon import CinnamonClient, RefusedError

_INPUT = '<metaset type="render_input"><renderTaskName>foo</renderTaskName><test>grüße 名前</test></metaset>'
_DECLARED = '<?xml version="1.0" encoding="UTF-8"?>'
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


async def _count(client: CinnamonClient, parent: int) -> int:
    return len(await client.send("getobjects", parentid=parent, versions="all"))


class Tasks:
    """``startrendertask``, and the objects that it makes."""

    @pytest.mark.parametrize(
        "metadata",
        [_INPUT, _DECLARED + _INPUT, f"<meta>{_INPUT}</meta>", f"{_DECLARED}\n<meta>note<x>{_INPUT}</x></meta>"],
    )
    async def test_metadata_is_kept_whether_it_is_bare_or_wrapped(self, stage: Stage, metadata: str) -> None:
        anna = await stage.connect()
        answer = await anna.send("startrendertask", name="shot", parentid=0, metadata=metadata)
        assert answer.tag == "startRenderTask"
        assert [each.tag for each in answer] == ["taskObjectId", "success"]
        assert answer.findtext("success") == "success.startRenderTask"
        task = answer.findtext("taskObjectId")
        meta = await anna.send("getmeta", id=task)
        assert meta.xpath("/meta/metaset[@type='render_input']/test/text()") == ["grüße 名前"]
        assert meta.xpath("/meta/metaset[@type='render_input']/renderTaskName/text()") == ["foo"]
        assert meta.xpath("count(/meta/metaset[@type='render_output'][@status='empty'])") == 1
        assert meta.xpath("count(/meta/*)") == 2
        assert await anna.text("getsysmeta", id=task, parameter="objtype") == stage.name(Names.OBJECT_TYPE)

    async def test_a_task_begins_in_the_default_state_by_the_names_of_its_repository(self, stage: Stage) -> None:
        anna = await stage.connect()
        task = await anna.task()
        assert await anna.state(task) == stage.name(Names.NEW)
        shown = await anna.send("getobject", id=task)
        assert shown.findtext("object/objectType/sysName") == stage.name(Names.OBJECT_TYPE)
        own = await anna.send("getlifecycle", name=stage.name(Names.LIFECYCLE))
        assert shown.findtext("object/lifeCycleState") == own.findtext("lifecycle/defaultState/lifecycleState/id")
        names = [each.text for each in own.iterfind("lifecycle/states/lifecycleState/sysName")]
        assert names == [stage.name(each) for each in Names.STATES]

    async def test_either_spelling_of_a_name_is_understood(self, stage: Stage) -> None:
        anna = await stage.connect()
        task = await locked(anna, await anna.task())
        found = await anna.text("getlifecycle", "lifecycle/sysName", name=stage.other_name(Names.LIFECYCLE))
        assert found == stage.name(Names.LIFECYCLE)
        for names in (Names.RENDERING, Names.FAILED, Names.NEW, Names.FINISHED):
            await anna.send("changestate", id=task, state_name=stage.other_name(names))
            assert await anna.state(task) == stage.name(names)

    async def test_a_new_task_is_its_own_root_and_its_callers(self, stage: Stage) -> None:
        admin, anna = await stage.connect(superuser=True), await stage.connect()
        given = await acl(admin, {"_everyone": ALL_OF_OBJECTS})
        place = await folder(admin, aclid=given)
        task = await anna.task(parentid=place)
        shown = (await anna.send("getobject", id=task)).find("object")
        assert shown is not None
        expected = {"rootId": str(task), "version": "1", "latestHead": "true", "latestBranch": "true"}
        expected |= {"aclId": str(given), "parentId": str(place), "procstate": stage.name(Names.NEW)}
        assert {name: shown.findtext(name) for name in expected} == expected
        empty = ("lockedBy", "format", "contentsize", "predecessorId")
        assert [(len(shown.find(name)), shown.findtext(name)) for name in empty] == [(0, "")] * 4  # type: ignore[arg-type]
        assert {shown.findtext(f"{each}/id") for each in ("owner", "creator", "modifier")} == {str(anna.user_id)}
        assert shown.findtext("language/isoCode") == "und"
        for name in ("created", "modified"):
            assert _DATE.fullmatch(shown.findtext(name) or "")

    @pytest.mark.parametrize(
        ("given", "name"),
        [
            (None, "RenderTask"),
            ("", "RenderTask"),
            ("  \t", "RenderTask"),
            ("  Übung 7  ", "Übung 7"),
            ("x" * 128, "x" * 128),
        ],
    )
    async def test_a_task_is_named_as_asked_without_blanks_around(
        self, stage: Stage, given: str | None, name: str
    ) -> None:
        anna = await stage.connect()
        assert await anna.text("getobject", "object/name", id=await anna.task(name=given)) == name

    async def test_metadata_that_is_no_xml_is_refused_and_nothing_is_made(self, stage: Stage) -> None:
        anna = await stage.connect()
        place = await folder(anna)
        answer = await anna.raw("startrendertask", parentid=place, metadata="<meta><broken></meta>")
        assert answer.status == 200
        assert b"<message>error.param.metadata</message>" in answer.body
        assert await _count(anna, place) == 0

    @pytest.mark.parametrize("metadata", [None, "", " ", "<meta/>", _INPUT.replace("foo", " "), "<renderTaskName/>"])
    async def test_metadata_that_names_no_task_is_refused(self, stage: Stage, metadata: str | None) -> None:
        anna = await stage.connect()
        refused = await anna.refused("startrendertask", parentid=0, metadata=metadata)
        assert refused == "error.param.metadata"

    async def test_of_several_metasets_of_a_type_the_last_counts_and_its_output_is_empty(self, stage: Stage) -> None:
        anna = await stage.connect()
        first = _INPUT.replace("foo", "bar")
        output = '<metaset type="render_output"><forged/></metaset>'
        metadata = f'<meta>{first}{output}<metaset type="test"><a/></metaset>{_INPUT}</meta>'
        task = await anna.text("startrendertask", "taskObjectId", parentid=0, metadata=metadata)
        meta = await anna.send("getmeta", id=task)
        assert sorted(each.get("type") or "" for each in meta) == ["render_input", "render_output", "test"]
        assert meta.xpath("//renderTaskName/text()") == ["foo"]
        assert meta.find(".//forged") is None

    async def test_a_folder_that_is_not_there_takes_no_task(self, stage: Stage) -> None:
        anna = await stage.connect()
        for parent in (None, "", 10**9):
            refused = await anna.refused("startrendertask", parentid=parent, metadata=_INPUT)
            assert refused == "error.parent_folder.not_found"
        assert await anna.refused("startrendertask", parentid="x", metadata=_INPUT) == "error.param.parent_id"

    async def test_a_folder_takes_no_task_of_who_may_not_make_objects_in_it(self, stage: Stage) -> None:
        admin, anna = await stage.connect(superuser=True), await stage.connect()
        place = await folder(admin, aclid=await acl(admin, {"_everyone": ("_browse", "_browse_folder")}))
        refused = await anna.refused("startrendertask", parentid=place, metadata=_INPUT)
        assert refused == "error.missing.permission._create_inside_folder"
        assert await _count(admin, place) == 0
        assert await admin.task(parentid=place) > 0, "superusers may everything"


class Workers:
    """Two programs and one queue."""

    async def test_of_two_workers_one_gets_the_task(self, stage: Stage) -> None:
        anna = await stage.connect()
        workers = [await stage.connect(superuser=True) for _ in range(2)]
        for _ in range(3):
            task = await anna.task(fresh("nobody serves"))
            got = await asyncio.gather(*(self._take(stage, each, task) for each in workers))
            assert sorted(got) == [False, True]
            assert await anna.state(task) == stage.name(Names.RENDERING)

    async def _take(self, stage: Stage, worker: CinnamonClient, task: int) -> bool:
        """As RenderServers do: lock, look again, change the state, unlock."""
        try:
            await worker.send("lock", id=task)
        except RefusedError:
            return False
        try:
            if await worker.state(task) != stage.name(Names.NEW):
                return False
            await worker.send("changestate", id=task, state_name=stage.name(Names.RENDERING))
            return True
        finally:
            await worker.send("unlock", id=task)

    async def test_workers_of_one_account_are_kept_apart_by_the_state_that_they_expect(self, stage: Stage) -> None:
        worker = await stage.connect()
        task = await locked(worker, await worker.task(fresh("nobody serves")))
        new = await worker.text("getobject", "object/lifeCycleState", id=task)
        taking = [
            worker.raw("changestate", id=task, state_name=stage.name(Names.RENDERING), expected_state_id=new)
            for _ in range(4)
        ]
        answers = [answer.body for answer in await asyncio.gather(*taking)]
        assert sum(b"<success>success.change_lifecycle</success>" in each for each in answers) == 1
        assert sum(b"<code>error.wrong.state</code>" in each for each in answers) == 3

    async def test_a_worker_that_starts_again_puts_back_what_it_had_begun(self, stage: Stage) -> None:
        worker = await stage.connect()
        task = await locked(worker, await worker.task(fresh("nobody serves")))
        await worker.send("changestate", id=task, state_name=stage.name(Names.RENDERING))
        lifecycle = await worker.text("getlifecycle", "lifecycle/id", name=stage.name(Names.LIFECYCLE))
        await worker.send("attachlifecycle", id=task, lifecycle_id=lifecycle)
        assert await worker.state(task) == stage.name(Names.NEW)

    async def test_a_plug_in_that_fails_says_so_in_the_tasks_messages(self, stage: Stage) -> None:
        worker = await stage.connect()
        task = await locked(worker, await worker.task(fresh("nobody serves")))
        await worker.send("changestate", id=task, state_name=stage.name(Names.RENDERING))
        await worker.send("appendmessage", id=task, message="no light in <here> & there", level="error")
        await worker.send("changestate", id=task, state_name=stage.name(Names.FAILED))
        await worker.send("unlock", id=task)
        assert await worker.messages(task) == ["error: no light in <here> & there"]
        assert await worker.state(task) == stage.name(Names.FAILED)
