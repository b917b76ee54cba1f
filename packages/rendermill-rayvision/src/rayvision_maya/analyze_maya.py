"""Analysing Maya scenes."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, Self

from rendermill.scenes.report import Renderable, SceneReport
from rendermill_rayvision import tips
from rendermill_rayvision.analysis import ProjectAnalysis
from rendermill_rayvision.application import Application
from rendermill_rayvision.jsonfile import StrPath
from rendermill_rayvision.logs import Log
from rendermill_rayvision.values import detail, flag, frames_text, size_text, whole

_HAVE_CAMERAS = (".ma", ".mb", ".abc", ".fbx", ".usd", ".usda", ".usdc", ".usdz")
"""Files that a scene may take its cameras from."""


class AnalyzeMaya(ProjectAnalysis):
    """The analysis of a Maya scene, ASCII or binary."""

    application = Application("maya", "2000")

    def __init__(
        self,
        cg_file: StrPath,
        software_version: str | None,
        project_name: str | None,
        plugin_config: Mapping[str, str] | None,
        render_software: str = "Maya",
        render_layer_type: str = "0",
        input_project_path: str | None = None,
        local_os: str | None = None,
        workspace: StrPath | None = None,
        custom_exe_path: StrPath | None = None,
        platform: str = "2",
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
        self.render_layer_type = str(render_layer_type)
        self.input_project_path = input_project_path or ""

    def analyse(self, no_upload: StrPath | bool = False, exe_path: StrPath | bool = "") -> Self:
        """Read the scene and write its files; with ``no_upload`` not upload.json. Raises AnalyseFailError.

        ``exe_path`` is not needed.
        """
        return self._analyse(no_upload, exe_path)

    def _own_settings(self, report: SceneReport) -> dict[str, str]:
        """Layers of Render Setup are told by the scene, whatever a script says."""
        has_setup = any(each.details.get("layer_type") == "1" for each in report.renderables)
        return super()._own_settings(report) | ({"render_layer_type": "1"} if has_setup else {})

    def _scene_info(self, report: SceneReport) -> dict[str, Any]:
        """The layers by their names."""
        return {each.name: _layer(each, report.cameras) for each in report.renderables}

    def _own_tips(self, report: SceneReport) -> Iterator[tips.Tip]:
        """That no camera renders; unless one may come with a file that the scene refers to."""
        suffixes = {PurePosixPath(use.resolved or use.path).suffix.lower() for use in report.files}
        layers = [each for each in report.renderables if each.enabled]
        if layers and not any(each.cameras for each in layers) and not suffixes & set(_HAVE_CAMERAS):
            yield tips.NO_CAMERA, f"{self.cg_file} has no camera that renders"


def _layer(layer: Renderable, cameras: tuple[str, ...]) -> dict[str, Any]:
    frames = layer.frames
    return {
        "renderable": flag(layer.enabled),
        "is_default_camera": flag(layer.details.get("is_default_camera", True)),
        "env": {},
        "option": "",
        "common": {
            "renderer": layer.renderer,
            "frames": frames_text(frames),
            "start": str(whole(frames.start)),
            "end": str(whole(frames.end)),
            "by_frame": str(max(1, whole(frames.step))),
            **size_text(layer.resolution),
            "image_format": detail(layer, "image_format"),
            "image_file_prefix": detail(layer, "image_file_prefix"),
            "all_camera": list(layer.details.get("all_camera", cameras)),
            "render_camera": list(layer.details.get("render_camera", layer.cameras)),
            "animation": str(bool(layer.details.get("animation"))),
            "renumber_frames": str(bool(layer.details.get("renumber_frames"))),
        },
    }
