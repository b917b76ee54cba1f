"""Routes by which input files come in, by their content's hash."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from rendermill.doors.native.identity import User
from rendermill.doors.native.schemas import HashesIn
from rendermill.farm.ports.blobs import Blobs

router = APIRouter(prefix="/api/v1/blobs", tags=["blobs"])
_GATHER = 1024 * 1024


@router.post("/missing")
def missing(request: Request, _user: User, asked: HashesIn) -> dict[str, list[str]]:
    """Those of the hashes whose content the farm does not have."""
    blobs: Blobs = request.app.state.blobs
    return {"missing": blobs.missing(asked.hashes)}


@router.put("/{digest}", status_code=201)
async def put(request: Request, _user: User, digest: str) -> dict[str, object]:
    """Send a file; the body must have the hash of the address (BLAKE3, hex)."""
    blobs: Blobs = request.app.state.blobs
    blobs.path(digest)  # refuses what is no hash before anything is read
    _, size = await receive(request, digest)
    return {"hash": digest, "size": size}


async def receive(request: Request, digest: str | None = None) -> tuple[str, int]:
    """Make a blob of a request's body; its hash and size. Raises BadInputError where that is not ``digest``."""
    blobs: Blobs = request.app.state.blobs
    with blobs.writer() as writer:
        gathered = bytearray()
        async for chunk in request.stream():
            gathered += chunk
            if len(gathered) >= _GATHER:
                await run_in_threadpool(writer.write, bytes(gathered))
                gathered.clear()
        await run_in_threadpool(writer.write, bytes(gathered))
        found = await run_in_threadpool(writer.commit, digest)
    return found, writer.size
