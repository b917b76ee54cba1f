"""Small pictures of frames, and the addresses by which a client fetches them without signing."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import re
import secrets
import sys
from pathlib import Path

from rendermill.farm.model.errors import NotFoundError
from rendermill.farm.ports.blobs import Blobs
from rendermill.farm.ports.clock import Clock

WIDTH = 320
_HOUR = 3600
_WEEK = 7 * 24 * 3600
_SECONDS = 90
_AT_ONCE = 2
PREFIX = "/api/render/thumbnail/"
_TICKET = re.compile(r"([0-9a-f]{64})\.(\d{1,12})\.([0-9a-f]{64})\.jpg")


class Thumbnails:
    """Makes JPEGs of blobs once, and keeps them in a folder whose loss costs time and nothing else."""

    def __init__(self, folder: Path, blobs: Blobs, clock: Clock) -> None:
        self._folder, self._blobs, self._clock = folder, blobs, clock
        self._secret = secrets.token_bytes(32)
        self._turns = asyncio.Semaphore(_AT_ONCE)

    def sweep(self) -> None:
        """Throw away what was made over a week ago; it is made again when somebody asks."""
        for path in self._folder.glob("*.jpg"):
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < self._clock.now() - _WEEK:
                    path.unlink()

    def address(self, digest: str) -> str:
        """The path by which anybody who is told it may fetch the picture of a blob within an hour."""
        what = f"{digest}.{int(self._clock.now()) + _HOUR}"
        return f"{PREFIX}{what}.{self._mac(what)}.jpg"

    def digest(self, path: str) -> str:
        """The blob of such a path. Raises NotFoundError if it is none, or too old."""
        match = _TICKET.fullmatch(path.rpartition("/")[2])
        if match is None or not hmac.compare_digest(self._mac(f"{match[1]}.{match[2]}"), match[3]):
            raise NotFoundError("there is no such picture")
        if int(match[2]) < self._clock.now():
            raise NotFoundError("the address is too old", remedy="Ask for a new one.")
        return match[1]

    def _mac(self, what: str) -> str:
        return hmac.digest(self._secret, what.encode(), hashlib.sha256).hex()

    async def jpeg(self, digest: str) -> Path:
        """A file with the JPEG. Raises NotFoundError where none can be made of the blob."""
        made = self._folder / f"{digest}.jpg"
        if made.is_file():
            return made
        source = self._blobs.checked(digest)
        async with self._turns:
            self._folder.mkdir(exist_ok=True)
            temporary = made.with_name(f".{secrets.token_hex(8)}.jpg")
            try:
                await _run(source, temporary)
                temporary.replace(made)
            finally:
                temporary.unlink(missing_ok=True)
        return made


async def _run(source: Path, target: Path) -> None:
    command = [
        sys.executable,
        "-P",
        "-m",
        "rendermill.renderers.encode.thumbnail",
        str(source),
        str(target),
        str(WIDTH),
    ]
    child = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    try:
        _, said = await asyncio.wait_for(child.communicate(), _SECONDS)
    except TimeoutError:
        said = b"it took too long"
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode:
        raise NotFoundError(f"no small picture can be made of it: {said.decode(errors='replace')[-300:]}")
