"""How tasks stand, as scripts ask for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rayvision_sync.utils import get_task_status_description
from rendermill_rayvision.sync_arguments import task_ids
from rendermill_rayvision.tasks import Query, ask, task_of

Status = dict[str, Any]


class RayvisionManageTask:
    """Asks for tasks; ``query`` is that of an api. Each method raises RayvisionError for a task that there is not."""

    def __init__(self, query: Query) -> None:
        self.query = query

    def is_task_end(self, task_id: int | str, is_test_stop: bool = False) -> bool:
        """Whether all parts of a task have ended; with ``is_test_stop`` also if they wait for full speed."""
        (number,) = task_ids([task_id])
        return all(task_of(info, "").is_over(tested=is_test_stop) for info in ask(self.query, [number]))

    def get_task_status(self, task_id_list: Any) -> list[Status]:
        """How tasks and their parts stand."""
        return list(self.task_info_iterater(ask(self.query, task_ids(task_id_list))))

    def task_info_iterater(self, task_info_list: Sequence[dict[str, Any]]) -> Iterator[Status]:
        """The same of each TaskInfo: status in code and words, folder of the output, ``sub_task_status`` of parts."""
        for info in task_info_list:
            code = str(info["taskStatus"])
            yield {
                "task_id": str(info["id"]),
                "task_status_code": code,
                "task_status_text": info.get("statusText") or f"render_task_status_{code}",
                "task_status_description": get_task_status_description(code),
                "is_opener": str(info.get("isOpen") or 0),
                "output_file_name": info.get("outputFileName"),
                "sub_task_status": list(self.task_info_iterater(info.get("respRenderingTaskList") or [])),
                "userId": info.get("userId"),
                "bid": info.get("bid"),
            }

    def output_file_names(self, task_status_list: Sequence[Status]) -> list[dict[str, Any]]:
        """The folders of all tasks that have no parts, with the storages and users that they belong to."""
        return [
            {"output_name": each["output_file_name"], "user_id": each["userId"], "bid": each["bid"]}
            for each in _leaves(task_status_list)
            if each["output_file_name"]
        ]

    def find_task_status_codes(self, task_status_list: Sequence[Status]) -> list[str]:
        """The statuses of all tasks that have no parts."""
        return [each["task_status_code"] for each in _leaves(task_status_list)]


def _leaves(statuses: Sequence[Status]) -> Iterator[Status]:
    for each in statuses:
        if each["is_opener"] != "0" and each["sub_task_status"]:
            yield from _leaves(each["sub_task_status"])
        else:
            yield each
