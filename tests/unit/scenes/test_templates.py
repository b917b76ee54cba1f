"""Path templates and the spellings of patterns that applications share."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rendermill.scenes.locate import tokens
from rendermill.scenes.locate.gaps import gaps
from rendermill.scenes.locate.template import Kind, Template, Token, expression
from support.campaign import fixed


@pytest.mark.parametrize(
    ("written", "anchor", "text"),
    [
        ("/a/./b//c.exr", "/", "/a/b/c.exr"),
        ("/a/../../b", "/", "/b"),
        ("a/../../b", "", "../b"),
        ("D:\\show\\..\\tex\\wood.png", "D:/", "D:/tex/wood.png"),
        ("d:/tex", "d:/", "d:/tex"),
        ("C:relative", "", "C:relative"),
        ("\\\\filer\\show\\a.png", "//filer/", "//filer/show/a.png"),
        ("//filer/show/../../a.png", "//filer/", "//filer/a.png"),
        ("", "", ""),
        ("/", "/", "/"),
        ("./tex/wood.png", "", "tex/wood.png"),
    ],
)
def test_a_path_of_any_system_is_made_normal(written: str, anchor: str, text: str) -> None:
    template = Template.literal(written)
    assert (template.anchor, template.text) == (anchor, text)
    assert not template.is_pattern


def test_paths_of_windows_are_foreign() -> None:
    foreign = [path for path in ("/a", "a", "D:/a", "//filer/a") if Template.literal(path).is_foreign]
    assert foreign == ["D:/a", "//filer/a"]


def test_a_relative_path_is_seen_from_a_folder_and_an_absolute_one_stays() -> None:
    assert Template.literal("../tex/a.png").under("/show/shot").text == "/show/tex/a.png"
    assert Template.literal("tex\\a.png").under("D:\\show").text == "D:/show/tex/a.png"
    assert Template.literal("/tex/a.png").under("/show").text == "/tex/a.png"


@pytest.mark.parametrize(
    ("written", "text", "kinds"),
    [
        ("tex.<UDIM>.exr", "tex.<UDIM>.exr", [Kind.UDIM]),
        ("tex.<udim>.exr", "tex.<UDIM>.exr", [Kind.UDIM]),
        ("tex.%(UDIM)d.exr", "tex.<UDIM>.exr", [Kind.UDIM]),
        ("tex_<UVTILE>.exr", "tex_<UVTILE>.exr", [Kind.UVTILE]),
        ("tex_u<U>_v<V>.exr", "tex_<UVTILE>.exr", [Kind.UVTILE]),
        ("tex<tile>.exr", "tex<tile>.exr", [Kind.ANY]),
        ("a.%04d.exr", "a.####.exr", [Kind.FRAME]),
        ("a.<f4>.exr", "a.####.exr", [Kind.FRAME]),
        ("a.<f>.exr", "a.#.exr", [Kind.FRAME]),
        ("a_#####.exr", "a_#####.exr", [Kind.FRAME]),
        ("50% done.exr", "50% done.exr", []),
    ],
)
def test_shared_spellings_are_tokens(written: str, text: str, kinds: list[Kind]) -> None:
    parts = tokens.split(written)
    assert Template.of(parts).text == text
    assert [part.kind for part in parts if isinstance(part, Token)] == kinds


@pytest.mark.parametrize(
    ("written", "matches", "others"),
    [
        (
            "a.%04d.exr",
            ["a.0001.exr", "a.12345.exr", "a.-0001.exr", "a.-001.exr"],
            ["a.1.exr", "a..exr", "a.0001.exr.bak"],
        ),
        ("a.<f>.exr", ["a.1.exr", "a.001.exr"], ["a.x.exr"]),
        ("t.<UDIM>.exr", ["t.1001.exr", "t.1999.exr"], ["t.0001.exr", "t.10011.exr"]),
        ("t_%(U)d_%(V)d.exr", ["t_1_1.exr", "t_2_10.exr"], ["t_1.exr"]),
        ("t.<UVTILE>.exr", ["t.u1_v1.exr", "t.u10_v2.exr"], ["t.1001.exr"]),
    ],
)
def test_a_pattern_matches_what_it_stands_for(written: str, matches: list[str], others: list[str]) -> None:
    pattern = re.compile(expression(tokens.template(written).components[-1]))
    assert [name for name in (*matches, *others) if pattern.fullmatch(name)] == matches


def test_the_last_digits_of_a_name_are_its_frame() -> None:
    assert tokens.sequence("/cache2/v003/smoke_v2.0010.vdb").text == "/cache2/v003/smoke_v2.####.vdb"
    assert tokens.sequence("smoke.mp4").text == "smoke.mp#"
    assert not tokens.sequence("/v2/smoke.vdb").is_pattern


def test_frames_without_a_leading_zero_may_have_fewer_digits() -> None:
    pattern = re.compile(expression(tokens.sequence("img10.png").components[-1]))
    assert pattern.fullmatch("img9.png")
    assert not re.compile(expression(tokens.sequence("img0010.png").components[-1])).fullmatch("img9.png")


def test_a_tile_stands_for_all_tiles() -> None:
    assert tokens.tiles("a/wood_1001_color.png").text == "a/wood_<UDIM>_color.png"
    assert tokens.uv_tiles("a/wood_u1_v1.png").text == "a/wood_<UVTILE>.png"
    assert tokens.tiles("a/wood.<UDIM>.png").text == "a/wood.<UDIM>.png"


@fixed(100)
@given(st.text(max_size=80))
@example("./a:")
@example("a/../b:/c")
def test_any_text_is_a_template_that_is_normal(text: str) -> None:
    made = tokens.template(text)
    again = Template.of([made.text])
    assert ".." not in [part for component in made.components[1:] for part in component if made.anchor]
    assert made.is_pattern or again.components == made.components or "\\" in text


@pytest.mark.parametrize(
    ("frames", "told"),
    [
        ([], ""),
        ([5], ""),
        ([1, 2, 3], ""),
        ([1, 2, 4, 8], "3,5-7"),
        ([1, 3, 5, 9], "7"),
        ([1, 3, 9, 17], "5-7x2,11-15x2"),
        ([-2, -1, 2], "0-1"),
    ],
)
def test_gaps_are_what_lacks_between_the_first_and_the_last(frames: list[int], told: str) -> None:
    assert gaps(frames) == told


def test_a_long_list_of_gaps_ends() -> None:
    told = gaps([*range(0, 1000, 3), 1])
    assert told.endswith(",…")
    assert told.count(",") == 100
