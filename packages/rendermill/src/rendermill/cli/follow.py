"""Following a job: progress on the terminal, files fetched as they are published."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskProgressColumn, TextColumn
from rich.text import Text

from rendermill.cli.app import err, plain, warn
from rendermill.farm.model.errors import JobFailedError, UnavailableError
from rendermill.sdk.client import Client
from rendermill.sdk.transfer import Download, job_download

_MAX_REASONS = 5


class _Left(ProgressColumn):
    """Time left, from the rate so far."""

    def render(self, task: Task) -> Text:
        """``0:01:30 left``"""
        done, elapsed = task.completed, task.elapsed or 0.0
        if task.finished or not done or not task.total:
            return Text("")
        seconds = int(elapsed / done * (task.total - done))
        return Text(f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02} left", style="cyan")


def bars() -> Progress:
    """The farm's progress display, on stderr."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[note]}"),
        _Left(),
        console=err.console,
        transient=False,
        refresh_per_second=4,
    )


def follow(client: Client, job_id: int, output: Path | None, *, quiet: bool = False) -> dict[str, Any]:
    """Show a job's progress to its end, fetching its files into ``output`` as they come; returns the job.

    Raises :class:`JobFailedError` naming the reasons if it did not succeed.
    """
    coming = job_download(client, job_id, output) if output is not None else None
    job: dict[str, Any] = {}
    began, fetched = time.monotonic(), 0
    with bars() as display:
        display.disable = quiet
        bar = display.add_task(f"job {job_id}", total=None, note="")
        for job in client.watch(job_id):
            tasks = job["tasks"]
            if coming is not None and tasks["succeeded"] != fetched:
                fetch(coming)
                fetched = tasks["succeeded"]
            done = job["progress"] * tasks["total"]
            display.update(bar, total=tasks["total"], completed=done, note=_note(job, time.monotonic() - began))
        if coming is not None:
            fetch(coming)
    if job["status"] != "succeeded":
        raise JobFailedError(_why(client, job), where=f"job {job_id}", remedy=f"rendermill logs {job_id}")
    for task in [] if quiet else client.tasks(job_id, status="succeeded", noted=True, limit=_MAX_REASONS):
        warn(f"{task['step']} {task['label']}: {task['message']}")
    return job


def fetch(coming: Download) -> None:
    """Fetch what a job has published since the last time. Raises :class:`UnavailableError` if it cannot be written."""
    failed = coming.fetch([""]).failed
    if failed:
        raise UnavailableError(
            f"it cannot be written: {failed[0].why}" + (f" ({len(failed)} files)" if len(failed) > 1 else ""),
            where=str(failed[0].path),
            remedy="Choose another folder with --output, or free some space.",
        )


def _note(job: dict[str, Any], seconds: float) -> str:
    tasks = job["tasks"]
    parts = [f"{tasks['succeeded']}/{tasks['total']} tasks"]
    if tasks["running"]:
        parts.append(f"{tasks['running']} running")
    if tasks["failed"]:
        parts.append(f"[red]{tasks['failed']} failed[/]")
    if tasks["succeeded"] and seconds:
        parts.append(f"{tasks['succeeded'] / seconds * 60:.1f}/min")
    if job["waiting_reason"]:
        parts.append(f"[yellow]waits: {escape(plain(job['waiting_reason']))}[/]")
    return ", ".join(parts)


def _why(client: Client, job: dict[str, Any]) -> str:
    if job["status"] == "canceled":
        return "it was cancelled"
    failed = client.tasks(job["id"], status="failed", limit=_MAX_REASONS)
    reasons = "".join(f"\n  {task['step']} {task['label']}: {task['message']}" for task in failed)
    return f"{job['message'] or job['status']}{reasons}"
