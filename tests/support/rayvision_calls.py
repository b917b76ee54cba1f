"""Every call of the Rayvision SDK's operators, with arguments that a farm takes; a server that writes calls down."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Call:
    """A call by the SDK's own name, ``query.task_info``; without ``args`` it is an attribute."""

    name: str
    args: tuple[Any, ...] | None = ()
    kwargs: dict[str, Any] = field(default_factory=dict)

    def make(self, api: Any) -> Any:
        """What the call gives."""
        found = api
        for part in self.name.split("."):
            found = getattr(found, part)
        return found if self.args is None else found(*self.args, **self.kwargs)


def every_call(task: int, frame: int, draft: int) -> list[Call]:
    """Calls about a task of Houdini that has frames ``1`` and ``2``; ``frame`` is the number of one of them,
    ``draft`` that of a task that is not submitted yet.

    They may be made one after another: what is removed is not used again.
    """
    environment = {
        "cgId": 2004,
        "cgName": "Houdini",
        "cgVersion": "17.5",
        "editName": "fx",
        "renderSystem": 0,
        "pluginIds": [],
    }
    return [
        Call("get_user_id"),
        Call("user.user_id", None),
        Call("user.query_user_profile"),
        Call("user.query_user_setting"),
        Call("user.update_user_settings", (3600,)),
        Call("user.get_transfer_bid"),
        Call("user.get_hardware_config"),
        Call("user.get_hardware_config", ([task],)),
        Call("user.task_record", (1, 5, "2026-01-01", "2036-01-01")),
        Call("user.login_record"),
        Call("query.platforms"),
        Call("query.supported_software"),
        Call("query.supported_plugin", ("houdini",)),
        Call("query.supported_plugin", ("3ds max", "windows")),
        Call("query.error_detail", ("50001",)),
        Call("query.error_detail", (None, ["50001", "15013"], "1")),
        Call("query.get_raysync_user_key"),
        Call("query.get_pack_node_info"),
        Call("query.get_task_list"),
        Call("query.get_task_list", (1, 10, [0, 5], "shot", "2026-01-01 00:00:00", "2036-01-01 00:00:00")),
        Call("query.get_task_list", (), {"recycle_flag": 1}),
        Call("query.task_info", ([task],)),
        Call("query.get_small_task_id", (task,)),
        Call("query.get_task_processing_img", (task,)),
        Call("query.get_task_processing_img", (task, 5)),
        Call("query.task_frames", (task,)),
        Call("query.task_frames", (task, 1, 10, "2")),
        Call("query.get_all_frames", (task,)),
        Call("query.all_frame_status"),
        Call("query.get_frame_thumbnall", (frame,)),
        Call("query.get_render_log", (), {"frame_id": frame}),
        Call("query.restart_failed_frames", ([task],)),
        Call("query.restart_failed_frames", ([task], [3, 5])),
        Call("query.restart_frame", (task,)),
        Call("query.restart_frame", (task, 1, None, [4])),
        Call("query.restart_frame", (task, 0, [frame])),
        Call("query.get_custome_frames", (task, ["1", "2"])),
        Call("query.stop_frame", (task, 0, [frame])),
        Call("query.frame_number_to_stop", (task, ["2"])),
        Call("query.stop_frame", (task,)),
        Call("tag.add_label", ("river",)),
        Call("tag.add_label", ("dam", 0)),
        Call("tag.get_label_list"),
        Call("tag.get_project_list"),
        Call("tag.get_list"),
        Call("tag.get_list", (2,)),
        Call("check_and_add_project_name", ("dam",)),
        Call("tag.delete_label", ("river",)),
        Call("tag.add_task_tag", ("late", [task])),
        Call("tag.delete_task_tag", ([task], ["late"])),
        Call("tag.delete_task_tag", ([task], ["late"], [1])),
        Call("env.add_render_env", (environment,)),
        Call("env.update_render_env", ({**environment, "cgVersion": "18.5"},)),
        Call("env.set_default_render_env", ("fx",)),
        Call("env.get_render_env"),
        Call("env.delete_render_env", ("fx",)),
        Call("task.create_task"),
        Call("task.create_task", (2, 60), {"labels": ["late"], "clone_original_id": task, "artist": "mary"}),
        Call("task.task_id", None),
        Call("task.update_priority", (task, 60)),
        Call("task.set_task_overtime_top", ([task], 7200)),
        Call("task.update_task_limit", (task, 3)),
        Call("task.edit_task_hardware_config", ([task], [1], "Default", "", "64GB")),
        Call("task.full_speed", ([task],)),
        Call("task.submit_task", (task,)),
        Call("task.submit_task", (task, "mary", True)),
        Call("submit", (task, "mary")),
        Call("transmit.upload_json_content", (draft, '{"task_info": {}}')),
        Call("transmit.upload_json_content", (draft, '{"asset": "木"}', "upload.json")),
        Call("transmit.get_transfer_config"),
        Call("transmit.get_output_files"),
        Call("transmit.get_output_files", (task,)),
        Call("task.stop_task", ([task],)),
        Call("task.start_task", ([task],)),
        Call("task.abort_task", ([task],)),
        Call("task.delete_task", ([task],)),
    ]


DIFFERENT = [
    Call("env.get_render_env", (None, ["houdini", "maya"])),
    Call("env.get_render_env", ("houdini",)),
    Call("query.get_transfer_server_msg"),
    Call("task.new_task_id"),
    Call("task.update_task_level", (501, 50)),
]
"""Calls that the published SDK does not have, or makes otherwise: it sends text for numbers, and the other zone."""


# --- a server that writes calls down -----------------------------------------------------------------------------

_PROJECTS = {"projectNameList": [{"projectId": 3, "projectName": "dam"}]}
_ANSWERS: dict[str, Any] = {
    "/queryUserProfile": {"userId": 7, "userName": "ann", "platform": 9, "shareMainCapital": 0, "mainUserId": 0},
    "/queryUserSetting": {"taskOverTimeSec": 0},
    "/getBid": {"config_bid": "1", "input_bid": "2", "output_bid": "3", "parent_input_bid": None},
    "/createTask": {"taskIdList": [501], "aliasTaskIdList": ["2W501"], "userId": 7},
    "/project/list": _PROJECTS,
    "/project/getList": _PROJECTS,
    "/queryTaskInfo/v2": {"items": [{"id": 501, "respRenderingTaskList": [{"id": 502}, {"id": 503}]}]},
}
_FRAMES = [{"id": 11, "frameIndex": "1"}, {"id": 12, "frameIndex": "2"}]
_LISTS = ("/list", "/queryPlatforms", "Detail", "/getUserPackNodeInfo", "Thumbnail", "PluginConfig", "UserDirFile")


@dataclass
class Recorder:
    """What was called: path, body, headers. ``domain`` is where."""

    domain: str
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def take(self) -> list[tuple[str, dict[str, Any]]]:
        """The calls since this was asked last."""
        taken, self.calls = self.calls, []
        return taken

    def answer(self, path: str, body: dict[str, Any]) -> Any:
        """Data that fits a call."""
        if path.endswith("/queryTaskFrames"):
            return {"items": _FRAMES if body.get("pageNum") == 1 else []}
        known = next((data for end, data in _ANSWERS.items() if path.endswith(end)), None)
        return known if known is not None else [] if path.endswith(_LISTS) else {}


@contextmanager
def recording() -> Iterator[Recorder]:
    """A server of this machine that answers every call and knows no keys."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            recorder.calls.append((self.path, body))
            recorder.headers.append(dict(self.headers))
            data = {"code": 200, "message": "success", "data": recorder.answer(self.path, body)}
            content = json.dumps(data).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
            """Nothing: the test looks at the calls."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        recorder = Recorder(f"127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield recorder
        finally:
            server.shutdown()
            thread.join()
