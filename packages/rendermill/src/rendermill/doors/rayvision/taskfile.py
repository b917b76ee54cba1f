"""task.json: what it may hold, and what each field comes to. A field is honoured, or the submission is refused."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from rendermill.doors.rayvision.codes import invalid, missing
from rendermill.doors.rayvision.json_text import parse_object
from rendermill.doors.rayvision.software import SOFTWARE, Software
from rendermill.farm.model.errors import RendermillError

MAX_INFO = 64 * 1024
UNKNOWN_FIELD = "this farm does not know the field and would not honour it"
_VERSION = re.compile(r"\d+")


def _text(value: object) -> object:
    """Clients write every leaf as text; some leave numbers as they were, or null."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    return str(value) if isinstance(value, int | float) else value


def _number(value: object) -> object:
    text = _text(value)
    if isinstance(text, str) and re.fullmatch(r"-?\d{1,12}", text.strip(), re.ASCII):
        return int(text)
    return text


def _listed(value: object) -> object:
    return [] if value in (None, "") else value


def _mapped(value: object) -> object:
    return {} if value in (None, "") else value


def _optional_number(value: object) -> object:
    return None if _text(value) == "" else _number(value)


Text = Annotated[str, BeforeValidator(_text)]
Short = Annotated[Text, Field(max_length=1024)]
Number = Annotated[int, BeforeValidator(_number)]
OptionalNumber = Annotated[int | None, BeforeValidator(_optional_number)]
Object = Annotated[dict[str, Any], BeforeValidator(_mapped)]
Flags = Annotated[Short, AfterValidator(lambda text: text or "000")]
Seconds = Annotated[Number, Field(ge=0, le=100_000_000)]
Flag = Annotated[Literal["0", "1"], BeforeValidator(_text)]
Off = Annotated[Literal["0", ""], BeforeValidator(_text)]
OneOrEmpty = Annotated[Literal["1", ""], BeforeValidator(_text)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SoftwareConfig(_Part):
    """``software_config``: the application, its version, its plug-ins."""

    cg_name: Short
    cg_version: Short
    plugins: Annotated[dict[str, Short], BeforeValidator(_mapped), Field(max_length=200)] = {}


class TaskInfo(_Part):
    """``task_info``. What is not here, or has another value than these, is refused."""

    input_cg_file: Annotated[Short, Field(min_length=1)]
    cg_id: Number
    input_project_path: Short = ""
    task_id: OptionalNumber = None
    user_id: OptionalNumber = None
    project_id: OptionalNumber = None
    project_name: Short = ""
    platform: OptionalNumber = None
    channel: Annotated[Literal["1", "2", "3", "4", "8", ""], BeforeValidator(_text)] = "4"
    os_name: Annotated[Flag, Field(description="how the scene's paths are written")] = "1"
    ram: Annotated[Number, Field(ge=1, le=4096)] = 64
    pre_frames: Flags = "000"
    test_frames: Flags = "000"
    frames_per_task: Annotated[Number, Field(ge=1, le=10_000)] = 1
    job_stop_time: Seconds = 0
    task_stop_time: Seconds = 0
    time_out: Seconds = 0
    stop_after_test: Annotated[Literal["1", "2", ""], BeforeValidator(_text)] = "2"
    tiles_type: Annotated[Literal["block", "strip", ""], BeforeValidator(_text)] = "block"
    tiles: OneOrEmpty = "1"
    is_layer_rendering: Flag = "1"
    enable_layered: Flag = "0"
    is_distribute_render: Off = "0"
    distribute_render_node: Short = "3"
    render_layer_type: Flag = "0"
    is_picture: Flag = "0"
    hardwareConfigId: OptionalNumber = None
    hardwareConfigIds: Annotated[list[Number], BeforeValidator(_listed), Field(max_length=1000)] = []
    graphics_cards_num: Annotated[Number, Field(ge=1, le=16)] = 2
    clone_original_id: OptionalNumber = None
    edit_name: Short = ""
    multi_node: Off = "0"
    geo_node_dependency: Flag = "0"
    pack_node_id: Off = ""
    concurrent_tasks: OneOrEmpty = "1"
    version: Short = ""


class TaskFile(_Part):
    """All of task.json."""

    software_config: SoftwareConfig
    task_info: TaskInfo
    scene_info: Any = None
    scene_info_render: Object = {}
    layers: list[Short] | None = Field(default=None, max_length=1000)
    additional_info: Object = {}

    @property
    def software(self) -> Software:
        """The application (checked by :func:`read_task_file`)."""
        return SOFTWARE[self.task_info.cg_id]

    @property
    def version(self) -> str:
        """The application's version; of Blender's only the first two parts, by which it is installed."""
        text = self.software_config.cg_version.strip()
        parts = text.split(".")
        if self.software.name == "blender" and len(parts) > 2 and all(map(_VERSION.fullmatch, parts)):
            return ".".join(parts[:2])
        return text


def read_task_file(content: bytes) -> TaskFile:
    """What a task.json says. Raises BadInputError, MissingFieldError. 601 or 600, naming the field."""
    found = parse_object(content, "task.json")
    try:
        made = TaskFile.model_validate(found)
    except ValidationError as error:
        raise _refusal(error) from error
    _check(made)
    return made


def _check(made: TaskFile) -> None:
    info = made.task_info
    if info.cg_id not in SOFTWARE:
        listed = ", ".join(f"{number} {each.title}" for number, each in SOFTWARE.items())
        raise invalid("task_info.cg_id", f"there is no application {info.cg_id}", f"One of {listed}.")
    if not made.software_config.cg_version.strip():
        raise invalid("software_config.cg_version", "it is empty")
    named = made.software_config.cg_name
    if not made.software.is_called(named):
        what = f"{named[:100]!r} is not {made.software.title}, which is cg_id {info.cg_id}"
        raise invalid("software_config.cg_name", what)
    if made.layers and made.software.name != "maya":
        raise invalid(
            "layers", f"{made.software.title} has none that can be chosen here", "Choose in scene_info_render."
        )
    if len(json.dumps(made.additional_info)) > MAX_INFO:
        raise invalid("additional_info", f"it is over {MAX_INFO} bytes")
    if info.pre_frames != info.test_frames and "000" not in (info.pre_frames, info.test_frames):
        raise invalid("task_info.test_frames", "it means the same as pre_frames and says something else")


_HINTS = {
    "tiles": "Frames are not cut into tiles here.",
    "is_distribute_render": "One frame is rendered by one machine here.",
    "multi_node": "One simulation is run by one machine here.",
    "pack_node_id": "There are no packages of machines here.",
    "concurrent_tasks": "The farm decides how many frames a machine renders at a time.",
}


def _refusal(error: ValidationError) -> RendermillError:
    problem = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(str(part) for part in problem["loc"])[:200]
    if problem["type"] == "missing":
        return missing(where)
    name = str(problem["loc"][-1])
    if problem["type"] == "extra_forbidden":
        return invalid(where, UNKNOWN_FIELD, "Leave it out.")
    return invalid(where, problem["msg"], _HINTS.get(name))
