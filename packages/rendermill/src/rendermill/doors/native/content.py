"""Answering with a stored content."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import FileResponse, Response

from rendermill.farm.ports.blobs import Blobs

_SMALL_BYTES = 1024 * 1024


class _LargeResponse(FileResponse):
    """A file in pieces that are worth a thread's while."""

    chunk_size = 1024 * 1024


def content_response(request: Request, digest: str, size: int) -> Response:
    """The content of a hash, or the part of it that ``Range`` names. Call it in a thread: a small one is read here.

    Raises :class:`~rendermill.farm.model.errors.NotFoundError` if it is not there or was damaged.
    """
    blobs: Blobs = request.app.state.blobs
    path, headers = blobs.checked(digest), {"X-Hash": digest}
    if size <= _SMALL_BYTES and "range" not in request.headers:
        return Response(path.read_bytes(), media_type="application/octet-stream", headers=headers)
    return _LargeResponse(path, headers=headers)
