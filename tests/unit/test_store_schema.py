"""The database's schema: migrations and tables are one, and a store that does not fit is refused."""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect

from rendermill.farm.model.errors import UnavailableError
from rendermill.farm.model.status import AttemptStatus, JobStatus, TaskStatus, Turn
from rendermill.store import database
from rendermill.store.accounts import Accounts
from rendermill.store.database import SqlStore, migrate, sqlite_engine
from rendermill.store.rayvision import schema as rayvision

metadata = rayvision.rayvision_tasks.metadata


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "farm.db"


@pytest.fixture
def engine(path: Path) -> Iterator[Engine]:
    """A database that the migrations made."""
    made = sqlite_engine(path)
    migrate(made)
    yield made
    made.dispose()


def definitions(engine: Engine) -> dict[str, list[str]]:
    """What SQLite keeps of each table and index: the parts of their statements, in no order.

    (A column that a migration adds comes after the constraints.)
    """
    query = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'"
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(query).all()
    return {name: _parts(sql) for name, sql in rows if name != "alembic_version"}


def _parts(sql: str) -> list[str]:
    """The statement cut at the commas of its outermost brackets."""
    parts, depth = [""], 0
    for letter in " ".join(sql.split()):
        depth += (letter == "(") - (letter == ")")
        if letter in "()," and depth == (letter != ")"):
            parts.append("")
        else:
            parts[-1] += letter
    return sorted(part.strip() for part in parts)


def set_revision(path: Path, revision: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
    connection.commit()
    connection.close()


# --- migrations --------------------------------------------------------------------------------------------------


def test_the_migrations_sum_is_the_schema(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_the_migrations_make_the_very_statements_of_the_schema(engine: Engine, tmp_path: Path) -> None:
    """Also what a comparison does not see: checks, cascades, partial indexes, AUTOINCREMENT, WITHOUT ROWID."""
    at_once = sqlite_engine(tmp_path / "at_once.db")
    metadata.create_all(at_once)
    expected = definitions(at_once)
    at_once.dispose()
    assert definitions(engine) == expected
    assert len(expected) > len(metadata.tables)


@pytest.mark.parametrize(
    ("table", "statuses"), [("jobs", JobStatus), ("tasks", TaskStatus), ("attempts", AttemptStatus)]
)
def test_the_checks_list_what_the_enums_list(engine: Engine, table: str, statuses: type[StrEnum]) -> None:
    checks = {str(check["name"]): check["sqltext"] for check in inspect(engine).get_check_constraints(table)}
    listed = re.findall(r"'(\w+)'", checks[f"ck_{table}_status"])
    assert sorted(listed) == sorted(statuses)


def test_there_is_a_counter_for_each_task_status(engine: Engine) -> None:
    columns = {column["name"] for column in inspect(engine).get_columns("steps")}
    assert {name for name in columns if name.startswith("n_")} == {f"n_{status}" for status in TaskStatus}


def test_status_columns_take_the_longest_status() -> None:
    longest = max(map(len, (*JobStatus, *TaskStatus, *AttemptStatus)))
    for table, column in (("jobs", "status"), ("tasks", "status"), ("events", "source"), ("events", "target")):
        assert getattr(metadata.tables[table].c[column].type, "length", 0) >= longest


# --- opening -----------------------------------------------------------------------------------------------------


def test_opening_makes_the_store_and_opening_again_is_fine(path: Path) -> None:
    for _ in range(3):
        store = SqlStore.open(path)
        assert store.read(lambda q: q.jobs()) == []
        store.close()


def test_migrating_again_changes_nothing(engine: Engine) -> None:
    before = definitions(engine)
    migrate(engine)
    assert definitions(engine) == before


def test_a_store_survives_a_power_cut_and_checks_its_references(path: Path) -> None:
    store = SqlStore.open(path)
    with store.engine.connect() as connection:
        found = {
            pragma: connection.exec_driver_sql(f"PRAGMA {pragma}").scalar()
            for pragma in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    store.close()
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10000}


def test_a_store_of_a_newer_version_is_refused_and_left_as_it_is(path: Path) -> None:
    SqlStore.open(path).close()
    set_revision(path, "9999")
    before = path.read_bytes()
    with pytest.raises(UnavailableError, match="9999") as caught:
        SqlStore.open(path)
    assert "Update" in (caught.value.remedy or "")
    assert path.read_bytes() == before
    assert path not in {each.readlink() for each in Path("/proc/self/fd").iterdir() if each.is_symlink()}


def test_migrating_a_store_of_a_newer_version_is_refused(engine: Engine, path: Path) -> None:
    """Administrators' commands migrate without opening the jobs."""
    set_revision(path, "9999")
    with pytest.raises(UnavailableError, match="9999"):
        migrate(engine)


@pytest.mark.parametrize("content", [b"x" * 5000, b"hello", b"SQLite format 3\0" + b"\xff" * 4096])
def test_what_is_no_store_is_refused_and_left_as_it_is(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(UnavailableError) as caught:
        SqlStore.open(path)
    assert caught.value.where == str(path)
    assert path.read_bytes() == content


def test_migrating_what_is_no_store_is_refused(path: Path) -> None:
    path.write_bytes(b"x" * 5000)
    engine = sqlite_engine(path)
    with pytest.raises(UnavailableError):
        migrate(engine)
    engine.dispose()


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError):
        SqlStore.open(tmp_path / "gone/farm.db")


def test_opening_waits_for_another_process_that_is_making_the_store(path: Path) -> None:
    """`rendermill serve` and `rendermill user create` may begin at the same moment on a new folder."""
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    other.execute("CREATE TABLE another (x)")
    done = threading.Timer(0.2, other.execute, ("COMMIT",))
    done.start()
    try:
        SqlStore.open(path).close()
    finally:
        done.join()
        other.close()


# --- older stores ------------------------------------------------------------------------------------------------


def make_first_version(path: Path) -> None:
    """A store as version 0.1.0 left it: two users with a key, and a job that was running."""
    engine = sqlite_engine(path)
    config = Config()
    config.set_main_option("script_location", str(Path(database.__file__).parent / "migrations"))
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for name in ("ann", "bob"):
            connection.exec_driver_sql("INSERT INTO users VALUES (?, 'x', 0, 0, 0, 5.0)", (name,))
        connection.exec_driver_sql("INSERT INTO keys VALUES ('id', 'ann', x'00', 5.0)")
        connection.exec_driver_sql(
            "INSERT INTO jobs VALUES (7, 'job', 'ann', 'running', 50, 1.0, 2.0, NULL, '', 3, NULL, "
            "'[]', '{}', '{}', '[]')"
        )
        connection.exec_driver_sql("INSERT INTO steps VALUES (3, 7, 'run', 0, '[]', 0, 1, 0, 1, 1, 0, 0)")
        for index, status in enumerate(("ready", "running", "succeeded")):
            connection.exec_driver_sql("INSERT INTO tasks VALUES (3, ?, ?, 1, 0, '')", (index, status))
        connection.exec_driver_sql("INSERT INTO outputs VALUES (7, 'a.png', 3, 2, 1, ?, 9)", ("ab" * 32,))
    engine.dispose()


def test_a_store_of_the_first_version_keeps_all_that_it_has(path: Path, tmp_path: Path) -> None:
    make_first_version(path)
    store = SqlStore.open(path)
    job = store.read(lambda q: q.job(7))
    assert job is not None
    assert (job.name, job.status, job.limit, job.hold, job.hardware, job.info) == (
        "job",
        "running",
        None,
        False,
        (),
        {},
    )
    step = store.read(lambda q: q.steps(7))[0]
    assert (step.depends, step.turn, step.counts.total) == ((), Turn.ANY, 3)
    assert [task.status for task in store.read(lambda q: q.tasks(3))] == ["ready", "running", "succeeded"]
    assert [output.path for output in store.read(lambda q: q.outputs(7))] == ["a.png"]
    accounts = Accounts(store.engine, tmp_path / "secret.key")
    numbers = [user.id for user in accounts.users()]
    assert len(set(numbers)) == 2
    assert min(numbers) >= 10_000_000
    assert [key[0] for key in accounts.list_keys("ann")] == ["id"]
    store.close()
