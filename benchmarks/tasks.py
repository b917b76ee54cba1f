"""The farm's own speed: tasks that do nothing, and a very long queue."""

from __future__ import annotations

import sqlite3
import subprocess
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.measure import REPEATS, farm, followed, median, report, seconds
from rendermill.sdk.client import Client

TASKS = 2000
QUEUED = 100_000


def noop(frames: str, command: str = "/bin/true", **more: Any) -> dict[str, Any]:
    """A template whose tasks do nothing."""
    definition = {"name": "N", "type": "INT", "range": frames}
    step = {
        "name": "nothing",
        "parameterSpace": {"taskParameterDefinitions": [definition]},
        "script": {"actions": {"onRun": {"command": command}}},
        **more,
    }
    return {"specificationVersion": "jobtemplate-2023-09", "name": "nothing", "steps": [step]}


def throughput() -> None:
    """2,000 tasks of /bin/true with 2 slots, beside bare processes and bare commits."""
    rates, bare, commits = [], [], []
    for _ in range(REPEATS):
        bare.append(TASKS / seconds(_bare_processes))
        commits.append(1000 / seconds(_bare_commits))
        with farm("--slots", "2") as (client, _):
            rates.append(TASKS / seconds(partial(_run, client)))
    parts = f"bare subprocess {median(bare):.0f}/s, bare SQLite commit {median(commits):.0f}/s"
    report("tasks that do nothing, durable, 2 slots", median(rates), "tasks/s", ">= 150", parts)


def _run(client: Client) -> None:
    followed(client, client.submit({"template": noop(f"1-{TASKS}")}))


def _bare_processes() -> None:
    for _ in range(TASKS):
        subprocess.run(["/bin/true"], check=True)


def _bare_commits() -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = sqlite3.connect(Path(folder) / "bare.db", isolation_level=None)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        database.execute("CREATE TABLE t (a INTEGER)")
        for number in range(1000):
            database.execute("INSERT INTO t VALUES (?)", (number,))
        database.close()


def long_queue() -> None:
    """One job of 100,000 tasks that waits: how long submitting takes, and the server's memory."""
    times, memory, empty = [], [], []
    for _ in range(REPEATS):
        with farm("--slots", "2") as (client, server):
            empty.append(_resident(server))
            template = noop(f"1-{QUEUED}", "/bin/sleep", script=_sleep())
            times.append(seconds(partial(client.submit, {"template": template})))
            _wait_running(client)
            memory.append(_resident(server))
    report("submitting 100,000 tasks", median(times), "s", "<= 5")
    report("server's memory with 100,000 tasks queued", median(memory), "MB", "<= 300", f"empty {median(empty):.0f} MB")


def _sleep() -> dict[str, Any]:
    return {"actions": {"onRun": {"command": "/bin/sleep", "args": ["3600"]}}}


def _wait_running(client: Client) -> None:
    for job in client.watch(1):
        if job["tasks"]["running"] == 2:
            time.sleep(1)  # what the start left behind is freed
            return


def _resident(pid: int) -> float:
    """Resident memory of a process in MB."""
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024 / 1e6
