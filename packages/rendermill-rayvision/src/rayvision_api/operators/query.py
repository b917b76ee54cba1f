"""Questions about tasks, frames and the farm; and frames again."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Any

from rayvision_api.constants import cg_id
from rayvision_api.operators.base import Numbers, Operator, given, numbers
from rayvision_api.url import ApiUrl
from rendermill.farm.model.errors import BadInputError, NotFoundError

_MOST_PAGES = 2000
_PAGE_SIZE = 100


class QueryOperator(Operator):
    """What a user may ask. A page is ``items``, ``total``, ``pageNum``, ``pageCount`` and ``size``."""

    # --- the farm ------------------------------------------------------------------------------------------------

    def platforms(self) -> list[dict[str, Any]]:
        """The platforms there are."""
        return list(self._connect.post(ApiUrl.queryPlatforms, {"zone": self._zone}))

    def supported_software(self) -> dict[str, Any]:
        """The applications there are, as ``renderInfoList``."""
        return dict(self._connect.post(ApiUrl.querySoftwareList))

    def supported_plugin(self, name: str, os_name: str = "default") -> dict[str, Any]:
        """The versions of an application (``houdini``) and their plug-ins, for ``windows`` or ``linux``.

        ``default`` is the system of this machine. Raises BadInputError for an application that there is not.
        """
        own = "windows" if sys.platform == "win32" else "linux"
        body = {"cgId": cg_id(name), "osName": own if os_name == "default" else os_name}
        return dict(self._connect.post(ApiUrl.querySoftwareDetail, body))

    def error_detail(
        self, code: str | None = None, codes: Iterable[str] | None = None, language: int | str = 0
    ) -> list[dict[str, Any]]:
        """What codes of an analysis mean, in Chinese or with ``language`` 1 in English. ``type`` 1 is an error.

        Raises BadInputError without any code.
        """
        several = None if codes is None else list(codes)
        if code is None and not several:
            raise BadInputError("no code is given", where="code", remedy="Give code= or codes=.")
        body = given(language=language, code=code, codes=several)
        return list(self._connect.post(ApiUrl.queryAnalyseErrorDetail, body))

    def get_transfer_server_msg(self) -> dict[str, Any]:
        """Where files are sent."""
        return dict(self._connect.post(ApiUrl.getServerInfo, {"zone": self._zone}))

    def get_raysync_user_key(self) -> dict[str, Any]:
        """The user's key for Raysync."""
        return dict(self._connect.post(ApiUrl.getRaySyncUserKey))

    def get_pack_node_info(self) -> list[dict[str, Any]]:
        """The user's packages of machines."""
        return list(self._connect.post(ApiUrl.getPackNode))

    @property
    def _zone(self) -> int:
        return 1 if self._connect.address.is_chinese else 2

    # --- tasks ---------------------------------------------------------------------------------------------------

    def get_task_list(
        self,
        page_num: int = 1,
        page_size: int = 100,
        status_list: list[int] | None = None,
        search_keyword: str | None = None,
        start_time: str | None = None,
        end_time: str | None = None,
        recycle_flag: int | None = None,
    ) -> dict[str, Any]:
        """A page of tasks, newest first: of some statuses, with a word in their name, submitted in a span of time.

        Times are ``yyyy-MM-dd HH:mm:ss`` in UTC. With ``recycle_flag`` 1 the deleted ones.
        """
        body = given(
            pageNum=page_num,
            pageSize=page_size,
            statusList=status_list,
            searchKeyword=search_keyword,
            startTime=start_time,
            endTime=end_time,
            recycleFlag=recycle_flag,
        )
        return dict(self._connect.post(ApiUrl.getTaskList, body))

    def task_info(self, task_ids_list: Numbers) -> dict[str, Any]:
        """A page of tasks by their numbers, with their parts."""
        return dict(self._connect.post(ApiUrl.queryTaskInfo, {"taskIds": numbers(task_ids_list)}))

    def get_small_task_id(self, task_id: int) -> list[int]:
        """The numbers of a task's parts; none if it has none."""
        items = self.task_info(task_id)["items"]
        return [int(part["id"]) for part in items[0].get("respRenderingTaskList") or ()] if items else [task_id]

    def get_task_processing_img(self, task_id: int, frame_type: int | None = None) -> dict[str, Any]:
        """How far a task's frames are that are being rendered; ``frame_type`` 2 is photon, 5 main."""
        body = given(taskId=task_id, frameType=frame_type)
        return dict(self._connect.post(ApiUrl.loadTaskProcessImg, body))

    # --- frames --------------------------------------------------------------------------------------------------

    def task_frames(
        self, task_id: int, page_num: int = 1, page_size: int = 100, search_keyword: str | None = None
    ) -> dict[str, Any]:
        """A page of a task's frames; of those with ``search_keyword`` in their name."""
        body = given(taskId=task_id, pageNum=page_num, pageSize=page_size, searchKeyword=search_keyword)
        return dict(self._connect.post(ApiUrl.queryTaskFrames, body))

    def get_all_frames(
        self, task_id: int, start_page: int = 1, end_page: int = _MOST_PAGES, page_size: int = _PAGE_SIZE
    ) -> dict[str, dict[str, Any]]:
        """A task's frames by their names. Of several that have one name, as tiles of a picture, the last."""
        return {frame["frameIndex"]: frame for frame in self._frames(task_id, start_page, end_page, page_size)}

    def all_frame_status(self) -> dict[str, Any]:
        """How many frames of all the user's tasks stand where."""
        return dict(self._connect.post(ApiUrl.queryAllFrameStats))

    def get_frame_thumbnall(self, frame_id: int, frame_status: int = 4) -> list[str]:
        """Where small pictures of a finished frame are: paths of the farm."""
        return list(self._connect.post(ApiUrl.loadingFrameThumbnail, {"id": frame_id, "frameStatus": frame_status}))

    def get_render_log(
        self,
        renderingType: str = "render",
        pageNum: int = 1,
        pageSize: int = 1,
        frame_id: int | None = None,
    ) -> dict[str, Any]:
        """A page of a frame's log: ``items`` are its lines, ``pageCount`` says how many pages there are."""
        body = {"renderingType": renderingType, "pageNum": pageNum, "pageSize": pageSize, "id": frame_id}
        return dict(self._connect.post(ApiUrl.showLog, body))

    def restart_failed_frames(self, task_param_list: Numbers, status: list[int] | None = None) -> None:
        """Render frames of tasks again: those that failed, or those of some statuses."""
        self._connect.post(ApiUrl.recommitTasks, given(taskIds=numbers(task_param_list), status=status))

    def restart_frame(
        self,
        task_id: int,
        select_all: int = 1,
        ids_list: Numbers | None = None,
        status: list[int] | None = None,
    ) -> None:
        """Render frames of a task again: all, or with ``select_all`` 0 those of ``ids_list``. Raises BadInputError."""
        self._connect.post(ApiUrl.recommitTaskFrames, _chosen(task_id, select_all, ids_list, status))

    def stop_frame(
        self,
        task_id: int,
        select_all: int = 1,
        ids_list: Numbers | None = None,
        status: list[int] | None = None,
    ) -> None:
        """Stop frames of a task: all, or with ``select_all`` 0 those of ``ids_list``. Raises BadInputError."""
        self._connect.post(ApiUrl.stopTaskFrames, _chosen(task_id, select_all, ids_list, status))

    def get_custome_frames(self, task_id: int, restartframes: str | Iterable[str]) -> None:
        """Render frames again by their names (``["2-4[1]", "10"]``). Raises NotFoundError if one is not there."""
        self.restart_frame(task_id, 0, self._named(task_id, restartframes))

    def frame_number_to_stop(self, task_id: int, stop_frame: str | Iterable[str]) -> None:
        """Stop frames by their names. Raises NotFoundError if one is not there."""
        self.stop_frame(task_id, 0, self._named(task_id, stop_frame))

    def _frames(
        self, task_id: int, start_page: int = 1, end_page: int = _MOST_PAGES, page_size: int = _PAGE_SIZE
    ) -> Iterator[dict[str, Any]]:
        for page in range(start_page, end_page + 1):
            items = self.task_frames(task_id, page, page_size)["items"]
            if not items:
                return
            yield from items

    def _named(self, task_id: int, names: str | Iterable[str]) -> list[int]:
        """The numbers of all frames that have one of the names."""
        wanted = {names} if isinstance(names, str) else {str(name) for name in names}
        found = [frame for frame in self._frames(task_id) if frame["frameIndex"] in wanted]
        if missing := sorted(wanted - {frame["frameIndex"] for frame in found}):
            remedy = "get_all_frames() tells what there are."
            raise NotFoundError(f"there is no frame {missing[0]!r}", where=f"task {task_id}", remedy=remedy)
        return [int(frame["id"]) for frame in found]


def _chosen(task_id: int, select_all: int, ids_list: Numbers | None, status: list[int] | None) -> dict[str, Any]:
    ids = None if select_all or ids_list is None else numbers(ids_list)
    if not select_all and not ids:
        raise BadInputError("no frames are given", where="ids_list", remedy="Give their numbers, or select_all=1.")
    return given(taskId=task_id, ids=ids, selectAll=int(bool(select_all)), status=status)
