"""Uploading a task's JSON files and the files of its scene."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from rayvision_sync.utils import create_transfer_params, input_storage
from rendermill.sdk.records import open_records
from rendermill.sdk.transfer import Item, Listener, NoRecords, Options, Records, Summary, upload
from rendermill.sdk.transfer_log import TransferLog
from rendermill.sdk.upload_json import items_of_json
from rendermill_rayvision.errors import Code, RayvisionError
from rendermill_rayvision.logs import Log
from rendermill_rayvision.progress import Listeners, UploadedInRedis, bars
from rendermill_rayvision.sync_arguments import bad_argument, bytes_a_second, check_engine, folder_name, some, told_as
from rendermill_rayvision.sync_arguments import task_id as number_of
from rendermill_rayvision.sync_settings import SyncSettings
from rendermill_rayvision.waiting import patiently
from rendermill_rayvision.workspace import is_file

_PACKAGED = Path(__file__).with_name("db_config.ini")
_UPLOAD_JSON = "upload.json"
StrPath = str | os.PathLike[str]


class RayvisionUpload:
    """Uploads to the farm that ``api`` has logged in to.

    ``db_config_path`` is a db_config.ini; without one records of uploads are kept in SQLite. What chooses and drives
    the vendor's transfer programs (lines, engines, servers, proxies) is taken and not needed. Raises RayvisionError
    that names file, section and option for an INI file that is missing or wrong.
    """

    def __init__(
        self,
        api: Any,
        db_config_path: StrPath | None = None,
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
        self._settings = SyncSettings.read(Path(db_config_path or _PACKAGED).absolute())
        self._log_folder = self._settings.log_folder()
        self._stop = threading.Event()

    def upload(
        self,
        task_id: int | str,
        task_json_path: StrPath,
        tips_json_path: StrPath,
        asset_json_path: StrPath,
        upload_json_path: StrPath,
        max_speed: str | int | None = None,
        transmit_type: str = "upload_json",
        engine_type: str = "aspera",
        server_ip: str | None = None,
        server_port: str | int | None = None,
        network_mode: int = 0,
        is_record: bool = False,
        redis_flag: str | None = None,
        redis_obj: Any = None,
        proxy_ip: str | None = None,
        proxy_port: str | int | None = None,
        upload_num: int = 2,
    ) -> bool:
        """Upload the four JSON files of a task, in any order, then the files that upload.json names; True.

        Raises what :meth:`upload_config` and :meth:`upload_asset` do.
        """
        paths = [task_json_path, tips_json_path, asset_json_path, upload_json_path]
        listing = next((path for path in paths if Path(path).name == _UPLOAD_JSON), upload_json_path)
        self.upload_config(task_id, paths, max_speed, engine_type)
        return self.upload_asset(
            listing,
            max_speed,
            engine_type=engine_type,
            transmit_type=transmit_type,
            redis_flag=redis_flag,
            is_record=is_record,
            redis_obj=redis_obj,
        )

    def upload_config(
        self,
        task_id: int | str,
        config_file_list: Sequence[StrPath],
        max_speed: str | int | None = None,
        engine_type: str = "aspera",
        server_ip: str | None = None,
        server_port: str | int | None = None,
        network_mode: int = 0,
        proxy_ip: str | None = None,
        proxy_port: str | int | None = None,
        upload_num: int = 2,
    ) -> bool:
        """Upload a task's JSON files to ``/{task}/cfg/``; True. Files that are not there are logged and left out.

        ``max_speed`` is in KB a second. Raises RayvisionError: 20004 if one cannot be uploaded.
        """
        check_engine(engine_type)
        number = number_of(task_id)
        items = []
        for path in [config_file_list] if isinstance(config_file_list, (str, os.PathLike)) else config_file_list:
            if is_file(path):
                items.append(Item(Path(path).absolute(), f"/{number}/cfg/{Path(path).name}"))
            else:
                self.logger.warning("%s is not there and is not uploaded", path)
        storage = create_transfer_params(self.api)["config_bid"]
        with told_as(Code.CONFIG_UPLOAD):
            summary = self._send(storage, items, f"task {number}", max_speed)
        if summary.failed:
            raise RayvisionError(Code.CONFIG_UPLOAD, f"configuration files were not uploaded:\n{_failures(summary)}")
        return True

    def upload_asset(
        self,
        upload_json_path: StrPath,
        max_speed: str | int | None = None,
        is_db: bool = True,
        engine_type: str = "aspera",
        server_ip: str | None = None,
        server_port: str | int | None = None,
        transmit_type: str = "upload_json",
        network_mode: int = 0,
        redis_flag: str | None = None,
        is_record: bool = False,
        redis_obj: Any = None,
        proxy_ip: str | None = None,
        proxy_port: str | int | None = None,
        upload_num: int = 2,
    ) -> bool:
        """Upload the files that an upload.json names; True. What the farm has already is not sent again.

        ``max_speed`` is in KB a second. With ``is_db`` unchanged files are not read again. With ``is_record`` each
        file is noted in the hash ``redis_flag`` (``upload_done``) of ``redis_obj``. Files that cannot be uploaded do
        not keep the others from being. Raises RayvisionError: 200001 if upload.json or files that it names are not
        there, 200025 if files cannot be read, 200024 for wrong arguments, 1000000 if the farm refuses or does not
        answer; UnsupportedDatabaseError.
        """
        check_engine(engine_type)
        if transmit_type != "upload_json":
            raise bad_argument("transmit_type", transmit_type, 'assets are uploaded by "upload_json"')
        if is_record and redis_obj is None:
            raise bad_argument("redis_obj", redis_obj, "with is_record give a connection to a Redis server")
        listing = Path(upload_json_path)
        if not is_file(listing):
            raise RayvisionError(Code.FILE_MISSING, f"the upload.json {listing} is not there")
        with told_as(Code.ARGUMENT):
            items = items_of_json(listing)
        noted = [UploadedInRedis(redis_obj, redis_flag)] if is_record else []
        with told_as(Code.FAILED), ExitStack() as stack:
            ini = Path(self.create_db_ini(listing)) if is_db else None
            records = stack.enter_context(open_records(ini))
            storage = patiently(lambda: input_storage(self.api))
            summary = self._send(storage, items, folder_name(listing), max_speed, records, noted)
            if summary.failed:  # not complete: temporary records stay
                raise _not_uploaded(summary)
        return True

    def thread_pool_upload(self, upload_pool: Sequence[StrPath], pool_size: int = 10, **kwargs: Any) -> bool:
        """Upload the files of several upload.json at once, with the keywords of :meth:`upload_asset`; True.

        Without ``is_db`` no records are used. All are tried; then the first error is raised. Ctrl-C ends all of them.
        """
        named = {"is_db": False, **kwargs}
        with ThreadPoolExecutor(pool_size) as pool:
            running = [pool.submit(self.upload_asset, path, **named) for path in upload_pool]
            try:
                wait(running)
            except BaseException:
                self._stop.set()
                pool.shutdown(cancel_futures=True)
                self._stop.clear()
                raise
        for each in running:
            each.result()
        return True

    def create_db_ini(self, upload_json_path: StrPath) -> str:
        """Write the INI file that says which records an upload uses; its path.

        It is ``db_ini/<folder of upload.json>.ini`` in the folder of the records, ``db_ini/db_redis.ini`` for Redis.
        Raises UnsupportedDatabaseError, RayvisionError.
        """
        name = folder_name(Path(upload_json_path))
        choice = self._settings.choice(name, str(self.api.user_info["platform"]))
        file = "db_redis.ini" if choice.kind == "redis" else f"{name}.ini"
        ini = self._settings.database_folder() / "db_ini" / file
        try:
            choice.write(ini)
        except OSError as error:
            what = f"{ini} cannot be written: {error.strerror}; set db_path in db_config.ini, or give is_db=False"
            raise RayvisionError(Code.FAILED, what) from error
        return str(ini)

    def load_db_config(
        self, db_config_path: StrPath | None = None
    ) -> tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]:
        """What a db_config.ini says: the folder of the log, then its parts on Redis, SQLite, and which of them to use.

        Raises RayvisionError.
        """
        found = SyncSettings.read(Path(db_config_path or _PACKAGED).absolute())
        redis = {
            "host": found.redis.host,
            "port": found.redis.port,
            "password": found.redis.password,
            "table_index": str(found.redis.table_index),
            "timeout": str(found.redis.timeout),
        }
        database = {"on": str(found.on).lower(), "type": found.kind, "db_path": found.db_path}
        return found.transfer_log_path, redis, {"temporary": str(found.temporary).lower()}, database

    def _send(
        self,
        storage: str,
        items: Sequence[Item],
        title: str,
        max_speed: str | int | None,
        records: Records | None = None,
        listeners: Sequence[Listener] = (),
    ) -> Summary:
        """Raises RendermillError, RayvisionError for a wrong speed."""
        speed = bytes_a_second(max_speed)
        with bars("sending") as shown:
            heard = Listeners(TransferLog(self._log_folder, "upload"), shown, *listeners)
            options = Options(max_speed=speed, records=records or NoRecords(), listener=heard)
            summary = upload(self.api.rendermill, str(storage), items, options, self._stop)
        told = (title, summary.files - len(summary.failed), summary.moved_files, summary.moved_size)
        self.logger.info("%s: %d files are there, %d of them sent (%d bytes)", *told)
        return summary


def _not_uploaded(summary: Summary) -> RayvisionError:
    missing = all(not each.path.exists() for each in summary.failed)
    code = Code.FILE_MISSING if missing else Code.NOT_UPLOADED
    what = "are not there" if missing else "were not uploaded"
    return RayvisionError(code, f"{len(summary.failed)} files {what}, the others are:\n{_failures(summary)}")


def _failures(summary: Summary) -> str:
    return some([f"{each.path}: {each.why}" for each in summary.failed])
