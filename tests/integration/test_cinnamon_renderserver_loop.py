"""The loop of a RenderServer, in this process, at servers that give it trouble."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from rendermill.farm.model.errors import UnreachableError
from rendermill.sdk.renderserver.config import Config, Program, Repository
from rendermill.sdk.renderserver.journal import Journal
from rendermill.sdk.renderserver.loop import RenderServer
from support.answering import answering, with_body
from support.cinnamon_farm import command_of

NOWHERE = "http://127.0.0.1:9/cinnamon/cinnamon"


def config(*urls: str, sleep: float) -> Config:
    repositories = [Repository("demo", url, "u", "p", "_RenderTaskLC", frozenset()) for url in urls]
    return Config(
        1, sleep, "<MatchAllDocsQuery/>", tuple(repositories), {"x": Program("x", ("true",), False, None)}, ()
    )


class Ear:
    """Hears what happens, and says when it has heard enough of each place."""

    def __init__(self, enough: int, places: int = 1) -> None:
        self.heard: dict[str, list[dict[str, Any]]] = {}
        self.had_enough = threading.Event()
        self._enough, self._places = enough, places
        self._one_at_a_time = threading.Lock()

    def __call__(self, event: str, **details: Any) -> None:
        with self._one_at_a_time:
            here = self.heard.setdefault(details["url"], [])
            here.append({"event": event, **details})
            if sum(len(told) >= self._enough for told in self.heard.values()) == self._places:
                self.had_enough.set()


def troubles(folder: Path, found: Config, enough: int) -> Ear:
    """Let a RenderServer run until it has told so much of each place."""
    ear = Ear(enough, len(found.repositories))
    with Journal.opened(folder) as journal:
        server = RenderServer(found, journal, ear)
        thread = threading.Thread(target=server.serve)
        thread.start()
        assert ear.had_enough.wait(60)
        server.stop()
        thread.join()
    return ear


def test_a_server_that_is_away_is_asked_after_growing_pauses(tmp_path: Path) -> None:
    told = troubles(tmp_path, config(NOWHERE, sleep=0.001), 6).heard[NOWHERE]
    assert [each["again_in"] for each in told[:6]] == [0.002, 0.004, 0.008, 0.016, 0.032, 0.064]
    assert "no Cinnamon server answers there" in told[0]["message"]


def test_pauses_grow_to_five_minutes_and_a_stop_does_not_wait_for_their_end(tmp_path: Path) -> None:
    told = troubles(tmp_path, config(NOWHERE, sleep=200.0), 1).heard[NOWHERE]
    assert [each["again_in"] for each in told] == [300.0]


def test_a_server_that_talks_nonsense_does_not_keep_the_loop_from_others(tmp_path: Path) -> None:
    with answering(with_body(200, b"<lifecycles><lifecycle/></lifecycles>")) as url:
        ear = troubles(tmp_path, config(url, NOWHERE, sleep=0.001), 4)
    assert all(each["event"] == "trouble" for told in ear.heard.values() for each in told)
    assert any("its answer" in each["message"] for each in ear.heard[url])


def test_who_works_only_once_hears_what_was_wrong(tmp_path: Path) -> None:
    with Journal.opened(tmp_path) as journal:
        server = RenderServer(config(NOWHERE, sleep=1.0), journal, Ear(1))
        with pytest.raises(UnreachableError):
            server.serve(once=True)


class Stubborn:
    """A server with one task that refuses once to hear how it ended, while it is being asked for tasks again."""

    def __init__(self) -> None:
        self.state, self.searches, self.has_refused = 100, 0, False
        self.working: Callable[[], Iterable[threading.Thread]] = list
        self._asked = threading.Event()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        command, sent = command_of(handler)
        said = getattr(self, f"on_{command}", lambda _: "<success>yes</success>")(sent)
        with_body(200, said.encode())(handler)

    def on_connect(self, _: str) -> str:
        return "<connection><ticket>0b6c0000-0000-4000-8000-000000000000@demo</ticket></connection>"

    on_forksession = on_connect

    def on_getlifecycle(self, _: str) -> str:
        names = enumerate(("new", "rendering", "finished", "failed"), 100)
        states = [
            f"<lifecycleState><id>{number}</id><sysName>{name}</sysName></lifecycleState>" for number, name in names
        ]
        inside = f"<defaultState>{states[0]}</defaultState><states>{''.join(states)}</states>"
        return f"<lifecycles><lifecycle><id>9</id><sysName>_RenderTaskLC</sysName>{inside}</lifecycle></lifecycles>"

    def on_searchobjects(self, sent: str) -> str:
        self.searches += 1
        if self.searches == 2:
            self._asked.set()
            for thread in self.working():
                thread.join()
        return self.on_getobject(sent) if self.state == 100 else '<objects total-results="0"/>'

    def on_getobject(self, _: str) -> str:
        about = "<id>5</id><name>task</name><modified>m</modified><owner><id>3</id><name>u</name></owner><lockedBy/>"
        state = f"<lifeCycleState>{self.state}</lifeCycleState>"
        return f'<objects total-results="1"><object>{about}<parentId>1</parentId>{state}</object></objects>'

    def on_getmetaset(self, _: str) -> str:
        return "<metaset><renderTaskName>x</renderTaskName></metaset>"

    def on_changestate(self, sent: str) -> str:
        is_end = "102" in sent
        if is_end and not self.has_refused:
            assert self._asked.wait(60)
            self.has_refused = True
            return "<error><message/><code>error.must.be.locked</code></error>"
        self.state = 102 if is_end else 101
        return "<success>yes</success>"


def test_who_works_only_once_settles_what_ended_during_its_last_look(tmp_path: Path) -> None:
    there = Stubborn()
    with answering(there.answer) as url, Journal.opened(tmp_path) as journal:
        server = RenderServer(config(url, sleep=0.01), journal, Ear(9))
        there.working = lambda: list(server._pollers[0]._working.values())
        server.serve(once=True)
        assert journal.of(url, "demo") == []
    assert there.state == 102
