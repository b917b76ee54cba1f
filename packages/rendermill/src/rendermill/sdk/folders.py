"""Folders that files go to."""

from __future__ import annotations

import os
from pathlib import Path

from rendermill.farm.model.errors import UnavailableError


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
