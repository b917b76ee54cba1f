"""The lines between an engine and its session hosts."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from rendermill.engine.wire import (
    CancelTask,
    CloseSession,
    Message,
    OpenSession,
    Prepare,
    RunTask,
    decode,
    encode,
)
from rendermill.farm.model.records import AttemptKey, Output
from rendermill.farm.model.submission import Asset
from rendermill.farm.ports.engine import (
    SessionAlive,
    SessionClosed,
    SessionOpened,
    SessionOrder,
    TaskEnded,
    TaskOrder,
    TaskProgress,
    TaskRan,
    TaskStarted,
)
from support.campaign import fixed, full

KEY = AttemptKey(1, 2, 3)

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
number = st.floats(0, 1e9, allow_nan=False)
numbers = st.integers(0, 2**40)
keys = st.builds(AttemptKey, numbers, numbers, numbers)
hashes = st.text("0123456789abcdef", min_size=64, max_size=64)
paths = st.lists(st.text("ab \n\"'é/日", min_size=1, max_size=5), min_size=1, max_size=3).map(lambda p: Path("/", *p))
scalars: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | text
)
json: st.SearchStrategy[Any] = (
    scalars | st.lists(scalars, max_size=3) | st.dictionaries(text, st.lists(scalars, max_size=2), max_size=3)
)
objects = st.dictionaries(text, json, max_size=3)


def tuples(of: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(of, max_size=3).map(tuple)


assets = st.builds(
    lambda name, digest, size: Asset("/in/" + name, digest, size), st.text("abc é", min_size=1), hashes, numbers
)
outputs = st.builds(Output, text, hashes, numbers, text, numbers)
tasks = st.builds(TaskOrder, keys, numbers, st.none() | number)
orders = st.builds(
    SessionOrder,
    session=text,
    worker=text,
    job_id=numbers,
    step_id=numbers,
    step=text,
    template=objects,
    parameters=objects,
    inputs=tuples(assets),
    dependencies=tuples(outputs),
    cores=number,
    memory=number,
    threads=numbers,
    start_timeout=number,
)
kinds: list[st.SearchStrategy[Message]] = [
    st.builds(Prepare, paths, tuples(text)),
    st.builds(OpenSession, orders, tasks, paths, paths, paths, tuples(text), tuples(numbers)),
    st.builds(RunTask, tasks),
    st.builds(CancelTask, keys),
    st.just(CloseSession()),
    st.builds(SessionOpened, text),
    st.builds(SessionClosed, text, text, st.booleans()),
    st.builds(SessionAlive, text),
    st.builds(TaskStarted, text, keys),
    st.builds(TaskProgress, text, keys, st.none() | st.floats(0, 1), text),
    st.builds(TaskRan, text, keys),
    st.builds(TaskEnded, text, keys, text, tuples(outputs), tuples(text)),
]
messages = st.one_of(kinds)


def _comes_back(message: Message) -> None:
    line = encode(message)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert decode(line) == message


def _is_decoded_or_refused(line: bytes) -> None:
    try:
        decode(line)
    except ValueError:
        return
    assert line.split(b" ")[0].decode() in {kind.__name__ for kind in Message.__args__}


@given(messages)
@fixed(300)
def test_every_message_comes_back_as_it_was_on_one_line(message: Message) -> None:
    _comes_back(message)


@pytest.mark.soak
@given(messages)
@full(300)
def test_every_message_comes_back_as_it_was_on_one_line_at_full_length(message: Message) -> None:
    _comes_back(message)


def test_every_kind_of_message_is_tried() -> None:
    any_one = settings(phases=[Phase.generate], database=None)  # the simplest is not looked for
    tried = {type(find(kind, lambda _: True, settings=any_one)).__name__ for kind in kinds}
    assert tried == {kind.__name__ for kind in Message.__args__}


def test_an_attempt_s_key_is_a_key_again() -> None:
    back = decode(encode(CancelTask(KEY)))
    assert isinstance(back, CancelTask)
    assert isinstance(back.key, AttemptKey)
    assert back.key.number == 3


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"\x00\xff\xfe\n",
        b"Nonsense {}\n",
        b"RunTask\n",
        b"RunTask {}\n",
        b"RunTask []\n",
        b"RunTask {nonsense\n",
        b'SessionAlive {"session": 5}\n',
        b'SessionAlive {"session": null}\n',
        b'CancelTask {"key": [1, 2]}\n',
        b'CancelTask {"key": ["a", "b", "c"]}\n',
        b'runtask {"order": {}}\n',
        b'__class__ {"session": "x"}\n',
        encode(SessionAlive("s"))[:-4] + b"\n",
        encode(SessionAlive("s"))[3:],
        encode(SessionAlive("s")).replace(b" ", b"", 1),
        b'TaskRan {"session": "\xff", "key": [1, 2, 3]}\n',
    ],
)
def test_rubbish_is_a_value_error(line: bytes) -> None:
    with pytest.raises(ValueError):
        decode(line)


@given(
    st.binary(max_size=40)
    | st.builds(
        lambda name, rest: name + b" " + rest, st.sampled_from([b"RunTask", b"TaskRan"]), st.binary(max_size=30)
    )
)
@fixed(300)
def test_any_bytes_are_a_message_or_a_value_error(line: bytes) -> None:
    _is_decoded_or_refused(line)


@given(st.data())
@fixed(60)
def test_a_line_that_was_cut_is_a_value_error(data: st.DataObject) -> None:
    line = encode(data.draw(messages))
    cut = data.draw(st.integers(0, len(line) - 2))
    with pytest.raises(ValueError):
        decode(line[:cut])


def test_text_that_is_no_unicode_does_not_keep_an_answer_from_being_given() -> None:
    """A file's name, or a program's last words, may be any bytes: Python shows them as lone surrogates."""
    back = decode(encode(TaskEnded("s", KEY, "cannot open caf\udce9.png", (), ("\ud800",))))
    assert isinstance(back, TaskEnded)
    assert back.key == KEY
    assert back.error.startswith("cannot open caf")


def test_progress_that_is_no_number_does_not_keep_its_text_from_being_given() -> None:
    back = decode(encode(TaskProgress("s", KEY, math.nan, "half way")))
    assert isinstance(back, TaskProgress)
    assert back.text == "half way"
