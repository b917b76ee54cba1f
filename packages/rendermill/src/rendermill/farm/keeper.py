"""Keeping the picture as the store's events say.

The picture holds what was committed and nothing else: it is loaded from the store and follows the events that the
store reports after each commit.
"""

from __future__ import annotations

from collections.abc import Sequence

from rendermill.farm.blueprint import Blueprint, Requirements, instantiate
from rendermill.farm.model.hardware import HARDWARE
from rendermill.farm.model.records import Event, Job, JobSource, Step
from rendermill.farm.model.status import SCHEDULABLE, JobStatus, TaskStatus
from rendermill.farm.picture import Picture, StepView
from rendermill.farm.ports.store import Store


class Keeper:
    """Keeps ``picture.steps``."""

    def __init__(self, store: Store, picture: Picture) -> None:
        self._store, self._picture = store, picture
        self._sources: dict[int, JobSource] = {}
        self._blueprints: dict[int, Blueprint] = {}

    def load_all(self) -> None:
        """Take every unfinished job into the picture."""
        for job in self._store.read(lambda q: q.unfinished()):
            self._load(job.id)

    def apply(self, event: Event) -> None:
        """Follow one event."""
        if event.kind == "job":
            self._apply_job(event)
        elif event.kind == "task":
            self._apply_task(event)
        elif event.kind == "change":
            self._apply_change(event)

    def _apply_job(self, event: Event) -> None:
        if event.target in SCHEDULABLE:
            if event.source != JobStatus.READY or event.target != JobStatus.RUNNING:
                self._load(event.job_id)
        else:
            self._unload(event.job_id)

    def _apply_task(self, event: Event) -> None:
        if event.target != TaskStatus.READY and event.index is not None:
            return
        assert event.step_id is not None
        view = self._picture.steps.get(event.step_id)
        if view is None:
            return
        if event.index is not None:
            view.put([event.index])
        else:  # many at once: look again
            view.ready.clear()
            view.put(self._store.read(lambda q: q.ready_indices(view.step_id)))

    def _apply_change(self, event: Event) -> None:
        job, steps = self._store.read(lambda q: (q.job(event.job_id), q.steps(event.job_id)))
        for step in steps:
            view = self._picture.steps.get(step.id)
            if view is not None and job is not None:
                view.priority, view.limit, view.task_timeout = job.priority, job.limit, job.task_timeout
                view.requirements = self._requirements(job, step)

    def _requirements(self, job: Job, step: Step) -> Requirements:
        asked = self.blueprint(job.id).step(step.name).requirements
        if not job.hardware:
            return asked
        return Requirements(asked.amounts, {**asked.attributes, HARDWARE: (job.hardware, ())})

    def _load(self, job_id: int) -> None:
        """Take a job's steps into the picture."""
        job, steps = self._store.read(lambda q: (q.job(job_id), q.steps(job_id)))
        if job is None or job.status not in SCHEDULABLE:
            return
        for step in steps:
            asked = self._requirements(job, step)
            view = StepView(step.id, job.id, job.priority, step.position, asked, job.task_timeout, job.limit)
            view.put(self._ready(step))
            self._picture.steps[step.id] = view

    def _ready(self, step: Step) -> Sequence[int]:
        return self._store.read(lambda q: q.ready_indices(step.id)) if step.counts[TaskStatus.READY] else []

    def _unload(self, job_id: int) -> None:
        for step_id in [view.step_id for view in self._picture.steps.values() if view.job_id == job_id]:
            del self._picture.steps[step_id]
        self._sources.pop(job_id, None)
        self._blueprints.pop(job_id, None)

    def source(self, job_id: int) -> JobSource:
        """What a job was made of, kept while the job can run."""
        if job_id not in self._sources:
            self._sources[job_id] = self._store.read(lambda q: q.source(job_id))
        return self._sources[job_id]

    def blueprint(self, job_id: int) -> Blueprint:
        """The job, instantiated, kept while it can run."""
        if job_id not in self._blueprints:
            source = self.source(job_id)
            self._blueprints[job_id] = instantiate(source.template, source.parameters)
        return self._blueprints[job_id]
