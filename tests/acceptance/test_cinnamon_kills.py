"""kill -9 of the server while it takes, drafts and attaches: every task ends once, with its whole result."""

from __future__ import annotations

import contextlib
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rendermill.administration import open_repositories
from rendermill.farm.model.errors import RendermillError
from rendermill.sdk.cinnamon import Cinnamon
from rendermill.sdk.client import Client
from support.cinnamon_farm import OWNER, PASSWORD, SEED, Farm, messages, state, task
from support.command import Server, run, serving

FILES = 450
"""Results of a task: more than are attached within two transactions."""
TASKS = 4
KILLS, TURNS = 6, 8
"""Of a farm, and farms of the campaign."""
PATIENCE = 240
WRITE = """mkdir -p "$CINNAMON_OUTPUT/deep"; i=0
while [ $i -lt $0 ]; do echo "$CINNAMON_ID $i" > "$CINNAMON_OUTPUT/deep/$i.txt"; i=$((i + 1)); done"""


@contextmanager
def killed_after(data: Path, home: Path, seconds: float) -> Iterator[Farm]:
    """A farm that is killed so long after it has become ready, whatever it does then."""
    with serving(data, home, "--slots", "2", "--no-spare") as server:
        timer = threading.Timer(seconds, server.process.kill)
        timer.start()
        try:
            yield Farm(server)
        finally:
            timer.join()
            server.process.wait()


def prepare(data: Path, home: Path) -> None:
    """A user, and two programs: one with many files, one with a file."""
    home.mkdir(parents=True)
    made = run(home, "user", "create", OWNER, "--password-stdin", "--data", data, stdin=PASSWORD)
    assert made.code == 0, made
    with serving(data, home, "--slots", "1", "--no-spare"):
        pass  # it makes the repository
    with open_repositories(data) as repositories:
        for name, count in (("many", FILES), ("one", 1)):
            repositories.set_program(SEED, name, ["sh", "-c", WRITE, str(count)])


def kill_and_look(folder: Path, seed: int, kills: int) -> None:
    """Start tasks, kill the server at random moments, and look at every task once all have ended."""
    chance = random.Random(seed)
    data, home = folder / "farm", folder / "home"
    prepare(data, home)
    wanted: list[tuple[str, int]] = []
    for _ in range(kills):
        with killed_after(data, home, chance.uniform(0.02, 2.5)) as farm:
            name = chance.choice(["many", "one"])
            with contextlib.suppress(RendermillError), farm.connect() as client:
                for _ in range(TASKS if not wanted else 1):
                    wanted.append((name, task(client, name)))
    with serving(data, home, "--slots", "2", "--no-spare") as server, Farm(server).connect() as client:
        wanted.append(("one", task(client, "one")))
        asked = found(data)  # one whose answer was lost was started all the same
        until(server, lambda: all(state(client, each) in ("finished", "failed") for each in asked))
        assert {each for _, each in wanted} <= asked.keys()
        for task_id, name in asked.items():
            look_at(client, task_id, FILES if name == "many" else 1)
    look_at_the_store(data, len(asked))


def found(data: Path) -> dict[int, str]:
    """The tasks of a repository, and their names."""
    with contextlib.closing(sqlite3.connect(data / "farm.db")) as store:
        return dict(store.execute("SELECT id, task_name FROM cinnamon_objects WHERE task_name IS NOT NULL"))


def until(server: Server, true: Callable[[], bool]) -> None:
    """Ask a server until it says so; its jobs are followed, and what is left then is a moment's work."""
    token = (server.data / "token").read_text()
    farm, end = Client(server.url, lambda: f"Bearer {token}"), time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end
        for job in farm.jobs():
            if job["status"] not in ("succeeded", "failed", "canceled"):
                list(farm.watch(job["id"]))


def look_at(client: Cinnamon, task_id: int, files: int) -> None:
    """A task has ended well, once, with each of its results once."""
    told = messages(client, task_id)
    assert state(client, task_id) == "finished", told
    assert sum(each.startswith("info: finished; ") for each in told) == 1, told
    assert sum("renders it" in each for each in told) == 1, told
    related = client.send("getrelations", leftid=task_id).findall("relation/rightId")
    names = sorted(client.get_object(int(each.text or "")).name for each in related)
    assert names == (sorted(f"deep_{number}.txt" for number in range(files)) if files > 1 else [])


def look_at_the_store(data: Path, tasks: int) -> None:
    """A job for each task, none of them under way; no render, no lock and no program's ticket is left."""
    with contextlib.closing(sqlite3.connect(data / "farm.db")) as store:

        def number(query: str) -> int:
            return int(store.execute(query).fetchone()[0])

        assert number("SELECT count(*) FROM jobs") == tasks
        assert number("SELECT count(*) FROM jobs WHERE status != 'succeeded'") == 0
        assert number("SELECT count(*) FROM cinnamon_renders") == 0
        assert number("SELECT count(*) FROM cinnamon_objects WHERE locker_id IS NOT NULL") == 0
        assert number("SELECT count(*) FROM cinnamon_sessions WHERE task_id IS NOT NULL") == 0
    assert list((data / "programs").iterdir()) == []


def test_tasks_survive_kills_of_the_server(tmp_path: Path) -> None:
    kill_and_look(tmp_path, seed=3, kills=3)


@pytest.mark.soak
@pytest.mark.parametrize("turn", range(TURNS))
def test_tasks_survive_forty_eight_kills_of_the_server(tmp_path: Path, turn: int) -> None:
    kill_and_look(tmp_path, seed=100 + turn, kills=KILLS)
