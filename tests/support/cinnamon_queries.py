"""Queries of Lucene: as XML, and what they mean for one thing whose terms are known, in plain Python."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from lxml import etree

Terms = Mapping[str, frozenset[str]]
"""What a thing is found by: field → terms."""
DIGITS = 20
NUMBERS = frozenset(
    {"objecttype", "lifecyclestate", "parent_id", "root", "owner", "creator", "modifier", "lockedby"}
    | {"acl", "format", "language", "contentsize"}
)
FIELDS = (
    *sorted(NUMBERS),
    *("name", "procstate", "appname", "version", "objectTypeName", "folderpath", "latesthead", "latestbranch"),
    *("created.date", "created.time", "modified.date", "modified.time"),
)
WORDS = ("name", "procstate")


@dataclass(frozen=True)
class Asked:
    """A query, and whether it finds a thing."""

    xml: str
    finds: Callable[[Terms], bool]


def padded(field: str, text: str) -> str:
    """A term as an index has it: numbers have twenty digits."""
    return text.zfill(DIGITS) if field in NUMBERS else text


def element(name: str, field: str, text: str) -> str:
    """A query of one text."""
    return f"<{name} fieldName={quoteattr(field)}>{escape(text)}</{name}>"


def term(field: str, text: str) -> Asked:
    wanted = padded(field, text.strip())
    return Asked(element("TermQuery", field, text), lambda terms: wanted in terms[field])


def any_word(field: str, text: str) -> Asked:
    parts = plain(text) if field in WORDS else text.lower().split()
    wanted = {padded(field, part) for part in parts}
    return Asked(element("TermsQuery", field, text), lambda terms: not wanted.isdisjoint(terms[field]))


def regex(field: str, pattern: str) -> Asked:
    compiled = re.compile(pattern)
    xml = element("RegexQuery", field, pattern)
    return Asked(xml, lambda terms: any(compiled.fullmatch(each) for each in terms[field]))


def wildcard(field: str, text: str) -> Asked:
    letters = {"*": ".*", "?": "."}
    compiled = re.compile("".join(letters.get(letter) or re.escape(letter) for letter in text))
    xml = element("WildcardQuery", field, text)
    return Asked(xml, lambda terms: any(compiled.fullmatch(each) for each in terms[field]))


def between(field: str, lower: str, upper: str, with_lower: bool, with_upper: bool) -> Asked:
    first, last = padded(field, lower), padded(field, upper)

    def holds(each: str) -> bool:
        return (first < each or (with_lower and first == each)) and (each < last or (with_upper and each == last))

    flags = f'includeLower="{str(with_lower).lower()}" includeUpper="{str(with_upper).lower()}"'
    bounds = f"lowerTerm={quoteattr(lower)} upperTerm={quoteattr(upper)}"
    xml = f"<ConstantScoreQuery><RangeFilter fieldName={quoteattr(field)} {bounds} {flags}/></ConstantScoreQuery>"
    return Asked(xml, lambda terms: any(holds(each) for each in terms[field]))


def boolean(*clauses: tuple[str, Asked]) -> Asked:
    def finds(terms: Terms) -> bool:
        said: dict[str, list[bool]] = {"must": [], "should": [], "mustnot": []}
        for occurs, asked in clauses:
            said[occurs].append(asked.finds(terms))
        positive = all(said["must"]) if said["must"] else any(said["should"])
        return positive and not any(said["mustnot"])

    inside = "".join(f'<Clause occurs="{occurs}">{asked.xml}</Clause>' for occurs, asked in clauses)
    return Asked(f"<BooleanQuery>{inside}</BooleanQuery>", finds)


EVERYTHING = Asked("<MatchAllDocsQuery/>", lambda terms: True)


# --- the terms of an object, by what the server shows of it ------------------------------------------------------


def plain(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.lower())


def terms_of(shown: etree._Element, paths: Mapping[str, str], other_names: Mapping[str, str]) -> Terms:
    """The terms of an ``<object>``; ``paths`` are the folders' by their ids, ``other_names`` types' second names."""

    def texts(path: str) -> frozenset[str]:
        found = shown.findtext(path) or ""
        return frozenset({found.lower()} if found else ())

    numbers = {
        **{"objecttype": "objectType/id", "lifecyclestate": "lifeCycleState", "parent_id": "parentId"},
        **{"root": "rootId", "owner": "owner/id", "creator": "creator/id", "modifier": "modifier/id"},
        **{"lockedby": "lockedBy/id", "acl": "aclId", "format": "format/id", "language": "language/id"},
        "contentsize": "contentsize",
    }
    name, kind = shown.findtext("name") or "", shown.findtext("objectType/sysName") or ""
    found = {field: frozenset(each.zfill(DIGITS) for each in texts(path)) for field, path in numbers.items()}
    found |= {"name": _words(name), "procstate": _words(shown.findtext("procstate") or "")}
    found |= {"appname": texts("appName"), "version": texts("version")}
    found |= {"latesthead": texts("latestHead"), "latestbranch": texts("latestBranch")}
    found["objectTypeName"] = frozenset({kind.lower(), other_names.get(kind, kind)})
    found["folderpath"] = frozenset({paths[shown.findtext("parentId") or ""].lower()})
    for moment in ("created", "modified"):
        day, _, time = (shown.findtext(moment) or "").partition("T")
        found[f"{moment}.date"] = frozenset({day.replace("-", "")})
        found[f"{moment}.time"] = frozenset({time.replace(":", "")})
    return found


def _words(text: str) -> frozenset[str]:
    whole = " ".join(text.lower().split())
    return frozenset([*plain(text), *re.findall(r"\w\S*\w|\w", whole), whole]) - {""}
