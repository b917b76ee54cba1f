"""Every external file that the loaded scene uses, found through Blender's own data.

:func:`external_files` yields one :class:`Use` for each reference; sequences, UDIM tiles and cache folders are expanded
into the files that are there.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import bpy

_DIGITS = re.compile(r"(\d+)(?=[^\d]*$)")
_UDIM = re.compile(r"<UDIM>|<UVTILE>")


@dataclass
class Use:
    """One reference to a file: who holds it, the path as written, and the files it stands for."""

    owner: str
    raw: str
    path: str
    kind: str = "file"
    """``file``, ``sequence``, ``udim`` or ``folder``."""
    files: list[str] = field(default_factory=list)
    block: Any = None
    attribute: str = "filepath"

    @property
    def found(self) -> bool:
        """Whether anything of it is there."""
        return bool(self.files)


def external_files() -> list[Use]:
    """Every use of an external file in the loaded scene, packed and generated data left out."""
    uses = [use for finder in _FINDERS for use in finder() if use.raw]
    for use in uses:
        use.files = _expand(use)
    return uses


def _use(block: Any, raw: str, kind: str = "file", owner: str = "", attribute: str = "filepath") -> Use:
    library = getattr(block.id_data if hasattr(block, "id_data") else block, "library", None)
    path = os.path.normpath(bpy.path.abspath(_slashes(raw), library=library))
    return Use(owner or f"{_type(block)} {block.name}", raw, path, kind, block=block, attribute=attribute)


def _slashes(raw: str) -> str:
    return raw.replace("\\", "/") if raw.startswith("//") else raw


def _type(block: Any) -> str:
    return str(type(block).__name__).lower()


# --- finders -----------------------------------------------------------------------------------------------------


def libraries() -> Iterator[Use]:
    """Every linked library that is a file."""
    for library in bpy.data.libraries:
        if getattr(library, "packed_file", None) is None:
            path = os.path.normpath(bpy.path.abspath(_slashes(library.filepath), library=library.parent))
            yield Use(f"library {library.name}", library.filepath, path, block=library)


def _images() -> Iterator[Use]:
    kinds = {"SEQUENCE": "sequence", "TILED": "udim"}
    for image in bpy.data.images:
        if image.source not in ("GENERATED", "VIEWER") and not image.packed_file and not len(image.packed_files):
            yield _use(image, image.filepath, kinds.get(image.source, "file"))


def _movie_clips() -> Iterator[Use]:
    for clip in bpy.data.movieclips:
        yield _use(clip, clip.filepath, "sequence" if clip.source == "SEQUENCE" else "file")


def _sounds() -> Iterator[Use]:
    for sound in bpy.data.sounds:
        if sound.packed_file is None:
            yield _use(sound, sound.filepath)


def _fonts() -> Iterator[Use]:
    for font in bpy.data.fonts:
        if font.packed_file is None and font.filepath != "<builtin>":
            yield _use(font, font.filepath)


def _volumes() -> Iterator[Use]:
    for volume in bpy.data.volumes:
        if volume.packed_file is None:
            yield _use(volume, volume.filepath, "sequence" if volume.is_sequence else "file")


def _cache_files() -> Iterator[Use]:
    for cache in bpy.data.cache_files:
        yield _use(cache, cache.filepath, "sequence" if cache.is_sequence else "file")


def _modifiers() -> Iterator[Use]:
    for thing in bpy.data.objects:
        for modifier in thing.modifiers:
            owner = f"{modifier.type.lower()} modifier {modifier.name} of {thing.name}"
            yield from _modifier(modifier, owner)
        if any(system.point_cache.use_disk_cache for system in thing.particle_systems):
            yield _use(thing, _disk_cache(), "folder", f"particle cache of {thing.name}", "")


def _modifier(modifier: Any, owner: str) -> Iterator[Use]:
    if modifier.type == "MESH_CACHE":
        yield _use(modifier, modifier.filepath, "file", owner)
    elif modifier.type == "OCEAN" and modifier.is_cached:
        yield _use(modifier, modifier.filepath, "folder", owner)
    elif modifier.type == "FLUID" and modifier.fluid_type == "DOMAIN":
        yield _use(modifier, modifier.domain_settings.cache_directory, "folder", owner, "")
    elif modifier.type == "NODES":
        yield _use(modifier, getattr(modifier, "bake_directory", ""), "folder", owner, "bake_directory")
    elif modifier.type in ("CLOTH", "SOFT_BODY", "DYNAMIC_PAINT"):
        cache = getattr(modifier, "point_cache", None)
        if cache is not None and cache.use_disk_cache:
            yield _use(modifier, _disk_cache(), "folder", owner, "")


def _disk_cache() -> str:
    return "//blendcache_" + Path(bpy.data.filepath).stem


def _nodes() -> Iterator[Use]:
    trees = [(m.name, m.node_tree) for m in [*bpy.data.materials, *bpy.data.lights, *bpy.data.worlds] if m.node_tree]
    trees += [(group.name, group) for group in bpy.data.node_groups]
    for name, tree in trees:
        for node in tree.nodes:
            if node.bl_idname == "ShaderNodeTexIES" and node.mode == "EXTERNAL":
                yield _use(node, node.filepath, "file", f"IES texture of {name}")
            elif node.bl_idname == "ShaderNodeScript" and node.mode == "EXTERNAL":
                yield _use(node, node.filepath, "file", f"script node of {name}")


def _strips() -> Iterator[Use]:
    for scene in bpy.data.scenes:
        editor = scene.sequence_editor
        for strip in getattr(editor, "strips_all", None) or getattr(editor, "sequences_all", None) or ():
            owner = f"strip {strip.name} of {scene.name}"
            if strip.type == "MOVIE":
                yield _use(strip, strip.filepath, "file", owner)
            elif strip.type == "IMAGE":
                for element in strip.elements:
                    yield _use(strip, strip.directory + element.filename, "file", owner, "")


_FINDERS = (
    libraries,
    _images,
    _movie_clips,
    _sounds,
    _fonts,
    _volumes,
    _cache_files,
    _modifiers,
    _nodes,
    _strips,
)


# --- expansion ---------------------------------------------------------------------------------------------------


def _expand(use: Use) -> list[str]:
    """The files that a use stands for and that are there."""
    if use.kind == "folder":
        return sorted(str(file) for file in Path(use.path).rglob("*") if file.is_file())
    if use.kind == "udim":
        return _matching(use.path, _UDIM.split(os.path.basename(use.path)), r"\d+(?:_v?\d+)?|u\d+_v\d+")
    if use.kind == "sequence":
        parts = _DIGITS.split(os.path.basename(use.path))
        return _matching(use.path, [parts[0], parts[-1]], r"\d+") if len(parts) == 3 else _single(use.path)
    return _single(use.path)


def _single(path: str) -> list[str]:
    return [path] if os.path.isfile(path) else []


def _matching(path: str, ends: list[str], between: str) -> list[str]:
    folder = os.path.dirname(path)
    if len(ends) != 2 or not os.path.isdir(folder):
        return _single(path)
    pattern = re.compile(re.escape(ends[0]) + f"(?:{between})" + re.escape(ends[1]))
    return sorted(os.path.join(folder, name) for name in os.listdir(folder) if pattern.fullmatch(name))
