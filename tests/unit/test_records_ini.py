"""The INI file that says which records an upload uses."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from rendermill.assets.client.records import Mark, NoRecords
from rendermill.assets.client.records_sqlite import SqliteRecords
from rendermill.farm.model.errors import BadInputError, UnavailableError
from rendermill.sdk.records import RecordsChoice, RedisPlace, open_records

MARK = Mark(1, 2, 3, "ab" * 32)
REDIS = RedisPlace("127.0.0.1", 6379, "a % secret", 3, 5000)


def choice(folder: Path, **changed: object) -> RecordsChoice:
    plain = RecordsChoice(True, "sqlite", REDIS, folder / "db" / "shot 中文.db", False, "2")
    return replace(plain, **changed)  # type: ignore[arg-type]  # fields of several types


def written(folder: Path, **changed: object) -> Path:
    path = folder / "db_ini" / "shot.ini"
    choice(folder, **changed).write(path)
    return path


def known(folder: Path) -> dict[str, Mark]:
    with closing(SqliteRecords(choice(folder).path)) as records:
        return records.known(["a", "b"])


@pytest.mark.parametrize("changed", [{}, {"on": False}, {"kind": "redis"}, {"temporary": True, "platform": ""}])
def test_what_is_written_reads_as_it_was(tmp_path: Path, changed: dict[str, object]) -> None:
    assert RecordsChoice.read(written(tmp_path, **changed)) == choice(tmp_path, **changed)


def test_the_file_has_the_sections_and_options_that_others_read(tmp_path: Path) -> None:
    lines = written(tmp_path).read_text(encoding="utf-8").split("\n")
    assert [line for line in lines if line] == [
        *("[database]", "on = true", "platform_id = 2", "type = sqlite"),
        *("[redis]", "host = 127.0.0.1", "port = 6379", "password = a % secret", "table_index = 3", "timeout = 5000"),
        *("[sqlite]", f"db_path = {choice(tmp_path).path}", "temporary = false"),
    ]


def test_only_this_user_reads_it_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    path = written(tmp_path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["shot.ini"]


def test_records_are_kept_where_it_says(tmp_path: Path) -> None:
    with open_records(written(tmp_path)) as records:
        records.keep({"a": MARK})
    assert known(tmp_path) == {"a": MARK}


@pytest.mark.parametrize("path", [None, "off"])
def test_without_records_nothing_is_kept(tmp_path: Path, path: str | None) -> None:
    ini = written(tmp_path, on=False) if path else None
    with open_records(ini) as records:
        assert isinstance(records, NoRecords)
    assert not choice(tmp_path).path.exists()


def test_temporary_records_of_what_is_complete_are_forgotten_and_others_stay(tmp_path: Path) -> None:
    with open_records(written(tmp_path)) as records:
        records.keep({"a": MARK, "b": MARK, "another": MARK})
    with open_records(written(tmp_path, temporary=True)) as records:
        assert records.known(["a"]) == {"a": MARK}
        records.keep({"b": MARK})
    assert known(tmp_path) == {}
    with open_records(written(tmp_path)) as records:
        assert records.known(["another"]) == {"another": MARK}


def test_temporary_records_of_what_broke_off_stay(tmp_path: Path) -> None:
    def break_off() -> None:
        with open_records(written(tmp_path, temporary=True)) as records:
            records.keep({"a": MARK})
            raise InterruptedError

    with pytest.raises(InterruptedError):
        break_off()
    assert known(tmp_path) == {"a": MARK}


def test_a_redis_server_that_does_not_answer_is_named(tmp_path: Path) -> None:
    from support.redis_server import free_port

    port = free_port()
    ini = written(tmp_path, kind="redis", redis=replace(REDIS, port=port))
    with pytest.raises(UnavailableError, match=f"127.0.0.1:{port}"), open_records(ini):
        pass


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("on = true", "on = perhaps", "[database] on"),
        ("on = true\n", "", "[database] on"),
        ("type = sqlite", "type = oracle", "[database] type"),
        ("[redis]", "[other]", "[redis]"),
        ("port = 6379", "port = many", "[redis] port"),
        ("port = 6379", "port = 70000", "[redis] port"),
        ("table_index = 3", "table_index =", "[redis] table_index"),
        ("timeout = 5000", "timeout = -1", "[redis] timeout"),
        ("temporary = false", "temporary =", "[sqlite] temporary"),
        ("db_path = ", "db_path =\n; ", "[sqlite] db_path"),
        ("[database]", "[database", "shot.ini"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, old: str, new: str, where: str) -> None:
    path = written(tmp_path)
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(BadInputError, match=re.escape(where)) as raised:
        RecordsChoice.read(path)
    assert str(path) in str(raised.value)


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "db.ini"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadInputError, match=re.escape(str(path))), open_records(path):
        pass
