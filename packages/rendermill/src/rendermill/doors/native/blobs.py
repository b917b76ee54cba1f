"""Routes by which contents come in, by their hash: alone, many small ones together, large ones in chunks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from rendermill.assets.chunked import ChunkedBlobs, ChunkWriter
from rendermill.assets.framing import BATCH_LIMIT, CHUNK_BYTES, unpack
from rendermill.doors.native.identity import User
from rendermill.doors.native.schemas import HashesIn
from rendermill.farm.model.errors import TooLargeError
from rendermill.farm.ports.blobs import Blobs, BlobSink

router = APIRouter(prefix="/api/v1/blobs", tags=["blobs"])
_GATHER = 2 * 1024 * 1024
_CHECK_SECONDS = 20.0
Size = Annotated[int, Query(ge=1)]


def _blobs(request: Request) -> Blobs:
    blobs: Blobs = request.app.state.blobs
    return blobs


def _chunked(request: Request) -> ChunkedBlobs:
    chunked: ChunkedBlobs = request.app.state.chunked
    return chunked


@router.post("/missing")
def missing(request: Request, _user: User, asked: HashesIn) -> dict[str, list[str]]:
    """Those of the hashes whose content the farm does not have."""
    return {"missing": _blobs(request).missing(asked.hashes)}


@router.post("/batch")
async def put_batch(request: Request, _user: User) -> dict[str, list[str]]:
    """Send small contents together: for each its BLAKE3 (32 bytes), its length (4, little-endian), itself.

    Answers ``refused``: the hashes of those whose content is another; all others are stored.
    """
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > BATCH_LIMIT:
            raise TooLargeError(f"a batch has up to {BATCH_LIMIT} bytes", where="body")
    store = _blobs(request).put_many
    return {"refused": await run_in_threadpool(lambda: store(unpack(bytes(body))))}


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
        async for pieces in _gathered(request):
            await run_in_threadpool(_write, writer, pieces)
        await run_in_threadpool(writer.commit, x_chunk_hash)
    return {"index": index}


@router.post("/{digest}/complete")
async def complete(request: Request, user: User, digest: str, size: Size) -> JSONResponse:
    """All chunks have been sent. 202 with ``checking`` while the whole is looked at: ask again."""
    checked = asyncio.wrap_future(_chunked(request).complete(user.name, digest, size))
    try:
        await asyncio.wait_for(asyncio.shield(checked), _CHECK_SECONDS)
    except TimeoutError:
        return JSONResponse({"state": "checking"}, 202)
    return JSONResponse({"hash": digest, "size": size})


async def receive(request: Request, digest: str | None = None) -> tuple[str, int]:
    """Make a blob of a request's body; its hash and size. Raises WrongContentError where that is not ``digest``."""
    with _blobs(request).writer() as writer:
        async for pieces in _gathered(request):
            await run_in_threadpool(_write, writer, pieces)
        found = await run_in_threadpool(writer.commit, digest)
    return found, writer.size


async def _gathered(request: Request) -> AsyncIterator[list[bytes]]:
    """The body in pieces, as many together as are worth a thread's while."""
    pieces, size = list[bytes](), 0
    async for piece in request.stream():
        pieces.append(piece)
        size += len(piece)
        if size >= _GATHER:
            yield pieces
            pieces, size = [], 0
    yield pieces


def _write(writer: BlobSink | ChunkWriter, pieces: list[bytes]) -> None:
    for piece in pieces:
        writer.write(piece)
