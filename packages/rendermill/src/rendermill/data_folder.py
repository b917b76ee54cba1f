"""The data folder of a farm on this machine: made, held by one server at a time, and what names it."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from blake3 import blake3

from rendermill.farm.model.errors import UnavailableError


def farm_mark(data: Path) -> str:
    """What every process of the farm in that folder carries, so that the next server can end what a dead one left."""
    return blake3(os.fsencode(data.resolve())).hexdigest()[:16]


def new_token(data: Path) -> str:
    """A secret for this run that this machine's user can read."""
    token = secrets.token_urlsafe(32)
    path = data / "token"
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(token)
    return token


def make_folder(data: Path) -> None:
    """Make the folder, if it is not there. Raises :class:`UnavailableError` if it cannot be written to."""
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe = data / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink(missing_ok=True)
    except OSError as error:
        raise UnavailableError(
            f"the data folder cannot be used: {error.strerror}",
            where=str(data),
            remedy="Choose another with --data, or mend its permissions or its disk.",
        ) from error


@contextmanager
def owned(data: Path) -> Iterator[Path]:
    """Hold the data folder's lock: one server a folder."""
    data = data.resolve()
    make_folder(data)
    with (data / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            holder = json.loads(lock.read() or "{}").get("pid", "unknown")
            raise UnavailableError(
                f"another server (process {holder}) is using this data folder",
                where=str(data),
                remedy="Stop it, or give this one a folder of its own with --data.",
            ) from error
        lock.seek(0)
        lock.truncate()
        lock.write(json.dumps({"pid": os.getpid()}))
        lock.flush()
        yield data
