"""``rendermill pause``, ``resume``, ``cancel`` and ``retry``."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from rendermill.cli.app import Json, Server, command, out, print_json, show_error
from rendermill.farm.model.errors import EXIT_CODES, RendermillError

Ids = Annotated[list[int], typer.Argument(metavar="ID...", help="The jobs' ids.")]


def _act(action: str, job_ids: list[int], server: str | None, json_output: bool) -> None:
    from rendermill.sdk.connect import connect

    client = connect(server)
    found: list[dict[str, Any]] = []
    refused: list[RendermillError] = []
    for job_id in job_ids:
        try:
            found.append(client.act(job_id, action))
        except RendermillError as error:  # the others are asked for all the same
            refused.append(error)
    if len(job_ids) == 1 and refused:
        raise refused[0]
    if json_output:
        shown = [*found, *({"error": each.to_dict()} for each in refused)]
        print_json(shown[0] if len(shown) == 1 else shown)
    else:
        for job in found:
            out.print(f"job {job['id']}: {job['status']}")
        for each in refused:
            show_error(each)
    if refused:
        raise typer.Exit(EXIT_CODES.get(refused[0].code, 1))


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
