"""The installed ``rendermill`` command, and servers started with it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

RENDERMILL = Path(sys.executable).parent / "rendermill"
TRANSMITTER = RENDERMILL.with_name("rendermill-transmitter")
SECONDS = 240


@dataclass
class Result:
    """What a command left: exit status, and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    def __str__(self) -> str:
        return f"exit {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


@dataclass
class Server:
    """A ``rendermill serve`` process."""

    process: subprocess.Popen[str]
    url: str
    data: Path
    home: Path
    environment: dict[str, str] = field(default_factory=dict)

    def run(self, *words: object, stdin: str | None = None) -> Result:
        """Run a command of this server's user."""
        return run(self.home, *words, environment={"RENDERMILL_SERVER": self.url, **self.environment}, stdin=stdin)

    def submit(self, *words: object) -> int:
        """Submit something; the job's id."""
        result = self.run("submit", "--json", *words)
        assert result.code == 0, result
        return int(result.json["id"])

    def job(self, job_id: int) -> dict[str, Any]:
        result = self.run("job", job_id, "--json")
        assert result.code == 0, result
        found: dict[str, Any] = result.json
        return found

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)


def environment_of(home: Path, extra: dict[str, str] | None = None) -> dict[str, str]:
    """What a command finds, whoever runs the tests."""
    software = os.environ.get("RENDERMILL_SOFTWARE") or str(Path.home() / ".local/share/rendermill/software")
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "COLUMNS": "200",
        "RENDERMILL_SOFTWARE": software,
        **(extra or {}),
    }


def run(
    home: Path,
    *words: object,
    environment: dict[str, str] | None = None,
    stdin: str | None = None,
    cwd: Path | None = None,
    bare: bool = False,
    program: Path = RENDERMILL,
) -> Result:
    """Run the command with a home of its own; ``bare``: without being told where software is."""
    variables = environment_of(home, environment)
    if bare:
        del variables["RENDERMILL_SOFTWARE"]
    done = subprocess.run(
        [str(program), *map(str, words)],
        env=variables,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
        cwd=cwd,
    )
    return Result(done.returncode, done.stdout, done.stderr)


@contextmanager
def started(home: Path, *words: object) -> Iterator[subprocess.Popen[str]]:
    """The command, running; killed at the end of the block."""
    command = [str(RENDERMILL), *map(str, words)]
    with subprocess.Popen(command, env=environment_of(home), stderr=subprocess.DEVNULL, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def serving(data: Path, home: Path, *words: object, environment: dict[str, str] | None = None) -> Iterator[Server]:
    """A server on a free port; ended, with everything it started, at the end of the block."""
    home.mkdir(parents=True, exist_ok=True)
    log = home / f"{data.name}.log"
    with log.open("ab") as sink:
        process = subprocess.Popen(
            [str(RENDERMILL), "serve", "--data", str(data), "--port", "0", *map(str, words)],
            env=environment_of(home, environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=sink,
            text=True,
            start_new_session=True,
        )
    try:
        assert process.stdout is not None
        line = process.stdout.readline().split()
        assert line[:1] == ["ready"], f"the server did not start:\n{log.read_text()}"
        yield Server(process, line[1], data, home)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        assert process.stdout is not None
        process.stdout.close()
