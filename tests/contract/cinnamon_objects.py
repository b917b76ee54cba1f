"""Cases of objects: rights, locks, contents, metadata, searches."""

from __future__ import annotations

from typing import Any

import pytest

from contract.cinnamon_words import ALL_OF_OBJECTS, Stage, acl, folder, fresh, group_of, locked
from rendermill.store.cinnamon.seed import Names
from support.cinnamon import CinnamonClient

_MISSING = "error.missing.permission.{}"
_UNKNOWN = 10**9


class Rights:
    """ACLs, and what they hide."""

    async def test_groups_that_stand_for_everyone_and_the_owner_grant_what_they_say(self, stage: Stage) -> None:
        admin, anna, bert = [await stage.connect(superuser=each == 0) for each in range(3)]
        own = ("_browse", "_create_inside_folder", "_browse_folder")
        given = await acl(admin, {"_everyone": own, "_owner": ("_lock", "_read_object_content")})
        made = await anna.create(parentid=await folder(admin, aclid=given), content=b"x")
        assert await bert.text("getobject", "object/id", id=made) == str(made)
        assert await bert.refused("lock", id=made) == _MISSING.format("_lock")
        assert await bert.refused("getcontent", id=made) == _MISSING.format("_read_object_content")
        assert await anna.content(made) == b"x"
        await anna.send("lock", id=made)
        assert await anna.refused("setcontent", id=made) == _MISSING.format("_write_object_content")

    async def test_a_group_grants_to_who_is_in_it_and_in_the_groups_below(self, stage: Stage) -> None:
        admin, anna, bert = [await stage.connect(superuser=each == 0) for each in range(3)]
        above = await admin.text("creategroup", "groupid", name=fresh("group"), description="")
        below = await admin.text("creategroup", "groupid", name=fresh("group"), description="", parentid=above)
        await admin.send("addusertogroup", user_id=anna.user_id, group_id=below)
        made = await admin.create(acl_id=await acl(admin, {above: ("_browse",)}))
        assert await anna.text("getobject", "object/id", id=made) == str(made)
        assert await bert.refused("getobject", id=made) == _MISSING.format("_browse")

    async def test_what_may_not_be_seen_is_in_no_list_and_no_search(self, stage: Stage) -> None:
        admin, anna = await stage.connect(superuser=True), await stage.connect()
        place = await folder(admin)
        name = fresh("hidden").replace("-", "")
        made = await admin.create(name, parentid=place, acl_id=await acl(admin, {await group_of(admin): ()}))
        query = f'<TermQuery fieldName="name">{name}</TermQuery>'
        for client, seen in ((admin, [str(made)]), (anna, [])):
            listed = await client.send("getobjects", parentid=place)
            found = await client.send("searchobjects", query=query)
            by_id = await client.send("getobjectsbyid", ids=f"<ids><id>{made}</id></ids>")
            for each in (listed, found, by_id):
                assert [one.text for one in each.iterfind("object/id")] == seen
            assert found.get("total-results") == str(len(seen))
        assert await anna.refused("getobject", id=made) == _MISSING.format("_browse")

    async def test_only_superusers_set_a_repository_up(self, stage: Stage) -> None:
        anna = await stage.connect()
        for command in ("createlifecycle", "createobjecttype", "createacl", "creategroup", "createformat"):
            assert await anna.refused(command, name=fresh("x"), description="") == "error.must_be_admin"


class Locks:
    """Who holds an object."""

    async def test_a_lock_keeps_others_out_until_its_owner_or_a_superuser_lets_go(self, stage: Stage) -> None:
        admin, anna, bert = [await stage.connect(superuser=each == 0) for each in range(3)]
        made = await anna.create(acl_id=await acl(admin, {"_everyone": ALL_OF_OBJECTS}))
        for _ in range(2):
            assert await anna.text("lock", id=made) == "success.object.lock"
        assert await bert.refused("lock", id=made) == f"Object {made} is already locked."
        assert "can only be unlocked by" in await bert.refused("unlock", id=made)
        assert await admin.text("unlock", id=made) == "success.object.unlock"
        assert await anna.refused("unlock", id=made) == "error.object.not.locked"
        assert await bert.text("lock", id=made) == "success.object.lock"
        assert await bert.text("getsysmeta", id=made, parameter="locked") == str(bert.user_id)
        for command in ("lock", "unlock"):
            assert await anna.refused(command, id=_UNKNOWN) == "error.object.not.found"

    @pytest.mark.parametrize(
        ("command", "fields"),
        [
            ("setcontent", {}),
            ("setmeta", {"metadata": "<meta/>"}),
            ("setmetaset", {"class_name": "OSD", "type_name": "test", "content": "<a/>"}),
            ("setsysmeta", {"parameter": "name", "value": "other"}),
            ("changestate", {"state_name": "new"}),
            ("attachlifecycle", {"lifecycle_id": "1"}),
            ("detachlifecycle", {}),
        ],
    )
    async def test_nothing_is_written_without_the_lock(
        self, stage: Stage, command: str, fields: dict[str, str]
    ) -> None:
        admin, anna = await stage.connect(superuser=True), await stage.connect()
        task = await anna.task()
        before = await anna.raw("getobject", id=task), await anna.raw("getmeta", id=task)
        assert (await anna.refused(command, id=task, **fields)).startswith(f"Object {task} must be locked")
        await admin.send("lock", id=task)
        assert (await anna.refused(command, id=task, **fields)).startswith(f"Object {task} must be locked")
        await admin.send("unlock", id=task)
        assert (await anna.raw("getobject", id=task), await anna.raw("getmeta", id=task)) == before


class Contents:
    """Bytes."""

    @pytest.mark.parametrize("content", [b"\r\n--x\0\xff" * 50_000, b"x", b""], ids=["much", "a byte", "nothing"])
    async def test_a_content_comes_back_byte_for_byte(self, stage: Stage, content: bytes) -> None:
        anna = await stage.connect()
        made = await locked(anna, await anna.create())
        assert await anna.refused("getcontent", id=made) == "error.content.not.found"
        sent = await anna.text("setcontent", id=made, format="zip", file=("frühling.zip", content))
        assert sent == "success.set.content"
        answer = await anna.raw("getcontent", id=made)
        assert answer.body == content
        assert answer.headers["content-length"] == str(len(content))
        assert answer.headers["content-type"] == "application/zip"
        shown = await anna.send("getobject", id=made)
        assert shown.findtext("object/contentsize") == str(len(content))
        await anna.send("setcontent", id=made)
        assert await anna.refused("getcontent", id=made) == "error.content.not.found", "no file takes it away"

    async def test_a_content_is_refused_by_its_reason(self, stage: Stage) -> None:
        admin, anna = await stage.connect(superuser=True), await stage.connect()
        made = await locked(anna, await anna.create())
        assert await anna.refused("setcontent", id=_UNKNOWN, file=("a", b"x")) == "error.object.not.found"
        refused = await anna.refused("setcontent", id=made, format="no such", file=("a", b"x"))
        assert refused == "error.format.not_found"
        theirs = await admin.create(acl_id=await acl(admin, {"_everyone": ("_browse", "_lock")}))
        await anna.send("lock", id=theirs)
        refused = await anna.refused("setcontent", id=theirs, file=("a", b"x"))
        assert refused == _MISSING.format("_write_object_content")
        assert await anna.refused("getcontent", id=made) == "error.content.not.found"


class Metadata:
    """Metasets."""

    async def test_setting_metadata_replaces_all_of_it(self, stage: Stage) -> None:
        anna = await stage.connect()
        made = await locked(anna, await anna.create())
        one, other = '<metaset type="test"><a>1</a></metaset>', '<metaset type="log"><b/></metaset>'
        await anna.send("setmeta", id=made, metadata=f"<meta>{one}{other}</meta>")
        assert await self._types(anna, made) == ["log", "test"]
        await anna.send("setmeta", id=made, metadata=f"<meta>{one.replace('1', '2')}</meta>")
        assert await self._types(anna, made) == ["test"]
        await anna.send("setmetaset", id=made, class_name="OSD", type_name="test", content="<x><a>3</a></x>")
        assert (await anna.send("getmeta", id=made)).xpath("//metaset[@type='test']/a/text()") == ["3"]
        refused = await anna.refused("setmeta", id=made, metadata='<metaset type="no such"/>')
        assert refused == "error.unknown.metasetType"
        assert await self._types(anna, made) == ["test"]
        await anna.send("setmeta", id=made, metadata="")
        assert await self._types(anna, made) == []

    async def _types(self, client: CinnamonClient, object_id: int) -> list[str]:
        return sorted(each.get("type") or "" for each in await client.send("getmeta", id=object_id))

    async def test_metadata_without_metasets_comes_back_as_it_was(self, stage: Stage) -> None:
        anna = await stage.connect()
        made = await locked(anna, await anna.create())
        answer = await anna.send("setmeta", id=made, metadata="<xml><p>foo!</p></xml>")
        assert (answer.tag, answer.findtext("success")) == ("cinnamon", "success.set.metadata")
        assert (await anna.raw("getmeta", id=made)).body.endswith(b"\n<xml><p>foo!</p></xml>")
        assert await anna.refused("setmeta", id=made, metadata="<error>forged</error>") == "error.param.metadata"

    async def test_umlauts_survive_in_names_paths_and_metadata(self, stage: Stage) -> None:
        anna = await stage.connect()
        name = fresh("Größe ß 名")
        place = await folder(anna, name=name)
        path = await anna.send("getfolderbypath", path=f"/{name}")
        assert path.findtext("folder[last()]/id") == str(place)
        made = await anna.create("Schaltjahr 🎬", parentid=place)
        assert await anna.text("getobject", "object/name", id=made) == "Schaltjahr 🎬"


class Searches:
    """What is found."""

    async def test_tasks_are_found_by_state_and_type_as_soon_as_they_are_there(self, stage: Stage) -> None:
        anna = await stage.connect()
        name = fresh("nobody").replace("-", "")
        tasks = [await anna.task(name=f"{name} {each}") for each in range(3)]
        states = await anna.send("getlifecycle", name=stage.name(Names.LIFECYCLE))
        new = states.findtext("lifecycle/defaultState/lifecycleState/id") or ""
        query = (
            '<BooleanQuery><Clause occurs="must"><TermQuery fieldName="lifecyclestate">{}</TermQuery></Clause>'
            f'<Clause occurs="must"><TermQuery fieldName="name">{name}</TermQuery></Clause><Clause occurs="must">'
            f'<TermQuery fieldName="objectTypeName">{stage.name(Names.OBJECT_TYPE)}</TermQuery></Clause></BooleanQuery>'
        ).format(new.zfill(20))
        assert await self._found(anna, query=query) == tasks
        await locked(anna, tasks[1])
        await anna.send("changestate", id=tasks[1], state_name=stage.name(Names.RENDERING))
        assert await self._found(anna, query=query) == [tasks[0], tasks[2]], "none that is no longer new"
        page = await anna.send("searchobjects", query=query, page_size=1, page=2)
        assert [each.text for each in page.iterfind("object/id")] == [str(tasks[2])]
        assert page.get("total-results") == "2"
        either = (
            f'<BooleanQuery><Clause occurs="should"><TermQuery fieldName="name">{name}</TermQuery></Clause>'
            '<Clause occurs="should"><TermQuery fieldName="name">nosuchname</TermQuery></Clause></BooleanQuery>'
        )
        assert await self._found(anna, query=either) == tasks
        assert await anna.refused("searchobjects", query="<Nonsense") == "error.parsing.lucene.query"

    async def _found(self, client: CinnamonClient, **fields: Any) -> list[int]:
        found = await client.send("searchobjects", **fields)
        return sorted(int(each.text or "") for each in found.iterfind("object/id"))
