"""Tasks and frames as the API shows them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from rendermill.doors.rayvision.context import Caller, user_number
from rendermill.doors.rayvision.statuses import FRAME_STATUS, Status, status_of
from rendermill.farm.model.records import Counts, Step, TaskKey
from rendermill.farm.model.status import ENDED, TaskStatus
from rendermill.farm.model.storage import Area, storage_number
from rendermill.store.rayvision import notes, tasks
from rendermill.store.rayvision.records import FrameRow, TaskRow, TaskView

_INDEX_BITS = 20
_T = TaskStatus
_TEXTS = {status: f"render_task_status_{int(status)}" for status in Status}
#: It is a farm of one's own.
_NOTHING_PAID = dict.fromkeys(
    ("renderConsume", "taskArrears", "userAccountConsume", "couponConsume", "qyCouponConsume"), 0
)
Worked = Mapping[int, tuple[float, float | None]]


def frame_id(key: TaskKey) -> int:
    """A number for a frame: unique in the farm."""
    return key.step_id << _INDEX_BITS | key.index


def frame_key(number: int) -> TaskKey:
    """The task that :func:`frame_id` has numbered."""
    return TaskKey(number >> _INDEX_BITS, number & ((1 << _INDEX_BITS) - 1))


def milliseconds(time: float | None) -> int | None:
    """A time as the API has it."""
    return None if time is None else int(time * 1000)


def page_of(items: Sequence[Any], total: int, number: int, size: int) -> dict[str, Any]:
    """A page as the API has it."""
    return {"pageCount": -(-total // size), "pageNum": number, "total": total, "size": size, "items": list(items)}


async def task_infos(caller: Caller, views: Sequence[TaskView]) -> list[dict[str, Any]]:
    """TaskInfo of each task, children inside."""
    layered = {step.id for view in views for child in view.children for step in child.steps}
    alone = {step.id for view in views if view.row.parent is not None for step in view.steps}
    owners = {view.row.owner for view in views}

    def look(connection: Any) -> tuple[Worked, dict[tuple[str, str], int], dict[int, str]]:
        worked = tasks.worked(connection, layered | alone) if layered | alone else {}
        projects = {each.id: each.name for each in notes.list_projects(connection, None)} if _any_project(views) else {}
        labels = notes.all_labels(connection, owners) if any(view.row.labels for view in views) else {}
        return worked, labels, projects

    def show() -> list[dict[str, Any]]:
        shower = _Shower(caller, *caller.services.desk.look(look))
        return [shower.info(view) for view in views]

    return await asyncio.to_thread(show)


def _any_project(views: Sequence[TaskView]) -> bool:
    return any(view.row.project_id is not None for view in views)


class _Shower:
    def __init__(
        self,
        caller: Caller,
        worked: Worked,
        labels: Mapping[tuple[str, str], int],
        projects: Mapping[int, str],
    ) -> None:
        self._caller, self._worked, self._labels, self._projects = caller, worked, labels, projects
        self._accounts: dict[str, int] = {}
        self._now = caller.services.clock.now()
        self._waiting = caller.services.farm.waiting()

    def info(self, view: TaskView) -> dict[str, Any]:
        """TaskInfo. One display of a hundred for each list: written to be quick."""
        row, job, shown = view.row, view.job, view.row.shown
        counts = total(view.steps)
        by_status = counts.by_status
        status = status_of(view, counts)
        user_id = self._account(row.owner)
        timeout = int(job.job_timeout) if job is not None and job.job_timeout else 0
        camera = shown.get("camera") or None
        started, finished, duration, is_over_time = self._times(view, status)
        return {
            "id": row.id,
            "taskAlias": alias(self._caller.platform, row.id),
            "sceneName": row.scene,
            "framesRange": row.frames,
            "layerParentId": row.parent or 0,
            "layerName": row.layer or None,
            "cgId": row.cg_id,
            "projectName": self._projects.get(row.project_id or 0, ""),
            "userName": row.owner,
            "userId": user_id,
            "producer": row.producer or None,
            "artist": row.artist or None,
            "labels": [{"labelId": self._labels.get((row.owner, name), 0), "labelName": name} for name in row.labels],
            "cloneOriginalId": row.clone_of,
            "cloneParentId": None,
            "munuTaskId": str(row.job_id or ""),
            "isDelete": 0 if row.deleted is not None else 1,
            "submitDate": milliseconds(row.submitted),
            "taskStatus": int(status),
            "statusText": _TEXTS[status],
            "preTaskStatus": None,
            "preStatusText": None,
            "totalFrames": counts.total,
            "abortFrames": by_status.get(_T.CANCELED, 0),
            "executingFrames": by_status.get(_T.ASSIGNED, 0) + by_status.get(_T.RUNNING, 0),
            "doneFrames": by_status.get(_T.SUCCEEDED, 0),
            "failedFrames": by_status.get(_T.FAILED, 0),
            "waitingCount": by_status.get(_T.READY, 0) + by_status.get(_T.WAITING, 0),
            "startTime": milliseconds(started),
            "completedDate": milliseconds(finished),
            "renderDuration": duration,
            "isOverTime": is_over_time,
            **_NOTHING_PAID,
            "taskLevel": row.level,
            "taskUserLevel": row.level,
            "taskLimit": job.limit if job is not None else None,
            "taskOverTime": timeout,
            "overTimeStop": timeout,
            "taskRam": shown.get("ram", 64),
            "channel": shown.get("channel", "4"),
            "renderCamera": camera,
            "taskKeyValueVo": {"tiles": shown.get("tiles", "1"), "allCamera": None, "renderableCamera": camera},
            "taskType": "Render",
            "taskTypeText": "render_major_picture_task",
            "additionalInfo": job.info if job is not None else {},
            "shareMainCapital": 0,
            "locationOutput": None,
            "stopType": None,
            "outputFileName": shown.get("folder") if job is not None else None,
            "bid": output_storage(user_id),
            "remark": self._remark(view),
            "isOpen": 1 if view.children else 0,
            "respRenderingTaskList": [self.info(child) for child in view.children],
        }

    def _account(self, owner: str) -> int:
        if owner not in self._accounts:
            self._accounts[owner] = user_number(self._caller.services.accounts, owner)
        return self._accounts[owner]

    def _times(self, view: TaskView, status: Status) -> tuple[float | None, float | None, int | None, int]:
        """When it began and ended, how many seconds it was at work, and whether that is longer than it was to be."""
        job = view.job
        if job is None or job.started is None:
            return None, None, None, 0
        started: float | None = job.started
        finished, duration = job.finished, job.seconds(self._now)
        if view.row.parent is not None:
            spans = [self._worked[step.id] for step in view.steps if step.id in self._worked]
            if not spans:
                return None, None, None, 0
            started = min(span[0] for span in spans)
            over = status not in (Status.WAITING, Status.RENDERING, Status.TESTED)
            finished = max((span[1] or self._now for span in spans), default=None) if over else None
            duration = (finished or self._now) - started
        reminder = int(view.row.shown.get("reminder") or 0)
        return started, finished, round(duration), int(0 < reminder < duration)

    def _remark(self, view: TaskView) -> str:
        job = view.job
        if job is None:
            return "it is not submitted yet"
        if job.status in ENDED:
            return job.message
        return self._waiting.reason(job, view.steps)


def total(steps: Sequence[Step]) -> Counts:
    """The counts of steps together."""
    return steps[0].counts if len(steps) == 1 else sum((step.counts for step in steps), Counts({}))


def alias(platform: int, number: int) -> str:
    """A task's number as people write it."""
    return f"{platform}W{number}"


def output_storage(user_id: int) -> str:
    """The number of a user's output storage."""
    return storage_number(user_id, Area.OUTPUT)


def frame_info(
    caller: Caller, row: TaskRow, user_id: int, step: Step, frame: FrameRow, index: str, *, test: bool
) -> dict[str, Any]:
    """FrameInfo of a task of the farm.

    ``user_id`` is its owner's number, ``index`` names its frames, ``test`` says that it goes before others.
    """
    status = FRAME_STATUS[frame.status]
    ended = frame.finished if frame.status not in (_T.ASSIGNED, _T.RUNNING) else None
    until = ended if ended is not None else caller.services.clock.now()
    started = frame.started if frame.attempt else None
    return {
        "id": frame_id(frame.key),
        "taskId": row.id,
        "userId": user_id,
        "platform": caller.platform,
        "frameIndex": index,
        "frameBlock": "1",
        "frameStatus": int(status),
        "frameStatusText": f"task_frame_status_{int(status)}",
        "frameType": 4 if test else 5,
        "feeType": 0,
        "framePrice": 0,
        "feeAmount": 0,
        "couponFee": 0,
        "arrearsFee": 0,
        "startTime": milliseconds(started),
        "endTime": milliseconds(ended) if started is not None else None,
        "frameExecuteTime": round(until - started) if started is not None else None,
        "munuTaskId": str(row.job_id),
        "munuJobId": f"{step.name}/{frame.key.index}",
        "recommitFlag": max(0, frame.attempt - 1),
        "isCopy": 0,
        "taskOverTime": 0,
        "gopName": None,
        "frameRam": None,
        "remark": frame.message,
    }
