"""Queries as clients send them: XML of Lucene, as far as there are fields here.

What is not understood is refused, never left out: half a query finds too much.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import re2
from lxml import etree

from rendermill.doors.cinnamon.codes import refusal
from rendermill.farm.model.errors import CinnamonError
from rendermill.store.cinnamon.query import AnyWord, Both, Everything, Pattern, Phrase, Query, Range, Term
from rendermill.store.cinnamon.records import plain_words

BAD_QUERY = "error.parsing.lucene.query"
MAX_PARTS = 500
"""How many elements and words a query may have; SQLite's expressions bound it."""
MAX_DEPTH = 20
MAX_PATTERNS = 20
MAX_PATTERN = 200
"""Characters of a pattern."""
DEFAULT_FIELD = "content"


def parse_query(root: etree._Element) -> Query:
    """The query of an XML text. Raises :class:`CinnamonError`."""
    return _Reader().query(root, DEFAULT_FIELD, 0)


def refused(what: str, remedy: str | None = None) -> CinnamonError:
    """A query is refused."""
    return refusal(BAD_QUERY, what, where="query", remedy=remedy)


class _Reader:
    """Reads one query, and counts what it has."""

    def __init__(self) -> None:
        self._parts = 0
        self._patterns = 0

    def query(self, element: etree._Element, field: str, depth: int) -> Query:
        """The query of an element; ``field`` is that of the elements around it."""
        read = _KINDS.get(str(element.tag))
        if read is None:
            served = ", ".join(_KINDS)
            raise refused(f"the element {str(element.tag)[:60]!r} is no query here", f"Served are {served}.")
        if depth > MAX_DEPTH:
            raise refused(f"it is more than {MAX_DEPTH} queries deep")
        self._count(1)
        return read(self, element, _attribute(element, "fieldName", field), depth + 1)

    def _count(self, parts: int) -> None:
        self._parts += parts
        if self._parts > MAX_PARTS:
            raise refused(f"it has more than {MAX_PARTS} parts", "Ask for a range, or in several searches.")

    # --- queries of queries ------------------------------------------------------------------------------------

    def boolean(self, element: etree._Element, field: str, depth: int) -> Query:
        """``BooleanQuery``"""
        if _attribute(element, "minimumNumberShouldMatch", "0") not in ("0", "1"):
            raise refused("minimumNumberShouldMatch is not served")
        found: dict[str, list[Query]] = {"must": [], "mustnot": [], "should": []}
        for clause in _children(element):
            if clause.tag != "Clause":
                raise refused(f"a BooleanQuery holds Clause elements, not {str(clause.tag)[:60]!r}")
            occurs = _attribute(clause, "occurs", "should").lower()
            if occurs not in found:
                raise refused(f"occurs is {occurs[:60]!r}", "It is must, should or mustnot.")
            found[occurs].append(self._only(clause, _attribute(clause, "fieldName", field), depth))
        if _attribute(element, "minimumNumberShouldMatch", "0") == "1" and found["should"]:
            found["must"].append(Both(should=tuple(found["should"])))
        return Both(**{occurs: tuple(queries) for occurs, queries in found.items()})

    def wrapped(self, element: etree._Element, field: str, depth: int) -> Query:
        """``ConstantScoreQuery``, which only says how hits are weighed."""
        return self._only(element, field, depth)

    def filtered(self, element: etree._Element, field: str, depth: int) -> Query:
        """``FilteredQuery``: what its query and its filter find."""
        return Both(must=self._parts_of(element, ("Query", "Filter"), field, depth))

    def boosting(self, element: etree._Element, field: str, depth: int) -> Query:
        """``BoostingQuery``: what its query finds; the other only says how hits are weighed."""
        return self._parts_of(element, ("Query", "BoostQuery"), field, depth)[0]

    def _parts_of(self, element: etree._Element, names: tuple[str, str], field: str, depth: int) -> tuple[Query, ...]:
        parts = {str(child.tag): child for child in _children(element)}
        if len(_children(element)) != len(names) or parts.keys() != set(names):
            raise refused(f"a {element.tag} holds one {names[0]} and one {names[1]}")
        return tuple(self._only(parts[name], field, depth) for name in names)

    def _only(self, element: etree._Element, field: str, depth: int) -> Query:
        inside = _children(element)
        if len(inside) != 1:
            remedy = "Give each query a Clause of its own." if len(inside) > 1 else None
            raise refused(f"a {element.tag} holds one query, not {len(inside)}", remedy)
        return self.query(inside[0], field, depth)

    # --- queries of terms --------------------------------------------------------------------------------------

    def everything(self, _element: etree._Element, _field: str, _depth: int) -> Query:
        """``MatchAllDocsQuery``"""
        return Everything()

    def term(self, element: etree._Element, field: str, _depth: int) -> Query:
        """``TermQuery``"""
        return Term(field, _text(element))

    def terms(self, element: etree._Element, field: str, _depth: int) -> Query:
        """``TermsQuery``"""
        text = _text(element)
        self._count_words(text)
        return AnyWord(field, text)

    def user(self, element: etree._Element, field: str, _depth: int) -> Query:
        """``UserQuery``: words and phrases in quotation marks, of which one is enough."""
        text = _text(element)
        self._count_words(text)
        if _OPERATORS.search(text) or text.count('"') % 2:
            remedy = "Write words and phrases in quotation marks; for more, use a BooleanQuery."
            raise refused("a UserQuery has words and phrases here, no operators", remedy)
        found = [phrase or word for phrase, word in _PHRASES.findall(text)]
        return Both(should=tuple(Phrase(field, each) for each in found))

    def wildcard(self, element: etree._Element, field: str, _depth: int) -> Query:
        """``WildcardQuery``: ``*`` is anything, ``?`` a letter."""
        pieces = (_WILD.get(letter) or re2.escape(letter) for letter in self._pattern(element))
        return Pattern(field, "".join(pieces))

    def regex(self, element: etree._Element, field: str, _depth: int) -> Query:
        """``RegexQuery``"""
        return Pattern(field, self._pattern(element))

    def range(self, element: etree._Element, field: str, _depth: int) -> Query:
        """``RangeFilter``, with its bounds unless it says otherwise."""
        lower, upper = (_attribute(element, name, "").strip() for name in ("lowerTerm", "upperTerm"))
        if not lower or not upper:
            raise refused(f"a {element.tag} has a lowerTerm and an upperTerm")
        return Range(field, lower, upper, _flag(element, "includeLower"), _flag(element, "includeUpper"))

    def _pattern(self, element: etree._Element) -> str:
        text = _text(element)
        self._patterns += 1
        if self._patterns > MAX_PATTERNS:
            raise refused(f"it has more than {MAX_PATTERNS} patterns")
        if len(text) > MAX_PATTERN:
            raise refused(f"a pattern has at most {MAX_PATTERN} characters")
        return text

    def _count_words(self, text: str) -> None:
        self._count(max(len(plain_words(text)), len(text.split())))


_WILD = {"*": ".*", "?": "."}
_PHRASES = re.compile(r'"([^"]*)"|([^"\s]+)')
#: What stands for more than itself in Lucene's own language.
_OPERATORS = re.compile(r"""[(){}\[\]^~*?:\\]|&&|\|\||(?:^|[\s"])(?:[-+!]|(?:AND|OR|NOT)(?=[\s"]|$))""")
_Read = Callable[[_Reader, etree._Element, str, int], Query]
_KINDS: dict[str, _Read] = {
    "BooleanQuery": _Reader.boolean,
    "TermQuery": _Reader.term,
    "TermsQuery": _Reader.terms,
    "WildcardQuery": _Reader.wildcard,
    "RegexQuery": _Reader.regex,
    "RangeFilter": _Reader.range,
    "ConstantScoreQuery": _Reader.wrapped,
    "FilteredQuery": _Reader.filtered,
    "BoostingQuery": _Reader.boosting,
    "MatchAllDocsQuery": _Reader.everything,
    "UserQuery": _Reader.user,
}


def _children(element: etree._Element) -> list[etree._Element]:
    return list(element.iterchildren(etree.Element))


def _text(element: etree._Element) -> str:
    """The text of an element that holds nothing else. Raises :class:`CinnamonError` for none."""
    if _children(element):
        raise refused(f"a {element.tag} holds text, no elements")
    text = "".join([element.text or "", *(comment.tail or "" for comment in element)]).strip()
    if not text:
        raise refused(f"a {element.tag} is empty")
    return text


def _attribute(element: etree._Element, name: str, default: str) -> str:
    return element.get(name) or default


def _flag(element: etree._Element, name: str) -> bool:
    value = _attribute(element, name, "true").strip().lower()
    if value not in ("true", "false"):
        raise refused(f"{name} is neither true nor false")
    return value == "true"
