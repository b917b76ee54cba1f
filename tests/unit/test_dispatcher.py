"""The dispatcher between what the store tells and what the engine is told."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

from rendermill.farm.blueprint import instantiate
from rendermill.farm.dispatcher import Dispatcher
from rendermill.farm.model.submission import Submission
from support.clock import FakeClock
from support.engines import Opened
from support.stores import fresh_store
from support.templates import shell, template


async def test_what_gets_ready_while_the_farm_stops_is_not_started(tmp_path: Path) -> None:
    store, engine = fresh_store(tmp_path), Opened()
    dispatcher, job = Dispatcher(store, engine, FakeClock()), template(shell("true"))
    await dispatcher.start()
    create = partial(dispatcher.lifecycle.create, submission=Submission(job, "ann"), blueprint=instantiate(job, {}))
    store.write(create).result()  # this waits for the commit; the loop hears of it while the dispatcher stops
    await dispatcher.stop()
    assert dispatcher.picture.steps
    while others := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(others)
    assert engine.opened == []
    store.close()
