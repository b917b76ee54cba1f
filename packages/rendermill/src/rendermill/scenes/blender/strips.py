"""Movies and pictures of the video sequencer, which no data-block stands for."""

from __future__ import annotations

from collections.abc import Iterator

from rendermill.scenes.blender.datablocks import Datablock
from rendermill.scenes.blender.files import named
from rendermill.scenes.blender.paths import sequence
from rendermill.scenes.blender.records import Record
from rendermill.scenes.findings import Reference

KEPT = frozenset({"Sequence", "Strip", "StripData", "StripElem"})
"""The structs that are read here. A strip is a ``Sequence`` whose ``Strip`` names files."""

_PICTURES, _MOVIE, _SOUND_FILE = 0, 3, 5


def references(block: Datablock, folder: str) -> Iterator[Reference]:
    """The files of a scene's strips."""
    for strip in block.of("Sequence", "Strip"):
        if not strip.has("startofs"):
            continue
        files = block.at(strip.pointer("strip") or strip.pointer("data"))
        if files is not None and strip.whole("type") in (_PICTURES, _MOVIE, _SOUND_FILE):
            user = f"strip {strip.text('name').removeprefix('SQ')} of {block.name}"
            yield from _files(block, files, user, folder, pictures=strip.whole("type") == _PICTURES)


def _files(block: Datablock, files: Record, user: str, folder: str, *, pictures: bool) -> Iterator[Reference]:
    base = files.text("dir") or files.text("dirpath")
    elements = list(_elements(block, files))
    if not pictures:
        elements = elements[:1]  # the others are the same
    raws = [_joined(base, element.text("name") or element.text("filename")) for element in elements]
    if len({sequence(raw) for raw in raws}) == 1 < len(set(raws)):
        yield named(raws[0], user, folder, sequence)
        return
    for raw in dict.fromkeys(raws):
        yield named(raw, user, folder)


def _elements(block: Datablock, files: Record) -> Iterator[Record]:
    address = files.pointer("stripdata")
    while (element := block.at(address)) is not None and element.layout.name == "StripElem":
        yield element
        address += element.layout.size


def _joined(base: str, name: str) -> str:
    return base + name if base.endswith(("/", "\\")) or not base else f"{base}/{name}"
