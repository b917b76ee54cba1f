"""Any query over the door finds what its meaning, in plain Python, says of what the server shows."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.campaign import fixed, full
from support.cinnamon import CinnamonClient, studio
from support.cinnamon_queries import (
    DIGITS,
    EVERYTHING,
    FIELDS,
    NUMBERS,
    Asked,
    Terms,
    any_word,
    between,
    boolean,
    regex,
    term,
    terms_of,
    wildcard,
)

NAMES = ("Mill", "old mill", "Old_Mill.blend", "Mühle 7", "100%", "it's a mill", "%_'\";--", "a-b c", "--", "7")
TEXTS = ("", "Ready", "öl", "a b", "_created", "%", "7")
OTHER_NAMES = {"render_task": "_render_task"}
PATTERNS = ("[a-m].*", r"\d+", ".*[0-3]", "[^7]*", "(m|a).*", ".{3,5}", r"[a-z]+[^a-z][a-z]+", "x?")
COUNT = 48


@dataclass
class Place:
    """A repository with some objects, and what is known of them."""

    runner: asyncio.Runner
    client: CinnamonClient
    terms: Mapping[int, Terms]
    """Each object's terms, by its id."""

    def found(self, asked: Asked) -> list[int]:
        answer = self.runner.run(self.client.send("searchobjectids", query=asked.xml))
        return [int(each.text or "") for each in answer]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()

        async def furnished() -> tuple[CinnamonClient, Mapping[int, Terms]]:
            made = await stack.enter_async_context(studio(tmp_path_factory.mktemp("search")))
            boss = await made.connect("boss", superuser=True)
            clients = [boss, await made.connect("anna"), await made.connect("boris")]
            paths = await folders(boss)
            for number in range(COUNT):
                made.clock.turn(3500.0)
                for each in clients:  # whose sessions end without
                    await each.send("getfolder", id=0)
                await furnish(random.Random(number), clients, sorted(paths))
            shown = (await boss.send("searchobjects", query=EVERYTHING.xml)).iterfind("object")
            return boss, {int(each.findtext("id") or ""): terms_of(each, paths, OTHER_NAMES) for each in shown}

        try:
            yield Place(runner, *runner.run(furnished()))
        finally:
            runner.run(stack.aclose())


async def folders(client: CinnamonClient) -> dict[str, str]:
    """Some folders: id → path."""
    found = {}
    for path in ("/Shots/Äpfel", "/shots", "/%_'"):
        answer = await client.send("getfolderbypath", path=path, autocreate="true")
        names: list[str] = []
        for each in answer.iterfind("folder"):
            names += [each.findtext("name") or ""]
            found[each.findtext("id") or ""] = "/" + "/".join(names[1:] or names)
    return found


async def furnish(chance: random.Random, clients: list[CinnamonClient], places: list[str]) -> None:
    """Make an object, and do something with it."""
    client = chance.choice(clients)
    common = {"parentid": chance.choice(places), "appname": chance.choice(TEXTS), "name": chance.choice(NAMES)}
    if chance.random() < 0.5:
        made = await client.task(**common)
        state = chance.choice(("rendering", "finished", None))
        await client.send("lock", id=made)
        if state is not None:
            await client.send("changestate", id=made, state_name=state)
    else:
        content = chance.choice((None, b"x" * 7, b"x" * 100))
        kind = chance.choice(("image", "document", "_rendition"))
        made = await client.create(content=content, format=chance.choice(("png", "blend")), objtype=kind, **common)
        await client.send("lock", id=made)
    await client.send("setsysmeta", id=made, parameter="procstate", value=chance.choice(TEXTS))
    if chance.random() < 0.6:
        await client.send("unlock", id=made)
        if chance.random() < 0.5:
            await client.text("version", preid=made)


# --- queries -----------------------------------------------------------------------------------------------------


def spelled(draw: st.DrawFn, field: str, text: str) -> str:
    """A term as a query has it: numbers with or without the zeros before them."""
    zeros = draw(st.sampled_from((0, 7, DIGITS))) if field in NUMBERS else 0
    return (text.lstrip("0") or "0").zfill(zeros) if field in NUMBERS else text


@st.composite
def leaves(draw: st.DrawFn, vocabulary: Mapping[str, list[str]]) -> Asked:
    """Queries of one field, of terms that are there."""
    field = draw(st.sampled_from(FIELDS))
    texts = st.sampled_from(vocabulary[field])
    first, second = draw(texts), draw(texts)
    kind = draw(st.sampled_from(("term", "words", "wildcard", "regex", "range")))
    if kind == "term":
        return term(field, spelled(draw, field, first))
    if kind == "words":
        return any_word(field, f"{spelled(draw, field, first)} {spelled(draw, field, second)}")
    if kind == "range":
        flags = draw(st.booleans()), draw(st.booleans())
        return between(field, spelled(draw, field, first), spelled(draw, field, second), *flags)
    cut = draw(st.integers(0, len(first)))
    if kind == "wildcard":
        shapes = (first[:cut] + "*", "*" + first[cut:], first[:cut] + "?" + first[cut + 1 :], "*", "?*?")
        return wildcard(field, draw(st.sampled_from(shapes)))
    return regex(field, draw(st.sampled_from(PATTERNS)))


def queries(vocabulary: Mapping[str, list[str]]) -> st.SearchStrategy[Asked]:
    """Queries of queries."""
    occurs = st.sampled_from(("must", "should", "mustnot"))
    return st.recursive(
        leaves(vocabulary) | st.just(EVERYTHING),
        lambda inner: st.lists(st.tuples(occurs, inner), max_size=4).map(lambda clauses: boolean(*clauses)),
        max_leaves=8,
    )


def check(place: Place, data: st.DataObject) -> None:
    vocabulary = {field: sorted({t for terms in place.terms.values() for t in terms[field]}) for field in FIELDS}
    asked = data.draw(queries(vocabulary))
    assert place.found(asked) == [number for number, terms in sorted(place.terms.items()) if asked.finds(terms)]


@fixed(600)
@given(data=st.data())
def test_any_query_finds_what_it_means(place: Place, data: st.DataObject) -> None:
    check(place, data)


@pytest.mark.soak
@full(200)
@given(data=st.data())
def test_any_query_finds_what_it_means_at_length(place: Place, data: st.DataObject) -> None:
    check(place, data)


def test_every_field_has_terms_to_ask_for(place: Place) -> None:
    for field in FIELDS:
        found = {each for terms in place.terms.values() for each in terms[field]}
        few = field in {"acl", "language"}
        assert len(found) >= (1 if few else 2), field
    assert len(place.terms) > COUNT
