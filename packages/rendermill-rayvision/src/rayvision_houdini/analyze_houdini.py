"""Analysing Houdini scenes."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from rendermill.scenes.read import read_scene
from rendermill.scenes.report import FileUse, FrameRange, Renderable, SceneReport, State
from rendermill_rayvision import tips
from rendermill_rayvision.analysis import Analysis
from rendermill_rayvision.application import Application
from rendermill_rayvision.jsonfile import StrPath
from rendermill_rayvision.learned import database_folder, parameter_names, remember
from rendermill_rayvision.logs import Log
from rendermill_rayvision.values import detail, flag, frames_text, size_text

_SIMULATION = {
    "output_driver": "output_driver",
    "output_file": "output_file",
    "sliceType": "sliceType",
    "simControlName": "simControlName",
    "num_slices": "num_slices",
    "cluster_filter": "cluster_node",
}
"""What task.json tells of a distributed simulation, by the names that scene reports have for it."""
_SLICE_TYPES = ("particle", "volume", "cluster")


class AnalyzeHoudini(Analysis):
    """The analysis of a Houdini scene.

    ``custom_db_path`` is the folder of a database of parameter names (:mod:`rendermill_rayvision.learned`); what was
    read of scenes is kept in it too, and read again only when the scene or a file that it names has changed.
    """

    application = Application("houdini", "2004", version_parts=2)

    def __init__(
        self,
        cg_file: StrPath,
        software_version: str | None,
        project_name: str | None = None,
        plugin_config: Mapping[str, str] | None = None,
        render_software: str = "Houdini",
        local_os: str | None = None,
        workspace: StrPath | None = None,
        custom_exe_path: StrPath | None = None,
        platform: str = "2",
        custom_db_path: StrPath | None = None,
        logger: logging.Logger | None = None,
        log_folder: StrPath | None = None,
        log_name: str | None = None,
        log_level: str = "DEBUG",
    ) -> None:
        super().__init__(
            cg_file,
            software_version,
            project_name,
            plugin_config,
            render_software,
            local_os,
            workspace,
            custom_exe_path,
            platform,
            Log(logger, log_folder, log_name, log_level),
        )
        self.custom_db_path = custom_db_path

    def analyse(self, exe_path: StrPath | bool = "", no_upload: StrPath | bool = False) -> Self:
        """Read the scene and write its files; with ``no_upload`` not upload.json. Raises AnalyseFailError.

        The arguments may stand in either order, as in versions of the SDK. ``exe_path`` is not needed.
        """
        return self._analyse(exe_path, no_upload)

    def _report(self, scene: Path) -> SceneReport:
        folder = database_folder(self.custom_db_path)
        report = read_scene(scene, cache=folder / "reports")
        try:
            remember(folder, parameter_names(report))
        except (sqlite3.Error, OSError) as error:  # what it would have learned is no part of the analysis
            self.logger.warning("%s: cannot be written: %s", folder, error)
        return report

    # --- task.json -----------------------------------------------------------------------------------------------

    def _scene_info(self, report: SceneReport) -> dict[str, Any]:
        """``rop_node`` are rendered; nodes that write geometry, and simulations, are off until a script wants them."""
        return {
            "rop_node": [_rop(each) for each in _of_role(report, "render")],
            "geo_node": [_geometry(each) for each in _of_role(report, "geometry")],
            "distributedsim_node": [_simulation(each) for each in _of_role(report, "simulation")],
        }

    # --- asset.json ----------------------------------------------------------------------------------------------

    def _more_assets(self, report: SceneReport) -> dict[str, Any]:
        """What older versions of the SDK had: the files by their nodes, ``{node: [as written, [files]]}``, and cameras.

        A node's second file has its parameter behind the node.
        """
        return {
            "Normal": _by_node(report, missing=False),
            "Miss": _by_node(report, missing=True),
            "camera": _cameras(report),
        }

    # --- tips.json -----------------------------------------------------------------------------------------------

    def _missing_code(self, use: FileUse) -> str:  # noqa: ARG002 - whatever it is
        return tips.HOUDINI_FILE_MISSING

    def _own_tips(self, report: SceneReport) -> Iterator[tips.Tip]:
        if not report.renderables:
            yield tips.HOUDINI_NOTHING_TO_RENDER, f"{self.cg_file} has no node that renders"
        yield from _camera_tips(report)
        for node in _of_role(report, "simulation"):
            kind, slices = detail(node, "sliceType"), detail(node, "num_slices")
            if kind.isalpha() and kind not in _SLICE_TYPES:
                yield tips.HOUDINI_SLICE_TYPE, f"{node.name}  slice type: {kind}"
            if slices.isdecimal() and int(slices[:9]) > tips.MOST_SLICES:
                yield tips.HOUDINI_SLICES, f"{node.name}  slices: {slices}, {tips.MOST_SLICES} at most"


def _of_role(report: SceneReport, role: str) -> list[Renderable]:
    return [each for each in report.renderables if each.details.get("role") == role]


def _rop(node: Renderable) -> dict[str, str]:
    return {
        "node": node.name,
        "frames": _stored_frames(node),
        "option": "-1",
        "render": flag(node.enabled),
        "camera": node.cameras[0] if node.cameras else "",
        **size_text(node.resolution),
    }


def _geometry(node: Renderable) -> dict[str, str]:
    return {"node": node.name, "frames": _stored_frames(node), "option": "0", "render": "0"}


def _simulation(node: Renderable) -> dict[str, Any]:
    known = {name: detail(node, own) for name, own in _SIMULATION.items() if own in node.details}
    slices = [str(each) for each in node.details.get("slicediv", [])]
    return {
        "node": node.name,
        **known,
        **({"slicediv": slices} if slices else {}),
        "frames": frames_text(node.frames),
        "option": "1",
        "render": "0",
    }


def _stored_frames(node: Renderable) -> str:
    """The range that a node stores, whether or not it is switched on: the SDK's analysis takes that one."""
    start, end, step = node.details.get("f") or (node.frames.start, node.frames.end, node.frames.step)
    return frames_text(FrameRange(start, end, step, node.frames.fps))


def _camera_tips(report: SceneReport) -> Iterator[tips.Tip]:
    """Cameras of render nodes that the scene does not have; an error if no node has its camera."""
    nodes = [node for node in _of_role(report, "render") if node.enabled and node.cameras]
    blind = [node for node in nodes if node.details.get("missing_camera")]
    none_left = len(blind) == len(nodes) and not report.damage
    for node in blind:
        code = tips.HOUDINI_NO_CAMERA if none_left else tips.HOUDINI_CAMERA_MISSING
        yield code, f"{node.name}  camera: {node.cameras[0]} is not in the scene"


def _cameras(report: SceneReport) -> dict[str, list[str]]:
    """The cameras of render nodes: those in the scene, and those that are not. No two files are compared (``diff``)."""
    found: dict[str, dict[str, None]] = {"normal": {}, "diff": {}, "miss": {}}
    for node in _of_role(report, "render"):
        found["miss" if node.details.get("missing_camera") else "normal"].update(dict.fromkeys(node.cameras))
    return {state: list(names) for state, names in found.items()}


def _by_node(report: SceneReport, *, missing: bool) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for use in report.files:
        if (use.state is State.MISSING) if missing else use.files:
            for user in use.used_by.split(", "):
                node, _, parameter = user.partition(" ")  # of a digital asset only the name
                name = f"{node}/{parameter}" if parameter and node in found else node
                found[name] = [use.path, [use.resolved] if missing else list(use.files)]
    return found
