"""``rendermill job``"""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.table import Table

from rendermill.cli.app import Json, Server, command, out, plain, print_json
from rendermill.cli.jobs import STYLES

_MAX_SHOWN = 20
_NAMES = {
    "reference": "known elsewhere as",
    "folder": "folder in the owner's outputs",
    "limit": "most sessions at a time",
    "job_timeout": "most seconds in all",
}


@command
def job(
    job_id: Annotated[int, typer.Argument(metavar="ID", help="The job's id.")],
    server: Server = None,
    json_output: Json = False,
) -> None:
    """Show a job: its status, why it waits, its steps, and what failed."""
    from rendermill.sdk.connect import connect

    client = connect(server)
    found = client.job(job_id)
    if json_output:
        print_json(found)
        return
    _head(found)
    table = Table("step", "done", "running", "ready", "waiting", "failed", "canceled", box=None)
    for step in found["steps"]:
        t = step["tasks"]
        numbers = [f"{t['succeeded']}/{t['total']}"]
        numbers += [str(t[n]) for n in ("running", "ready", "waiting", "failed", "canceled")]
        table.add_row(plain(step["name"]), *numbers)
    out.print(table)
    for status in ("running", "failed"):
        if found["tasks"][status]:
            _tasks(client.tasks(job_id, status=status, limit=_MAX_SHOWN), status)
    _tasks(client.tasks(job_id, status="succeeded", noted=True, limit=_MAX_SHOWN), "succeeded")


def _head(found: dict[str, Any]) -> None:
    status = found["status"]
    label = f"job {found['id']} {plain(found['name'])} of {plain(found['owner'])}: {status}"
    out.print(found["message"], label=label, style=STYLES.get(status, ""))
    if found["waiting_reason"]:
        out.print(f"waits: {found['waiting_reason']}")
    for name in ("reference", "folder", "limit", "job_timeout"):
        if found[name] is not None:
            out.print(f"{_NAMES[name]}: {found[name]}")
    if found["info"]:
        out.print(f"sent along: {json.dumps(found['info'], ensure_ascii=False)}")
    for warning in found["warnings"]:
        out.print(warning, label="warning:", style="yellow")


def _tasks(tasks: list[dict[str, Any]], status: str) -> None:
    for task in tasks:
        note = task["message"] or task["progress_text"]
        out.print(f"  {status} {task['step']} {task['index']} ({task['label']}), attempt {task['attempt']}: {note}")
