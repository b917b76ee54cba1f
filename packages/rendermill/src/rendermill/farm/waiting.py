"""Why a job waits, in words for the person who asks."""

from __future__ import annotations

from collections.abc import Sequence

from rendermill.farm.model.records import Job, Step
from rendermill.farm.model.status import ENDED, Cause, JobStatus, TaskStatus
from rendermill.farm.picture import Picture, StepView
from rendermill.farm.planner import missing_software, share, unfit


def waiting_reason(job: Job, steps: Sequence[Step], picture: Picture) -> str:
    """The reason why nothing of a job runs at the moment; empty where something does, or where it has ended."""
    if job.status in ENDED or any(step.counts.active for step in steps):
        return ""
    if job.status is JobStatus.PAUSED:
        why = "its test frames have ended" if job.cause is Cause.TEST else "it is paused"
        return f"{why}: `rendermill resume` lets it go on"
    views = [picture.steps[s.id] for s in steps if s.id in picture.steps and s.counts[TaskStatus.READY]]
    if not views:
        return "it is about to start"
    if not picture.workers:
        return "the farm has no worker"
    if unfit_everywhere := next(filter(None, (_fits_nowhere(view, picture) for view in views)), ""):
        return unfit_everywhere
    if picture.resting and picture.resting.keys() == picture.workers.keys():
        return "nothing can be started: " + "; ".join(f"{name}: {why}" for name, why in picture.resting.items())
    ahead = {v.job_id for v in picture.steps.values() if v.ready and v.order < views[0].order} - {job.id}
    busy = len([s for s in picture.sessions.values() if s.held])
    if ahead:
        return f"{busy} sessions are busy and {len(ahead)} jobs are ahead of it"
    cores, memory = share(next(iter(picture.workers.values())), views[0].requirements)
    return f"all room is taken by {busy} busy sessions; it needs a slot with {cores:g} cores and {memory:g} MiB"


def _fits_nowhere(view: StepView, picture: Picture) -> str:
    """Why no worker could ever run a step; empty where one could."""
    if missing := missing_software(list(picture.workers.values()), view.requirements):
        return f"no worker has {missing}"
    unfits = {name: unfit(worker, view.requirements) for name, worker in picture.workers.items()}
    if not all(unfits.values()):
        return ""
    return "no worker fits: " + "; ".join(f"{name}: {why}" for name, why in unfits.items())
