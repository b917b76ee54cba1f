"""A .ma file as a scene: the statements that matter, the rest is skipped."""

from __future__ import annotations

import math
import re
from itertools import pairwise

from rendermill.scenes.findings import Findings, Source
from rendermill.scenes.guess import looks_like_file
from rendermill.scenes.maya.attributes import SCRIPT, SETTINGS
from rendermill.scenes.maya.edits import read_edits
from rendermill.scenes.maya.files import FILE_ATTRIBUTES, FILE_TYPES
from rendermill.scenes.maya.layers import LAYER_PLUGS
from rendermill.scenes.maya.model import Node, Number, Referenced, Requirement, Scene, short
from rendermill.scenes.maya.statements import Statements, Word, codec
from rendermill.scenes.maya.typecodes import CODES

_HEAD = 4096
_TAIL = 4096
_CODESET = re.compile(rb"//\s*Codeset:\s*([\w-]+)")
_SAVED_BY = re.compile(rb"//Maya ASCII (\S+)")
_LAST_LINE = re.compile(rb"[\r\n]//\s*End of ")
_CREATE = re.compile(rb'\s++(\w++)\s++(-s\s++)?+-n\s++"([^"\\\r\n]*+)"(?:\s++-p\s++"([^"\\\r\n]*+)")?+\s*+;')
_SET = re.compile(
    rb'\s*+((?:-\w++\s*+(?:(?:on|off|yes|no|true|false|\d++)\b\s*+)?)*+)"([^".\\\r\n]*+\.[^"\\\r\n]*+)"\s*+(?:-ty?p?e?\s++"(\w++)"\s*+)?'
)
_SCALAR = re.compile(rb"(-?[\d.][\w.+-]*+|yes|no|on|off|true|false)\s*+;")
_COUNT = re.compile(rb"\d++\s*+")
_CONNECT = re.compile(rb'\s++(?:-\w++\s++)*+"([^"\\\r\n]*+)"\s++"([^"\\\r\n]*+)"')
_WORDS = {b"yes": 1.0, b"on": 1.0, b"true": 1.0, b"no": 0.0, b"off": 0.0, b"false": 0.0}
_WANTED = {name.encode() for name in SETTINGS | FILE_ATTRIBUTES}
_LINKS = frozenset(name.encode() for name in LAYER_PLUGS)
_OWN_TYPES = frozenset(CODES.values())
_SCRIPTS = tuple(f".{name}".encode() for name in SCRIPT)
_LONE_FLAGS = ("-av", "-alteredValue", "-c", "-clamp")
_ALWAYS_THERE = ("defaultRenderGlobals", "defaultResolution", "time1")
_STEP = 1 << 22
_LONGEST_TEXT = 1 << 20


def parse(source: Source, found: Findings) -> Scene:
    """The scene that a .ma file holds."""
    return _Parser(source, found).run()


class _Parser:
    def __init__(self, source: Source, found: Findings) -> None:
        self._source = source
        self._found = found
        self._scene = Scene()
        head = bytes(source.data[:_HEAD])
        saved_by, codeset = _SAVED_BY.search(head), _CODESET.search(head)
        self._scene.saved_by = saved_by[1].decode("latin-1") if saved_by else ""
        self._scene.complete = _LAST_LINE.search(bytes(source.data[-_TAIL:])) is not None
        self._codec = codec(codeset[1].decode("latin-1")) if codeset else "utf-8"
        begin = head.find(b"//")
        self._statements = Statements(source.data, self._codec, max(begin, 0))
        self._node = Node("", "")
        self._kept = True
        self._own = True

    def run(self) -> Scene:
        commands = {
            b"setAttr": self._set,
            b"createNode": self._create,
            b"connectAttr": self._connect,
            b"select": self._select,
            b"addAttr": self._add_attribute,
            b"file": self._file,
            b"requires": self._require,
            b"currentUnit": self._unit,
            b"fileInfo": self._info,
        }
        told = 0
        size = len(self._source.data)
        for command in self._statements:
            take = commands.get(command)
            if take is not None:
                take()
            if self._statements.position - told >= _STEP:
                told = self._statements.position
                self._source.progress(told / size)
        for at in self._statements.broken[:1]:
            self._found.damaged("a statement has no end", at)
        return self._scene

    def _create(self) -> None:
        usual = self._statements.match(_CREATE)
        if usual is not None:
            type_, startup, name, parent = (self._decoded(part) for part in usual.groups(b""))
        else:
            words = self._statements.words()
            flags = _flags(words)
            type_ = words[0].text if words else ""
            startup = "".join(word.text for word in words if word.is_flag and word.text in ("-s", "-shared"))
            name, parent = flags.get("n", flags.get("name", "")), flags.get("p", flags.get("parent", ""))
        self._node = Node(type_, name.removeprefix(":"), parent, startup != "")
        self._own = type_ in _OWN_TYPES
        self._kept = False
        self._scene.types.add(type_)
        if type_ in _KEPT_TYPES:
            self._keep()

    def _select(self) -> None:
        name = next((word.text for word in self._statements.words() if not word.is_flag), "")
        known = self._scene.named(short(name))
        self._node = known or Node("", short(name))
        self._kept = known is not None
        self._own = True
        self._keep()

    def _keep(self) -> None:
        if not self._kept:
            self._scene.add(self._node)
            self._kept = True

    def _set(self) -> None:
        match = self._statements.match(_SET)
        if match is None:
            self._set_by_words()
            return
        plug, kind = match[2], match[3]
        name = plug.rpartition(b".")[2].partition(b"[")[0]
        wanted = name in _WANTED
        if kind is None:
            if wanted and (scalar := self._statements.match(_SCALAR)) is not None:
                self._number(plug, scalar[1])
        elif kind == b"string":
            if wanted or not self._own:
                self._text(plug, wanted=wanted)
        elif kind == b"stringArray":
            if wanted and self._statements.match(_COUNT):
                self._store(plug, tuple(word.text for word in self._statements.words() if word.quoted))
        elif kind == b"dataReferenceEdits":
            self._node.edits += read_edits(self._statements)
            self._keep()

    def _set_by_words(self) -> None:
        """``setAttr -type "string" file1.ftn "a.png"``, as people write it."""
        words = [word for word in self._statements.words() if word.text not in _LONE_FLAGS]
        plug, *values = _arguments(words) or [""]
        name = self._bytes(plug.rpartition(".")[2].partition("[")[0])
        if not values or "." not in plug or name not in _WANTED:
            return
        raw = plug.encode(self._codec, "surrogateescape")
        flags = _flags(words)
        kind = next((flags[each] for each in ("type", "typ") if each in flags), "")
        if kind == "string":
            self._store(raw, values[0])
        elif not kind:
            self._number(raw, self._bytes(values[0]))

    def _number(self, plug: bytes, raw: bytes) -> None:
        value = _WORDS.get(raw)
        if value is None:
            try:
                value = float(raw)
            except ValueError:
                return
        if math.isfinite(value):
            self._store(plug, Number.plain(value))

    def _text(self, plug: bytes, *, wanted: bool) -> None:
        if plug in _SCRIPTS and self._node.name != "sceneConfigurationScriptNode":
            return  # scripts are long, and only one of them is looked at
        text = self._statements.string()
        if text is None:
            words = self._statements.words()
            text = words[0].text if words else None
        if text is not None and len(text) <= _LONGEST_TEXT and (wanted or looks_like_file(text)):
            self._store(plug, text)

    def _decoded(self, raw: bytes) -> str:
        return raw.decode(self._codec, "surrogateescape")

    def _bytes(self, text: str) -> bytes:
        return text.encode(self._codec, "surrogateescape")

    def _store(self, plug: bytes, value: Number | str | tuple[str, ...]) -> None:
        node, _, attribute = self._decoded(plug).partition(".")
        if not node:
            self._keep()
            self._node.values[attribute] = value
            return
        other = self._scene.named(short(node))  # written by hand: setAttr "file1.ftn"
        if other is None and short(node) in _ALWAYS_THERE:
            other = Node("", short(node))
            self._scene.add(other)
        if other is not None:
            other.values[attribute] = value

    def _add_attribute(self) -> None:
        """The default of what an override sets, which is not written again as its value."""
        if not self._node.type.endswith("Override"):
            return
        flags = _flags(self._statements.words())
        name, default = flags.get("sn", flags.get("shortName")), flags.get("dv", flags.get("defaultValue"))
        if name and default:
            self._number(self._bytes(f".{name}"), self._bytes(default))

    def _connect(self) -> None:
        match = self._statements.match(_CONNECT)
        if match is None:
            return
        attribute = match[2].rpartition(b".")[2].partition(b"[")[0]
        if attribute in _LINKS:
            self._scene.connections.append((self._statements.decoded(match[1]), self._statements.decoded(match[2])))

    def _file(self) -> None:
        words = self._statements.words()
        flags = _flags(words)
        depth = flags.get("rdi", flags.get("referenceDepthInfo"))
        is_own = any(word.is_flag and word.text in ("-r", "-reference") for word in words)
        if not words or not words[-1].quoted or (depth is None and not is_own):
            return
        node = flags.get("rfn", flags.get("referenceNode", ""))
        # Every reference of its own has -dr; it is the load info that tells whether it is loaded.
        unloaded = depth is not None and flags.get("dr", flags.get("deferReference")) == "1"
        level = int(depth) if depth is not None and depth.isdecimal() and len(depth) < 4 else 1
        self._scene.referenced.append(Referenced(words[-1].text, node, level, unloaded))

    def _require(self) -> None:
        words = self._statements.words()
        plain = _arguments(words)
        if len(plain) < 2:
            return
        if plain[-2] == "maya":
            self._scene.version = plain[-1]
            return
        used = any(word.is_flag for word in words)
        self._scene.requirements.append(Requirement(plain[-2], plain[-1].strip(), used))

    def _unit(self) -> None:
        flags = _flags(self._statements.words())
        self._scene.time_unit = flags.get("t", flags.get("time", self._scene.time_unit))

    def _info(self) -> None:
        plain = _arguments(self._statements.words())
        if len(plain) >= 2:
            self._scene.info[plain[-2]] = plain[-1]


# Nodes of these types tell something even if nothing of them is set.
_KEPT_TYPES = FILE_TYPES | {
    "camera", "stereoRigCamera", "renderLayer", "renderSetupLayer", "reference", "xgmPalette", "particle", "nParticle"
}  # fmt: skip


def _flags(words: list[Word]) -> dict[str, str]:
    """The first word after each flag."""
    found: dict[str, str] = {}
    for flag, value in pairwise(words):
        if flag.is_flag and not value.is_flag:
            found.setdefault(flag.text[1:], value.text)
    return found


def _arguments(words: list[Word]) -> list[str]:
    """The words that belong to no flag, if each flag takes one."""
    found: list[str] = []
    after_flag = False
    for word in words:
        if not word.is_flag and not after_flag:
            found.append(word.text)
        after_flag = word.is_flag
    return found
