"""The records of uploads keep the contract, and what is particular to each kind."""

from __future__ import annotations

import logging
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from contract.records_suite import MARK, OTHER, RecordsSuite
from rendermill.assets.client.records import Mark, NoRecords, Records
from rendermill.assets.client.records_redis import RedisRecords
from rendermill.assets.client.records_sqlite import SqliteRecords
from rendermill.farm.model.errors import UnavailableError
from support.redis_server import PASSWORD, RedisServer, free_port, redis_server

FOREIGN = """CREATE TABLE record (r_key CHAR(2048) PRIMARY KEY NOT NULL, r_val CHAR(64) NOT NULL,
             r_time CHAR(20) NOT NULL)"""


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server


def redis_records(server: RedisServer, database: int = 0, timeout_ms: int = 5000) -> RedisRecords:
    return RedisRecords("127.0.0.1", server.port, PASSWORD, database, timeout_ms)


class TestSqlite(RecordsSuite):
    """SQLite in a file."""

    @pytest.fixture
    def opened(self, tmp_path: Path) -> Iterator[list[SqliteRecords]]:
        """All that were opened, the first of them for the test."""
        found = [SqliteRecords(tmp_path / "db" / "records.db")]
        yield found
        for each in found:
            each.close()

    @pytest.fixture
    def records(self, opened: list[SqliteRecords]) -> SqliteRecords:
        return opened[0]

    @pytest.fixture
    def others(self, opened: list[SqliteRecords], tmp_path: Path) -> Callable[[], Records]:
        def again() -> Records:
            opened.append(SqliteRecords(tmp_path / "db" / "records.db"))
            return opened[-1]

        return again


class TestRedis(RecordsSuite):
    """A Redis server."""

    @pytest.fixture
    def opened(self, redis: RedisServer) -> Iterator[list[RedisRecords]]:
        with redis.client() as client:
            client.flushall()
        found = [redis_records(redis)]
        yield found
        for each in found:
            each.close()

    @pytest.fixture
    def records(self, opened: list[RedisRecords]) -> RedisRecords:
        return opened[0]

    @pytest.fixture
    def others(self, opened: list[RedisRecords], redis: RedisServer) -> Callable[[], Records]:
        def again() -> Records:
            opened.append(redis_records(redis))
            return opened[-1]

        return again


def test_no_records_know_nothing() -> None:
    records = NoRecords()
    records.keep({"a": MARK})
    records.forget(["a"])
    assert records.known(["a"]) == {}
    records.close()


# --- SQLite ------------------------------------------------------------------------------------------------------


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "records.db"


def kept(path: Path) -> dict[str, Mark]:
    """What a file knows of ``a`` and ``b``."""
    with closing(SqliteRecords(path)) as records:
        return records.known(["a", "b"])


def test_what_another_program_wrote_stays_and_is_not_understood(path: Path) -> None:
    with closing(sqlite3.connect(path)) as theirs:
        theirs.execute(FOREIGN)
        theirs.execute("""INSERT INTO record VALUES ('{"platform_id": 2, "path": "a"}', '1700000000-12', '17')""")
        theirs.execute("INSERT INTO record VALUES ('a', 'what is this', '17')")
        theirs.commit()
    with closing(SqliteRecords(path)) as records:
        assert records.known(["a"]) == {}
        records.keep({"b": MARK})
    assert kept(path) == {"b": MARK}
    with closing(sqlite3.connect(path)) as theirs:
        assert theirs.execute("SELECT count(*) FROM record").fetchone() == (3,)


def test_what_is_no_database_is_set_aside(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.write_bytes(b"no database at all" * 1000)
    with closing(SqliteRecords(path)) as records:
        assert records.known(["a"]) == {}
        records.keep({"a": MARK})
    assert kept(path) == {"a": MARK}
    assert path.with_name("records.db.damaged").read_bytes().startswith(b"no database")
    assert [each.getMessage().partition(":")[0] for each in caplog.records] == [
        "the records of uploads are damaged and begun anew"
    ]


def test_a_database_whose_pages_are_damaged_is_begun_anew(path: Path) -> None:
    with closing(SqliteRecords(path)) as records:
        records.keep({f"key {number}": OTHER for number in range(5000)})
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (path.stat().st_size - 4096))
    with closing(SqliteRecords(path)) as records:
        assert records.known(["key 4000", "key 1"]) == {}
        records.keep({"a": MARK})
        assert records.known(["a"]) == {"a": MARK}
    assert kept(path) == {"a": MARK}
    assert path.with_name("records.db.damaged").is_file()


def test_a_place_where_nothing_can_be_written_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").touch()
    records = SqliteRecords(tmp_path / "file" / "records.db")
    for _ in range(3):
        records.keep({"a": MARK})
        assert records.known(["a"]) == {}
        records.forget(["a"])
    records.close()
    assert len(caplog.records) == 1
    assert str(tmp_path / "file" / "records.db") in caplog.text


def test_what_can_be_read_and_not_written_is_still_known(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with closing(SqliteRecords(path)) as records:
        records.keep({"a": MARK})
    with closing(sqlite3.connect(path)) as full:
        full.execute("CREATE TRIGGER full BEFORE INSERT ON record BEGIN SELECT RAISE(ABORT, 'no room'); END")
        full.commit()
    with closing(SqliteRecords(path)) as records:
        records.keep({"b": OTHER})
        records.keep({"b": OTHER})
        assert records.known(["a", "b"]) == {"a": MARK}
    assert [each.levelno for each in caplog.records] == [logging.WARNING]


def test_who_cannot_write_because_another_does_goes_on(path: Path) -> None:
    with closing(SqliteRecords(path)) as records:
        records.keep({"a": MARK})
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with closing(SqliteRecords(path, patience=0)) as records:
            records.keep({"b": OTHER})
            assert records.known(["a", "b"]) == {"a": MARK}
        other.execute("ROLLBACK")
    assert kept(path) == {"a": MARK}


PROCESS = """
import sys
from pathlib import Path
from rendermill.assets.client.records import Mark
from rendermill.assets.client.records_sqlite import SqliteRecords
records = SqliteRecords(Path(sys.argv[1]))
for turn in range(50):
    records.keep({f"{sys.argv[2]}/{turn}": Mark(turn, 0, 0, "ab" * 32)})
records.close()
"""


def test_processes_write_to_one_file_at_once(path: Path) -> None:
    names = ["1", "2", "3", "4"]
    running = [subprocess.Popen([sys.executable, "-c", PROCESS, str(path), name]) for name in names]
    assert [each.wait() for each in running] == [0, 0, 0, 0]
    keys = [f"{name}/{turn}" for name in names for turn in range(50)]
    with closing(SqliteRecords(path)) as records:
        assert set(records.known(keys)) == set(keys)


# --- Redis -------------------------------------------------------------------------------------------------------


def test_records_in_redis_pass_away_after_a_month(redis: RedisServer) -> None:
    with closing(redis_records(redis, 3)) as records, redis.client(3) as client:
        records.keep({"a": MARK})
        (key,) = client.keys("*")
        assert 29 * 86400 < int(str(client.ttl(key))) <= 30 * 86400


def test_databases_of_a_server_are_apart(redis: RedisServer) -> None:
    with closing(redis_records(redis, 4)) as one, closing(redis_records(redis, 5)) as another:
        one.keep({"a": MARK})
        assert another.known(["a"]) == {}


def test_what_others_keep_in_redis_is_not_touched(redis: RedisServer) -> None:
    with closing(redis_records(redis, 6)) as records, redis.client(6) as client:
        client.set("a", "theirs")
        records.keep({"a": MARK})
        records.forget(["a"])
        assert client.get("a") == "theirs"


def test_a_server_that_does_not_answer_is_named_with_what_to_do() -> None:
    port = free_port()
    with pytest.raises(UnavailableError, match=f"127.0.0.1:{port}") as raised:
        RedisRecords("127.0.0.1", port, timeout_ms=500)
    assert "db_config.ini" in str(raised.value.remedy) and "is_db=False" in str(raised.value.remedy)


@pytest.mark.parametrize(("password", "database"), [("wrong", 0), ("", 0), (PASSWORD, 10_000)])
def test_a_server_that_refuses_is_named(redis: RedisServer, password: str, database: int) -> None:
    with pytest.raises(UnavailableError, match=f"127.0.0.1:{redis.port}") as raised:
        RedisRecords("127.0.0.1", redis.port, password, database)
    assert PASSWORD not in str(raised.value)


def test_a_server_that_goes_away_costs_time_only(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with redis_server(tmp_path) as server, closing(redis_records(server, timeout_ms=500)) as records:
        records.keep({"a": MARK})
        server.kill()
        for _ in range(3):
            records.keep({"b": MARK})
            assert records.known(["a"]) == {}
    assert [f"127.0.0.1:{server.port}" in each.getMessage() for each in caplog.records] == [True]
