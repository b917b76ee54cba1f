"""The blocks of a .blend: each has a head (code, bytes, the address that it had in memory, struct, how many of it).

Heads have 20 bytes with addresses of four bytes, 24 with eight, and 32 since Blender 5, which counts in 64 bits.
"""

from __future__ import annotations

import mmap
import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from rendermill.scenes.blender.content import Content, content
from rendermill.scenes.blender.dna import Schema, parse
from rendermill.scenes.findings import DamageError
from rendermill.software.blender.header import LENGTH, Header, parse_header

_CODE = re.compile(rb"[A-Z]{2}\0\0|\0\0[A-Z]{2}|[A-Z][A-Z0-9]{3}")
STEP = 1024
"""After how many blocks to tell how far it is."""
_SHORT = 12
_MOST_DNA = 64 << 20
_FAR = 512 << 20


class Block(NamedTuple):
    """A block's head; ``code`` is without NULs, ``layout`` the number of its struct, ``number`` how many of it."""

    code: str
    address: int
    layout: int
    number: int
    length: int
    at: int


@dataclass(frozen=True, slots=True)
class Survey:
    """What is known of a file before its data are read: its structs, and the addresses of its data-blocks."""

    header: Header
    schema: Schema
    ids: frozenset[int]


def header_of(data: mmap.mmap | bytes) -> Header | None:
    """The header of a file, compressed or not; None if it is no .blend. Raises :class:`DamageError`."""
    stream = content(data)
    head = stream.read(_SHORT)
    if head[7:8].isdigit():
        head += stream.read(LENGTH - _SHORT)
    return parse_header(head)


def walk(stream: Content, header: Header) -> Iterator[Block]:
    """The blocks up to the last, ``ENDB``. Of each, ``length`` bytes may be read before the next is asked for.

    Raises :class:`DamageError` where there is no block.
    """
    heads = _heads(header)
    stream.skip(header.length)
    while True:
        at = stream.position
        written = stream.read(heads.size)
        code, *rest = heads.unpack(written)
        if header.format:
            layout, address, length, number = rest
        else:
            length, address, layout, number = rest
        if not _CODE.fullmatch(code):
            raise DamageError(f"{code!r} is no block; what lies before it has not the length that it says", at)
        name = code.strip(b"\0").decode("ascii")
        if name == "ENDB":
            return
        if length < 0 or number < 0:
            raise DamageError(f"a block {name} says that it has {length} bytes", at)
        end = stream.position + length
        yield Block(name, address, layout, number, length, at)
        stream.skip(end - stream.position)


def _heads(header: Header) -> struct.Struct:
    if header.format > 1:
        raise DamageError(f"version {header.format} of the file format is not known", 0)
    if header.format == 1:
        return struct.Struct("<4sIQqq")
    return struct.Struct(f"{header.order}4si{'Q' if header.pointer == 8 else 'I'}ii")


def survey(data: mmap.mmap | bytes, header: Header, progress: Callable[[float], None]) -> Survey:
    """Go through a file once for what must be known first. Raises :class:`DamageError` if it has no ``DNA1``."""
    schema: Schema | None = None
    ids = set()
    stream = content(data)
    try:
        for number, block in enumerate(walk(stream, header)):
            if number % STEP == 0:
                progress(stream.done)
            if block.code == "DNA1":
                schema = _schema(stream, block, header)
            elif len(block.code) == 2:
                ids.add(block.address)
    except DamageError:
        schema = schema or _searched(data, header)
        if schema is None:
            raise
    if schema is None:
        raise DamageError("it has no description of structs (DNA1)")
    return Survey(header, schema, frozenset(ids))


def _schema(stream: Content, block: Block, header: Header) -> Schema:
    if block.length > _MOST_DNA:
        raise DamageError(f"its description of structs (DNA1) has {block.length} bytes", block.at)
    return parse(stream.read(block.length), header)


def _searched(data: mmap.mmap | bytes, header: Header) -> Schema | None:
    """The description of structs behind damage, for what lies before it; it is near the end."""
    at = data.rfind(b"DNA1", max(0, len(data) - _FAR))
    start = at + _heads(header).size
    if at < 0 or data[start : start + 4] != b"SDNA":
        return None
    try:
        return parse(data[start : start + _MOST_DNA], header)
    except DamageError:
        return None
