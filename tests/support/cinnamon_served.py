"""A served farm as if its Cinnamon door were in this process: what it is sent goes over HTTP."""

from __future__ import annotations

import asyncio
import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from rendermill.store.accounts import Accounts
from rendermill.store.database import sqlite_engine
from support.cinnamon import Place
from support.command import Server, run, serving

SECONDS = 60
_OF_CONNECTIONS = {"content-length", "date", "server", "connection", "transfer-encoding"}


@dataclass(frozen=True)
class Wire:
    """An ASGI application that asks a server."""

    address: str

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its answer back."""
        request = Request(scope, receive)
        answer = await asyncio.to_thread(
            self.ask, request.method, request.url.path, dict(request.headers), await request.body()
        )
        await answer(scope, receive, send)

    def ask(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Response:
        """Send a request and wait for its answer."""
        connection = http.client.HTTPConnection(self.address, timeout=SECONDS)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
            found = Response(content, answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in _OF_CONNECTIONS:
                    found.headers[name] = value
            assert answer.getheader("content-length") == str(len(content))
            return found
        finally:
            connection.close()


@dataclass
class Served(Place):
    """A server's door."""

    wire: Wire
    server: Server


@contextmanager
def served(folder: Path, *profiles: str) -> Iterator[Served]:
    """A farm with its own repository, and one for each further profile, named as that is."""
    data, home = folder / "farm", folder / "home"
    home.mkdir()
    for profile in profiles:
        made = run(home, "cinnamon", "repository", "create", profile, "--profile", profile, "--data", data)
        assert made.code == 0, made
    with serving(data, home, "--slots", "1") as server:
        engine = sqlite_engine(data / "farm.db")
        wire = Wire(urlsplit(server.url).netloc)
        try:
            yield Served(wire, Accounts(engine, data / "secret.key"), wire, server)
        finally:
            engine.dispose()
