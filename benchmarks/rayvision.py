"""The Rayvision door of a farm in use: the published client at 50 requests a second, beside a bare HTTP server."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from benchmarks.measure import RENDERMILL, ROOT, report, seconds
from benchmarks.rayvision_data import Filled, fill
from rendermill.doors.rayvision.gate import Gate, Place
from rendermill.doors.rayvision.signature import flat_text, sign
from rendermill.farm.model.identity import Identity
from rendermill.farm.ports.accounts import Accounts

TASKS = int(os.environ.get("RENDERMILL_BENCH_TASKS", "10000"))
SECONDS = int(os.environ.get("RENDERMILL_BENCH_SECONDS", "30"))
RATE = 50
GOAL = "<= 50"
_HERE = Path(__file__).parent
_PATIENCE = 120
_LIST, _FRAMES = "/api/render/handle/getTaskList/v2", "/api/render/handle/queryTaskFrames"


@dataclass(frozen=True)
class Kind:
    """A kind of call: its name in rayvision_load.py, what it is, and an example of it."""

    name: str
    title: str
    path: str
    body: Mapping[str, int]


KINDS = (
    Kind("login", "login, each of its three calls", "/api/render/setUp/queryUserProfile", {}),
    Kind("list-100", "getTaskList, a page of 100", _LIST, {"pageNum": 1, "pageSize": 100}),
    Kind("list-10", "getTaskList, a page of 10", _LIST, {"pageNum": 1, "pageSize": 10}),
    Kind("frames-100", "queryTaskFrames, a page of 100", _FRAMES, {"taskId": 1, "pageNum": 1, "pageSize": 100}),
)


def main() -> None:
    """Measure."""
    signatures()
    with tempfile.TemporaryDirectory(prefix="rendermill-bench-", ignore_cleanup_errors=True) as folder:
        data = Path(folder) / "farm"
        filled = fill(data, TASKS)
        began = time.perf_counter()
        with serving(data) as domain:
            report(f"server's start with {TASKS:,} tasks", time.perf_counter() - began, "s", "-")
            for kind in KINDS:
                _measure(kind, domain, filled, Path(folder) / "answer.json")


def _measure(kind: Kind, domain: str, filled: Filled, answer: Path) -> None:
    farm = under_load(kind, domain, filled)
    answer.write_bytes(asked(kind, domain, filled))
    with echoing(answer) as bare:
        plain = under_load(kind, bare, filled)
    parts = (
        f"p50 {farm.p50:.1f} ms at {farm.rate:.0f}/s; bare echo of {answer.stat().st_size / 1000:.1f} kB "
        f"p50 {plain.p50:.1f} p99 {plain.p99:.1f} ms; farm / bare p50 {farm.p50 / plain.p50:.1f} "
        f"p99 {farm.p99 / plain.p99:.1f}"
    )
    report(f"{kind.title}, {RATE}/s, p99", farm.p99, "ms", GOAL, parts)


# --- load --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Times:
    """Milliseconds of calls, and how many there were in a second."""

    p50: float
    p99: float
    rate: float


def under_load(kind: Kind, domain: str, filled: Filled) -> Times:
    """Have the published client make calls of a kind."""
    wanted = {
        "domain": domain,
        "access_id": filled.key.access_id,
        "access_key": filled.key.access_key,
        "kind": kind.name,
        "rate": RATE,
        "seconds": SECONDS,
        "tasks": filled.tasks,
        "total": len(filled.tasks),
    }
    done = subprocess.run(
        [str(client_python()), str(_HERE / "rayvision_load.py")],
        input=json.dumps(wanted),
        stdout=subprocess.PIPE,
        text=True,
        timeout=SECONDS + _PATIENCE,
        check=True,
    )
    found = json.loads(done.stdout)
    times = sorted(1000 * each for each in found["times"])
    return Times(times[len(times) // 2], times[len(times) * 99 // 100], found["rate"])


def client_python() -> Path:
    """The Python that has the published client."""
    sys.path.insert(0, str(ROOT / "tests"))
    try:
        from support.rayvision_client import client_python as find
    finally:
        sys.path.pop(0)
    return find()


def asked(kind: Kind, domain: str, filled: Filled) -> bytes:
    """The farm's answer to the example of a kind."""
    headers = signed_headers(filled.key.access_id)
    body = {**kind.body, **({"taskId": filled.tasks[0]} if "taskId" in kind.body else {})}
    headers["signature"] = sign(filled.key.access_key, domain, kind.path, flat_text(headers, body))
    connection = http.client.HTTPConnection(domain, timeout=_PATIENCE)
    try:
        connection.request("POST", kind.path, json.dumps(body), {**headers, "Content-Type": "application/json"})
        content = connection.getresponse().read()
    finally:
        connection.close()
    if json.loads(content)["code"] != 200:
        raise SystemExit(f"{kind.title}: {content[:300]!r}")
    return content


def signed_headers(access_id: str) -> dict[str, str]:
    """The headers that are signed."""
    now = str(int(time.time()))
    constant = {"channel": "4", "platform": "2", "nonce": "123456", "version": "2.0.0"}
    return {"accessId": access_id, "UTCTimestamp": now, **constant}


# --- servers -----------------------------------------------------------------------------------------------------


@contextmanager
def serving(data: Path) -> Iterator[str]:
    """The farm in a folder; its domain."""
    command = [str(RENDERMILL), "serve", "--data", str(data), "--port", "0", "--slots", "1", "--no-spare"]
    with (data.parent / "log").open("wb") as log, _running(command, log.fileno()) as said:
        yield said.split()[1].removeprefix("http://")


@contextmanager
def echoing(answer: Path) -> Iterator[str]:
    """A bare HTTP server; its domain."""
    with _running([sys.executable, str(_HERE / "rayvision_echo.py"), str(answer)], subprocess.DEVNULL) as said:
        yield f"127.0.0.1:{said.strip()}"


@contextmanager
def _running(command: list[str], errors: int) -> Iterator[str]:
    """A process; the first line that it says. It is ended with the block."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline()
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


# --- signatures --------------------------------------------------------------------------------------------------


_SECRET = "0123456789abcdef" * 2


class _Known:
    """Accounts with one key, in memory."""

    def secret_of(self, _: str) -> tuple[Identity, str]:
        """Everybody's key."""
        return Identity("ann", False), _SECRET


class _Clock:
    def now(self) -> float:
        """The time."""
        return time.time()


def signatures() -> None:
    """Recognising a caller, without the database."""
    bodies: dict[str, dict[str, Any]] = {
        "without a body": {},
        "with 100 ids": {"taskIds": list(range(1_000_000, 1_000_100))},
    }
    for where, host in (("host and port", "127.0.0.1:8642"), ("host alone", "farm.example")):
        for what, body in bodies.items():
            took = _microseconds(_check(host, body))
            report(f"a signature's check, {what}, {where}", took, "us", "<= 100")


def _check(host: str, body: dict[str, Any]) -> Callable[[], object]:
    gate, place = Gate(cast(Accounts, _Known()), _Clock()), Place(host, "", "/api/render/handle/queryTaskInfo/v2")
    headers = signed_headers("a" * 32)
    headers["signature"] = sign(_SECRET, host, place.path, flat_text(headers, body))

    def check() -> None:
        _, key = gate.recognise(headers)
        gate.check(headers, key, place, body)

    return check


def _microseconds(work: Callable[[], object], times: int = 2000) -> float:
    def all_of_them() -> None:
        for _ in range(times):
            work()

    return min(seconds(all_of_them) for _ in range(5)) / times * 1e6
