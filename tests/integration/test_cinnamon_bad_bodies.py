"""Bodies for the Cinnamon door that are no commands, or too much of one: refused, and nothing of them is left."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from lxml import etree

from support.asgi import request
from support.cinnamon import PATH, REPOSITORY, CinnamonClient, Studio, studio
from support.cinnamon_calls import code_of, everything

_INPUT = '<metaset type="render_input"><renderTaskName>foo</renderTaskName>{}</metaset>'
_MALFORMED = "error.parsing.request"


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Studio]:
    async with studio(tmp_path / "farm") as made:
        yield made


@pytest.fixture
async def anna(here: Studio) -> CinnamonClient:
    return await here.connect("anna")


@pytest.fixture
def blobs(tmp_path: Path) -> Path:
    """Where files lie."""
    return tmp_path / "farm/blobs"


# --- bodies ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"--x--\r\n"),
        ("multipart/form-data; boundary=", b"--x--\r\n"),
        ("multipart/form-data; boundary=" + "x" * 300, b"--x--\r\n"),
        ("multipart/form-data; boundary*=undefined''x", b"--x--\r\n"),
        ("multipart/form-data; boundary*=utf-8''%E2%82%AC", b"--x--\r\n"),
        ("multipart/form-data; boundary=x", b"no part at all"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\ncut off"),
        ("multipart/form-data; boundary=x", b"--x\r\n" + b"A: b\r\n" * 1000 + b"\r\n\r\n--x--\r\n"),
        ("multipart/form-data; boundary=x", b"--x\r\nA: " + b"b" * 100_000 + b"\r\n\r\n\r\n--x--\r\n"),
        ("multipart/form-data; boundary=x", b"--x\r\nA: b\r\n\r\n\r\n" * 2000 + b"--x--\r\n"),
        ("application/json", b'{"command": "connect"}'),
        ("text/xml", b"<command/>"),
        ("application/x-www-form-urlencoded", b"a=1&" * 5000),
    ],
)
async def test_a_body_that_is_no_command_is_refused(here: Studio, content_type: str, body: bytes) -> None:
    answer = await request(here.door, "POST", PATH, {"content-type": content_type}, body)
    assert code_of(answer) == _MALFORMED


@pytest.mark.parametrize(
    "head",
    [
        "form-data; name*=undefined''x; filename*=undefined''y",
        "form-data; name*=punycode''x; filename*0*=x''y; filename*1=z",
        'form-data; name="' + "\\" * 2000,
        "form-data; name" + ";" * 3000,
        "form-data; filename*" + "9" * 4000 + "=x",
        'form-data; name="\xff\x00"; filename="\x00"',
    ],
)
async def test_an_odd_head_of_a_part_breaks_nothing(here: Studio, blobs: Path, anna: CinnamonClient, head: str) -> None:
    part = f"--x\r\nContent-Disposition: {head}\r\n\r\nvalue\r\n--x--\r\n".encode("latin-1")
    headers = {"content-type": "multipart/form-data; boundary=x", "ticket": anna.ticket}
    code_of(await request(here.door, "POST", PATH, headers, part))
    assert list((blobs / "tmp").iterdir()) == []


async def test_other_methods_are_refused(here: Studio) -> None:
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS"):
        assert code_of(await request(here.door, method, PATH)) == _MALFORMED


@pytest.mark.parametrize("size", [100, 17 * 1024 * 1024])
async def test_a_file_of_whoever_is_not_let_in_leaves_nothing(
    here: Studio, blobs: Path, anna: CinnamonClient, size: int
) -> None:
    made = await anna.create()
    before = sorted(blobs.rglob("*"))
    content = b"x" * size
    for ticket in ("", "0" * 36 + f"@{REPOSITORY}", "0" * 36 + "@%", "'" * 36 + "@elsewhere"):
        refused = await here.client(ticket).refused("create", name="a", parentid=0, file=("f", content))
        assert refused == "error.session.not_found"
    for command, fields in (("no such command", {}), ("connect", {}), ("getobject", {"id": made})):
        code_of(await anna.raw(command, file=("f", content), **fields))
    assert sorted(blobs.rglob("*")) == before


async def test_a_body_that_breaks_off_leaves_nothing(here: Studio, blobs: Path, anna: CinnamonClient) -> None:
    before = sorted(blobs.rglob("*")), await everything(here)
    texts = "".join(
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in (("command", "create"), ("name", "a"), ("parentid", "0"))
    )
    head = texts + '--x\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
    headers = {"content-type": "multipart/form-data; boundary=x", "ticket": anna.ticket}
    await request(here.door, "POST", PATH, headers, head.encode() + b"x" * 100_000, is_cut=True)
    assert (sorted(blobs.rglob("*")), await everything(here)) == before


@pytest.mark.parametrize("kind", ["multipart", "urlencoded", "escaped"])
async def test_fifty_megabytes_of_metadata_are_refused_with_the_code_of_metadata(
    here: Studio, anna: CinnamonClient, kind: str
) -> None:
    before = await everything(here)
    metadata = _INPUT.format("x" * (50 << 20))
    if kind == "multipart":
        answer = await anna.raw("startrendertask", parentid=0, metadata=metadata)
    else:
        fields = {"command": "startrendertask", "ticket": anna.ticket, "parentid": "0"}
        body = urlencode(fields).encode() + b"&metadata="
        body += metadata.encode() if kind == "urlencoded" else b"%78" * (50 << 18)
        answer = await request(here.door, "POST", PATH, {"content-type": "application/x-www-form-urlencoded"}, body)
    assert code_of(answer) == "error.param.metadata"
    assert b"it is too long" in answer.body
    assert await everything(here) == before


@pytest.mark.parametrize("letter", ["x", ">", "&amp;", "<a/>", "\n"])
async def test_metadata_of_almost_the_most_is_taken_or_refused_with_its_code(anna: CinnamonClient, letter: str) -> None:
    metadata = _INPUT.format(letter * ((7 << 20) // len(letter)))
    answer = await anna.raw("startrendertask", parentid=0, metadata=metadata)
    code = code_of(answer)
    assert code == ("error.param.metadata" if letter == "<a/>" else "")
    if not code:
        task = etree.fromstring(answer.body).findtext("taskObjectId")
        assert not (await anna.raw("getmeta", id=task)).body.endswith(b"</error>")
