"""Some tasks of a job, to be cancelled or run again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rendermill.farm.model.records import TaskKey
from rendermill.farm.model.status import TaskStatus


@dataclass(frozen=True, slots=True)
class Choice:
    """Tasks of a job: those at ``statuses``, of all steps or of ``steps`` (ids → indices, or None for all of it)."""

    statuses: frozenset[TaskStatus]
    steps: Mapping[int, Sequence[int] | None] | None = None

    def of(self, step_id: int) -> Sequence[int] | None:
        """The chosen indices of a step; None for all."""
        return None if self.steps is None else self.steps.get(step_id, ())

    def has(self, key: TaskKey, status: TaskStatus) -> bool:
        """Whether a task at that status is chosen."""
        indices = self.of(key.step_id)
        return status in self.statuses and (indices is None or key.index in indices)
