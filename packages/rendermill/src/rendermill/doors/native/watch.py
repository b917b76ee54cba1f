"""Following a job by server-sent events (WHATWG HTML, section 9.2)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from rendermill.doors.native.identity import User
from rendermill.doors.native.jobs import farm_of, snapshot
from rendermill.farm.model.status import ENDED
from rendermill.farm.service import Farm

router = APIRouter(prefix="/api/v1/jobs", tags=["jobs"])
_KEEP_ALIVE_SECONDS = 15.0
_PAUSE_SECONDS = 0.05


@router.get("/{job_id}/watch")
async def watch(request: Request, user: User, job_id: int) -> StreamingResponse:
    """A stream of ``job`` events, each the whole job, whenever something of it changes; it ends with the job.

    When the server stops it ends before the job does.
    """
    farm = farm_of(request)
    user.may_use(farm.job(job_id))
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_stream(farm, job_id), media_type="text/event-stream", headers=headers)


async def _stream(farm: Farm, job_id: int) -> AsyncIterator[str]:
    changed, over = asyncio.Event(), asyncio.Event()
    changed.set()

    def hear(changed_id: int | None) -> None:
        if changed_id is None:
            over.set()
        if changed_id in (None, job_id):
            changed.set()

    unwatch = farm.news.watch(hear)
    try:
        while True:
            try:
                async with asyncio.timeout(_KEEP_ALIVE_SECONDS):
                    await changed.wait()
            except TimeoutError:
                yield ": still here\n\n"
                continue
            changed.clear()
            job = farm.job(job_id)
            yield f"event: job\ndata: {json.dumps(snapshot(farm, job))}\n\n"
            if job.status in ENDED or over.is_set():
                return
            await asyncio.sleep(_PAUSE_SECONDS)  # many changes at once are one event
    finally:
        unwatch()
