"""A task's JSON files, where files go, what was rendered."""

from __future__ import annotations

from typing import Any

from rayvision_api.operators.base import Operator
from rayvision_api.url import ApiUrl


class TransmitOperator(Operator):
    """Sending small files by the API itself, and looking at outputs."""

    def upload_json_content(self, task_id: int, content: str, file_name: str = "task.json") -> None:
        """Send the text of task.json, upload.json, asset.json or tips.json of a task that is not submitted yet."""
        body = {"taskId": task_id, "fileName": file_name, "content": content}
        self._connect.post(ApiUrl.taskJsonFile, body)

    def get_transfer_config(self) -> dict[str, Any]:
        """The user's storages, and the ways to them."""
        return dict(self._connect.post(ApiUrl.getConfig))

    def get_output_files(self, task_id: int | None = None, tree_path: str = "/") -> list[dict[str, Any]]:
        """What lies in a folder of the outputs, or in that of a task."""
        body = {"treePath": tree_path} if task_id is None else {"treePath": "/", "taskId": task_id}
        return list(self._connect.post(ApiUrl.getOutputUserDirFile, body))
