"""Calls over a real connection: what is tried again, what is not, what is logged."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from rendermill.farm.model.errors import UnreachableError
from rendermill_rayvision.address import address_of
from rendermill_rayvision.connection import ATTEMPTS, Connection
from rendermill_rayvision.errors import RayvisionAPIError

GOOD = (200, b'{"code": 200, "message": "success", "data": {"x": 1}}')
BAD_GATEWAY = (502, b"<html>Bad Gateway</html>")
HANG_UP = (0, b"")


@dataclass
class Scripted:
    """A server that answers what it is told, one after another, the last for ever."""

    answers: list[tuple[int, bytes]] = field(default_factory=list)
    seen: list[dict[str, str]] = field(default_factory=list)
    domain: str = ""
    waits: int = 0

    def connection(self, **more: Any) -> Connection:
        def wait() -> None:
            self.waits += 1

        return Connection(address_of(self.domain), "AKID-7", "very-secret", "2", wait=wait, **more)

    def next(self) -> tuple[int, bytes]:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
def server() -> Iterator[Scripted]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            scripted.seen.append(dict(self.headers))
            status, content = scripted.next()
            if status:
                self.send_response(status)
                if status in (301, 308):
                    self.send_header("Location", "https://farm.example/api/x")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        scripted = Scripted(domain=f"127.0.0.1:{http.server_address[1]}")
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        yield scripted
        http.shutdown()
        thread.join()


def test_an_answer_s_data_is_given(server: Scripted) -> None:
    server.answers = [GOOD]
    assert server.connection().call("/api/x", {"a": 1}) == {"x": 1}
    assert (len(server.seen), server.waits) == (1, 0)


def test_threads_may_call_at_once_without_a_warning(server: Scripted, caplog: pytest.LogCaptureFixture) -> None:
    together = threading.Barrier(4, timeout=60)
    connection = server.connection()
    server.next = lambda: (together.wait(), GOOD)[1]  # type: ignore[method-assign]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(connection.call, ["/api/x"] * 4)) == [{"x": 1}] * 4
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_data_that_the_answer_does_not_have_is_none(server: Scripted) -> None:
    server.answers = [(200, b'{"code": 200, "message": "success"}')]
    assert server.connection().call("/api/x") is None


@pytest.mark.parametrize("trouble", [BAD_GATEWAY, HANG_UP, (503, b""), (500, b"[]"), (504, b'{"code": "500"}')])
def test_what_may_pass_is_tried_again(server: Scripted, trouble: tuple[int, bytes]) -> None:
    server.answers = [trouble, trouble, GOOD]
    assert server.connection().call("/api/x") == {"x": 1}
    assert (len(server.seen), server.waits) == (3, 2)


def test_each_attempt_is_signed_anew(server: Scripted) -> None:
    server.answers = [BAD_GATEWAY]
    with pytest.raises(UnreachableError, match="HTTP 502"):
        server.connection().call("/api/x")
    assert (len(server.seen), server.waits) == (ATTEMPTS, ATTEMPTS - 1)
    nonces = [each["nonce"] for each in server.seen]
    assert len(set(nonces)) > 1 and all(len(nonce) == 6 for nonce in nonces)
    assert len({each["signature"] for each in server.seen}) > 1


@pytest.mark.parametrize(("status", "code"), [(200, 404), (401, 611), (500, 500)])
def test_what_the_farm_refuses_is_raised_at_once(server: Scripted, status: int, code: int) -> None:
    server.answers = [(status, json.dumps({"code": code, "message": "there is no task 7", "data": None}).encode())]
    with pytest.raises(RayvisionAPIError, match="there is no task 7") as refused:
        server.connection().call("/api/x")
    assert (refused.value.error_code, refused.value.request) == (code, f"http://{server.domain}/api/x")
    assert (len(server.seen), server.waits) == (1, 0)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((404, b"not found"), "it says 404"),
        ((200, b"<html>welcome</html>"), "it says 200"),
        ((200, b'{"code": "200", "data": null}'), "it says 200"),
        ((301, b""), "it says 301 and says to go to https://farm.example/api/x"),
    ],
)
def test_what_is_no_farm_is_told_at_once(server: Scripted, answer: tuple[int, bytes], said: str) -> None:
    server.answers = [answer]
    with pytest.raises(UnreachableError, match="no farm") as refused:
        server.connection().call("/api/x")
    assert said in refused.value.what
    assert (refused.value.where, len(server.seen)) == (f"http://{server.domain}", 1)


def test_where_nobody_listens_it_is_told_after_some_attempts(server: Scripted) -> None:
    server.domain = "127.0.0.1:1"
    with pytest.raises(UnreachableError, match="no farm answers there"):
        server.connection().call("/api/x")
    assert server.waits == ATTEMPTS - 1


def test_neither_key_nor_signature_is_logged(server: Scripted, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server.answers = [BAD_GATEWAY, GOOD]
    server.connection(logger=logging.getLogger("script")).call("/api/x", {"a": "b"})
    assert "/api/x: 200" in caplog.text
    for secret in ("very-secret", *(each["signature"] for each in server.seen)):
        assert secret not in caplog.text


def test_no_number_that_json_has_not_is_sent(server: Scripted) -> None:
    with pytest.raises(ValueError, match="JSON"):
        server.connection().call("/api/x", {"a": float("nan")})
    assert server.seen == []
