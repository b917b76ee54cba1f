"""Analysing Blender scenes."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any, Self

from rendermill.scenes.report import SceneReport
from rendermill_rayvision import tips
from rendermill_rayvision.analysis import ProjectAnalysis
from rendermill_rayvision.application import Application
from rendermill_rayvision.jsonfile import StrPath
from rendermill_rayvision.logs import Log
from rendermill_rayvision.values import first_shown, frames_text, size_text, whole

_MOVIES = ("AVI_RAW", "AVI_JPEG", "FFMPEG", "H264", "XVID", "THEORA", "QUICKTIME", "FRAMESERVER")
"""Blender's formats that are one file for all frames."""


class AnalyzeBlender(ProjectAnalysis):
    """The analysis of a Blender scene."""

    application = Application("blender", "2007", version_parts=2, opens_older=True)

    def __init__(
        self,
        cg_file: StrPath,
        software_version: str | None,
        project_name: str | None,
        plugin_config: Mapping[str, str] | None,
        render_software: str = "Blender",
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
        """The scene that the file opens with. Of several cameras, which take turns, none is named."""
        shown = first_shown(report)
        return {
            "common": {
                "frames": frames_text(shown.frames if shown else report.frames),
                **size_text(shown.resolution if shown else report.resolution),
                "Render_Format": shown.format if shown else "",
                "scene_name": [shown.scene] if shown and shown.scene else [],
                "camera_name": shown.cameras[0] if shown and len(shown.cameras) == 1 else "",
                "Output_path": shown.output if shown else "",
            }
        }

    def _own_tips(self, report: SceneReport) -> Iterator[tips.Tip]:
        shown = first_shown(report)
        if shown is None:
            return
        if shown.format.upper() in _MOVIES:
            yield tips.BLENDER_MOVIE, f"{self.cg_file} renders to {shown.format}, which is a movie"
        if whole(shown.frames.step) > 1:
            yield tips.BLENDER_STEP, f"{self.cg_file} renders every {whole(shown.frames.step)}th frame"
        if not shown.cameras:
            yield tips.BLENDER_NO_CAMERA, f"{self.cg_file} has no active camera in {shown.scene}"
