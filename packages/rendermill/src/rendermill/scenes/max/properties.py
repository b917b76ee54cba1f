"""The list that 3ds Max writes of a scene, in its stream ``DocumentSummaryInformation``, after [MS-OLEPS].

Property 12 names groups and how many lines each has, property 13 holds the lines of all groups. Their names are in the
language of 3ds Max, their order is always the same: General, Mesh Totals, Scene Totals, External Dependencies,
Objects, Materials, Used Plug-Ins, Render Data.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from rendermill.scenes.findings import DamageError

STREAM = "\x05DocumentSummaryInformation"
_GROUPS = ("general", "mesh", "totals", "dependencies", "objects", "materials", "plugins", "render")
_SECTION = 44
_CODE_PAGE, _PAIRS, _LINES = 1, 12, 13
_UTF_16 = 1200
_VECTOR_OF_VARIANTS, _VECTOR_OF_TEXTS = 0x100C, 0x101E
_TEXT, _NUMBER = 0x1E, 3
_CODECS = {_UTF_16: "utf-16-le", 65001: "utf-8", 932: "cp932", 936: "gb18030", 949: "cp949", 950: "cp950"}
_MOST_LINES = 1_000_000


@dataclass(frozen=True, slots=True)
class Summary:
    """The lines of each group."""

    general: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    plugins: tuple[str, ...] = ()
    render: tuple[str, ...] = ()


def summary(stream: bytes) -> Summary:
    """The groups of such a stream. Raises :class:`DamageError` for a broken one."""
    try:
        return _summary(stream)
    except struct.error as error:
        raise DamageError("its summary is broken") from error


def _summary(stream: bytes) -> Summary:
    (section,) = struct.unpack_from("<I", stream, _SECTION)
    places = _places(stream, section)
    page = struct.unpack_from("<h", stream, places[_CODE_PAGE] + 4)[0] if _CODE_PAGE in places else _UTF_16
    if _PAIRS not in places or _LINES not in places:
        raise DamageError("its summary lists nothing")
    codec = _CODECS.get(page & 0xFFFF, f"cp{page & 0xFFFF}" if 1250 <= page <= 1258 else "cp1252")
    texts = _Texts(stream, codec)
    counts = texts.counts(places[_PAIRS])
    lines = texts.lines(places[_LINES])
    groups: dict[str, tuple[str, ...]] = {}
    at = 0
    for name, count in zip(_GROUPS, counts, strict=False):
        groups[name] = tuple(lines[at : at + count])
        at += count
    return Summary(**{name: groups.get(name, ()) for name in Summary.__slots__})


def _places(stream: bytes, section: int) -> dict[int, int]:
    """Where each property lies."""
    (count,) = struct.unpack_from("<I", stream, section + 4)
    places: dict[int, int] = {}
    for number in range(min(count, 64)):
        identifier, offset = struct.unpack_from("<II", stream, section + 8 + 8 * number)
        places.setdefault(identifier, section + offset)
    return places


class _Texts:
    """Texts of a stream in its code page."""

    def __init__(self, stream: bytes, codec: str) -> None:
        self._stream = stream
        self._codec = codec

    def counts(self, at: int) -> list[int]:
        """How many lines each group has, from the pairs of its name and that number."""
        kind, elements = struct.unpack_from("<II", self._stream, at)
        if kind != _VECTOR_OF_VARIANTS:
            raise DamageError("its summary lists nothing")
        at += 8
        found: list[int] = []
        for _ in range(min(elements // 2, 64)):
            (
                _,
                length,
            ) = struct.unpack_from("<II", self._stream, at)
            at += 8 + length + -length % 4
            kind, count = struct.unpack_from("<II", self._stream, at)
            if kind != _NUMBER:
                raise DamageError("its summary is broken")
            found.append(min(count, _MOST_LINES))
            at += 8
        return found

    def lines(self, at: int) -> list[str]:
        """The texts of a vector, as many as there are."""
        kind, elements = struct.unpack_from("<II", self._stream, at)
        if kind != _VECTOR_OF_TEXTS:
            raise DamageError("its summary lists nothing")
        at += 8
        found: list[str] = []
        for _ in range(min(elements, _MOST_LINES)):
            if at + 4 > len(self._stream):
                break
            (length,) = struct.unpack_from("<I", self._stream, at)
            found.append(self._stream[at + 4 : at + 4 + length].decode(self._codec, "replace").rstrip("\0"))
            at += 4 + length + -length % 4
        return found
