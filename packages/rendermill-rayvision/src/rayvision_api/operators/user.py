"""The user: who they are, what they have chosen and done."""

from __future__ import annotations

import platform
from typing import Any

from rayvision_api.connect import Connect
from rayvision_api.operators.base import Numbers, Operator, given, numbers
from rayvision_api.url import ApiUrl
from rendermill_rayvision.values import snake_case


class UserOperator(Operator):
    """The user of an access key. Making it logs in; raises RayvisionAPIError, UnreachableError."""

    def __init__(self, connect: Connect, local_os: str | None = None) -> None:
        super().__init__(connect)
        known = {**self.query_user_profile(), **self.query_user_setting(), **self.get_transfer_bid()}
        self.info: dict[str, Any] = {snake_case(name): value for name, value in known.items()}
        """What is known of the user: profile, settings and storages, in small letters with underscores."""
        self.info |= {
            "local_os": local_os or platform.system().lower(),
            "domain": connect.domain,
            "platform": connect.platform,
        }

    @property
    def user_id(self) -> int:
        """The user's number."""
        return int(self.query_user_profile()["userId"])

    def query_user_profile(self) -> dict[str, Any]:
        """Name, number and rights of the user."""
        return dict(self._connect.post(ApiUrl.queryUserProfile))

    def query_user_setting(self) -> dict[str, Any]:
        """What the user has chosen for all tasks."""
        return dict(self._connect.post(ApiUrl.queryUserSetting))

    def update_user_settings(self, task_over_time: int) -> None:
        """Set how many seconds a task may take that does not say so itself."""
        self._connect.post(ApiUrl.updateUserSetting, {"taskOverTimeSec": task_over_time})

    def get_transfer_bid(self) -> dict[str, Any]:
        """The numbers of the user's storages."""
        return dict(self._connect.post(ApiUrl.getBid))

    def get_hardware_config(self, task_ids: Numbers | None = None) -> list[dict[str, Any]]:
        """The kinds of hardware there are, for new tasks or for some that there are."""
        chosen = None if task_ids is None else numbers(task_ids)
        return list(self._connect.post(ApiUrl.hardwareConfig, given(cloneTask="false", taskIds=chosen)))

    def task_record(
        self,
        pageNum: int = 1,
        pageSize: int = 10,
        startDate: str = "",
        endDate: str = "",
    ) -> dict[str, Any]:
        """A page of what was done with tasks; dates are days or times in UTC."""
        body = {"pageNum": pageNum, "pageSize": pageSize, "startDate": startDate, "endDate": endDate}
        return dict(self._connect.post(ApiUrl.taskRecord, {"platform": int(self._connect.platform), **body}))

    def login_record(
        self,
        pageNum: int = 1,
        pageSize: int = 10,
        startDate: str = "",
        endDate: str = "",
    ) -> dict[str, Any]:
        """A page of logins; dates are days or times in UTC."""
        body = {"pageNum": pageNum, "pageSize": pageSize, "startDate": startDate, "endDate": endDate}
        return dict(self._connect.post(ApiUrl.loginRecord, body))
