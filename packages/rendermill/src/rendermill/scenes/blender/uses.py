"""Which files count: all that a .blend names, or those of the data-blocks that another .blend links from it."""

from __future__ import annotations

from rendermill.scenes.blender.datablocks import Datablock
from rendermill.scenes.findings import Findings, Reference, Role


class Uses:
    """Gathers the files of data-blocks. ``wanted`` are the full names of those that are linked, None for all."""

    def __init__(self, found: Findings, wanted: frozenset[str] | None) -> None:
        self._found = found
        self._wanted = wanted
        self._held: dict[int, list[Reference]] = {}
        self._targets: dict[int, set[int]] = {}
        self._reached: set[int] = set()

    def add(self, block: Datablock, references: list[Reference]) -> None:
        """Take a data-block and its files."""
        if self._wanted is None:
            self._found.references += references
            return
        self._targets[block.address] = block.targets
        if references:
            self._held[block.address] = references
        if block.full_name in self._wanted and block.code != "ID":
            self._reached.add(block.address)

    def reached(self) -> set[int] | None:
        """The addresses of the data-blocks that count, None for all: what is linked, and all that it uses."""
        if self._wanted is None:
            return None
        queue = list(self._reached)
        while queue:
            fresh = self._targets.get(queue.pop(), set()) - self._reached
            self._reached |= fresh
            queue += fresh
        for address in self._held.keys() & self._reached:
            # What a linked scene would write is not written: another one renders.
            self._found.references += [each for each in self._held[address] if each.role is not Role.OUTPUT]
        self._held.clear()
        return self._reached
