"""Structure DNA: the layouts of everything in a .blend, which the file itself brings along in its block ``DNA1``.

It is ``SDNA``, then the parts ``NAME`` (members as C writes them: ``*next``, ``name[66]``), ``TYPE``, ``TLEN`` (the
bytes of each type) and ``STRC`` (structs as pairs of a type and a name), each at a multiple of four bytes.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from rendermill.scenes.findings import DamageError
from rendermill.software.blender.header import Header

_MEMBER = re.compile(r"(\**)(\w*)((?:\[\d{1,9}\]){0,4})")
_UTF_8 = (2, 50)
_FUNCTION = re.compile(r"\(\*\w+\)\(.*\)")


@dataclass(frozen=True, slots=True)
class Field:
    """A member of a struct: where it is, what it is, how many bytes it takes. ``stars`` is 1 for a pointer."""

    offset: int
    type: str
    stars: int
    size: int
    count: int


class Struct:
    """A struct's layout. ``is_id`` tells that it begins with an ``ID``, as every data-block does."""

    def __init__(self, name: str, size: int, members: list[tuple[str, Field]], schema: Schema) -> None:
        self.name = name
        self.size = size
        self.members = dict(members)
        self.is_id = name == "ID" or (bool(members) and members[0][1].type == "ID" and not members[0][1].stars)
        self._schema = schema
        self._found: dict[str, Field | None] = {}

    def field(self, path: str) -> Field | None:
        """The member at a path through nested structs, ``r.im_format.imtype``; None if there is none."""
        if path not in self._found:
            self._found[path] = self._find(path)
        return self._found[path]

    def _find(self, path: str) -> Field | None:
        name, _, rest = path.partition(".")
        found = self.members.get(name)
        if found is None or not rest:
            return found
        inner = self._schema.struct(found.type) if not found.stars else None
        below = inner.field(rest) if inner else None
        return below and Field(found.offset + below.offset, below.type, below.stars, below.size, below.count)


class Schema:
    """The structs of a file, by the number that blocks have and by name, and how it writes numbers and text."""

    def __init__(self, header: Header) -> None:
        self.order = header.order
        self.pointer = header.pointer
        self._is_latin = header.version < _UTF_8
        self.structs: list[Struct] = []
        self._by_name: dict[str, Struct] = {}
        self._id_pointers: dict[str, list[Field]] = {}

    def text(self, data: bytes) -> str:
        """Text up to its NUL: UTF-8, of which paths keep what is none; before Blender 2.5 that is Latin-1."""
        data = data.partition(b"\0")[0]
        try:
            return data.decode()
        except UnicodeDecodeError:
            return data.decode("latin-1") if self._is_latin else data.decode(errors="surrogateescape")

    def add(self, name: str, size: int, members: list[tuple[str, Field]]) -> None:
        """Add the next struct."""
        made = Struct(name, size, members, self)
        self.structs.append(made)
        self._by_name.setdefault(name, made)

    def struct(self, name: str) -> Struct | None:
        """The struct of a name."""
        return self._by_name.get(name)

    def numbered(self, number: int) -> Struct | None:
        """The struct of a block; None for number 0, which blocks without a struct have."""
        return self.structs[number] if 0 < number < len(self.structs) else None

    def id_pointers(self, layout: Struct) -> list[Field]:
        """The members, nested ones too, that may point to data-blocks, or to arrays of pointers to them."""
        if layout.name not in self._id_pointers:
            self._id_pointers[layout.name] = []  # for a struct that says it holds itself
            self._id_pointers[layout.name] = list(self._gathered(layout))
        return self._id_pointers[layout.name]

    def _gathered(self, layout: Struct) -> Iterator[Field]:
        for field in layout.members.values():
            target = self.struct(field.type)
            if field.stars:
                if field.type == "void" or (target is not None and target.is_id):
                    yield field
            # What an ID itself points to are its neighbours in a list, and what is Blender's own matter.
            elif target is not None and target.name != "ID" and target.size * field.count == field.size:
                for inner in self.id_pointers(target):
                    for index in range(field.count):
                        yield _moved(inner, field.offset + index * target.size)


def _moved(field: Field, by: int) -> Field:
    return Field(field.offset + by, field.type, field.stars, field.size, field.count)


def parse(data: bytes, header: Header) -> Schema:
    """The schema that a ``DNA1`` block holds. Raises :class:`DamageError`."""
    try:
        return _parsed(_Cursor(data, header.order), Schema(header))
    except (struct.error, IndexError, ValueError) as error:
        raise DamageError(f"its description of structs (DNA1) is damaged: {error}") from error


class _Cursor:
    def __init__(self, data: bytes, order: str) -> None:
        self._data = data
        self._order = order
        self._at = 0

    def tag(self, name: bytes) -> None:
        """Pass over a part's name."""
        if name != b"SDNA":
            self._at = (self._at + 3) & ~3
        if self._data[self._at : self._at + 4] != name:
            raise ValueError(f"{name.decode()} is not at {self._at}")
        self._at += 4

    def numbers(self, code: str, count: int) -> tuple[int, ...]:
        """Numbers in a row."""
        size = struct.calcsize(f"{self._order}{code}") * count
        if not 0 <= size <= len(self._data) - self._at:
            raise ValueError(f"{count} numbers at {self._at} go beyond its end")
        self._at += size
        return struct.unpack_from(f"{self._order}{count}{code}", self._data, self._at - size)

    def strings(self) -> list[str]:
        """A count, and that many strings, each with a NUL at its end."""
        (count,) = self.numbers("i", 1)
        found = []
        for _ in range(count):
            end = self._data.index(b"\0", self._at)
            found.append(self._data[self._at : end].decode("latin-1"))
            self._at = end + 1
        return found


def _parsed(cursor: _Cursor, schema: Schema) -> Schema:
    cursor.tag(b"SDNA")
    cursor.tag(b"NAME")
    names = cursor.strings()
    cursor.tag(b"TYPE")
    types = cursor.strings()
    cursor.tag(b"TLEN")
    sizes = cursor.numbers("H", len(types))
    cursor.tag(b"STRC")
    (count,) = cursor.numbers("i", 1)
    for _ in range(count):
        type_, length = cursor.numbers("H", 2)
        members: list[tuple[str, Field]] = []
        offset = 0
        pairs = iter(cursor.numbers("H", 2 * length))
        for member_type, member_name in zip(pairs, pairs, strict=True):
            name, field = _field(names[member_name], types[member_type], sizes[member_type], offset, schema.pointer)
            members.append((name, field))
            offset += field.size
        if offset > sizes[type_]:
            raise ValueError(f"the members of {types[type_]} take {offset} bytes of {sizes[type_]}")
        schema.add(types[type_], sizes[type_], members)
    return schema


def _field(written: str, type_: str, size: int, offset: int, pointer: int) -> tuple[str, Field]:
    if _FUNCTION.fullmatch(written):
        return "", Field(offset, "function", 1, pointer, 1)
    match = _MEMBER.fullmatch(written)
    if match is None:
        raise ValueError(f"{written[:40]!r} is no member")
    stars, count = len(match[1]), 1
    for dimension in re.findall(r"\d+", match[3]):
        count *= int(dimension)
    return match[2], Field(offset, type_, stars, count * (pointer if stars else size), count)
