"""db_config.ini: its options, what is wrong in it, which folders it leads to."""

from __future__ import annotations

import os
import re
import types
from pathlib import Path
from typing import Any

import pytest

import rayvision_sync
from rayvision_sync.exception import RayvisionError, UnsupportedDatabaseError
from rayvision_sync.upload import RayvisionUpload
from rendermill.sdk.records import RecordsChoice
from rendermill_rayvision.sync_settings import SyncSettings, download_log_folder

PACKAGED = Path(rayvision_sync.__file__).parent / "db_config.ini"
API: Any = types.SimpleNamespace(user_info={"platform": "2"})
CHOSEN = """
[TRANSFER_LOG_PATH]
transfer_log_path = {log}
[DATABASE_CONFIG]
on = {on}
type = {kind}
db_path = {db}
[REDIS]
host = 10.0.0.1
port = 7000
password = 密码 100%
table_index = 4
timeout = 250
[SQLITE]
temporary = {temporary}
"""


def config(folder: Path, **options: object) -> Path:
    """A db_config.ini."""
    values = {"log": "", "on": "true", "kind": "sqlite", "db": "", "temporary": "false", **options}
    path = folder / "my_config.ini"
    path.write_text(CHOSEN.format(**values), encoding="utf-8")
    return path


def settings(folder: Path, **options: object) -> SyncSettings:
    return SyncSettings.read(config(folder, **options))


def folder(parent: Path, name: str) -> Path:
    made = parent / name
    made.mkdir()
    return made


def test_the_packaged_file_has_every_option_with_its_default() -> None:
    found = SyncSettings.read(PACKAGED)
    redis = found.redis
    assert (found.transfer_log_path, found.on, found.kind, found.db_path, found.temporary) == (
        *("", True, "sqlite", ""),
        False,
    )
    assert (redis.host, redis.port, redis.password, redis.table_index, redis.timeout) == (
        "127.0.0.1",
        6379,
        "",
        0,
        5000,
    )


def test_a_script_may_load_it_as_text(tmp_path: Path) -> None:
    upload = RayvisionUpload(API)
    log, redis, sqlite, database = upload.load_db_config(config(tmp_path, on="False", kind="redis", temporary="True"))
    assert log == ""
    assert redis == {"host": "10.0.0.1", "port": 7000, "password": "密码 100%", "table_index": "4", "timeout": "250"}
    assert sqlite == {"temporary": "true"}
    assert database == {"on": "false", "type": "redis", "db_path": ""}
    assert upload.load_db_config()[3]["type"] == "sqlite"


# --- what is wrong -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("[TRANSFER_LOG_PATH]", "[LOG]", "[TRANSFER_LOG_PATH]"),
        ("transfer_log_path", "log_path", "[TRANSFER_LOG_PATH] transfer_log_path"),
        ("[DATABASE_CONFIG]", "[DATABASE]", "[DATABASE_CONFIG]"),
        ("on = true", "", "[DATABASE_CONFIG] on"),
        ("on = true", "on = maybe", "[DATABASE_CONFIG] on"),
        ("type = sqlite", "", "[DATABASE_CONFIG] type"),
        ("db_path", "path", "[DATABASE_CONFIG] db_path"),
        ("[REDIS]", "[R]", "[REDIS]"),
        ("host = 10.0.0.1", "", "[REDIS] host"),
        ("port = 7000", "port = 70 00", "[REDIS] port"),
        ("password", "secret", "[REDIS] password"),
        ("table_index = 4", "table_index =", "[REDIS] table_index"),
        ("timeout = 250", "timeout = 1e3", "[REDIS] timeout"),
        ("[SQLITE]", "", "[SQLITE]"),
        ("temporary = false", "temporary = 2", "[SQLITE] temporary"),
        ("[SQLITE]", "[SQLITE", "my_config.ini"),
    ],
)
def test_file_section_and_option_of_what_is_wrong_are_named(tmp_path: Path, old: str, new: str, where: str) -> None:
    path = config(tmp_path)
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(RayvisionError, match=re.escape(where)) as raised:
        RayvisionUpload(API, db_config_path=path)
    assert str(path) in raised.value.error


def test_a_file_that_is_not_there_is_named_and_not_passed_over(tmp_path: Path) -> None:
    with pytest.raises(RayvisionError, match=re.escape(str(tmp_path / "none.ini"))):
        RayvisionUpload(API, str(tmp_path / "none.ini"))


def test_another_database_is_named_once_records_are_wanted(tmp_path: Path) -> None:
    upload = RayvisionUpload(API, config(tmp_path, kind="oracle"))
    with pytest.raises(UnsupportedDatabaseError, match=r"my_config\.ini \[DATABASE_CONFIG\] type: 'oracle'"):
        upload.create_db_ini(tmp_path / "upload.json")


# --- folders -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        (("db_path", "RAYVISION_DB", "RAYVISION_LOG"), "db_path"),
        (("RAYVISION_DB", "RAYVISION_LOG"), "RAYVISION_DB"),
        (("RAYVISION_LOG",), "RAYVISION_LOG"),
        ((), "home/renderfarm_sdk"),
    ],
)
def test_the_first_folder_that_is_there_has_the_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: tuple[str, ...], expected: str
) -> None:
    """All three are named; only some of them are there."""
    for name in there:
        folder(tmp_path, name)
    for name in ("RAYVISION_DB", "RAYVISION_LOG"):
        monkeypatch.setenv(name, str(tmp_path / name))
    assert settings(tmp_path, db=tmp_path / "db_path").database_folder() == tmp_path / expected


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        (("log_path", "RAYVISION_LOG"), "log_path"),
        (("RAYVISION_LOG",), "RAYVISION_LOG"),
        ((), "home/renderfarm_sdk"),
    ],
)
def test_the_first_folder_that_is_there_has_the_log_and_others_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: tuple[str, ...], expected: str
) -> None:
    for name in there:
        folder(tmp_path, name)
    monkeypatch.setenv("RAYVISION_LOG", str(tmp_path / "RAYVISION_LOG"))
    monkeypatch.setenv("RAYVISION_DB", str(tmp_path / "none"))
    assert settings(tmp_path, log=tmp_path / "log_path").log_folder() == tmp_path / expected
    assert os.environ["RAYVISION_LOG"] == str(tmp_path / expected)


def test_what_one_upload_told_others_is_no_wish_of_the_next(tmp_path: Path) -> None:
    """Records and log of an upload lie where they would without the one before it."""
    told = folder(tmp_path, "log")
    settings(tmp_path, log=told).log_folder()
    assert os.environ["RAYVISION_LOG"] == str(told)
    assert settings(tmp_path).database_folder() == tmp_path / "home/renderfarm_sdk"
    assert settings(tmp_path).log_folder() == tmp_path / "home/renderfarm_sdk"


def test_what_one_upload_told_others_does_not_hide_what_the_user_wants(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted, told = folder(tmp_path, "wanted"), folder(tmp_path, "told")
    monkeypatch.setenv("RAYVISION_LOG", str(wanted))
    first = settings(tmp_path, log=told)
    for _ in range(2):
        assert first.log_folder() == told
        assert first.database_folder() == wanted
    assert settings(tmp_path).log_folder() == wanted
    assert os.environ["RAYVISION_LOG"] == str(wanted)


def test_downloads_log_where_uploads_said(tmp_path: Path) -> None:
    assert download_log_folder() == tmp_path / "home/renderfarm_sdk"
    told = folder(tmp_path, "log")
    RayvisionUpload(API, config(tmp_path, log=told))
    assert download_log_folder() == told


# --- the file that is made of it ---------------------------------------------------------------------------------


def test_an_upload_has_records_named_like_the_folder_of_its_upload_json(tmp_path: Path) -> None:
    place = folder(tmp_path, "records")
    upload = RayvisionUpload(API, config(tmp_path, db=place, temporary="true"))
    ini = upload.create_db_ini(str(tmp_path / "1586250829" / "upload.json"))
    assert ini == str(place / "db_ini" / "1586250829.ini")
    made = RecordsChoice.read(Path(ini))
    assert (made.on, made.kind, made.path, made.temporary, made.platform) == (
        *(True, "sqlite", place / "db" / "1586250829.db"),
        *(True, "2"),
    )


def test_redis_has_one_file_for_all_uploads(tmp_path: Path) -> None:
    place = folder(tmp_path, "records")
    ini = RayvisionUpload(API, config(tmp_path, db=place, kind="Redis")).create_db_ini(tmp_path / "a" / "upload.json")
    assert ini == str(place / "db_ini" / "db_redis.ini")
    made = RecordsChoice.read(Path(ini))
    assert made.kind == "redis"
    assert (made.redis.host, made.redis.port, made.redis.password) == ("10.0.0.1", 7000, "密码 100%")
    assert (made.redis.table_index, made.redis.timeout) == (4, 250)


def test_a_folder_that_cannot_be_written_is_named_with_what_to_do(tmp_path: Path) -> None:
    (folder(tmp_path, "records") / "db_ini").touch()
    upload = RayvisionUpload(API, config(tmp_path, db=tmp_path / "records"))
    with pytest.raises(RayvisionError, match=r"db_ini.*db_path in db_config.ini.*is_db=False"):
        upload.create_db_ini(tmp_path / "a" / "upload.json")
