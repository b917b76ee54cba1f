"""Streams of a compound file (OLE2), the container of 3ds Max scenes, after [MS-CFB].

A file is a header of 512 bytes and sectors. A stream is a chain of sectors through the file allocation table, one
shorter than the cutoff a chain of mini sectors in the root's stream through the mini table. Every chain is followed
for no more sectors than there are, so that one which bites its tail ends.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from itertools import islice

from rendermill.scenes.findings import DamageError

_HEADER = 512
_NO_SECTOR_FROM = 0xFFFFFFFA
_ENTRY = 128
_MINI = 64
_FIRST_TABLES = 109
_STREAM, _ROOT = 2, 5


class Compound:
    """The streams at the top of a compound file. Raises :class:`DamageError` for a broken one."""

    def __init__(self, data: mmap.mmap | bytes) -> None:
        self._data = data
        if len(data) < _HEADER:
            raise DamageError("its header ends too early", len(data))
        major, _, shift = struct.unpack_from("<3H", data, 26)
        if (major, shift) not in ((3, 9), (4, 12)):
            raise DamageError("its header is broken", 26)
        self._shift: int = shift
        self._sector = 1 << self._shift
        self._sectors = max(0, len(data) // self._sector)
        directory, _, self._cutoff, mini, _, difat, _ = struct.unpack_from("<7I", data, 48)
        most_tables = self._sectors // (self._sector // 4) + 1
        self._tables = list(islice(self._table_sectors(difat), most_tables))
        self._minis = list(self._chain(mini))
        self._root = b""
        self._entries: dict[str, tuple[int, int]] = {}
        self._read_directory(directory)

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def stream(self, name: str, most: int) -> bytes:
        """A stream's bytes, at most so many; none if there is no such stream."""
        if name not in self._entries:
            return b""
        start, size = self._entries[name]
        size = min(size, most, len(self._data))
        if self._entries[name][1] >= self._cutoff:
            return self._bytes(start, size)
        return self._mini_bytes(start, size)

    @property
    def is_cut_off(self) -> bool:
        """Whether the allocation table has sectors in use that lie beyond the end."""
        per_sector = self._sector // 4
        for position in range(len(self._tables) - 1, -1, -1):
            at = self._at(self._tables[position])
            if at + self._sector > len(self._data):
                return True
            used = bytes(self._data[at : at + self._sector]).rstrip(b"\xff")
            if used:
                return self._at(position * per_sector + (len(used) - 1) // 4) >= len(self._data)
        return False

    def _table_sectors(self, difat: int) -> Iterator[int]:
        """The sectors that the file allocation table lies in."""
        yield from self._numbers(76, _FIRST_TABLES)
        per_sector = self._sector // 4 - 1
        for _ in range(self._sectors):
            at = self._at(difat)
            if difat >= _NO_SECTOR_FROM or at + self._sector > len(self._data):
                return
            yield from self._numbers(at, per_sector)
            difat = self._number(at + 4 * per_sector)

    def _numbers(self, at: int, count: int) -> Iterator[int]:
        numbers: tuple[int, ...] = struct.unpack_from(f"<{count}I", self._data, at)
        return (each for each in numbers if each < _NO_SECTOR_FROM)

    def _at(self, sector: int) -> int:
        return (sector + 1) << self._shift

    def _chain(self, sector: int) -> Iterator[int]:
        for _ in range(self._sectors):
            if sector >= _NO_SECTOR_FROM or self._at(sector) >= len(self._data):
                return
            yield sector
            sector = self._next(sector)

    def _next(self, sector: int) -> int:
        table, position = divmod(sector, self._sector // 4)
        if table >= len(self._tables):
            return _NO_SECTOR_FROM
        return self._number(self._at(self._tables[table]) + 4 * position)

    def _number(self, at: int) -> int:
        """The number of a sector that stands at a byte; none beyond the end."""
        field = bytes(self._data[at : at + 4])
        return int.from_bytes(field, "little") if len(field) == 4 else _NO_SECTOR_FROM

    def _bytes(self, start: int, size: int) -> bytes:
        found = bytearray()
        for sector in self._chain(start):
            if len(found) >= size:
                break
            at = self._at(sector)
            found += self._data[at : at + self._sector]
        return bytes(found[:size])

    def _mini_bytes(self, start: int, size: int) -> bytes:
        found = bytearray()
        sector, per_sector = start, self._sector // 4
        while len(found) < size and sector < _NO_SECTOR_FROM:
            part = self._root[sector * _MINI : (sector + 1) * _MINI]
            table, position = divmod(sector, per_sector)
            if not part or table >= len(self._minis):
                break
            found += part
            sector = self._number(self._at(self._minis[table]) + 4 * position)
        return bytes(found[:size])

    def _read_directory(self, start: int) -> None:
        for sector in self._chain(start):
            for at in range(self._at(sector), self._at(sector) + self._sector, _ENTRY):
                if at + _ENTRY > len(self._data):
                    raise DamageError("its directory ends too early", len(self._data))
                self._read_entry(at)

    def _read_entry(self, at: int) -> None:
        length, kind = struct.unpack_from("<HB", self._data, at + 64)
        first, size = struct.unpack_from("<IQ", self._data, at + 116)
        if self._sector == _HEADER:  # in such files the upper half of the size may hold anything
            size &= 0xFFFFFFFF
        if kind == _ROOT and not self._root:
            self._root = self._bytes(first, min(size, len(self._data)))
        elif kind == _STREAM and 2 <= length <= 64:
            name = bytes(self._data[at : at + length - 2]).decode("utf-16-le", "replace")
            self._entries.setdefault(name, (first, size))
