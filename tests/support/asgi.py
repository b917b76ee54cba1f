"""One request to an ASGI application, in this process."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes


async def request(
    app: ASGIApp,
    method: str,
    target: str,
    headers: dict[str, str] | None = None,
    body: bytes = b"",
    *,
    is_cut: bool = False,
) -> Answer:
    """Send a request, its body in pieces, and gather the answer; ``is_cut``: the connection breaks after the body."""
    path, _, query = target.partition("?")
    pieces = [body[start : start + 65536] for start in range(0, len(body), 65536)] or [b""]
    status, answered, gathered = 0, {}, bytearray()

    async def receive() -> Message:
        if not pieces and is_cut:
            return {"type": "http.disconnect"}
        if not pieces:
            await asyncio.Event().wait()  # a client that stays to hear the answer
        piece = pieces.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(pieces) or is_cut}

    async def send(message: Message) -> None:
        nonlocal status, answered
        if message["type"] == "http.response.start":
            status = message["status"]
            answered = {name.decode().lower(): value.decode() for name, value in message["headers"]}
        else:
            gathered.extend(message.get("body", b""))

    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode("utf-8", "surrogatepass"),
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in (headers or {}).items()],
        "client": ("127.0.0.1", 5000),
        "server": ("127.0.0.1", 8642),
        "root_path": "",
        "extensions": {},
    }
    await app(scope, receive, send)
    return Answer(status, answered, bytes(gathered))
