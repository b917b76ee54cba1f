"""Why a job waits, in words for the person who asks."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from functools import cached_property

from rendermill.farm.model.records import Job, Step
from rendermill.farm.model.status import ENDED, Cause, JobStatus, TaskStatus
from rendermill.farm.picture import Picture, StepView
from rendermill.farm.planner import missing_software, share, unfit


class Waiting:
    """Why jobs wait, at one moment, for as many jobs as are asked about."""

    def __init__(self, picture: Picture) -> None:
        self._picture = picture

    def reason(self, job: Job, steps: Sequence[Step]) -> str:
        """The reason why nothing of a job runs; empty where something does, or where it has ended."""
        if job.status in ENDED or any(step.counts.active for step in steps):
            return ""
        if job.status is JobStatus.PAUSED:
            why = "its test frames have ended" if job.cause is Cause.TEST else "it is paused"
            return f"{why}: `rendermill resume` lets it go on"
        picture = self._picture
        views = [picture.steps[s.id] for s in steps if s.id in picture.steps and s.counts[TaskStatus.READY]]
        if not views:
            return "it is about to start"
        if not picture.workers:
            return "the farm has no worker"
        if unfit_everywhere := next(filter(None, (_fits_nowhere(view, picture) for view in views)), ""):
            return unfit_everywhere
        if picture.resting and picture.resting.keys() == picture.workers.keys():
            return "nothing can be started: " + "; ".join(f"{name}: {why}" for name, why in picture.resting.items())
        return self._no_room(job, views[0])

    def _no_room(self, job: Job, view: StepView) -> str:
        ahead = {job_id for _, job_id in self._queue[: bisect_left(self._queue, (view.order, 0))]} - {job.id}
        if ahead:
            return f"{self._busy} sessions are busy and {len(ahead)} jobs are ahead of it"
        cores, memory = share(next(iter(self._picture.workers.values())), view.requirements)
        return (
            f"all room is taken by {self._busy} busy sessions; it needs a slot with {cores:g} cores and {memory:g} MiB"
        )

    @cached_property
    def _queue(self) -> list[tuple[tuple[int, int, int], int]]:
        """The order of every step that has something to do, with its job; copied first, as others change it."""
        return sorted((view.order, view.job_id) for view in list(self._picture.steps.values()) if view.ready)

    @cached_property
    def _busy(self) -> int:
        return len([session for session in list(self._picture.sessions.values()) if session.held])


def _fits_nowhere(view: StepView, picture: Picture) -> str:
    """Why no worker could ever run a step; empty where one could."""
    if missing := missing_software(list(picture.workers.values()), view.requirements):
        return f"no worker has {missing}"
    unfits = {name: unfit(worker, view.requirements) for name, worker in picture.workers.items()}
    if not all(unfits.values()):
        return ""
    return "no worker fits: " + "; ".join(f"{name}: {why}" for name, why in unfits.items())
