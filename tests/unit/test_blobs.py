"""The blob store: whole or not at all, and never silently changed."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from blake3 import blake3

from rendermill.assets.blobs import BlobStore
from rendermill.farm.model.errors import BadInputError, NotFoundError, UnavailableError, WrongContentError
from support.disks import small_disk


def digest_of(content: bytes) -> str:
    return blake3(content).hexdigest()


def put(blobs: BlobStore, content: bytes) -> str:
    with blobs.writer() as writer:
        writer.write(content)
        return writer.commit()


def files(blobs_root: Path) -> list[str]:
    return sorted(str(each.relative_to(blobs_root)) for each in blobs_root.rglob("*") if each.is_file())


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "blobs"


@pytest.fixture
def blobs(root: Path) -> BlobStore:
    return BlobStore(root)


# --- writing -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chunks", [[], [b""], [b"one"], [b"one", b"", b"two"], [b"x" * 3_000_000, b"y"]])
def test_a_blob_is_what_was_written_piece_by_piece(blobs: BlobStore, chunks: list[bytes]) -> None:
    content = b"".join(chunks)
    with blobs.writer() as writer:
        for chunk in chunks:
            writer.write(chunk)
        assert writer.commit(digest_of(content)) == digest_of(content)
    assert writer.size == len(content)
    assert blobs.checked(digest_of(content)).read_bytes() == content


def test_a_blob_is_not_there_before_it_is_committed(blobs: BlobStore, root: Path) -> None:
    with blobs.writer() as writer:
        writer.write(b"content")
        assert blobs.missing([digest_of(b"content")]) == [digest_of(b"content")]
    assert files(root) == []


def test_content_that_is_not_what_was_announced_leaves_nothing(blobs: BlobStore, root: Path) -> None:
    announced, sent = digest_of(b"announced"), digest_of(b"sent")
    with pytest.raises(WrongContentError, match=sent) as caught, blobs.writer() as writer:
        writer.write(b"sent")
        writer.commit(announced)
    assert announced in str(caught.value)
    assert files(root) == []
    assert blobs.missing([announced, sent]) == [announced, sent]


def test_a_writer_that_breaks_off_leaves_nothing(blobs: BlobStore, root: Path) -> None:
    with pytest.raises(RuntimeError), blobs.writer() as writer:
        writer.write(b"half")
        raise RuntimeError
    assert files(root) == []


def test_the_same_content_twice_is_one_blob(blobs: BlobStore, root: Path) -> None:
    assert put(blobs, b"same") == put(blobs, b"same")
    assert len(files(root)) == 1


def test_the_same_content_from_many_writers_at_once_is_one_whole_blob(blobs: BlobStore, root: Path) -> None:
    content, together = os.urandom(200_000), threading.Barrier(6)

    def write() -> None:
        together.wait()
        put(blobs, content)

    threads = [threading.Thread(target=write) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert blobs.checked(digest_of(content)).read_bytes() == content
    assert len(files(root)) == 1


def test_a_stored_file_is_moved_in(blobs: BlobStore, tmp_path: Path) -> None:
    source = tmp_path / "picture.png"
    source.write_bytes(b"p" * 2_500_000)
    assert blobs.put_file(source) == (digest_of(b"p" * 2_500_000), 2_500_000)
    assert not source.exists()


def test_a_blob_cannot_be_written_to(blobs: BlobStore) -> None:
    assert blobs.path(put(blobs, b"content")).stat().st_mode & 0o777 == 0o444


def test_sweeping_removes_what_an_earlier_server_was_writing(blobs: BlobStore, root: Path) -> None:
    kept = put(blobs, b"kept")
    (root / "tmp/0123").write_bytes(b"half a blo")
    BlobStore(root).sweep()
    assert files(root) == [f"{kept[:2]}/{kept[2:]}"]


# --- many small ones together -------------------------------------------------------------------------------------


def put_many(blobs: BlobStore, contents: Iterable[tuple[str, bytes]]) -> list[str]:
    batch = blobs.batch()
    refused = batch.add(contents)
    batch.commit()
    return refused


def pairs(*contents: bytes) -> list[tuple[str, bytes]]:
    return [(digest_of(content), content) for content in contents]


def test_small_blobs_are_stored_together_as_if_each_came_alone(blobs: BlobStore, root: Path) -> None:
    contents = [b"", b"one", b"x" * 200_000, *(str(number).encode() for number in range(300))]
    assert put_many(blobs, pairs(*contents)) == []
    alone = blobs.path(put(blobs, b"alone")).stat()
    for digest, content in pairs(*contents):
        status = blobs.path(digest).stat()
        assert blobs.path(digest).read_bytes() == content
        assert (status.st_mtime, status.st_mode) == (alone.st_mtime, alone.st_mode)
    assert len(files(root)) == len(contents) + 1


def test_of_many_those_with_another_content_are_told_and_the_others_stored(blobs: BlobStore, root: Path) -> None:
    wrong = [(digest_of(b"b"), b"x"), ("no hash", b"y")]
    assert put_many(blobs, [*pairs(b"a"), *wrong, *pairs(b"c")]) == [digest_of(b"b"), "no hash"]
    assert blobs.missing([digest_of(b"a"), digest_of(b"b"), digest_of(b"c")]) == [digest_of(b"b")]
    assert len(files(root)) == 2


def test_many_with_the_same_content_or_one_that_is_there_are_one_blob(blobs: BlobStore, root: Path) -> None:
    put(blobs, b"there")
    assert put_many(blobs, pairs(b"there", b"same", b"same", b"same")) == []
    assert len(files(root)) == 2


def test_what_breaks_off_among_many_leaves_whole_blobs_and_nothing_else(blobs: BlobStore, root: Path) -> None:
    def broken() -> Iterator[tuple[str, bytes]]:
        yield from pairs(b"a", b"b")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        put_many(blobs, broken())
    here = blobs.sizes([digest_of(b"a"), digest_of(b"b")])
    assert len(files(root)) == len(here)
    assert put_many(blobs, pairs(b"a", b"b", b"c")) == []
    assert [blobs.checked(digest).read_bytes() for digest, _ in pairs(b"a", b"b", b"c")] == [b"a", b"b", b"c"]


def test_a_blob_that_was_damaged_is_made_good_by_many(blobs: BlobStore) -> None:
    digest = put(blobs, b"content")
    blobs.path(digest).chmod(0o644)
    blobs.path(digest).write_bytes(b"CONTENT")
    assert put_many(blobs, pairs(b"content")) == []
    assert blobs.checked(digest).read_bytes() == b"content"


def test_many_from_many_threads_at_once(blobs: BlobStore, root: Path) -> None:
    together = threading.Barrier(4)

    def store(first: int) -> None:
        together.wait()
        put_many(blobs, pairs(*(str(number).encode() for number in range(first, first + 100))))

    threads = [threading.Thread(target=store, args=(first,)) for first in (0, 50, 100, 0)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert blobs.missing(digest for digest, _ in pairs(*(str(number).encode() for number in range(200)))) == []
    assert len(files(root)) == 200


def test_a_full_disk_is_said_and_many_leave_nothing_half_written(tmp_path: Path) -> None:
    contents = [os.urandom(100_000) for _ in range(20)]
    with small_disk(tmp_path / "disk") as disk:
        full = BlobStore(disk / "blobs")
        with pytest.raises(UnavailableError, match="cannot store"):
            put_many(full, pairs(*contents))
        here = [digest for digest, _ in pairs(*contents) if full.path(digest).exists()]
        assert all(full.checked(digest) for digest in here)
        assert list((disk / "blobs/tmp").iterdir()) == []


# --- asking ------------------------------------------------------------------------------------------------------


def test_missing_names_each_missing_blob_once_and_in_order(blobs: BlobStore) -> None:
    here, one, two = put(blobs, b"here"), digest_of(b"one"), digest_of(b"two")
    assert blobs.missing([two, here, one, two, one]) == [two, one]
    assert blobs.missing([]) == []


@pytest.mark.parametrize("digest", ["", "ab", "AB" * 32, "../" * 20 + "etc/pw", "/" * 64, "ab" * 32 + "\n", "g" * 64])
def test_what_is_no_hash_is_never_a_path(blobs: BlobStore, digest: str) -> None:
    for ask in (blobs.path, blobs.checked, lambda text: blobs.missing([text])):
        with pytest.raises(BadInputError):
            ask(digest)


def test_a_blob_that_is_not_there_says_what_to_do(blobs: BlobStore, tmp_path: Path) -> None:
    digest = digest_of(b"never seen")
    for ask in (blobs.link, blobs.copy):
        with pytest.raises(NotFoundError, match="Submit again"):
            ask(digest, tmp_path / "target")
    assert not (tmp_path / "target").exists()


# --- links -------------------------------------------------------------------------------------------------------


def test_a_link_is_the_blob_itself(blobs: BlobStore, tmp_path: Path) -> None:
    digest = put(blobs, b"content")
    blobs.link(digest, tmp_path / "deep/er/file")
    assert (tmp_path / "deep/er/file").samefile(blobs.path(digest))


def test_a_copy_is_not(blobs: BlobStore, tmp_path: Path) -> None:
    digest = put(blobs, b"content")
    blobs.copy(digest, tmp_path / "deep/er/file")
    (tmp_path / "deep/er/file").write_bytes(b"changed")
    assert blobs.checked(digest).read_bytes() == b"content"


def write_through_link(link: Path, content: bytes) -> None:
    link.chmod(0o644)  # as a program would that insists
    link.write_bytes(content)


@pytest.mark.parametrize("content", [b"CONTENT", b"", b"content and more"])
def test_a_blob_that_was_changed_through_a_link_is_found_and_removed(
    blobs: BlobStore, tmp_path: Path, content: bytes
) -> None:
    digest = put(blobs, b"content")
    blobs.link(digest, tmp_path / "link")
    write_through_link(tmp_path / "link", content)
    with pytest.raises(NotFoundError, match="damaged"):
        blobs.checked(digest)
    assert blobs.missing([digest]) == [digest]


def test_a_changed_blob_is_not_handed_to_the_next_session(blobs: BlobStore, tmp_path: Path) -> None:
    digest = put(blobs, b"content")
    blobs.link(digest, tmp_path / "link")
    write_through_link(tmp_path / "link", b"CONTENT")
    for ask in (blobs.link, blobs.copy):
        with pytest.raises(NotFoundError):
            ask(digest, tmp_path / "next")
    assert not (tmp_path / "next").exists()


def test_a_removed_blob_can_be_sent_again(blobs: BlobStore, tmp_path: Path) -> None:
    digest = put(blobs, b"content")
    blobs.link(digest, tmp_path / "link")
    write_through_link(tmp_path / "link", b"CONTENT")
    with pytest.raises(NotFoundError):
        blobs.checked(digest)
    assert put(blobs, b"content") == digest
    assert blobs.checked(digest).read_bytes() == b"content"


def test_a_blob_that_was_only_touched_is_kept(blobs: BlobStore) -> None:
    digest = put(blobs, b"content")
    os.utime(blobs.path(digest))
    assert blobs.checked(digest).read_bytes() == b"content"
    os.utime(blobs.path(digest))
    assert blobs.missing([digest]) == []


def test_removing_a_link_keeps_the_blob(blobs: BlobStore, tmp_path: Path) -> None:
    digest = put(blobs, b"content")
    blobs.link(digest, tmp_path / "link")
    (tmp_path / "link").unlink()
    assert blobs.checked(digest).read_bytes() == b"content"
