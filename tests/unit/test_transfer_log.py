"""The log of what was transferred."""

from __future__ import annotations

from pathlib import Path

import pytest

from rendermill.sdk.transfer_log import LOG_NAME, TransferLog


def lines(folder: Path) -> list[list[str]]:
    """The cells of each line."""
    text = (folder / LOG_NAME).read_text(encoding="utf-8")
    assert text.endswith("\n")
    return [line.split("\t") for line in text[:-1].split("\n")]


def log(folder: Path, action: str = "upload") -> TransferLog:
    return TransferLog(folder, action, now=lambda: 1_700_000_000.9)


def test_a_file_is_a_line_of_time_action_path_bytes_and_result(tmp_path: Path) -> None:
    made = log(tmp_path / "new folder")
    made.done(Path("/show/a b.hip"), "show/a b.hip", 12, moved=True)
    made.done(Path("/show/中文.png"), "x", 0, moved=False)
    made.failed(Path("/show/c"), "x", "Permission denied")
    assert lines(tmp_path / "new folder") == [
        ["2023-11-14T22:13:20Z", "upload", "/show/a b.hip", "12", "done"],
        ["2023-11-14T22:13:20Z", "upload", "/show/中文.png", "0", "unchanged"],
        ["2023-11-14T22:13:20Z", "upload", "/show/c", "0", "failed: Permission denied"],
    ]


def test_no_name_makes_a_line_of_its_own(tmp_path: Path) -> None:
    log(tmp_path).done(Path("/a\tb\nc\r\\d\udcff"), "x", 1, moved=True)
    assert [cells[2] for cells in lines(tmp_path)] == ["/a\\tb\\nc\\r\\\\d\\udcff"]


def test_logs_of_one_folder_add_to_each_other(tmp_path: Path) -> None:
    first, second = log(tmp_path), log(tmp_path, "download")
    for each in (first, second, first):
        each.done(Path("/a"), "a", 1, moved=True)
    assert [cells[1] for cells in lines(tmp_path)] == ["upload", "download", "upload"]


def test_a_log_that_cannot_be_written_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").touch()
    made = log(tmp_path / "file")
    made.done(Path("/a"), "a", 1, moved=True)
    made.failed(Path("/a"), "a", "why")
    assert len(caplog.records) == 1
    assert str(tmp_path / "file" / LOG_NAME) in caplog.text
