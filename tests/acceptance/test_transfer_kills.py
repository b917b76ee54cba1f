"""kill -9 of client or server at any byte of a transfer: repeated until it is done, both ends have the same."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from rendermill.assets.framing import CHUNK_BYTES
from rendermill.assets.hashing import hash_file
from rendermill.sdk.connect import connect
from support.command import serving
from support.rayvision_user import make_key
from support.wire import Wire

TESTS = Path(__file__).parent.parent
TURNS, OF_EACH = 20, 5
"""Of the campaign: 20 farms, with 5 transfers each way."""
OVERHEAD = 2 * 1024 * 1024
"""Bytes of a transfer that are no content: heads, names, questions."""
SECONDS = 120


class Farm:
    """A server behind a wire, killed and started again as often as need be, and a user's key."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.data, self.home = folder, folder / "farm", folder / "home"
        access_id, access_key = make_key(self.data, self.home)
        self.variables = {"RENDERMILL_ACCESS_ID": access_id, "RENDERMILL_ACCESS_KEY": access_key}
        self.wire = Wire()
        self.client = connect(self.wire.url, access_id, access_key)
        self._stack = ExitStack()
        self._starting = threading.Lock()
        self.kills = 0
        self.start()

    def start(self) -> None:
        self.server = self._stack.enter_context(serving(self.data, self.home, "--slots", "1", "--no-spare"))
        host, _, port = self.server.url.removeprefix("http://").partition(":")
        self.wire.server = (host, int(port))

    def kill(self) -> None:
        """kill -9 of the server, and another one."""
        with self._starting:
            self.kills += 1
            self.server.kill()
            self.start()

    def close(self) -> None:
        with self._starting:
            self.client.close()
            self.wire.close()
            self._stack.close()


@contextmanager
def farm(folder: Path) -> Iterator[Farm]:
    made = Farm(folder)
    try:
        yield made
    finally:
        made.close()
        shutil.rmtree(folder)  # some hundred megabytes


class Transfer:
    """One tree that goes one way, and what is killed when."""

    def __init__(self, farm: Farm, chance: random.Random, way: str, folder: Path, name: str) -> None:
        self.farm, self.way, self.folder, self.name = farm, way, folder, name
        self.streams = chance.choice([1, 1, 2, 4])
        self._chance = chance
        self.kills = 0
        self._process: subprocess.Popen[str] | None = None

    def run(self, tree: dict[str, str], size: int, most_kills: int) -> None:
        """Repeat it until it is done. ``tree`` has the hashes of the files, by path."""
        victims = self._chance.choices([self._kill_client, self.farm.kill], k=self._chance.randint(1, most_kills))
        served = self.farm.kills
        plan = [(self._chance.randrange(size), victim) for victim in victims]
        self.farm.wire.count(up=self.way == "send", plan=plan)
        while (code := self._once()) != 0:
            assert code == -9, "it ends well, or because it was killed"
            self.look(tree)
        self.look(tree)
        again = self.farm.wire.carried - size - OVERHEAD
        broken = self.kills + self.farm.kills - served
        assert broken == len(victims)
        assert again <= broken * self.streams * CHUNK_BYTES, "at most a chunk a stream went again for each kill"

    def look(self, tree: dict[str, str]) -> None:
        """Nothing has its name that is not whole."""
        if self.way == "fetch":
            assert set(hashes(self.folder).items()) <= set(tree.items())
            return
        blobs = self.farm.data / "blobs"
        here = {digest: blobs / digest[:2] / digest[2:] for digest in tree.values()}
        assert all(hash_file(path) == digest for digest, path in here.items() if path.exists())

    def _once(self) -> int:
        words = [self.way, self.farm.wire.url, str(self.folder), self.name, str(self.streams)]
        with subprocess.Popen(
            [sys.executable, "-m", "support.transfer_client", *words],
            env={"PATH": os.environ["PATH"], "HOME": str(self.farm.home), "LANG": "C.UTF-8", **self.farm.variables},
            cwd=TESTS,
            stderr=subprocess.PIPE,
            text=True,
        ) as self._process:
            _, said = self._process.communicate(timeout=SECONDS)
        assert self._process.returncode in (0, -9), said
        return self._process.returncode

    def _kill_client(self) -> None:
        assert self._process is not None
        self.kills += 1
        self._process.kill()


def make_tree(folder: Path, chance: random.Random) -> None:
    """Small files, one that goes alone, one of three chunks; names and contents of several kinds."""
    for number in range(40):
        path = folder / f"第 {number % 4} 镜/small {number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(chance.randbytes(chance.choice([0, 10, 4000, 60_000])))
    (folder / "alone.exr").write_bytes(chance.randbytes(3_000_000))
    large = chance.randbytes(2 * CHUNK_BYTES + chance.randrange(1, CHUNK_BYTES))
    (folder / "large.abc").write_bytes(large)


def hashes(folder: Path) -> dict[str, str]:
    """The files of a folder that have their names."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".part")
    return {path.relative_to(folder).as_posix(): hash_file(path) for path in files}


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def stored(farm: Farm, name: str) -> dict[str, str]:
    """The hashes of the files that the storage has below a folder."""
    listed = farm.client.json("GET", "/files/input", {"folder": name, "limit": 1000})["files"]
    return {file["path"].removeprefix(f"{name}/"): file["hash"] for file in listed}


def kill_and_compare(folder: Path, seed: int, of_each: int, most_kills: int) -> None:
    """Transfers in both directions with kills at random bytes."""
    chance = random.Random(seed)
    with farm(folder) as there:
        for number in range(of_each):
            local, name = folder / f"up{number}", f"tree{number}"
            make_tree(local, chance)
            tree, size = hashes(local), size_of(local)
            Transfer(there, chance, "send", local, name).run(tree, size, most_kills)
            assert stored(there, name) == tree
            back = folder / f"down{number}"
            Transfer(there, chance, "fetch", back, name).run(tree, size, most_kills)
            assert hashes(back) == tree
            assert list(back.rglob("*.part")) == []
            shutil.rmtree(local)
            shutil.rmtree(back)
        assert list((there.data / "blobs/partial").iterdir()) == []


def test_transfers_survive_kills_of_client_and_server(tmp_path: Path) -> None:
    kill_and_compare(tmp_path / "all", seed=1003, of_each=3, most_kills=1)


@pytest.mark.soak
@pytest.mark.parametrize("turn", range(TURNS))
def test_two_hundred_transfers_survive_kills_of_client_and_server(tmp_path: Path, turn: int) -> None:
    kill_and_compare(tmp_path / "all", seed=turn, of_each=OF_EACH, most_kills=2)
