"""The program ``rendermill-transmitter``, which the published ``rayvision-sync`` calls to move files.

It has the command line of that client's own program, and its lines. The client repeats for ever, and without a pause,
what ends with a status that it does not know: whatever happens, the status is one of :data:`STATUSES`, or 1.
"""

from __future__ import annotations

import os
import signal
import stat
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from rendermill.farm.model.errors import (
    EXIT_CODES,
    BadInputError,
    MissingFilesError,
    NotAuthenticatedError,
    RendermillError,
    UnreachableError,
)

if TYPE_CHECKING:
    from rendermill.cli.transmitter_order import Order
    from rendermill.sdk.client import Client
    from rendermill.sdk.transfer import Options, Summary

#: The exit status for each error code. Nothing has 10: the client would try that again for ever, with growing pauses.
STATUSES: dict[str, int] = {**EXIT_CODES, "missing_files": 11, "unreachable": 9, "stopped": 8}
_SOMETHING_BROKE = 1
_STDOUT = 1
_KEYS = ("RAYVISION_API_KEY", "RAYVISION_API_ACCESS_KEY")
_KEY_REMEDY = "Set RAYVISION_API_ACCESS_ID and RAYVISION_API_KEY in the environment of the script."
_TLS_REMEDY = "If the farm is served without TLS, say so: RENDERMILL_SERVER=http://HOST:PORT in the environment."


def main() -> None:
    """Run the command line and exit with its status."""
    stop = threading.Event()

    def end(_signal: int, _frame: object) -> None:
        if stop.is_set():
            os._exit(STATUSES["stopped"])  # asked twice: it hangs
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup
        signal.signal(signal.SIGHUP, end)
    try:
        status = status_of(lambda: _run(sys.argv[1:], stop))
    except SystemExit:  # --help, --version
        status = 0
    with suppress(OSError):
        print(end="", flush=True)
    os._exit(status)  # while Python ends, a signal or a reader that has gone would make another status of it


def status_of(work: Callable[[], None]) -> int:
    """Do it; the exit status for how it ended, once its error has been told."""
    from rendermill.cli.app import known

    try:
        known(work)
    except RendermillError as error:
        say(f"error: {error}")
        return STATUSES.get(error.code, _SOMETHING_BROKE)
    return 0


def say(text: str) -> None:
    """Print lines: UTF-8, which the client decodes, at once, and to nobody where the client has gone."""
    from rendermill.cli.app import plain

    with suppress(OSError):
        os.write(_STDOUT, f"{plain(text)}\n".encode(errors="backslashreplace"))


def _run(words: Sequence[str], stop: threading.Event) -> None:
    from rendermill.cli.transmitter_order import parse

    _warn_of_rights(Path(sys.argv[0]))
    carry_out(parse(words), stop)


def carry_out(order: Order, stop: threading.Event) -> None:
    """Move the files.

    Raises :class:`MissingFilesError` if some could not be moved, :class:`BadInputError` for a list that cannot be read,
    and what transfers raise: UnreachableError, NotAuthenticatedError, OverQuotaError, StoppedError and others.
    """
    from rendermill.cli.transmitter_report import Report
    from rendermill.sdk.connect import connect
    from rendermill.sdk.records import open_records
    from rendermill.sdk.transfer import Options

    client = connect(server_url(order.host, order.port), *access())
    move = _upload if order.action == "upload" else _download
    try:
        _check_tls(client)
        with open_records(order.config) as records:
            options = Options(max_speed=order.max_speed, records=records, listener=Report(order.action, log_folder()))
            summary = move(client, order, options, stop)
            if summary.failed:
                what = f"{len(summary.failed)} files could not be moved; the others are done"
                raise MissingFilesError(what, remedy="The lines above say which, and why.")
    except NotAuthenticatedError as error:
        raise NotAuthenticatedError(error.what, where=client.server, remedy=_KEY_REMEDY) from error
    finally:
        client.close()
    if not summary.files:
        say(f"{order.action}: there is nothing yet")


def _upload(client: Client, order: Order, options: Options, stop: threading.Event) -> Summary:
    """Send what is asked for, and what failed of it again."""
    from rendermill.cli.transmitter_files import items_to_send
    from rendermill.sdk.transfer import upload

    items = items_to_send(order)
    summary = upload(client, order.storage, items, options, stop)
    for _ in range(order.retries):
        failed = {failure.path for failure in summary.failed}
        if not failed:
            break
        summary = upload(client, order.storage, [item for item in items if item.local in failed], options, stop)
    return summary


def _download(client: Client, order: Order, options: Options, stop: threading.Event) -> Summary:
    from rendermill.cli.transmitter_files import names_to_fetch
    from rendermill.sdk.transfer import download

    folder = order.local.absolute()
    return download(client, order.storage, names_to_fetch(order), folder, options, keep=order.keep, stop=stop)


def server_url(host: str, port: int) -> str:
    """The farm's URL: ``RENDERMILL_SERVER`` if that is its host and port, else http on this machine and https beyond.

    A key does not go over a network in the clear unless the user has said so.
    """
    from rendermill.sdk.connect import is_loopback

    told, host = os.environ.get("RENDERMILL_SERVER", ""), host.strip("[]")
    if told and _place(told) == (host.lower(), port):
        return told
    return f"{'http' if is_loopback(host) else 'https'}://{f'[{host}]' if ':' in host else host}:{port}"


def _place(url: str) -> tuple[str | None, int] | None:
    """The host and port that a URL names; None if it is no URL."""
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        return parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return None


def access() -> tuple[str | None, str | None]:
    """The key that scripts have in their environment; none where Rendermill's own is to be used.

    Raises :class:`BadInputError` for half of one.
    """
    access_id = os.environ.get("RAYVISION_API_ACCESS_ID") or None
    access_key = next((value for name in _KEYS if (value := os.environ.get(name))), None)
    if access_id and not access_key:
        raise BadInputError("RAYVISION_API_ACCESS_ID is set, and RAYVISION_API_KEY is not", remedy=_KEY_REMEDY)
    return (access_id, access_key) if access_id else (None, None)


def log_folder() -> Path | None:
    """Where the client wants a log of transfers."""
    folder = os.environ.get("RAYVISION_LOG")
    return Path(folder) if folder else None


def _check_tls(client: Client) -> None:
    """Raises :class:`UnreachableError` at once if the farm does not speak TLS as it should; waiting mends nothing."""
    from urllib3.exceptions import SSLError

    if not client.server.startswith("https:"):
        return
    try:
        client.health()
    except UnreachableError as error:
        if isinstance(error.__cause__, SSLError):
            raise UnreachableError(error.what, where=error.where, remedy=_TLS_REMEDY) from error


def _warn_of_rights(program: Path) -> None:
    """The client gives everybody every right to all files beside the program that it is told to call."""
    with suppress(OSError):
        if program.stat().st_mode & stat.S_IWOTH:
            say(f"warning: rayvision-sync made {program.parent} writable for everybody: give it a folder of its own")
