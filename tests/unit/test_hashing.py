"""Hashes of files, and the cache that spares reading them twice."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
from blake3 import blake3

from rendermill.assets.hashing import HASH, HashCache, hash_file

OLD = 1_700_000_000
BIG = 4 * 1024 * 1024


def aged(path: Path, content: bytes, seconds: float = OLD) -> Path:
    """A file that was written long ago."""
    path.write_bytes(content)
    os.utime(path, (seconds, seconds))
    return path


def remembered(cache_file: Path) -> dict[str, list[object]]:
    files: dict[str, list[object]] = json.loads(cache_file.read_text())["files"]
    return files


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
        HashCache(tmp_path / "cache").hash(tmp_path / "gone")


def test_an_unchanged_file_is_not_read_again(tmp_path: Path) -> None:
    """Shown by a wrong entry: what the cache holds is what comes back."""
    cache_file, file = tmp_path / "cache.json", aged(tmp_path / "file", b"content")
    first = HashCache(cache_file)
    first.hash(file)
    first.save()
    cache_file.write_text(cache_file.read_text().replace(blake3(b"content").hexdigest(), "ee" * 32))
    assert HashCache(cache_file).hash(file) == "ee" * 32


@pytest.mark.parametrize(
    ("content", "seconds"), [(b"another length", OLD), (b"CONTENT", OLD + 5), (b"CONTENT", OLD - 5)]
)
def test_a_changed_file_is_read_again(tmp_path: Path, content: bytes, seconds: float) -> None:
    cache, file = HashCache(tmp_path / "cache.json"), aged(tmp_path / "file", b"content")
    cache.hash(file)
    aged(file, content, seconds)
    assert cache.hash(file) == blake3(content).hexdigest()


def test_another_file_of_the_same_name_size_and_time_is_read_again(tmp_path: Path) -> None:
    cache, file = HashCache(tmp_path / "cache.json"), aged(tmp_path / "file", b"content")
    cache.hash(file)
    aged(tmp_path / "new", b"CONTENT").replace(file)
    assert cache.hash(file) == blake3(b"CONTENT").hexdigest()


def test_a_file_just_written_is_not_remembered(tmp_path: Path) -> None:
    """It may change again within the tick of its time stamp."""
    cache_file, file = tmp_path / "cache.json", aged(tmp_path / "file", b"content", time.time() + 60)
    aged(tmp_path / "settled", b"x")
    cache = HashCache(cache_file)
    cache.hash(file)
    cache.hash(tmp_path / "settled")
    cache.save()
    assert list(remembered(cache_file)) == [str(tmp_path / "settled")]


@pytest.mark.parametrize(
    "rubbish", [b"", b"{", b"\xff\xfe", b"[]", b"null", b'{"version": 99, "files": {"/a": [1]}}', b'{"version": 1}']
)
def test_a_damaged_cache_is_an_empty_cache(tmp_path: Path, rubbish: bytes) -> None:
    cache_file = tmp_path / "cache.json"
    cache_file.write_bytes(rubbish)
    cache = HashCache(cache_file)
    assert cache.hash(aged(tmp_path / "file", b"content")) == blake3(b"content").hexdigest()
    cache.save()
    assert len(remembered(cache_file)) == 1


def test_saving_makes_the_folder_and_leaves_nothing_beside_the_cache(tmp_path: Path) -> None:
    cache_file = tmp_path / "deep/er/cache.json"
    cache = HashCache(cache_file)
    cache.hash(aged(tmp_path / "file", b"content"))
    cache.save()
    assert [each.name for each in cache_file.parent.iterdir()] == ["cache.json"]


def test_a_cache_that_cannot_be_written_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "occupied").write_bytes(b"a file where the folder should be")
    cache = HashCache(tmp_path / "occupied/cache.json")
    cache.hash(aged(tmp_path / "file", b"content"))
    cache.save()
    assert (tmp_path / "occupied").read_bytes() == b"a file where the folder should be"


def test_a_cache_that_learned_nothing_is_not_written(tmp_path: Path) -> None:
    HashCache(tmp_path / "cache.json").save()
    assert list(tmp_path.iterdir()) == []
