"""Small .blend files, of any age and byte order, from a few data-blocks that a test describes."""

from __future__ import annotations

import gzip
import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import zstandard

Members = list[tuple[str, str]]

SIZES = {"char": 1, "uchar": 1, "int8_t": 1, "short": 2, "ushort": 2, "int": 4, "float": 4, "double": 8, "void": 0}
_CODES = {
    "char": "b",
    "uchar": "B",
    "int8_t": "b",
    "short": "h",
    "ushort": "H",
    "int": "i",
    "float": "f",
    "double": "d",
}

#: What Blender's own structs have that a reader looks at, in another order and without the rest.
STRUCTS: dict[str, Members] = {
    "Link": [("Link", "*next"), ("Link", "*prev")],
    "ListBase": [("void", "*first"), ("void", "*last")],
    "ID": [("void", "*next"), ("void", "*prev"), ("Library", "*lib"), ("char", "name[66]"), ("short", "flag")],
    "FileGlobal": [("Scene", "*curscene"), ("char", "filename[1024]")],
    "Library": [("ID", "id"), ("char", "name[1024]"), ("char", "filepath[1024]"), ("PackedFile", "*packedfile")],
    "PackedFile": [("int", "size"), ("void", "*data")],
    "ImageFormatData": [("char", "imtype"), ("char", "depth")],
    "RenderData": [
        *[("ImageFormatData", "im_format"), ("int", "sfra"), ("int", "efra"), ("int", "frame_step")],
        *[("short", "size"), ("int", "xsch"), ("int", "ysch"), ("short", "frs_sec"), ("float", "frs_sec_base")],
        *[("ListBase", "layers"), ("char", "pic[1024]"), ("char", "engine[32]")],
    ],
    "Scene": [
        *[("ID", "id"), ("Object", "*camera"), ("RenderData", "r"), ("ListBase", "view_layers"), ("Editing", "*ed")],
        *[("ListBase", "markers"), ("Collection", "*master_collection"), ("bNodeTree", "*nodetree")],
    ],
    "ViewLayer": [("ViewLayer", "*next"), ("ViewLayer", "*prev"), ("char", "name[64]"), ("short", "flag")],
    "TimeMarker": [("TimeMarker", "*next"), ("TimeMarker", "*prev"), ("int", "frame"), ("Object", "*camera")],
    "Object": [("ID", "id"), ("short", "type"), ("void", "*data"), ("Object", "*parent"), ("Material", "**mat")],
    "Material": [("ID", "id"), ("bNodeTree", "*nodetree")],
    "Mesh": [("ID", "id"), ("int", "totvert")],
    "MVert": [("float", "co[3]"), ("short", "no[3]"), ("char", "flag"), ("char", "bweight")],
    "CustomDataExternal": [("char", "filename[1024]")],
    "Collection": [("ID", "id"), ("ListBase", "gobject"), ("ListBase", "children")],
    "CollectionObject": [("CollectionObject", "*next"), ("CollectionObject", "*prev"), ("Object", "*ob")],
    "CollectionChild": [("CollectionChild", "*next"), ("CollectionChild", "*prev"), ("Collection", "*collection")],
    "Image": [
        *[("ID", "id"), ("char", "name[1024]"), ("short", "source"), ("short", "type")],
        *[("PackedFile", "*packedfile"), ("ListBase", "packedfiles")],
    ],
    "bSound": [("ID", "id"), ("char", "name[1024]"), ("PackedFile", "*packedfile")],
    "VFont": [("ID", "id"), ("char", "name[1024]"), ("PackedFile", "*packedfile")],
    "MovieClip": [("ID", "id"), ("char", "name[1024]"), ("int", "source")],
    "Volume": [("ID", "id"), ("char", "filepath[1024]"), ("PackedFile", "*packedfile"), ("char", "is_sequence")],
    "CacheFile": [("ID", "id"), ("ListBase", "layers"), ("char", "filepath[1024]"), ("char", "is_sequence")],
    "CacheFileLayer": [("CacheFileLayer", "*next"), ("CacheFileLayer", "*prev"), ("char", "filepath[1024]")],
    "Text": [("ID", "id"), ("char", "*name"), ("int", "flags")],
    "ModifierData": [("ModifierData", "*next"), ("ModifierData", "*prev"), ("int", "type"), ("char", "name[64]")],
    "MeshCacheModifierData": [("ModifierData", "modifier"), ("char", "filepath[1024]")],
    "OceanModifierData": [("ModifierData", "modifier"), ("char", "cachepath[1024]"), ("char", "cached")],
    "FluidModifierData": [("ModifierData", "modifier"), ("FluidDomainSettings", "*domain")],
    "FluidDomainSettings": [
        ("int", "cache_flag"),
        ("char", "cache_directory[1024]"),
        ("PointCache", "*point_cache[2]"),
    ],
    "FluidsimSettings": [("short", "type"), ("char", "surfdataPath[240]")],
    "NodesModifierData": [
        *[("ModifierData", "modifier"), ("char", "*simulation_bake_directory"), ("int", "bakes_num")],
        ("NodesModifierBake", "*bakes"),
    ],
    "NodesModifierBake": [("int8_t", "bake_target"), ("char", "*directory"), ("void", "*packed")],
    "ParticleSystem": [("PointCache", "*pointcache")],
    "PointCache": [("int", "flag"), ("char", "path[1024]")],
    "Editing": [("ListBase", "seqbase")],
    "Sequence": [
        *[("Sequence", "*next"), ("char", "name[64]"), ("int", "type"), ("float", "startofs"), ("Strip", "*strip")],
        ("ListBase", "seqbase"),
    ],
    "Strip": [("StripElem", "*stripdata"), ("char", "dir[768]")],
    "StripElem": [("char", "name[256]"), ("int", "orig_width")],
    "bNodeTree": [("ID", "id"), ("ListBase", "nodes")],
    "bNode": [("char", "name[64]"), ("void", "*storage"), ("ID", "*id")],
    "NodeShaderTexIES": [("int", "mode"), ("char", "filepath[1024]")],
    "NodeShaderScript": [("int", "mode"), ("char", "filepath[1024]")],
    "NodeImageMultiFile": [("char", "base_path[1024]"), ("char", "*file_name")],
    "bNodeSocketValueString": [("int", "subtype"), ("char", "value[1024]")],
    "VoxelData": [("short", "file_format"), ("char", "source_path[240]")],
    "Tex": [("ID", "id"), ("VoxelData", "*vd")],
}


@dataclass
class Blend:
    """A .blend that is being written. Data-blocks and their data come one after the other, as in a file."""

    version: str = "405"
    pointer: int = 8
    order: str = "<"
    structs: Mapping[str, Members] = field(default_factory=lambda: STRUCTS)
    _blocks: list[tuple[str, int, int, int, bytes]] = field(default_factory=list)

    def add(self, code: str, kind: str, address: int, *values: Mapping[str, Any]) -> Blend:
        """A block: an array of a struct with the values of each (``r.sfra``: a number, text or an address)."""
        number = list(self.structs).index(kind)
        self._blocks.append((code, number, address, len(values), b"".join(self._packed(kind, each) for each in values)))
        return self

    def data(self, kind: str, address: int, *values: Mapping[str, Any]) -> Blend:
        """A block of data of the data-block before it."""
        return self.add("DATA", kind, address, *values)

    def raw(self, address: int, data: bytes) -> Blend:
        """Data without a struct."""
        self._blocks.append(("DATA", 0, address, 1, data))
        return self

    def pointers(self, address: int, *targets: int) -> Blend:
        """An array of pointers."""
        code = "Q" if self.pointer == 8 else "I"
        return self.raw(address, struct.pack(f"{self.order}{len(targets)}{code}", *targets))

    def size(self, kind: str) -> int:
        """The bytes of a struct."""
        if kind not in self.structs:
            return SIZES.get(kind, 0)
        return sum(self._member(type_, name)[1] for type_, name in self.structs[kind])

    def __bytes__(self) -> bytes:
        is_new = int(self.version) >= 500
        if is_new:
            head = f"BLENDER17-01v{int(self.version):04}"
        else:
            head = f"BLENDER{'_' if self.pointer == 4 else '-'}{'v' if self.order == '<' else 'V'}{self.version}"
        blocks = [*self._blocks, ("DNA1", 0, 1, 1, self.dna()), ("ENDB", 0, 0, 0, b"")]
        return head.encode() + b"".join(self._block(*block) for block in blocks)

    def save(self, path: Path) -> Path:
        """Write it; its path."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(self))
        return path

    def dna(self) -> bytes:
        """The description of its structs."""
        types = [*dict.fromkeys([*self.structs, *SIZES, *(t for each in self.structs.values() for t, _ in each)])]
        names = [*dict.fromkeys(name for each in self.structs.values() for _, name in each)]
        rows = b""
        for kind, members in self.structs.items():
            rows += self._numbers("H", types.index(kind), len(members))
            for type_, name in members:
                rows += self._numbers("H", types.index(type_), names.index(name))
        parts = [
            b"SDNANAME" + self._strings(names),
            b"TYPE" + self._strings(types),
            b"TLEN" + self._numbers("H", *map(self.size, types)),
            b"STRC" + self._numbers("i", len(self.structs)) + rows,
        ]
        return b"".join(part + bytes(-len(part) % 4) for part in parts)

    def _block(self, code: str, number: int, address: int, count: int, data: bytes) -> bytes:
        name = code.encode()
        if len(code) == 2:
            name = name + b"\0\0" if self.order == "<" else b"\0\0" + name
        if int(self.version) >= 500:
            return struct.pack("<4sIQqq", name, number, address, len(data), count) + data
        pointer = "Q" if self.pointer == 8 else "I"
        return struct.pack(f"{self.order}4si{pointer}ii", name, len(data), address, number, count) + data

    def _numbers(self, code: str, *values: int) -> bytes:
        return struct.pack(f"{self.order}{len(values)}{code}", *values)

    def _strings(self, texts: list[str]) -> bytes:
        return self._numbers("i", len(texts)) + b"".join(text.encode() + b"\0" for text in texts)

    def _member(self, type_: str, name: str) -> tuple[str, int]:
        """The plain name of a member, and its bytes."""
        count = 1
        for dimension in re.findall(r"\[(\d+)\]", name):
            count *= int(dimension)
        size = self.pointer if name.startswith("*") else self.size(type_)
        return name.strip("*").partition("[")[0], size * count

    def _members(self, kind: str, path: str = "") -> Iterator[tuple[str, str, str, int]]:
        """The innermost members: path, type, name and bytes, in order."""
        for type_, name in self.structs[kind]:
            plain, size = self._member(type_, name)
            if type_ in self.structs and not name.startswith("*"):
                yield from self._members(type_, f"{path}{plain}.")
            else:
                yield f"{path}{plain}", type_, name, size

    def _packed(self, kind: str, values: Mapping[str, Any]) -> bytes:
        left = dict(values)
        packed = b""
        for path, type_, name, size in self._members(kind):
            value = left.pop(path, 0)
            if name.startswith("*"):
                value = struct.pack(self.order + ("Q" if self.pointer == 8 else "I"), value)
            elif isinstance(value, (str, bytes)):
                value = value.encode() if isinstance(value, str) else value
            else:
                value = struct.pack(self.order + _CODES[type_], value)
            assert len(value) <= size, f"{path} is {size} bytes"
            packed += value.ljust(size, b"\0")
        assert not left, f"{kind} has no {sorted(left)}"
        return packed


def gzipped(data: bytes) -> bytes:
    """As Blender up to 2.93 writes it."""
    return gzip.compress(data)


def zstd(data: bytes) -> bytes:
    """As Blender since 3.0 writes it: frame after frame, and a table of them in one to be skipped."""
    compressor = zstandard.ZstdCompressor()
    frames = [compressor.compress(data[at : at + 4096]) for at in range(0, len(data), 4096)]
    table = struct.pack("<II", 0x184D2A5E, 9) + bytes(9)
    return b"".join(frames) + table


def scene(blend: Blend, address: int = 0x100, name: str = "Scene", **values: Any) -> Blend:
    """A scene of common values; ``values`` with ``__`` for ``.`` are others."""
    given = {name.replace("__", "."): value for name, value in values.items()}
    common = {
        **{"id.name": f"SC{name}", "r.sfra": 1, "r.efra": 250, "r.size": 100, "r.xsch": 1920, "r.ysch": 1080},
        **{"r.frs_sec": 24, "r.frs_sec_base": 1.0, "r.im_format.imtype": 17, "r.frame_step": 1, "r.engine": "CYCLES"},
    }
    return blend.add("SC", "Scene", address, {**common, **given})
