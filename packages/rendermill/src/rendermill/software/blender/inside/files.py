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
    """One reference to a file: who holds it, the path as written, and the files it stands for.

    ``attribute`` of ``block`` holds the path; it is empty where nothing does.
    """

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

    @property
    def place(self) -> str:
        """Where it should be, with ``#`` for the frame number of a sequence, as scene reports have it."""
        path = self.path.replace("\\", "/")
        if self.kind != "sequence":
            return path
        stem, extension = os.path.splitext(path)
        return _DIGITS.sub(lambda match: "#" * len(match[0]), stem, count=1) + extension


def external_files() -> list[Use]:
    """Every use of an external file in the loaded scene, packed and generated data left out."""
    uses = [use for finder in _FINDERS for use in finder() if use.raw]
    for use in uses:
        use.files = _expand(use)
    return uses


def _use(block: Any, raw: str, kind: str = "file", owner: str = "", attribute: str = "filepath") -> Use:
    library = getattr(block.id_data if hasattr(block, "id_data") else block, "library", None)
    name = owner or f"{_type(block)} {block.name}"
    return Use(name, raw, _absolute(raw, library), kind, block=block, attribute=attribute)


def _absolute(raw: str, library: Any) -> str:
    """Where a path leads; one that is relative to wherever Blender was started is taken to begin at the .blend."""
    path = bpy.path.abspath(_slashes(raw), library=library)
    if not path.startswith(("/", "\\")) and path[1:2] != ":":
        path = bpy.path.abspath(f"//{path}", library=library)
    return str(os.path.normpath(path))


def _slashes(raw: str) -> str:
    return raw.replace("\\", "/") if raw.startswith("//") else raw


def _type(block: Any) -> str:
    return str(type(block).__name__).lower()


# --- finders -----------------------------------------------------------------------------------------------------


def libraries() -> Iterator[Use]:
    """Every linked library that is a file."""
    for library in bpy.data.libraries:
        if getattr(library, "packed_file", None) is None:
            path = _absolute(library.filepath, None)  # those of libraries too are relative to the loaded file
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


def _modifier(modifier: Any, owner: str) -> Iterator[Use]:
    if modifier.type == "MESH_CACHE":
        yield _use(modifier, modifier.filepath, "file", owner)
    elif modifier.type == "OCEAN" and modifier.is_cached:
        yield _use(modifier, modifier.filepath, "folder", owner)
    elif modifier.type == "FLUID" and modifier.fluid_type == "DOMAIN":
        domain = modifier.domain_settings
        yield _use(domain, domain.cache_directory, "folder", owner, "cache_directory")
    elif modifier.type == "NODES":
        yield _use(modifier, getattr(modifier, "bake_directory", ""), "folder", owner, "bake_directory")
        for bake in getattr(modifier, "bakes", ()):
            if bake.use_custom_path:
                yield _use(bake, bake.directory, "folder", owner, "directory")


def _point_caches() -> Iterator[Use]:
    """Caches on the disk. Only where an external one lies can be said; others lie beside the .blend by its name."""
    for owner, cache in _every_point_cache():
        if cache.use_external:
            yield _use(cache, cache.filepath, "folder", owner)
        elif cache.use_disk_cache:
            yield _use(cache.id_data, "//blendcache_" + Path(bpy.data.filepath).stem, "folder", owner, "")


def _every_point_cache() -> Iterator[tuple[str, Any]]:
    for thing in bpy.data.objects:
        owner = f"point cache of {thing.name}"
        yield from ((owner, system.point_cache) for system in thing.particle_systems)
        for modifier in thing.modifiers:
            if modifier.type in ("CLOTH", "SOFT_BODY"):
                yield owner, modifier.point_cache
            elif modifier.type == "DYNAMIC_PAINT" and modifier.canvas_settings is not None:
                yield from ((owner, surface.point_cache) for surface in modifier.canvas_settings.canvas_surfaces)
    for scene in bpy.data.scenes:
        if scene.rigidbody_world is not None:
            yield f"point cache of {scene.name}", scene.rigidbody_world.point_cache


def _nodes() -> Iterator[Use]:
    trees = [(m.name, m.node_tree) for m in [*bpy.data.materials, *bpy.data.lights, *bpy.data.worlds] if m.node_tree]
    trees += [(group.name, group) for group in bpy.data.node_groups]
    for name, tree in trees:
        for node in tree.nodes:
            if node.bl_idname == "ShaderNodeTexIES" and node.mode == "EXTERNAL":
                yield _use(node, node.filepath, "file", f"IES texture of {name}")
            elif node.bl_idname == "ShaderNodeScript" and node.mode == "EXTERNAL":
                yield _use(node, node.filepath, "file", f"script node of {name}")
            for socket in node.inputs if tree.type == "GEOMETRY" else ():
                if socket.bl_idname == "NodeSocketStringFilePath":
                    yield _use(socket, socket.default_value, "file", f"file path of {name}", "default_value")


def _strips() -> Iterator[Use]:
    for scene in bpy.data.scenes:
        editor = scene.sequence_editor
        for strip in getattr(editor, "strips_all", None) or getattr(editor, "sequences_all", None) or ():
            owner = f"strip {strip.name} of {scene.name}"
            if strip.type == "MOVIE":
                yield _use(strip, strip.filepath, "file", owner)
            elif strip.type == "IMAGE":
                yield from _pictures(strip, owner)


def _pictures(strip: Any, owner: str) -> Iterator[Use]:
    """The pictures of a strip: one sequence, or each for itself."""
    every = [_Picture(strip, element) for element in strip.elements]
    uses = [_use(strip, picture.filepath, "sequence", owner) for picture in every]
    is_sequence = len(uses) > 1 and len({use.place for use in uses}) == 1
    for picture, use in zip(every, uses, strict=True):
        use.block, use.kind = picture, "sequence" if is_sequence else "file"
        yield use


class _Picture:
    """A picture of a strip, which has folder and name apart."""

    def __init__(self, strip: Any, element: Any) -> None:
        self._strip = strip
        self._element = element

    @property
    def filepath(self) -> str:
        """Its path as the strip writes it."""
        return str(os.path.join(self._strip.directory, self._element.filename))

    @filepath.setter
    def filepath(self, path: str) -> None:
        self._strip.directory, self._element.filename = os.path.split(path)


_FINDERS = (
    libraries,
    _images,
    _movie_clips,
    _sounds,
    _fonts,
    _volumes,
    _cache_files,
    _modifiers,
    _point_caches,
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
