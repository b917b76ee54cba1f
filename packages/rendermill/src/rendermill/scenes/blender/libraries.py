"""Other .blend files that one links data-blocks of.

A library (``LI``) is followed by a bare ``ID`` for each data-block that is linked from it: that order is the format.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from rendermill.scenes.blender.datablocks import Datablock
from rendermill.scenes.blender.paths import absolute, single
from rendermill.scenes.findings import Reference, Role


@dataclass
class _Library:
    raw: str
    name: str
    packed: bool
    linked: dict[int, str] = field(default_factory=dict)


class Libraries:
    """The libraries of a file, and what it links of each."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._all: list[_Library] = []
        self._folders: dict[int, str] = {}

    def add(self, block: Datablock) -> None:
        """Take a data-block; only libraries and what is linked matter here."""
        if block.code == "LI":
            # Since 5.1 what is linked and then packed has a library of its own below that of its file.
            packed = bool(block.root.pointer("packedfile") or block.root.pointer("archive_parent_library"))
            raw = block.root.text("name")
            self._all.append(_Library(raw, block.name, packed))
            self._folders[block.address] = absolute(raw, self._folder, single).text.rpartition("/")[0]
        elif block.code == "ID" and self._all:
            self._all[-1].linked[block.address] = block.full_name

    def names(self) -> dict[int, str]:
        """What is linked: names with their codes by address."""
        return {address: name for library in self._all for address, name in library.linked.items()}

    def folder(self, block: Datablock) -> str:
        """The folder that a data-block's relative paths begin at: what was packed keeps that of its library."""
        return self._folders.get(block.root.pointer("id.lib"), self._folder)

    def references(self, used: Collection[int] | None) -> Iterator[Reference]:
        """The libraries, each with what is wanted of it; one of which nothing is wanted may be gone.

        ``used`` are the addresses of data-blocks that count, None for all.
        """
        for library in self._all:
            linked = [name for address, name in library.linked.items() if used is None or address in used]
            if not library.raw or (used is not None and not linked):
                continue
            user = f"library {library.name}"
            if library.packed:
                yield Reference(library.raw, user, role=Role.PACKED)
                continue
            path = absolute(library.raw, self._folder, single)
            wanted = frozenset(linked)
            yield Reference(library.raw, user, (path,), follow=True, wanted=wanted, optional=not linked)
