"""How a RenderServer takes a task at a server where only the lock keeps others out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from rendermill.farm.model.errors import CinnamonError
from rendermill.sdk.cinnamon import Cinnamon, TaskStates
from rendermill.sdk.renderserver.config import Repository
from rendermill.sdk.renderserver.journal import Journal
from rendermill.sdk.renderserver.programs import Programs
from rendermill.sdk.renderserver.worker import Site, settle, take
from support.answering import answering, with_body
from support.cinnamon_farm import command_of

TICKET = "0b6c0000-0000-4000-8000-000000000000@demo"
STATES = TaskStates(lifecycle=9, new=100, rendering=101, finished=102, failed=103)
OBJECT = """<objects><object><id>5</id><name>task</name><owner><id>3</id><name>anna</name></owner><lockedBy/>
<parentId>1</parentId><lifeCycleState>{}</lifeCycleState></object></objects>"""
NEW, RENDERING = OBJECT.format(STATES.new), OBJECT.format(STATES.rendering)
LOCKED = RENDERING.replace("<lockedBy/>", "<lockedBy><id>4</id><name>render</name></lockedBy>")
REFUSED = "<error><message/><code>error.missing.permission._lock</code></error>"
NOT_LOCKED = "<error><message/><code>error.object.not.locked</code></error>"


@contextmanager
def server(answers: Mapping[str, str | Iterator[str]], commands: list[str]) -> Iterator[Cinnamon]:
    """A server that answers these commands so, some with one thing after the other, and all others with success."""
    given = {"getobject": NEW, **answers}

    def answer(handler: BaseHTTPRequestHandler) -> None:
        command, _ = command_of(handler)
        commands.append(command)
        said = given.get(command, "<success>yes</success>")
        with_body(200, (said if isinstance(said, str) else next(said)).encode())(handler)

    with answering(answer) as url, Cinnamon.with_ticket(url, TICKET) as client:
        yield client


def site(journal: Journal, client: Cinnamon) -> Site:
    repository = Repository("demo", client.url, "render", "p", "_RenderTaskLC", frozenset())
    return Site(repository, STATES, journal, Programs(), lambda event, **details: None)


def test_a_task_is_taken_under_its_lock_and_written_down(tmp_path: Path) -> None:
    commands: list[str] = []
    with server({}, commands) as client, Journal.opened(tmp_path) as journal:
        begun = take(site(journal, client), client, 5, is_exact=False)
        assert begun is not None
        assert journal.of(client.url, "demo") == [begun]
        assert begun.taken
    assert commands[:5] == ["getobject", "lock", "getobject", "changestate", "unlock"]


def test_a_task_that_is_no_longer_new_is_left_and_its_lock_not_touched(tmp_path: Path) -> None:
    commands: list[str] = []
    with server({"getobject": RENDERING}, commands) as client, Journal.opened(tmp_path) as journal:
        assert take(site(journal, client), client, 5, is_exact=False) is None
        assert journal.of(client.url, "demo") == []
    assert "lock" not in commands
    assert "unlock" not in commands


def test_a_task_that_another_takes_before_it_is_locked_is_left_and_unlocked(tmp_path: Path) -> None:
    commands: list[str] = []
    found = {"getobject": iter([NEW, RENDERING])}
    with server(found, commands) as client, Journal.opened(tmp_path) as journal:
        assert take(site(journal, client), client, 5, is_exact=False) is None
        assert journal.of(client.url, "demo") == []
    assert commands[:4] == ["getobject", "lock", "getobject", "unlock"]


@pytest.mark.parametrize(("found", "reset"), [(RENDERING, False), (LOCKED, True)], ids=["rendering", "locked"])
def test_a_task_of_which_nobody_knows_whether_it_became_ours_waits_again_if_its_lock_is(
    tmp_path: Path, found: str, reset: bool
) -> None:
    commands: list[str] = []
    with server({"getobject": found}, commands) as client, Journal.opened(tmp_path) as journal:
        place = site(journal, client)
        begun = journal.begin(client.url, "demo", 5)
        settle(place, client, begun)
        assert journal.of(client.url, "demo") == []
    assert ("attachlifecycle" in commands) == reset


@pytest.mark.parametrize("refused", ["lock", "getobject", "changestate"])
def test_where_it_may_not_nothing_is_written_down_and_no_lock_is_left(tmp_path: Path, refused: str) -> None:
    commands: list[str] = []
    with server({refused: REFUSED}, commands) as client, Journal.opened(tmp_path) as journal:
        with pytest.raises(CinnamonError):
            take(site(journal, client), client, 5, is_exact=False)
        assert journal.of(client.url, "demo") == []
    assert ("unlock" in commands) == (refused == "changestate")


def test_who_finds_the_lock_gone_leaves_the_task_to_the_other_of_the_same_user(tmp_path: Path) -> None:
    with server({"unlock": NOT_LOCKED}, []) as client, Journal.opened(tmp_path) as journal:
        assert take(site(journal, client), client, 5, is_exact=False) is None
        assert journal.of(client.url, "demo") == []


def test_where_the_server_lets_one_through_the_lock_does_not_matter(tmp_path: Path) -> None:
    with server({"unlock": NOT_LOCKED}, []) as client, Journal.opened(tmp_path) as journal:
        begun = take(site(journal, client), client, 5, is_exact=True)
        assert begun is not None
        assert journal.of(client.url, "demo") == [begun]
