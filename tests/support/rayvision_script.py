"""The published ``rayvision-api`` and ``rayvision-sync``, driven by lines of JSON. Runs with the Python of the
client's own environment.

A line in names a call, ``{"call": "query.task_info", "args": [[1]], "kwargs": {}}``; a line out has what it gave,
``{"answer": …}``, or raised, ``{"error": "RayvisionAPIError", "code": 404, "said": "…"}``.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from rayvision_api.core import RayvisionAPI
from rayvision_api.task.check import RayvisionCheck
from rayvision_api.url import ApiUrl
from rayvision_api.utils import (
    append_to_task,
    append_to_upload,
    update_task_info,
)
from rayvision_sync.download import RayvisionDownload
from rayvision_sync.upload import RayvisionUpload

_POLL_SECONDS = 0.2


class Driver:
    """Makes the calls; ``login`` comes first, ``sync`` before the first of ``uploads`` and ``downloads``."""

    def __init__(self) -> None:
        self._api: Any = None
        self._sync: dict[str, Any] = {}

    def make(self, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Make a call: one of this class, or whatever the client has by that name."""
        if name in ("login", "until", "check", "check_analysis", "edit", "paths", "sync", "recorded"):
            return getattr(self, name)(*args, **kwargs)
        first, *parts = name.split(".")
        found: Any = self._sync[first] if first in self._sync else getattr(self._api, first)
        for part in parts:
            found = getattr(found, part)
        return found(*args, **kwargs) if callable(found) else found

    def login(self, domain: str, access_id: str, access_key: str) -> dict[str, Any]:
        """Log in; what the client knows of the user then."""
        self._api = RayvisionAPI(
            access_id=access_id,
            access_key=access_key,
            domain=domain,
            platform="2",
            protocol="http",
            logger=logging.getLogger("client"),
        )
        known: dict[str, Any] = self._api.user_info
        return known

    def sync(self, transmitter: str) -> None:
        """Send and fetch files by this program."""
        more: dict[str, Any] = {"transmitter_exe": transmitter, "logger": logging.getLogger("client")}
        self._sync = {
            "uploads": RayvisionUpload(self._api, **more),
            "downloads": RayvisionDownload(self._api, **more),
        }

    def recorded(self, upload_json: str) -> list[str]:
        """Upload, and have the client record what was sent; what it recorded."""
        found: list[str] = []
        database = SimpleNamespace(hset=lambda _flag, path, _time: found.append(path))
        self._sync["uploads"].upload_asset(upload_json, is_db=False, is_record=True, redis_obj=database)
        return found

    def until(self, task_id: int, wanted: list[int], passing: list[int], seconds: float) -> dict[str, Any]:
        """Ask for a task until it has one of these statuses; it may have the ``passing`` ones meanwhile."""
        deadline = time.monotonic() + seconds
        while True:
            found: dict[str, Any] = self._api.query.task_info([task_id])["items"][0]
            if found["taskStatus"] in wanted:
                return found
            if found["taskStatus"] not in passing or time.monotonic() > deadline:
                raise RuntimeError(f"task {task_id} is at {found['taskStatus']}: {found['remark']}")
            time.sleep(_POLL_SECONDS)

    def paths(self) -> list[str]:
        """Every path that the client has a constant for."""
        return [str(each.value) for each in ApiUrl]

    def check(self, workspace: str, hardware: dict[str, Any], *files: str) -> Any:
        """Check what an analysis has written, task.json and upload.json; the task's number."""
        return RayvisionCheck(self._api, workspace=workspace).execute(hardware, *files)

    def check_analysis(self, analysis: dict[str, Any], hardware: dict[str, Any]) -> Any:
        """Check an analysis by its attributes, its tips among them; the task's number."""
        made = SimpleNamespace(**analysis)
        return RayvisionCheck(self._api, made).execute(hardware, made.task_json, made.upload_json)

    def edit(self, analysis: dict[str, str], settings: dict[str, Any], more: dict[str, Any], files: list[Any]) -> None:
        """Change what an analysis has written, as scripts do."""
        update_task_info(settings, analysis["task_json"])
        append_to_task(more, analysis["task_json"])
        append_to_upload(files, analysis["upload_json"])


def main() -> None:
    """Answer until the lines end."""
    logging.basicConfig(filename=Path.home() / "client.log", level=logging.INFO)
    driver = Driver()
    for line in sys.stdin:
        wanted = json.loads(line)
        try:
            said = {"answer": driver.make(wanted["call"], wanted["args"], wanted["kwargs"])}
        except Exception as error:  # noqa: BLE001 - whatever it is, the test wants to see it
            code = getattr(error, "error_code", None)
            said = {"error": type(error).__name__, "code": code, "said": str(error)}
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
