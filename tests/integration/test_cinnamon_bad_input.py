"""Bad input for the Cinnamon door: refused with the code that says why, and nothing of it is kept."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from rendermill.doors.cinnamon.context import MAX_DEPTH
from rendermill.doors.cinnamon.registry import COMMANDS
from rendermill.store.cinnamon.catalogue import touch
from rendermill.store.cinnamon.records import Kind
from rendermill.store.cinnamon.schema import lifecycles, terms
from rendermill.store.desk import Connection
from support.asgi import Answer, request
from support.cinnamon import PATH, REPOSITORY, CinnamonClient, Studio, studio
from support.cinnamon_calls import IDS, SPECS, UNSERVED_SPECS, World, code_of, everything, world

_OTHER = "other"
_UNKNOWN = "987654321"
_INPUT = '<metaset type="render_input"><renderTaskName>foo</renderTaskName>{}</metaset>'
_MALFORMED = "error.parsing.request"
_TOO_LONG = 10_000


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Studio]:
    profiles = ((REPOSITORY, "seed"), (_OTHER, "seed"))
    async with studio(tmp_path / "farm", repositories=profiles) as made:
        yield made


@pytest.fixture
async def anna(here: Studio) -> CinnamonClient:
    return await here.connect("anna")


@pytest.fixture
async def own(here: Studio) -> World:
    return await world(here, REPOSITORY)


def test_every_command_has_its_row_here() -> None:
    assert SPECS.keys() | UNSERVED_SPECS.keys() == COMMANDS.keys()


# --- the order of checks -------------------------------------------------------------------------------------------


async def _break(here: Studio, *changes: Any) -> None:
    """Change a repository as nobody can by commands."""

    def work(connection: Connection) -> None:
        for each in changes:
            connection.execute(each)
        touch(connection, 1)

    await here.write(work)


async def test_of_several_faults_the_first_is_told_and_nothing_is_kept(here: Studio, own: World) -> None:
    anna = await here.connect("anna")
    closed = await own.admin.text("createfolder", "folder/id", name="closed", parentid=0, aclid=own.values["acl"])
    fields: dict[str, Any] = {"preid": "x", "objtype_id": "x", "objtype": "no such", "format_id": "x"}
    fields |= {"acl_id": "x", "language_id": "x", "parentid": None, "metadata": "<broken", "ticket": ""}
    own_lifecycle = lifecycles.c.name == "_RenderTaskLC"
    default = int(await anna.text("getlifecycle", "lifecycle/defaultState/lifecycleState/id", name="_RenderTaskLC"))
    render_type = (terms.c.kind == Kind.OBJECT_TYPE) & (terms.c.name == "render_task")
    bad_type = f'<meta>{_INPUT.format("")}<metaset type="no such"/></meta>'
    lost, found = "error.session.not_found", update(lifecycles).where(own_lifecycle)
    steps: list[tuple[dict[str, Any], Any, str]] = [
        ({}, None, lost),
        ({"ticket": "short"}, None, lost),
        ({"ticket": f"{'0' * 36}@elsewhere"}, None, lost),
        ({"ticket": anna.ticket.replace(f"@{REPOSITORY}", f"@{_OTHER}")}, None, lost),
        ({"ticket": anna.ticket}, None, "error.param.pre_id"),
        ({"preid": _UNKNOWN}, None, "error.predecessor.not_found"),
        ({"preid": None}, None, "error.param.objtype_id"),
        ({"objtype_id": None}, None, "error.param.objtype"),
        ({"objtype": None}, None, "error.param.format_id"),
        ({"format_id": None}, None, "error.param.acl_id"),
        ({"acl_id": None}, None, "error.param.language_id"),
        ({"language_id": None}, None, "error.parent_folder.not_found"),
        ({"parentid": _UNKNOWN}, None, "error.parent_folder.not_found"),
        ({"parentid": "x"}, None, "error.param.parent_id"),
        ({"parentid": closed}, None, "error.missing.permission._create_inside_folder"),
        ({"parentid": "0"}, update(lifecycles).where(own_lifecycle).values(name="away"), "error.param.metadata"),
        ({"metadata": "<meta/>"}, None, "error.param.metadata"),
        ({"metadata": bad_type}, None, "_RenderTaskLC lifecycle was not found."),
        ({}, [update(lifecycles).where(lifecycles.c.name == "away").values(name="_RenderTaskLC"),
              found.values(default_state_id=None), update(terms).where(render_type).values(name="away")],
         "_RenderTaskLC lifecycle is not configured correctly. Needs defaultState."),
        ({}, found.values(default_state_id=default), "Could not find required render task object type."),
        ({}, update(terms).where(terms.c.name == "away").values(name="render_task"), "error.unknown.metasetType"),
    ]  # fmt: skip
    for changed, broken, code in steps:
        fields |= changed
        if broken is not None:
            await _break(here, *(broken if isinstance(broken, list) else [broken]))
        before = await everything(here)
        answer = await here.client().raw("startrendertask", **fields)
        assert code_of(answer) == code
        assert await everything(here) == before
    await anna.send("startrendertask", **{**fields, "metadata": _INPUT.format("")})


async def test_an_expired_ticket_starts_nothing(here: Studio, anna: CinnamonClient) -> None:
    before = await everything(here)
    here.clock.turn(100_000)
    assert await anna.refused("startrendertask", parentid=0, metadata=_INPUT) == "error.session.expired"
    assert await everything(here) == before


# --- XML -------------------------------------------------------------------------------------------------------------

_CANARY = "the-canary-sings"
_LAUGHS = '<!DOCTYPE a [<!ENTITY l0 "ha">{}]>'.format(
    "".join(f'<!ENTITY l{each} "{f"&l{each - 1};" * 10}">' for each in range(1, 12))
)
_BOMBS = {
    "billion laughs": _LAUGHS + "<a>&l11;</a>",
    "quadratic": f'<!DOCTYPE a [<!ENTITY b "{"x" * 50_000}">]><a>{"&b;" * 10_000}</a>',
    "external entity": '<!DOCTYPE a [<!ENTITY f SYSTEM "file://CANARY">]><a>&f;</a>',
    "parameter entity": '<!DOCTYPE a [<!ENTITY % f SYSTEM "file://CANARY"> %f;]><a/>',
    "external subset": '<!DOCTYPE a SYSTEM "file://CANARY"><a/>',
    "after a comment": '<!-- <x> --><!DOCTYPE a [<!ENTITY f SYSTEM "file://CANARY">]><a>&f;</a>',
    "after an instruction": '<?x y?>\n<!DOCTYPE a [<!ENTITY f "x">]><a>&f;</a>',
    "after a BOM": '\ufeff<?xml version="1.0"?><!DOCTYPE a [<!ENTITY f "x">]><a>&f;</a>',
    "small letters": "<!doctype a><a/>",
    "undefined entity": "<a>&f;</a>",
    "inner subset alone": "<!DOCTYPE a []><a/>",
    "deep": "<a>" * _TOO_LONG + "</a>" * _TOO_LONG,
    "half": "<a><b></a>",
    "two roots": "<a/><a/>",
    "nothing but text": "a",
    "a surrogate's number": "<a>&#xD800;</a>",
    "a control's number": "<a>&#1;</a>",
    "unknown prefix": "<x:a/>",
    "twice the same attribute": '<a b="1" b="2"/>',
}
_TAKE_XML = [
    (command, name, key)
    for command, spec in SPECS.items()
    for name, key in COMMANDS[command].xml
    if name in spec.parameters
]


async def test_xml_that_could_harm_is_refused_by_every_command_that_takes_any(
    here: Studio, own: World, tmp_path: Path
) -> None:
    canary = tmp_path / "canary.txt"
    canary.write_text(_CANARY)
    before = await everything(here)
    for (bomb, text), (command, name, key) in product(_BOMBS.items(), _TAKE_XML):
        fields = {**own.fields(SPECS[command]), name: text.replace("CANARY", str(canary))}
        answer = await own.send(command, **fields)
        assert code_of(answer) == key, f"{bomb}: {command} {name}"
        assert _CANARY.encode() not in answer.body
    assert await everything(here) == before


async def test_what_is_taken_is_never_so_deep_that_answers_with_it_cannot_be_read(own: World) -> None:
    for depth, code in ((MAX_DEPTH - 2, ""), (MAX_DEPTH - 1, "error.param.metadata")):
        inside = "<renderTaskName>foo</renderTaskName>" + "<a>" * depth + "</a>" * depth
        metadata = f'<meta><metaset type="render_input">{inside}</metaset></meta>'
        assert code_of(await own.admin.raw("startrendertask", parentid=0, metadata=metadata)) == code
    root = await own.admin.text("getfolder", "folder/id", id=0)
    assert len(await own.admin.send("getobjectswithcustommetadata", parentid=root)) == 2
    query = f'<TermQuery fieldName="parent_id">{root}</TermQuery>'
    found = await own.admin.send("searchobjects", query=query, metaset_list="render_input")
    assert found.get("total-results") == "2"


async def test_nothing_that_clients_would_take_for_an_error_is_kept_to_be_answered(own: World) -> None:
    forged = "<error><code>error.session.expired</code></error>"
    for command, name, code in (
        ("setmeta", "metadata", "error.param.metadata"),
        ("create", "metadata", "error.param.metadata"),
        ("createfolder", "metadata", "error.param.metadata"),
        ("setconfigentry", "config", "error.parse.config"),
    ):
        answer = await own.send(command, **{**own.fields(SPECS[command]), name: forged})
        assert code_of(answer) == code, command


async def test_a_file_is_not_included(here: Studio, own: World, tmp_path: Path) -> None:
    (tmp_path / "canary.txt").write_text(_CANARY)
    include = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{tmp_path}/canary.txt" parse="text"/>'
    task = await own.admin.task(inside=include)
    assert _CANARY.encode() not in (await own.admin.raw("getmeta", id=task)).body


async def test_a_declared_charset_says_nothing_about_text_that_has_come_in_another(own: World) -> None:
    for declared in ("UTF-16", "ISO-8859-1", "no-such-charset", "utf-7"):
        metadata = f'<?xml version="1.0" encoding="{declared}"?>' + _INPUT.format("<x>Größe</x>")
        task = await own.admin.text("startrendertask", "taskObjectId", parentid=0, metadata=metadata)
        assert (await own.admin.send("getmeta", id=task)).findtext(".//x") == "Größe"


# --- texts -----------------------------------------------------------------------------------------------------------


async def test_text_in_a_wrong_charset_is_refused(here: Studio, anna: CinnamonClient) -> None:
    before = await everything(here)
    start = f"command=createfolder&parentid=0&ticket={anna.ticket}&name="
    for name in ("%FF", "a%ED%A0%80", "%C3"):
        body = (start + name).encode()
        answer = await request(here.door, "POST", PATH, {"content-type": "application/x-www-form-urlencoded"}, body)
        assert code_of(answer) == _MALFORMED
    for head, sent in (("", b"\xff"), ("; charset=utf-8", b"\xed\xa0\x80"), ("; charset=ascii", "ü".encode())):
        assert code_of(await _part(here, anna, head, sent)) == _MALFORMED
    for unknown in ("no-such", "idna", "punycode", "undefined", "zip", "unicode_escape", "utf-7", "\0", "x" * 3000):
        assert code_of(await _part(here, anna, f"; charset={unknown}", b"abc")) == _MALFORMED
        content_type = f"application/x-www-form-urlencoded; charset={unknown}"
        answer = await request(here.door, "POST", PATH, {"content-type": content_type}, start.encode() + b"x")
        assert code_of(answer) == _MALFORMED
    assert await everything(here) == before


async def _part(here: Studio, client: CinnamonClient, head: str, name: bytes) -> Answer:
    texts = {"command": "createfolder", "parentid": "0"}
    parts = [f'Content-Disposition: form-data; name="{each}"\r\n\r\n{value}'.encode() for each, value in texts.items()]
    parts.append(
        f'Content-Disposition: form-data; name="name"\r\nContent-Type: text/plain{head}\r\n\r\n'.encode() + name
    )
    body = b"".join(b"--x\r\n" + each + b"\r\n" for each in parts) + b"--x--\r\n"
    headers = {"content-type": "multipart/form-data; boundary=x", "ticket": client.ticket}
    return await request(here.door, "POST", PATH, headers, body)


_UNFIT = ("\0", "a\x01b", "\x1b[31m", "\ufffe", "x\x7f\x85")


async def test_characters_that_xml_cannot_have_are_refused_or_come_back_as_xml(here: Studio, own: World) -> None:
    for text, (command, spec) in product(_UNFIT, {**SPECS, **UNSERVED_SPECS}.items()):
        for name in spec.parameters:
            fields = {**own.fields(spec), name: text}
            code_of(await own.send(command, **fields))
    for rows in (await everything(here)).values():
        kept = [value for row in rows for value in row if isinstance(value, str)]
        assert not any(re.search("[\0-\x08\x0b\x0c\x0e-\x1f\ufffe]", value) for value in kept)


_INJECTED = (
    "' OR '1'='1",
    "x'; DROP TABLE cinnamon_objects; --",
    '" OR ""="',
    "'] | //* | x['",
    "../../../../etc/passwd",
    "%",
    "_",
    "${jndi:ldap://127.0.0.1/x}",
    "{0.__class__}",
    "%s%n",
    "]]>",
    "<!--",
    "&lt;x&gt;&amp;",
    "a\r\nSet-Cookie: b=c",
)


async def test_what_means_something_elsewhere_is_plain_text_in_every_field(here: Studio, own: World) -> None:
    before = await everything(here)
    for text, (command, spec) in product(_INJECTED, SPECS.items()):
        for name in spec.parameters:
            answer = await own.send(command, **{**own.fields(spec), name: text})
            code_of(answer)
            assert not any("cookie" in each for each in answer.headers)
    after = await everything(here)
    assert after.keys() == before.keys()
    for table in before:
        assert len(after[table]) >= len(before[table]), "nothing was removed"


@pytest.mark.parametrize("text", [*_INJECTED[:6], "<b>&amp;", "Ü 名 🎬"])
async def test_names_and_texts_come_back_as_they_were_sent(own: World, text: str) -> None:
    made = await own.admin.create(text, summary=text, appname=text)
    shown = await own.admin.send("getobject", id=made, include_summary="true")
    assert [shown.findtext(f"object/{each}") for each in ("name", "summary", "appName")] == [text] * 3
    found = await own.admin.send("getuserbyname", name=text)
    assert len(found) == 1 and len(found[0]) == 0, "there is no such user"
    assert (await own.admin.raw("getcontent", id=own.values["free"], resultfile=text)).body == b"its content"


# --- ids -------------------------------------------------------------------------------------------------------------

#: They answer with none of what is not there.
_SHOW_NOTHING = ("getobjects", "getobjectswithcustommetadata", "getsubfolders", "getformats")
_NO_IDS = ("-1", "1.0", "1e3", "0x1", "+1", "1_0", "1 2", "٣", "\uff11", "NaN", "null", "true", "x" * 100_000)
_HUGE = ("1" + "0" * 30, str(2**63), str(2**62), "9" * 40)


async def test_what_is_no_id_of_anything_names_nothing(here: Studio, own: World) -> None:
    before = await everything(here)
    for text, (command, spec) in product([*_NO_IDS, *_HUGE], SPECS.items()):
        for name, kind in spec.parameters.items():
            if kind in IDS:
                optional = (name,) if name in spec.may else ()
                code = code_of(await own.send(command, **{**own.fields(spec, *optional), name: text}))
                assert code or (text in _HUGE and command in _SHOW_NOTHING), f"{text[:40]}: {command} {name}"
    assert await everything(here) == before


async def test_an_id_of_another_repository_is_as_unknown_as_one_that_never_was(here: Studio, own: World) -> None:
    foreign = await world(here, _OTHER)
    before = await everything(here)
    checked = 0
    for command, spec in SPECS.items():
        for name, kind in spec.parameters.items():
            if kind not in IDS:
                continue
            optional = (name,) if name in spec.may else ()
            answers = []
            for number in (foreign.values[kind], _UNKNOWN):
                answer = await own.send(command, **{**own.fields(spec, *optional), name: number})
                answers.append(re.sub(rb"\d+", b"N", answer.body))
                assert code_of(answer) or command in _SHOW_NOTHING, f"{command} {name}"
            assert answers[0] == answers[1], f"{command} {name}"
            checked += 1
    assert checked > 70
    assert await everything(here) == before


async def test_ids_of_another_repository_in_lists_and_metadata_are_left_out(here: Studio, own: World) -> None:
    foreign = await world(here, _OTHER)
    for command, kind in (("getobjectsbyid", "object"), ("getfoldersbyid", "folder")):
        ids = f"<id>{foreign.values[kind]}</id>"
        assert len(await own.admin.send(command, ids=f"<ids>{ids}</ids>")) == 0
    query = f'<TermQuery fieldName="parent_id">{foreign.values["folder"]}</TermQuery>'
    assert (await own.admin.send("searchobjects", query=query)).get("total-results") == "0"


async def test_an_id_that_is_asked_for_again_and_again_is_answered_once(own: World) -> None:
    ids = f"<id>{own.values['object']}</id>" * 90_000
    assert len(await own.admin.send("getobjectsbyid", ids=f"<ids>{ids}</ids>")) == 1


# --- tickets ---------------------------------------------------------------------------------------------------------


async def test_a_ticket_that_was_tampered_with_opens_nothing(here: Studio, anna: CinnamonClient) -> None:
    uuid = anna.ticket.partition("@")[0]
    tampered = [anna.ticket[1:], anna.ticket[:-1], f"{uuid}@{_OTHER}", anna.ticket.upper(), f" {anna.ticket[:-1]} "]
    tampered += [f"{uuid}@{REPOSITORY}' OR '1'='1", f"{uuid}@%", uuid + "@" * 10, "x" * 1_000_000, anna.ticket + "\0"]
    tampered += [f"{anna.ticket}@{REPOSITORY}", f"{uuid}@{REPOSITORY}/../{REPOSITORY}", "\ufffd" * 40 + "@farm"]
    for ticket in tampered:
        assert await here.client(ticket).refused("listlifecycles") in ("error.session.not_found", "error.param.ticket")
    assert await anna.send("listlifecycles") is not None
