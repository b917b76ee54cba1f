"""Queries of Lucene as clients send them: what is read of them, what is refused; patterns; words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from rendermill.doors.cinnamon import query as reading
from rendermill.doors.cinnamon.query import BAD_QUERY, parse_query
from rendermill.farm.model.errors import BadInputError, CinnamonError
from rendermill.safe_xml import parse_xml
from rendermill.store.cinnamon.query import AnyWord, Both, Everything, Pattern, Phrase, Query, Range, Term
from rendermill.store.cinnamon.records import words_of
from rendermill.store.database import sqlite_engine
from rendermill.store.functions import check_pattern, matches

OF_TASKS = """<?xml version="1.0" encoding="utf-8"?>
<BooleanQuery>
  <!-- those that wait -->
  <Clause occurs="must"><TermQuery fieldName="lifecyclestate"> 00000000000000000100 </TermQuery></Clause>
  <Clause occurs="must"><TermQuery fieldName="objectTypeName"><!-- ours -->render_task</TermQuery></Clause>
</BooleanQuery>"""


def read(xml: str) -> Query:
    return parse_query(parse_xml(xml))


def refusal(xml: str) -> str:
    with pytest.raises(CinnamonError) as caught:
        read(xml)
    assert caught.value.key == BAD_QUERY
    return str(caught.value)


@pytest.mark.parametrize(
    ("xml", "query"),
    [
        (OF_TASKS, Both(must=(Term("lifecyclestate", "0" * 17 + "100"), Term("objectTypeName", "render_task")))),
        ('<TermsQuery fieldName="name">red blue</TermsQuery>', AnyWord("name", "red blue")),
        ('<WildcardQuery fieldName="name">ha*y?.x</WildcardQuery>', Pattern("name", r"ha.*y.\.x")),
        ('<RegexQuery fieldName="name">.*side.*2</RegexQuery>', Pattern("name", ".*side.*2")),
        ("<MatchAllDocsQuery/>", Everything()),
        ('<RangeFilter fieldName="acl" lowerTerm="1" upperTerm="9"/>', Range("acl", "1", "9")),
        (
            '<ConstantScoreQuery><RangeFilter fieldName="acl" lowerTerm="1" upperTerm="9" includeLower="false" '
            'includeUpper="false"/></ConstantScoreQuery>',
            Range("acl", "1", "9", False, False),
        ),
        (
            '<FilteredQuery><Query><MatchAllDocsQuery/></Query><Filter><TermQuery fieldName="acl">1</TermQuery>'
            "</Filter></FilteredQuery>",
            Both(must=(Everything(), Term("acl", "1"))),
        ),
        (
            '<BoostingQuery><Query><MatchAllDocsQuery/></Query><BoostQuery><TermQuery fieldName="acl">1</TermQuery>'
            "</BoostQuery></BoostingQuery>",
            Everything(),
        ),
        (
            '<UserQuery fieldName="name">mill "old house" well-known</UserQuery>',
            Both(should=(Phrase("name", "mill"), Phrase("name", "old house"), Phrase("name", "well-known"))),
        ),
        ("<TermQuery>x</TermQuery>", Term("content", "x")),
        ("<BooleanQuery/>", Both()),
    ],
)
def test_queries_are_read_as_lucene_means_them(xml: str, query: Query) -> None:
    assert read(xml) == query


def test_a_field_counts_for_what_is_inside_unless_it_has_its_own() -> None:
    found = read(
        '<BooleanQuery fieldName="name"><Clause><TermQuery>a</TermQuery></Clause>'
        '<Clause occurs="MustNot" fieldName="procstate"><TermQuery>b</TermQuery></Clause>'
        '<Clause occurs="mustnot"><TermQuery fieldName="appname">c</TermQuery></Clause></BooleanQuery>'
    )
    assert found == Both(mustnot=(Term("procstate", "b"), Term("appname", "c")), should=(Term("name", "a"),))


def test_one_of_the_optional_clauses_can_be_made_necessary() -> None:
    found = read(
        '<BooleanQuery minimumNumberShouldMatch="1"><Clause occurs="must"><MatchAllDocsQuery/></Clause>'
        '<Clause occurs="should"><TermQuery fieldName="name">a</TermQuery></Clause></BooleanQuery>'
    )
    assert isinstance(found, Both)
    assert found.must == (Everything(), Both(should=(Term("name", "a"),)))


def clause(inside: str, occurs: str = "must") -> str:
    return f'<BooleanQuery><Clause occurs="{occurs}">{inside}</Clause></BooleanQuery>'


TERM = '<TermQuery fieldName="name">a</TermQuery>'


@pytest.mark.parametrize(
    ("xml", "said"),
    [
        (clause(TERM + TERM), "a Clause holds one query, not 2"),
        (clause(""), "a Clause holds one query, not 0"),
        (clause(TERM, "maybe"), "occurs is 'maybe'"),
        (f"<BooleanQuery>{TERM}</BooleanQuery>", "a BooleanQuery holds Clause elements, not 'TermQuery'"),
        (f'<BooleanQuery minimumNumberShouldMatch="2"><Clause>{TERM}</Clause></BooleanQuery>', "minimumNumber"),
        ('<TermQuery fieldName="name"> </TermQuery>', "a TermQuery is empty"),
        (f'<TermQuery fieldName="name">a{TERM}</TermQuery>', "a TermQuery holds text, no elements"),
        ('<RangeFilter fieldName="acl" lowerTerm="1"/>', "a RangeFilter has a lowerTerm and an upperTerm"),
        ('<RangeFilter fieldName="acl" lowerTerm="1" upperTerm="2" includeLower="x"/>', "includeLower is neither"),
        ('<SpanNear slop="2"/>', "the element 'SpanNear' is no query here"),
        ("<objects/>", "the element 'objects' is no query here"),
        ('<q:TermQuery xmlns:q="urn:x">a</q:TermQuery>', "is no query here"),
        ("<ConstantScoreQuery/>", "a ConstantScoreQuery holds one query, not 0"),
        ("<FilteredQuery><Query><MatchAllDocsQuery/></Query></FilteredQuery>", "holds one Query and one Filter"),
        ('<UserQuery fieldName="name">a AND b</UserQuery>', "no operators"),
        ('<UserQuery fieldName="name">+a</UserQuery>', "no operators"),
        ('<UserQuery fieldName="name">name:a</UserQuery>', "no operators"),
        ('<UserQuery fieldName="name">hou*</UserQuery>', "no operators"),
        ('<UserQuery fieldName="name">"a</UserQuery>', "no operators"),
    ],
)
def test_what_is_not_understood_is_refused_and_said(xml: str, said: str) -> None:
    assert said in refusal(xml)


# --- bounds ------------------------------------------------------------------------------------------------------


def nested(depth: int) -> str:
    return '<BooleanQuery><Clause occurs="must">' * depth + TERM + "</Clause></BooleanQuery>" * depth


def test_a_query_may_be_deep_but_not_endlessly() -> None:
    assert isinstance(read(nested(reading.MAX_DEPTH)), Both)
    assert "deep" in refusal(nested(reading.MAX_DEPTH + 1))


def many(element: str, count: int) -> str:
    return f"<BooleanQuery>{f'<Clause>{element}</Clause>' * count}</BooleanQuery>"


@pytest.mark.parametrize(
    ("element", "most"),
    [
        (TERM, reading.MAX_PARTS - 1),
        ('<WildcardQuery fieldName="name">a</WildcardQuery>', reading.MAX_PATTERNS),
        (f'<TermsQuery fieldName="name">{"a-" * 49}</TermsQuery>', (reading.MAX_PARTS - 1) // 50),
        (f'<UserQuery fieldName="name">{"- " * 49}a</UserQuery>', 0),
    ],
)
def test_a_query_has_so_many_parts_and_patterns_and_no_more(element: str, most: int) -> None:
    found = read(many(element, most))
    assert isinstance(found, Both)
    assert len(found.should) == most
    assert refusal(many(element, most + 1))


@pytest.mark.parametrize("element", ["WildcardQuery", "RegexQuery"])
def test_a_pattern_has_so_many_letters_and_no_more(element: str) -> None:
    longest = "a" * reading.MAX_PATTERN
    assert read(f'<{element} fieldName="name">{longest}</{element}>') == Pattern("name", longest)
    assert "characters" in refusal(f'<{element} fieldName="name">{"a" * (reading.MAX_PATTERN + 1)}</{element}>')


# --- patterns ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pattern",
    ["(", "a)|(b", "[", "*", r"(a)\1", "(?<=a)b", "(?P<n", "a{1001}", r"\Qa", r"\pL{200}", "(a{30}){60}", "\\"],
)
def test_bad_and_greedy_patterns_are_refused_before_anything_is_searched(pattern: str) -> None:
    with pytest.raises(BadInputError):
        check_pattern(pattern)


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(a|aa)+b", "(a*)*b", "(.*)*(.*)*(.*)*x", "[ab]*a[ab]{99}c", "(?:a?){99}a{99}"]
)
def test_patterns_that_take_others_forever_are_answered(pattern: str) -> None:
    check_pattern(pattern)
    assert not matches(pattern, "a" * 90 + "!")


@pytest.mark.parametrize(
    ("pattern", "lines", "found"),
    [
        ("ha.*y", "\nsome\nhappy\n", True),
        ("ha.*y", "\nhappyx\n", False),
        ("happy", "\nunhappy\n", False),
        ("a.*b", "\na\nb\n", False),
        ("a[^x]*b", "\na\nb\n", False),
        (r"a\sb", "\na\nb\n", False),
        (r"a\n?b", "\na\nb\n", False),
        ("a|b", "\nab\n", False),
        (".*", "\n", False),
        (".*", "", False),
        ("", "\na\n", False),
        ("m.hle", "\nmühle\n", True),
        ("^a$", "\na\nb\n", True),
    ],
)
def test_a_pattern_is_for_one_whole_term(pattern: str, lines: str, found: bool) -> None:
    check_pattern(pattern)
    assert matches(pattern, lines) is found


# --- what statements may call ------------------------------------------------------------------------------------


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = sqlite_engine(tmp_path / "some.db")
    yield made
    made.dispose()


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        (f"'{'a' * 90}!' REGEXP '(a+)+$'", 0),
        ("'xfoox' REGEXP 'foo'", 0),
        ("'foo' REGEXP 'f.o'", 1),
        ("NULL REGEXP 'foo'", None),
        ("words('Über-Mill')", "\nüber\nmill\nüber-mill\n"),
        ("words(NULL)", None),
        ("small_letters('ÜB')", "üb"),
        ("small_letters(NULL)", None),
        ("has_line_between(words('a c'), 'b', 'c', 0, 1)", 1),
        ("has_line_between(words('a c'), 'b', 'c', 0, 0)", 0),
        ("has_line_between(words('--'), ' ', 'z', 1, 1)", 1),
        ("has_line_between(words(''), ' ', 'z', 1, 1)", 0),
    ],
)
def test_statements_may_ask_for_patterns_words_and_small_letters(engine: Engine, expression: str, value: Any) -> None:
    with engine.connect() as connection:
        assert connection.exec_driver_sql(f"SELECT {expression}").scalar_one() == value


# --- words -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Mill", ["mill"]),
        ("Mill_010.blend one", ["mill", "010", "blend", "one", "mill_010.blend", "mill_010.blend one"]),
        ("_created", ["created", "_created"]),
        ("(a)", ["a", "(a)"]),
        ("Größe  ÄÖ", ["größe", "äö", "größe äö"]),
        ("one One", ["one", "one", "one one"]),
        ("--", ["--"]),
        ("a\nb", ["a", "b", "a b"]),
        ("", []),
    ],
)
def test_a_name_is_found_by_its_words_with_and_without_signs_and_as_a_whole(name: str, words: list[str]) -> None:
    assert words_of(name) == "".join(f"\n{word}" for word in words) + "\n"
