"""Where things lie for this user, and which servers of this machine they may reach without a key.

Both sides use it: a server announces its URL and data folder, a client finds the token file of that folder.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from pathlib import Path

_UNSAFE = re.compile(r"[^A-Za-z0-9]+")


def default_data() -> Path:
    """The default data folder of a farm."""
    return Path.home() / ".local/share/rendermill/farm"


def cache_folder() -> Path:
    """Where what can be made again is kept."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "rendermill"


def url_of(host: str, port: int) -> str:
    """The address at which this machine reaches a server that listens there."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _announcement(url: str) -> Path:
    base = os.environ.get("XDG_STATE_HOME")
    folder = (Path(base) if base else Path.home() / ".local/state") / "rendermill" / "servers"
    return folder / f"{_UNSAFE.sub('-', url)}.json"


def announce(url: str, data: Path) -> None:
    """Write down which data folder the server at ``url`` has; a failure to is no failure of the server."""
    path = _announcement(url)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.write_text(json.dumps({"data": str(data)}))
    except OSError:
        return


def withdraw(url: str, data: Path) -> None:
    """Take the announcement of the server at ``url`` back, unless another has that address by now."""
    with contextlib.suppress(OSError):
        if _announced(url) == data:
            _announcement(url).unlink()


def local_token(url: str) -> str | None:
    """The token of the server at ``url`` if this user started it on this machine, else None."""
    data = _announced(url.rstrip("/"))
    if data is None:
        return None
    try:
        return (data / "token").read_text().strip() or None
    except (OSError, ValueError):
        return None


def _announced(url: str) -> Path | None:
    try:
        return Path(json.loads(_announcement(url).read_text())["data"])
    except (OSError, ValueError, KeyError):
        return None
