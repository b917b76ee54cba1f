"""Frame ranges: fileseq's grammar in, OpenJD's out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openjd.model import IntRangeExpr

from rendermill.farm.model.errors import BadInputError
from rendermill.renderers.frames import MAX_FRAMES, openjd_range, parse_frames
from support.campaign import fixed, full


@pytest.mark.parametrize(
    ("text", "frames"),
    [
        ("7", [7]),
        ("1-5", [1, 2, 3, 4, 5]),
        ("1-10x3", [1, 4, 7, 10]),
        ("1-10x4", [1, 5, 9]),
        ("1,3,7-9", [1, 3, 7, 8, 9]),
        ("5,3,1", [1, 3, 5]),
        ("1-3,2-5", [1, 2, 3, 4, 5]),
        ("3,3,3", [3]),
        ("0010-0012", [10, 11, 12]),
        ("-3--1", [-3, -2, -1]),
        ("-1-1", [-1, 0, 1]),
        ("0", [0]),
        ("1-10y3", [2, 3, 5, 6, 8, 9]),
    ],
)
def test_a_range_names_its_frames_ascending_and_once(text: str, frames: list[int]) -> None:
    assert parse_frames(text) == frames


@pytest.mark.parametrize(
    "text",
    ["", " ", ",", "a", "a-b", "1-", "-", "1-2-3", "1..5", "1-5x0", "1-5x-1", "1.5", "1-2x0.5", "1;2", "1-5,x", "nan"],
)
def test_what_is_no_range_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(BadInputError) as caught:
        parse_frames(text)
    assert caught.value.where == "frames"
    assert "1-24" in (caught.value.remedy or "")


@pytest.mark.parametrize("text", ["10-1", "1-5,9-7", "1--1", "-1--3", "10 - 1"])
def test_a_range_that_goes_backwards_is_refused(text: str) -> None:
    with pytest.raises(BadInputError, match="backwards"):
        parse_frames(text)


def test_a_million_frames_are_taken() -> None:
    assert len(parse_frames(f"1-{MAX_FRAMES}")) == MAX_FRAMES


@pytest.mark.parametrize(
    "text",
    [
        f"0-{MAX_FRAMES}",
        f"1-{MAX_FRAMES},{MAX_FRAMES + 1}-{MAX_FRAMES + 9}",
        f"1 - {MAX_FRAMES + 9}",
        "1-999999999999",
        "1-" + "9" * 5000,
    ],
)
def test_more_than_a_million_frames_are_refused(text: str) -> None:
    with pytest.raises(BadInputError):
        parse_frames(text)


@pytest.mark.parametrize(
    ("frames", "text"),
    [
        ([7], "7"),
        ([1, 2], "1-2"),
        ([1, 3], "1,3"),
        ([1, 3, 5], "1-5:2"),
        ([1, 3, 5, 9], "1-5:2,9"),
        ([1, 2, 3, 10, 20, 30], "1-3,10-30:10"),
        ([1, 3, 4, 5], "1,3-5"),
        ([-3, -2, -1], "-3--1"),
        (list(range(1, 101)), "1-100"),
    ],
)
def test_frames_are_written_short(frames: list[int], text: str) -> None:
    assert openjd_range(frames) == text


ascending = st.lists(st.integers(-500, 500), min_size=1, max_size=60, unique=True).map(sorted)
like_ranges = st.text("0123456789-x,:y# .ab+\n", max_size=16)


def _openjd_reads(frames: list[int]) -> None:
    assert list(IntRangeExpr.from_str(openjd_range(frames))) == frames


def _fileseq_reads(frames: list[int]) -> None:
    assert parse_frames(",".join(map(str, frames))) == frames


def _is_read_or_refused(text: str) -> None:
    try:
        frames = parse_frames(text)
    except BadInputError:
        return
    assert frames == sorted(set(frames))
    assert all(type(frame) is int for frame in frames)


@given(ascending)
@fixed(200)
def test_openjd_reads_the_same_frames(frames: list[int]) -> None:
    _openjd_reads(frames)


@given(ascending)
@fixed(50)
def test_a_list_of_frames_is_read_as_it_is(frames: list[int]) -> None:
    _fileseq_reads(frames)


@given(like_ranges)
@fixed(300)
def test_any_text_is_read_or_refused(text: str) -> None:
    _is_read_or_refused(text)


@pytest.mark.soak
@given(ascending)
@full(200)
def test_openjd_reads_the_same_frames_at_full_length(frames: list[int]) -> None:
    _openjd_reads(frames)


@pytest.mark.soak
@given(like_ranges)
@full(300)
def test_any_text_is_read_or_refused_at_full_length(text: str) -> None:
    _is_read_or_refused(text)
