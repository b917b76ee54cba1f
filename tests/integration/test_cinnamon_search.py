"""Searches over the door: every field and every kind of query, pages, rights, and that nothing is found late."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from sqlalchemy import insert

from rendermill.doors.cinnamon.commands import search as commands
from rendermill.doors.cinnamon.query import BAD_QUERY
from rendermill.farm.model.errors import TooLargeError
from rendermill.store.cinnamon import catalogue as changes
from rendermill.store.cinnamon.query import Pattern
from rendermill.store.cinnamon.records import CLASSIC, SEED, Kind, words_of
from rendermill.store.cinnamon.schema import objects
from rendermill.store.cinnamon.search import search_objects
from rendermill.store.cinnamon.seed import DEFAULT_ACL, DEFAULT_TYPE, EVERYONE, OWNER, UNDETERMINED
from rendermill.store.desk import Connection
from support.cinnamon import RENDER_INPUT, REPOSITORY, CinnamonClient, RefusedError, Studio, studio
from support.cinnamon_queries import (
    EVERYTHING,
    FIELDS,
    NUMBERS,
    Asked,
    any_word,
    boolean,
    element,
    regex,
    term,
    wildcard,
)

CLASSIC_REPOSITORY = "old"


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Studio]:
    both = ((REPOSITORY, SEED), (CLASSIC_REPOSITORY, CLASSIC))
    async with studio(tmp_path, repositories=both) as made:
        yield made


async def found(client: CinnamonClient, asked: Asked | str, command: str = "searchobjects", **fields: Any) -> list[int]:
    answer = await client.send(command, query=asked.xml if isinstance(asked, Asked) else asked, **fields)
    return ids_of(
        answer, {"searchobjects": "object/id", "searchfolders": "folder/id", "searchobjectids": "id"}[command]
    )


def ids_of(answer: etree._Element, path: str) -> list[int]:
    return [int(each.text or "") for each in answer.iterfind(path)]


async def state_id(client: CinnamonClient, name: str, lifecycle: str = "_RenderTaskLC") -> str:
    states = await client.send("getlifecycle", name=lifecycle)
    return next(each.findtext("id") or "" for each in states.iter("lifecycleState") if each.findtext("sysName") == name)


async def change(client: CinnamonClient, object_id: int, **values: Any) -> None:
    await client.send("lock", id=object_id)
    for name, value in values.items():
        await client.send("setsysmeta", id=object_id, parameter=name, value=value)
    await client.send("unlock", id=object_id)


# --- render tasks ------------------------------------------------------------------------------------------------


def waiting(state: str, kind: str = "render_task") -> Asked:
    return boolean(("must", term("lifecyclestate", state)), ("must", term("objectTypeName", kind)))


async def test_a_task_is_found_as_soon_as_it_is_there_and_never_once_its_state_has_changed(place: Studio) -> None:
    anna = await place.connect("anna")
    new, rendering = await state_id(anna, "new"), await state_id(anna, "rendering")
    await anna.create("no task")
    for _ in range(3):
        task = await anna.task()
        assert await found(anna, waiting(new)) == [task]
        assert await found(anna, waiting(new.zfill(20))) == [task]
        await anna.send("lock", id=task)
        await anna.send("changestate", id=task, state_name="rendering")
        assert await found(anna, waiting(new)) == []
        assert await found(anna, waiting(rendering)) == [task]
        await anna.send("delete", id=task)
        assert await found(anna, waiting(rendering)) == []


@pytest.mark.parametrize("kind", ["render_task", "_render_task"])
@pytest.mark.parametrize("repository", [REPOSITORY, CLASSIC_REPOSITORY])
async def test_the_type_of_tasks_is_found_by_either_spelling(place: Studio, repository: str, kind: str) -> None:
    anna = await place.connect("anna", repository=repository)
    task = await anna.task()
    await anna.create()
    assert await found(anna, term("objectTypeName", kind)) == [task]
    assert await found(anna, any_word("objectTypeName", f"image {kind.upper()}")) == [task]
    assert await found(anna, wildcard("objectTypeName", f"{kind[:-2]}*")) == [task]


async def test_a_spelling_that_is_another_type_s_name_is_that_type_s(place: Studio) -> None:
    boss = await place.connect("boss", superuser=True)
    await boss.task()
    await boss.send("createobjecttype", name="_render_task", description="")
    own = await boss.create(objtype="_render_task")
    assert await found(boss, term("objectTypeName", "_render_task")) == [own]


# --- answers -----------------------------------------------------------------------------------------------------


async def test_an_answer_has_the_objects_and_then_their_folders(place: Studio) -> None:
    anna = await place.connect("anna")
    path = await anna.send("getfolderbypath", path="/shots/010", autocreate="true")
    root, shots, shot = ids_of(path, "folder/id")
    first, second = await anna.create("one mill", parentid=shot), await anna.create("two mill")
    answer = await anna.send("searchobjects", query=term("name", "mill").xml)
    assert answer.get("total-results") == "2"
    assert [each.tag for each in answer] == ["object", "object", "parentFolders"]
    assert ids_of(answer, "object/id") == [first, second]
    assert ids_of(answer, "parentFolders/folder/id") == [root, shots, shot]
    assert answer.findtext("object/meta") == "-"
    in_folder = await anna.send("searchobjects", query=term("name", "one").xml)
    assert ids_of(in_folder, "parentFolders/folder/id") == [shots, shot]


async def test_an_answer_without_hits_is_whole(place: Studio) -> None:
    answer = await (await place.connect()).raw("searchobjects", query=term("name", "none").xml)
    assert answer.body.endswith(b'<objects total-results="0"><parentFolders/></objects>')


async def test_only_ids_are_given_where_only_ids_are_asked_for(place: Studio) -> None:
    anna = await place.connect("anna")
    made = [await anna.create("mill") for _ in range(3)]
    answer = await anna.send("searchobjectids", query=term("name", "mill").xml)
    assert (answer.tag, answer.get("total-results")) == ("objectIds", "3")
    assert [(each.tag, int(each.text or "")) for each in answer] == [("id", number) for number in made]


async def test_hits_come_in_pages(place: Studio) -> None:
    anna = await place.connect("anna")
    made = [await anna.create("mill") for _ in range(7)]
    asked = term("name", "mill").xml
    for page, there in (("", made[:3]), (-5, made[:3]), (0, made[:3]), (1, made[:3]), (3, made[6:]), (4, [])):
        answer = await anna.send("searchobjects", query=asked, page_size=3, page=page)
        assert ids_of(answer, "object/id") == there
        assert answer.get("total-results") == "7"
    assert await found(anna, asked, page=2) == made


async def test_a_page_that_cannot_be_is_refused(place: Studio) -> None:
    anna = await place.connect("anna")
    for size in ("x", "0", "-1", "1e3", "10001", "9" * 40):
        assert await anna.refused("searchobjects", query=EVERYTHING.xml, page_size=size) == "error.param.max_results"
    assert await anna.refused("searchfolders", query=EVERYTHING.xml, page_size=1, page="x") == "error.param.page"


async def test_nothing_is_left_out_silently(place: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "MAX_HITS", 3)
    anna = await place.connect("anna")
    made = [await anna.create("mill") for _ in range(4)]
    asked = term("name", "mill")
    assert await anna.refused("searchobjects", query=asked.xml) == "error.param.max_results"
    assert await found(anna, asked, "searchobjectids") == made
    assert await found(anna, asked, page_size=3) == made[:3]


async def test_metadata_and_summaries_are_shown_on_demand_to_who_may_read_them(place: Studio) -> None:
    anna, boris = await place.connect("anna"), await place.connect("boris")
    acl = await an_acl(place, anna, {EVERYONE: {"_browse"}, OWNER: {"_browse", "_read_object_custom_metadata"}})
    inside = RENDER_INPUT.format("<renderTaskName>foo</renderTaskName>") + '<metaset type="test"><a/></metaset>'
    made = await anna.create("mill", acl_id=acl, metadata=f"<meta>{inside}</meta>", summary="of wood")
    fields: dict[str, Any] = {
        "query": term("name", "mill").xml,
        "metaset_list": "test, render_output,nothing",
        "include_summary": "true",
    }
    answer = await anna.send("searchobjects", **fields)
    assert ids_of(answer, "object/id") == [made]
    assert [each.get("type") for each in answer.iterfind("object/meta/metaset")] == ["test"]
    assert answer.findtext("object/summary") == "of wood"
    assert (await boris.send("searchobjects", **fields)).findtext("object/meta") == "-"


# --- who sees what -----------------------------------------------------------------------------------------------


async def an_acl(place: Studio, client: CinnamonClient, granted: dict[str, set[str]]) -> int:
    """An ACL with entries by the names of groups."""

    def work(connection: Connection) -> int:
        repository = changes.repository_named(connection, REPOSITORY)
        assert repository is not None
        catalogue = changes.load(connection, repository.id)
        acl = changes.add_term(connection, repository.id, Kind.ACL, f"acl {len(catalogue.terms)}")
        for group, permissions in granted.items():
            group_id = catalogue.id_of(Kind.GROUP, group)
            changes.put_entry(connection, repository.id, acl, group_id, frozenset(permissions))
        return acl

    return await place.write(work)


async def test_searches_find_only_what_the_caller_may_see(place: Studio) -> None:
    anna, boris = await place.connect("anna"), await place.connect("boris")
    boss = await place.connect("boss", superuser=True)
    of_boris = f"_{boris.user_id}_boris"
    granted: Iterable[dict[str, set[str]]] = (
        {},
        {OWNER: {"_browse"}},
        {EVERYONE: {"_browse"}},
        {of_boris: {"_browse"}},
        {EVERYONE: {"_browse_folder", "_lock"}},
        {OWNER: {"_lock"}, of_boris: {"_browse"}},
    )
    nobody, own, everyone, boris_s, other, mixed = [
        await anna.create("mill", acl_id=await an_acl(place, anna, each)) for each in granted
    ]
    asked = boolean(("must", term("name", "mill")), ("mustnot", term("name", "x")))
    for client, seen in (
        (anna, [own, everyone]),
        (boris, [everyone, boris_s, mixed]),
        (boss, [nobody, own, everyone, boris_s, other, mixed]),
    ):
        assert await found(client, asked) == seen
        answer = await client.send("searchobjectids", query=asked.xml)
        assert answer.get("total-results") == str(len(seen))


async def test_folders_are_found_by_who_may_see_folders(place: Studio) -> None:
    anna, boris = await place.connect("anna"), await place.connect("boris")
    acl = await an_acl(place, anna, {OWNER: {"_browse_folder"}, EVERYONE: {"_browse"}})
    made = await anna.send("createfolder", name="Größe 1", parentid=0, aclid=acl, ownerid=anna.user_id)
    (number,) = ids_of(made, "folder/id")
    assert await found(anna, term("name", "größe"), "searchfolders") == [number]
    assert await found(boris, term("name", "größe"), "searchfolders") == []


async def test_other_repositories_are_not_searched(place: Studio) -> None:
    anna, old = await place.connect("anna"), await place.connect("anna", repository=CLASSIC_REPOSITORY)
    made, other = await anna.create("mill"), await old.create("mill")
    for asked in (EVERYTHING, term("folderpath", "/root"), wildcard("name", "*"), term("name", "mill")):
        assert await found(anna, asked) == [made]
        assert await found(old, asked) == [other]
    assert await found(anna, term("root", str(other))) == []


# --- folders -----------------------------------------------------------------------------------------------------


async def test_folders_are_found_by_every_field_of_theirs(place: Studio) -> None:
    anna = await place.connect("anna")
    path = await anna.send("getfolderbypath", path="/Shots/Äpfel 1/b", autocreate="true")
    root, shots, apples, last = ids_of(path, "folder/id")
    shown = path.findall("folder")[-1]
    for asked, there in (
        (term("name", "äpfel"), [apples]),
        (wildcard("name", "?pfel*1"), [apples]),
        (term("parent_id", str(apples)), [last]),
        (term("parent", str(shots).zfill(20)), [apples]),
        (term("folderpath", "/shots/äpfel 1"), [last]),
        (term("folderpath", "/root"), [shots]),
        (regex("folderpath", "/shots.*"), [apples, last]),
        (term("owner", str(anna.user_id)), [shots, apples, last]),
    ):
        mine = boolean(("must", asked), ("must", term("owner", str(anna.user_id))))
        assert await found(anna, mine, "searchfolders") == there
    for field, element_name in (("foldertype", "typeId"), ("folderType", "typeId"), ("acl", "aclId")):
        assert last in await found(anna, term(field, shown.findtext(element_name) or ""), "searchfolders")
    answer = await anna.send("searchfolders", query=term("name", "b").xml)
    assert (answer.tag, [each.tag for each in answer]) == ("folders", ["folder", "parentFolders"])
    assert ids_of(answer, "parentFolders/folder/id") == [shots, apples]
    everything = await found(anna, EVERYTHING, "searchfolders")
    assert everything[0] == root
    assert await found(anna, term("parent_id", str(root)), "searchfolders", page_size=1, page=2) == [shots]


# --- words and signs ---------------------------------------------------------------------------------------------

SIGNS = (
    "100%",
    "a_b",
    "it's",
    'say "mill"',
    "x; drop table--",
    "a' OR '1'='1",
    "\\",
    "*?",
    "[a-z]",
    "%_'\";--",
    "$(a)",
)


async def test_signs_mean_nothing_in_names_and_terms(place: Studio) -> None:
    anna = await place.connect("anna")
    made = {name: await anna.create(name) for name in (*SIGNS, "100x", "axb", "plain")}
    for sign in SIGNS:
        assert await found(anna, term("name", sign.lower())) == [made[sign]]
    assert await found(anna, wildcard("name", "a_*")) == [made["a_b"]]
    assert await found(anna, regex("name", r"\d+%")) == [made["100%"]]


async def test_signs_find_nothing_in_any_field_and_break_nothing(place: Studio) -> None:
    anna = await place.connect("anna")
    await anna.task()
    for name, field, text in itertools.product(("TermQuery", "TermsQuery"), FIELDS, SIGNS):
        asked = element(name, field, text)
        if field in NUMBERS:
            assert await anna.refused("searchobjects", query=asked) == BAD_QUERY
        else:
            assert await found(anna, asked) == []


async def test_phrases_and_words_are_found_in_names(place: Studio) -> None:
    anna = await place.connect("anna")
    one, two = await anna.create("The Old-Mill.blend"), await anna.create("mill, old")
    for text, there in (
        ("old", [one, two]),
        ('"old mill"', [one]),
        ('"Mill OLD"', [two]),
        ("old-mill", [one]),
        ("blend mill", [one, two]),
        ('"the old mill blend"', [one]),
        ("ld", []),
        ("...", []),
    ):
        assert await found(anna, f'<UserQuery fieldName="name">{text}</UserQuery>') == there


async def test_umlauts_are_found_in_every_text(place: Studio) -> None:
    anna = await place.connect("anna")
    path = await anna.send("getfolderbypath", path="/Über/Größe", autocreate="true")
    made = await anna.create("Mühle ÄÖÜ", parentid=ids_of(path, "folder/id")[-1], appname="Öl")
    await change(anna, made, procstate="Fällig")
    for asked in (
        term("name", "mühle"),
        term("name", "mühle äöü"),
        any_word("name", "ÄÖÜ"),
        wildcard("name", "m?hle"),
        regex("name", "m.hle"),
        term("appname", "öl"),
        term("procstate", "fällig"),
        term("folderpath", "/über/größe"),
    ):
        assert await found(anna, asked) == [made]


# --- what cannot be answered -------------------------------------------------------------------------------------


REFUSED = (
    ("<BooleanQuery>", "well-formed"),
    ("<!DOCTYPE a><BooleanQuery/>", "DOCTYPE"),
    ("name:mill", "well-formed"),
    ("<TermQuery>mill</TermQuery>", "the field 'content' is not served"),
    ('<TermQuery fieldName="colour">red</TermQuery>', "the field 'colour' is not served"),
    ('<TermQuery fieldName="acl">mine</TermQuery>', "'mine' is no number"),
    ('<TermQuery fieldName="acl">-1</TermQuery>', "'-1' is no number"),
    ('<TermsQuery fieldName="acl">1 ²</TermsQuery>', "'²' is no number"),
    ('<RangeFilter fieldName="acl" lowerTerm="1" upperTerm="x"/>', "'x' is no number"),
    ('<RegexQuery fieldName="name">(</RegexQuery>', "is no pattern"),
    ('<RegexQuery fieldName="acl">.{900}</RegexQuery>', "too large"),
    ('<UserQuery fieldName="folderpath">mill</UserQuery>', "not made of words"),
    (f'<TermQuery fieldName="name">{"a" * 100_000}</TermQuery>', "characters"),
    (f"<BooleanQuery>{'<Clause><MatchAllDocsQuery/></Clause>' * 500}</BooleanQuery>", "parts"),
)


@pytest.mark.parametrize("command", ["searchobjects", "searchobjectids", "searchfolders"])
async def test_a_query_that_cannot_be_answered_is_refused_and_says_why(place: Studio, command: str) -> None:
    anna = await place.connect("anna")
    assert await anna.refused(command) == await anna.refused(command, query="") == BAD_QUERY
    for query, said in REFUSED:
        with pytest.raises(RefusedError, match=said) as caught:
            await anna.send(command, query=query)
        assert caught.value.code == BAD_QUERY
        assert caught.value.params[0] == "query"


async def test_a_field_that_is_not_served_is_refused_with_those_that_are(place: Studio) -> None:
    anna = await place.connect("anna")
    with pytest.raises(RefusedError) as caught:
        await anna.send("searchobjects", query=term("content", "x").xml)
    served = set(caught.value.params[-1].removeprefix("Served are ").removesuffix(".").split(", "))
    assert {field.lower() for field in FIELDS} < served


async def test_numbers_that_nothing_can_have_find_nothing(place: Studio) -> None:
    anna = await place.connect("anna")
    made = await anna.create()
    for number in ("9223372036854775807", "9223372036854775808", "9" * 60, "0" * 60):
        assert await found(anna, element("TermQuery", "owner", number)) == []
        whole = f'<RangeFilter fieldName="owner" lowerTerm="0" upperTerm="{number}"/>'
        assert await found(anna, whole) == ([made] if number.strip("0") else [])


async def test_a_query_of_as_many_parts_as_may_be_is_answered(place: Studio) -> None:
    anna = await place.connect("anna")
    made = await anna.create("w498")
    asked = boolean(*(("should", term("name", f"w{number}")) for number in range(499)))
    assert await found(anna, asked) == [made]
    without = boolean(("must", EVERYTHING), *(("mustnot", term("name", f"w{number}")) for number in range(498)))
    assert await found(anna, without) == [made]
    deep = EVERYTHING
    for _ in range(20):
        deep = boolean(("must", deep), *(("should", term("name", f"v{number}")) for number in range(10)))
    assert await found(anna, deep) == [made]


async def test_a_search_that_takes_too_long_is_ended_and_the_next_is_answered(place: Studio) -> None:
    def work(connection: Connection) -> list[int]:
        repository = changes.repository_named(connection, REPOSITORY)
        assert repository is not None
        catalogue = changes.load(connection, repository.id)
        fill(connection, catalogue, 2000)
        asked = Pattern("name", "(a|b)*c")
        with pytest.raises(TooLargeError, match="took longer"):
            search_objects(connection, catalogue, asked, lambda name: [], None, seconds=0)
        return search_objects(connection, catalogue, Pattern("name", "m.*7"), lambda name: [], None)

    assert len(await place.write(work)) == 200


def fill(connection: Connection, catalogue: changes.Catalogue, count: int) -> None:
    common = {
        "repository_id": catalogue.repository.id,
        "version": "1",
        "created": "2026-01-01T00:00:00",
        "modified": "2026-01-01T00:00:00",
        "acl_id": catalogue.id_of(Kind.ACL, DEFAULT_ACL),
        "type_id": catalogue.id_of(Kind.OBJECT_TYPE, DEFAULT_TYPE),
        "language_id": catalogue.id_of(Kind.LANGUAGE, UNDETERMINED),
        "parent_id": 1,
        **dict.fromkeys(("owner_id", "creator_id", "modifier_id"), 0),
    }
    names = (f"m{number}" for number in range(count))
    connection.execute(insert(objects), [{**common, "name": name, "words": words_of(name)} for name in names])
