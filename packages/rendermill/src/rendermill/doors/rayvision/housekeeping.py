"""What the door throws away after a while."""

from __future__ import annotations

import asyncio
import logging

from rendermill.doors.rayvision.thumbnails import Thumbnails
from rendermill.farm.model.errors import RendermillError
from rendermill.farm.ports.clock import Clock
from rendermill.store.desk import Desk
from rendermill.store.rayvision import notes, tasks

UNUSED_SECONDS = 24 * 3600.0
RECORD_SECONDS = 90 * 24 * 3600.0
_EVERY_SECONDS = 3600.0
_log = logging.getLogger(__name__)


async def sweep(desk: Desk, clock: Clock) -> int:
    """Take back numbers that were reserved a day ago and not used, and forget old records and signatures.

    Returns how many numbers.
    """
    now = clock.now()
    await desk.write(lambda c: notes.sweep(c, now, now - RECORD_SECONDS))
    return await desk.write(lambda c: tasks.sweep_unused(c, now - UNUSED_SECONDS))


async def sweep_forever(desk: Desk, clock: Clock, thumbnails: Thumbnails) -> None:
    """Do that, and throw old thumbnails away, every hour."""
    while True:
        try:
            await sweep(desk, clock)
            await asyncio.to_thread(thumbnails.sweep)
        except RendermillError as error:
            _log.error("%s", error)
        await asyncio.sleep(_EVERY_SECONDS)
