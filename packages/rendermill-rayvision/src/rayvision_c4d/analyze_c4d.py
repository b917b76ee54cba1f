"""Analysing Cinema 4D scenes."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Self

from rendermill.scenes.report import SceneReport
from rendermill_rayvision.analysis import ProjectAnalysis
from rendermill_rayvision.application import Application
from rendermill_rayvision.jsonfile import StrPath
from rendermill_rayvision.logs import Log
from rendermill_rayvision.values import frames_text, size_text


class AnalyzeC4d(ProjectAnalysis):
    """The analysis of a Cinema 4D scene, of whose content only a part is known."""

    application = Application("cinema4d", "2005", opens_older=True, tells_renderables=False)

    def __init__(
        self,
        cg_file: StrPath,
        software_version: str | None,
        project_name: str | None,
        plugin_config: Mapping[str, str] | None,
        render_software: str = "CINEMA 4D",
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

    def analyse(self, exe_path: StrPath | bool = "", no_upload: StrPath | bool = False) -> Self:
        """Read the scene and write its files; with ``no_upload`` not upload.json. Raises AnalyseFailError.

        ``exe_path`` is not needed.
        """
        return self._analyse(exe_path, no_upload)

    def _scene_info(self, report: SceneReport) -> dict[str, Any]:
        """What little a scene tells without its application; the rest is empty."""
        frames = report.renderables[0].frames if report.renderables else report.frames
        rate = str(frames.fps) if frames else ""
        return {
            "renderer": {"name": report.renderer},
            "common": {
                "frames": frames_text(frames),
                "fps": rate,
                "frame_rate": rate,
                **size_text(report.resolution),
                "all_camera": list(report.cameras),
                "saved_version": report.software.version,
            },
        }
