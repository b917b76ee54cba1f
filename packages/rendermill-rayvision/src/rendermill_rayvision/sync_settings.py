"""db_config.ini: which records uploads use, and where they and the log of the transfer lie."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from rendermill.farm.model.errors import BadInputError
from rendermill.sdk.ini import Ini
from rendermill.sdk.records import KINDS, RecordsChoice, RedisPlace
from rendermill_rayvision.errors import Code, RayvisionError, UnsupportedDatabaseError
from rendermill_rayvision.workspace import is_folder, sdk_folder

LOG_VARIABLE = "RAYVISION_LOG"
DATABASE_VARIABLE = "RAYVISION_DB"
_instead_of: dict[str, str | None] = {}
"""What :meth:`SyncSettings.log_folder` has put into the environment, and what the user had there before."""


@dataclass(frozen=True, slots=True)
class SyncSettings:
    """What a db_config.ini says; ``path`` is the file, empty folders are left to the environment."""

    path: Path
    transfer_log_path: str
    on: bool
    kind: str
    db_path: str
    redis: RedisPlace
    temporary: bool

    @classmethod
    def read(cls, path: Path) -> SyncSettings:
        """What the file says. Raises RayvisionError that names the file, and the section and option that are wrong."""
        try:
            ini = Ini(path)
            return cls(
                path=path,
                transfer_log_path=ini.text("TRANSFER_LOG_PATH", "transfer_log_path"),
                on=ini.flag("DATABASE_CONFIG", "on"),
                kind=ini.text("DATABASE_CONFIG", "type"),
                db_path=ini.text("DATABASE_CONFIG", "db_path"),
                redis=RedisPlace.read(ini, "REDIS"),
                temporary=ini.flag("SQLITE", "temporary"),
            )
        except BadInputError as error:
            raise RayvisionError(Code.FAILED, str(error)) from error

    def database_folder(self) -> Path:
        """The first folder that is there: ``db_path``, ``RAYVISION_DB``, ``RAYVISION_LOG``; else renderfarm_sdk."""
        return _first(self.db_path, os.environ.get(DATABASE_VARIABLE), _users_log_folder())

    def log_folder(self) -> Path:
        """The first folder that is there: ``transfer_log_path``, ``RAYVISION_LOG``; else renderfarm_sdk.

        It is put into ``RAYVISION_LOG``, for the downloads and programs of the same script.
        """
        users = _users_log_folder()
        folder = _first(self.transfer_log_path, users)
        if os.environ.get(LOG_VARIABLE) != str(folder):
            os.environ[LOG_VARIABLE] = str(folder)
            _instead_of[str(folder)] = users
        return folder

    def choice(self, name: str, platform: str) -> RecordsChoice:
        """The records for an upload of that name. Raises UnsupportedDatabaseError."""
        kind = self.kind.lower()
        if kind not in KINDS:
            what = f"{self.kind!r} is no kind of records: give {' or '.join(KINDS)}"
            raise UnsupportedDatabaseError(f"{self.path} [DATABASE_CONFIG] type: {what}")
        path = self.database_folder() / "db" / f"{name}.db"
        return RecordsChoice(self.on, kind, self.redis, path, self.temporary, platform)


def download_log_folder() -> Path:
    """Where downloads are logged: ``RAYVISION_LOG`` if it is there, else renderfarm_sdk."""
    return _first(os.environ.get(LOG_VARIABLE))


def _users_log_folder() -> str | None:
    found = os.environ.get(LOG_VARIABLE)
    return _instead_of.get(found, found) if found else None


def _first(*folders: str | None) -> Path:
    return next((Path(each).absolute() for each in folders if each and is_folder(each)), sdk_folder())
