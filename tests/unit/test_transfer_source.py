"""Contents over a connection that may break, from a server that may have others by now."""

from __future__ import annotations

import json
import os
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from rendermill.assets.client.depot import Body, Item
from rendermill.assets.client.telling import Options
from rendermill.assets.client.upload import Uploader
from rendermill.assets.framing import CHUNK_BYTES, SMALL_BYTES
from rendermill.farm.model.errors import NotFoundError, UnavailableError, UnreachableError, WrongContentError
from rendermill.sdk.client import Client
from rendermill.sdk.depots import HttpSource, JobDepot
from support.answering import Answer, answering, with_body

HASH = "ab" * 32
CONTENT = b"x" * 2_000_000


def source(url: str) -> HttpSource:
    return HttpSource(Client(url), "/api/v1/files/input", lambda _: iter(()))


def skipping(handler: BaseHTTPRequestHandler) -> None:
    """As a farm answers: from the byte that was asked for."""
    start = int(handler.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
    with_body(206 if start else 200, CONTENT[start:], **{"X-Hash": HASH})(handler)


def test_a_content_comes_from_the_byte_that_was_asked_for() -> None:
    with answering(skipping) as url:
        for offset in (0, 1_999_990):
            begins, content = source(url).read("a b", HASH, offset)
            assert (begins, b"".join(content)) == (offset, CONTENT[offset:])


def test_a_server_that_cannot_skip_is_told_by_where_it_begins() -> None:
    with answering(with_body(200, CONTENT)) as url:
        begins, content = source(url).read("a", HASH, 500)
        assert (begins, b"".join(content)) == (0, CONTENT)


def test_names_are_written_as_addresses_are() -> None:
    asked: list[str] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.path)
        with_body(200, b"")(handler)

    with answering(answer) as url:
        assert b"".join(source(url).read("第 1/a?b#c%d", HASH, 0)[1]) == b""
    assert asked == ["/api/v1/files/input/%E7%AC%AC%201/a%3Fb%23c%25d"]


@pytest.mark.parametrize(
    "answer",
    [
        with_body(200, CONTENT, **{"X-Hash": "cd" * 32}),
        with_body(206, CONTENT, **{"X-Hash": "cd" * 32}),
        with_body(416, b"Range Not Satisfiable", **{"Content-Range": "bytes */3"}),
    ],
    ids=["whole", "part", "shorter"],
)
def test_a_file_that_was_replaced_is_another_content(answer: Answer) -> None:
    with answering(answer) as url, pytest.raises(WrongContentError):
        source(url).read("a", HASH, 1000)


def test_a_file_that_was_removed_is_not_found() -> None:
    body = json.dumps({"error": {"code": "not_found", "what": "there is no such file"}}).encode()
    with answering(with_body(404, body)) as url, pytest.raises(NotFoundError, match="no such file"):
        source(url).read("a", HASH, 0)


def test_a_content_that_breaks_off_says_so_after_what_came() -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "2000000")
        handler.end_headers()
        handler.wfile.write(CONTENT[:1_000_000])

    with answering(answer) as url:
        _, content = source(url).read("a", HASH, 0)
        got = bytearray()
        with pytest.raises(UnreachableError):
            for piece in content:
                got += piece
    assert 700_000 < len(got) <= 1_000_000, "all but what was not a whole block"
    assert CONTENT.startswith(got)


def lasting(answer: Answer, connections: set[object]) -> Answer:
    """An answer over a connection that stays, and which connections there were."""

    def lasts(handler: BaseHTTPRequestHandler) -> None:
        handler.protocol_version = "HTTP/1.1"
        handler.close_connection = False
        connections.add(handler.client_address)
        answer(handler)

    return lasts


def test_a_connection_serves_one_content_after_the_other() -> None:
    connections: set[object] = set()
    with answering(lasting(with_body(200, CONTENT), connections)) as url:
        kept = source(url)
        for _ in range(3):
            assert b"".join(kept.read("a", HASH, 0)[1]) == CONTENT
    assert len(connections) == 1


def test_a_content_that_nobody_reads_on_leaves_nothing_in_the_way() -> None:
    connections: set[object] = set()
    with answering(lasting(with_body(200, CONTENT), connections)) as url:
        kept = source(url)
        for _ in range(3):
            _, content = kept.read("a", HASH, 0)
            next(content)
            del content
        assert b"".join(kept.read("a", HASH, 0)[1]) == CONTENT
    assert len(connections) == 4


@pytest.mark.parametrize("size", [SMALL_BYTES, SMALL_BYTES + 1, CHUNK_BYTES + 1])
def test_a_file_that_goes_away_is_no_broken_connection(tmp_path: Path, size: int) -> None:
    path = tmp_path / "file"
    path.touch()
    os.truncate(path, size)

    def answer(handler: BaseHTTPRequestHandler) -> None:
        """Lack everything, and take everything that comes."""
        body = handler.rfile.read(int(handler.headers.get("Content-Length", "0")))
        if handler.path.endswith("/missing"):
            path.unlink(missing_ok=True)
            with_body(200, json.dumps({"missing": json.loads(body)["hashes"]}).encode())(handler)
        else:
            with_body(200, b'{"present": []}')(handler)

    with answering(answer) as url:
        summary = Uploader(JobDepot(Client(url)), Options()).send([Item(path, "file")])
    assert [(each.name, each.why) for each in summary.failed] == [("file", "No such file or directory")]


def test_a_server_that_refuses_before_it_has_read_all_is_heard() -> None:
    """As one whose disk is full: it answers, and closes the connection on what is still coming."""
    body = json.dumps({"error": {"code": "unavailable", "what": "the disk is full"}}).encode()
    large = memoryview(b"x" * 64_000_000)
    pieces: Body = lambda: iter([large[start : start + 256_000] for start in range(0, len(large), 256_000)])  # noqa: E731
    with answering(with_body(503, body)) as url, pytest.raises(UnavailableError, match="the disk is full"):
        JobDepot(Client(url)).put_blob(HASH, len(large), pieces)
