"""Analysing 3ds Max scenes."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any, Self

from rendermill.scenes.report import SceneReport
from rendermill_rayvision.analysis import Analysis
from rendermill_rayvision.application import Application
from rendermill_rayvision.jsonfile import StrPath
from rendermill_rayvision.logs import Log
from rendermill_rayvision.values import first_shown, frames_text, size_text


class AnalyseMax(Analysis):
    """The analysis of a 3ds Max scene, of whose content only a part is known.

    ``renderable_camera`` names the cameras to render through.
    """

    application = Application("3ds-max", "2001", opens_older=True)

    def __init__(
        self,
        cg_file: StrPath,
        software_version: str | None,
        project_name: str | None,
        plugin_config: Mapping[str, str] | None,
        workspace: StrPath | None = None,
        max_exe_path: StrPath | None = None,
        renderable_camera: Iterable[str] | None = None,
        render_software: str = "3ds Max",
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
            "windows",  # it renders nowhere else
            workspace,
            max_exe_path,
            platform,
            Log(logger, log_folder, log_name, log_level),
        )
        self.cgfile = self.cg_file
        self.max_exe_path = max_exe_path
        self.renderable_camera = list(renderable_camera or [])

    def analyse(self, no_upload: bool = False) -> Self:
        """Read the scene and write its files; with ``no_upload`` not upload.json. Raises AnalyseFailError."""
        return self._analyse(no_upload)

    def _own_settings(self, report: SceneReport) -> dict[str, str]:  # noqa: ARG002 - it is always so
        return {"version": "2"}

    def _scene_info(self, report: SceneReport) -> dict[str, Any]:
        """What the scene tells without its application; the rest is empty."""
        shown = first_shown(report)
        frames = shown.frames if shown else report.frames
        output = PurePosixPath((shown.output if shown else "").replace("\\", "/"))
        return {
            "renderer": {"name": report.renderer},
            "common": {
                "frames": frames_text(frames),
                "animation_range": frames_text(report.frames).partition("[")[0],
                **size_text(shown.resolution if shown else report.resolution),
                "all_camera": list(report.cameras),
                "renderable_camera": self._cameras(report),
                "output_file": shown.output if shown else "",
                "output_file_basename": output.stem,
                "output_file_type": output.suffix,
                "is_picture": "0",
                "cgv": report.software.version,
            },
        }

    def _cameras(self, report: SceneReport) -> list[str]:
        for name in self.renderable_camera:
            if name not in report.cameras:
                self.logger.warning("%s has no camera %s", self.cg_file, name)
        return [name for name in self.renderable_camera if name in report.cameras]
