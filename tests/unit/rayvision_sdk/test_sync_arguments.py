"""The names, orders and shapes of what scripts give to uploads and downloads."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rayvision_sync.download import RayvisionDownload
from rayvision_sync.exception import DownloadFailed, RayvisionError, UnsupportedEngineType
from rayvision_sync.upload import RayvisionUpload
from rendermill_rayvision import errors
from rendermill_rayvision.sync_arguments import bytes_a_second, flag, seconds, task_ids

REQUIRED = inspect.Parameter.empty
LINES: list[tuple[str, Any]] = [
    *(("transports_json", ""), ("transmitter_exe", ""), ("automatic_line", True), ("internet_provider", "")),
    *(("logger", None), ("log_folder", None), ("log_name", None), ("log_level", "DEBUG")),
]
ENGINE: list[tuple[str, Any]] = [("engine_type", "aspera"), ("server_ip", None), ("server_port", None)]
PROXY: list[tuple[str, Any]] = [("proxy_ip", None), ("proxy_port", None)]
RECORDED: list[tuple[str, Any]] = [("is_record", False), ("redis_flag", None), ("redis_obj", None)]
FORM: list[tuple[str, Any]] = [("download_filename_format", "true"), ("local_path", None)]
MODE: tuple[str, Any] = ("network_mode", 0)
AUTO = [*FORM, *ENGINE, MODE, ("is_test_stop", False), *PROXY, ("enable_hash", False), ("download_num", 2)]
SIGNATURES: dict[Any, list[tuple[str, Any]]] = {
    RayvisionUpload.__init__: [("api", REQUIRED), ("db_config_path", None), *LINES],
    RayvisionDownload.__init__: [("api", REQUIRED), *LINES],
    RayvisionUpload.upload: [
        *((name, REQUIRED) for name in ("task_id", "task_json_path", "tips_json_path", "asset_json_path")),
        *(("upload_json_path", REQUIRED), ("max_speed", None), ("transmit_type", "upload_json"), *ENGINE, MODE),
        *(*RECORDED, *PROXY, ("upload_num", 2)),
    ],
    RayvisionUpload.upload_config: [
        *(("task_id", REQUIRED), ("config_file_list", REQUIRED), ("max_speed", None), *ENGINE, MODE, *PROXY),
        ("upload_num", 2),
    ],
    RayvisionUpload.upload_asset: [
        *(("upload_json_path", REQUIRED), ("max_speed", None), ("is_db", True), *ENGINE),
        *(("transmit_type", "upload_json"), MODE, ("redis_flag", None), ("is_record", False), ("redis_obj", None)),
        *(*PROXY, ("upload_num", 2)),
    ],
    RayvisionUpload.thread_pool_upload: [("upload_pool", REQUIRED), ("pool_size", 10), ("kwargs", REQUIRED)],
    RayvisionUpload.create_db_ini: [("upload_json_path", REQUIRED)],
    RayvisionDownload.download: [
        *(("task_id_list", None), ("max_speed", None), ("print_log", True), *FORM, ("server_path", None), *ENGINE),
        *(MODE, *PROXY, ("enable_hash", False), ("asset", False), ("download_num", 2)),
    ],
    RayvisionDownload.auto_download: [
        *(("task_id_list", None), ("max_speed", None), ("print_log", False), ("sleep_time", 10), *AUTO),
    ],
    RayvisionDownload.auto_download_after_task_completed: [
        *(("task_id_list", None), ("max_speed", None), ("print_log", True), ("sleep_time", 10), *AUTO),
    ],
}


@pytest.mark.parametrize("method", SIGNATURES, ids=lambda method: method.__qualname__)
def test_a_method_takes_what_the_sdk_s_takes_in_its_order(method: Any) -> None:
    parameters = list(inspect.signature(method).parameters.values())[1:]
    assert [(each.name, each.default) for each in parameters] == SIGNATURES[method]


def test_the_errors_are_the_ones_that_logins_raise_too() -> None:
    assert RayvisionError is errors.RayvisionError
    assert issubclass(DownloadFailed, RayvisionError)
    assert DownloadFailed("why").error == "why"


@pytest.mark.parametrize(("given", "found"), [(None, None), ("", None), (1, 1024), ("1048576", 1 << 30), (" 2 ", 2048)])
def test_a_speed_is_kb_a_second(given: Any, found: int | None) -> None:
    assert bytes_a_second(given) == found


@pytest.mark.parametrize("given", [0, -1, "0", "fast", "1.5", "1 MB", "٣", True])
def test_what_is_no_speed_is_refused(given: Any) -> None:
    with pytest.raises(RayvisionError, match="max_speed") as raised:
        bytes_a_second(given)
    assert raised.value.error_code == 200024


@pytest.mark.parametrize(("given", "found"), [("true", True), ("False", False), (True, True), (False, False)])
def test_a_flag_is_a_word_or_a_truth_value(given: Any, found: bool) -> None:
    assert flag("x", given) is found


@pytest.mark.parametrize("given", ["", "yes", None, 1])
def test_what_is_no_flag_is_refused(given: Any) -> None:
    with pytest.raises(RayvisionError, match="download_filename_format"):
        flag("download_filename_format", given)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (None, []),
        ([], []),
        ([501, "502", 501], [501, 502]),
        ((501,), [501]),
        ({501}, [501]),
        ("501", [501]),
        (501, [501]),
    ],
)
def test_tasks_are_given_in_many_shapes(given: Any, found: list[int]) -> None:
    assert task_ids(given) == found


@pytest.mark.parametrize("given", [["x"], [None], [""], [True], [-1], [1.5], [[501]], "501,502", ["²"]])
def test_what_is_no_task_is_refused(given: Any) -> None:
    with pytest.raises(RayvisionError, match="no task's number"):
        task_ids(given)


@pytest.mark.parametrize(("given", "found"), [(10, 10.0), ("2", 2.0), (0, 0.1), (1.5, 1.5)])
def test_a_pause_is_seconds(given: Any, found: float) -> None:
    assert seconds("sleep_time", given) == found


@pytest.mark.parametrize("given", [-1, "soon", None, float("nan"), float("inf")])
def test_what_is_no_pause_is_refused(given: Any) -> None:
    with pytest.raises(RayvisionError, match="sleep_time"):
        seconds("sleep_time", given)


# --- refused before anything is asked of the farm ----------------------------------------------------------------


@pytest.fixture
def api() -> Any:
    """A login that nothing may be asked of."""
    numbers = {"config_bid": "11", "input_bid": "12", "output_bid": "13", "user_id": 1}
    return types.SimpleNamespace(
        user_info={**numbers, "platform": "2", "domain": "farm:1", "local_os": "linux"}, query=None, rendermill=None
    )


@pytest.mark.parametrize("given", [{}, {"task_id_list": []}, {"server_path": ""}, {"server_path": []}])
def test_nothing_to_download_is_an_error(api: Any, given: dict[str, Any]) -> None:
    with pytest.raises(RayvisionError, match="nothing to download") as raised:
        RayvisionDownload(api).download(**given)
    assert raised.value.error_code == 200024


def test_a_path_that_is_empty_is_not_the_whole_storage(api: Any) -> None:
    with pytest.raises(RayvisionError, match="server_path"):
        RayvisionDownload(api).download(server_path=["501_shot", ""])


def test_no_tasks_to_wait_for_is_none(api: Any) -> None:
    download = RayvisionDownload(api)
    assert download.auto_download([]) is True
    assert download.auto_download() is True
    assert download.auto_download_after_task_completed([]) is True


@pytest.mark.parametrize(
    "call",
    [
        lambda api: RayvisionDownload(api).download([501], engine_type="ftp"),
        lambda api: RayvisionDownload(api).auto_download([501], engine_type="ftp"),
        lambda api: RayvisionDownload(api).auto_download_after_task_completed([501], engine_type="ftp"),
        lambda api: RayvisionUpload(api).upload_config(501, [], engine_type="ftp"),
        lambda api: RayvisionUpload(api).upload_asset("upload.json", engine_type="ftp"),
    ],
)
def test_only_the_sdk_s_engines_are_engines(api: Any, call: Callable[[Any], object]) -> None:
    with pytest.raises(UnsupportedEngineType, match="ftp"):
        call(api)


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        ({}, 200001, "is not there"),
        ({"transmit_type": "upload_path"}, 200024, "transmit_type"),
        ({"is_record": True}, 200024, "redis_obj"),
    ],
)
def test_an_upload_that_cannot_be_is_refused(
    api: Any, tmp_path: Path, given: dict[str, Any], code: int, said: str
) -> None:
    with pytest.raises(RayvisionError, match=said) as raised:
        RayvisionUpload(api).upload_asset(tmp_path / "upload.json", **given)
    assert raised.value.error_code == code


def test_a_broken_upload_json_is_named(api: Any, tmp_path: Path) -> None:
    (tmp_path / "upload.json").write_text("{")
    with pytest.raises(RayvisionError, match=r"upload\.json: it is no JSON") as raised:
        RayvisionUpload(api).upload_asset(tmp_path / "upload.json")
    assert raised.value.error_code == 200024


def test_configuration_goes_to_a_task_s_number_and_nowhere_else(api: Any) -> None:
    with pytest.raises(RayvisionError, match="no task's number"):
        RayvisionUpload(api).upload_config("../1", [])
