"""The error catalogue of the Rayvision door."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from rendermill.doors.rayvision import catalogue_data
from rendermill.doors.rayvision.catalogue import CATALOGUE, Entry, Kind, Text, entry

HOUDINI_WARNINGS = [*range(50104, 50109), 50110, 50113, 50114]
HOUDINI_ERRORS = [*range(50010, 50017)]
WARNINGS = [*range(10010, 10029), 10030, 10032, 10033, 46001, 50001, 50003, *HOUDINI_WARNINGS]
ERRORS = [
    999,
    *[15000, 15002, *range(15004, 15007), *range(15009, 15014), *range(15015, 15025), *range(15028, 15034)],
    *[20001, 20012, 25009, 46000, 46002, 46003, 50002, 50007, 50008],
    *HOUDINI_ERRORS,
]
SHARED = [{20001, 20012}, {*HOUDINI_ERRORS, *HOUDINI_WARNINGS}]
UNKNOWN = ["", "0", "10029", "15013 ", "abc", "代码"]

_CJK = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
_HAN = re.compile(r"[\u4e00-\u9fff]")
EVERY = [*CATALOGUE.values(), entry("an unknown code")]


def sides(text: Text) -> list[str]:
    return [text.description, text.solution]


def named(each: Entry) -> str:
    return each.code


def test_every_code_is_there_in_numeric_order() -> None:
    assert list(CATALOGUE) == [str(code) for code in sorted([*WARNINGS, *ERRORS])]


def test_no_code_is_both_a_warning_and_an_error() -> None:
    assert not catalogue_data.WARNINGS.keys() & catalogue_data.ERRORS.keys()


@pytest.mark.parametrize("code", WARNINGS)
def test_warnings_can_be_ignored(code: int) -> None:
    assert entry(str(code)).kind is Kind.WARNING


@pytest.mark.parametrize("code", ERRORS)
def test_errors_block(code: int) -> None:
    assert entry(str(code)).kind is Kind.ERROR


def test_the_kinds_are_the_numbers_of_the_protocol() -> None:
    assert [int(Kind.WARNING), int(Kind.ERROR)] == [0, 1]


def test_each_entry_carries_its_own_code() -> None:
    assert [each.code for each in CATALOGUE.values()] == list(CATALOGUE)
    assert all(entry(code) is CATALOGUE[code] for code in CATALOGUE)


@pytest.mark.parametrize("each", EVERY, ids=named)
def test_the_chinese_is_chinese(each: Entry) -> None:
    for text in sides(each.chinese):
        assert _HAN.search(text)
        assert text.endswith("。")
        assert text == text.strip()
        assert not re.search(r"[,;?!:]", text), "Western punctuation"


@pytest.mark.parametrize("each", EVERY, ids=named)
def test_the_english_is_english(each: Entry) -> None:
    for text in sides(each.english):
        assert text.isascii()
        assert not _CJK.search(text)
        assert text.endswith(".")
        assert text == text.strip()


@pytest.mark.parametrize("each", EVERY, ids=named)
def test_a_text_is_no_longer_than_two_sentences(each: Entry) -> None:
    assert all(text.count("。") <= 2 for text in sides(each.chinese))
    assert all(len(re.findall(r"\.(?= |$)", text)) <= 2 for text in sides(each.english))


def test_only_codes_whose_meaning_is_not_known_apart_share_a_text() -> None:
    for texts in ({c: e.chinese for c, e in CATALOGUE.items()}, {c: e.english for c, e in CATALOGUE.items()}):
        times = Counter(text.description for text in texts.values())
        found = [{int(c) for c, text in texts.items() if text.description == one} for one in times if times[one] > 1]
        assert found == SHARED


@pytest.mark.parametrize("code", UNKNOWN)
def test_an_unknown_code_is_an_error_that_says_so(code: str) -> None:
    found = entry(code)
    assert code not in CATALOGUE
    assert (found.code, found.kind) == (code, Kind.ERROR)
    assert "not know" in found.english.description
    assert "不认识" in found.chinese.description


def test_the_catalogue_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        CATALOGUE["1"] = entry("999")  # type: ignore[index]
