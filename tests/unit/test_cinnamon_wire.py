"""Cinnamon servers of all kinds, and what answers in their place."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from rendermill.farm.model.errors import BadInputError, CinnamonError, MissingFieldError, UnreachableError
from rendermill.sdk.cinnamon import Cinnamon, RenderTask
from rendermill.sdk.cinnamon import wire as wire_module
from support.answering import Answer, answering, with_body
from support.cinnamon_farm import command_of

TICKET = "0b6c0000-0000-4000-8000-000000000000@demo"
OBJECT = b"""<?xml version="1.0" encoding="UTF-8"?>
<objects><object><id>5</id><name>%s</name><version>1</version><created>2013-05-01T10:00:00</created>
<modified>2013-05-01T10:00:01</modified><lockedBy/><owner><id>3</id><name>anna</name></owner><format/><objectType>
<id>9</id><name>Render task</name><sysName>_render_task</sysName></objectType><contentsize/><parentId>1</parentId>
<lifeCycleState/></object></objects>"""


def at(url: str) -> Cinnamon:
    return Cinnamon.with_ticket(url, TICKET)


@pytest.mark.parametrize(
    ("status", "body", "key"),
    [
        (
            200,
            b"<error><message>Nicht da</message><code>error.object.not.found</code><parameters/></error>",
            "error.object.not.found",
        ),
        (
            200,
            b"<error><code>error.wrong.password</code><message>error.wrong.password</message></error>\n",
            "error.wrong.password",
        ),
        (401, b"<error><code>error.user.not.found</code></error>", "error.user.not.found"),
        (500, b"<error>ticket.unknown</error>", "ticket.unknown"),
    ],
)
def test_errors_of_every_generation_are_known_by_their_code(status: int, body: bytes, key: str) -> None:
    with answering(with_body(status, body)) as url, pytest.raises(CinnamonError) as caught:
        at(url).get_object(5)
    assert caught.value.key == key
    assert caught.value.where == "getobject"


def test_what_an_error_has_to_say_beside_its_code_is_told() -> None:
    body = b"<error><message>m</message><code>c</code><parameters><param>object 7</param><param/></parameters></error>"
    with answering(with_body(200, body)) as url, pytest.raises(CinnamonError, match=r"getobject: c: object 7$"):
        at(url).get_object(7)


def test_a_name_is_read_as_utf_8_whatever_the_headers_say() -> None:
    body = OBJECT % "Mühle".encode()
    with answering(with_body(200, body, **{"Content-Type": "text/plain"})) as url:
        found = at(url).get_object(5)
    assert (found.name, found.type_name, found.owner.name) == ("Mühle", "_render_task", "anna")
    assert (found.locked_by, found.format, found.content_size, found.state_id) == (None, None, None, None)


@pytest.mark.parametrize(
    ("name", "file_name"), [("a/../b", "a_.._b"), ("..", "object5"), ("a\x01".replace("\x01", "\u202e"), "a_")]
)
def test_a_name_for_a_file_stays_in_its_folder(name: str, file_name: str) -> None:
    with answering(with_body(200, OBJECT % name.encode())) as url:
        assert at(url).get_object(5).file_name == file_name


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>Hello</body>",
        b'<!DOCTYPE a [<!ENTITY e "e">]><objects>&e;</objects>',
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><objects/>',
        b"<objects>\xff</objects>",
        b"<a>" * 300 + b"</a>" * 300,
    ],
)
def test_what_is_no_plain_xml_is_no_answer(body: bytes) -> None:
    with answering(with_body(200, body)) as url, pytest.raises(UnreachableError, match="no XML to getobject"):
        at(url).get_object(5)


@pytest.mark.parametrize("body", [b"<objects/>", b"<objects><object/></objects>", OBJECT.replace(b"<id>5</id>", b"")])
def test_an_answer_that_lacks_what_it_must_have_is_an_error(body: bytes) -> None:
    with answering(with_body(200, body)) as url, pytest.raises(CinnamonError, match="its answer"):
        at(url).get_object(5)


def test_an_answer_that_does_not_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire_module, "_MAX_ANSWER", 1000)
    endless = with_body(200, b"<a>" + b" " * 2000 + b"</a>")
    with answering(endless) as url, pytest.raises(UnreachableError, match="longer than"):
        at(url).get_object(5)


def test_a_redirect_is_not_followed() -> None:
    with answering(with_body(302, b"", Location="http://127.0.0.1:9/")) as url, pytest.raises(UnreachableError):
        at(url).get_object(5)


def test_a_content_is_kept_although_it_looks_like_an_error(tmp_path: Path) -> None:
    body = b"<error><code>error.session.expired</code></error>"
    with answering(with_body(200, body, **{"Content-Disposition": "attachment; filename=a.xml"})) as url:
        at(url).get_content(5, tmp_path / "a.xml")
    assert (tmp_path / "a.xml").read_bytes() == body


def test_an_error_in_place_of_a_content_is_one(tmp_path: Path) -> None:
    body = b"<error><message>m</message><code>error.content.not.found</code></error>"
    with answering(with_body(200, body)) as url, pytest.raises(CinnamonError, match=r"error\.content\.not\.found"):
        at(url).get_content(5, tmp_path / "a.xml")
    assert list(tmp_path.iterdir()) == []


def cut_off(handler: Any) -> None:
    handler.send_response(200)
    handler.send_header("Content-Disposition", "attachment; filename=a")
    handler.send_header("Content-Length", "100")
    handler.end_headers()
    handler.wfile.write(b"half of it")


def test_half_a_content_is_none(tmp_path: Path) -> None:
    target = tmp_path / "a"
    target.write_bytes(b"before")
    with answering(cut_off) as url, pytest.raises(UnreachableError):
        at(url).get_content(5, target)
    assert target.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [target]


def test_who_has_no_password_stays_out_when_a_session_has_ended() -> None:
    body = b"<error><message/><code>error.session.expired</code></error>"
    with answering(with_body(200, body)) as url, pytest.raises(CinnamonError) as caught:
        at(url).get_object(5)
    assert caught.value.key == "error.session.expired"


@pytest.mark.parametrize(
    "lost",
    [
        b"<error><message/><code>error.session.not_found</code></error>",
        b"<error><message/><code>error.session.invalid</code></error>",
        b"<repositories><repository><name>demo</name></repository></repositories>",
    ],
)
def test_a_session_that_the_server_keeps_losing_is_begun_anew_only_once(lost: bytes) -> None:
    commands: list[bytes] = []
    connected = b"<connection><ticket>%s</ticket></connection>" % TICKET.encode()

    def answer(handler: Any) -> None:
        sent = handler.rfile.read(int(handler.headers["Content-Length"]))
        commands.append(b"connect" if b"connect\r\n" in sent else b"getobject")
        with_body(200, connected if commands[-1] == b"connect" else lost)(handler)

    with answering(answer) as url, pytest.raises(CinnamonError):
        Cinnamon(url, "demo", "anna", "secret").get_object(5)
    assert commands == [b"connect", b"getobject", b"connect", b"getobject"]


def test_the_ticket_goes_as_field_and_header_and_every_field_says_its_charset() -> None:
    seen: list[tuple[str, bytes]] = []

    def answer(handler: Any) -> None:
        seen.append((handler.headers["ticket"], handler.rfile.read(int(handler.headers["Content-Length"]))))
        with_body(200, b"<objectId>7</objectId>")(handler)

    with answering(answer) as url:
        assert at(url).create("Mühle", 1) == 7
    ((header, body),) = seen
    assert header == TICKET
    for name, value in (("ticket", TICKET), ("command", "create"), ("name", "Mühle"), ("parentid", "1")):
        part = f'name="{name}"\r\nContent-Type: text/plain; charset=UTF-8\r\n\r\n{value}\r\n'
        assert part.encode() in body


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with answering(with_body(200, b"<success/>")) as url, pytest.raises(Exception, match="gone: it cannot be read"):
        at(url).set_content(5, tmp_path / "gone", "png")


def older_server(commands: list[str]) -> Answer:
    """One that does not know appendmessage, and has one object."""
    unknown = b"<error><message>m</message><code>Unknown Command: 'appendmessage'</code><parameters/></error>"
    answers = {
        "appendmessage": unknown,
        "getobject": OBJECT % b"task",
        "getmetaset": b'<metaset type="render_output" id="7"><old/></metaset>',
    }

    def answer(handler: Any) -> None:
        command, sent = command_of(handler)
        commands.append(sent if command == "setmetaset" else command)
        with_body(200, answers.get(command, b"<success>yes</success>"))(handler)

    return answer


def test_a_server_that_cannot_add_a_message_gets_the_metaset_with_it_under_the_lock() -> None:
    commands: list[str] = []
    with answering(older_server(commands)) as url:
        client = at(url)
        client.append_message(5, "a <b> \x00", "warning")
        client.append_message(5, "second")
    sent = commands[4]
    assert commands[:4] == ["appendmessage", "getobject", "lock", "getmetaset"]
    assert "<old/><messages><message timestamp=" in sent
    assert ' level="warning">a &lt;b&gt; \N{REPLACEMENT CHARACTER}</message></messages></metaset>' in sent
    assert commands[5:9] == ["unlock", "getobject", "lock", "getmetaset"], "it was asked only once"


@pytest.mark.parametrize("url", ["", "nowhere", "ftp://a/b", "http://"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(BadInputError, match="is no server's URL"):
        at(url)


def test_an_address_without_a_path_gets_the_usual_one() -> None:
    assert at("http://h:1/").url == "http://h:1/cinnamon/cinnamon"
    assert at("http://h:1/other/legacy/").url == "http://h:1/other/legacy"


def test_a_plug_in_is_told_its_task_by_arguments_or_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("ID", "7"), ("REPOSITORY", "demo"), ("HOST", "http://h/c"), ("TICKET", TICKET)):
        monkeypatch.setenv(f"CINNAMON_{name}", value)
    for arguments in ([], ["8", "demo"], ["8", "demo", "http://i/c", TICKET]):
        task = RenderTask.given(arguments)
        assert task.id == (8 if arguments else 7)
        assert task.client.url == ("http://i/c" if len(arguments) == 4 else "http://h/c")
        assert task.client.ticket == TICKET
    monkeypatch.delenv("CINNAMON_TICKET")
    with pytest.raises(MissingFieldError, match="ticket"):
        RenderTask.given(["8"])
    with pytest.raises(BadInputError, match="no object's id"):
        RenderTask.given(["x", "demo", "http://i/c", TICKET])


def test_threads_may_share_a_wire() -> None:
    with answering(with_body(200, OBJECT % b"a")) as url:
        wire = wire_module.Wire(url)
        found: list[str] = []

        def ask() -> None:
            found.extend(wire.send("getobject", TICKET, {"id": "5"}).tag for _ in range(20))

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        wire.close()
    assert found == ["objects"] * 80
