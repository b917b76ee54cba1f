"""The analysis of a scene: what the ``Analyze…`` classes of the Rayvision SDK have in common."""

from __future__ import annotations

import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

from rendermill.farm.model.errors import BadInputError
from rendermill.scenes.report import FileUse, SceneReport, State
from rendermill.sdk.analyze import analyze
from rendermill_rayvision import tips
from rendermill_rayvision.application import Application
from rendermill_rayvision.assets import asset_lines, files, local_path, upload_info
from rendermill_rayvision.errors import AnalyseFailError, CGFileNotExistsError
from rendermill_rayvision.jsonfile import StrPath, write_json
from rendermill_rayvision.logs import Log
from rendermill_rayvision.taskfile import task_file
from rendermill_rayvision.workspace import is_file, is_folder, new_folder


class Analysis(ABC):
    """A scene, and once :meth:`_analyse` has run what is known of it.

    ``task_info``, ``asset_info``, ``tips_info`` and ``upload_info`` are the contents of the files ``task_json``,
    ``asset_json``, ``tips_json`` and ``upload_json``, which lie in the folder ``workspace``. No application is
    started: paths of executables are taken and not needed.

    Raises CGFileNotExistsError if the scene or the workspace is not there.
    """

    application: ClassVar[Application]

    def __init__(
        self,
        cg_file: StrPath,
        software_version: str | None,
        project_name: str | None,
        plugin_config: Mapping[str, str] | None,
        render_software: str,
        local_os: str | None,
        workspace: StrPath | None,
        custom_exe_path: StrPath | None,
        platform: str,
        log: Log,
    ) -> None:
        self.logger = log.of(type(self).__module__.partition(".")[0])
        self.cg_file = os.fspath(cg_file)
        if not is_file(self.cg_file):
            what = "is a folder, not a scene" if self.cg_file and is_folder(self.cg_file) else "is not found"
            raise CGFileNotExistsError(f"{self.cg_file or 'a scene without a name'} {what}")
        self._scene = os.path.normpath(Path(self.cg_file).absolute())  # as the reader of scenes has it: links stay
        self.software_version = software_version
        self.project_name = project_name
        self.plugin_config = dict(plugin_config or {})
        self.render_software = render_software
        self.local_os = local_os.lower() if local_os else _this_os()
        self.custom_exe_path = custom_exe_path
        self.platform = platform

        folder = new_folder(workspace)
        self.tmp_mark = folder.name
        self.workspace = str(folder)
        self.task_json = str(folder / "task.json")
        self.tips_json = str(folder / "tips.json")
        self.asset_json = str(folder / "asset.json")
        self.upload_json = str(folder / "upload.json")
        self.task_info: dict[str, Any] = {}
        self.tips_info: tips.Tips = {}
        self.asset_info: dict[str, Any] = {}
        self.upload_info: dict[str, Any] = {}

    def add_tip(self, code: str, info: str | list[str]) -> None:
        """Set the messages of a code, in place of those that it had."""
        self.tips_info[code] = [info] if isinstance(info, str) else list(info)

    def save_tips(self) -> None:
        """Write tips.json."""
        write_json(self.tips_json, self.tips_info)

    def _analyse(self, *arguments: object) -> Self:
        """Read the scene and write the files; of the arguments True means that upload.json is not wanted.

        Versions of the SDK have ``exe_path`` and ``no_upload`` in either order. Raises CGFileNotExistsError if the
        scene has gone, AnalyseFailError if nothing can be read of it; tips.json then says why.
        """
        self.task_info, self.asset_info, self.upload_info = {}, {}, {}
        report = self._read(Path(self._scene))
        for warning in report.warnings:
            self.logger.warning("%s: %s", self.cg_file, warning)
        uploads = not any(bool(each) for each in arguments if not isinstance(each, str | os.PathLike))
        return self.take(report, uploads=uploads)

    def take(self, report: SceneReport, *, uploads: bool = True) -> Self:
        """Write the files of a report that is there already; with ``uploads`` upload.json too.

        Raises AnalyseFailError as :meth:`_analyse` does. The SDK has no such method.
        """
        self._check(report)
        self.tips_info = tips.collected(self._tips(report))
        self.task_info = task_file(self._software(report), self._settings(report), self._scene_info(report))
        paths = files(report, self._scene)
        self.asset_info = {"asset": asset_lines(paths), **self._more_assets(report)}
        self.save_tips()
        write_json(self.task_json, self.task_info)
        write_json(self.asset_json, self.asset_info)
        if uploads:
            self.upload_info = self._uploads(paths)
            write_json(self.upload_json, self.upload_info)
        self.logger.info("%s: analysed, the files are in %s", self.cg_file, self.workspace)
        return self

    # --- what is particular to an application --------------------------------------------------------------------

    @abstractmethod
    def _scene_info(self, report: SceneReport) -> dict[str, Any]:
        """What can be rendered, as task.json has it."""

    def _report(self, scene: Path) -> SceneReport:
        return analyze(scene)

    def _own_settings(self, report: SceneReport) -> dict[str, str]:  # noqa: ARG002 - most have none
        """Settings of ``task_info`` that only this application's classes have."""
        return {}

    def _own_tips(self, report: SceneReport) -> Iterator[tips.Tip]:  # noqa: ARG002 - most have none
        yield from ()

    def _missing_code(self, use: FileUse) -> str:
        return tips.FRAME_MISSING if use.state is State.PATTERN else tips.missing_code(use)

    def _more_assets(self, report: SceneReport) -> dict[str, Any]:  # noqa: ARG002 - only Houdini's has more
        """Further members of asset.json."""
        return {}

    # --- what all have -------------------------------------------------------------------------------------------

    def _read(self, scene: Path) -> SceneReport:
        try:
            return self._report(scene)
        except BadInputError as error:
            raise self._gone(error.what) from error

    def _uploads(self, paths: list[str]) -> dict[str, Any]:
        try:
            return upload_info(self._scene, paths)
        except OSError as error:  # it went away after it was read
            raise self._gone(error.strerror or str(error)) from error

    def _gone(self, what: str) -> CGFileNotExistsError:
        self._fail(tips.SCENE_MISSING, f"{self.cg_file}: {what}")
        return CGFileNotExistsError(f"{self.cg_file} is not found: {what}")

    def _check(self, report: SceneReport) -> None:
        """Pass if the scene is one of this application and something of it was read."""
        saved_by = report.software.name
        known = report.renderables if self.application.tells_renderables else report.files
        if report.damage and not known:
            what = f"{self.cg_file} cannot be analysed: {report.damage}"
        elif saved_by and saved_by != self.application.name:
            what = f"{self.cg_file} is a scene of {saved_by}, not of {self.application.name}"
        else:
            return
        self._fail(tips.UNREADABLE, what)
        raise AnalyseFailError(what)

    def _fail(self, code: str, what: str) -> None:
        self.tips_info = {code: [what]}
        self.save_tips()

    def _tips(self, report: SceneReport) -> Iterator[tips.Tip]:
        saved_by, asked = report.software.version, str(self.software_version or "")
        if not self.application.fits(asked, saved_by):
            yield tips.OTHER_VERSION, f"{self.cg_file} was saved by version {saved_by}, {asked} is asked for"
        if report.damage:
            yield tips.DAMAGED, f"{self.cg_file} is damaged, what can be read of it is used: {report.damage}"
        for use, message in tips.file_tips(report):
            yield self._missing_code(use), message
        yield from self._own_tips(report)

    def _software(self, report: SceneReport) -> dict[str, Any]:
        return {
            "cg_name": self.render_software,
            "cg_version": str(self.software_version or report.software.version),
            "plugins": self.plugin_config,
        }

    def _settings(self, report: SceneReport) -> dict[str, str]:
        return {
            "input_cg_file": local_path(self._scene),
            "project_name": self.project_name or "",
            "cg_id": self.application.cg_id,
            "os_name": "1" if self.local_os == "windows" else "0",
            "platform": str(self.platform),
            **self._own_settings(report),
        }


class ProjectAnalysis(Analysis):
    """The analysis of a scene that may belong to a project's folder."""

    input_project_path: str
    render_layer_type = "0"

    def _own_settings(self, report: SceneReport) -> dict[str, str]:  # noqa: ARG002 - they are the script's
        project = self.input_project_path.replace("\\", "/")
        return {"input_project_path": project, "render_layer_type": self.render_layer_type}


def _this_os() -> str:
    return "windows" if sys.platform == "win32" else "linux"
