"""The names that scripts import and call; they are others', so none of them may go."""

from __future__ import annotations

import importlib
import inspect

import pytest

from rayvision_api.core import RayvisionAPI
from rayvision_api.operators import (
    QueryOperator,
    RenderEnvOperator,
    TagOperator,
    TaskOperator,
    TransmitOperator,
    UserOperator,
)
from rayvision_api.task.check import RayvisionCheck
from rayvision_api.url import ApiUrl

ERRORS = """
    AnalyseFailError AnalyzeError CGExeNotExistError CGFileNameIllegalError CGFileNotExistsError CGFileZipFailError
    CompressionFailedError DecompressionFailedError FileNameContainsChineseError GetCGLocationError GetCGVersionError
    GetRendererError MaxDamageError MaxExeNotExistError MultiScatterAndVrayConfilictError ProjectMaxVersionError
    RayvisionAPIError RayvisionError RayvisonTaskIdError VersionNotMatchError
"""
API_ERRORS = """
    HardwareConfigIdError NotSupportCGSoftwareError NotSupportHardwareCodeError NotSupportPluginError
    RayvisionHTTPErrorProcessor UploadFileNotSupportError
"""
IMPORTS = {
    "rayvision_api": "RayvisionAPI",
    "rayvision_api.connect": "Connect",
    "rayvision_api.constants": "DCC_ID_MAPPINGS MODIFIABLE_PARAM PACKAGE_NAME",
    "rayvision_api.core": "RayvisionAPI",
    "rayvision_api.exception": ERRORS + API_ERRORS,
    "rayvision_api.operators": (
        "QueryOperator RenderEnvOperator TagOperator TaskOperator TransmitOperator UserOperator "
        "Query RenderEnv Tag Task User"
    ),
    "rayvision_api.operators.env": "RenderEnvOperator",
    "rayvision_api.operators.query": "QueryOperator",
    "rayvision_api.operators.tag": "TagOperator",
    "rayvision_api.operators.task": "TaskOperator",
    "rayvision_api.operators.transmit": "TransmitOperator",
    "rayvision_api.operators.user": "UserOperator",
    "rayvision_api.task.check": "RayvisionCheck",
    "rayvision_api.url": "ApiUrl assemble_api_url",
    "rayvision_api.utils": (
        "append_to_task append_to_upload convert_path exists_or_create get_os hump2underline json_load json_save "
        "update_task_info walk_files"
    ),
    "rayvision_utils.cmd": "Cmd",
    "rayvision_utils.exception.exception": ERRORS,
    "rayvision_utils.exception.tips": "TipsInfo",
    "rayvision_utils.exception.tips_code": "CG_NOTMATCH CGFILE_NOTEXISTS CAMERA_NULL UNKNOW_ERR MISSING_FILE",
}
METHODS: dict[type, str] = {
    RayvisionAPI: "check_and_add_project_name get_task_id get_user_id rendermill submit submit_by_data user_info",
    RayvisionCheck: "execute",
    UserOperator: (
        "get_hardware_config get_transfer_bid login_record query_user_profile query_user_setting task_record "
        "update_user_settings user_id"
    ),
    TaskOperator: (
        "abort_task create_task delete_task edit_task_hardware_config full_speed new_task_id set_task_overtime_top "
        "start_task stop_task submit_task task_id update_priority update_task_level update_task_limit"
    ),
    QueryOperator: (
        "all_frame_status error_detail frame_number_to_stop get_all_frames get_custome_frames get_frame_thumbnall "
        "get_pack_node_info get_raysync_user_key get_render_log get_small_task_id get_task_list "
        "get_task_processing_img get_transfer_server_msg platforms restart_failed_frames restart_frame stop_frame "
        "supported_plugin supported_software task_frames task_info"
    ),
    TagOperator: "add_label add_task_tag delete_label delete_task_tag get_label_list get_list get_project_list",
    RenderEnvOperator: "add_render_env delete_render_env get_render_env set_default_render_env update_render_env",
    TransmitOperator: "get_output_files get_transfer_config upload_json_content",
}
SIGNATURES = {
    "RayvisionAPI.__init__": (
        "access_id=None access_key=None domain=None platform='4' protocol=None logger=None log_folder=None "
        "log_name=None log_level='DEBUG' timeout=60 local_os=None"
    ),
    "RayvisionAPI.submit": "task_id producer=None",
    "RayvisionAPI.submit_by_data": "task_info file_name='task.json' producer=None",
    "RayvisionCheck.__init__": "api analyze=None workspace=None",
    "UserOperator.task_record": "pageNum=1 pageSize=10 startDate='' endDate=''",
    "UserOperator.login_record": "pageNum=1 pageSize=10 startDate='' endDate=''",
    "UserOperator.get_hardware_config": "task_ids=None",
    "UserOperator.update_user_settings": "task_over_time",
    "TaskOperator.create_task": (
        "count=1 task_user_level=50 out_user_id=None labels=None clone_original_id=None artist=None"
    ),
    "TaskOperator.submit_task": "task_id producer=None only_id=False",
    "TaskOperator.stop_task": "task_param_list",
    "TaskOperator.update_priority": "task_id priority",
    "TaskOperator.set_task_overtime_top": "task_id_list overtime",
    "TaskOperator.full_speed": "task_id_list",
    "TaskOperator.update_task_limit": "taskId taskLimit",
    "TaskOperator.edit_task_hardware_config": "taskIds hardwareConfigIds model gpuNum ram",
    "QueryOperator.error_detail": "code=None codes=None language=0",
    "QueryOperator.get_task_list": (
        "page_num=1 page_size=100 status_list=None search_keyword=None start_time=None end_time=None recycle_flag=None"
    ),
    "QueryOperator.task_frames": "task_id page_num=1 page_size=100 search_keyword=None",
    "QueryOperator.restart_failed_frames": "task_param_list status=None",
    "QueryOperator.restart_frame": "task_id select_all=1 ids_list=None status=None",
    "QueryOperator.stop_frame": "task_id select_all=1 ids_list=None status=None",
    "QueryOperator.task_info": "task_ids_list",
    "QueryOperator.supported_plugin": "name os_name='default'",
    "QueryOperator.get_task_processing_img": "task_id frame_type=None",
    "QueryOperator.get_frame_thumbnall": "frame_id frame_status=4",
    "QueryOperator.get_all_frames": "task_id start_page=1 end_page=2000 page_size=100",
    "QueryOperator.get_custome_frames": "task_id restartframes",
    "QueryOperator.frame_number_to_stop": "task_id stop_frame",
    "QueryOperator.get_render_log": "renderingType='render' pageNum=1 pageSize=1 frame_id=None",
    "TagOperator.add_label": "new_name status=1",
    "TagOperator.get_list": "flag=0",
    "TagOperator.add_task_tag": "tag task_ids",
    "TagOperator.delete_task_tag": "taskIds=() labelNames=() tag_ids=None",
    "RenderEnvOperator.add_render_env": "data=None render_env=None",
    "RenderEnvOperator.update_render_env": "data=None render_env=None",
    "RenderEnvOperator.get_render_env": "name=None cg_names=None os_name=1",
    "TransmitOperator.upload_json_content": "task_id content file_name='task.json'",
    "TransmitOperator.get_output_files": "task_id=None tree_path='/'",
}
CLASSES = {cls.__name__: cls for cls in METHODS}


@pytest.mark.parametrize("module", IMPORTS)
def test_what_scripts_import_is_there(module: str) -> None:
    found = importlib.import_module(module)
    assert [name for name in IMPORTS[module].split() if not hasattr(found, name)] == []


@pytest.mark.parametrize("cls", METHODS, ids=lambda cls: cls.__name__)
def test_what_scripts_call_is_there(cls: type) -> None:
    assert sorted(name for name in dir(cls) if not name.startswith("_")) == sorted(METHODS[cls].split())


@pytest.mark.parametrize("name", SIGNATURES)
def test_arguments_have_their_names_order_and_defaults(name: str) -> None:
    cls, _, method = name.partition(".")
    parameters = list(inspect.signature(getattr(CLASSES[cls], method)).parameters.values())[1:]
    empty = inspect.Parameter.empty
    found = [each.name if each.default is empty else f"{each.name}={each.default!r}" for each in parameters]
    assert " ".join(found) == SIGNATURES[name]


def test_there_is_a_path_for_every_call() -> None:
    assert len(ApiUrl) == 49
    assert all(str(each).startswith("/api/render") for each in ApiUrl)
