"""The archive that a .hip file is: named entries, one after the other.

A commercial .hip is a POSIX "odc" cpio: headers of 76 octal digits, no padding, an entry ``TRAILER!!!`` at the end. In
a .hiplc or .hipnc every header is six bytes of magic and 28 hexadecimal digits, in which the sizes are masked; the name
and the payload are clear, so an entry ends where the next one begins.

Libraries of assets inside (``.OPdummydefs``) hold archives of the same kind, whose entries are none of the scene; where
sizes are masked, the library's own index tells where it ends.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from rendermill.scenes.findings import DamageError, Findings, Source
from rendermill.scenes.houdini import library

_HEADER = re.compile(rb"070707[0-7]{70}")
_HEADER_SIZE = 76
_MASKED = re.compile(rb"(HouLC\x1a|HouNC\x1a)[0-9a-f]{28}([\x21-\xff][\x20-\xff]{0,4095})\0")
_TRAILERS = frozenset(("TRAILER!!!", "LIMITED_COMMERCIAL_FILE!!!", "NON_COMMERCIAL_FILE!!!"))
_LIBRARIES = frozenset((".defotl", ".OPdummydefs"))
_TOP = re.compile(r"\.|(?:obj|out|mat|shop|vex|img|ch|stage|tasks|part|expression)[./]")
_STEP = 1024
"""Entries between two tellings of the progress."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A named span of the file."""

    name: str
    start: int
    end: int


class Archive:
    """The entries of a scene by their names; of several with one name the first counts."""

    def __init__(self, source: Source, found: Findings) -> None:
        self._data = source.data
        self.entries: dict[str, Entry] = {}
        for entry in _own(_entries(source, found)):
            self.entries.setdefault(entry.name, entry)

    def payload(self, name: str) -> bytes:
        """The bytes of an entry; none if there is no such entry."""
        entry = self.entries.get(name)
        return b"" if entry is None else self._data[entry.start : entry.end]

    def text(self, name: str) -> str:
        """The text of an entry; bytes that are not UTF-8 stay what they are as surrogates."""
        return self.payload(name).decode("utf-8", "surrogateescape").replace("\r\n", "\n")


def _entries(source: Source, found: Findings) -> Iterator[Entry]:
    masked = bytes(source.data[:3]) == b"Hou"
    for count, entry in enumerate(_masked(source, found) if masked else _plain(source, found)):
        if count % _STEP == 0:
            source.progress(entry.start / len(source.data) / 4)
        yield entry


def _own(entries: Iterator[Entry]) -> Iterator[Entry]:
    """The scene's own entries. Ends of archives are none, and what lies in a library is the library's payload.

    A library's size leads over what is in it; where sizes are masked or wrong, that is met, and given back to it.
    """
    held: Entry | None = None
    for entry in entries:
        if held is not None and not _TOP.match(entry.name):
            held = replace(held, end=entry.end)
            continue
        if held is not None:
            yield held
        held = entry if entry.name in _LIBRARIES else None
        if held is None and entry.name not in _TRAILERS:
            yield entry
    if held is not None:
        yield held


def _masked(source: Source, found: Findings) -> Iterator[Entry]:
    data = source.data
    magic = bytes(data[:6])
    header = _next(data, magic, 0)
    if header is None:
        raise DamageError("it holds no entry", 0)
    if header.start() != 0:
        found.damaged("no entry begins here", 0)
    name, libraries = "", set(_LIBRARIES)
    while header is not None:
        name, start = _name(header[2]), header.end()
        end = library.end_of(data, start) if name in libraries else start
        libraries.discard(name)
        follower = _next(data, magic, end)
        if end != start and (follower is None or follower.start() != end):
            follower = _next(data, magic, start)
        yield Entry(name, start, follower.start() if follower else len(data))
        header = follower
    if name not in _TRAILERS:
        found.damaged("it ends without its last entry", len(data))


def _next(data: mmap.mmap | bytes, magic: bytes, at: int) -> re.Match[bytes] | None:
    """The next header of an entry."""
    return next((match for match in _MASKED.finditer(data, at) if match[1] == magic), None)


def _plain(source: Source, found: Findings) -> Iterator[Entry]:
    """Entries by their sizes; where a size leads to no entry, the next one that can be found goes on."""
    data = source.data
    header = _HEADER.search(data)
    if header is None:
        raise DamageError("it holds no entry", 0)
    if header.start() != 0:
        found.damaged("no entry begins here", 0)
    while header is not None:
        name, start, end = _sized(data[header.start() : header.end()], data[header.end() : header.end() + 4097], header)
        follower = _HEADER.match(data, end) if start <= end <= len(data) else None
        if name in _TRAILERS and not found.damage:
            return
        if follower is None and end == len(data):
            found.damaged("it ends without its last entry", end)
        elif follower is None:
            found.damaged(f"{name or 'an entry'} does not end where it says", min(end, len(data)))
            follower = _HEADER.search(data, start)
            end = follower.start() if follower else len(data)
        if name:
            yield Entry(name, start, end)
        header = follower


def _sized(digits: bytes, after: bytes, header: re.Match[bytes]) -> tuple[str, int, int]:
    """The name of an entry (empty if it has none that can be), and where its payload starts and ends."""
    name_size, size = int(digits[59:65], 8), int(digits[65:76], 8)
    start = header.end() + name_size
    name = after[: name_size - 1] if 0 < name_size <= len(after) else b""
    if b"\0" in name or not name:
        # Changed line ends change sizes, but hardly that of a name: end it where it ends.
        name = after.partition(b"\0")[0]
        start = min(header.end() + len(name) + 1, header.end() + len(after))
    return (_name(name) if len(name) < len(after) else ""), start, start + size


def _name(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
