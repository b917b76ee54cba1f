"""A real farm inside the test's process: SQLite, the local engine, real sessions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from rendermill.assets.blobs import BlobStore
from rendermill.engine.local.engine import LocalEngine, LocalSettings
from rendermill.farm.dispatcher import Dispatcher, DispatchSettings
from rendermill.farm.model.records import Attempt, Job, Output, Task
from rendermill.farm.model.status import ENDED
from rendermill.farm.model.submission import Submission
from rendermill.farm.service import Farm
from rendermill.server import SystemClock
from rendermill.store.database import SqlStore

PATIENCE = 120.0


class LocalFarm:
    """A running farm and shortcuts to look at it."""

    def __init__(self, data: Path, farm: Farm, store: SqlStore, engine: LocalEngine, blobs: BlobStore) -> None:
        self.data, self.farm, self.store, self.engine, self.blobs = data, farm, store, engine, blobs

    async def submit(self, template: dict[str, Any], **options: Any) -> int:
        return await self.farm.submit(Submission(template=template, owner="tester", **options))

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until something of the farm's state is true; asked again whenever a job changes."""
        changed = asyncio.Event()
        unwatch = self.farm.news.watch(lambda _job: changed.set())
        try:
            async with asyncio.timeout(PATIENCE):
                while not true():
                    changed.clear()
                    await changed.wait()
        finally:
            unwatch()

    async def ended(self, job_id: int) -> Job:
        await self.until(lambda: self.farm.job(job_id).status in ENDED)
        return self.farm.job(job_id)

    async def run(self, template: dict[str, Any], **options: Any) -> Job:
        return await self.ended(await self.submit(template, **options))

    def tasks(self, job_id: int, step: str | None = None) -> list[Task]:
        return self.farm.tasks(self.farm.step(job_id, step), status=None, offset=0, limit=100_000)

    def attempts(self, job_id: int, index: int = 0, step: str | None = None) -> list[Attempt]:
        return self.farm.attempts(self.tasks(job_id, step)[index].key)

    def outputs(self, job_id: int) -> dict[str, Output]:
        return {output.path: output for output in self.farm.outputs(job_id)}

    def content(self, output: Output) -> bytes:
        return self.blobs.checked(output.hash).read_bytes()

    def log(self, job_id: int, index: int = 0, attempt: int = 1, step: str | None = None) -> str:
        key = self.tasks(job_id, step)[index].key
        path = self.data / "logs" / str(job_id) / str(key.step_id) / f"{index}.{attempt}.log"
        return path.read_text()


@asynccontextmanager
async def local_farm(
    data: Path,
    *,
    slots: int = 2,
    path: tuple[str, ...] = (),
    environment: Mapping[str, str] | None = None,
    software: frozenset[str] | Callable[[], frozenset[str]] = frozenset(),
    **settings: Any,
) -> AsyncIterator[LocalFarm]:
    """A farm in ``data`` that ends, with all its processes, at the end of the block.

    Its sessions have the folders of ``path`` first on their PATH, and the variables of ``environment``; its worker
    says that it has the applications of ``software`` (see :mod:`rendermill.farm.model.software`).
    """
    data.mkdir(parents=True, exist_ok=True)
    store = SqlStore.open(data / "farm.db")
    blobs = BlobStore(data / "blobs")
    engine = LocalEngine(
        LocalSettings(
            sessions=data / "sessions",
            blobs=data / "blobs",
            logs=data / "logs",
            log_file=data / "engine.log",
            mark=f"test-{data.name}-{id(store):x}",
            slots=slots,
            cpus=(),
            memory=8192.0,
            pin=False,
            path=path,
            environment=environment or {},
            software=software if callable(software) else lambda: software,
        )
    )
    dispatcher = Dispatcher(store, engine, SystemClock(), DispatchSettings(**settings))
    try:
        await dispatcher.start()
        yield LocalFarm(data, Farm(store, dispatcher, blobs), store, engine, blobs)
    finally:
        await dispatcher.stop()
        await asyncio.to_thread(store.close)
