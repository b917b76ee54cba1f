"""The native door's application."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from rendermill import __version__
from rendermill.assets.chunked import ChunkedBlobs
from rendermill.doors.native import blobs as blob_routes
from rendermill.doors.native import errors, files, jobs, watch
from rendermill.doors.native.identity import Gate, User
from rendermill.doors.native.limits import BodyLimit, Room
from rendermill.farm.model.records import AttemptKey
from rendermill.farm.ports.accounts import Accounts
from rendermill.farm.ports.blobs import Blobs
from rendermill.farm.service import Farm
from rendermill.farm.storage import UserStorage


@dataclass(frozen=True, slots=True)
class Parts:
    """What the door serves."""

    farm: Farm
    blobs: Blobs
    chunked: ChunkedBlobs
    files: UserStorage
    accounts: Accounts
    gate: Gate
    log_path: Callable[[int, AttemptKey], Path]


def native_app(parts: Parts) -> FastAPI:
    """The application that serves ``/api/v1`` and ``/healthz``."""
    farm = parts.farm
    app = FastAPI(
        title="Rendermill",
        version=__version__,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    for field in fields(parts):
        setattr(app.state, field.name, getattr(parts, field.name))
    app.state.room = Room()
    app.add_middleware(BodyLimit)
    errors.install(app)
    app.include_router(watch.router)
    app.include_router(jobs.router)
    app.include_router(blob_routes.router)
    app.include_router(files.router)

    @app.get("/healthz")
    def healthz() -> dict[str, Any]:
        """That the server answers, and its time in seconds since the epoch."""
        return {"status": "ok", "version": __version__, "time": time.time()}

    @app.get("/api/v1/farm", tags=["farm"])
    def workers(_user: User) -> dict[str, Any]:
        """The farm's workers and their sessions."""
        picture = farm.dispatcher.picture
        return {
            "version": __version__,
            "workers": [
                {
                    "name": worker.name,
                    "slots": worker.slots,
                    "cores": worker.cores,
                    "memory": worker.memory,
                    "sessions": [
                        {"id": session.id, "job": session.job_id, "state": session.state.name.lower()}
                        for session in picture.on_worker(worker.name)
                    ],
                }
                for worker in picture.workers.values()
            ],
        }

    return app
