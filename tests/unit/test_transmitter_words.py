"""What ``rendermill-transmitter`` is told, what it says, and how it ends."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from rendermill.cli.transmitter import STATUSES, access, server_url, status_of
from rendermill.cli.transmitter_files import items_to_send, names_to_fetch
from rendermill.cli.transmitter_order import Order, parse
from rendermill.cli.transmitter_report import Report
from rendermill.farm.model.errors import BadInputError, JobFailedError, MissingFilesError, RendermillError
from rendermill.sdk.transfer import Item
from support.clock import FakeClock

REPEATED_WITH_PAUSES = 10
UNDERSTOOD = {*range(1, 10), 11}
"""Statuses other than 0 at which the published client stops in the end."""
SENT = re.compile(r".*?upload file done.*?\((.*?)\).*")
"""How it finds a file that was sent."""
OPTIONS = {
    **{"-E": "aspera", "-H": "farm.example", "-P": "8642", "-S": "12", "-U": "1", "-T": "upload_json"},
    **{"-L": "/w/upload.json", "-R": "/", "-r": "2", "-K": "false", "-s": "1048576", "-C": "None", "-p": "0"},
}
ORDER = Order(
    host="farm.example",
    port=8642,
    storage="12",
    kind="upload_json",
    local=Path("/w/upload.json"),
    remote="/",
    retries=2,
    keep=False,
    max_speed=1 << 30,
    config=None,
)


def words(**changed: str) -> list[str]:
    """A command line, with other values for some of the options."""
    given = {**OPTIONS, **{f"-{name}": value for name, value in changed.items()}}
    return [word for pair in given.items() for word in pair]


# --- the command line --------------------------------------------------------------------------------------------


def test_the_clients_command_line_is_understood_in_any_order() -> None:
    pairs = list(OPTIONS.items())
    assert parse(words()) == parse([word for pair in reversed(pairs) for word in pair]) == ORDER


def test_long_names_do_too_and_most_may_be_left_out() -> None:
    given = "--host farm.example --port 8642 --storage 12 --type upload_json --local /w/upload.json"
    assert parse(given.split()) == replace(ORDER, max_speed=None)


@pytest.mark.parametrize(
    ("old", "kind"),
    [
        ("upload_file_pairs", "upload_json"),
        ("upload_file_list", "upload_list"),
        ("upload_files", "upload_path"),
        ("download_file_list", "download_list"),
        ("download_files", "download_path"),
    ],
)
def test_clients_up_to_1_2_give_values_in_a_fixed_order(old: str, kind: str) -> None:
    given = [
        "aspera",
        "CTCC",
        "farm.example",
        "8642",
        "12",
        "1",
        old,
        "-odd name",
        "/a",
        "1",
        "true",
        "100",
        "/w/a.ini",
    ]
    assert parse(given) == replace(
        ORDER,
        kind=kind,
        local=Path("-odd name"),
        remote="/a",
        retries=1,
        keep=True,
        max_speed=102400,
        config=Path("/w/a.ini"),
    )


@pytest.mark.parametrize(
    ("word", "keep"), [("true", True), ("True", True), ("1", True), ("false", False), ("0", False)]
)
def test_keep_is_a_word(word: str, keep: bool) -> None:
    assert parse(words(K=word)).keep is keep


def test_no_limit_is_told_by_0_and_no_records_by_none() -> None:
    assert parse(words(s="0")).max_speed is None
    assert parse(words(C="")).config is None
    assert parse(words(C="/w/db.ini")).config == Path("/w/db.ini")


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        (words(T="upload"), "upload_json"),
        (words(P="80x"), "80x"),
        (words(P="65536"), "65536"),
        (words(r="-1"), "-r"),
        (words(s="fast"), "fast"),
        (words(K="maybe"), "maybe"),
        (words(L=""), "-L"),
        (words(S=""), "-S"),
        ([*words(), "more"], "more"),
        ([*words(), "--loc", "/a"], "--loc"),
        (["-H", "farm.example"], "-P"),
        ([], "-H"),
        (["aspera", "CTCC"], "-H"),
        (["x"] * 14, "port"),
    ],
)
def test_what_is_wrong_with_a_command_line_is_named(wrong: list[str], named: str) -> None:
    with pytest.raises(BadInputError, match=re.escape(named)):
        parse(wrong)


# --- what to move ------------------------------------------------------------------------------------------------


def test_a_file_goes_to_the_path_that_is_named_or_into_the_folder(tmp_path: Path) -> None:
    file = tmp_path / "task.json"
    for remote, name in (("/5/cfg/task.json", "/5/cfg/task.json"), ("/", "/task.json"), ("5/cfg/", "5/cfg/task.json")):
        order = replace(ORDER, kind="upload_path", local=file, remote=remote)
        assert items_to_send(order) == [Item(file, name)]


def test_a_folders_content_goes_below_the_path_that_is_named(tmp_path: Path) -> None:
    (tmp_path / "b/c").mkdir(parents=True)
    files = [tmp_path / name for name in ("b/a.txt", "b/c/d.txt", "z.txt")]
    for file in files:
        file.touch()
    order = replace(ORDER, kind="upload_path", local=tmp_path, remote="/show")
    names = ("/show/b/a.txt", "/show/b/c/d.txt", "/show/z.txt")
    assert items_to_send(order) == [Item(file, name) for file, name in zip(files, names, strict=True)]


def test_an_upload_json_says_both_paths_of_each_file(tmp_path: Path) -> None:
    listed = tmp_path / "upload.json"
    scene, texture = {"local": "/a/s.hip", "server": "a/s.hip"}, {"local": "/a/t.png", "server": "/b/t.png"}
    listed.write_text(json.dumps({"scene": [{**scene, "hash": "x"}], "asset": [texture, scene]}))
    wanted = [Item(Path("/a/s.hip"), "a/s.hip"), Item(Path("/a/t.png"), "/b/t.png")]
    assert items_to_send(replace(ORDER, local=listed, remote="/elsewhere")) == wanted


def test_a_list_has_a_path_or_both_paths_a_line(tmp_path: Path) -> None:
    listed = tmp_path / "list.txt"
    listed.write_text('\ufeff/a/中 x.png\n\nlocal:"/a/t.png" server:"/b/t.png"\n/a/中 x.png\n', encoding="utf-8")
    order = replace(ORDER, kind="upload_list", local=listed)
    assert items_to_send(order) == [Item(Path("/a/中 x.png"), "/a/中 x.png"), Item(Path("/a/t.png"), "/b/t.png")]


def test_only_the_end_of_a_line_ends_a_name_of_a_list(tmp_path: Path) -> None:
    listed = tmp_path / "list.txt"
    listed.write_bytes("/a/line\u2028separator.png\r\n/a/next\x85line.png\n".encode())
    names = ["/a/line\u2028separator.png", "/a/next\x85line.png"]
    assert [item.name for item in items_to_send(replace(ORDER, kind="upload_list", local=listed))] == names
    assert names_to_fetch(replace(ORDER, kind="download_list", remote=str(listed))) == names


def test_what_to_fetch_is_a_path_or_a_list_of_them(tmp_path: Path) -> None:
    listed = tmp_path / "list.txt"
    listed.write_text("5_scene/a.png\n5_scene/b\n")
    assert names_to_fetch(replace(ORDER, kind="download_list", remote=str(listed))) == ["5_scene/a.png", "5_scene/b"]
    assert names_to_fetch(replace(ORDER, kind="download_path", remote="5_scene")) == ["5_scene"]


@pytest.mark.parametrize(("content", "said"), [(None, "cannot be read"), (b"\xff\xfe/\x00", "not UTF-8")])
def test_a_list_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None, said: str) -> None:
    listed = tmp_path / "list.txt"
    if content is not None:
        listed.write_bytes(content)
    with pytest.raises(BadInputError, match=said) as refused:
        items_to_send(replace(ORDER, kind="upload_list", local=listed))
    assert refused.value.where == str(listed)


# --- where and who -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "host", "url"),
    [
        ("", "127.0.0.1", "http://127.0.0.1:8642"),
        ("", "localhost", "http://localhost:8642"),
        ("", "[::1]", "http://[::1]:8642"),
        ("", "::1", "http://[::1]:8642"),
        ("", "farm.example", "https://farm.example:8642"),
        ("", "10.0.0.5", "https://10.0.0.5:8642"),
        ("http://farm.example:8642/mill", "Farm.example", "http://farm.example:8642/mill"),
        ("farm.example:8642", "farm.example", "farm.example:8642"),
        ("http://farm.example:9999", "farm.example", "https://farm.example:8642"),
        ("http://farm.example:8642", "other.example", "https://other.example:8642"),
        ("http://farm.example:nonsense", "farm.example", "https://farm.example:8642"),
    ],
)
def test_a_key_goes_over_a_network_by_https_unless_the_user_has_said_otherwise(
    monkeypatch: pytest.MonkeyPatch, told: str, host: str, url: str
) -> None:
    monkeypatch.setenv("RENDERMILL_SERVER", told)
    assert server_url(host, 8642) == url


@pytest.mark.parametrize(("told", "port"), [("https://farm.example", 443), ("http://farm.example", 80)])
def test_a_url_without_a_port_has_its_protocols(monkeypatch: pytest.MonkeyPatch, told: str, port: int) -> None:
    monkeypatch.setenv("RENDERMILL_SERVER", told)
    assert server_url("farm.example", port) == told


@pytest.mark.parametrize("name", ["RAYVISION_API_KEY", "RAYVISION_API_ACCESS_KEY"])
def test_the_key_is_the_scripts_both_halves_or_none(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    for each in ("RAYVISION_API_ACCESS_ID", "RAYVISION_API_KEY", "RAYVISION_API_ACCESS_KEY"):
        monkeypatch.delenv(each, raising=False)
    assert access() == (None, None)
    monkeypatch.setenv("RAYVISION_API_ACCESS_ID", "id")
    with pytest.raises(BadInputError, match="RAYVISION_API_KEY is not"):
        access()
    monkeypatch.setenv(name, "key")
    assert access() == ("id", "key")
    monkeypatch.delenv("RAYVISION_API_ACCESS_ID")
    assert access() == (None, None)


# --- how it ends -------------------------------------------------------------------------------------------------


def test_no_error_ends_with_a_status_that_the_client_repeats_for_ever() -> None:
    assert set(STATUSES.values()) <= UNDERSTOOD
    assert REPEATED_WITH_PAUSES not in STATUSES.values()


def test_files_that_cannot_be_sent_and_a_server_that_is_gone_have_the_clients_own_statuses() -> None:
    assert (STATUSES["missing_files"], STATUSES["unreachable"]) == (11, 9)


def test_the_table_in_the_documentation_is_the_programs() -> None:
    page = Path(__file__).parents[2] / "docs/reference/transmitter.md"
    rows = re.findall(r"^\| (\d+) \|([^|]*)\|", page.read_text(encoding="utf-8"), re.MULTILINE)
    told = {int(status): re.findall(r"`(\w+)`", codes) for status, codes in rows}
    assert set(told) == {0, 1, 2, 5, 6, 7, 8, 9, 11}
    for status, codes in told.items():
        assert {STATUSES[code] for code in codes} <= {status}


class _UnknownError(RendermillError):
    code = "of_a_later_server"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (None, 0),
        (BadInputError("no"), 2),
        (MissingFilesError("no"), 11),
        (JobFailedError("no"), 1),
        (_UnknownError("no"), 1),
        (OSError(28, "No space left on device"), 5),
        (MemoryError("no"), 1),
    ],
)
def test_whatever_happens_has_a_status_and_no_traceback(
    capfd: pytest.CaptureFixture[str], error: Exception | None, status: int
) -> None:
    def work() -> None:
        if error is not None:
            raise error

    assert status_of(work) == status
    said = capfd.readouterr()
    assert ("error: " in said.out) is (error is not None)
    assert "Traceback" not in said.out + said.err


# --- what it says ------------------------------------------------------------------------------------------------


def test_the_client_finds_what_was_sent_and_what_was_not(capfd: pytest.CaptureFixture[str]) -> None:
    report = Report("upload", None)
    report.done(Path("/a/中 x.png"), "a/x.png", 1, moved=True)
    report.done(Path("/a/y.png"), "a/y.png", 1, moved=False)
    report.failed(Path("/a/z.png"), "a/z.png", "No such file or directory")
    first, second, third = capfd.readouterr().out.splitlines()
    assert [found[1] if (found := SENT.search(line)) else None for line in (first, second, third)] == [
        "/a/中 x.png",
        "/a/y.png",
        None,
    ]
    assert "upload file fail" in third
    assert "/a/z.png" in third


def test_progress_is_told_at_most_each_second(capfd: pytest.CaptureFixture[str]) -> None:
    clock = FakeClock()
    report = Report("download", None, now=clock.now)
    report.total(2, 3_000_000)
    for _ in range(4):
        clock.turn(0.5)
        report.moved(500_000)
    lines = capfd.readouterr().out.splitlines()
    assert lines == [f"download progress: 0 of 2 files, {moved} MB of 3.0 MB moved" for moved in ("1.0", "2.0")]


def test_files_that_are_tried_again_do_not_make_the_total_less(capfd: pytest.CaptureFixture[str]) -> None:
    clock = FakeClock()
    report = Report("upload", None, now=clock.now)
    report.total(5, 2_000_000)
    report.total(1, 10)
    clock.turn(1)
    report.hashed(1_000_000)
    assert capfd.readouterr().out == "upload progress: 0 of 5 files, 1.0 MB read, 0.0 MB of 2.0 MB moved\n"


def test_what_is_said_of_files_is_in_the_log_too(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    report = Report("upload", tmp_path, now=FakeClock().now)
    report.done(Path("/a/x.png"), "a/x.png", 7, moved=True)
    report.failed(Path("/a/z.png"), "a/z.png", "gone")
    rows = [line.split("\t")[1:] for line in (tmp_path / "transfer.log").read_text().splitlines()]
    assert rows == [["upload", "/a/x.png", "7", "done"], ["upload", "/a/z.png", "0", "failed: gone"]]
