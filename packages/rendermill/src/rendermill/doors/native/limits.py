"""Caps on request bodies. Files come in by their own routes, whose content is bounded by the disk and checked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY = 64 * 1024 * 1024
_TOGETHER = 48 * 1024 * 1024
_LEAST = 64 * 1024
_THREADS = 8
_FILES = ("/api/v1/blobs/", "/api/v1/files/")

T = TypeVar("T")


class BodyLimit:
    """Refuses bodies over 64 MiB, whatever their Content-Length says."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        is_file = scope["type"] == "http" and scope["method"] == "PUT" and scope["path"].startswith(_FILES)
        if scope["type"] != "http" or is_file:
            await self._app(scope, receive, send)
            return
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > MAX_BODY:
                raise HTTPException(413, f"the request is over {MAX_BODY} bytes")  # the kind that FastAPI lets through
            return message

        await self._app(scope, counted, send)


class Room:
    """What contents take of the server on their way in, all together.

    The more there are, the less memory each has; and threads that wait for the disk are few, so that everybody else's
    requests find one.
    """

    def __init__(self) -> None:
        self._inside = 0
        self._turns = asyncio.Semaphore(_THREADS)

    @contextmanager
    def entered(self) -> Iterator[None]:
        """A body is on its way in the block."""
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1

    def share(self) -> int:
        """How many bytes each of the bodies may gather, as it stands."""
        return max(_LEAST, _TOGETHER // self._inside)

    async def work(self, work: Callable[[], T]) -> T:
        """Have a thread do something with a content, when its turn comes."""
        async with self._turns:
            return await run_in_threadpool(work)
