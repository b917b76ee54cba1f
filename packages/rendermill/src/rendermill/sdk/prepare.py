"""From what the user names to a job that can be sent: its body, and the files that it needs."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from rendermill.farm.model.errors import BadInputError, DamagedSceneError, MissingFilesError
from rendermill.renderers.base import JobDraft
from rendermill.renderers.blender import BlenderWishes
from rendermill.renderers.blender import draft as blender_draft
from rendermill.renderers.blender.elsewhere import unusable
from rendermill.runtime import cache_folder
from rendermill.scenes.read import read_scene
from rendermill.scenes.report import FileUse, SceneReport
from rendermill.software.blender.header import saved_by
from rendermill.software.blender.installations import choose, exactly, parse_version

_MAX_NAMED = 10


@dataclass(frozen=True, slots=True)
class Prepared:
    """A job and its input files (absolute paths on this machine)."""

    draft: JobDraft
    files: tuple[Path, ...] = ()


def prepare_blend(
    scene: Path,
    wishes: BlenderWishes,
    output: Path,
    *,
    allow_missing: bool = False,
    version: str | None = None,
) -> Prepared:
    """A .blend: its report is read, its files found.

    Raises :class:`MissingFilesError` naming files that are not there unless ``allow_missing``; BadInputError,
    DamagedSceneError and SoftwareMissingError as reading and drafting do.
    """
    scene = existing(scene)
    blender = choose(saved_by(scene), where=str(scene)) if version is None else exactly(_version(version))
    report = _sound(read_scene(scene, cache=cache_folder() / "reports"), scene)
    missing = [*report.missing, *unusable(report)]
    if missing and not allow_missing:
        raise MissingFilesError(
            f"missing files ({len(missing)}):\n{_listed(missing)}",
            where=str(scene),
            remedy="Put them in place, or render without them: --allow-missing.",
        )
    draft = blender_draft(scene, report, wishes, output, blender)
    found = {Path(file) for use in report.files for file in use.files}
    return Prepared(draft, (scene, *sorted(found - {scene})))


def _sound(report: SceneReport, scene: Path) -> SceneReport:
    """The report, if it is that of a .blend that is whole. Raises :class:`DamagedSceneError`."""
    if report.format != "blend":
        raise DamagedSceneError("it is not a Blender scene", where=str(scene))
    if report.damage:
        raise DamagedSceneError(
            report.damage,
            where=str(scene),
            remedy="The file is damaged or was not written to its end; save or copy it again.",
        )
    return report


def existing(path: Path) -> Path:
    """The absolute path of a file or folder. Raises :class:`BadInputError` if it is not there."""
    try:
        found = Path(os.path.normpath(path.expanduser().absolute()))
        if found.is_file() or found.is_dir():
            return found
    except (OSError, RuntimeError, ValueError) as error:  # too long a path, an unknown user's ~
        raise BadInputError(str(error), where=str(path)[:200]) from error
    raise BadInputError("there is no such file", where=str(found))


def _version(text: str) -> tuple[int, int]:
    version = parse_version(text)
    if version is None:
        raise BadInputError(f"{text!r} is not a Blender version", where="blender", remedy="Give it as 4.5.")
    return version


def _listed(missing: list[FileUse]) -> str:
    lines = [f"  {use.resolved} (used by {use.used_by})" for use in missing[:_MAX_NAMED]]
    if len(missing) > _MAX_NAMED:
        lines.append(f"  … and {len(missing) - _MAX_NAMED} more")
    return "\n".join(lines)
