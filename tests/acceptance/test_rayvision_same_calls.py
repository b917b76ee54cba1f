"""Our ``rayvision_api`` and the published one, called alike: they ask a farm for the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rayvision_api.core import RayvisionAPI
from support.rayvision_calls import Call, Recorder, every_call, recording
from support.rayvision_client import RayvisionClient, client, client_python

CALLS = every_call(501, 11, 502)


@pytest.fixture(scope="module")
def recorder() -> Iterator[Recorder]:
    with recording() as started:
        yield started


@pytest.fixture(scope="module")
def published(recorder: Recorder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RayvisionClient]:
    with client(client_python(), tmp_path_factory.mktemp("client")) as started:
        yield started


def test_a_login_asks_for_the_same_and_tells_the_same(published: RayvisionClient, recorder: Recorder) -> None:
    known = published.call("login", recorder.domain, "AKID", "key")
    theirs = recorder.take()
    ours = RayvisionAPI("AKID", "key", recorder.domain, "2")
    assert recorder.take() == theirs
    assert ours.user_info == known


def test_every_call_asks_for_the_same(published: RayvisionClient, recorder: Recorder) -> None:
    published.call("login", recorder.domain, "AKID", "key")
    ours = RayvisionAPI("AKID", "key", recorder.domain, "2")
    recorder.take()
    for call in CALLS:
        theirs = _theirs(published, call)
        asked = recorder.take()
        given = call.make(ours)
        assert recorder.take() == asked, call
        if call.name.startswith(("get_", "check_", "query.get_all", "query.get_small", "task.task_id", "submit")):
            assert given == theirs, call


def test_every_call_has_the_headers_of_the_published_one(published: RayvisionClient, recorder: Recorder) -> None:
    published.call("login", recorder.domain, "AKID", "key")
    theirs = recorder.headers[-1]
    RayvisionAPI("AKID", "key", recorder.domain, "2")
    ours = recorder.headers[-1]
    chosen = {"accessId", "channel", "platform", "version", "Content-Type", "languageFlag"}
    assert {name: ours[name] for name in chosen} == {name: theirs[name] for name in chosen}
    for name in ("UTCTimestamp", "nonce", "signature"):
        assert len(ours[name]) == len(theirs[name]), name


def _theirs(published: RayvisionClient, call: Call) -> object:
    return published.call(call.name, *(call.args or ()), **call.kwargs)
