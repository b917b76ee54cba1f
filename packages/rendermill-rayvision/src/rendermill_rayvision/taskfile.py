"""task.json: the application, the settings of a task with their defaults, and what is to be rendered."""

from __future__ import annotations

import copy
from typing import Any

_DEFAULTS: dict[str, Any] = {
    "enable_layered": "0",
    "input_cg_file": "",
    "is_picture": "0",
    "task_id": "",
    "frames_per_task": "1",
    "pre_frames": "000",
    "job_stop_time": "259200",
    "task_stop_time": "0",
    "time_out": "43200",
    "stop_after_test": "2",
    "project_name": "",
    "project_id": "",
    "channel": "4",
    "cg_id": "",
    "platform": "",
    "tiles_type": "block",
    "tiles": "1",
    "is_layer_rendering": "1",
    "is_distribute_render": "0",
    "distribute_render_node": "3",
    "input_project_path": "",
    "render_layer_type": "0",
    "user_id": "",
    "os_name": "1",
    "ram": "64",
    "hardwareConfigId": "",
    "hardwareConfigIds": [],
    "graphics_cards_num": "2",
}
"""Scripts change only what is there, so everything is; the numbers of task, user and project are filled in later."""


def task_file(software: dict[str, Any], settings: dict[str, str], scene_info: dict[str, Any]) -> dict[str, Any]:
    """The content of task.json, nothing of which is shared with that of another analysis.

    ``scene_info`` is what the analysis found, ``scene_info_render`` what will be rendered: the same, until the script
    changes it. There are no ``layers``, which would overrule it.
    """
    return {
        "software_config": copy.deepcopy(software),
        "task_info": {**copy.deepcopy(_DEFAULTS), **settings},
        "scene_info": copy.deepcopy(scene_info),
        "scene_info_render": copy.deepcopy(scene_info),
        "additional_info": {},
    }
