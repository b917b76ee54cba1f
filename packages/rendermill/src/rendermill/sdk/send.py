"""Sending a prepared job: its files, as far as the farm lacks them, and then the job."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

from rendermill.assets.client.depot import Item
from rendermill.assets.client.records_sqlite import SqliteRecords
from rendermill.assets.client.telling import Failure, Listener, Options
from rendermill.assets.client.upload import Uploader
from rendermill.farm.model.errors import BadInputError
from rendermill.runtime import cache_folder
from rendermill.sdk.client import Client
from rendermill.sdk.depots import JobDepot
from rendermill.sdk.prepare import Prepared

_MAX_NAMED = 10


def send(client: Client, prepared: Prepared, listener: Listener | None = None, **settings: Any) -> int:
    """Make the job; returns its id. ``settings`` are further fields of its body (name, priority, paused …).

    Raises BadInputError if a file cannot be read or keeps changing, and whatever the server refuses.
    """
    draft = prepared.draft
    body = {
        "template": draft.template,
        "parameters": draft.parameters,
        "inputs": _send_files(client, prepared.files, listener or Listener()),
        "warnings": list(draft.warnings),
        **{name: value for name, value in settings.items() if value is not None},
    }
    return client.submit(body)


def _send_files(client: Client, files: tuple[Path, ...], listener: Listener) -> list[dict[str, Any]]:
    """Send what the farm lacks; the files as the job names them."""
    depot = JobDepot(client)
    with contextlib.closing(SqliteRecords(cache_folder() / "files.db")) as records:
        uploader = Uploader(depot, Options(records=records, listener=listener), prefix="file:")
        summary = uploader.send([Item(file, os.path.normpath(file)) for file in files])
    if summary.failed:
        raise BadInputError(_said(summary.failed), where=str(summary.failed[0].path))
    return [{"path": each.name, "hash": each.hash, "size": each.size} for each in depot.inputs.values()]


def _said(failed: tuple[Failure, ...]) -> str:
    first, *others = failed
    more = "".join(f"\n  {each.path}: {each.why}" for each in others[: _MAX_NAMED - 1])
    left = len(others) - (_MAX_NAMED - 1)
    return f"it cannot be read: {first.why}{more}" + (f"\n  … and {left} more" if left > 0 else "")
