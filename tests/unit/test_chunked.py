"""Large contents that come in chunks, at the server."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from blake3 import blake3

from rendermill.assets.blobs import BlobStore
from rendermill.assets.chunked import ChunkedBlobs
from rendermill.assets.hashing import hash_file
from rendermill.farm.model.errors import (
    BadInputError,
    StoppedError,
    UnavailableError,
    WrongContentError,
    WrongStateError,
)
from support.depots import CHUNK, small_pieces
from support.disks import small_disk

WEEK = 7 * 86400
CONTENT = random.Random(1).randbytes(2 * CHUNK + 1000)
SIZE = len(CONTENT)
DIGEST = blake3(CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    small_pieces(monkeypatch)


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return BlobStore(tmp_path / "blobs")


@pytest.fixture
def partial(tmp_path: Path) -> Path:
    return tmp_path / "blobs/partial"


@pytest.fixture
def arriving(blobs: BlobStore, partial: Path) -> Iterator[ChunkedBlobs]:
    made = ChunkedBlobs(blobs, partial)
    yield made
    made.close()


def part(index: int, content: bytes = CONTENT) -> bytes:
    return content[index * CHUNK : (index + 1) * CHUNK]


def send(arriving: ChunkedBlobs, index: int, content: bytes | None = None, owner: str = "ann") -> None:
    piece = part(index) if content is None else content
    with arriving.writer(owner, DIGEST, SIZE, index) as writer:
        writer.write(piece[:100])
        writer.write(piece[100:])
        writer.commit(blake3(piece).hexdigest())


def complete(arriving: ChunkedBlobs, owner: str = "ann") -> None:
    arriving.complete(owner, DIGEST, SIZE).result()


def send_all(arriving: ChunkedBlobs, owner: str = "ann") -> None:
    for index in range(3):
        send(arriving, index, owner=owner)


# --- coming ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 1, 2, 0, 2, 0)])
def test_chunks_in_any_order_and_twice_become_the_blob(
    arriving: ChunkedBlobs, blobs: BlobStore, partial: Path, order: tuple[int, ...]
) -> None:
    for at, index in enumerate(order):
        send(arriving, index)
        assert arriving.present("ann", DIGEST, SIZE) == sorted(set(order[: at + 1]))
        assert blobs.missing([DIGEST]) == [DIGEST]
    complete(arriving)
    assert blobs.checked(DIGEST).read_bytes() == CONTENT
    assert list(partial.iterdir()) == []
    assert arriving.present("ann", DIGEST, SIZE) == [0, 1, 2]


def test_chunks_sent_at_once_become_the_blob(arriving: ChunkedBlobs, blobs: BlobStore) -> None:
    together = threading.Barrier(6)

    def run(index: int) -> None:
        together.wait()
        send(arriving, index)

    threads = [threading.Thread(target=run, args=(index % 3,)) for index in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    complete(arriving)
    assert blobs.checked(DIGEST).read_bytes() == CONTENT


def test_a_damaged_chunk_does_not_count(arriving: ChunkedBlobs) -> None:
    with pytest.raises(WrongContentError, match="damaged"), arriving.writer("ann", DIGEST, SIZE, 1) as writer:
        writer.write(part(1))
        writer.commit(blake3(b"another").hexdigest())
    assert arriving.present("ann", DIGEST, SIZE) == []


def test_a_chunk_that_is_too_short_or_too_long_does_not_count(arriving: ChunkedBlobs) -> None:
    with pytest.raises(WrongContentError):
        send(arriving, 0, part(0)[:-1])
    with pytest.raises(BadInputError, match="longer"):
        send(arriving, 0, part(0) + b"x")
    with pytest.raises(BadInputError, match="longer"):
        send(arriving, 2, part(0))
    assert arriving.present("ann", DIGEST, SIZE) == []


def test_a_chunk_that_is_too_long_spoils_no_neighbour(arriving: ChunkedBlobs, blobs: BlobStore) -> None:
    send(arriving, 1)
    with pytest.raises(BadInputError):
        send(arriving, 0, part(0) + b"x" * 500)
    send(arriving, 0)
    send(arriving, 2)
    complete(arriving)
    assert blobs.checked(DIGEST).read_bytes() == CONTENT


@pytest.mark.parametrize("index", [-1, 3, 2**40])
def test_other_chunks_are_none(arriving: ChunkedBlobs, partial: Path, index: int) -> None:
    with pytest.raises(BadInputError, match="3 chunks"):
        arriving.writer("ann", DIGEST, SIZE, index)
    assert list(partial.iterdir()) == []


@pytest.mark.parametrize("size", [0, -5, 2**60])
def test_other_sizes_are_none(arriving: ChunkedBlobs, size: int) -> None:
    for ask in (arriving.present, arriving.complete):
        with pytest.raises(BadInputError):
            ask("ann", DIGEST, size)


@pytest.mark.parametrize("digest", ["", "ab", "../" * 20 + "etc/pw", "AB" * 32, DIGEST + "\n"])
def test_a_hash_that_is_none_is_never_a_path(arriving: ChunkedBlobs, partial: Path, digest: str) -> None:
    for ask in (arriving.present, arriving.complete):
        with pytest.raises(BadInputError):
            ask("ann", digest, SIZE)
    with pytest.raises(BadInputError):
        arriving.writer("ann", digest, SIZE, 0)
    assert list(partial.iterdir()) == []


# --- breaking off ------------------------------------------------------------------------------------------------


def test_what_came_before_a_restart_counts_after_it(arriving: ChunkedBlobs, blobs: BlobStore, partial: Path) -> None:
    send(arriving, 2)
    again = ChunkedBlobs(blobs, partial)
    again.sweep()
    assert again.present("ann", DIGEST, SIZE) == [2]
    send(again, 0)
    send(again, 1)
    complete(again)
    assert blobs.checked(DIGEST).read_bytes() == CONTENT
    again.close()


def test_a_chunk_that_was_written_and_not_committed_does_not_count(
    arriving: ChunkedBlobs, blobs: BlobStore, partial: Path
) -> None:
    with arriving.writer("ann", DIGEST, SIZE, 0) as writer:
        writer.write(part(0))
    assert ChunkedBlobs(blobs, partial).present("ann", DIGEST, SIZE) == []


def test_marks_without_the_data_do_not_count(arriving: ChunkedBlobs, partial: Path) -> None:
    send_all(arriving)
    next(path for path in partial.iterdir() if path.suffix != ".chunks").unlink()
    assert arriving.present("ann", DIGEST, SIZE) == []
    with pytest.raises(WrongStateError, match="3 chunks are missing"):
        complete(arriving)


def test_to_complete_too_early_says_how_much_is_missing_and_loses_nothing(
    arriving: ChunkedBlobs, blobs: BlobStore
) -> None:
    send(arriving, 1)
    with pytest.raises(WrongStateError, match="2 chunks are missing"):
        complete(arriving)
    assert arriving.present("ann", DIGEST, SIZE) == [1]
    send(arriving, 0)
    send(arriving, 2)
    complete(arriving)
    assert blobs.missing([DIGEST]) == []


def test_a_wrong_whole_is_forgotten_and_can_be_sent_again(
    arriving: ChunkedBlobs, blobs: BlobStore, partial: Path
) -> None:
    send(arriving, 1, b"x" * CHUNK)
    send_all(arriving)
    with pytest.raises(WrongContentError, match=DIGEST):
        complete(arriving)
    assert blobs.missing([DIGEST]) == [DIGEST]
    assert list(partial.iterdir()) == []
    send_all(arriving)
    complete(arriving)
    assert blobs.checked(DIGEST).read_bytes() == CONTENT


@pytest.mark.parametrize("length", [0, 10, CHUNK])
def test_a_chunk_that_is_here_is_not_spoilt_by_one_that_is_damaged_on_its_way(
    arriving: ChunkedBlobs, blobs: BlobStore, length: int
) -> None:
    send_all(arriving)
    with pytest.raises(WrongContentError), arriving.writer("ann", DIGEST, SIZE, 1) as writer:
        writer.write(b"x" * length)
        writer.commit(blake3(part(1)).hexdigest())
    complete(arriving)
    assert blobs.checked(DIGEST).read_bytes() == CONTENT


def test_a_content_has_one_size(arriving: ChunkedBlobs) -> None:
    send_all(arriving)
    complete(arriving)
    for size in (SIZE - 1, 2**30):
        with pytest.raises(BadInputError, match=f"has {SIZE} bytes, not {size}"):
            arriving.present("ann", DIGEST, size)
        with pytest.raises(BadInputError, match=f"has {SIZE} bytes, not {size}"):
            arriving.complete("ann", DIGEST, size).result()


def test_who_ends_does_not_wait_for_a_check_and_loses_nothing(
    arriving: ChunkedBlobs, blobs: BlobStore, partial: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended_meanwhile(path: Path, heard: Callable[[int], None]) -> str:
        closing.start()
        for _ in range(10**8):
            heard(0)
        return hash_file(path, heard)

    closing = threading.Thread(target=arriving.close)
    send_all(arriving)
    with monkeypatch.context() as patched:
        patched.setattr("rendermill.assets.chunked.hash_file", ended_meanwhile)
        with pytest.raises(StoppedError):
            complete(arriving)
    closing.join()
    again = ChunkedBlobs(blobs, partial)
    complete(again)
    again.close()
    assert blobs.checked(DIGEST).read_bytes() == CONTENT


def test_completing_twice_is_no_error(arriving: ChunkedBlobs, blobs: BlobStore) -> None:
    send_all(arriving)
    first, second = (arriving.complete("ann", DIGEST, SIZE) for _ in range(2))
    first.result()
    second.result()
    complete(arriving)
    assert blobs.missing([DIGEST]) == []


# --- several senders ---------------------------------------------------------------------------------------------


def test_what_one_user_sends_no_other_sees_or_spoils(arriving: ChunkedBlobs, blobs: BlobStore) -> None:
    send(arriving, 0)
    assert arriving.present("bob", DIGEST, SIZE) == []
    send(arriving, 0, b"x" * CHUNK, owner="bob")
    send(arriving, 1, owner="bob")
    send(arriving, 2, owner="bob")
    with pytest.raises(WrongContentError):
        complete(arriving, "bob")
    assert arriving.present("ann", DIGEST, SIZE) == [0]
    send(arriving, 1)
    send(arriving, 2)
    complete(arriving)
    assert blobs.checked(DIGEST).read_bytes() == CONTENT


def test_what_another_has_completed_is_not_needed_any_more(arriving: ChunkedBlobs, partial: Path) -> None:
    send(arriving, 0, owner="bob")
    send_all(arriving)
    complete(arriving)
    assert arriving.present("bob", DIGEST, SIZE) == [0, 1, 2]
    complete(arriving, "bob")
    assert list(partial.iterdir()) == []


def test_a_chunk_that_is_still_coming_never_changes_the_blob(
    arriving: ChunkedBlobs, blobs: BlobStore, partial: Path
) -> None:
    with arriving.writer("ann", DIGEST, SIZE, 0) as late:
        late.write(part(0)[:10])
        send_all(arriving)
        complete(arriving)
        late.write(b"x" * (CHUNK - 10))
        late.commit(blake3(part(0)[:10] + b"x" * (CHUNK - 10)).hexdigest())
        assert blobs.path(DIGEST).read_bytes() == CONTENT
    assert list(partial.iterdir()) == []


@pytest.mark.parametrize("is_open_before", [True, False])
def test_a_chunk_that_comes_while_the_whole_is_checked_never_changes_the_blob(
    arriving: ChunkedBlobs, blobs: BlobStore, monkeypatch: pytest.MonkeyPatch, is_open_before: bool
) -> None:
    early = arriving.writer("ann", DIGEST, SIZE, 0) if is_open_before else None

    def looked_at(path: Path, _heard: object) -> str:
        found = hash_file(path)
        with early or arriving.writer("ann", DIGEST, SIZE, 0) as writer:  # after the look, before the blob has its name
            writer.write(b"x" * CHUNK)
            writer.commit(blake3(b"x" * CHUNK).hexdigest())
        return found

    monkeypatch.setattr("rendermill.assets.chunked.hash_file", looked_at)
    send_all(arriving)
    complete(arriving)
    assert blobs.path(DIGEST).read_bytes() == CONTENT


def test_who_sends_after_it_was_completed_begins_a_file_that_is_not_the_blob(
    arriving: ChunkedBlobs, blobs: BlobStore, partial: Path
) -> None:
    send_all(arriving)
    complete(arriving)
    send(arriving, 0, b"x" * CHUNK)
    assert blobs.path(DIGEST).read_bytes() == CONTENT
    complete(arriving)
    assert blobs.path(DIGEST).read_bytes() == CONTENT
    assert list(partial.iterdir()) == []


# --- the disk ----------------------------------------------------------------------------------------------------


def test_only_what_nobody_went_on_with_for_a_week_is_swept(
    arriving: ChunkedBlobs, partial: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(arriving, 0)
    [anns_data] = [path for path in partial.iterdir() if path.suffix != ".chunks"]
    send(arriving, 1, owner="bob")
    newest = max(path.stat().st_mtime for path in partial.iterdir())
    oldest = min(path.stat().st_mtime for path in partial.iterdir())
    monkeypatch.setattr(time, "time", lambda: oldest + WEEK)
    arriving.sweep()
    assert arriving.present("ann", DIGEST, SIZE) == [0]
    os.utime(anns_data, (oldest - 1, oldest - 1))
    arriving.sweep()
    assert len(list(partial.iterdir())) == 2, "the marks went with the data"
    assert arriving.present("ann", DIGEST, SIZE) == []
    assert arriving.present("bob", DIGEST, SIZE) == [1]
    monkeypatch.setattr(time, "time", lambda: newest + WEEK + 1)
    arriving.sweep()
    assert list(partial.iterdir()) == []


def test_a_full_disk_is_said_and_the_chunk_does_not_count(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        arriving = ChunkedBlobs(BlobStore(disk / "blobs"), disk / "blobs/partial")
        (disk / "filler").write_bytes(b"x" * (900 * 1024))
        with pytest.raises(UnavailableError, match="cannot store"):
            send_all(arriving)
        assert arriving.present("ann", DIGEST, SIZE) in ([], [0])
        (disk / "filler").unlink()
        send_all(arriving)
        complete(arriving)
        arriving.close()
