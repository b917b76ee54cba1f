"""Tasks: reserving their numbers, submitting, stopping, changing them."""

from __future__ import annotations

from typing import Any

from rayvision_api.connect import Connect
from rayvision_api.operators.base import Numbers, Operator, given, numbers
from rayvision_api.url import ApiUrl


class TaskOperator(Operator):
    """A user's tasks."""

    def __init__(self, connect: Connect) -> None:
        super().__init__(connect)
        self._task_id: int | None = None

    def create_task(
        self,
        count: int = 1,
        task_user_level: int = 50,
        out_user_id: int | None = None,
        labels: list[str] | None = None,
        clone_original_id: int | None = None,
        artist: str | None = None,
    ) -> dict[str, Any]:
        """Reserve numbers for tasks; ``taskIdList`` has them. Nothing is rendered by that.

        ``out_user_id`` is a sub-account that the tasks shall belong to, ``clone_original_id`` a task that they repeat.
        """
        body = given(
            count=count,
            taskUserLevel=task_user_level,
            outUserId=out_user_id,
            labels=labels,
            cloneOriginalId=clone_original_id,
            artist=artist,
        )
        return dict(self._connect.post(ApiUrl.createTask, body))

    @property
    def task_id(self) -> int:
        """The number that was reserved last, here or by a check; a new one once a task was submitted."""
        return self._task_id if self._task_id is not None else self.new_task_id()

    def new_task_id(self) -> int:
        """Reserve a number for one task. The SDK has no such method."""
        reserved = int(self.create_task()["taskIdList"][0])  # threads share this object, and not their numbers
        self._task_id = reserved
        return reserved

    def submit_task(self, task_id: int, producer: str | None = None, only_id: bool = False) -> Any:
        """Have a task rendered, its JSON files are there; with ``only_id`` returns its number."""
        data = self._connect.post(ApiUrl.task, given(taskId=task_id, producer=producer))
        self._task_id = None
        return task_id if only_id else data

    def stop_task(self, task_param_list: Numbers) -> None:
        """Stop tasks; they can be started again."""
        self._connect.post(ApiUrl.stopTask, {"taskIds": numbers(task_param_list)})

    def start_task(self, task_param_list: Numbers) -> None:
        """Let stopped tasks go on."""
        self._connect.post(ApiUrl.startTask, {"taskIds": numbers(task_param_list)})

    def abort_task(self, task_param_list: Numbers) -> None:
        """Give tasks up."""
        self._connect.post(ApiUrl.abandonTask, {"taskIds": numbers(task_param_list)})

    def delete_task(self, task_param_list: Numbers) -> None:
        """Delete tasks; a list with ``recycle_flag=1`` shows them still."""
        self._connect.post(ApiUrl.deleteTask, {"taskIds": numbers(task_param_list)})

    def update_priority(self, task_id: int, priority: int) -> None:
        """Set a task's priority among the user's, 0 to 100."""
        self._connect.post(ApiUrl.updateTaskUserLevel, {"taskId": task_id, "taskUserLevel": priority})

    update_task_level = update_priority

    def set_task_overtime_top(self, task_id_list: Numbers, overtime: int) -> None:
        """Set after how many seconds tasks are stopped."""
        self._connect.post(ApiUrl.setTaskOverTimeStop, {"taskIds": numbers(task_id_list), "overTime": overtime})

    def full_speed(self, task_id_list: Numbers) -> Any:
        """Render the rest of tasks whose test frames are done."""
        return self._connect.post(ApiUrl.fullSpeedRendering, {"taskIds": numbers(task_id_list)})

    def update_task_limit(self, taskId: int, taskLimit: int) -> None:
        """Set on how many machines a task may render at once."""
        self._connect.post(ApiUrl.updateTaskLimit, {"taskId": taskId, "taskLimit": taskLimit})

    def edit_task_hardware_config(
        self,
        taskIds: Numbers,
        hardwareConfigIds: Numbers,
        model: str,
        gpuNum: str | None,
        ram: str,
    ) -> None:
        """Set which hardware tasks are rendered on."""
        body = {"taskIds": numbers(taskIds), "hardwareConfigIds": numbers(hardwareConfigIds)}
        self._connect.post(ApiUrl.editTaskHardwareConfig, {**body, "model": model, "gpuNum": gpuNum, "ram": ram})
