"""Analysing Clarisse projects."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any, Self

from rendermill.scenes.report import Renderable, SceneReport
from rendermill_rayvision import tips
from rendermill_rayvision.analysis import Analysis
from rendermill_rayvision.application import Application
from rendermill_rayvision.jsonfile import StrPath
from rendermill_rayvision.logs import Log
from rendermill_rayvision.values import detail, flag, frames_text, size_text


class AnalyzeClarisse(Analysis):
    """The analysis of a Clarisse project."""

    application = Application("clarisse", "2013", opens_older=True)

    def __init__(
        self,
        cg_file: StrPath,
        software_version: str | None,
        project_name: str | None = None,
        plugin_config: Mapping[str, str] | None = None,
        render_software: str = "Clarisse",
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

    def analyse(self, no_upload: bool = False) -> Self:
        """Read the project and write its files; with ``no_upload`` not upload.json. Raises AnalyseFailError."""
        return self._analyse(no_upload)

    def _scene_info(self, report: SceneReport) -> dict[str, Any]:
        """The images, and in each its layers."""
        images: list[dict[str, Any]] = []
        for each in report.renderables:
            if each.kind == "image":
                images.append({**_output(each), **size_text(each.resolution), "layers": []})
            elif images:
                images[-1]["layers"].append({**_output(each), **_deep(each)})
        return {"image_node": images}

    def _own_tips(self, report: SceneReport) -> Iterator[tips.Tip]:
        """That there is no camera; unless one may come with a file that the project refers to."""
        named = any(each.cameras for each in report.renderables)
        if report.renderables and not (report.cameras or named or report.files):
            yield tips.NO_CAMERA, f"{self.cg_file} has no camera"


def _output(thing: Renderable) -> dict[str, str]:
    return {
        "name": thing.name,
        "frames": frames_text(thing.frames),
        "renderable": flag(thing.enabled),
        "output": thing.output,
        "format": thing.format,
        "LUT": detail(thing, "LUT"),
        "save_to_disk": flag(thing.details.get("save_to_disk", thing.enabled)),
    }


def _deep(layer: Renderable) -> dict[str, str]:
    return {
        "inw_output": "",  # nothing in a project is known to be that
        "enable_deep_output": flag(layer.details.get("enable_deep_output")),
        "enable_deep_output_path": detail(layer, "enable_deep_output_path"),
    }
