"""Render tasks ``blender``: the source is a .blend, each of its frames a picture, and perhaps a movie of them."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from rendermill.doors.cinnamon.renderserver.plugins import Drafted, Order, SourceFile
from rendermill.farm.model.errors import DamagedSceneError, MissingFilesError
from rendermill.farm.model.submission import Asset
from rendermill.renderers.blender import BlenderWishes, draft
from rendermill.scenes.read import read_scene
from rendermill.scenes.report import FileUse, SceneReport, State
from rendermill.software.blender.header import saved_by
from rendermill.software.blender.installations import choose

_ROOT = PurePosixPath("/")
_SCENE = PurePosixPath("/1/2/3/4/5/6/7/8/scene")
"""The scene's folder in its job: deep, because scenes name files as ``//../textures/wood.png``."""
_OUTPUT = PurePosixPath("/output")
_FROM_OUTSIDE = frozenset({State.RESOLVED, State.PATTERN, State.MISSING, State.UNRESOLVED})
_TOKEN = re.compile(r"#+|<UDIM>|<UVTILE>")
_MAX_NAMED = 10


class BlenderPlugin:
    """Renders .blend files. What they need beside themselves is looked for by name in the source's folder."""

    parameters: Mapping[str, str] = {
        "frames": "frames to render, as 1-24, 1-100x5 or 1,3,7-9; default: those of the scene",
        "samples": "samples a pixel; default: the scene's",
        "format": "PNG, JPEG, TIFF, OPEN_EXR …; default: the scene's",
        "camera": "name of a camera; default: the scene's",
        "engine": "CYCLES, EEVEE or WORKBENCH; default: the scene's",
        "resolution": "percentage of the scene's; default: the scene's",
        "scene": "name of a scene; default: the one that the file opens with",
        "layer": "name of a view layer; default: all that the scene renders",
        "device": "CPU, CUDA, OPTIX …; default: the scene's",
        "movie": "NAME.mp4, to have a movie of the frames as well",
        "allowMissing": "true, to render although files that the scene names are not there",
    }

    def draft(self, order: Order) -> Drafted:
        """See :class:`~rendermill.doors.cinnamon.renderserver.plugins.Plugin`."""
        given = order.given
        given.only(self.parameters)
        wishes = BlenderWishes(
            frames=given.text("frames"),
            engine=given.text("engine"),
            samples=given.number("samples", 1, 1_000_000) or 0,
            resolution=given.number("resolution", 1, 1000) or 0,
            camera=given.text("camera"),
            scene=given.text("scene"),
            layer=given.text("layer"),
            format=given.text("format"),
            device=given.text("device"),
            movie=given.text("movie"),
        )
        source = order.content()
        if not _is_blend(order.blob_path(source.content.blob)):
            raise _damaged("it is not a Blender scene", source.name)
        with tempfile.TemporaryDirectory(prefix="rendermill-scene-") as folder:
            report, found, missing = _look_at(order, source, Path(folder))
            blender = choose(saved_by(_within(Path(folder), _SCENE) / source.name), where=source.name)
        if missing and not given.flag("allowMissing"):
            raise _missing(missing)
        scene = _SCENE / source.name
        job = draft(Path(scene), _without_this_machine(report), wishes, _OUTPUT, blender)
        inputs = {each.path: each for each in (*found, source.at(str(scene)))}
        warnings = [*job.warnings, *(f"missing: {use.path}" for use in missing[:_MAX_NAMED])]
        return Drafted(job.template, job.parameters, tuple(inputs.values()), tuple(warnings))


def _within(folder: Path, path: PurePosixPath) -> Path:
    """Where a path of the job lies below the folder in which its scene is read."""
    return folder / path.relative_to(_ROOT)


def _in_job(folder: Path, path: PurePosixPath) -> PurePosixPath:
    """The path in the job: a relative one was below that folder already when the scene's root was looked for there."""
    while path.is_relative_to(folder):
        path = _ROOT / path.relative_to(folder)
    return path


def _is_blend(path: Path) -> bool:
    """Whether it is one, so that no other reader sees it: those find files by themselves."""
    try:
        saved_by(path)
    except DamagedSceneError:
        return False
    return True


def _look_at(order: Order, source: SourceFile, folder: Path) -> tuple[SceneReport, list[Asset], list[FileUse]]:
    """What a scene says, the files that it needs as far as they are there, and those that are not.

    A library that is found may need files itself: the scene is read again with it beside.
    """
    scene = _within(folder, _SCENE) / source.name
    scene.parent.mkdir(parents=True)
    scene.symlink_to(order.blob_path(source.content.blob))
    laid: set[str] = set()
    while True:
        report = _read(scene, folder)
        found, missing = _needed(report, folder, order.beside)
        new = [each for each in found if each.path.endswith(".blend") and each.path not in laid]
        if not new:
            return report, found, missing
        for each in new:
            laid.add(each.path)
            if not _is_blend(order.blob_path(each.hash)):
                continue
            link = _within(folder, PurePosixPath(each.path))
            link.parent.mkdir(parents=True, exist_ok=True)
            if not link.is_symlink():
                link.symlink_to(order.blob_path(each.hash))


def _read(scene: Path, folder: Path) -> SceneReport:
    """What a .blend says, read in a bounded child for which that folder is all there is. Raises DamagedSceneError."""
    report = read_scene(scene, maps=((str(_ROOT), str(folder)),), within=folder)
    if report.damage:
        raise _damaged(report.damage, scene.name)
    return report


def _damaged(what: str, name: str) -> DamagedSceneError:
    return DamagedSceneError(what, where=name, remedy="Save it again, and set the content anew.")


def _needed(report: SceneReport, folder: Path, beside: Sequence[SourceFile]) -> tuple[list[Asset], list[FileUse]]:
    """The files that a scene names, as far as objects of their names are there, and those that are not.

    This machine's own files are never looked at: a scene must not have the farm send them.
    """
    found: list[Asset] = []
    missing: list[FileUse] = []
    for use in report.files:
        if use.state not in _FROM_OUTSIDE:
            continue
        matches = _matches(use, beside)
        place = PurePosixPath(use.resolved or use.path).parent
        if not matches or not place.is_absolute() or place.root != "/":  # of another system, or //server/share
            missing.append(use)
            continue
        found += [each.at(str(_in_job(folder, place) / each.name)) for each in matches]
    return found, missing


def _matches(use: FileUse, beside: Sequence[SourceFile]) -> list[SourceFile]:
    """The objects that are the file, or a family of files, that a scene names."""
    name = PurePosixPath((use.resolved or use.path).replace("\\", "/")).name
    parts = [re.escape(part) for part in _TOKEN.split(name)]
    pattern = re.compile(r"\d+".join(parts), re.IGNORECASE)
    return [each for each in beside if pattern.fullmatch(each.name)]


def _missing(uses: Sequence[FileUse]) -> MissingFilesError:
    listed = ", ".join(PurePosixPath(use.path.replace("\\", "/")).name for use in uses[:_MAX_NAMED])
    more = f" and {len(uses) - _MAX_NAMED} more" if len(uses) > _MAX_NAMED else ""
    remedy = "Put objects of these names into the scene's folder, or send <allowMissing>true</allowMissing>."
    return MissingFilesError(f"the scene needs files that are not there: {listed}{more}", remedy=remedy)


def _without_this_machine(report: SceneReport) -> SceneReport:
    """The report without what was found, or not, on the farm's own disk."""
    uses = tuple(replace(use, state=State.RESOLVED, files=(), instead_of=(), count=0) for use in report.files)
    return replace(report, files=uses)
