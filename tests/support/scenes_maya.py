"""Writes one description of a Maya scene as .ma, as .mb of 32 bits (FOR4) and as .mb of 64 bits (FOR8)."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from rendermill.scenes.examine import Listener, examine
from rendermill.scenes.report import SceneReport

_RATES = {
    "film": Fraction(24), "pal": Fraction(25), "ntscf": Fraction(60), "23.976fps": Fraction(24000, 1001)
}  # fmt: skip
_TICKS_OLD, _TICKS = 6000, 141120000
_STARTUP, _ROOT = 0x01, 0x80
_CODES = {
    "transform": b"XFRM", "camera": b"DCAM", "mesh": b"DMSH", "renderLayer": b"RNDL", "renderLayerManager": b"RNLM",
    "file": b"RTFT", "reference": b"REFN", "script": b"SCRP", "cacheFile": b"CCHF", "imagePlane": b"DIPL",
    "audio": b"AUDI", "nParticle": b"NPAR", "dynGlobals": b"YDGL", "renderSetupLayer": b"\x58\x00\x03\x72",
    "collection": b"\x58\x00\x03\x73", "group": b"\x58\x00\x03\x76", "absOverride": b"\x58\x00\x03\x78",
    "relOverride": b"\x58\x00\x03\x7a", "simpleSelector": b"\x58\x00\x03\x9e",
    "absUniqueOverride": b"\x58\x00\x03\xa0", "relUniqueOverride": b"\x58\x00\x03\xa1",
}  # fmt: skip


@dataclass(frozen=True)
class Frames:
    """A time: .ma counts it in frames, .mb in ticks."""

    count: float


@dataclass(frozen=True)
class Edits:
    """Texts that a reference sets: node, attribute, text."""

    texts: tuple[tuple[str, str, str], ...]


Value = Frames | Edits | bool | float | str | tuple[str, ...] | None
"""What an attribute is set to; None stands for flags without a value."""


@dataclass(frozen=True)
class Node:
    """A node; one without a type is selected, because Maya has made it itself."""

    type: str
    name: str
    values: Mapping[str, Value] = field(default_factory=dict)
    parent: str = ""
    startup: bool = False


@dataclass(frozen=True)
class PlugIn:
    """What a scene requires; with the types of nodes that it has of it."""

    name: str
    version: str
    types: tuple[str, ...] = ()


@dataclass(frozen=True)
class Refers:
    """A reference to a file."""

    path: str
    node: str
    depth: int = 1
    unloaded: bool = False


@dataclass(frozen=True)
class Scene:
    """A description of a scene."""

    nodes: Sequence[Node] = ()
    plug_ins: Sequence[PlugIn] = ()
    refers: Sequence[Refers] = ()
    links: Sequence[tuple[str, str]] = ()
    version: str = "2023"
    unit: str = "film"
    info: Mapping[str, str] = field(default_factory=lambda: {"product": "Maya 2023", "osv": "Linux 5.4"})


def globals_(**values: Value) -> Node:
    """The render settings."""
    return Node("", "defaultRenderGlobals", values)


def camera(name: str, **values: Value) -> tuple[Node, Node]:
    """A camera, with the transform that it is known by."""
    return Node("transform", name), Node("camera", f"{name}Shape", values, parent=name)


def texture(name: str, path: str, **values: Value) -> Node:
    """A file texture."""
    return Node("file", name, {"ftn": path, **values})


# .ma ----------------------------------------------------------------------------------------------------------------


def ascii_scene(scene: Scene, codeset: str = "UTF-8", codec: str = "utf-8") -> bytes:
    """The text of a scene; references and long statements are broken over lines as Maya breaks them."""
    lines = [f"//Maya ASCII {scene.version} scene", "//Name: x.ma", f"//Codeset: {codeset}"]
    for each in scene.refers:
        unloaded = " -dr 1" if each.unloaded else ""
        named = f'-ns "{each.node[:-2]}"{unloaded} -rfn "{each.node}" -op "VERS|2023|"\n\t\t-typ "mayaBinary"'
        lines.append(f"file -rdi {each.depth} {named} {quoted(each.path)};")
        if each.depth == 1:
            lines.append(f'file -r -ns "{each.node[:-2]}" -dr 1 -rfn "{each.node}" -op "VERS|2023|"')
            lines.append(f'\t\t-typ "mayaBinary" {quoted(each.path)};')
    lines.append(f'requires maya "{scene.version}";')
    for plug_in in scene.plug_ins:
        used = "".join(f' -nodeType "{each}"' for each in plug_in.types)
        lines.append(f'requires{used} "{plug_in.name}" "{plug_in.version}";')
    lines.append(f"currentUnit -l centimeter -a degree -t {scene.unit};")
    lines += [f"fileInfo {quoted(key)} {quoted(value)};" for key, value in scene.info.items()]
    for node in scene.nodes:
        lines.append(_created(node))
        lines += [f"\t{_set(name, value)}" for name, value in node.values.items()]
    lines += [f'connectAttr "{source}" "{target}";' for source, target in scene.links]
    return "\n".join([*lines, "// End of x.ma", ""]).encode(codec)


def quoted(text: str) -> str:
    """A string of MEL."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _created(node: Node) -> str:
    if not node.type:
        return f"select -ne :{node.name};"
    parent = f' -p "{node.parent}"' if node.parent else ""
    return f'createNode {node.type} {"-s " if node.startup else ""}-n "{node.name}"{parent};'


def _set(name: str, value: Value) -> str:
    plug = f'".{name}"'
    match value:
        case None:
            return f"setAttr -k on {plug};"
        case str():
            return f'setAttr {plug} -type "string" {quoted(value)};'
        case tuple():
            return f'setAttr {plug} -type "stringArray" {len(value)} {" ".join(map(quoted, value))};'
        case Edits():
            edits = "".join(f'\n\t\t2 "{node}" "{attribute}" {_edit(text)}' for node, attribute, text in value.texts)
            return f'setAttr {plug} -type "dataReferenceEdits"\n\t\t"xRN"\n\t\t"xRN" {len(value.texts)}{edits};'
        case Frames():
            return f"setAttr {plug} {value.count:g};"
        case bool():
            return f"setAttr {plug} {'yes' if value else 'no'};"
    return f"setAttr {plug} {value:.10g};"


def _edit(text: str) -> str:
    return quoted(f' -type "string" {quoted(text)}')


# .mb ----------------------------------------------------------------------------------------------------------------


def binary_of_32_bits(scene: Scene) -> bytes:
    """As Maya wrote it before 2014: no ticks per second are told, times have four bytes."""
    return _Form(scene, wide=False).file()


def binary_of_64_bits(scene: Scene) -> bytes:
    """As Maya writes it now: what stands behind a tag means nothing."""
    return _Form(scene, wide=True).file()


FORMS: Mapping[str, Callable[[Scene], bytes]] = {
    "ma": ascii_scene,
    "mb32": binary_of_32_bits,
    "mb64": binary_of_64_bits,
}


def examined(path: Path) -> SceneReport:
    """The report of a scene."""
    return examine(path, (), Listener())


def report(folder: Path, scene: Scene, form: str = "ma") -> SceneReport:
    """The report of a scene that is written into a folder."""
    path = folder / f"x.{form}"
    path.write_bytes(FORMS[form](scene))
    return examined(path)


def report_of_text(folder: Path, *lines: str, head: str = "//Maya ASCII 2023 scene") -> SceneReport:
    """The report of a .ma that is written as given."""
    path = folder / "x.ma"
    path.write_bytes("\n".join([head, *lines, "// End of x.ma", ""]).encode())
    return examined(path)


class _Form:
    def __init__(self, scene: Scene, *, wide: bool) -> None:
        self._scene = scene
        self._wide = wide
        self._align = 8 if wide else 4
        plugged = [type_ for plug_in in scene.plug_ins for type_ in plug_in.types]
        self._codes = _CODES | {type_: (0x115D00 + at).to_bytes(4) for at, type_ in enumerate(plugged)}

    def file(self) -> bytes:
        scene = self._scene
        body = [self._head()]
        body += [self._referred(each) for each in scene.refers]
        body += [self._node(each) for each in scene.nodes]
        if scene.links:
            links = [self._chunk("CWFL", b"\0", _z(source), _z(target)) for source, target in scene.links]
            body.append(self._group(b"CONS", self._group(b"CONN", *links), kind="LIS"))
        body.append(self._group(b"HEAD", self._chunk("CHNG", _z("today"))))
        return self._group(b"Maya", *body)

    def _chunk(self, tag: str, *data: bytes) -> bytes:
        whole = b"".join(data)
        return self._header(tag, len(whole)) + whole + b"\xcd" * (-len(whole) % self._align)

    def _group(self, type_: bytes, *inner: bytes, kind: str = "FOR") -> bytes:
        whole = type_ + b"".join(inner)
        return self._header(f"{kind}{self._align}", len(whole)) + whole

    def _header(self, tag: str, size: int) -> bytes:
        return tag.encode() + (b"\xfe\x01FO" + struct.pack(">Q", size) if self._wide else struct.pack(">I", size))

    def _head(self) -> bytes:
        scene = self._scene
        chunks = [self._chunk("VERS", _z(scene.version)), self._chunk("LUNI", _z("cm"))]
        chunks.append(self._chunk("TUNI", _z(scene.unit)))
        if self._wide:
            chunks.append(self._chunk("TDUR", _z(str(_TICKS))))
        chunks += [self._chunk("FINF", _z(key), _z(value)) for key, value in scene.info.items()]
        for each in scene.plug_ins:
            flags = "".join(f' -nodeType "{type_}"' for type_ in each.types)
            types = b"".join(_z(type_) + self._codes[type_] for type_ in each.types)
            chunks.append(self._chunk("PLUG", _z(each.name), _z(each.version), _z(flags), types))
        return self._group(b"HEAD", *chunks)

    def _referred(self, each: Refers) -> bytes:
        space = _z(each.node[:-2])
        depth = each.depth.to_bytes(4)
        informs = self._chunk("FRDI", depth, _z(each.path), space, bytes((1, each.unloaded)), _z(each.node))
        whole = self._group(b"FRDI", informs)
        if each.depth == 1:
            whole += self._group(b"FREF", self._chunk("FREF", _z(each.path), space, b"\1\1", _z(each.node)))
        return whole

    def _node(self, node: Node) -> bytes:
        values = [self._set(name, value) for name, value in node.values.items()]
        if not node.type:
            return self._group(b"SLCT", self._chunk("SLCT", _z(f":{node.name}")), *values)
        flags = (_STARTUP if node.startup else 0) | (0 if node.parent else _ROOT)
        parent = _z(node.parent) if node.parent else b""
        uuid = b"\x07" * 16 if self._wide else b""
        created = self._chunk("CREA", bytes((flags,)), _z(node.name), parent, uuid)
        return self._group(self._codes[node.type], created, *values)

    def _set(self, name: str, value: Value) -> bytes:
        head = _z(name) + b"\x20"
        match value:
            case None:
                return self._chunk("FLGS", head)
            case str():
                return self._chunk("STR ", head, _z(value))
            case tuple():
                return self._chunk("STR#", head, len(value).to_bytes(4), *map(_z, value))
            case Edits():
                edits = [
                    b"\0\0\0\x02" + _z(node) + _z(attribute) + _z(f' -type "string" {quoted(text)}')
                    for node, attribute, text in value.texts
                ]
                return self._chunk("REFE", head, _z("xRN"), *edits)
            case Frames():
                per_frame = Fraction(_TICKS if self._wide else _TICKS_OLD) / _RATES[self._scene.unit]
                ticks = round(Fraction(value.count) * per_frame)
                return self._chunk("DBLE", head, struct.pack(">q" if self._wide else ">i", ticks))
        return self._chunk("DBLE", head, struct.pack(">d", value))


def _z(text: str) -> bytes:
    return text.encode() + b"\0"
