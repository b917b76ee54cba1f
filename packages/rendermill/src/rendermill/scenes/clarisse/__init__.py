"""Reads Clarisse projects (``.project``, text): images, layers, cameras, frames and files.

Each ``Image`` is a :class:`Renderable` of kind ``image``, named ``project://scene/image``. It is enabled unless it
says ``render_to_disk no``: attributes at their default are not written, and an image is there to be rendered. Each of
its layers is one of kind ``layer``, ``project://scene/image.background``, enabled if it saves a file of its own. Its
resolution is None where the file leaves it to the class; a scale that is not written is taken as full size.

``details`` of both: ``name``, ``frames`` (``0-10[1]``), ``renderable``, ``output``, ``format`` (Clarisse's number for
it), ``LUT``, ``save_to_disk``; an image has its ``layers`` as a list of their details and ``resolution_multiplier`` as
written, a layer ``enable_deep_output`` and ``enable_deep_output_path``.

Variables of the artist's environment and expressions are not known; contexts that refer to other projects and to USD
are followed. The grammar is that of clarissewiki.com, "Understanding Clarisse Files", and of files of versions 3 to 5.
"""

from __future__ import annotations

from rendermill.scenes.clarisse.files import references
from rendermill.scenes.clarisse.images import Rendered, camera_names, rendered
from rendermill.scenes.clarisse.paths import Spelling
from rendermill.scenes.clarisse.project import Project, parsed
from rendermill.scenes.findings import Findings, Source
from rendermill.scenes.numbers import number
from rendermill.scenes.report import FrameRange, Renderable, Software

# Of what a file leaves to Clarisse: the range that files have whose artist never changed it, and the rate.
_DEFAULT = FrameRange(0, 50, 1, 24)


def read(source: Source, found: Findings) -> None:
    """Read a project."""
    project = parsed(source, found)
    found.software = Software("clarisse", project.version)
    found.cameras += camera_names(project)
    frames = _preferred(project, _DEFAULT)
    everything = rendered(project, frames)
    if everything.renderables:
        found.frames = _preferred(project, _hull(everything.renderables, frames))
    elif project.animation:
        found.frames = frames
    _take(everything, found)
    _warn(project, found)
    found.references += references(project, Spelling(source, project.animation.get("frames_per_second", "")))


def _preferred(project: Project, default: FrameRange) -> FrameRange:
    """The range and rate of the preferences, where they tell."""
    start = number(project.animation.get("start_frame", ""), default.start)
    end = number(project.animation.get("end_frame", ""), default.end)
    rate = number(project.animation.get("frames_per_second", ""), default.fps)
    return FrameRange(start, end, 1, rate if rate > 0 else default.fps)


def _hull(renderables: tuple[Renderable, ...], frames: FrameRange) -> FrameRange:
    """From the first to the last frame of all images."""
    images = [each.frames for each in renderables if each.kind == "image"]
    return FrameRange(min(each.start for each in images), max(each.end for each in images), 1, frames.fps)


def _take(everything: Rendered, found: Findings) -> None:
    found.renderables += everything.renderables
    found.plugins += everything.plugins
    found.renderer = next((each.renderer for each in everything.renderables if each.renderer), "")
    found.resolution = next((each.resolution for each in everything.renderables if each.resolution), None)


def _warn(project: Project, found: Findings) -> None:
    if "frames_per_second" not in project.animation:
        found.warn(f"the project does not tell its frames per second; {_DEFAULT.fps} are assumed")
    for image in project.images:
        if not (image.first("first_frame") and image.first("last_frame")):
            found.warn(f"{image.path} does not tell its range of frames; that of the preferences is assumed")
        if image.first("resolution") and not image.first("resolution_multiplier"):
            found.warn(f"{image.path} does not tell its resolution multiplier; full size is assumed")
