"""Numbers of applications, and which settings of a task scripts may change."""

from __future__ import annotations

from rendermill.farm.model.errors import BadInputError

PACKAGE_NAME = "rayvision_api"

DCC_ID_MAPPINGS = {
    "maya": "2000",
    "3ds max": "2001",
    "lightwave": "2002",
    "arnold": "2003",
    "houdini": "2004",
    "cinema4d": "2005",
    "softimage": "2006",
    "blender": "2007",
    "vr_standalone": "2008",
    "mr_standalone": "2009",
    "sketchup": "2010",
    "vue": "2011",
    "keyshot": "2012",
    "clarisse": "2013",
    "octane_render": "2014",
    "nuke": "2015",
    "katana": "2016",
    "unreal engine": "2020",
}
"""The API's numbers of applications, as text."""

MODIFIABLE_PARAM = [
    "pre_frames",
    "input_cg_file",
    "frames_per_task",
    "test_frames",
    "job_stop_time",
    "task_stop_time",
    "time_out",
    "stop_after_test",
    "tiles_type",
    "tiles",
    "is_layer_rendering",
    "is_distribute_render",
    "distribute_render_node",
    "input_project_path",
    "render_layer_type",
    "os_name",
    "ram",
    "enable_layered",
]
"""Settings of ``task_info`` that scripts may change. Numbers among them become text when a task is checked."""


def cg_id(name: str) -> int:
    """The number of an application, however its name is written. Raises BadInputError."""
    try:
        return int(DCC_ID_MAPPINGS[name.lower()])
    except KeyError:
        remedy = f"One of {', '.join(DCC_ID_MAPPINGS)}."
        raise BadInputError(f"{name!r} is no application of the API", where="name", remedy=remedy) from None
