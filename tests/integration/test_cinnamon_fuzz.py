"""Any command for the Cinnamon door, from anybody: answered in good form, and nothing in the server breaks.

Fields hold what they should, or what another should, or nonsense; XML is made of the words that are looked for; bodies
are damaged on their way.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from support.asgi import Answer, request
from support.campaign import fixed, full
from support.cinnamon import PATH, CinnamonClient, Studio, studio
from support.cinnamon_calls import SPECS, UNSERVED_SPECS, Spec, World, world

_RENEW = 40
"""Examples after which there is a new repository: commands empty the old one."""
_BROKEN = re.compile(rb"Traceback|error\.internal|File \"|\b[a-z_]+\.py\b|\b[A-Z][A-Za-z]+(?:Error|Exception)\b")
_CALLERS = ("superuser", "user", "stranger", "nobody")
_OF_SESSIONS = (
    Spec("connect", {"repository": "text", "user": "text", "pwd": "text"}, {"machine": "text", "language": "text"}),
    Spec("forksession", {}),
    Spec("sudo", {"user_id": "user"}),
    Spec("initializedatabase", {}, {"repository": "text"}),
)
_ALL = [*SPECS.values(), *UNSERVED_SPECS.values(), *_OF_SESSIONS]


class Listening(logging.Handler):
    """Keeps what the server logs as broken."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(logging.Formatter().format(record))


class Bench:
    """A door on a loop of its own, and callers of every kind."""

    def __init__(self, runner: asyncio.Runner, made: Studio, log: Listening) -> None:
        self._runner, self._studio, self._log = runner, made, log
        self._examples = 0
        self._callers: dict[str, CinnamonClient] = {}
        runner.run(self._renew())

    async def _renew(self) -> None:
        name = f"r{self._examples}"
        for each in (name, f"{name}x"):
            await self._studio.repository(each)
        self._world: World = await world(self._studio, name)
        elsewhere = await world(self._studio, f"{name}x")
        user = await self._studio.connect(repository=name)
        nobody = self._studio.client()
        made = (self._world.admin, user, elsewhere.admin, nobody)
        self._callers = dict(zip(_CALLERS, made, strict=True))

    def real(self, value: Any) -> str:
        """A field's text: what a parameter of that kind may hold, or the text itself."""
        return self._world.value(value.kind) if isinstance(value, Fitting) else value

    def ticket(self, caller: str) -> str:
        """The ticket of one of the callers."""
        return self._callers[caller].ticket

    def send(self, content_type: str, body: bytes) -> Answer:
        """Send a body; nothing in the server may break of it."""
        self._examples += 1
        if self._examples % _RENEW == 0:
            self._runner.run(self._renew())
        answer = self._runner.run(request(self._studio.door, "POST", PATH, {"content-type": content_type}, body))
        assert self._log.heard == []
        return answer


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with _bench(tmp_path_factory.mktemp("cinnamon")) as made:
        yield made


@contextmanager
def _bench(folder: Path) -> Iterator[Bench]:
    """The loop runs while a command does, and stands still between commands."""
    log = Listening()
    logging.getLogger().addHandler(log)
    with asyncio.Runner() as runner:
        place = AsyncExitStack()
        made = runner.run(place.enter_async_context(studio(folder / "farm")))
        try:
            yield Bench(runner, made, log)
        finally:
            runner.run(place.aclose())
            logging.getLogger().removeHandler(log)


# --- fields --------------------------------------------------------------------------------------------------------


class Fitting:
    """Stands for what a parameter of a kind may hold."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def __repr__(self) -> str:
        return f"Fitting({self.kind!r})"


texts = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["", " ", "0", "1", "-1", "../x", "\0", "a/b", "'", '"', "<", "&amp;", "%", "*", "[", "名", "\u202e"]
    ),
    st.sampled_from(["x" * 200, "1" * 40, "٣", "true", "TRUE", "Folder", "acl_id", "owner", "parentid", "/", "//"]),
)
_ELEMENTS = (
    *("meta", "metaset", "renderTaskName", "sourceId", "messages", "message", "config", "isPublic", "error"),
    *("BooleanQuery", "Clause", "TermQuery", "TermsQuery", "WildcardQuery", "RegexQuery", "RangeFilter", "UserQuery"),
    *("ConstantScoreQuery", "MatchAllDocsQuery", "FilteredQuery", "BoostingQuery", "Query", "Filter"),
    *("ids", "id", "x:y", "x-y", "ü"),
)
tags = st.sampled_from(_ELEMENTS)
attributes = st.dictionaries(
    st.sampled_from(["type", "id", "status", "fieldName", "occurs", "lowerTerm", "upperTerm", "includeLower", "xmlns"]),
    st.one_of(
        st.sampled_from(["render_input", "render_output", "log", "must", "should", "mustnot", "name", "content"]),
        st.sampled_from(["created.date", "latesthead", "lifecyclestate", "folderpath", "0", "20260101", "true"]),
        texts,
    ),
    max_size=3,
)
characters = st.one_of(texts, st.sampled_from(["a*", ".*", "(", "[z-a]", "\\", "a{1000}", "(a+)+$", '"a b"', "AND"]))


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


def _element(tag: str, named: dict[str, str], inside: list[str]) -> str:
    head = "".join(f' {name}="{_escaped(value)}"' for name, value in named.items())
    return f"<{tag}{head}>{''.join(inside)}</{tag}>"


leaves = st.one_of(
    characters.map(_escaped),
    st.sampled_from(["<!-- c -->", "<?p i?>", "<![CDATA[<a>]]>", "&#65;", "&lt;", "&x;", "<a"]),
)
xml = st.recursive(
    leaves, lambda inner: st.builds(_element, tags, attributes, st.lists(inner, max_size=3)), max_leaves=8
)
heads = st.sampled_from(
    ["", "", "", '<?xml version="1.0"?>', "\ufeff", "<!-- c -->", '<!DOCTYPE a [<!ENTITY x "y">]>', " "]
)
documents = st.builds(lambda head, *inside: head + "".join(inside), heads, xml)
_KINDS = sorted({kind for spec in _ALL for kind in spec.parameters.values()} - {"user_name"})
_XML_KINDS = ("task", "metadata", "query", "ids", "xml")


def _values(kind: str) -> st.SearchStrategy[Any]:
    """What a parameter is given: mostly what it should be."""
    fitting = st.just(Fitting(kind))
    other = st.sampled_from(_KINDS).map(Fitting)
    if kind in _XML_KINDS:
        return st.one_of(fitting, documents, documents, other, texts)
    return st.one_of(fitting, fitting, fitting, other, texts)


@st.composite
def fields(draw: st.DrawFn) -> dict[str, Any]:
    """A command with fields: mostly those that it has."""
    spec = draw(st.sampled_from(_ALL))
    given: dict[str, Any] = {"command": spec.name}
    for name, kind in spec.parameters.items():
        if draw(st.integers(0, 14)) if name in spec.needs else draw(st.booleans()):
            given[name] = draw(_values(kind))
    if draw(st.integers(0, 9)) == 0:
        given[draw(texts)] = draw(texts)
    return given


callers = st.sampled_from([*_CALLERS, "superuser", "superuser", "user"])
files = st.one_of(st.none(), st.binary(max_size=50))


# --- bodies --------------------------------------------------------------------------------------------------------

_MULTIPART, _URLENCODED = "multipart/form-data; boundary=xYx", "application/x-www-form-urlencoded"


def _multipart(texts_of: dict[str, str], file: bytes | None) -> bytes:
    parts = [
        f'Content-Disposition: form-data; name="{quote_from_bytes(name.encode())}"\r\n\r\n'.encode() + value.encode()
        for name, value in texts_of.items()
    ]
    if file is not None:
        parts.append(b'Content-Disposition: form-data; name="file"; filename="f"\r\n\r\n' + file)
    return b"".join(b"--xYx\r\n" + each + b"\r\n" for each in parts) + b"--xYx--\r\n"


def _urlencoded(texts_of: dict[str, str]) -> bytes:
    pairs = (
        f"{quote_from_bytes(name.encode())}={quote_from_bytes(value.encode())}" for name, value in texts_of.items()
    )
    return "&".join(pairs).encode()


_BITS = (
    *(b"", b"\r\n", b"--xYx", b"--xYx--", b"Content-Type: text/plain; charset=utf-16\r\n", b'filename="', b";", b"="),
    *(b":", b"\xff", b"\0", b"%", b"%zz", b"&", b"+", b"name*=", b"\r", b"\n\n", b'"', b"x" * 5000),
)
damages = st.lists(
    st.tuples(st.integers(0, 2000), st.integers(0, 40), st.one_of(st.sampled_from(_BITS), st.binary(max_size=8))),
    min_size=1,
    max_size=4,
)
content_types = st.one_of(
    st.just(_MULTIPART),
    st.just(_MULTIPART),
    st.just(_URLENCODED),
    st.sampled_from(
        ["", "multipart/form-data", "multipart/form-data; boundary=xY", f"{_URLENCODED}; charset=utf-16", "a/b"]
    ),
    st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=40),
)


def _in_good_form(answer: Answer) -> None:
    assert answer.status == 200
    assert not _BROKEN.search(answer.body), answer.body[:2000]
    if "content-disposition" in answer.headers:
        assert answer.headers["content-disposition"].startswith("attachment;")
        return
    assert answer.body.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n')
    root = etree.fromstring(answer.body)
    assert (root.tag == "error") == answer.body.endswith(b"</error>"), answer.body[:2000]
    assert root.tag != "error" or all(root.findtext(each) for each in ("code", "message"))


def _is_answered(
    bench: Bench, given_fields: dict[str, Any], caller: str, is_multipart: bool, file: bytes | None
) -> None:
    sent = {name: bench.real(value) for name, value in given_fields.items()}
    if bench.ticket(caller):
        sent["ticket"] = bench.ticket(caller)
    body = _multipart(sent, file) if is_multipart else _urlencoded(sent)
    answer = bench.send(_MULTIPART if is_multipart else _URLENCODED, body)
    if sent["command"] == "echo":
        assert answer.status == 200, "it answers whatever it was sent"
    else:
        _in_good_form(answer)


def _damage_is_answered(
    bench: Bench,
    given_fields: dict[str, Any],
    damage: list[tuple[int, int, bytes]],
    content_type: str,
    file: bytes | None,
) -> None:
    sent = {name: bench.real(value) for name, value in given_fields.items()} | {"ticket": bench.ticket("superuser")}
    body = _urlencoded(sent) if content_type.startswith(_URLENCODED) else _multipart(sent, file)
    for at, length, put in damage:
        start = at % (len(body) + 1)
        body = body[:start] + put + body[start + length :]
    answer = bench.send(content_type, body)
    if sent["command"] != "echo":
        _in_good_form(answer)


@given(fields(), callers, st.booleans(), files)
@fixed(150)
def test_any_command_of_anybody_is_answered_in_good_form(
    bench: Bench, given_fields: dict[str, Any], caller: str, is_multipart: bool, file: bytes | None
) -> None:
    _is_answered(bench, given_fields, caller, is_multipart, file)


@given(fields(), damages, content_types, files)
@fixed(80)
def test_any_damage_to_a_body_is_answered_in_good_form(
    bench: Bench,
    given_fields: dict[str, Any],
    damage: list[tuple[int, int, bytes]],
    content_type: str,
    file: bytes | None,
) -> None:
    _damage_is_answered(bench, given_fields, damage, content_type, file)


@pytest.mark.soak
@given(fields(), callers, st.booleans(), files)
@full(150)
def test_any_command_of_anybody_is_answered_in_good_form_at_full_length(
    bench: Bench, given_fields: dict[str, Any], caller: str, is_multipart: bool, file: bytes | None
) -> None:
    _is_answered(bench, given_fields, caller, is_multipart, file)


@pytest.mark.soak
@given(fields(), damages, content_types, files)
@full(80)
def test_any_damage_to_a_body_is_answered_in_good_form_at_full_length(
    bench: Bench,
    given_fields: dict[str, Any],
    damage: list[tuple[int, int, bytes]],
    content_type: str,
    file: bytes | None,
) -> None:
    _damage_is_answered(bench, given_fields, damage, content_type, file)
