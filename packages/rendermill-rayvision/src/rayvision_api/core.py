"""Logging in."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from rayvision_api.connect import Connect
from rayvision_api.constants import PACKAGE_NAME
from rayvision_api.exception import RayvisionError, RayvisonTaskIdError, UploadFileNotSupportError
from rayvision_api.operators import (
    QueryOperator,
    RenderEnvOperator,
    TagOperator,
    TaskOperator,
    TransmitOperator,
    UserOperator,
)
from rayvision_api.task.check import RayvisionCheck
from rendermill.sdk.client import Client
from rendermill.sdk.connect import connect
from rendermill_rayvision.errors import Code
from rendermill_rayvision.jsonfile import StrPath
from rendermill_rayvision.logs import Log

_ID = ("RAYVISION_API_ACCESS_ID", "RENDERMILL_ACCESS_ID")
_KEY = ("RAYVISION_API_KEY", "RENDERMILL_ACCESS_KEY")


class RayvisionAPI:
    """A user who is logged in to a farm.

    ``domain`` is ``HOST:PORT`` or a URL; without it the farm is that of ``RENDERMILL_SERVER``, else this machine's.
    ``protocol`` is ``http`` for this machine and ``https`` for others, unless it or the URL says otherwise. Id and key
    come from the arguments or the environment: ``RAYVISION_API_ACCESS_ID`` and ``RAYVISION_API_KEY``, else
    ``RENDERMILL_ACCESS_ID`` and ``RENDERMILL_ACCESS_KEY``. ``timeout`` is in seconds.

    Raises TypeError without id or key, BadInputError for a domain that is none, RayvisionAPIError if the farm refuses,
    UnreachableError.
    """

    def __init__(
        self,
        access_id: str | None = None,
        access_key: str | None = None,
        domain: str | None = None,
        platform: str | int = "4",
        protocol: str | None = None,
        logger: logging.Logger | None = None,
        log_folder: StrPath | None = None,
        log_name: str | None = None,
        log_level: str = "DEBUG",
        timeout: float | None = 60,
        local_os: str | None = None,
    ) -> None:
        self.logger = Log(logger, log_folder, log_name, log_level).of(PACKAGE_NAME)
        self.platform = str(platform)
        self._access_id = _secret("access_id", access_id, _ID)
        self._access_key = _secret("access_key", access_key, _KEY)
        self.connect = Connect(
            self._access_id,
            self._access_key,
            protocol,
            domain,
            self.platform,
            logger=self.logger,
            timeout=timeout,
        )
        self.user = UserOperator(self.connect, local_os)
        self.task = TaskOperator(self.connect)
        self.query = QueryOperator(self.connect)
        self.tag = TagOperator(self.connect)
        self.env = RenderEnvOperator(self.connect)
        self.transmit = TransmitOperator(self.connect)

    @property
    def user_info(self) -> dict[str, Any]:
        """What the farm told of the user at the login, with this machine's ``local_os``, ``domain``, ``platform``."""
        return self.user.info

    @cached_property
    def rendermill(self) -> Client:
        """The same user's client of the farm's own API. The SDK has no such attribute."""
        return connect(self.connect.address.url, self._access_id, self._access_key)

    def get_user_id(self) -> int:
        """The user's number."""
        return self.user.user_id

    def get_task_id(self) -> int:
        """The number that was reserved for the next task."""
        return self.task.task_id

    def check_and_add_project_name(self, project_name: str) -> str:
        """The number of a project of that name, which is added if there is none. Raises RayvisionError."""
        number = self._project(project_name)
        if number is None:
            self.tag.add_label(project_name, 0)
            number = self._project(project_name)
        if number is None:
            raise RayvisionError(Code.FAILED, f"the project {project_name!r} was added and is not in the list")
        return number

    def _project(self, name: str) -> str | None:
        projects = self.tag.get_list(2)["projectNameList"]
        return next((str(each["projectId"]) for each in projects if each["projectName"] == name), None)

    def submit(self, task_id: int, producer: str | None = None) -> bool:
        """Have a task rendered whose files are sent; True. ``producer`` is shown as who made it.

        Raises RayvisonTaskIdError if ``task_id`` is no whole number.
        """
        if type(task_id) is not int:
            raise RayvisonTaskIdError(f"{task_id!r} is no task's number: give int(task_id)")
        self.task.submit_task(task_id, producer)
        return True

    def submit_by_data(
        self, task_info: Mapping[str, Any], file_name: str = "task.json", producer: str | None = None
    ) -> int:
        """Check the content of a task.json, send it and have it rendered; the task's number.

        The scene's files must be there already. Raises what :meth:`RayvisionCheck.execute` does, and
        UploadFileNotSupportError for another file than task.json.
        """
        if file_name != "task.json":
            raise UploadFileNotSupportError(f"{file_name} is not task.json")
        check = RayvisionCheck(self)
        task_id: int = check.execute(task_info)
        self.transmit.upload_json_content(task_id, json.dumps(check.task_info, ensure_ascii=False), file_name)
        self.submit(task_id, producer)
        return task_id


def _secret(name: str, given: str | None, variables: tuple[str, ...]) -> str:
    """Of id and key the one that is given, or that the environment has. Raises TypeError."""
    found = given or next(filter(None, map(os.environ.get, variables)), None)
    if not found:
        raise TypeError(f"{name} is required: give {name}=, or set {' or '.join(variables)} in the environment.")
    return found.strip()
