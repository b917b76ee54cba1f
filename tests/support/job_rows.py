"""All that a store keeps of one job, read row by row and past its queries."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from rendermill.farm.model.records import AttemptKey, TaskKey
from rendermill.store.database import SqlStore
from rendermill.store.schema import attempts, jobs, outputs, steps, tasks


@dataclass
class Rows:
    """A job as it lies in the tables."""

    job: Any
    steps: list[Any]
    tasks: dict[TaskKey, Any]
    attempts: dict[AttemptKey, Any]
    outputs: list[Any]

    @classmethod
    def read(cls, store: SqlStore, job_id: int) -> Rows:
        with store.engine.connect() as connection, connection.begin():
            job = connection.execute(select(jobs).where(jobs.c.id == job_id)).one()
            of_job = connection.execute(select(steps).where(steps.c.job_id == job_id).order_by(steps.c.position)).all()
            in_steps = tasks.c.step_id.in_([row.id for row in of_job])
            all_tasks = connection.execute(select(tasks).where(in_steps)).all()
            all_attempts = connection.execute(select(attempts).where(attempts.c.job_id == job_id)).all()
            all_outputs = connection.execute(select(outputs).where(outputs.c.job_id == job_id)).all()
        return cls(
            job,
            list(of_job),
            {TaskKey(row.step_id, row.idx): row for row in all_tasks},
            {AttemptKey(row.step_id, row.idx, row.number): row for row in all_attempts},
            list(all_outputs),
        )

    def counted(self, step_id: int) -> Counter[str]:
        """How many tasks of a step stand where."""
        return Counter(row.status for row in self.tasks.values() if row.step_id == step_id)

    def where(self, status: str) -> list[TaskKey]:
        """The tasks that stand there."""
        return sorted(key for key, row in self.tasks.items() if row.status == status)

    def held(self, status: str | None = None) -> list[AttemptKey]:
        """The attempts that have not ended."""
        live = {key: row for key, row in self.attempts.items() if row.finished is None}
        return sorted(key for key, row in live.items() if status in (None, row.status))

    def done(self, step: Any) -> bool:
        """Whether every task of a step has succeeded."""
        return set(self.counted(step.id)) == {"succeeded"}
