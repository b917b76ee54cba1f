"""The users and repositories of a farm on this machine, running or not, for its administrator's commands.

It stands beside ``server.py`` because these commands need the store alone, and start in two thirds of the time
without the doors and the engine.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rendermill.data_folder import make_folder
from rendermill.runtime import default_data
from rendermill.store.accounts import Accounts
from rendermill.store.cinnamon.admin import Repositories, administration
from rendermill.store.database import opened


@contextmanager
def open_accounts(data: Path | None) -> Iterator[Accounts]:
    """The users and keys of the farm in a folder, the default one for None. Makes its store if there is none."""
    data = data or default_data()
    with opened(_farm_db(data)) as engine:
        yield Accounts(engine, data / "secret.key")


@contextmanager
def open_repositories(data: Path | None) -> Iterator[Repositories]:
    """As :func:`open_accounts`, the Cinnamon repositories of a farm, for changes that are made all or none."""
    with opened(_farm_db(data or default_data())) as engine, administration(engine) as found:
        yield found


def _farm_db(data: Path) -> Path:
    """Where the store of a data folder lies; the folder is made."""
    os.umask(0o077)  # it holds hashes of passwords
    make_folder(data)
    return data / "farm.db"
