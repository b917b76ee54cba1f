"""Folders that files come from and go to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from rendermill.farm.model.errors import BadInputError, UnavailableError


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
        probe.unlink(missing_ok=True)  # another thread, or machine, may have the same
    except OSError as error:
        raise UnavailableError(
            f"the output folder cannot be written: {error.strerror}",
            where=str(folder),
            remedy="Choose another.",
        ) from error


def files_below(folder: Path) -> Iterator[Path]:
    """Everything below a folder that is no folder, by name: linked folders too, each but once on its own path.

    Raises :class:`BadInputError` if one cannot be looked into.
    """
    try:
        yield from _below(folder, frozenset())
    except OSError as error:
        raise BadInputError(f"it cannot be looked into: {error.strerror}", where=str(error.filename)) from error


def _below(folder: Path, above: frozenset[tuple[int, int]]) -> Iterator[Path]:
    status = folder.stat()
    itself = (status.st_dev, status.st_ino)
    if itself in above:  # a link to a folder that it lies in
        return
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            yield from _below(path, above | {itself})
        else:
            yield path
