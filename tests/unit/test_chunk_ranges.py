"""Ranges of frames as the daemon in Blender reads them, held against OpenJD's own reading."""

from __future__ import annotations

from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openjd.model import IntRangeExpr

from rendermill.software.blender.inside.chunks import frame_ranges
from support.campaign import fixed


@pytest.mark.parametrize(
    ("expression", "frames"),
    [
        ("7", [7]),
        ("007", [7]),
        ("0", [0]),
        ("-3", [-3]),
        ("1-4", [1, 2, 3, 4]),
        ("7-7", [7]),
        ("1-9:2", [1, 3, 5, 7, 9]),
        ("1-8:3", [1, 4, 7]),
        ("9-1:-4", [1, 5, 9]),
        ("1,5,9", [1, 5, 9]),
        ("9,1-3", [1, 2, 3, 9]),
        ("-3--1", [-3, -2, -1]),
        ("-1-1,5-7:2", [-1, 0, 1, 5, 7]),
        (" 1 - 3 , 5 - 9 : 2 ", [1, 2, 3, 5, 7, 9]),
    ],
)
def test_a_range_has_the_frames_that_openjd_says(expression: str, frames: list[int]) -> None:
    assert list(chain(*frame_ranges(expression))) == frames
    assert sorted(IntRangeExpr.from_str(expression)) == frames


@fixed(100)
@given(st.sets(st.integers(-50, 50), min_size=1))
def test_every_chunk_that_openjd_writes_is_read(frames: set[int]) -> None:
    expression = str(IntRangeExpr.from_list(list(frames)))
    assert list(chain(*frame_ranges(expression))) == sorted(frames)


@pytest.mark.parametrize(
    "expression",
    [
        *("", " ", "one", "²", "1-", "-", "--1", "1,", ",1", "1,,2", "1-2-3", "1.5", "1 2", "1-4x2"),
        *("5-1", "1-5:0", "1-5:-1", "1-5:", "1:2", "1,1", "1-5,3-9", "1-9:2,2-8:2"),
    ],
)
def test_what_is_no_range_is_refused_as_openjd_refuses_it(expression: str) -> None:
    with pytest.raises(ValueError, match="neither a frame nor a range of frames"):
        frame_ranges(expression)
    with pytest.raises(Exception):  # noqa: B017 - it has three kinds
        IntRangeExpr.from_str(expression)


def test_numbers_that_no_frame_has_are_refused() -> None:
    with pytest.raises(ValueError, match="neither"):
        frame_ranges("1-10000000000")
