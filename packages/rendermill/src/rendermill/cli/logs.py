"""``rendermill logs``"""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Iterator
from typing import Annotated

import typer

from rendermill.cli.app import Json, Server, command, err
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
    json_output: Json = False,
) -> None:
    """Print the log of a task's attempt. With --json a line is an object with a piece of it, ``text``."""
    from rendermill.sdk.connect import connect

    client = connect(server)
    if task is None:
        step, task = (_wait if follow else _interesting)(client, job_id, step)
        err.print(f"step {step}, task {task}")
    for number, text in _pieces(client, job_id, task, step, attempt, follow):
        piece = {"step": step, "task": task, "attempt": number, "text": text}
        sys.stdout.write(json.dumps(piece) + "\n" if json_output else text)
        sys.stdout.flush()


def _pieces(
    client: Client, job_id: int, task: int, step: str | None, attempt: int | None, follow: bool
) -> Iterator[tuple[int, str]]:
    """The log's pieces with their attempt's number; ``follow`` goes on to the end of the task's last attempt."""
    offset, number = 0, attempt
    while True:
        ended = not follow or _ended(client, job_id, task, step, attempt)
        text, following, shown = client.log(job_id, task, step=step, attempt=attempt, offset=offset)
        if number not in (None, shown):  # another attempt began: its log has a beginning of its own
            number, offset = shown, 0
            continue
        number = shown
        if text:
            yield number, text
        if ended and following == offset:
            return
        if following == offset:
            time.sleep(_PAUSE_SECONDS)
        offset = following


def _wait(client: Client, job_id: int, step: str | None) -> tuple[str, int]:
    """The first task that starts."""
    for job in client.watch(job_id):
        with contextlib.suppress(NotFoundError):
            return _interesting(client, job_id, step)
        if job["waiting_reason"]:
            err.print(f"it waits: {job['waiting_reason']}")
    return _interesting(client, job_id, step)


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
