"""Sending a prepared job: hash its files, send those that the farm lacks, make the job."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rendermill.assets.hashing import HashCache
from rendermill.farm.model.errors import BadInputError
from rendermill.runtime import cache_folder
from rendermill.sdk.client import Client
from rendermill.sdk.prepare import Prepared

Stage = Callable[[str, int, int], None]
"""Hears the stage (``hashing``, ``sending``), how much is done and how much there is, in bytes."""


@dataclass(frozen=True, slots=True)
class _Input:
    path: Path
    digest: str
    size: int


def send(client: Client, prepared: Prepared, stage: Stage = lambda *_: None, **settings: Any) -> int:
    """Make the job; returns its id. ``settings`` are further fields of its body (name, priority, paused …).

    Raises BadInputError if a file cannot be read or changed while it was sent, and whatever the server refuses.
    """
    inputs = _hash(prepared.files, stage)
    _send_missing(client, inputs, stage)
    draft = prepared.draft
    body = {
        "template": draft.template,
        "parameters": draft.parameters,
        "inputs": [{"path": str(each.path), "hash": each.digest, "size": each.size} for each in inputs],
        "warnings": list(draft.warnings),
        **{name: value for name, value in settings.items() if value is not None},
    }
    return client.submit(body)


def _hash(files: tuple[Path, ...], stage: Stage) -> list[_Input]:
    cache = HashCache(cache_folder() / "hashes.json")
    found, done = [], 0
    try:
        total = sum(file.stat().st_size for file in files)
        for file in files:
            size = file.stat().st_size
            found.append(_Input(Path(os.path.normpath(file)), cache.hash(file), size))
            done += size
            stage("hashing", done, total)
    except OSError as error:
        raise BadInputError(f"it cannot be read: {error.strerror}", where=str(error.filename)) from error
    finally:
        cache.save()
    return found


def _send_missing(client: Client, inputs: list[_Input], stage: Stage) -> None:
    by_digest = {each.digest: each for each in inputs}
    wanted = [by_digest[digest] for digest in client.missing(list(by_digest))] if by_digest else []
    total, done = sum(each.size for each in wanted), 0

    def progress(length: int) -> None:
        nonlocal done
        done += length
        stage("sending", done, total)

    for each in wanted:
        client.put_blob(each.digest, each.path, progress)
