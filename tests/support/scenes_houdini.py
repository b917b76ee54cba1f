"""Houdini scenes in memory: archives as Houdini writes them, from a small description."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from struct import pack

from rendermill.scenes.examine import Listener, examine
from rendermill.scenes.locate.locator import Maps
from rendermill.scenes.report import FileUse, Renderable, SceneReport

MASKED = {"LC": ("LIMITED_COMMERCIAL_FILE!!!", b"HouLC\x1a"), "NC": ("NON_COMMERCIAL_FILE!!!", b"HouNC\x1a")}


@dataclass(frozen=True)
class Bound:
    """A value that a channel drives: an expression, and what it came to when the scene was saved."""

    expression: str
    cached: str | float = 0
    keys: int = 1


Value = str | float | Bound
Parms = Mapping[str, Value | tuple[Value, ...]]


@dataclass
class Hip:
    """A scene to be written."""

    version: str = "20.5.410"
    platform: str = "linux-x86_64-gcc11.2"
    start: str = "fps 24\ntcur 0\ntset 0 10\nfrange 1 240\n"
    variables: dict[str, str] = field(default_factory=dict)
    entries: dict[str, bytes] = field(default_factory=dict)
    assets: list[tuple[str, tuple[str, ...], str]] = field(default_factory=list)
    takes: bytes = b""

    def node(
        self,
        path: str,
        type_: str,
        parms: Parms | None = None,
        *,
        bypass: bool = False,
        inputs: tuple[str, ...] = (),
        spare: str = "",
    ) -> Hip:
        """Add a node."""
        values = {name: value if isinstance(value, tuple) else (value,) for name, value in (parms or {}).items()}
        name = path[1:]
        self.entries[f"{name}.init"] = f"type = {type_}\nmatchesdef = 0\n".encode()
        self.entries[f"{name}.def"] = definition(bypass=bypass, inputs=inputs)
        if spare:
            self.entries[f"{name}.spareparmdef"] = spare.encode()
        if bound := channels(values):
            self.entries[f"{name}.chn"] = bound
        self.entries[f"{name}.parm"] = parameters(values)
        return self

    def asset(self, operator: str, *paths: str, script: str = "") -> Hip:
        """Add a digital asset and its dialog script."""
        self.assets.append((operator, paths, script))
        return self

    def rop(
        self,
        type_: str = "ifd",
        path: str = "/out/mantra1",
        parms: Parms | None = None,
        *,
        bypass: bool = False,
        **more: Value | tuple[Value, ...],
    ) -> Hip:
        """Add a ROP with what each ROP has; ``parms`` and ``more`` change that."""
        own: Parms = {"execute": 0, "trange": "normal", "f": (1, 10, 1), "take": "_current_"}
        return self.node(path, type_, {**own, **(parms or {}), **more}, bypass=bypass)

    def camera(self, path: str = "/obj/cam1", width: int = 640, height: int = 480) -> Hip:
        """Add a camera."""
        return self.node(path, "cam", {"res": (width, height), "aspect": 1})

    def all_entries(self) -> dict[str, bytes]:
        """The entries as they lie in the file."""
        variables = {"_HIP_SAVEVERSION": self.version, "_HIP_SAVEPLATFORM": self.platform, **self.variables}
        fallbacks = "".join(f"{operator} {path}\n" for operator, paths, _ in self.assets for path in paths)
        scripts = {operator: script for operator, _, script in self.assets if script}
        return {
            ".start": self.start.encode(),
            ".variables": "".join(f"set -g {name} = '{value}'\n" for name, value in variables.items()).encode(),
            ".OPlibraries": b"",
            ".OPfallbacks": fallbacks.encode(),
            ".OPdummydefs": library(scripts, trailer("TRAILER!!!")),
            "expression.func": b"function\n",
            "obj.def": definition(),
            **self.entries,
            ".takes": self.takes or b"HoudiniTakeFile 1.0\ntake name Main kids 0\n" + record(b"e\n"),
            ".cwd": b"opcf /\n",
        }

    def data(self) -> bytes:
        """A commercial scene."""
        return b"".join(entry(name, payload) for name, payload in self.all_entries().items()) + trailer("TRAILER!!!")

    def masked(self, licence: str = "LC") -> bytes:
        """A scene of a limited licence: sizes cannot be read, libraries hold ends of archives of their own."""
        end, magic = MASKED[licence]
        scripts = {operator: script for operator, _, script in self.assets if script}
        entries = {**self.all_entries(), ".OPdummydefs": library(scripts, _masked(magic, end, b""))}
        return b"".join(_masked(magic, name, payload) for name, payload in {**entries, end: b""}.items())

    def report(self, folder: Path, called: str = "shot.hip", maps: Maps = ()) -> SceneReport:
        """What the reader tells of it when it lies in a folder."""
        return report_of(self.data(), folder, called, maps)


def report_of(data: bytes, folder: Path, called: str = "shot.hip", maps: Maps = ()) -> SceneReport:
    """What the reader tells of a file that holds these bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / called
    path.write_bytes(data)
    return examine(path, maps, Listener())


def only(report: SceneReport) -> Renderable:
    """The renderable of a scene that has one."""
    [found] = report.renderables
    return found


def used(report: SceneReport) -> dict[str, FileUse]:
    """The files of a report by who names them."""
    return {user: use for use in report.files for user in use.used_by.split(", ")}


def entry(name: str, payload: bytes) -> bytes:
    """An entry of a cpio archive, old character format."""
    fields = ("000001", "000002", "100644", "000000", "000000", "000001", "000000", "14223163375")
    return f"070707{''.join(fields)}{len(name.encode()) + 1:06o}{len(payload):011o}{name}\0".encode() + payload


def trailer(name: str) -> bytes:
    """The end of an archive."""
    return entry(name, b"")


def _masked(magic: bytes, name: str, payload: bytes) -> bytes:
    return magic + f"1033600b{zlib.crc32(name.encode()):08x}{len(payload) ^ 0xABCDEF:012x}{name}\0".encode() + payload


def parameters(values: Mapping[str, tuple[Value, ...]]) -> bytes:
    """A .parm entry."""
    lines = [f"{name}\t[ 0\tlocks=0 ]\t(\t{_values(name, parm)})" for name, parm in values.items()]
    return "\n".join(["{", "version 0.8", *lines, "}", ""]).encode("utf-8", "surrogateescape")


def _values(name: str, parm: tuple[Value, ...]) -> str:
    names = [name if len(parm) == 1 else component(name, index) for index in range(len(parm))]
    return "".join(f"{_value(own, value)}\t" for own, value in zip(names, parm, strict=True))


def _value(name: str, value: Value) -> str:
    return f"[ {name}\t{token(value.cached)} ] " if isinstance(value, Bound) else token(value)


def component(name: str, index: int) -> str:
    """The name of one value of a parameter with several."""
    return f"{name}{'xyzw'[index]}" if name in ("res", "res_override", "resolution") else f"{name}{index + 1}"


def token(value: str | float) -> str:
    """A value as it is written: in quotes only if it needs them."""
    text = str(value)
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"' if not text or any(each.isspace() for each in text) else escaped


def channels(values: Mapping[str, tuple[Value, ...]]) -> bytes:
    """A .chn entry; empty if nothing is driven by a channel."""
    found = []
    for name, parm in values.items():
        for index, value in enumerate(parm):
            if isinstance(value, Bound):
                own = name if len(parm) == 1 else component(name, index)
                segment = f"      segment {{ length = 0 value = 1 1 expr = {token(value.expression)} }}\n"
                found.append(f"    channel {own} {{\n      lefttype = extend\n{segment * value.keys}    }}\n")
    return ("{\n" + "".join(found) + "  }\n").encode() if found else b""


def definition(*, bypass: bool = False, inputs: tuple[str, ...] = ()) -> bytes:
    """A .def entry."""
    wires = "".join(f'{index} \t{name} 0 1 "input{index + 1}"\n' for index, name in enumerate(inputs))
    plain = "".join(f"{index} \t{name} 0 1\n" for index, name in enumerate(inputs))
    switch = "on" if bypass else "off"
    flags = f"flags =  lock off model off xray off bypass {switch} display off render off\n"
    wiring = f'outputsNamed3\n{{\n0 "output1"\n}}\ninputsNamed3\n{{\n{wires}}}\ninputs\n{{\n{plain}}}\n'
    return f'comment ""\n{flags}{wiring}exprlanguage hscript\nend\n'.encode()


def library(scripts: Mapping[str, str], inside: bytes) -> bytes:
    """A library of operators with a dialog script each; ``inside`` is the (empty) archive of their contents."""
    sections = {name: index({"Contents": inside, "DialogScript": text.encode()}) for name, text in scripts.items()}
    return index({"INDEX_SECTION": b"\0" * 40, "houdini.hdalibrary": b"", **sections})


def index(sections: Mapping[str, bytes]) -> bytes:
    """An index of sections, and the sections."""
    head, offset = b"INDX" + b"\0" * 8 + pack(">I", len(sections)), 0
    for name, payload in sections.items():
        head += pack(">I", len(name)) + name.encode() + pack(">III", offset, len(payload), 1649206978)
        offset += len(payload)
    return head + b"".join(sections.values())


def record(text: bytes) -> bytes:
    """A record of a .takes entry."""
    return pack(">I", len(text)) + text


def take(name: str, kids: int, changes: Mapping[tuple[str, str], Value | tuple[Value, ...]], first: int = 0) -> bytes:
    """A take; its strings are numbered from ``first``, two for each change."""
    records = b""
    for number, ((node, parm), value) in enumerate(changes.items()):
        values = parameters({parm: value if isinstance(value, tuple) else (value,)})
        one, two = first + 2 * number, first + 2 * number + 1
        records += record(f"s {one} {node}\n".encode()) + record(f"s {two} {parm}\n".encode())
        records += record(f"d {one} {two}\n".encode() + record(values))
    return f"take name {name} kids {kids}\n".encode() + records + record(b"e\n")


def takes(*all_takes: bytes) -> bytes:
    """A .takes entry of takes, each before its kids."""
    return b"HoudiniTakeFile 1.0\n" + b"".join(all_takes)
