"""Transfers, beside rclone's: big files, many small ones, one huge one; there and back, and once more unchanged.

All servers are fresh ones on this machine. A time is that of the whole client process, ours and rclone's alike. The
disk is let finish before each. Everything is measured twice, one contender after the other, and the best counts.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.measure import report, seconds
from benchmarks.transfer_places import Opened, Ours, ours, rclone_version, s3, sftp, webdav

TIMES = 2
_MB = 1e6
_PEERS: dict[str, Opened] = {"S3": s3, "sftp": sftp, "webdav": webdav}


@dataclass(frozen=True)
class Load:
    """Files of a size in bytes; what they are called, the peers to compare with, and how often ours shall be faster."""

    name: str
    title: str
    count: int
    size: int
    peers: tuple[str, ...]
    goal: str

    def make(self, folder: Path) -> Path:
        """Write the files, of random content, 500 to a folder."""
        for number in range(self.count):
            path = folder / self.name / f"{number // 500:03}" / f"{number:05}.bin"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(os.urandom(self.size))
        return folder / self.name

    def speed(self, took: float) -> str:
        """What so many seconds are for one who counts bytes, or files."""
        if self.size < 1 << 20:
            return f"{self.count / took:.0f} files/s"
        return f"{self.count * self.size / _MB / took:.0f} MB/s"


BIG = Load("big", "2 GB in files of 16 MB", 128, 16 << 20, ("S3", "sftp", "webdav"), ">= 1.0")
SMALL = Load("small", "20,000 files of 4 KB", 20_000, 4096, ("S3", "sftp"), ">= 2.0")
FEW = Load("few", "1,000 files of 4 KB", 1000, 4096, ("webdav",), ">= 2.0")
HUGE = Load("huge", "a file of 1 GB", 1, 1 << 30, ("S3", "sftp"), "-")


@dataclass
class Found:
    """What was measured: seconds there and back by load and contender; of our processes, all that they said."""

    there: dict[tuple[str, str], list[float]] = field(default_factory=lambda: defaultdict(list))
    back: dict[tuple[str, str], list[float]] = field(default_factory=lambda: defaultdict(list))
    again: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    peaks: list[tuple[float, float]] = field(default_factory=list)


def main() -> None:
    """Measure."""
    print(f"transfers: {rclone_version()}, {os.cpu_count()} cores; best of {TIMES}, each in brackets", flush=True)
    found = Found()
    with tempfile.TemporaryDirectory(prefix="rendermill-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        report("1 GB written plainly and fsynced", 1000 / seconds(partial(_plain_write, folder / "raw")), "MB/s", "-")
        report("the machine's load before", os.getloadavg()[0], "", "-")
        for each in (BIG, SMALL, FEW, HUGE):
            _measure(each, each.make(folder), found)
            _tell(each, found)
    report("the machine's load in the end", os.getloadavg()[0], "", "-", f"over 15 minutes {os.getloadavg()[2]:.1f}")
    _tell_again(found)
    client, server = (max(each) for each in zip(*found.peaks, strict=True))
    report("client's memory, the most of all", client, "MB", "<= 200")
    report("server's memory, the most of all", server, "MB", "<= 200")


def _plain_write(path: Path) -> None:
    block = os.urandom(1_000_000)
    with path.open("wb", buffering=0) as file:
        for _ in range(1000):
            file.write(block)
        os.fsync(file.fileno())
    path.unlink()


def _measure(load: Load, files: Path, found: Found) -> None:
    contenders: dict[str, Opened] = {"ours": ours, **{peer: _PEERS[peer] for peer in load.peers}}
    for _ in range(TIMES):
        for name, opened in contenders.items():
            with tempfile.TemporaryDirectory(dir=files.parent) as room:
                _there_and_back(load, files, name, opened, Path(room), found)


def _there_and_back(load: Load, files: Path, name: str, opened: Opened, room: Path, found: Found) -> None:
    with opened(room) as place:
        os.sync()
        found.there[load.name, name].append(seconds(partial(place.send, files)))
        if isinstance(place, Ours) and load is SMALL:
            _again(place, files, found)
        os.sync()
        fetched = room / "fetched"
        found.back[load.name, name].append(seconds(partial(place.fetch, load.name, fetched)))
        came = [path.stat().st_size for path in fetched.rglob("*.bin")]
        assert came == [load.size] * load.count, f"{name}: {len(came)} of {load.count} files came back"
        if isinstance(place, Ours):
            found.peaks.append(place.peaks())


def _again(place: Ours, files: Path, found: Found) -> None:
    """What was sent once more by a new process; beside it one that imports the same and looks at the same files."""
    os.sync()
    took = seconds(partial(place.send, files))
    found.again.append((took, place.said[-1]))
    bare = "import os, sys, rendermill.sdk.transfer\nfor at, _, names in os.walk(sys.argv[1]):\n"
    bare += "    for name in names: os.stat(os.path.join(at, name))"
    command = [sys.executable, "-c", bare, str(files)]
    found.bare.append(seconds(partial(subprocess.run, command, check=True, timeout=60)))


def _tell(load: Load, found: Found) -> None:
    for title, times, goal in (("sent", found.there, load.goal), ("fetched", found.back, "-")):
        mine = times[load.name, "ours"]
        for peer in load.peers:
            theirs = times[load.name, peer]
            parts = f"ours {_speeds(load, mine)}, rclone {_speeds(load, theirs)}"
            ratio = min(theirs) / min(mine)
            report(f"{load.title} {title}, ours / rclone and {peer}", ratio, "times", goal, parts)


def _speeds(load: Load, times: list[float]) -> str:
    return f"{load.speed(min(times))} ({' '.join(f'{each:.1f}' for each in times)} s)"


def _tell_again(found: Found) -> None:
    took, said = min(found.again, key=lambda each: each[0])
    moved = max(each["moved"] for _, each in found.again)
    report(f"{SMALL.title} sent again: contents", moved, "bytes", "0")
    parts = f"the transfer alone {said['seconds']:.2f} s; bare import and stat {min(found.bare):.2f} s"
    report(f"{SMALL.title} sent again: the whole process", took, "s", "<= 2", parts)
