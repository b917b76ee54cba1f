"""Reads what can be had of 3ds Max scenes (``.max``): the summary that it writes of each, and its list of files.

The scene itself is in a form that only 3ds Max reads, so the report's confidence is low; its animation, materials and
most render settings are not in it, nor frames per second (0). There is a :class:`Renderable` of kind ``batch`` for each
line of Batch Render, enabled if it is switched on; ``details`` has its ``preset``. The render that Render Setup would
do is one of kind ``render`` named ``Production``; it goes through the view that is active, so it has no camera.
"""

from __future__ import annotations

from collections.abc import Iterator

from rendermill.scenes.findings import DamageError, Findings, Reference, Role, Source
from rendermill.scenes.locate.template import Template
from rendermill.scenes.max.assets import STREAMS, Asset, assets
from rendermill.scenes.max.compound import Compound
from rendermill.scenes.max.properties import STREAM, Summary, summary
from rendermill.scenes.max.settings import Settings, settings, version
from rendermill.scenes.report import Confidence, FrameRange, Plugin, Renderable, Software

_MOST = 64 << 20
_OUTPUT_KINDS = frozenset({"RenderOutput"})


def read(source: Source, found: Findings) -> None:
    """Read a scene."""
    found.confidence = Confidence.LOW
    found.warn("only 3ds Max can read all of its scenes; this is what it lists of settings and files outside of them")
    found.software = Software("3ds-max", platform="windows")
    compound = Compound(source.data)
    if "Scene" not in compound:
        raise DamageError("it is a compound file without a scene of 3ds Max")
    if compound.is_cut_off:
        found.damaged("it ends too early", len(source.data))
    listed = _summary(compound, found)
    source.progress(0.5)
    given = settings(listed)
    _tell(listed, given, found)
    found.references += _References(source.folder, given, listed).all(list(_assets(compound, found)))


def _summary(compound: Compound, found: Findings) -> Summary:
    if STREAM not in compound:
        found.damaged("it has no summary")
        return Summary()
    try:
        return summary(compound.stream(STREAM, _MOST))
    except DamageError as error:
        found.damaged(error.what, error.at)
        return Summary()


def _assets(compound: Compound, found: Findings) -> Iterator[Asset]:
    name, texts = next((each for each in STREAMS if each[0] in compound), ("", 0))
    if not name:
        found.warn("the scene has no list of files, as 3ds Max writes them since 2010")
        return
    try:
        yield from assets(compound.stream(name, _MOST), texts)
    except DamageError as error:
        found.damaged(error.what, error.at)


def _tell(listed: Summary, given: Settings, found: Findings) -> None:
    saved_by = version(listed.general[0]) if listed.general else ""
    found.software = Software("3ds-max", saved_by, "windows")
    found.frames, found.resolution, found.renderer = given.frames, given.resolution, given.renderer
    found.cameras += given.cameras
    found.plugins += [Plugin(name) for name in dict.fromkeys(listed.plugins)]
    if given.frames is not None:
        found.renderables.append(_production(given, given.frames))
    found.renderables += given.batches


def _production(given: Settings, frames: FrameRange) -> Renderable:
    return Renderable(
        name="Production",
        kind="render",
        frames=frames,
        cameras=(),
        resolution=given.resolution,
        renderer=given.renderer,
        output=given.output,
        enabled=True,
        active=True,
    )


class _References:
    """The files of a scene, each as what it is to it."""

    def __init__(self, folder: str, given: Settings, listed: Summary) -> None:
        self._folder = folder
        self._given = given
        self._listed = listed

    def all(self, known: list[Asset]) -> Iterator[Reference]:
        outputs = {"Render Output": self._given.output}
        outputs |= {f"Batch Render {batch.name}": batch.output for batch in self._given.batches}
        for user, path in outputs.items():
            if path:
                yield self._reference(path, user, Role.OUTPUT)
        written = {path.casefold() for path in outputs.values()}
        for asset in known:
            if asset.path and asset.path.casefold() not in written:
                yield self._asset(asset)
        for name, preset in self._given.presets:
            yield self._reference(preset, f"Batch Render {name} preset", Role.INPUT)
        names = {_file_name(asset.path) for asset in known}
        for path in self._listed.dependencies:
            if path and _file_name(path) not in names:
                yield self._reference(path, "External Dependencies", Role.INPUT)

    def _asset(self, asset: Asset) -> Reference:
        role = Role.OUTPUT if asset.kind in _OUTPUT_KINDS else Role.INPUT
        places = dict.fromkeys(filter(None, (asset.path, asset.found_at)))
        paths = tuple(Template.literal(place).under(self._folder) for place in places)
        follow = role is Role.INPUT and asset.path.casefold().endswith(".max")
        return Reference(asset.path, asset.kind, paths, role, follow=follow)

    def _reference(self, path: str, user: str, role: Role) -> Reference:
        return Reference(path, user, (Template.literal(path).under(self._folder),), role)


def _file_name(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2].casefold()
