"""Sends a folder to a farm's storage, or fetches one from there: a process that can be killed.

``python -m support.transfer_client send|fetch URL FOLDER NAME STREAMS``, with the key in the environment.
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

from rendermill.assets.client.records_sqlite import SqliteRecords
from rendermill.sdk.connect import connect
from rendermill.sdk.transfer import Item, Options, download, upload


def main(way: str, url: str, folder: Path, name: str, streams: int) -> int:
    client = connect(url)
    with contextlib.closing(SqliteRecords(folder.with_name(f"{name}.db"))) as records:
        options = Options(streams=streams, records=records)
        if way == "send":
            files = [path for path in folder.rglob("*") if path.is_file()]
            items = [Item(path, f"{name}/{path.relative_to(folder)}") for path in files]
            summary = upload(client, "input", items, options)
        else:
            summary = download(client, "input", [name], folder, options, keep=False)
    for failure in summary.failed:
        sys.stderr.write(f"{failure.name}: {failure.why}\n")
    return 1 if summary.failed else 0


if __name__ == "__main__":
    way, url, folder, name, streams = sys.argv[1:]
    sys.exit(main(way, url, Path(folder), name, int(streams)))
