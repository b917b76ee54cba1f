"""Writes Katana, 3ds Max and Cinema 4D files, as much of them as the readers understand, from small descriptions."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Sequence

_FREE, _END, _TABLE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_CUTOFF, _MINI = 4096, 64


def _filled(data: bytes, size: int) -> bytes:
    return data + b"\0" * (-len(data) % size)


# Katana -------------------------------------------------------------------------------------------------------------


def parameter(name: str, value: str = "", expression: str = "", hints: str = "") -> str:
    said = "".join(
        f' {key}="{text}"' for key, text in (("expression", expression), ("hints", hints), ("value", value)) if text
    )
    return f'<string_parameter name="{name}"{said}/>'


def group(name: str, *inner: str) -> str:
    return f'<group_parameter name="{name}">{"".join(inner)}</group_parameter>'


def node(name: str, kind: str, *inner: str, children: Sequence[str] = (), bypassed: bool = False) -> str:
    flag = ' bypassed="true"' if bypassed else ""
    return f'<node baseType="{kind}"{flag} name="{name}" type="{kind}">{group(name, *inner)}{"".join(children)}</node>'


def render_settings(name: str, **settings: str) -> str:
    """A RenderSettings node with settings that are switched on."""
    groups = (group(key, parameter("enable", "1"), parameter("value", value)) for key, value in settings.items())
    return node(name, "RenderSettings", group("args", group("renderSettings", *groups)))


def katana(*nodes: str, start: str = "1", end: str = "100") -> str:
    """The XML of a scene."""
    plugins = group("plugins", parameter("asset", "File"))
    return node("rootNode", "RootNode", parameter("inTime", start), parameter("outTime", end), plugins, children=nodes)


def katana_archive(xml: str, header: str = 'release="4.5v1" version="4.5.1.000008"') -> bytes:
    """A scene in a tar, packed, after its line of header."""
    content = xml.encode()
    entry = bytearray(512)
    entry[: len(b"scene/scene.katana")] = b"scene/scene.katana"
    entry[124:136] = f"{len(content):011o}\0".encode()
    entry[156:157] = b"0"
    folder = bytearray(512)
    folder[:6], folder[124:136], folder[156:157] = b"scene/", b"00000000000\0", b"5"
    tar = bytes(folder) + bytes(entry) + _filled(content, 512) + b"\0" * 1024
    return f'<katana archive="tar" {header}>\n'.encode() + gzip.compress(tar, mtime=0)


def katana_plain(xml: str, header: str = 'release="4.5v1" version="4.5.1.000008"') -> bytes:
    return f"<katana {header}>\n{xml}\n</katana>\n".encode()


# 3ds Max ------------------------------------------------------------------------------------------------------------


def compound(streams: dict[str, bytes], shift: int = 9) -> bytes:
    """A compound file; ``shift`` 12 makes sectors of 4096 bytes. Short streams lie in the mini stream."""
    size = 1 << shift
    sectors: list[bytes] = []
    chains: dict[int, int] = {}

    def put(data: bytes) -> int:
        """The first sector of a chain that holds the data."""
        parts = [_filled(data[at : at + size], size) for at in range(0, len(data), size)]
        first = len(sectors)
        for position, part in enumerate(parts):
            chains[len(sectors)] = len(sectors) + 1 if position < len(parts) - 1 else _END
            sectors.append(part)
        return first if parts else _END

    mini = b""
    minis: list[int] = []
    places: dict[str, tuple[int, int]] = {}
    for name, data in streams.items():
        if len(data) >= _CUTOFF:
            places[name] = (put(data), len(data))
            continue
        first = len(minis)
        count = -(-len(data) // _MINI)
        minis += [*range(first + 1, first + count), _END] if count else []
        mini += _filled(data, _MINI)
        places[name] = (first if count else _END, len(data))
    root = ("Root Entry", 5, put(mini), len(mini))
    entries = [root, *((name, 2, *place) for name, place in places.items())]
    directory = put(b"".join(_entry(*entry) for entry in entries))
    mini_table = put(struct.pack(f"<{len(minis)}I", *minis) + b"\xff" * (-4 * len(minis) % size))
    per_sector = size // 4
    tables = 1
    while tables * per_sector < len(sectors) + tables:
        tables += 1
    numbers = [chains[each] for each in range(len(sectors))] + [_TABLE] * tables
    first_table = len(sectors)
    table = struct.pack(f"<{len(numbers)}I", *numbers)
    table += b"\xff" * (tables * size - len(table))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<5H", 0x3E, 3 if shift == 9 else 4, 0xFFFE, shift, 6) + bytes(6)
    header += struct.pack("<3I", 0, tables, directory) + bytes(4)
    header += struct.pack("<5I", _CUTOFF, mini_table, 1, _END, 0)
    listed = [*range(first_table, first_table + tables)]
    header += struct.pack("<109I", *listed, *[_FREE] * (109 - tables))
    return _filled(header, size) + b"".join(sectors) + table


def _entry(name: str, kind: int, first: int, size: int) -> bytes:
    text = (name + "\0").encode("utf-16-le")
    body = struct.pack("<HBB3I", len(text), kind, 1, _FREE, _FREE, _FREE) + bytes(36)
    return text.ljust(64, b"\0") + body + struct.pack("<IQ", first, size)


def max_summary(groups: Sequence[tuple[str, Sequence[str]]], page: int = 1200) -> bytes:
    """The stream in which 3ds Max lists its scene, in a code page."""
    codec = {1200: "utf-16-le", 65001: "utf-8"}.get(page, f"cp{page}")

    def text(value: str) -> bytes:
        data = (value + "\0").encode(codec)
        return struct.pack("<I", len(data)) + _filled(data, 4)

    pairs = struct.pack("<II", 0x100C, 2 * len(groups))
    pairs += b"".join(b"\x1e\0\0\0" + text(name) + struct.pack("<II", 3, len(lines)) for name, lines in groups)
    lines = [line for _, each in groups for line in each]
    parts = struct.pack("<II", 0x101E, len(lines)) + b"".join(text(line) for line in lines)
    properties = {1: struct.pack("<II", 2, page), 12: pairs, 13: parts}
    index, body = b"", b""
    for number, data in properties.items():
        index += struct.pack("<II", number, 8 + 8 * len(properties) + len(body))
        body += data
    section = struct.pack("<II", 8 + len(index) + len(body), len(properties)) + index + body
    return (
        b"\xfe\xff\0\0\x06\x01\x02\0" + bytes(16) + struct.pack("<I", 1) + bytes(16) + struct.pack("<I", 48) + section
    )


def max_assets(*records: Sequence[str]) -> bytes:
    """The stream of external files: each its kind, its path and, in the newer stream, where it was found."""
    found = b""
    for record in records:
        found += bytes(range(16))
        for value in record:
            data = value.encode("utf-16-le")
            found += struct.pack("<I", len(data) // 2) + data + b"\0\0"
    return found


# Cinema 4D ----------------------------------------------------------------------------------------------------------


def c4d_value(number: int, value: str, *, file_name: bool = False, codec: str = "utf-16-be") -> bytes:
    """A text as the value of a container's parameter."""
    kind = 0x83 if file_name else 0x82
    return struct.pack(">BIBI", 0x0F, number, 0x0F, kind) + c4d_text(value, file_name=file_name, codec=codec)


def c4d_text(value: str, *, file_name: bool = False, codec: str = "utf-16-be") -> bytes:
    data = value.encode(codec)
    return struct.pack(">BI", 0x83 if file_name else 0x82, len(data)) + data


def c4d(*parts: bytes, version: int = 21207) -> bytes:
    return b"QC4DC4D6" + struct.pack(">I", version) + b"\x00\x01\x00\x01" + b"\x0f\x00\x00\x00\x00".join(parts)
