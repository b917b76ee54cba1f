"""Tasks as a download sees them: whether they have ended, and where what they rendered lies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from rendermill_rayvision.errors import Code, RayvisionError

TESTED = 40
ENDED = frozenset({10, 20, 23, 25, 30, 35, 45})
_AT_ONCE = 1000


class Query(Protocol):
    """What is asked for tasks: ``api.query``."""

    def task_info(self, task_ids_list: list[int]) -> dict[str, Any]:
        """A page of TaskInfo."""


@dataclass(frozen=True, slots=True)
class Output:
    """A folder of a storage, which is given by its number."""

    name: str
    storage: str


@dataclass(frozen=True, slots=True)
class Task:
    """A task with the statuses and folders of its parts, or its own if it has none.

    ``done`` counts finished frames; ``job`` is the farm's own number, None for a task that is not submitted.
    """

    id: int
    deleted: bool
    statuses: tuple[int, ...]
    outputs: tuple[Output, ...]
    done: int
    job: int | None

    def is_over(self, *, tested: bool = False) -> bool:
        """Whether nothing more will come of it; ``tested``: also if it waits for full speed after its test frames."""
        over = ENDED | {TESTED} if tested else ENDED
        return all(status in over for status in self.statuses)


def ask(query: Query, ids: Sequence[int]) -> list[dict[str, Any]]:
    """TaskInfo of tasks, in order. Raises RayvisionError for a task that there is not."""
    found: list[dict[str, Any]] = []
    for start in range(0, len(ids), _AT_ONCE):
        piece = list(ids[start : start + _AT_ONCE])
        items = query.task_info(piece)["items"]
        missing = sorted(set(piece) - {int(item["id"]) for item in items})
        if missing:
            raise RayvisionError(Code.TASK, f"there is no task {', '.join(map(str, missing))}")
        found += items
    return found


def tasks(query: Query, ids: Sequence[int], storage: str) -> list[Task]:
    """Tasks as they stand, in order; ``storage`` is the user's own output storage."""
    return [task_of(info, storage) for info in ask(query, ids)]


def task_of(info: dict[str, Any], storage: str) -> Task:
    """A task as TaskInfo describes it."""
    parts = list(leaves(info))
    outputs = [Output(part["outputFileName"], str(part.get("bid") or storage)) for part in parts if _has_output(part)]
    job = str(info.get("munuTaskId") or "")
    return Task(
        id=int(info["id"]),
        deleted=info.get("isDelete") == 0,
        statuses=tuple(int(part["taskStatus"]) for part in parts),
        outputs=tuple(dict.fromkeys(outputs)),
        done=sum(int(part.get("doneFrames") or 0) for part in parts),
        job=int(job) if job.isdecimal() else None,
    )


def leaves(info: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The parts of a task that have none themselves; their parents' own statuses and folders count for nothing."""
    children = info.get("respRenderingTaskList") or []
    if not (info.get("isOpen") and children):
        yield info
        return
    for child in children:
        yield from leaves(child)


def _has_output(part: dict[str, Any]) -> bool:
    return bool(part.get("outputFileName"))
