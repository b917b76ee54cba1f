"""Projects, which the API calls labels, and labels of tasks."""

from __future__ import annotations

from typing import Any

from rayvision_api.operators.base import Numbers, Operator, numbers
from rayvision_api.url import ApiUrl


class TagOperator(Operator):
    """A user's projects and labels."""

    def add_label(self, new_name: str, status: int = 1) -> None:
        """Add a project; ``status`` is 0 (open) or 1 (closed)."""
        self._connect.post(ApiUrl.add, {"newName": new_name, "status": status})

    def delete_label(self, del_name: str) -> None:
        """Remove a project."""
        self._connect.post(ApiUrl.delete, {"delName": del_name})

    def get_label_list(self) -> dict[str, Any]:
        """The user's projects, as ``projectNameList``."""
        return dict(self._connect.post(ApiUrl.getList))

    def get_project_list(self) -> list[dict[str, Any]]:
        """The user's projects: ``projectId``, ``projectName``."""
        return list(self.get_label_list()["projectNameList"])

    def get_list(self, flag: int = 0) -> dict[str, Any]:
        """Projects, as ``projectNameList``: 0 the user's, 1 also the main account's, 2 those of all its accounts."""
        return dict(self._connect.post(ApiUrl.list, {"flag": flag}))

    def add_task_tag(self, tag: str, task_ids: Numbers) -> None:
        """Give tasks a label."""
        self._connect.post(ApiUrl.addTaskLabel, {"label": tag, "taskIds": numbers(task_ids)})

    def delete_task_tag(
        self,
        taskIds: Numbers = (),
        labelNames: list[str] | tuple[str, ...] = (),
        tag_ids: Numbers | None = None,
    ) -> None:
        """Take labels from tasks, by their names or their numbers; from all of the user's if no tasks are given."""
        labels = {"labelNames": list(labelNames), "labelIds": numbers(tag_ids or ())}
        self._connect.post(ApiUrl.deleteTaskLabel, {"taskIds": numbers(taskIds), **labels})
