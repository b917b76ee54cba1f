"""Uploads under the SDK's names to a real farm."""

from __future__ import annotations

import os
import re
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from blake3 import blake3

from rayvision_api.core import RayvisionAPI
from rayvision_sync.exception import RayvisionError
from rayvision_sync.upload import RayvisionUpload
from rendermill.sdk.transfer_log import LOG_NAME
from support.command import run
from support.rayvision_studio import (
    Studio,
    lines,
    listed,
    some_files,
)
from support.rayvision_user import USER
from support.redis_server import PASSWORD, RedisServer, redis_server


def config(folder: Path, **options: object) -> Path:
    """The packaged db_config.ini with other options."""
    import rayvision_sync

    text = (Path(rayvision_sync.__file__).parent / "db_config.ini").read_text()
    for name, value in options.items():
        text, count = re.subn(rf"^{name} =.*$", f"{name} = {value}", text, flags=re.MULTILINE)
        assert count == 1
    path = folder / "db_config.ini"
    path.write_text(text)
    return path


# --- upload ------------------------------------------------------------------------------------------------------


def test_a_task_s_files_go_where_the_farm_looks_for_them(studio: Studio, tmp_path: Path) -> None:
    paths = studio.written(tmp_path / "show", "1-2")
    task_id = studio.api.task.create_task()["taskIdList"][0]
    task, tips, asset, upload = paths
    assert RayvisionUpload(studio.api).upload(str(task_id), tips, task, upload, asset, "100000") is True
    stored = studio.stored("config", f"{task_id}/cfg")
    assert stored == {f"{task_id}/cfg/{Path(path).name}": blake3(Path(path).read_bytes()).hexdigest() for path in paths}
    scene = tmp_path / "show" / "shot.hip"
    assert studio.stored("input")[str(scene).lstrip("/")] == blake3(scene.read_bytes()).hexdigest()


def test_configuration_that_is_not_there_is_left_out(
    studio: Studio, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "task.json").write_text("{}")
    task_id = studio.api.task.create_task()["taskIdList"][0]
    upload = RayvisionUpload(studio.api)
    assert upload.upload_config(task_id, [str(tmp_path / "none.json"), str(tmp_path / "task.json")]) is True
    assert list(studio.stored("config", f"{task_id}/cfg")) == [f"{task_id}/cfg/task.json"]
    assert "none.json is not there" in caplog.text


def test_an_upload_is_one_line_a_file_in_the_log(studio: Studio, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.mkdir()
    upload = RayvisionUpload(studio.api, config(tmp_path, transfer_log_path=log))
    files = some_files(tmp_path / "show")
    for _ in range(2):
        assert upload.upload_asset(listed(tmp_path / "a", *files), is_db=False) is True
    found = [cells[1:] for cells in lines(log / LOG_NAME)]
    assert sorted(found[:3]) == [["upload", str(file), "1000", "done"] for file in files]
    assert sorted(found[3:]) == [["upload", str(file), "1000", "unchanged"] for file in files]


def test_files_that_are_not_there_are_named_and_the_others_are_sent(studio: Studio, tmp_path: Path) -> None:
    files = some_files(tmp_path / "show")
    files[1].unlink()
    with pytest.raises(RayvisionError, match=re.escape(str(files[1]))) as raised:
        RayvisionUpload(studio.api).upload_asset(listed(tmp_path / "a", *files))
    assert raised.value.error_code == 200001
    assert str(files[0]) not in raised.value.error
    stored = studio.stored("input", str(tmp_path / "show").lstrip("/"))
    assert [name.rpartition("/")[2] for name in stored] == ["tex 0.png", "tex 2.png"]


def test_what_is_there_and_is_no_file_is_named(studio: Studio, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(RayvisionError, match="pipe") as raised:
        RayvisionUpload(studio.api).upload_asset(listed(tmp_path / "a", tmp_path / "pipe"))
    assert raised.value.error_code == 200025


def database(home: Path, name: str) -> list[tuple[str, ...]]:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(home / "renderfarm_sdk" / "db" / f"{name}.db")) as opened:
        return opened.execute("SELECT r_key FROM record ORDER BY r_key").fetchall()


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are recorded although they were written just now."""
    monkeypatch.setattr("rendermill.assets.client.reading._SETTLED_SECONDS", -1.0)


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize(("temporary", "kept"), [("false", 3), ("true", 0)])
def test_records_stay_unless_they_are_temporary(
    studio: Studio, tmp_path: Path, home: Path, temporary: str, kept: int
) -> None:
    files = some_files(tmp_path / "show")
    upload = RayvisionUpload(studio.api, config(tmp_path, temporary=temporary))
    assert upload.upload_asset(listed(tmp_path / "mark", *files))
    assert len(database(home, "mark")) == kept
    assert (home / "renderfarm_sdk" / "db_ini" / "mark.ini").is_file()


@pytest.mark.usefixtures("settled")
def test_without_records_no_database_is_made(studio: Studio, tmp_path: Path, home: Path) -> None:
    files = some_files(tmp_path / "show")
    assert RayvisionUpload(studio.api).upload_asset(listed(tmp_path / "a", *files), is_db=False)
    assert RayvisionUpload(studio.api, config(tmp_path, on="false")).upload_asset(listed(tmp_path / "a", *files))
    assert not (home / "renderfarm_sdk" / "db").exists()


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with redis_server(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.mark.usefixtures("settled")
def test_records_may_lie_in_redis_and_a_script_may_have_its_own(
    studio: Studio, tmp_path: Path, redis: RedisServer
) -> None:
    files = some_files(tmp_path / "show")
    ini = config(tmp_path, type="redis", port=redis.port, password=PASSWORD, table_index=2)
    with redis.client(2) as records, redis.client(3) as own:
        upload = RayvisionUpload(studio.api, ini)
        assert upload.upload_asset(listed(tmp_path / "a", *files), is_record=True, redis_obj=own)
        assert records.dbsize() == 3
        assert set(dict(own.hgetall("upload_done"))) == set(map(str, files))
        upload.upload_asset(listed(tmp_path / "a", *files), is_record=True, redis_obj=own, redis_flag="mine")
        assert own.hlen("mine") == 3


def test_redis_that_does_not_answer_is_named(studio: Studio, tmp_path: Path) -> None:
    from support.redis_server import free_port

    port = free_port()
    upload = RayvisionUpload(studio.api, config(tmp_path, type="redis", port=port))
    with pytest.raises(RayvisionError, match=f"127.0.0.1:{port}"):
        upload.upload_asset(listed(tmp_path / "a", *some_files(tmp_path / "show")))
    assert upload.upload_asset(listed(tmp_path / "a", *some_files(tmp_path / "show")), is_db=False)


def test_several_uploads_run_at_once_and_an_error_is_not_lost(studio: Studio, tmp_path: Path) -> None:
    lists = [listed(tmp_path / str(number), *some_files(tmp_path / "show" / str(number))) for number in range(4)]
    upload = RayvisionUpload(studio.api)
    assert upload.thread_pool_upload(lists, 2) is True
    assert len(studio.stored("input", str(tmp_path / "show").lstrip("/"))) == 12
    (tmp_path / "show" / "1" / "tex 0.png").unlink()
    with pytest.raises(RayvisionError, match=r"tex 0\.png"):
        upload.thread_pool_upload(tuple(lists), is_db=True, max_speed="100000")


class Interrupting:
    """A script's Redis; Ctrl-C is pressed when a file is noted in it."""

    def hset(self, _flag: str, _path: str, _time: int) -> None:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


def test_several_uploads_are_interrupted_together(studio: Studio, tmp_path: Path) -> None:
    """At this speed the second would take longer than anybody waits."""
    small, large = some_files(tmp_path / "show", 2)
    large.write_bytes(os.urandom(4_000_000))
    lists = [listed(tmp_path / "0", small), listed(tmp_path / "1", large)]
    with pytest.raises(KeyboardInterrupt):
        RayvisionUpload(studio.api).thread_pool_upload(
            lists, 2, max_speed="1", is_record=True, redis_obj=Interrupting()
        )
    assert str(large).lstrip("/") not in studio.stored("input")


def test_a_sub_account_s_files_go_where_its_main_account_shares(studio: Studio, tmp_path: Path) -> None:
    home, data = studio.server.home, studio.server.data
    words = ("user", "create", "ben", "--password-stdin", "--main", USER, "--share-storage", "--data", data)
    assert run(home, *words, stdin="hunter2hunter2\n").code == 0
    key = run(home, "key", "create", "--user", "ben", "--data", data, "--json").json
    ben = RayvisionAPI(key["access_id"], key["access_key"], domain=studio.server.url, platform="2")
    (file,) = some_files(tmp_path / "show", 1)
    assert RayvisionUpload(ben).upload_asset(listed(tmp_path / "a", file))
    assert str(file).lstrip("/") in studio.stored("input")
    ben.rendermill.close()
