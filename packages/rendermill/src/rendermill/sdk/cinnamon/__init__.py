"""A small client of Cinnamon servers, ours and original ones, and what a program needs to work on a render task."""

from rendermill.farm.model.errors import CinnamonError
from rendermill.sdk.cinnamon.client import RENDER_INPUT, RENDER_OUTPUT, Cinnamon
from rendermill.sdk.cinnamon.tasks import RenderTask, TaskStates, format_of, read_input
from rendermill.sdk.cinnamon.values import Folder, Format, Lifecycle, Object, State, User

__all__ = [
    "RENDER_INPUT",
    "RENDER_OUTPUT",
    "Cinnamon",
    "CinnamonError",
    "Folder",
    "Format",
    "Lifecycle",
    "Object",
    "RenderTask",
    "State",
    "TaskStates",
    "User",
    "format_of",
    "read_input",
]
