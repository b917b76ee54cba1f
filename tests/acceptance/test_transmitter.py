"""The installed ``rendermill-transmitter`` against a farm."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.command import TRANSMITTER, Result, run, serving
from support.rayvision_user import USER, Key, host_of, make_key

WRONG_ARGUMENT, WRONG_KEY, NOT_FOUND, STOPPED, UNREACHABLE, FILES_FAILED = 2, 6, 7, 8, 9, 11


@dataclass(frozen=True)
class Script:
    """What calls the program, with a key in its environment."""

    key: Key
    home: Path
    storage: str

    def words(self, kind: str, local: object, *more: object, storage: str | None = None) -> list[object]:
        host, _, port = self.key.host.partition(":")
        return ["-H", host, "-P", port, "-S", storage or self.storage, "-T", kind, "-L", local, *more]

    def variables(self, **more: str) -> dict[str, str]:
        return {"RAYVISION_API_ACCESS_ID": self.key.access_id, "RAYVISION_API_KEY": self.key.access_key, **more}

    def run(self, *words: object, **variables: str) -> Result:
        return run(self.home, *words, environment=self.variables(**variables), program=TRANSMITTER, stdin="y\n")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("transmitter") / "farm"


@pytest.fixture(scope="module")
def script(data: Path) -> Iterator[Script]:
    home = data.parent / "home"
    made = make_key(data, home)
    with serving(data, home, "--slots", "1", "--no-spare") as server:
        listed = run(home, "user", "list", "--data", data, "--json").json
        number = next(each["id"] for each in listed if each["name"] == USER)
        yield Script(Key(host_of(server), *made), data.parent / "client", f"{number}2")


@pytest.fixture
def show(tmp_path: Path) -> Path:
    """A folder with two files."""
    folder = tmp_path / "show"
    (folder / "tex").mkdir(parents=True)
    (folder / "中 scene.hip").write_bytes(b"scene")
    (folder / "tex/wood.png").write_bytes(b"wood")
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_folder_goes_up_and_comes_back_with_and_without_the_storages_folders(
    script: Script, show: Path, tmp_path: Path
) -> None:
    first = script.run(*script.words("upload_path", show, "-R", "/round/trip"))
    assert first.code == 0, first
    assert f"upload file done ({show}/tex/wood.png)" in first.out.splitlines()
    again = script.run(*script.words("upload_path", show, "-R", "/round/trip"))
    assert f"upload file done, it was there ({show}/tex/wood.png)" in again.out.splitlines()
    for keep, prefix in (("true", "round/trip/"), ("false", "")):
        got = tmp_path / keep
        fetched = script.run(*script.words("download_path", got, "-R", "round/trip", "-K", keep))
        assert fetched.code == 0, fetched
        assert contents(got) == {f"{prefix}tex/wood.png": b"wood", f"{prefix}中 scene.hip": b"scene"}


def test_lists_of_files_go_up_and_come_back(script: Script, show: Path, tmp_path: Path) -> None:
    wood = show / "tex/wood.png"
    up, down = tmp_path / "up.txt", tmp_path / "down.txt"
    up.write_text(f'{wood}\nlocal:"{wood}" server:"/lists/oak.png"\n')
    down.write_text(f"{wood}\nlists\n")
    sent = script.run(*script.words("upload_list", up))
    assert sent.code == 0, sent
    got = script.run(*script.words("download_list", tmp_path / "got", "-R", down, "-K", "true"))
    assert got.code == 0, got
    assert contents(tmp_path / "got") == {str(wood)[1:]: b"wood", "lists/oak.png": b"wood"}


def test_values_in_the_old_order_do_the_same(script: Script, show: Path, tmp_path: Path) -> None:
    host, _, port = script.key.host.partition(":")
    wood = show / "tex/wood.png"
    place = ("aspera", "rendermill", host, port, script.storage, "1")
    sent = script.run(*place, "upload_files", wood, "/old/oak.png", "1", "false", "1048576", "None")
    assert sent.code == 0, sent
    got = script.run(*place, "download_files", tmp_path / "got", "/old/oak.png", "1", "false", "1048576", "None")
    assert got.code == 0, got
    assert contents(tmp_path / "got") == {"oak.png": b"wood"}


def test_records_are_kept_where_the_ini_file_says(script: Script, show: Path, tmp_path: Path) -> None:
    ini = tmp_path / "db.ini"
    ini.write_text(
        "[database]\non = true\nplatform_id = 2\ntype = sqlite\n"
        "[redis]\nhost = 127.0.0.1\nport = 6379\npassword =\ntable_index = 0\ntimeout = 5000\n"
        f"[sqlite]\ndb_path = {tmp_path}/db/show.db\ntemporary = false\n"
    )
    sent = script.run(*script.words("upload_path", show, "-R", "recorded", "-C", ini))
    assert sent.code == 0, sent
    assert (tmp_path / "db/show.db").stat().st_size > 0


def test_what_was_moved_is_in_the_log_of_the_folder_that_the_client_names(
    script: Script, show: Path, tmp_path: Path
) -> None:
    sent = script.run(*script.words("upload_path", show, "-R", "logged"), RAYVISION_LOG=str(tmp_path / "logs"))
    assert sent.code == 0, sent
    lines = (tmp_path / "logs/transfer.log").read_text().splitlines()
    assert {line.split("\t")[2] for line in lines} == {str(show / "tex/wood.png"), str(show / "中 scene.hip")}


def test_a_name_with_nothing_below_it_gives_nothing_and_that_is_no_error(script: Script, tmp_path: Path) -> None:
    got = script.run(*script.words("download_path", tmp_path / "got", "-R", "5_scene"))
    assert (got.code, got.out) == (0, "download: there is nothing yet\n")


@pytest.mark.parametrize(
    ("more", "variables", "status", "said"),
    [
        (["-R", "a/x", "-s", "fast"], {}, WRONG_ARGUMENT, "'fast' is no whole number"),
        (["-R", "a/x", "-C", "/no/db.ini"], {}, WRONG_ARGUMENT, "/no/db.ini"),
        (["-R", "a/x", "-S", "999992"], {}, NOT_FOUND, "error: "),
        (["-R", "a/x"], {"RAYVISION_API_KEY": "wrong"}, WRONG_KEY, "Set RAYVISION_API_ACCESS_ID and RAYVISION_API_KEY"),
        (["-R", "a/x"], {"RAYVISION_API_KEY": ""}, WRONG_ARGUMENT, "RAYVISION_API_KEY is not"),
        (["-R", "a/x", "-T", "upload_json"], {}, WRONG_ARGUMENT, "it is no JSON"),
    ],
)
def test_what_is_wrong_is_said_and_has_a_status_at_which_the_client_stops(
    script: Script, show: Path, more: list[str], variables: dict[str, str], status: int, said: str
) -> None:
    ended = script.run(*script.words("upload_path", show / "tex/wood.png", *more), **variables)
    assert ended.code == status, ended
    assert said in ended.out
    assert ended.err == ""


def test_files_that_are_not_there_are_named_and_the_others_sent(script: Script, show: Path, tmp_path: Path) -> None:
    listed = tmp_path / "list.txt"
    listed.write_text(f'local:"/no/x.png" server:"some/x.png"\nlocal:"{show}/tex/wood.png" server:"some/oak.png"\n')
    ended = script.run(*script.words("upload_list", listed))
    assert ended.code == FILES_FAILED, ended
    assert "upload file fail (/no/x.png)" in ended.out
    assert script.key.request("/api/v1/files/input/some/oak.png")[0] == b"wood"


def test_a_farm_without_tls_is_told_at_once_where_https_is_asked_for(script: Script, show: Path) -> None:
    told = f"https://{script.key.host}"
    ended = script.run(*script.words("upload_path", show), RENDERMILL_SERVER=told)
    assert ended.code == UNREACHABLE, ended
    assert "RENDERMILL_SERVER=http://HOST:PORT" in ended.out


def test_what_everybody_may_write_is_warned_of(script: Script, show: Path, tmp_path: Path) -> None:
    program = tmp_path / "own" / TRANSMITTER.name
    program.parent.mkdir()
    program.write_bytes(TRANSMITTER.read_bytes())
    program.chmod(0o777)
    words = script.words("upload_path", show, "-R", "warned")
    sent = run(script.home, *words, environment=script.variables(), program=program)
    assert sent.code == 0, sent
    assert f"warning: rayvision-sync made {program.parent} writable for everybody" in sent.out
    assert not TRANSMITTER.stat().st_mode & stat.S_IWOTH


@pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it_with_a_status_that_the_client_knows(
    script: Script, tmp_path: Path, asked: signal.Signals
) -> None:
    big = tmp_path / "big.bin"
    big.write_bytes(os.urandom(8_000_000))
    command = [str(TRANSMITTER), *map(str, script.words("upload_path", big, "-R", "big.bin", "-s", "1000"))]
    environment = {"PATH": os.environ["PATH"], "HOME": str(script.home), **script.variables()}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("upload progress: ")
        process.send_signal(asked)
        rest = process.stdout.read()
    assert (process.returncode, "upload file done" in rest) == (STOPPED, False), rest


def test_a_client_that_does_not_listen_changes_nothing(script: Script, show: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    environment = {"PATH": os.environ["PATH"], "HOME": str(script.home), **script.variables()}
    try:
        for words in (["--version"], list(map(str, script.words("upload_path", show, "-R", "unheard")))):
            command = [str(TRANSMITTER), *words]
            done = subprocess.run(
                command, env=environment, stdout=writer, stderr=subprocess.PIPE, check=False, timeout=60
            )
            assert (done.returncode, done.stderr) == (0, b"")
    finally:
        os.close(writer)
    assert script.key.request("/api/v1/files/input/unheard/tex/wood.png")[0] == b"wood"
