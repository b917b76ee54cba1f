"""A cap on request bodies. Files come in by their own route, whose content is bounded by the disk and checked."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY = 64 * 1024 * 1024
_FILES = ("/api/v1/blobs/", "/api/v1/files/")


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
