"""Routes by which contents come in, by their hash: alone, many small ones together, large ones in chunks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import JSONResponse

from rendermill.assets.chunked import ChunkedBlobs, ChunkWriter
from rendermill.assets.framing import CHUNK_BYTES, Unpacker
from rendermill.doors.native.identity import User
from rendermill.doors.native.limits import Room
from rendermill.doors.native.schemas import HashesIn
from rendermill.farm.ports.blobs import Blobs, BlobSink

router = APIRouter(prefix="/api/v1/blobs", tags=["blobs"])
_WORTH = 2 * 1024 * 1024
"""What is worth a thread's while to write."""
_CHECK_SECONDS = 20.0
Size = Annotated[int, Query(ge=1)]


def _blobs(request: Request) -> Blobs:
    blobs: Blobs = request.app.state.blobs
    return blobs


def _chunked(request: Request) -> ChunkedBlobs:
    chunked: ChunkedBlobs = request.app.state.chunked
    return chunked


def _room(request: Request) -> Room:
    room: Room = request.app.state.room
    return room


@router.post("/missing")
def missing(request: Request, _user: User, asked: HashesIn) -> dict[str, list[str]]:
    """Those of the hashes whose content the farm does not have."""
    return {"missing": _blobs(request).missing(asked.hashes)}


@router.post("/batch")
async def put_batch(request: Request, _user: User) -> dict[str, list[str]]:
    """Send small contents together: for each its BLAKE3 (32 bytes), its length (4, little-endian), itself.

    Answers ``refused``: the hashes of those whose content is another; all others are stored.
    """
    batch, unpacker, refused = _blobs(request).batch(), Unpacker(), list[str]()
    await _pour(request, lambda pieces: refused.extend(batch.add(unpacker.feed(pieces))))
    unpacker.end()
    await _room(request).work(batch.commit)
    return {"refused": refused}


@router.put("/{digest}", status_code=201)
async def put(request: Request, _user: User, digest: str) -> dict[str, object]:
    """Send a file; the body must have the hash of the address (BLAKE3, hex)."""
    _blobs(request).path(digest)  # refuses what is no hash before anything is read
    _, size = await receive(request, digest)
    return {"hash": digest, "size": size}


@router.get("/{digest}/chunks")
def chunks(request: Request, user: User, digest: str, size: Size) -> dict[str, Any]:
    """Which chunks of a content of ``size`` bytes are here, by index from 0, and how long a chunk is."""
    return {"chunk_bytes": CHUNK_BYTES, "present": _chunked(request).present(user.name, digest, size)}


@router.put("/{digest}/chunks/{index}", status_code=201)
async def put_chunk(
    request: Request, user: User, digest: str, index: int, size: Size, x_chunk_hash: Annotated[str, Header()]
) -> dict[str, int]:
    """Send a chunk of a content of ``size`` bytes; ``X-Chunk-Hash`` is the chunk's own BLAKE3."""
    with _chunked(request).writer(user.name, digest, size, index) as writer:
        await _pour(request, partial(_write, writer))
        await _room(request).work(partial(writer.commit, x_chunk_hash))
    return {"index": index}


@router.post("/{digest}/complete")
async def complete(request: Request, user: User, digest: str, size: Size) -> JSONResponse:
    """All chunks have been sent. 202 with ``checking`` while the whole is looked at: ask again."""
    checked = asyncio.wrap_future(_chunked(request).complete(user.name, digest, size))
    checked.add_done_callback(lambda done: done.cancelled() or done.exception())  # perhaps nobody waits any more
    try:
        await asyncio.wait_for(asyncio.shield(checked), _CHECK_SECONDS)
    except TimeoutError:
        return JSONResponse({"state": "checking"}, 202)
    return JSONResponse({"hash": digest, "size": size})


async def receive(request: Request, digest: str | None = None) -> tuple[str, int]:
    """Make a blob of a request's body; its hash and size. Raises WrongContentError where that is not ``digest``."""
    room = _room(request)
    with ExitStack() as kept:
        writer = kept.enter_context(_blobs(request).writer())
        try:
            await _pour(request, partial(_write, writer))
            return await room.work(partial(writer.commit, digest)), writer.size
        finally:
            await room.work(kept.close)  # what broke off may be large, and is removed


async def _pour(request: Request, use: Callable[[list[bytes]], None]) -> None:
    """Have a thread use the body: as much at a time as is worth its while, less where many bodies are on their way."""
    room = _room(request)
    with room.entered():
        pieces, size = list[bytes](), 0
        async for piece in request.stream():
            pieces.append(piece)
            size += len(piece)
            if size >= min(_WORTH, room.share()):
                await room.work(partial(use, pieces))
                pieces, size = [], 0
        await room.work(partial(use, pieces))


def _write(writer: BlobSink | ChunkWriter, pieces: list[bytes]) -> None:
    for piece in pieces:
        writer.write(piece)
