"""The client, and servers that are none, or that do not know it any more."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler

import pytest

from rendermill.farm.model.errors import NotFoundError, UnreachableError
from rendermill.sdk.client import Client
from rendermill.sdk.connect import connect
from rendermill.sdk.depots import JobDepot
from support.answering import Answer, answering, with_body


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


def test_all_threads_of_a_client_hear_of_another_key() -> None:
    """Several calls are refused before the first of them has asked for the new key."""
    refused, keys = threading.Barrier(4), iter(["old"])

    def answer(handler: BaseHTTPRequestHandler) -> None:
        if handler.headers["Authorization"] == "old":
            refused.wait(60)
            with_body(401, b'{"error": {"code": "not_authenticated", "what": "who are you?"}}')(handler)
        else:
            with_body(200, b"{}")(handler)

    with answering(answer) as url, ThreadPoolExecutor(4) as pool:
        client = Client(url, lambda: next(keys, "new"))
        assert [call.result() for call in [pool.submit(client.farm) for _ in range(4)]] == [{}] * 4


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
