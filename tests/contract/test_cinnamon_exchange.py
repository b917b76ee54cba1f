"""The Cinnamon door on the wire, as the clients of older servers speak: their RenderServer's requests, one by one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from lxml import etree
from starlette.responses import Response

from rendermill.store.cinnamon.records import CLASSIC
from support.cinnamon import PASSWORD, PATH
from support.cinnamon_served import Served, served

_FILE = b"\x89PDF\r\n--\0" * 1000
_LOST = [f"<code>error.session.{each}</code>".encode() for each in ("not_found", "invalid", "expired")]
_BOUNDARY = "wT3xBound"
_SERVICE, _OWNER = "renderservice", "owner"
_SECONDS = "2026-01-01T00:00:00"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("cinnamon"), CLASSIC) as started:
        started.accounts.create_user(_SERVICE, PASSWORD, superuser=True, sudoer=True)
        started.accounts.create_user(_OWNER, PASSWORD, sudoable=True)
        yield started


class LostError(Exception):
    """The session is gone: these clients connect anew and repeat the command."""


class FailedError(Exception):
    """An answer that these clients take for an error."""


@dataclass
class OldClient:
    """Sends multipart, each text with its charset, the ticket as a field; sees errors by the text's end."""

    server: Served
    ticket: str = ""

    def answer(self, command: str, *, file: tuple[str, bytes] | None = None, **fields: object) -> Response:
        """A command's whole answer; a file's field is named by its path."""
        given = {"command": command, **({"ticket": self.ticket} if self.ticket else {}), **fields}
        parts = [text_part(name, str(value).encode()) for name, value in given.items()]
        if file is not None:
            head = f'Content-Disposition: form-data; name="{file[0]}"; filename="{Path(file[0]).name}"\r\n'
            parts.append(f"{head}Content-Type: application/octet-stream\r\n\r\n".encode() + file[1])
        return multipart(self.server, *parts)

    def call(self, command: str, *, file: tuple[str, bytes] | None = None, **fields: object) -> etree._Element:
        """The root of a command's answer."""
        body = bytes(self.answer(command, file=file, **fields).body)
        if any(each in body for each in _LOST):
            raise LostError(body)
        if body.strip().endswith(b"</error>"):
            raise FailedError(body)
        return etree.fromstring(body)

    def text(self, command: str, path: str, *, file: tuple[str, bytes] | None = None, **fields: object) -> str:
        """The text that an XPath finds in an answer."""
        found = self.call(command, file=file, **fields).xpath(f"string({path})")
        assert isinstance(found, str) and found, f"{command}: nothing at {path}"
        return found

    def connect(self, user: str) -> OldClient:
        """Let a user in."""
        fields: dict[str, Any] = {"repository": CLASSIC, "user": user, "pwd": PASSWORD, "machine": "host"}
        self.ticket = self.text("connect", "/connection/ticket", **fields)
        return self


def text_part(name: str, value: bytes, charset: str = "UTF-8") -> bytes:
    """A part with a text, headed as these clients do."""
    head = f'Content-Disposition: form-data; name="{name}"\r\nContent-Type: text/plain; charset={charset}\r\n'
    return f"{head}Content-Transfer-Encoding: 8bit\r\n\r\n".encode() + value


def multipart(server: Served, *parts: bytes, path: str = PATH, **headers: str) -> Response:
    """Send parts; the answer, which always is of status 200."""
    line = f"--{_BOUNDARY}".encode()
    body = b"".join(line + b"\r\n" + part + b"\r\n" for part in parts) + line + b"--\r\n"
    return post(server, f"multipart/form-data; boundary={_BOUNDARY}", body, path=path, **headers)


def post(server: Served, content_type: str, body: bytes, *, path: str = PATH, **headers: str) -> Response:
    """Send a body; the answer, which always is of status 200."""
    answer = server.wire.ask("POST", path, {"Content-Type": content_type, **headers}, body)
    assert answer.status_code == 200
    return answer


@pytest.fixture
def service(server: Served) -> OldClient:
    return OldClient(server).connect(_SERVICE)


@pytest.fixture
def owner(server: Served) -> OldClient:
    return OldClient(server).connect(_OWNER)


# --- the RenderServer's exchange -----------------------------------------------------------------------------------

_QUERY = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<BooleanQuery>\n  <Clause occurs="must">\n'
    '    <TermQuery fieldName="lifecyclestate">{}</TermQuery>\n  </Clause>\n  <Clause occurs="must">\n'
    '    <TermQuery fieldName="objectTypeName">_render_task</TermQuery>\n  </Clause>\n</BooleanQuery>\n'
)
_LIFECYCLE = "_RenderServerLC"


def start(owner: OldClient, source: str = "0") -> str:
    """A task of a name that this farm does not serve; its id."""
    inside = f"<sourceId>{source}</sourceId><renderTaskName>foo2pdf</renderTaskName>"
    metadata = f'<?xml version="1.0" encoding="UTF-8"?><metaset type="render_input">{inside}</metaset>'
    return owner.text("startrendertask", "/startRenderTask/taskObjectId", name="doc", parentid=0, metadata=metadata)


def waiting(client: OldClient, state: str) -> list[str]:
    """The tasks in a state, found in the two steps of a polling round."""
    lifecycle = client.call("getlifecycle", name=_LIFECYCLE)
    default = lifecycle.xpath("string(lifecycle/defaultState/lifecycleState/id)")
    named = lifecycle.xpath(f"string(lifecycle/states/lifecycleState[sysName='{state}']/id)")
    assert default and named
    found = client.call("searchobjects", query=_QUERY.format(str(named).zfill(20)))
    return [each.text or "" for each in found.iterfind("object/id")]


def state_of(client: OldClient, task: str) -> str:
    """A task's state, found in two steps."""
    number = client.text("getobject", "/objects/object/lifeCycleState", id=task)
    return client.text("getlifecyclestate", "//sysName", id=number)


def take(server: Served, task: str) -> OldClient:
    """What a thread of the RenderServer does with a task before its program begins; the owner's session."""
    worker = OldClient(server).connect(_SERVICE)
    assert worker.text("lock", "/success", id=task) == "success.object.lock"
    assert state_of(worker, task) == "newRenderTask"
    changed = worker.text("changestate", "/success", id=task, state_name="executeRenderTask")
    assert changed.startswith("success")
    assert worker.text("unlock", "/success", id=task) == "success.object.unlock"
    user = worker.text("getobject", "//object/owner/id", id=task)
    assert worker.text("getobject", "//object/owner/name", id=task) == _OWNER
    program = OldClient(server, worker.text("sudo", "/sudoTicket", user_id=user))
    assert worker.text("disconnect", "/success") == "success.disconnect"
    return program


def test_at_its_start_it_puts_back_what_was_being_rendered(
    server: Served, service: OldClient, owner: OldClient
) -> None:
    begun, untouched = start(owner), start(owner)
    take(server, begun)
    found = waiting(service, "executeRenderTask")
    assert begun in found and untouched not in found
    lifecycle = service.text("getlifecycle", "/lifecycles/lifecycle/id", name=_LIFECYCLE)
    for task in found:
        service.call("lock", id=task)
        assert "success" in service.text("attachlifecycle", "/success", id=task, lifecycle_id=lifecycle)
        service.call("unlock", id=task)
    assert waiting(service, "executeRenderTask") == []
    assert {begun, untouched} <= set(waiting(service, "newRenderTask"))


def test_a_round_finds_the_new_tasks_and_what_is_to_be_done(service: OldClient, owner: OldClient) -> None:
    tasks = [start(owner) for _ in range(3)]
    found = waiting(service, "newRenderTask")
    assert set(tasks) <= set(found)
    forked = set()
    for task in tasks:
        name = service.text("getmeta", "/meta/metaset[@type='render_input']/renderTaskName", id=task)
        assert name == "foo2pdf"
        forked.add(service.text("forksession", "/connection/ticket"))
    assert len(forked | {service.ticket}) == len(tasks) + 1
    assert all(OldClient(service.server, each).call("listlifecycles") is not None for each in forked)


def test_a_task_that_was_taken_is_not_taken_again(server: Served, service: OldClient, owner: OldClient) -> None:
    task = start(owner)
    take(server, task)
    assert task not in waiting(service, "newRenderTask")
    late = OldClient(server).connect(_SERVICE)
    late.call("lock", id=task)
    assert state_of(late, task) != "newRenderTask", "it steps down"
    late.call("unlock", id=task)


def test_a_program_attaches_its_result_and_ends_the_task(server: Served, owner: OldClient) -> None:
    source = owner.text("create", "/objectId", name="text", parentid=0, metadata="", objtype="document", format="odt",
                        file=("/home/o/my text.odt", b"the text"))  # fmt: skip
    task = start(owner, source)
    program = take(server, task)
    shown = program.call("getobject", id=task)
    assert shown.findtext("object/objectType/name") == "_render_task"
    meta = program.call("getmeta", id=task)
    assert meta.xpath("string(/meta/metaset[@type='render_input']/sourceId)") == source
    assert program.answer("getcontent", id=source).body == b"the text"
    program.call("lock", id=task)
    sent = program.text("setcontent", "/success", id=task, format="pdf", file=("/tmp/out put.pdf", _FILE))
    assert sent == "success.set.content"
    output = meta.find("metaset[@type='render_output']")
    assert output is not None
    etree.SubElement(
        etree.SubElement(output, "messages"), "message", timestamp=_SECONDS, level="info"
    ).text = "fertig ✓"
    written = program.text("setmeta", "/cinnamon/success", id=task, metadata=etree.tostring(meta, encoding="unicode"))
    assert written == "success.set.metadata"
    for parameter, value in (("objtype", "_rendition"), ("procstate", "finished")):
        assert (
            program.text("setsysmeta", "/success", id=task, parameter=parameter, value=value) == "success.set.sys_meta"
        )
    program.call("changestate", id=task, state_name="finishedRenderTask")
    program.call("unlock", id=task)
    program.call("disconnect")
    assert state_of(owner, task) == "finishedRenderTask"
    assert owner.answer("getcontent", id=task).body == _FILE
    assert owner.text("getmeta", "//metaset[@type='render_output']/messages/message", id=task) == "fertig ✓"
    assert owner.text("getsysmeta", "/sysMetaValue", id=task, parameter="objtype") == "_rendition"


def test_a_program_that_breaks_leaves_its_trace_in_the_metadata(server: Served, owner: OldClient) -> None:
    task = start(owner)
    worker = OldClient(server).connect(_SERVICE)
    worker.call("lock", id=task)
    meta = worker.call("getmeta", id=task)
    output = meta.find("metaset[@type='render_output']")
    assert output is not None
    etree.SubElement(output, "error", timestamp=_SECONDS).text = "java.io.IOException: <no> & nothing"
    worker.call("setmeta", id=task, metadata=etree.tostring(meta, encoding="unicode"))
    worker.call("changestate", id=task, state_name="failedRenderTask")
    worker.call("unlock", id=task)
    assert owner.text("getmeta", "//metaset[@type='render_output']/error", id=task).endswith("<no> & nothing")
    assert state_of(owner, task) == "failedRenderTask"


# --- what these clients look for -----------------------------------------------------------------------------------


def test_an_error_is_seen_by_the_end_of_the_text(owner: OldClient) -> None:
    with pytest.raises(FailedError, match=r"<message>error\.object\.not\.found</message>"):
        owner.call("getobject", id=10**9)
    answer = owner.answer("getobject", id=10**9)
    assert answer.headers["content-type"] == "application/xml"
    root = etree.fromstring(bytes(answer.body))
    assert [each.tag for each in root] == ["message", "code", "parameters"]


@pytest.mark.parametrize("command", ["getcontent", "getmeta", "searchobjects", "lock", "forksession", "sudo"])
def test_a_lost_session_is_seen_by_the_code_in_the_first_bytes(server: Served, command: str) -> None:
    gone = OldClient(server, f"{'0' * 8}-{'0' * 4}-{'0' * 4}-{'0' * 4}-{'0' * 12}@{CLASSIC}")
    answer = gone.answer(command, id=1, query=_QUERY.format(1), user_id=1)
    assert b"<code>error.session.not_found</code>" in bytes(answer.body)[:1024]
    assert bytes(answer.body).endswith(b"</error>")


def test_xml_begins_with_its_declaration_and_a_file_has_none(server: Served, owner: OldClient) -> None:
    made = owner.text("create", "/objectId", name="a file", parentid=0, file=("C:\\x\\a.bin", _FILE))
    for command in ("getobject", "getmeta", "getsysmeta"):
        answer = owner.answer(command, id=made, parameter="name")
        assert bytes(answer.body).startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<')
        assert answer.headers["content-type"] == "application/xml"
    answer = owner.answer("getcontent", id=made)
    assert answer.body == _FILE
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["content-type"] == "application/octet-stream"


def test_whoever_asks_without_a_command_is_told_the_repositories(server: Served) -> None:
    for path in (PATH, f"{PATH}/", f"{PATH}/legacy"):
        answer = server.wire.ask("GET", path, {}, b"")
        root = etree.fromstring(bytes(answer.body))
        assert root.tag == "repositories"
        assert [each.text for each in root.iterfind("repository/name")] == ["classic", "farm"]
        assert root.findtext("version")
    assert etree.fromstring(bytes(post(server, "", b"").body)).tag == "repositories"


# --- how commands may be sent --------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [PATH, f"{PATH}/", f"{PATH}/legacy", f"{PATH}/legacy/"])
@pytest.mark.parametrize("kind", ["multipart", "urlencoded"])
@pytest.mark.parametrize("place", ["field", "header"])
def test_a_command_is_understood_however_it_is_sent(
    server: Served, owner: OldClient, path: str, kind: str, place: str
) -> None:
    fields = {"command": "createfolder", "name": f"Gebäude+{kind} & {place}{path}".replace("/", "_"), "parentid": "0"}
    headers = {"ticket": owner.ticket} if place == "header" else {}
    fields |= {"ticket": owner.ticket} if place == "field" else {}
    if kind == "multipart":
        parts = [text_part(name, value.encode()) for name, value in fields.items()]
        answer = multipart(server, *parts, path=path, **headers)
    else:
        body = urlencode(fields).encode()
        answer = post(server, "application/x-www-form-urlencoded", body, path=path, **headers)
    found = etree.fromstring(bytes(answer.body))
    assert found.findtext("folder/name") == fields["name"], etree.tostring(found)


@pytest.mark.parametrize("charset", ["ISO-8859-1", "utf-8", '"windows-1252"', "UTF-16"])
def test_a_parts_charset_is_honoured(server: Served, owner: OldClient, charset: str) -> None:
    name = f"Straße {charset.strip(chr(34))}"
    parts = [text_part(each, value.encode()) for each, value in (("command", "createfolder"), ("parentid", "0"))]
    answer = multipart(server, *parts, text_part("name", name.encode(charset.strip('"')), charset), ticket=owner.ticket)
    assert etree.fromstring(bytes(answer.body)).findtext("folder/name") == name


def test_a_part_without_charset_is_utf_8(server: Served, owner: OldClient) -> None:
    texts = {"command": "createfolder", "parentid": "0", "name": "Ölmühle"}
    parts = [f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}'.encode() for name, value in texts.items()]
    answer = multipart(server, *parts, ticket=owner.ticket)
    assert etree.fromstring(bytes(answer.body)).findtext("folder/name") == "Ölmühle"


@pytest.mark.parametrize(
    "head",
    [
        'form-data; name="file"; filename="a.bin"',
        'form-data; name="/home/ä/a file.bin"; filename="a file.bin"',
        'form-data; name="C:\\\\x\\\\a.bin"; filename="C:\\\\x\\\\a.bin"',
        "form-data; name=file; filename*=utf-8''%E2%82%AC.bin",
        'form-data; filename=""',
    ],
)
def test_a_file_is_taken_whatever_its_field_is_called(server: Served, owner: OldClient, head: str) -> None:
    texts = {"command": "create", "parentid": "0", "name": "with a file"}
    parts = [text_part(name, value.encode()) for name, value in texts.items()]
    answer = multipart(server, *parts, f"Content-Disposition: {head}\r\n\r\n".encode() + _FILE, ticket=owner.ticket)
    made = etree.fromstring(bytes(answer.body)).text
    assert owner.answer("getcontent", id=made).body == _FILE


def test_commands_are_told_apart_by_their_letters_as_they_are(owner: OldClient) -> None:
    for name in ("GetObject", "GETOBJECT", " getobject"):
        with pytest.raises(FailedError, match="Unknown Command: "):
            owner.call(name, id=1)


def test_a_command_of_cinnamon_that_is_not_served_says_so(owner: OldClient) -> None:
    with pytest.raises(FailedError, match=r"error\.command\.not_served.*zipfolder"):
        owner.call("zipfolder", id=1)


async def test_many_commands_of_one_ticket_at_once_are_all_answered(server: Served, owner: OldClient) -> None:
    task = await asyncio.to_thread(start, owner)
    answers = await asyncio.gather(
        *(asyncio.to_thread(owner.text, "getobject", "//object/id", id=task) for _ in range(16))
    )
    assert answers == [task] * 16


# --- what is too much ----------------------------------------------------------------------------------------------

_MIB = 1 << 20


def peak(server: Served) -> int:
    """The most memory that the server has had so far, in bytes."""
    status = Path(f"/proc/{server.server.process.pid}/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:"))


@pytest.mark.parametrize("kind", ["multipart", "urlencoded", "escaped"])
def test_fifty_megabytes_of_metadata_are_refused_and_the_next_command_is_served(
    server: Served, owner: OldClient, kind: str
) -> None:
    owner.call("listlifecycles")
    before = peak(server)
    fields = {"command": "startrendertask", "ticket": owner.ticket, "parentid": "0"}
    if kind == "multipart":
        answer = owner.answer("startrendertask", parentid=0, metadata="x" * (50 * _MIB))
    else:
        value = b"x" * (50 * _MIB) if kind == "urlencoded" else b"%78" * (17 * _MIB)
        answer = post(server, "application/x-www-form-urlencoded", urlencode(fields).encode() + b"&metadata=" + value)
    assert b"<code>error.param.metadata</code>" in bytes(answer.body)
    assert peak(server) - before < 150 * _MIB
    assert start(owner)


def test_a_big_file_of_whoever_is_not_let_in_is_refused_and_leaves_nothing(server: Served, owner: OldClient) -> None:
    blobs = server.server.data / "blobs"
    before = sorted(blobs.rglob("*"))
    stranger = OldClient(server)
    answer = stranger.answer("create", name="a", parentid=0, file=("f", b"x" * (40 * _MIB)))
    assert b"<code>error.session.not_found</code>" in bytes(answer.body)
    assert sorted(blobs.rglob("*")) == before
    assert start(owner)
