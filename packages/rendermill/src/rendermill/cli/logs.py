"""``rendermill logs``"""

from __future__ import annotations

import sys
import time
from typing import Annotated

import typer

from rendermill.cli.app import Server, command, err
from rendermill.farm.model.errors import NotFoundError
from rendermill.sdk.client import Client

_PAUSE_SECONDS = 0.3


@command
def logs(
    job_id: Annotated[int, typer.Argument(metavar="ID", help="The job's id.")],
    task: Annotated[
        int | None, typer.Option(help="The task's index; default one that failed, runs, or the first.")
    ] = None,
    step: Annotated[str | None, typer.Option(help="The step, if the job has several.")] = None,
    attempt: Annotated[int | None, typer.Option(help="The attempt; default the latest.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as it grows.")] = False,
    server: Server = None,
) -> None:
    """Print the log of a task's attempt."""
    from rendermill.sdk.connect import connect

    client = connect(server)
    if task is None:
        step, task = _interesting(client, job_id, step)
        err.print(f"step {step}, task {task}")
    offset = 0
    while True:
        ended = not follow or _ended(client, job_id, task, step, attempt)
        text, following, _ = client.log(job_id, task, step=step, attempt=attempt, offset=offset)
        sys.stdout.write(text)
        sys.stdout.flush()
        if ended and following == offset:
            return
        if following == offset:
            time.sleep(_PAUSE_SECONDS)
        offset = following


def _interesting(client: Client, job_id: int, step: str | None) -> tuple[str, int]:
    for status in ("failed", "running", "assigned", "succeeded", "ready", "canceled"):
        found = client.tasks(job_id, step=step, status=status, limit=1)
        if found and found[0]["attempt"]:
            return found[0]["step"], found[0]["index"]
    raise NotFoundError("none of its tasks has started", where=f"job {job_id}")


def _ended(client: Client, job_id: int, task: int, step: str | None, attempt: int | None) -> bool:
    shown = client.task(job_id, task, step)
    number = attempt or shown["attempt"]
    running = [each for each in shown["attempts"] if each["number"] == number and each["finished"] is None]
    return not running and (attempt is not None or shown["status"] in ("succeeded", "failed", "canceled"))
