"""``rendermill cinnamon-renderserver``"""

from __future__ import annotations

import contextlib
import json
import logging
import signal
import sys
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from rendermill.cli.app import command, plain


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
        signal.signal(signal.SIGTERM, _interrupt)
        with contextlib.suppress(KeyboardInterrupt):
            server.serve(once=once)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


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
