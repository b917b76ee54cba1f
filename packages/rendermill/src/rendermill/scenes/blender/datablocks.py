"""The data-blocks of a .blend (a scene, an object, an image …): each an ID and the data that follow it.

A data-block's own data lie behind it, up to the next one, and addresses within it are looked up among these; other
data-blocks are pointed to by theirs. Of the data only the structs that someone asks for are kept.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from rendermill.scenes.blender.blocks import STEP, Block, Survey, walk
from rendermill.scenes.blender.content import Content, content
from rendermill.scenes.blender.dna import Schema, Struct
from rendermill.scenes.blender.records import Record, records
from rendermill.scenes.findings import DamageError

_MOST_BYTES = 256 << 20
_MOST_RAW = 1 << 20


@dataclass
class Datablock:
    """One data-block: ``code`` as ``OB``, ``root`` its struct, and what was kept of its data.

    ``targets`` are the addresses of the data-blocks that it uses, if they were asked for.
    """

    code: str
    root: Record
    targets: set[int] = field(default_factory=set)
    _kinds: dict[str, list[Record]] = field(default_factory=dict)
    _data: dict[int, Record] = field(default_factory=dict)
    _texts: dict[int, str] = field(default_factory=dict)

    @property
    def address(self) -> int:
        """By which others point to it."""
        return self.root.address

    @property
    def full_name(self) -> str:
        """Its name with the code: ``OBCube``."""
        return self.root.text("id.name") or self.root.text("name")  # what is only linked is a bare ID

    @property
    def name(self) -> str:
        """As the artist sees it."""
        return self.full_name[2:]

    def keep(self, found: list[Record]) -> None:
        """Keep the records of one block."""
        self._kinds.setdefault(found[0].layout.name, []).extend(found)
        self._data.update((record.address, record) for record in found)

    def keep_text(self, address: int, text: str) -> None:
        """Keep text that something points to."""
        self._texts[address] = text

    def of(self, *kinds: str) -> Iterator[Record]:
        """Its records of some structs."""
        for kind in kinds:
            yield from self._kinds.get(kind, ())

    def at(self, address: int) -> Record | None:
        """Its record of an address."""
        return self._data.get(address)

    def chain(self, record: Record, path: str) -> Iterator[Record]:
        """The members of a list (``ListBase``), in order."""
        member = self.at(record.pointer(f"{path}.first"))
        for _ in range(len(self._data)):  # of a list that never ends too
            if member is None:
                return
            yield member
            member = self.at(member.pointer("next"))

    def array(self, address: int, count: int) -> Iterator[Record]:
        """The records of an array, in order."""
        for _ in range(count):
            member = self.at(address)
            if member is None:
                return
            yield member
            address += member.layout.size

    def written(self, address: int) -> str:
        """The text at an address."""
        return self._texts.get(address, "")


def datablocks(
    data: mmap.mmap | bytes,
    survey: Survey,
    kept: frozenset[str],
    *,
    linked: bool,
    progress: Callable[[float], None],
) -> Iterator[Datablock]:
    """The data-blocks of a file in its order; ``kept`` names the structs of their data to keep.

    ``linked`` asks for what each uses. Raises :class:`DamageError` behind the last one that could be read.
    """
    stream = content(data)
    reader = _Reader(stream, survey, kept, linked=linked)
    try:
        for number, block in enumerate(walk(stream, survey.header)):
            if number % STEP == 0:
                progress(stream.done)
            yield from reader.take(block)
    except DamageError:
        yield from reader.end()
        raise
    yield from reader.end()


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is done with a struct's records.

    ``texts`` are the offsets of pointers to text, ``targets`` of pointers to data-blocks, ``arrays`` of pointers to
    arrays of such.
    """

    kept: bool
    texts: tuple[int, ...]
    targets: tuple[int, ...]
    arrays: tuple[int, ...]

    @property
    def idle(self) -> bool:
        """Whether nothing is done with them."""
        return not (self.kept or self.targets or self.arrays)


def _plan(schema: Schema, layout: Struct, *, kept: bool, linked: bool) -> _Plan:
    texts: list[int] = []
    targets: list[int] = []
    arrays: list[int] = []
    if kept or layout.is_id:
        members = layout.members.values()
        texts = [each.offset for each in members if each.type == "char" and each.stars == 1 and each.count == 1]
    for each in schema.id_pointers(layout) if linked else ():
        offsets = range(each.offset, each.offset + each.size, schema.pointer)
        (targets if each.stars == 1 else arrays).extend(offsets)
    return _Plan(kept, tuple(texts), tuple(targets), tuple(arrays))


class _Reader:
    """Gathers the blocks of one data-block after the other."""

    def __init__(self, stream: Content, survey: Survey, kept: frozenset[str], *, linked: bool) -> None:
        self._stream = stream
        self._schema = survey.schema
        self._ids = survey.ids
        self._kept = kept
        self._linked = linked
        self._now: Datablock | None = None
        self._texts: set[int] = set()
        self._arrays: set[int] = set()
        self._plans: dict[Struct, _Plan] = {}

    def take(self, block: Block) -> Iterator[Datablock]:
        """Take a block; the data-block that ends before it, if one does."""
        layout = self._schema.numbered(block.layout)
        if block.code == "DATA":
            if self._now is not None:
                self._data(self._now, block, layout)
            return
        yield from self.end()
        if layout is not None and (layout.is_id or block.code == "GLOB"):
            self._begin(block, layout)

    def end(self) -> list[Datablock]:
        """The data-block that was under way, if one was."""
        ended, self._now = [self._now] if self._now else [], None
        self._texts.clear()
        self._arrays.clear()
        return ended

    def _begin(self, block: Block, layout: Struct) -> None:
        found = records(self._schema, layout, block.address, self._bytes(block), 1)
        if found:
            self._now = Datablock(block.code, found[0])
            self._follow(self._now, self._plan(layout), found)

    def _data(self, now: Datablock, block: Block, layout: Struct | None) -> None:
        if layout is None:
            self._raw(now, block)
            return
        plan = self._plan(layout)
        if plan.idle:
            return
        found = records(self._schema, layout, block.address, self._bytes(block), block.number)
        if plan.kept and found:
            now.keep(found)
        self._follow(now, plan, found)

    def _raw(self, now: Datablock, block: Block) -> None:
        """What has no struct is text, or an array of pointers, if something pointed to it as such."""
        if block.length > _MOST_RAW:
            return
        if block.address in self._texts:
            now.keep_text(block.address, self._schema.text(self._bytes(block)))
        elif block.address in self._arrays:
            data, size = self._bytes(block), self._schema.pointer
            words = struct.unpack_from(f"{self._schema.order}{len(data) // size}{'Q' if size == 8 else 'I'}", data)
            now.targets.update(self._ids.intersection(words))

    def _follow(self, now: Datablock, plan: _Plan, found: list[Record]) -> None:
        for record in found:
            self._texts.update(map(record.address_at, plan.texts))
            self._arrays.update(map(record.address_at, plan.arrays))
            now.targets.update(self._ids.intersection(map(record.address_at, plan.targets)))

    def _plan(self, layout: Struct) -> _Plan:
        if layout not in self._plans:
            self._plans[layout] = _plan(self._schema, layout, kept=layout.name in self._kept, linked=self._linked)
        return self._plans[layout]

    def _bytes(self, block: Block) -> bytes:
        if block.length > _MOST_BYTES:
            raise DamageError(f"a block {block.code} says that it has {block.length} bytes", block.at)
        return self._stream.read(block.length)
