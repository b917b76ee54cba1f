"""``rendermill cinnamon-renderserver``"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rendermill.cli.app import INTERRUPTED, command, plain

if TYPE_CHECKING:
    from rendermill.sdk.renderserver.loop import RenderServer


@command
def cinnamon_renderserver(
    config: Annotated[
        Path,
        typer.Option(envvar="RENDERSERVER_DIR", metavar="DIR", help="The folder with renderserver.config.xml."),
    ] = Path(),
    once: Annotated[bool, typer.Option("--once", help="End when no task waits any more.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say more on stderr.")] = False,
    json_output: Annotated[bool, typer.Option("--json", help="Print each event as a line of JSON.")] = False,
) -> None:
    """Work on the render tasks of Cinnamon servers, this farm's or any other, until Ctrl-C."""
    from rendermill.sdk.renderserver.config import read_config
    from rendermill.sdk.renderserver.journal import Journal
    from rendermill.sdk.renderserver.loop import RenderServer

    _log_to_stderr(verbose)
    found = read_config(config)
    for element in found.unknown:
        logging.getLogger(__name__).warning("%s: <%s> means nothing", config, element)
    with Journal.opened(config) as journal:
        server = RenderServer(found, journal, _Events() if json_output else _silent)
        asyncio.run(_until_told(server, once))


async def _until_told(server: RenderServer, once: bool) -> None:
    """Let it work until Ctrl-C or SIGTERM; the second one ends this process without waiting for anything.

    The loop is here for the signals. The kernel gives one to any thread, often to one that starts a program, and Python
    acts on it when the main thread wakes up: the loop does at once, a main thread that waits for another would not.
    """
    loop, is_told = asyncio.get_running_loop(), False

    def told() -> None:
        nonlocal is_told
        if is_told:
            os._exit(INTERRUPTED)
        is_told = True
        loop.run_in_executor(None, server.stop)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told)
    await asyncio.to_thread(server.serve, once=once)


class _Plain(logging.Formatter):
    """What programs say goes to the log, and must not steer the terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """The record without control characters."""
        return plain(super().format(record))


def _log_to_stderr(verbose: bool) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(_Plain("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.DEBUG if verbose else logging.INFO, handlers=[handler])
    if not verbose:
        logging.getLogger("urllib3").setLevel(logging.WARNING)


def _silent(event: str, **details: object) -> None:
    """Nobody wants to hear of it."""


class _Events:
    """Lines of JSON on stdout."""

    def __init__(self) -> None:
        self._one_at_a_time = threading.Lock()

    def __call__(self, event: str, **details: object) -> None:
        """Something happened."""
        with self._one_at_a_time:
            sys.stdout.write(json.dumps({"event": event, "time": time.time(), **details}) + "\n")
            sys.stdout.flush()
