"""``rendermill pause``, ``resume``, ``cancel`` and ``retry``."""

from __future__ import annotations

from typing import Annotated

import typer

from rendermill.cli.app import Json, Server, command, out, print_json

Ids = Annotated[list[int], typer.Argument(metavar="ID...", help="The jobs' ids.")]


def _act(action: str, job_ids: list[int], server: str | None, json_output: bool) -> None:
    from rendermill.sdk.connect import connect

    client = connect(server)
    found = [client.act(job_id, action) for job_id in job_ids]
    if json_output:
        print_json(found[0] if len(found) == 1 else found)
        return
    for job in found:
        out.print(f"job {job['id']}: {job['status']}")


@command
def pause(job_ids: Ids, server: Server = None, json_output: Json = False) -> None:
    """Let nothing new of a job start; what runs ends by itself."""
    _act("pause", job_ids, server, json_output)


@command
def resume(job_ids: Ids, server: Server = None, json_output: Json = False) -> None:
    """Let a paused job go on."""
    _act("resume", job_ids, server, json_output)


@command
def cancel(job_ids: Ids, server: Server = None, json_output: Json = False) -> None:
    """Cancel a job and end its processes."""
    _act("cancel", job_ids, server, json_output)


@command
def retry(job_ids: Ids, server: Server = None, json_output: Json = False) -> None:
    """Run a job's failed and cancelled tasks again."""
    _act("retry", job_ids, server, json_output)
