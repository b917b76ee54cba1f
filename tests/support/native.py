"""The native door over a real farm, and users who call it."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from rendermill.assets.chunked import ChunkedBlobs
from rendermill.doors.native.app import Parts, native_app
from rendermill.doors.native.identity import Gate
from support.asgi import Answer, request
from support.rayvision import RayvisionFarm, rayvision_farm

PASSWORD = "correct horse"


class Site:
    """The native door, and users who call it."""

    def __init__(self, farm: RayvisionFarm) -> None:
        self.farm, services = farm, farm.services
        gate = Gate(services.accounts, "machine-token")
        self.blobs = farm.farm.blobs
        self.chunked = ChunkedBlobs(self.blobs, farm.farm.data / "blobs/partial")
        parts = Parts(
            services.farm, self.blobs, self.chunked, services.files, services.accounts, gate, services.log_path
        )
        self.app = native_app(parts)
        self.keys: dict[str, str] = {}

    def user(self, name: str, **settings: Any) -> int:
        """A new user with a key; their number."""
        made = self.farm.accounts.create_user(name, PASSWORD, **settings)
        key = self.farm.accounts.create_key(name)
        pair = base64.b64encode(f"{key.access_id}:{key.access_key}".encode()).decode()
        self.keys[name] = f"Basic {pair}"
        return made.id

    async def call(self, user: str | None, method: str, target: str, body: bytes = b"") -> Answer:
        """Ask for something of the storages."""
        return await self.ask(user, method, f"files/{target}", body)

    async def ask(self, user: str | None, method: str, target: str, body: bytes = b"", **headers: str) -> Answer:
        """Ask for something of the API; underscores in names of headers are hyphens."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if user is not None:
            sent["authorization"] = self.keys[user]
        return await request(self.app, method, f"/api/v1/{target}", sent, body)


@asynccontextmanager
async def native_site(folder: Path) -> AsyncIterator[Site]:
    """A farm in ``folder`` with its native door."""
    async with rayvision_farm(folder) as farm:
        site = Site(farm)
        try:
            yield site
        finally:
            site.chunked.close()


def error_of(answer: Answer) -> str:
    """The code of a refusal."""
    return str(json.loads(answer.body)["error"]["code"])
