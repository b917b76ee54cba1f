"""Where files can be sent to and fetched from: our server, and rclone's peers, each started fresh in a folder."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from benchmarks.measure import ROOT, farm
from benchmarks.transfer_client import peak_memory

_STARTING = 60  # seconds
_LONGEST = 900  # seconds that one transfer may take
_USER, _SECRET = "bench", "benchmark"  # of servers that only this machine reaches, for minutes


class Place(Protocol):
    """A server that holds folders of files."""

    def send(self, folder: Path) -> None:
        """Put a folder there, under its own name."""

    def fetch(self, name: str, folder: Path) -> None:
        """Bring a folder that was put there."""


Opened = Callable[[Path], AbstractContextManager[Place]]
"""Starts a server that keeps all it has in a folder; it is ended with the block."""


# --- ours --------------------------------------------------------------------------------------------------------


class Ours:
    """Our server, and a process of our client for each transfer; ``said`` has what each of them said."""

    def __init__(self, url: str, server: int, records: Path) -> None:
        self._url, self._server, self._records = url, server, records
        self.said: list[dict[str, Any]] = []

    def send(self, folder: Path) -> None:
        """Send; the records of what was sent before are at hand."""
        self._run("send", folder, folder.name)

    def fetch(self, name: str, folder: Path) -> None:
        """Fetch."""
        self._run("fetch", folder, name)

    def _run(self, kind: str, folder: Path, name: str) -> None:
        program = [sys.executable, "-m", "benchmarks.transfer_client"]
        words = [kind, self._url, str(folder), name, str(self._records)]
        self.said.append(json.loads(subprocess.check_output([*program, *words], cwd=ROOT, timeout=_LONGEST)))

    def peaks(self) -> tuple[float, float]:
        """The most memory in MB that a client and the server ever had."""
        return max(each["peak"] for each in self.said), peak_memory(self._server)


@contextmanager
def ours(room: Path) -> Iterator[Ours]:
    """A farm, with records of uploads in a SQLite file."""
    with farm("--slots", "1", "--no-spare") as (client, server):
        yield Ours(client.server, server, room / "records.db")


# --- rclone's ----------------------------------------------------------------------------------------------------


class Rclone:
    """rclone on a remote that these settings make."""

    def __init__(self, base: str, **settings: str) -> None:
        self._base = f"peer:{base}"
        self._environment = _plain_environment()
        self._environment |= {f"RCLONE_CONFIG_PEER_{key.upper()}": value for key, value in settings.items()}

    def send(self, folder: Path) -> None:
        """``rclone copy`` there, as it is out of the box."""
        self.run("copy", str(folder), f"{self._base}/{folder.name}")

    def fetch(self, name: str, folder: Path) -> None:
        """``rclone copy`` from there."""
        self.run("copy", f"{self._base}/{name}", str(folder))

    def answers(self) -> bool:
        """Whether something can be stored there."""
        try:
            self.run("rcat", f"{self._base}/answers", "--retries", "1", "--low-level-retries", "1", patience=10)
        except subprocess.SubprocessError:
            return False
        return True

    def run(self, *words: str, patience: float = _LONGEST) -> None:
        """Run it. Raises SubprocessError if it fails or takes too long."""
        subprocess.run(
            [rclone(), "--config", "", *words],
            env=self._environment,
            input=b"x",
            capture_output=True,
            timeout=patience,
            check=True,
        )


@cache
def rclone() -> str:
    """The program."""
    if (found := shutil.which("rclone")) is None:
        raise SystemExit("the transfer is measured beside rclone, which is not here: apt-get install rclone")
    return found


def rclone_version() -> str:
    """Which rclone it is."""
    return subprocess.check_output([rclone(), "--config", "", "version"], text=True, timeout=_STARTING).splitlines()[0]


@contextmanager
def s3(room: Path) -> Iterator[Rclone]:
    """SeaweedFS with its S3 door."""
    access = {"name": _USER, "credentials": [{"accessKey": _USER, "secretKey": _SECRET}]}
    identity = {**access, "actions": ["Admin", "Read", "Write", "List", "Tagging"]}
    (room / "s3.json").write_text(json.dumps({"identities": [identity]}))
    ports = dict(zip(_WEED_PORTS, _free_ports(len(_WEED_PORTS)), strict=True))
    command = [
        str(_weed()),
        "server",
        f"-dir={room}",
        "-ip=127.0.0.1",
        "-volume.max=50",
        "-master.volumeSizeLimitMB=1024",
    ]
    command += ["-s3", f"-s3.config={room / 's3.json'}", *(f"-{name}={port}" for name, port in ports.items())]
    settings = {"provider": "Other", "access_key_id": _USER, "secret_access_key": _SECRET, "force_path_style": "true"}
    peer = Rclone("bench", type="s3", endpoint=f"http://127.0.0.1:{ports['s3.port']}", **settings)
    try:
        with _serving(command, room, peer):
            yield peer
    finally:
        for port in ports.values():  # its sockets lie there, whatever TMPDIR says
            for left in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):
                left.unlink()


_WEED_PORTS = [f"{door}.port{kind}" for door in ("master", "volume", "filer", "s3") for kind in ("", ".grpc")]


def _weed() -> Path:
    """The program, from its own environment."""
    sys.path.insert(0, str(ROOT / "tests"))
    try:
        from support.own_environment import own_environment
    finally:
        sys.path.pop(0)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return own_environment(ROOT / "requirements/bench.txt", version) / "bin/weed"


@contextmanager
def sftp(room: Path) -> Iterator[Rclone]:
    """A folder behind ``rclone serve sftp``."""
    (port,) = _free_ports(1)
    hidden = subprocess.check_output([rclone(), "obscure", _SECRET], text=True, timeout=_STARTING).strip()
    settings = {"shell_type": "unix", "md5sum_command": "md5sum", "sha1sum_command": "sha1sum"}
    peer = Rclone("", type="sftp", host="127.0.0.1", port=str(port), user=_USER, **{"pass": hidden}, **settings)
    with _serving([*_serve("sftp", room, port), "--user", _USER, "--pass", _SECRET], room, peer):
        yield peer


@contextmanager
def webdav(room: Path) -> Iterator[Rclone]:
    """A folder behind ``rclone serve webdav``."""
    (port,) = _free_ports(1)
    peer = Rclone("", type="webdav", url=f"http://127.0.0.1:{port}", vendor="other")
    with _serving(_serve("webdav", room, port), room, peer):
        yield peer


def _serve(kind: str, room: Path, port: int) -> list[str]:
    kept = room / "kept"
    kept.mkdir()
    return [rclone(), "--config", "", "serve", kind, str(kept), "--addr", f"127.0.0.1:{port}"]


@contextmanager
def _serving(command: Sequence[str], room: Path, peer: Rclone) -> Iterator[None]:
    """A peer's server, from when it answers; its log is ``log`` of the room."""
    with (room / "log").open("wb") as log:
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=_plain_environment())
    try:
        until = time.monotonic() + _STARTING
        while not peer.answers():
            if server.poll() is not None or time.monotonic() > until:
                said = (room / "log").read_text(errors="replace")
                raise SystemExit(f"{command[0]} does not answer:\n{said[-2000:]}")
            time.sleep(0.2)
        yield
    finally:
        server.kill()  # what it holds is of no use any more
        server.wait()


def _plain_environment() -> dict[str, str]:
    """This process's, without other settings of rclone, and without the certificates that it would want for http."""
    own = ("RCLONE_", "AWS_")
    return {name: value for name, value in os.environ.items() if not name.startswith(own)}


def _free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now."""
    listening = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in listening]
    for each in listening:
        each.close()
    return ports
