"""One struct out of a block, read through the file's own layout of it."""

from __future__ import annotations

import struct

from rendermill.scenes.blender.dna import Field, Schema, Struct

_SIGNED = {1: "b", 2: "h", 4: "i", 8: "q"}
_FLOATS = {"float": "f", "double": "d"}
_MOST = 1_000_000


class Record:
    """A struct's values. What its version of Blender did not have yet, or has no more, reads as 0 or empty text."""

    __slots__ = ("_at", "_data", "_schema", "address", "layout")

    def __init__(self, schema: Schema, layout: Struct, address: int, data: bytes, at: int) -> None:
        self.layout = layout
        self.address = address
        self._schema = schema
        self._data = data
        self._at = at

    def has(self, path: str) -> bool:
        """Whether its version of Blender has such a member."""
        return self.layout.field(path) is not None

    def whole(self, path: str, default: int = 0) -> int:
        """An integer, whatever its width."""
        field = self.layout.field(path)
        return default if field is None else int(self._number(field))

    def real(self, path: str, default: float = 0.0) -> float:
        """A number with a fraction."""
        field = self.layout.field(path)
        return default if field is None else float(self._number(field))

    def pointer(self, path: str) -> int:
        """The address that a pointer holds, 0 for none."""
        field = self.layout.field(path)
        return self.address_at(field.offset) if field is not None and field.stars else 0

    def address_at(self, offset: int) -> int:
        """The address that lies ``offset`` bytes from its start."""
        code = "Q" if self._schema.pointer == 8 else "I"
        return int(struct.unpack_from(self._schema.order + code, self._data, self._at + offset)[0])

    def text(self, path: str) -> str:
        """What an array of characters holds."""
        field = self.layout.field(path)
        if field is None or field.stars:
            return ""
        start = self._at + field.offset
        return self._schema.text(self._data[start : start + field.size])

    def _number(self, field: Field) -> float:
        code = _FLOATS.get(field.type)
        if code is None:
            code = _SIGNED.get(field.size // max(1, field.count), "b")
            code = code.upper() if field.type.startswith("u") else code
        if field.stars or field.size < struct.calcsize(f"={code}"):
            return 0
        number: float = struct.unpack_from(self._schema.order + code, self._data, self._at + field.offset)[0]
        return number if number == number and abs(number) != float("inf") else 0  # noqa: PLR0124 - NaN is not itself


def records(schema: Schema, layout: Struct, address: int, data: bytes, count: int) -> list[Record]:
    """The records of a block: an array of a struct, of which no more counts than there are bytes for."""
    fitting = min(count, _MOST, len(data) // layout.size) if layout.size else 0
    return [Record(schema, layout, address + at, data, at) for at in range(0, fitting * layout.size, layout.size)]
