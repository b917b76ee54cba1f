"""When steps may begin: what they depend on, and whose turn it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rendermill.farm.model.records import Counts, Step
from rendermill.farm.model.status import UNENDED, TaskStatus, Turn


class Look:
    """Which steps have succeeded, and whether those that go first have ended, at one moment."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self._done = {step.name for step in steps if all_succeeded(step.counts)}
        self.first_have_ended = all(ended(step.counts) for step in steps if step.turn is Turn.FIRST)

    def may_read(self, step: Step) -> bool:
        """Whether what a step depends on is there."""
        return set(step.depends) <= self._done

    def may_start(self, step: Step) -> bool:
        """Whether nothing keeps a step from running."""
        return self.may_read(step) and (step.turn is not Turn.REST or self.first_have_ended)


def turns_of(first: Sequence[str], depends: Mapping[str, Sequence[str]]) -> dict[str, Turn]:
    """When each step's turn is. What a step that goes first needs does not wait for it."""
    needed, queue = set(first), list(first)
    while queue:
        for name in depends[queue.pop()]:
            if name not in needed:
                needed.add(name)
                queue.append(name)
    rest = Turn.REST if first else Turn.ANY
    return {name: Turn.FIRST if name in first else Turn.ANY if name in needed else rest for name in depends}


def all_succeeded(counts: Counts) -> bool:
    """Whether every task succeeded."""
    return counts[TaskStatus.SUCCEEDED] == counts.total


def ended(counts: Counts) -> bool:
    """Whether no task can go on by itself."""
    return not any(counts[status] for status in UNENDED)
