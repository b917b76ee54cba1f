"""Analysing Katana scenes."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Self

from rendermill.scenes.report import SceneReport
from rendermill_rayvision.analysis import ProjectAnalysis
from rendermill_rayvision.application import Application
from rendermill_rayvision.jsonfile import StrPath
from rendermill_rayvision.logs import Log
from rendermill_rayvision.values import flag, frames_text


class AnalyzeKatana(ProjectAnalysis):
    """The analysis of a Katana scene."""

    application = Application("katana", "2016", version_parts=2, opens_older=True)

    def __init__(
        self,
        cg_file: StrPath,
        software_version: str | None,
        project_name: str | None,
        plugin_config: Mapping[str, str] | None,
        render_software: str = "Katana",
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
        self.input_project_path = input_project_path or ""

    def analyse(self, exe_path: StrPath | bool = "", no_upload: StrPath | bool = False) -> Self:
        """Read the scene and write its files; with ``no_upload`` not upload.json. Raises AnalyseFailError.

        ``exe_path`` is not needed.
        """
        return self._analyse(exe_path, no_upload)

    def _scene_info(self, report: SceneReport) -> dict[str, Any]:
        """The render nodes by their names."""
        return {
            "rendernodes": {
                each.name: {
                    "aov": {},
                    "frames": frames_text(each.frames),
                    "denoise": "0",
                    "renderable": flag(each.enabled),
                }
                for each in report.renderables
            }
        }
