"""Downloading what tasks have rendered: once, as frames are done, or when whole tasks are."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rayvision_sync.manage import RayvisionManageTask
from rayvision_sync.utils import create_transfer_params, input_storage
from rendermill.farm.model.errors import NotAllowedError, NotAuthenticatedError, RendermillError, UnreachableError
from rendermill_rayvision.errors import Code, DownloadFailed, RayvisionError
from rendermill_rayvision.fetching import Fetcher, Place, places
from rendermill_rayvision.logs import Log
from rendermill_rayvision.sync_arguments import (
    bad_argument,
    bytes_a_second,
    check_engine,
    flag,
    seconds,
    some,
    task_ids,
)
from rendermill_rayvision.sync_settings import download_log_folder
from rendermill_rayvision.tasks import Task, tasks
from rendermill_rayvision.waiting import Bell, patiently, rounds
from rendermill_rayvision.workspace import sdk_folder

_HOPELESS = (UnreachableError, NotAuthenticatedError, NotAllowedError)
StrPath = str | os.PathLike[str]


@dataclass(frozen=True, slots=True)
class _Wish:
    """How to download: ``max_speed`` in bytes a second, ``keep`` the task's own folder below ``folder``."""

    folder: Path
    keep: bool
    max_speed: int | None
    print_log: bool


class RayvisionDownload:
    """Downloads from the farm that ``api`` has logged in to.

    What chooses and drives the vendor's transfer programs (lines, engines, servers, proxies) is taken and not needed;
    so is ``enable_hash``: every file is checked. Without ``local_path`` files go to ``renderfarm_sdk`` in the home.
    With ``download_filename_format`` ``"true"`` they keep the task's folder (``{task}_{scene}``), with ``"false"`` what
    is in it goes into ``local_path``; the parts of a task with several keep their own. ``max_speed`` is in KB a second.

    Raises RayvisionError for arguments that are wrong and for tasks that there are not; DownloadFailed if the farm has
    not answered for about a minute, or files cannot be written: the others are there then.
    """

    def __init__(
        self,
        api: Any,
        transports_json: str = "",
        transmitter_exe: str = "",
        automatic_line: bool = True,
        internet_provider: str = "",
        logger: logging.Logger | None = None,
        log_folder: StrPath | None = None,
        log_name: str | None = None,
        log_level: str = "DEBUG",
    ) -> None:
        self.api = api
        self.logger = Log(logger, log_folder, log_name, log_level).of("rayvision_sync")
        self.manage_task = RayvisionManageTask(api.query)

    def download(
        self,
        task_id_list: Any = None,
        max_speed: str | int | None = None,
        print_log: bool = True,
        download_filename_format: str | bool = "true",
        local_path: StrPath | None = None,
        server_path: str | Sequence[str] | None = None,
        engine_type: str = "aspera",
        server_ip: str | None = None,
        server_port: str | int | None = None,
        network_mode: int = 0,
        proxy_ip: str | None = None,
        proxy_port: str | int | None = None,
        enable_hash: bool = False,
        asset: bool = False,
        download_num: int = 2,
    ) -> bool:
        """Download what there is: files and folders (``server_path``, one or several), else what tasks have rendered.

        ``asset`` takes ``server_path`` from the input storage. Where there is nothing yet that is said. True.
        """
        check_engine(engine_type)
        wish = self._wish(max_speed, print_log, download_filename_format, local_path)
        fetcher = self._fetcher(wish)
        with _told():
            if server_path:
                names = (server_path,) if isinstance(server_path, str) else tuple(map(str, server_path))
                if not all(names):
                    raise bad_argument("server_path", server_path, "give paths of the storage")
                storage = patiently(lambda: input_storage(self.api)) if asset else self._output_storage()
                self._fetch(fetcher, ", ".join(names), [Place(storage, names, wish.folder, wish.keep)], wish)
                return True
            ids = task_ids(task_id_list)
            if not ids:
                what = "there is nothing to download: give the numbers of tasks (task_id_list), or server_path"
                raise RayvisionError(Code.ARGUMENT, what)
            wanted = patiently(lambda: tasks(self.api.query, ids, self._output_storage()))
            self._each(fetcher, wanted, wish)
        return True

    def auto_download(
        self,
        task_id_list: Any = None,
        max_speed: str | int | None = None,
        print_log: bool = False,
        sleep_time: float = 10,
        download_filename_format: str | bool = "true",
        local_path: StrPath | None = None,
        engine_type: str = "aspera",
        server_ip: str | None = None,
        server_port: str | int | None = None,
        network_mode: int = 0,
        is_test_stop: bool = False,
        proxy_ip: str | None = None,
        proxy_port: str | int | None = None,
        enable_hash: bool = False,
        download_num: int = 2,
    ) -> bool:
        """Download frames as they are done, until all tasks have ended; True, at once if there are no tasks.

        With ``is_test_stop`` a task has ended when it waits for full speed after its test frames. ``sleep_time`` is how
        many seconds may pass before tasks are looked at again of which nothing is heard. What cannot be downloaded is
        logged as a warning, tried again until the task has ended, and raised when all have: DownloadFailed lists the
        tasks. A task that is deleted meanwhile is one of those.
        """
        check_engine(engine_type)
        wish = self._wish(max_speed, print_log, download_filename_format, local_path)
        pause = seconds("sleep_time", sleep_time)
        return self._until_over(task_ids(task_id_list), wish, pause, tested=is_test_stop, frames=True)

    def auto_download_after_task_completed(
        self,
        task_id_list: Any = None,
        max_speed: str | int | None = None,
        print_log: bool = True,
        sleep_time: float = 10,
        download_filename_format: str | bool = "true",
        local_path: StrPath | None = None,
        engine_type: str = "aspera",
        server_ip: str | None = None,
        server_port: str | int | None = None,
        network_mode: int = 0,
        is_test_stop: bool = False,
        proxy_ip: str | None = None,
        proxy_port: str | int | None = None,
        enable_hash: bool = False,
        download_num: int = 2,
    ) -> bool:
        """Download each task when it has ended. As :meth:`auto_download`."""
        check_engine(engine_type)
        wish = self._wish(max_speed, print_log, download_filename_format, local_path)
        pause = seconds("sleep_time", sleep_time)
        return self._until_over(task_ids(task_id_list), wish, pause, tested=is_test_stop, frames=False)

    # --- inside ------------------------------------------------------------------------------------------------

    def _wish(
        self, max_speed: str | int | None, print_log: bool, form: str | bool, local_path: StrPath | None
    ) -> _Wish:
        """Raises RayvisionError for what is wrong, DownloadFailed for a folder that cannot be made."""
        keep, speed = flag("download_filename_format", form), bytes_a_second(max_speed)
        folder = Path(local_path).absolute() if local_path else sdk_folder()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DownloadFailed(f"the folder {folder} cannot be made: {error.strerror}") from error
        return _Wish(folder, keep, speed, print_log)

    def _fetcher(self, wish: _Wish) -> Fetcher:
        return Fetcher(self.api.rendermill, wish.max_speed, download_log_folder(), show=wish.print_log)

    def _output_storage(self) -> str:
        return str(create_transfer_params(self.api)["output_bid"])

    def _each(self, fetcher: Fetcher, wanted: Sequence[Task], wish: _Wish) -> None:
        """Fetch tasks, the others too if files of one cannot be written. Raises DownloadFailed, RendermillError."""
        failed: dict[int, str] = {}
        for task in wanted:
            try:
                self._task(fetcher, task, wish)
            except DownloadFailed as error:
                failed[task.id] = error.error
        _raise(failed)

    def _until_over(self, ids: list[int], wish: _Wish, pause: float, *, tested: bool, frames: bool) -> bool:
        storage, fetcher = self._output_storage(), self._fetcher(wish)
        failed: dict[int, str] = {}
        trouble: dict[int, str] = {}
        done: dict[int, int] = {}
        with _told(), closing(Bell(self.api.rendermill)) as bell:
            for task, over in rounds(
                ids, lambda left: tasks(self.api.query, left, storage), bell, pause, tested=tested
            ):
                if task.deleted:
                    failed[task.id] = "it was deleted"
                elif over or (frames and done.get(task.id, 0) != task.done):
                    try:
                        self._task(fetcher, task, wish)
                        done[task.id] = task.done
                    except _HOPELESS:
                        raise
                    except (DownloadFailed, RendermillError) as error:
                        why = error.error if isinstance(error, DownloadFailed) else str(error)
                        if trouble.get(task.id) != why:  # nobody else will say so until the task has ended
                            self.logger.warning("task %d: %s", task.id, why)
                        trouble[task.id] = why
                        if over:
                            failed[task.id] = why
        _raise(failed)
        return True

    def _task(self, fetcher: Fetcher, task: Task, wish: _Wish) -> None:
        self._fetch(fetcher, f"task {task.id}", places(task, wish.folder, keep=wish.keep), wish)

    def _fetch(self, fetcher: Fetcher, what: str, wanted: Sequence[Place], wish: _Wish) -> None:
        there = fetcher.fetch(wanted)
        self._say(f"{what}: " + (f"downloaded to {wish.folder}" if there else "there is no output yet"), wish)

    def _say(self, text: str, wish: _Wish) -> None:
        self.logger.info(text)
        if wish.print_log:
            sys.stdout.write(f"{text}\n")
            sys.stdout.flush()


def _raise(failed: dict[int, str]) -> None:
    """Raise DownloadFailed if any task failed."""
    if failed:
        lines = some([f"{number}: {why}" for number, why in failed.items()], len(failed))
        raise DownloadFailed(f"tasks {', '.join(map(str, failed))} were not downloaded whole:\n{lines}")


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except RendermillError as error:
        raise DownloadFailed(str(error)) from error
