"""The files that data-blocks name directly: images, sounds, fonts, movie clips, volumes, caches, texts."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rendermill.scenes.blender.datablocks import Datablock
from rendermill.scenes.blender.paths import Spelling, absolute, sequence, single, tiles
from rendermill.scenes.findings import Reference, Role

_SEQUENCE, _GENERATED, _VIEWER, _TILED = 2, 4, 5, 6
_CLIP_SEQUENCE = 1
_TEXT_IN_MEMORY = 1 << 2
_VOXEL_FILES = (0, 1, 2)
"""Formats of voxel data (Blender 2.5 to 2.7) that are a file: Blender's own, raw of 8 and of 16 bits."""

KEPT = frozenset({"CustomDataExternal", "VoxelData", "CacheFileLayer"})
"""The structs that are read here."""
FIXED = ("multires data", "voxel data", "fluid simulation")
"""Whose files (how their users begin) Blender cannot be told another place of."""


def references(block: Datablock, folder: str) -> Iterator[Reference]:
    """The files of a data-block; ``folder`` is that of its .blend."""
    reader = _READERS.get(block.code)
    if reader is not None:
        yield from reader(block, folder)


def named(raw: str, user: str, folder: str, spelling: Spelling = single, *, optional: bool = False) -> Reference:
    """The mention of a file that is read."""
    return Reference(raw, user, (absolute(raw, folder, spelling),), optional=optional)


def _image(block: Datablock, folder: str) -> Iterator[Reference]:
    root, user = block.root, f"image {block.name}"
    source, raw = root.whole("source"), root.text("name")
    if source in (_GENERATED, _VIEWER):
        return
    if root.pointer("packedfile") or root.pointer("packedfiles.first"):
        yield Reference(raw or block.name, user, role=Role.PACKED)
    elif raw:
        yield named(raw, user, folder, {_SEQUENCE: sequence, _TILED: tiles}.get(source, single))


def _clip(block: Datablock, folder: str) -> Iterator[Reference]:
    raw = block.root.text("name")
    if raw:
        spelling = sequence if block.root.whole("source") == _CLIP_SEQUENCE else single
        yield named(raw, f"movie clip {block.name}", folder, spelling)


def _sound(block: Datablock, folder: str) -> Iterator[Reference]:
    yield from _perhaps_packed(block, folder, "name", "sound")


def _font(block: Datablock, folder: str) -> Iterator[Reference]:
    raw = block.root.text("name")
    if raw == "<builtin>":
        yield Reference(raw, f"font {block.name}", role=Role.BUILT_IN)
    else:
        yield from _perhaps_packed(block, folder, "name", "font")


def _volume(block: Datablock, folder: str) -> Iterator[Reference]:
    yield from _perhaps_packed(block, folder, "filepath", "volume")


def _perhaps_packed(block: Datablock, folder: str, member: str, kind: str) -> Iterator[Reference]:
    raw, user = block.root.text(member), f"{kind} {block.name}"
    if block.root.pointer("packedfile"):
        yield Reference(raw or block.name, user, role=Role.PACKED)
    elif raw:
        yield named(raw, user, folder, sequence if block.root.whole("is_sequence") else single)


def _cache(block: Datablock, folder: str) -> Iterator[Reference]:
    spelling = sequence if block.root.whole("is_sequence") else single
    user = f"cache file {block.name}"
    for raw in (block.root.text("filepath"), *(layer.text("filepath") for layer in block.chain(block.root, "layers"))):
        if raw:
            yield named(raw, user, folder, spelling)


def _text(block: Datablock, folder: str) -> Iterator[Reference]:
    """A text that lies in a file too. What renders is the copy in the .blend, so the file may be gone."""
    raw = block.written(block.root.pointer("name"))
    if raw and not block.root.whole("flags") & _TEXT_IN_MEMORY:
        yield named(raw, f"text {block.name}", folder, optional=True)


def _mesh(block: Datablock, folder: str) -> Iterator[Reference]:
    for record in block.of("CustomDataExternal"):
        if raw := record.text("filename"):
            yield named(raw, f"multires data of mesh {block.name}", folder)


def _texture(block: Datablock, folder: str) -> Iterator[Reference]:
    for record in block.of("VoxelData"):
        raw = record.text("source_path")
        if raw and record.whole("file_format") in _VOXEL_FILES:
            yield named(raw, f"voxel data of texture {block.name}", folder)


_READERS: dict[str, Callable[[Datablock, str], Iterator[Reference]]] = {
    "IM": _image,
    "MC": _clip,
    "SO": _sound,
    "VF": _font,
    "VO": _volume,
    "CF": _cache,
    "TX": _text,
    "ME": _mesh,
    "TE": _texture,
}
