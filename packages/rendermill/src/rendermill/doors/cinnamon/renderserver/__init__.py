"""The RenderServer that is built in: it works on the render tasks of the farm's own repositories."""

from __future__ import annotations

from collections.abc import Mapping

from rendermill.doors.cinnamon.renderserver.blender import BlenderPlugin
from rendermill.doors.cinnamon.renderserver.encode import EncodePlugin
from rendermill.doors.cinnamon.renderserver.plugins import Plugin

#: Every plug-in, by the renderTaskName that picks it.
PLUGINS: Mapping[str, Plugin] = {"blender": BlenderPlugin(), "encode": EncodePlugin()}
