"""Which strings look like files, and numbers in text."""

from __future__ import annotations

import pytest

from rendermill.scenes.guess import looks_like_file
from rendermill.scenes.numbers import number


@pytest.mark.parametrize(
    "text", ["wood.png", "/a/b.EXR", "C:\\x\\y.abc", "$JOB/a.####.tx", "a.b.vdb", "tex/Holz ä.jpg", "x.bgeo.sc"]
)
def test_names_with_a_known_extension_look_like_files(text: str) -> None:
    assert looks_like_file(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "wood",
        ".png",
        "/x/.exr",
        "1.0",
        "see it. Yes",
        "http://x.org/a.png",
        "project://a/b.exr",
        "a.png\nb",
        "..obj",
    ],
)
def test_other_strings_do_not(text: str) -> None:
    assert not looks_like_file(text)


def test_no_path_is_that_long() -> None:
    assert not looks_like_file("a" * 2000 + ".png")


@pytest.mark.parametrize(
    ("text", "value"), [("7", 7), ("-2.0", -2), ("0.5", 0.5), ("1e3", 1000), ("", 9), ("x", 9), ("nan", 9), ("inf", 9)]
)
def test_numbers(text: str, value: float) -> None:
    found = number(text, 9)
    assert (found, type(found)) == (value, type(value))
