"""A .mb file as a scene. There is no specification: what is read here was found in files of 2009 to 2026."""

from __future__ import annotations

import math
import struct
from fractions import Fraction

from rendermill.scenes.findings import Findings, Source
from rendermill.scenes.guess import looks_like_file
from rendermill.scenes.maya.attributes import SCRIPT, SETTINGS
from rendermill.scenes.maya.edits import binary_edits
from rendermill.scenes.maya.files import FILE_ATTRIBUTES
from rendermill.scenes.maya.iff import BrokenError, Chunk, Chunks
from rendermill.scenes.maya.layers import LAYER_PLUGS
from rendermill.scenes.maya.model import Node, Number, Referenced, Requirement, Scene, Value, short
from rendermill.scenes.maya.typecodes import CODES
from rendermill.scenes.maya.units import USUAL_RATE, rate

_OLD_TICKS = 6000
"""Ticks per second of files that do not tell: those before 2017."""
_WANTED = {name.encode() for name in SETTINGS | FILE_ATTRIBUTES}
_LINKS = frozenset(name.encode() for name in LAYER_PLUGS)
_OWN_TYPES = frozenset(CODES.values()) | {""}
_LONGEST_NAME = 4096
_LONGEST_TEXT = 1 << 16
_LONGEST_EDITS = 1 << 28
_MOST_STRAYS = 20_000
_STARTUP = 0x01
_NO_PARENT = 0x80
_FLAGS = 2


def parse(source: Source, found: Findings) -> Scene:
    """The scene that a .mb file holds."""
    return _Parser(source, found).run()


class _Parser:
    def __init__(self, source: Source, found: Findings) -> None:
        self._source = source
        self._data = source.data
        self._found = found
        self._chunks = Chunks(source.data)
        self._scene = Scene()
        self._types = dict(CODES)
        self._ticks = Fraction(_OLD_TICKS)

    def run(self) -> Scene:
        """Walk the groups of the file; where they break, go on at the next that fits."""
        size = len(self._data)
        end = min(self._chunks.end, size)
        if self._chunks.end > size:
            self._found.damaged("the file is cut off", size)
        position: int | None = self._chunks.first
        while position is not None and position < end:
            try:
                for chunk in self._chunks.within(position, end):
                    self._source.progress(chunk.start / size)
                    if chunk.is_group:
                        self._group(chunk)
                return self._scene
            except BrokenError as error:
                self._found.damaged("a chunk does not fit", error.at)
                position = self._chunks.resumed(error.at, end)
                self._strays(error.at, end if position is None else position)
        return self._scene

    def _group(self, group: Chunk) -> None:
        try:
            if group.tag == b"HEAD":
                self._head(group)
            elif group.tag in (b"FREF", b"FRDI"):
                self._references(group)
            elif group.tag == b"CONS":
                self._connections(group)
            else:
                self._node(group)
        except BrokenError as error:
            self._found.damaged("a chunk does not fit", error.at)
            self._strays(error.at, group.end)

    def _head(self, group: Chunk) -> None:
        for chunk in self._chunks.within(group.start, group.end):
            texts = self._bytes(chunk, _LONGEST_TEXT).split(b"\0")
            first, second = _text(texts[0]), _text(texts[1]) if len(texts) > 1 else ""
            if chunk.tag == b"VERS":
                self._scene.version = first
            elif chunk.tag == b"TUNI":
                self._scene.time_unit = first
            elif chunk.tag == b"TDUR" and first.isdecimal() and len(first) < 20 and int(first) > 0:
                self._ticks = Fraction(int(first))
            elif chunk.tag == b"FINF":
                self._scene.info[first] = second
            elif chunk.tag == b"PLUG" and first:
                self._plugin(self._bytes(chunk, _LONGEST_TEXT))

    def _plugin(self, data: bytes) -> None:
        """Name, version, flags, and then the name of each type with its number."""
        name, version, flags, types = (*data.split(b"\0", 3), b"", b"", b"")[:4]
        used = b"-nodeType" in flags or b"-dataType" in flags
        self._scene.requirements.append(Requirement(_text(name), _text(version).strip(), used))
        start = 0
        while (end := types.find(b"\0", start)) > start and len(types) >= end + 5:
            self._types[types[end + 1 : end + 5]] = _text(types[start:end])
            start = end + 5

    def _references(self, group: Chunk) -> None:
        """Path, name space, two flags, reference node; load information begins with how deep it lies."""
        for chunk in self._chunks.within(group.start, group.end):
            data = self._bytes(chunk, _LONGEST_TEXT)
            informs = chunk.tag == b"FRDI"
            depth = int.from_bytes(data[:4], "big") if informs else 1
            path, _, rest = (*(data[4:] if informs else data).split(b"\0", 2), b"", b"")[:3]
            flags = rest[:_FLAGS] if rest[:1] < b" " else b""
            node = rest[len(flags) :].partition(b"\0")[0]
            if path:
                unloaded = informs and flags[1:2] == b"\x01"
                self._scene.referenced.append(Referenced(_text(path), _text(node), depth, unloaded))

    def _connections(self, group: Chunk) -> None:
        for inner in self._chunks.within(group.start, group.end):
            if not inner.is_group:
                continue
            for chunk in self._chunks.within(inner.start, inner.end):
                source, target = (*self._bytes(chunk, 2 * _LONGEST_NAME)[1:].split(b"\0", 2), b"")[:2]
                if chunk.tag == b"CWFL" and target.rpartition(b".")[2].partition(b"[")[0] in _LINKS:
                    self._scene.connections.append((_text(source), _text(target)))

    def _node(self, group: Chunk) -> None:
        node = None
        for chunk in self._chunks.within(group.start, group.end):
            if chunk.tag in (b"CREA", b"SLCT"):
                node = self._begun(group, chunk)
            elif node is not None:
                self._attribute(node, chunk)

    def _begun(self, group: Chunk, chunk: Chunk) -> Node:
        """A node by the chunk that creates it, or selects it if Maya itself has made it."""
        data = self._bytes(chunk, _LONGEST_NAME)
        if chunk.tag == b"SLCT":
            name = short(_text(data.partition(b"\0")[0]))
            node = self._scene.named(name) or Node("", name)
        else:
            type_ = self._types.get(group.tag, f"0x{group.tag.hex()}")
            self._scene.types.add(type_)
            flags, (name_, _, rest) = data[:1], data[1:].partition(b"\0")
            has_parent = bool(flags) and not flags[0] & _NO_PARENT and rest != b""
            parent = _text(rest.partition(b"\0")[0]) if has_parent else ""
            node = Node(type_, _text(name_).removeprefix(":"), parent, bool(flags and flags[0] & _STARTUP))
        if self._scene.named(node.name) is not node:
            self._scene.add(node)
        return node

    def _attribute(self, node: Node, chunk: Chunk) -> None:
        """An attribute: name, a byte of flags, value."""
        if chunk.tag not in (b"DBLE", b"STR ", b"STR#", b"REFE") or chunk.end - chunk.start > _LONGEST_EDITS:
            return
        head = bytes(self._data[chunk.start : min(chunk.end, chunk.start + _LONGEST_NAME)])
        name, nul, _ = head.partition(b"\0")
        start = chunk.start + len(name) + 2
        if not nul or start > chunk.end:
            return
        wanted = name.rpartition(b".")[2].partition(b"[")[0] in _WANTED
        if chunk.tag == b"REFE":
            node.edits += binary_edits(bytes(self._data[start : chunk.end]))
        elif chunk.end - start <= _LONGEST_TEXT and (wanted or (chunk.tag == b"STR " and node.type not in _OWN_TYPES)):
            value = self._value(chunk.tag, bytes(self._data[start : chunk.end]))
            if value is not None and _is_kept(node, _text(name), value, wanted=wanted):
                node.values[_text(name)] = value

    def _value(self, tag: bytes, data: bytes) -> Value | None:
        if tag == b"STR ":
            return _text(data.partition(b"\0")[0])
        if tag == b"STR#":
            return tuple(_text(each) for each in data[4:].split(b"\0")[:-1])
        return self._number(data)

    def _number(self, data: bytes) -> Number | None:
        """Numbers, also of booleans and enumerations, are doubles; times are ticks: eight bytes of them, once four."""
        if len(data) not in (4, 8):
            return None
        per_frame = self._ticks / (rate(self._scene.time_unit) or USUAL_RATE)
        frames = round(float(int.from_bytes(data, "big", signed=True) / per_frame), 6)
        if len(data) == 4:
            return Number.plain(frames)
        (value,) = struct.unpack(">d", data)
        return Number(value if math.isfinite(value) else 0, frames)

    def _strays(self, start: int, end: int) -> None:
        """Texts in what could not be walked: what they belong to is not known."""
        for _ in range(_MOST_STRAYS):
            at = self._data.find(b"STR ", start, end)
            if at < 0:
                return
            chunk = self._chunks.at(at, end)
            if chunk is not None:
                node = Node(f"0x{at:x}", f"(at byte {at})")
                self._attribute(node, chunk)
                node.values = {name: value for name, value in node.values.items() if _is_file(value)}
                if node.values:
                    self._scene.add(node)
            start = at + 4

    def _bytes(self, chunk: Chunk, longest: int) -> bytes:
        return bytes(self._data[chunk.start : min(chunk.end, chunk.start + longest)])


def _is_kept(node: Node, name: str, value: Value, *, wanted: bool) -> bool:
    """Scripts are long, and only one of them is looked at; of a type that is not known only names of files count."""
    if name in SCRIPT:
        return node.name == "sceneConfigurationScriptNode"
    return wanted or _is_file(value)


def _is_file(value: Value) -> bool:
    return isinstance(value, str) and looks_like_file(value)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
