"""Hashes of files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from blake3 import blake3

from rendermill.assets.hashing import HASH, hash_file

BIG = 4 * 1024 * 1024


@pytest.mark.parametrize("size", [0, 1, 1000, BIG - 1, BIG, BIG + 1])
def test_a_hash_is_blake3_of_the_content_whatever_its_size(tmp_path: Path, size: int) -> None:
    content = os.urandom(1000) * (size // 1000 + 1)
    (tmp_path / "file").write_bytes(content[:size])
    assert hash_file(tmp_path / "file") == blake3(content[:size]).hexdigest()


def test_blake3_is_the_published_one(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert hash_file(tmp_path / "empty") == "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"


@pytest.mark.parametrize(
    ("text", "fits"),
    [("ab" * 32, True), ("ab" * 31, False), ("AB" * 32, False), ("../" + "a" * 61, False), ("ab" * 32 + "\n", False)],
)
def test_only_a_hash_is_a_hash(text: str, fits: bool) -> None:
    assert bool(HASH.fullmatch(text)) is fits


def test_a_file_that_is_not_there_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        hash_file(tmp_path / "gone")


def test_what_is_read_is_told(tmp_path: Path) -> None:
    told: list[int] = []
    (tmp_path / "file").write_bytes(b"x" * 2_500_000)
    hash_file(tmp_path / "file", told.append)
    assert sum(told) == 2_500_000
    assert len(told) > 1


def test_a_file_that_is_cut_short_while_it_is_read_ends_nothing(tmp_path: Path) -> None:
    """One that is mapped into memory would end the process."""
    path = tmp_path / "file"
    path.write_bytes(b"x" * BIG)

    def cut(_: int) -> None:
        os.truncate(path, 0)

    assert hash_file(path, cut) == blake3(b"x" * 1024 * 1024).hexdigest()
