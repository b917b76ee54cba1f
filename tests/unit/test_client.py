"""The client, and servers that are none, or that do not know it any more."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from rendermill.farm.model.errors import NotFoundError, UnreachableError
from rendermill.sdk.client import Client
from rendermill.sdk.connect import connect
from rendermill.sdk.depots import JobDepot

Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def answering(answer: Answer) -> Iterator[str]:
    """A server that answers everything so; its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        do_PUT = do_GET  # noqa: N815 - the name that http.server looks for

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def with_body(status: int, body: bytes, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def test_a_file_is_sent_whole_again_when_the_server_asks_for_another_key() -> None:
    """As after a restart: the local server's token is another one then."""
    bodies, keys = list[bytes](), iter(["old", "new"])

    def answer(handler: BaseHTTPRequestHandler) -> None:
        bodies.append(handler.rfile.read(int(handler.headers["Content-Length"])))
        status = 401 if handler.headers["Authorization"] == "old" else 201
        with_body(status, b'{"error": {"code": "not_authenticated", "what": "who are you?"}}')(handler)

    content = b"x" * 1_000_000
    with answering(answer) as url:
        depot = JobDepot(Client(url, lambda: next(keys)))
        depot.put_blob("ab" * 32, len(content), lambda: iter([memoryview(content)]))
    assert bodies == [content, content]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (with_body(200, b"<html>It works!</html>"), "no server answers there"),
        (with_body(200, b"[1]"), "its answer is no object"),
        (with_body(404, b'{"error": "not found"}'), "the server answered 404"),
        (with_body(502, b"<html>"), "the server answered 502"),
        (with_body(301, b"", Location="https://farm.example/"), "--server https://farm.example/"),
    ],
)
def test_a_server_that_is_no_farm_is_told(answer: Answer, says: str) -> None:
    with answering(answer) as url, pytest.raises(UnreachableError) as told:
        Client(url).farm()
    assert says in str(told.value)


def test_the_farms_own_errors_come_as_they_are() -> None:
    answer = with_body(404, b'{"error": {"code": "not_found", "what": "there is no job 3"}}')
    with answering(answer) as url, pytest.raises(NotFoundError, match="there is no job 3"):
        Client(url).job(3)


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("localhost:8642", "http://127.0.0.1:8642"),
        ("http://localhost.example", "http://localhost.example"),
        ("https://farm.example/", "https://farm.example"),
    ],
)
def test_only_localhost_itself_is_this_machine(given: str, used: str) -> None:
    assert connect(given).server == used
