"""Which records an upload uses, as an INI file says; programs that upload for others are told by such a file.

::

    [database]
    on = true
    platform_id = 2
    type = sqlite
    [redis]
    host = 127.0.0.1
    port = 6379
    password =
    table_index = 0
    timeout = 5000
    [sqlite]
    db_path = /home/ana/renderfarm_sdk/db/shot.db
    temporary = false
"""

from __future__ import annotations

import configparser
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rendermill.assets.client.records import Mark, NoRecords, Records
from rendermill.assets.client.records_redis import RedisRecords
from rendermill.assets.client.records_sqlite import SqliteRecords
from rendermill.sdk.ini import Ini

KINDS = ("sqlite", "redis")


@dataclass(frozen=True, slots=True)
class RedisPlace:
    """A database of a Redis server; ``timeout`` in milliseconds."""

    host: str
    port: int
    password: str
    table_index: int
    timeout: int

    @classmethod
    def read(cls, ini: Ini, section: str) -> RedisPlace:
        """What a section says. Raises BadInputError."""
        return cls(
            host=ini.text(section, "host") or "127.0.0.1",
            port=ini.whole(section, "port", 65535),
            password=ini.text(section, "password"),
            table_index=ini.whole(section, "table_index", 1 << 31),
            timeout=ini.whole(section, "timeout", 1 << 31),
        )


@dataclass(frozen=True, slots=True)
class RecordsChoice:
    """Which records: none if not ``on``, else of a ``kind`` of :data:`KINDS`.

    ``temporary`` ones, of SQLite, are forgotten once what they are for is complete; ``platform`` is kept for who reads
    the file.
    """

    on: bool
    kind: str
    redis: RedisPlace
    path: Path
    temporary: bool
    platform: str = ""

    @classmethod
    def read(cls, path: Path) -> RecordsChoice:
        """What a file says. Raises BadInputError that names what is wrong in it."""
        ini = Ini(path)
        kind = ini.text("database", "type").lower()
        if kind not in KINDS:
            raise ini.error("database", "type", f"{kind!r} is no kind of records", f"Give {' or '.join(KINDS)}.")
        place = ini.text("sqlite", "db_path")
        if kind == "sqlite" and not place:
            raise ini.error("sqlite", "db_path", "it is empty", "Give the path of the database.")
        return cls(
            on=ini.flag("database", "on"),
            kind=kind,
            redis=RedisPlace.read(ini, "redis"),
            path=Path(place),
            temporary=ini.flag("sqlite", "temporary"),
            platform=ini.text("database", "platform_id"),
        )

    def write(self, path: Path) -> None:
        """Write the file, for this user's eyes only: it may hold a password. Raises OSError."""
        parser = configparser.ConfigParser(interpolation=None)
        parser["database"] = {"on": _flag(self.on), "platform_id": self.platform, "type": self.kind}
        redis = self.redis
        parser["redis"] = {
            "host": redis.host,
            "port": str(redis.port),
            "password": redis.password,
            "table_index": str(redis.table_index),
            "timeout": str(redis.timeout),
        }
        parser["sqlite"] = {"db_path": str(self.path), "temporary": _flag(self.temporary)}
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                parser.write(file)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    @contextmanager
    def opened(self) -> Iterator[Records]:
        """The records, for the length of a block; temporary ones are forgotten if it ends without an error.

        Raises UnavailableError if a Redis server does not answer.
        """
        records = self._open()
        try:
            if self.temporary and self.kind == "sqlite":  # those in Redis are others' too
                passing = _Passing(records)
                yield passing
                records.forget(passing.keys())
            else:
                yield records
        finally:
            records.close()

    def _open(self) -> Records:
        if not self.on:
            return NoRecords()
        if self.kind == "sqlite":
            return SqliteRecords(self.path)
        place = self.redis
        return RedisRecords(place.host, place.port, place.password, place.table_index, place.timeout)


@contextmanager
def open_records(ini: Path | None) -> Iterator[Records]:
    """The records that a file says, None for none, for the length of a block that ends without an error if what they
    are for is complete. Raises BadInputError, UnavailableError.
    """
    if ini is None:
        yield NoRecords()
        return
    with RecordsChoice.read(ini).opened() as records:
        yield records


class _Passing:
    """Records that remember which keys they were asked for."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._asked: dict[str, None] = {}

    def keys(self) -> list[str]:
        return list(self._asked)

    def known(self, keys: Sequence[str]) -> dict[str, Mark]:
        self._asked.update(dict.fromkeys(keys))
        return self._records.known(keys)

    def keep(self, marks: Mapping[str, Mark]) -> None:
        self._asked.update(dict.fromkeys(marks))
        self._records.keep(marks)

    def forget(self, keys: Sequence[str]) -> None:
        self._records.forget(keys)

    def close(self) -> None:
        self._records.close()


def _flag(value: bool) -> str:
    return "true" if value else "false"
