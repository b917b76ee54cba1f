"""One transfer of ours as a process: ``python transfer_client.py send|fetch SERVER FOLDER NAME RECORDS``.

``send`` puts the files of FOLDER into the storage ``input`` below NAME, ``fetch`` brings what is there into FOLDER.
Standard output is one JSON object: ``seconds`` of the transfer alone, ``moved``, the bytes of contents that went over
the wire, and ``peak``, the most memory that the process ever had, in MB.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from rendermill.assets.client.records_sqlite import SqliteRecords
from rendermill.sdk.connect import connect
from rendermill.sdk.transfer import Item, Options, Summary, download, upload


def main() -> None:
    """Transfer, and say how it went."""
    kind, server, folder, name, records = sys.argv[1:]
    began = time.perf_counter()
    summary = _send(server, folder, name, Path(records)) if kind == "send" else _fetch(server, Path(folder), name)
    took = time.perf_counter() - began
    if summary.failed or not summary.files:
        raise SystemExit(f"{kind} {name}: {summary.files} files, failed: {summary.failed[:3]}")
    print(json.dumps({"seconds": took, "moved": summary.moved_size, "peak": peak_memory(os.getpid())}))


def _send(server: str, folder: str, name: str, path: Path) -> Summary:
    records = SqliteRecords(path)
    try:
        return upload(connect(server), "input", _items(folder, name), Options(records=records))
    finally:
        records.close()


def _items(folder: str, name: str) -> list[Item]:
    """Every file below a folder, which is ``name`` in the storage."""
    found = []
    for at, _, files in os.walk(folder):
        there = f"{name}{at[len(folder) :]}"
        found += [Item(Path(at, file), f"{there}/{file}") for file in files]
    return found


def _fetch(server: str, folder: Path, name: str) -> Summary:
    return download(connect(server), "input", [name], folder, keep=False)


def peak_memory(pid: int) -> float:
    """The most memory that a process ever had resident, in MB."""
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024 / 1e6


if __name__ == "__main__":
    main()
