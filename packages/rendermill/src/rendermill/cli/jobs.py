"""``rendermill jobs``"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from rendermill.cli.app import Json, Server, command, out, plain, print_json

#: How a status is coloured.
STYLES = {"succeeded": "green", "failed": "red", "canceled": "dim", "running": "cyan", "paused": "yellow"}


@command
def jobs(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 30,
    server: Server = None,
    json_output: Json = False,
) -> None:
    """List the latest jobs, newest first."""
    from rendermill.sdk.connect import connect

    found = connect(server).jobs(limit)
    if json_output:
        print_json(found)
        return
    table = Table("id", "name", "owner", "status", "tasks", "created", "waits for", box=None)
    for job in found:
        tasks, status = job["tasks"], job["status"]
        done = f"{tasks['succeeded']}/{tasks['total']}" + (f" ({tasks['failed']} failed)" if tasks["failed"] else "")
        created = datetime.fromtimestamp(job["created"]).strftime("%m-%d %H:%M")
        shown, name, reason = Text(status, STYLES.get(status, "")), plain(job["name"]), plain(job["waiting_reason"])
        table.add_row(str(job["id"]), name, job["owner"], shown, done, created, reason)
    out.print(table if found else "no jobs yet: rendermill submit SCENE.blend --frames 1-24")
