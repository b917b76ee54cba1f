"""Batches of small contents."""

from __future__ import annotations

from itertools import pairwise

import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from rendermill.assets.framing import (
    BATCH_FILES,
    BATCH_LIMIT,
    CHUNK_BYTES,
    SMALL_BYTES,
    Unpacker,
    chunk_count,
    chunk_length,
    pack,
)
from rendermill.farm.model.errors import MalformedRequestError, TooLargeError
from support.campaign import fixed, full

HEAD = 36
contents = st.lists(st.binary(max_size=200), max_size=8)


def batch(blobs: list[bytes]) -> bytes:
    return b"".join(pack((blake3(content).hexdigest(), content) for content in blobs))


def frames(body: bytes) -> list[tuple[str, bytes]]:
    """What a batch holds that comes in one piece."""
    unpacker = Unpacker()
    found = [(digest, bytes(content)) for digest, content in unpacker.feed([body])]
    unpacker.end()
    return found


@given(contents)
@fixed(100)
def test_what_was_packed_is_unpacked(blobs: list[bytes]) -> None:
    assert frames(batch(blobs)) == [(blake3(content).hexdigest(), content) for content in blobs]


@given(contents.filter(bool), st.data())
@fixed(100)
def test_a_batch_that_is_cut_gives_the_whole_frames_before_the_cut_and_is_refused(
    blobs: list[bytes], data: st.DataObject
) -> None:
    whole = batch(blobs)
    cut = data.draw(st.integers(0, len(whole) - 1))
    ends = [len(batch(blobs[: count + 1])) for count in range(len(blobs))]
    unpacker = Unpacker()
    assert len(unpacker.feed([whole[:cut]])) == sum(end <= cut for end in ends)
    if cut in (0, *ends):
        unpacker.end()
    else:
        with pytest.raises(MalformedRequestError, match="cut off"):
            unpacker.end()


@given(contents, st.lists(st.integers(0, 400), max_size=8))
@fixed(100)
def test_a_batch_may_come_in_any_pieces(blobs: list[bytes], cuts: list[int]) -> None:
    whole = batch(blobs)
    places = [0, *sorted(min(cut, len(whole)) for cut in cuts), len(whole)]
    unpacker, got = Unpacker(), list[bytes]()
    for start, end in pairwise(places):
        middle = (start + end) // 2
        got += [bytes(content) for _, content in unpacker.feed([whole[start:middle], whole[middle:end]])]
    unpacker.end()
    assert got == blobs


def test_a_batch_of_too_many_contents_is_refused() -> None:
    assert len(frames(batch([b""] * BATCH_FILES))) == BATCH_FILES
    with pytest.raises(TooLargeError, match="contents"):
        frames(batch([b""] * (BATCH_FILES + 1)))


def test_a_batch_of_too_many_bytes_is_refused_before_all_of_it_has_come() -> None:
    largest, unpacker = batch([bytes(SMALL_BYTES)]), Unpacker()
    for _ in range(BATCH_LIMIT // len(largest)):
        assert unpacker.feed([largest])
    with pytest.raises(TooLargeError, match="bytes"):
        unpacker.feed([largest])


def test_a_content_that_is_too_long_for_a_batch_is_refused_before_it_has_come() -> None:
    head = bytes(32) + (SMALL_BYTES + 1).to_bytes(4, "little")
    with pytest.raises(MalformedRequestError, match=str(SMALL_BYTES + 1)):
        Unpacker().feed([head])


def _any_bytes_are_a_batch_or_refused(body: bytes) -> None:
    try:
        found = frames(body)
    except MalformedRequestError as error:
        assert error.where == "body"
    else:
        assert b"".join(pack(found)) == body


anything = st.binary(max_size=300) | st.builds(
    lambda digest, length, rest: digest + length.to_bytes(4, "little") + rest,
    st.binary(min_size=32, max_size=32),
    st.integers(0, 2**32 - 1) | st.integers(0, 60),
    st.binary(max_size=100),
)


@given(anything)
@fixed(300)
def test_any_bytes_are_a_batch_or_refused(body: bytes) -> None:
    _any_bytes_are_a_batch_or_refused(body)


@pytest.mark.soak
@given(anything)
@full(300)
def test_any_bytes_are_a_batch_or_refused_at_full_length(body: bytes) -> None:
    _any_bytes_are_a_batch_or_refused(body)


def test_a_frame_is_hash_length_and_content() -> None:
    digest = blake3(b"abc").digest()
    assert batch([b"abc"]) == digest + b"\x03\0\0\0" + b"abc"


@given(st.integers(1, 5 * CHUNK_BYTES))
@fixed(100)
def test_chunks_make_up_the_content_and_only_the_last_is_short(size: int) -> None:
    lengths = [chunk_length(size, index) for index in range(chunk_count(size))]
    assert sum(lengths) == size
    assert set(lengths[:-1]) <= {CHUNK_BYTES}
    assert 0 < lengths[-1] <= CHUNK_BYTES
