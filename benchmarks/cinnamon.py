"""The Cinnamon door of a farm in use: tasks started, waiting ones searched for, sessions leaked."""

from __future__ import annotations

import http.client
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from lxml import etree

from benchmarks.cinnamon_data import fill
from benchmarks.measure import report
from benchmarks.rayvision import echoing, serving
from rendermill.administration import open_accounts
from rendermill.store.cinnamon.seed import ensure_repository
from rendermill.store.database import sqlite_engine

OBJECTS = int(os.environ.get("RENDERMILL_BENCH_OBJECTS", "100000"))
SESSIONS = int(os.environ.get("RENDERMILL_BENCH_SESSIONS", "100000"))
CONNECTIONS = 8
PATH = "/cinnamon/cinnamon"
_HERE = Path(__file__).parent
_PASSWORD = "correct horse"
_FORM = "application/x-www-form-urlencoded"
_INPUT = "<sourceId>1</sourceId><renderTaskName>elsewhere</renderTaskName>"
_METADATA = f'<meta><metaset type="render_input">{_INPUT}</metaset></meta>'


@dataclass(frozen=True)
class Times:
    """Milliseconds of calls, and how many there were in a second."""

    p50: float
    p99: float
    rate: float


def main() -> None:
    """Measure."""
    with tempfile.TemporaryDirectory(prefix="rendermill-bench-", ignore_cleanup_errors=True) as folder:
        data = Path(folder) / "farm"
        with open_accounts(data) as accounts:
            owner = accounts.create_user("ann", _PASSWORD).id
        engine = sqlite_engine(data / "farm.db")
        with engine.connect().execution_options(writes=True) as connection, connection.begin():
            ensure_repository(connection)
        fill(engine, "farm", OBJECTS, owner_id=owner)
        engine.dispose()
        with serving(data) as domain:
            ticket = _text(domain, "ticket", command="connect", repository="farm", user="ann", pwd=_PASSWORD)
            searched(domain, ticket, Path(folder))
            started(domain, ticket, Path(folder))
            leaked(domain, ticket, data)


def started(domain: str, ticket: str, folder: Path) -> None:
    """Render tasks made, none of which this farm works on."""
    fields = {"command": "startrendertask", "ticket": ticket, "parentid": "0", "metadata": _METADATA}
    load(domain, fields, 200, "success.startRenderTask")
    farm = load(domain, fields, 6000, "success.startRenderTask")
    answer = folder / "answer"
    answer.write_bytes(_asked(domain, **fields))
    with echoing(answer) as bare:
        plain = load(bare, fields, 6000, "success.startRenderTask")
    parts = (
        f"p50 {farm.p50:.1f} p99 {farm.p99:.1f} ms; bare echo {plain.rate:.0f}/s; farm / bare "
        f"{farm.rate / plain.rate:.2f}; bare SQLite commits {_commits(folder):.0f}/s"
    )
    report(f"startrendertask from {CONNECTIONS} connections", farm.rate, "1/s", ">= 300", parts)


def searched(domain: str, ticket: str, folder: Path) -> None:
    """The query of a RenderServer for waiting tasks, among many objects."""
    state = _text(
        domain, ".//defaultState/lifecycleState/id", command="getlifecycle", ticket=ticket, name="_RenderTaskLC"
    )
    clauses = "".join(
        f'<Clause occurs="must"><TermQuery fieldName="{name}">{value}</TermQuery></Clause>'
        for name, value in (("lifecyclestate", f"{int(state):020}"), ("objectTypeName", "render_task"))
    )
    fields = {"command": "searchobjects", "ticket": ticket, "query": f"<BooleanQuery>{clauses}</BooleanQuery>"}
    fields |= {"page_size": "20", "page": "1"}
    load(domain, fields, 50, "total-results")
    farm = load(domain, fields, 1000, "total-results", connections=1)
    answer = folder / "answer"
    answer.write_bytes(_asked(domain, **fields))
    total = etree.fromstring(answer.read_bytes()).get("total-results")
    with echoing(answer) as bare:
        plain = load(bare, fields, 1000, "total-results", connections=1)
    parts = (
        f"p50 {farm.p50:.1f} ms, {total} found; bare echo of {answer.stat().st_size / 1000:.1f} kB p50 {plain.p50:.1f} "
        f"p99 {plain.p99:.1f} ms; farm / bare p50 {farm.p50 / plain.p50:.1f}"
    )
    report(f"searchobjects among {OBJECTS:,} objects, a page of 20, p99", farm.p99, "ms", "<= 20", parts)


def leaked(domain: str, ticket: str, data: Path) -> None:
    """Sessions that are made and never used again."""
    looked = {"command": "getobject", "ticket": ticket, "id": "1"}
    load(domain, looked, 500, "<object>")
    before, memory = load(domain, looked, 3000, "<object>"), _memory(data)
    forks = load(domain, {"command": "forksession", "ticket": ticket}, SESSIONS, "<ticket>")
    after, grown = load(domain, looked, 3000, "<object>"), _memory(data) - memory
    parts = f"{memory:.0f} MB before; made at {forks.rate:.0f}/s"
    report(f"{SESSIONS:,} leaked sessions, memory of the server", grown, "MB", "<= 100", parts)
    parts = f"getobject p50 {before.p50:.2f} ms before, {after.p50:.2f} after; p99 {before.p99:.2f}, {after.p99:.2f}"
    report("  getobject after / before, p50", after.p50 / before.p50, "x", "1", parts)


# --- load --------------------------------------------------------------------------------------------------------


def load(domain: str, fields: dict[str, str], count: int, expected: str, connections: int = CONNECTIONS) -> Times:
    """Send a command so many times."""
    asked = {
        "domain": domain,
        "path": PATH,
        "body": urlencode(fields),
        "content_type": _FORM,
        "connections": connections,
        "count": count,
        "expected": expected,
    }
    done = subprocess.run(
        [sys.executable, str(_HERE / "cinnamon_load.py")],
        input=json.dumps(asked),
        stdout=subprocess.PIPE,
        text=True,
        timeout=1200,
        check=True,
    )
    found = json.loads(done.stdout)
    times = sorted(1000 * each for each in found["times"])
    return Times(times[len(times) // 2], times[len(times) * 99 // 100], found["rate"])


def _asked(domain: str, **fields: str) -> bytes:
    connection = http.client.HTTPConnection(domain, timeout=60)
    try:
        connection.request("POST", PATH, urlencode(fields), {"Content-Type": _FORM})
        return connection.getresponse().read()
    finally:
        connection.close()


def _text(domain: str, path: str, **fields: str) -> str:
    answer = _asked(domain, **fields)
    found = etree.fromstring(answer).findtext(path)
    if found is None:
        raise SystemExit(f"{fields['command']}: {answer[:500]!r}")
    return found


def _commits(folder: Path) -> float:
    """Rows that plain SQLite writes in a second, each in a transaction of its own, as durable as the farm's."""
    connection = sqlite3.connect(folder / "plain.db", isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("CREATE TABLE tasks (id INTEGER PRIMARY KEY, metadata TEXT)")
    began, count = time.perf_counter(), 500
    for _ in range(count):
        connection.execute("INSERT INTO tasks (metadata) VALUES (?)", (_METADATA,))
    took = time.perf_counter() - began
    connection.close()
    return count / took


def _memory(data: Path) -> float:
    """Megabytes that the server in a folder has of its own."""
    pid = json.loads((data / "lock").read_text())["pid"]
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    private = sum(int(line.split()[1]) for line in lines if line.startswith(("Private_Dirty", "Private_Clean")))
    return private / 1000
