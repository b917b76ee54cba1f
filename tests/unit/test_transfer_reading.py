"""Reading files that others may be writing."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from blake3 import blake3

from rendermill.assets.client.depot import Item
from rendermill.assets.client.reading import Hashed, Reader, read_part
from rendermill.assets.client.records import Mark

LATER = 1000.0
"""Seconds after a file was written: no clock's tick is that long."""


class Kept:
    """Records in memory (:class:`rendermill.assets.client.records.Records`)."""

    def __init__(self) -> None:
        self.marks: dict[str, Mark] = {}

    def known(self, keys: Sequence[str]) -> dict[str, Mark]:
        return {key: self.marks[key] for key in keys if key in self.marks}

    def keep(self, marks: Mapping[str, Mark]) -> None:
        self.marks |= marks

    def forget(self, keys: Sequence[str]) -> None:
        for key in keys:
            self.marks.pop(key, None)

    def close(self) -> None:
        pass


class Reading:
    """A reader whose clock and waits are told."""

    def __init__(self, path: Path, after: float = LATER) -> None:
        self.path, self.after = path, after
        self.records = Kept()
        self.read: list[int] = []
        self.waits: list[float] = []
        self.changes: list[bytes] = []
        """What somebody writes while the file is read, as long as it was: one each time."""
        self.reader = Reader(self.records, "input:", self._heard, self._wait, self._now)

    def hash(self, path: Path | None = None) -> tuple[Hashed, str]:
        item = Item(path or self.path, "a")
        [found] = self.reader.hash_all([Hashed(item, 0)])
        return found

    def _heard(self, size: int) -> None:
        self.read.append(size)
        if self.changes:
            self.path.write_bytes(self.changes.pop(0))
            os.utime(self.path, (len(self.changes), len(self.changes)))  # a tick of the clock may be longer than a test

    def _wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.after += seconds

    def _now(self) -> float:
        return self.path.stat().st_ctime + self.after


@pytest.fixture
def reading(tmp_path: Path) -> Reading:
    path = tmp_path / "file"
    path.write_bytes(b"content")
    return Reading(path)


def digest(content: bytes) -> str:
    return blake3(content).hexdigest()


def test_a_file_has_the_size_and_hash_of_its_content(reading: Reading) -> None:
    file, wrong = reading.hash()
    assert (file.size, file.digest, wrong) == (7, digest(b"content"), "")
    assert (reading.read, reading.waits) == ([7], [])


def test_a_file_that_changes_while_it_is_read_is_read_again(reading: Reading) -> None:
    reading.changes = [b"Content", b"CONTENT"]
    file, wrong = reading.hash()
    assert (file.size, file.digest, wrong) == (7, digest(b"CONTENT"), "")
    assert len(reading.read) == 3


def test_a_file_that_always_changes_is_named(reading: Reading) -> None:
    reading.changes = [b"%07d" % number for number in range(10)]
    file, wrong = reading.hash()
    assert (file.digest, wrong) == ("", "it changes while it is read")
    assert len(reading.read) == 3


def test_a_file_that_grows_while_it_is_read_is_read_again(reading: Reading) -> None:
    reading.changes = [b"longer content"]
    file, wrong = reading.hash()
    assert (file.size, file.digest, wrong) == (14, digest(b"longer content"), "")


def test_a_file_written_this_very_moment_is_read_a_tick_later(reading: Reading) -> None:
    reading.after = 0.001
    assert reading.hash()[1] == ""
    assert len(reading.waits) == 1
    assert reading.after >= 0.02


def test_so_is_one_whose_time_was_set_back(reading: Reading) -> None:
    os.utime(reading.path, (1, 1))
    reading.after = 0.001
    reading.hash()
    assert len(reading.waits) == 1


# --- records -----------------------------------------------------------------------------------------------------


def test_an_unchanged_file_is_read_once(reading: Reading) -> None:
    first, _ = reading.hash()
    second, _ = reading.hash()
    assert len(reading.read) == 1
    assert (second.size, second.digest) == (first.size, first.digest)
    assert list(reading.records.marks) == ["input:a"]


@pytest.mark.parametrize(
    "change",
    [
        lambda path: path.write_bytes(b"CONTENT!"),
        lambda path: path.write_bytes(b"CONTENT"),
        lambda path: os.utime(path, (1, 1)),
        lambda path: path.chmod(0o600),
    ],
    ids=["size", "content", "time", "status"],
)
def test_a_file_is_read_again_when_any_of_its_times_or_its_size_is_another(reading: Reading, change: object) -> None:
    reading.hash()
    before = reading.path.stat()
    assert callable(change)
    change(reading.path)
    mark = reading.records.marks["input:a"]
    after = reading.path.stat()
    if after.st_ctime_ns == before.st_ctime_ns:  # within one tick of the clock
        reading.records.marks["input:a"] = Mark(mark.size, mark.mtime_ns, mark.ctime_ns - 1, mark.hash)
    file, _ = reading.hash()
    assert file.digest == digest(reading.path.read_bytes())
    assert len(reading.read) == 2


@pytest.mark.parametrize("field", ["size", "mtime_ns", "ctime_ns"])
def test_a_record_that_differs_in_one_thing_is_not_used(reading: Reading, field: str) -> None:
    reading.hash()
    right = reading.records.marks["input:a"]
    values = {name: getattr(right, name) for name in Mark.__slots__}
    values[field] += 1
    reading.records.marks["input:a"] = Mark(**{**values, "hash": digest(b"a lie")})
    assert reading.hash()[0].digest == digest(b"content")
    assert reading.records.marks["input:a"] == right


def test_a_file_that_may_still_change_unnoticed_is_not_recorded(reading: Reading) -> None:
    reading.after = 1.0
    assert reading.hash()[1] == ""
    assert reading.records.marks == {}


def test_one_from_the_future_is_not_either(reading: Reading) -> None:
    reading.after = -3600.0
    assert reading.hash()[1] == ""
    assert reading.records.marks == {}


def test_a_forgotten_file_is_read_again(reading: Reading) -> None:
    reading.hash()
    reading.reader.forget([Item(reading.path, "a")])
    reading.hash()
    assert len(reading.read) == 2


# --- what is no file ---------------------------------------------------------------------------------------------


def test_what_is_no_file_is_named_and_not_read(reading: Reading, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")  # to open it would wait for ever
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(tmp_path / "door"))
        said = {name: reading.hash(tmp_path / name)[1] for name in ("pipe", "door", "link", "gone", "")}
    assert said == {
        "pipe": "it is not a file",
        "door": "it is not a file",
        "link": "No such file or directory",
        "gone": "No such file or directory",
        "": "it is a folder",
    }
    assert reading.read == []


def test_one_that_cannot_be_read_does_not_keep_the_others(reading: Reading, tmp_path: Path) -> None:
    files = [Hashed(Item(tmp_path / name, name), 0) for name in ("gone", "file")]
    assert [wrong for _, wrong in reading.reader.hash_all(files)] == ["No such file or directory", ""]


@pytest.mark.parametrize(
    ("offset", "length", "got"), [(0, 7, b"content"), (3, 100, b"tent"), (7, 1, b""), (90, 1, b"")]
)
def test_a_part_ends_where_the_file_ends(reading: Reading, offset: int, length: int, got: bytes) -> None:
    assert read_part(reading.path, offset, length) == got
