"""Any body for any call of the Rayvision door: answered or refused in good form, and by nobody who has not signed.

Each call's bodies are made from what its own model says of itself, with wrong types and numbers of real tasks mixed in.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rendermill.doors.rayvision.registry import CALLS, Call
from rendermill.store.schema import metadata
from support.asgi import Answer
from support.campaign import fixed, full
from support.rayvision import RayvisionFarm, rayvision_farm, rops

_RENEW = 50
"""Examples after which the tasks are made anew: calls delete them."""
_TASKS, _FRAMES = 4, 3


class Bench:
    """A farm on a loop of its own, with a user whose tasks wait."""

    def __init__(self, runner: asyncio.Runner, farm: RayvisionFarm) -> None:
        self._runner, self.farm = runner, farm
        self.caller = farm.user("anna")
        self._stranger = farm.user("bert")
        self._examples = 0
        self._numbers: list[int] = []
        runner.run(self._renew())

    async def _renew(self) -> None:
        caller = self.caller
        task = await caller.submit(rops("1-3[1]", "5", pre_frames="100", stop_after_test="1"), labels=["day"])
        child = (await caller.info(task))["respRenderingTaskList"][0]["id"]
        reserved = await caller.create()
        await caller.send_file(reserved, rops("1"))
        frames = [each["id"] for each in await caller.frames(task)][:_FRAMES]
        self._numbers = [task, child, reserved, await self._stranger.submit(rops("1")), *frames]

    def real(self, value: Any) -> Any:
        """The value, with the numbers of tasks and frames where it has places for them."""
        if isinstance(value, Place):
            return self._numbers[value.position]
        if isinstance(value, list):
            return [self.real(each) for each in value]
        if isinstance(value, dict):
            return {name: self.real(each) for name, each in value.items()}
        return value

    def signed_call(self, path: str, body: dict[str, Any]) -> Answer:
        self._examples += 1
        if self._examples % _RENEW == 0:
            self._runner.run(self._renew())
        return self.send(path, self.caller.signed(path, body), json.dumps(body).encode())

    def send(self, path: str, headers: Mapping[str, str], content: bytes) -> Answer:
        return self._runner.run(self.caller.raw(path, dict(headers), content))


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """For those who sign."""
    with _bench(tmp_path_factory.mktemp("signed")) as made:
        yield made


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """For those who do not: it stays as it was."""
    with _bench(tmp_path_factory.mktemp("unsigned")) as made:
        yield made


@contextmanager
def _bench(folder: Path) -> Iterator[Bench]:
    """The loop runs while a call does, and stands still between calls."""
    with asyncio.Runner() as runner:
        place = AsyncExitStack()
        farm = runner.run(place.enter_async_context(rayvision_farm(folder / "farm")))
        try:
            yield Bench(runner, farm)
        finally:
            runner.run(place.aclose())


# --- bodies ------------------------------------------------------------------------------------------------------


class Place:
    """Stands in a body for the number of a task or a frame that there is."""

    def __init__(self, position: int) -> None:
        self.position = position

    def __repr__(self) -> str:
        return f"Place({self.position})"


texts = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["", "1", "../x", "\0", "\ud800", "a/b", "1-3[1]", "2026-01-01", "%", "0" * 30, "名"]),
)
numbers = st.one_of(
    st.integers(-2, 12),
    st.integers(-(2**70), 2**70),
    st.sampled_from([2**31, 2**53, 2**62 - 1, 2**62, 2**63 - 1, 2**63, 10**30]),
)
floats = st.floats(allow_nan=False, allow_infinity=False)
scalars = st.one_of(st.none(), st.booleans(), numbers, floats, texts)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=6
)
tasks = st.builds(Place, st.integers(0, _TASKS - 1))
frames = st.builds(Place, st.integers(_TASKS, _TASKS + _FRAMES - 1))
names = st.sampled_from(["a", "b", "day"])
likely: dict[str, st.SearchStrategy[Any]] = {
    "cgId": st.sampled_from([2004, 2007, 2000, 5]),
    "cgIds": st.sampled_from([2004, "2007", 2000]),
    "id": st.one_of(frames, frames, tasks),
    "ids": frames,
    "Ids": frames,
    "hardwareConfigIds": st.just(20_008),
    "renderingType": st.just("render"),
}
contents = st.one_of(
    texts,
    anything.map(json.dumps),
    st.builds(
        lambda name, value: json.dumps(rops("1-2[1]", **{name: value})),
        st.sampled_from(
            ["pre_frames", "frames_per_task", "stop_after_test", "task_stop_time", "edit_name", "project_name", "tiles"]
        ),
        scalars,
    ),
)


def _fitting(name: str, schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Values that a member might have, by its name and what its schema says."""
    kind = schema.get("type")
    if "anyOf" in schema:
        return st.one_of([_fitting(name, each) for each in schema["anyOf"]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if kind == "array":
        items = _fitting(name, schema.get("items", {}))
        return st.lists(items, min_size=min(1, schema.get("minItems", 0)), max_size=3)
    if kind in ("integer", "string") and name in likely:
        return likely[name]
    if kind == "integer":
        return _whole(name, schema.get("minimum", 0), schema.get("maximum", 12))
    if kind == "string":
        return contents if name == "content" else st.one_of(names, names, texts)
    return st.none() if kind == "null" else scalars


def _whole(name: str, least: int, most: int) -> st.SearchStrategy[Any]:
    if name.startswith("task") and "Id" in name:
        return tasks
    inside = st.integers(least, min(most, least + 12))
    return st.one_of(inside, inside, inside, inside.map(str))


@st.composite
def bodies(draw: st.DrawFn, found: Call) -> dict[str, Any]:
    """A body for a call: mostly members that it knows, mostly with values that they might have."""
    schema = found.body.model_json_schema()
    required = set(schema.get("required", ()))
    older = {new: old for old, new in found.renamed.items()}
    body: dict[str, Any] = {}
    for name, member in schema.get("properties", {}).items():
        if name in required or draw(st.booleans()):
            wrong = draw(st.integers(0, 29)) == 29
            value = draw(anything if wrong else _fitting(name, member))
            body[older.get(name, name) if draw(st.booleans()) else name] = value
    if body and draw(st.integers(0, 29)) == 29:
        del body[draw(st.sampled_from(sorted(body)))]
    if draw(st.integers(0, 29)) == 29:
        body[draw(texts)] = draw(anything)
    return body


every_path = pytest.mark.parametrize("path", sorted(CALLS))
"""So that each has its share."""


# --- who signs ---------------------------------------------------------------------------------------------------


def _is_answered(bench: Bench, path: str, data: st.DataObject) -> None:
    body = data.draw(bodies(CALLS[path]), "body")
    found = bench.caller.read(bench.signed_call(path, bench.real(body)))
    assert found["code"] != 500, found
    assert found["code"] == 200 or found["data"] is None
    assert type(found["message"]) is str
    assert found["message"]


def _any_json_is_answered(bench: Bench, path: str, content: Any) -> None:
    body = content if isinstance(content, dict) else {}
    answer = bench.send(path, bench.caller.signed(path, body), json.dumps(content).encode())
    found = bench.caller.read(answer)
    assert found["code"] in ((200, 400, 600, 601, 603, 404) if isinstance(content, dict) else (400,)), found


@every_path
@given(st.data())
@fixed(8)
def test_whoever_has_signed_is_answered_or_refused_in_good_form(bench: Bench, path: str, data: st.DataObject) -> None:
    _is_answered(bench, path, data)


@given(st.sampled_from(sorted(CALLS)), anything)
@fixed(100)
def test_any_json_is_answered_or_refused(bench: Bench, path: str, content: Any) -> None:
    _any_json_is_answered(bench, path, content)


@pytest.mark.soak
@every_path
@given(st.data())
@full(8)
def test_whoever_has_signed_is_answered_or_refused_in_good_form_at_full_length(
    bench: Bench, path: str, data: st.DataObject
) -> None:
    _is_answered(bench, path, data)


@pytest.mark.soak
@given(st.sampled_from(sorted(CALLS)), anything)
@full(100)
def test_any_json_is_answered_or_refused_at_full_length(bench: Bench, path: str, content: Any) -> None:
    _any_json_is_answered(bench, path, content)


# --- who does not ------------------------------------------------------------------------------------------------

headers = st.text(st.characters(max_codepoint=255), max_size=50)
garbled = st.one_of(headers, st.sampled_from(["", "0", "²", "-1", "NaN", "9" * 400, " ", "=" * 44, "\xff"]), st.none())
_SIGNED = ("accessId", "channel", "platform", "UTCTimestamp", "nonce", "version", "signature")
spoilt = st.dictionaries(st.sampled_from(_SIGNED), garbled, max_size=len(_SIGNED))
_REFUSALS = frozenset({400, 602, 610, 611})


def _nothing_is_done(bench: Bench, path: str, data: st.DataObject) -> None:
    """Headers are spoilt or left out (None); where none is, another key has signed."""
    body = bench.real(data.draw(bodies(CALLS[path]), "body"))
    spoiling = data.draw(spoilt, "headers")
    right = bench.caller.signed(path, body)
    forger = replace(bench.caller, access_key=bench.caller.access_key[::-1])
    wrong = {**right, **spoiling} if spoiling else forger.signed(path, body)
    if all((wrong[name] or "").strip() == right[name] for name in _SIGNED):
        return
    before = fingerprint(bench)
    sent = {name: value for name, value in wrong.items() if value is not None}
    found = bench.caller.read(bench.send(path, sent, json.dumps(body).encode()))
    assert found["code"] in _REFUSALS, found
    assert found["data"] is None
    assert fingerprint(bench) == before


def fingerprint(bench: Bench) -> int:
    """A number that changes with any row of any table."""
    with bench.farm.farm.store.engine.connect() as connection, connection.begin():
        rows = ((name, *row) for name in sorted(metadata.tables) for row in _rows(connection, name))
        return hash(tuple(rows))


def _rows(connection: Any, name: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in connection.exec_driver_sql(f"SELECT * FROM {name}")]


@every_path
@given(st.data())
@fixed(4)
def test_whoever_has_not_signed_gets_nothing_and_changes_nothing(fresh: Bench, path: str, data: st.DataObject) -> None:
    _nothing_is_done(fresh, path, data)


@pytest.mark.soak
@every_path
@given(st.data())
@full(4)
def test_whoever_has_not_signed_gets_nothing_and_changes_nothing_at_full_length(
    fresh: Bench, path: str, data: st.DataObject
) -> None:
    _nothing_is_done(fresh, path, data)
