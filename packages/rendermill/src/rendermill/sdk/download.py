"""Fetching a job's files: to a temporary name, hash checked, renamed. What is there already is not fetched again."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any

from blake3 import blake3

from rendermill.assets.hashing import hash_file
from rendermill.farm.model.errors import BadInputError, UnavailableError, UnreachableError
from rendermill.sdk.client import Client

_TRIES = 3


class Downloader:
    """Brings a job's published files to a folder, each once however often it is asked."""

    def __init__(self, client: Client, job_id: int, folder: Path) -> None:
        self._client, self._job_id, self._folder = client, job_id, folder
        self._done: dict[str, str] = {}

    def fetch(self, fetched: Callable[[Path], None] = lambda _: None) -> list[Path]:
        """Fetch what is published and not here yet; returns the files of this call.

        Raises :class:`UnavailableError` if the folder cannot be written, UnreachableError, BadInputError.
        """
        found = []
        for output in self._client.outputs(self._job_id):
            if self._done.get(output["path"]) == output["hash"]:
                continue
            target = confined(self._folder, output["path"])
            self._one(output, target)
            self._done[output["path"]] = output["hash"]
            found.append(target)
            fetched(target)
        return found

    def _one(self, output: dict[str, Any], target: Path) -> None:
        try:
            same = target.is_file() and target.stat().st_size == output["size"]
            if same and hash_file(target) == output["hash"]:
                return
            target.parent.mkdir(parents=True, exist_ok=True)
            self._transfer(output, target)
        except OSError as error:
            raise UnavailableError(
                f"it cannot be written: {error.strerror}",
                where=str(target),
                remedy="Choose another folder with --output, or free some space.",
            ) from error

    def _transfer(self, output: dict[str, Any], target: Path) -> None:
        temporary = target.with_name(f".{target.name}.{os.getpid()}.part")
        try:
            for attempt in range(1, _TRIES + 1):
                try:
                    self._content(output, temporary)
                    break
                except UnreachableError:
                    if attempt == _TRIES:
                        raise
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)

    def _content(self, output: dict[str, Any], temporary: Path) -> None:
        hasher = blake3()
        with temporary.open("wb") as file:
            for chunk in self._client.get_output(self._job_id, output["path"]):
                hasher.update(chunk)
                file.write(chunk)
        if hasher.hexdigest() != output["hash"]:
            raise UnreachableError("the content was damaged on its way", where=output["path"])


def confined(folder: Path, path: str) -> Path:
    """``folder/path``. Raises :class:`BadInputError` if that would lie outside ``folder``."""
    relative = PurePosixPath(path)
    if relative.is_absolute() or ".." in relative.parts or "\0" in path or not relative.parts:
        raise BadInputError(f"the server named an unsafe path: {path!r}", where=str(folder))
    return folder.joinpath(*relative.parts)


def check_writable(folder: Path, *, make: bool = True) -> None:
    """Pass if files can be written into ``folder``. Raises :class:`UnavailableError`.

    It is made if need be; without ``make`` the folder that it would be made in is looked at.
    """
    try:
        if make:
            folder.mkdir(parents=True, exist_ok=True)
        else:
            folder = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
        probe = folder / f".rendermill-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise UnavailableError(
            f"the output folder cannot be written: {error.strerror}",
            where=str(folder),
            remedy="Choose another.",
        ) from error
