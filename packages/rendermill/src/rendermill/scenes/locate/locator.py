"""From the mentions of files in a scene to the files themselves.

A path is tried by the user's maps, then as it stands, then beside the scene if it lay beside it when it was saved,
then by its longest tail that is found below the scene's folder. Names that Windows wrote match in any case.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from rendermill.scenes.findings import Findings, Reference, Role
from rendermill.scenes.locate.disk import Disk, Match
from rendermill.scenes.locate.gaps import gaps
from rendermill.scenes.locate.template import Component, Template
from rendermill.scenes.report import Confidence, FileUse, State

Maps = tuple[tuple[str, str], ...]
"""Pairs of a prefix as scenes write it (``D:/``, ``//server/share``) and the folder here that it is."""

_STATES = {Role.BUILT_IN: State.BUILT_IN, Role.PACKED: State.PACKED, Role.UNRESOLVED: State.UNRESOLVED}


@dataclass(frozen=True, slots=True)
class _Place:
    """A path to try: whether it is another than the scene says, and whether case counts."""

    path: Template
    remapped: bool = False
    folded: bool = False


class Locator:
    """Finds the files of one scene; ``folder`` is where it lies, ``found`` what its reader said."""

    def __init__(self, disk: Disk, maps: Maps, folder: str, found: Findings) -> None:
        self._disk = disk
        self._maps = [(Template.literal(source), target) for source, target in maps]
        self._folder = folder
        self._home = Template.literal(found.home) if found.home else None
        self._roots = [Template.literal(root) for root in dict.fromkeys([folder, *found.roots])]
        self._windows = found.software.platform == "windows"

    def use(self, reference: Reference) -> FileUse | None:
        """What one mention comes to; None for an optional file that is not there."""
        if reference.role in _STATES:
            return self._known(reference, _STATES[reference.role])
        if reference.role is Role.OUTPUT:
            return self._known(reference, State.OUTPUT)
        for place in self._places(reference):
            files = self._files(place, folder=reference.folder)
            if files:
                return self._found(reference, place, files)
        return None if reference.optional else self._known(reference, State.MISSING)

    def _known(self, reference: Reference, state: State) -> FileUse:
        place = next(self._places(reference), None) if state is not State.UNRESOLVED else None
        return FileUse(
            path=reference.raw,
            used_by=reference.user,
            state=state,
            resolved=place.path.text if place else "",
            count=0,
            reason=reference.reason,
            confidence=reference.confidence,
        )

    def _found(self, reference: Reference, place: _Place, files: list[Match]) -> FileUse:
        pattern = place.path.is_pattern or reference.folder
        paths = tuple(dict.fromkeys(match.path for match in files))
        frames = {match.frame for match in files if match.frame is not None}
        asked = reference.paths[0].text
        respelled = place.folded and files != self._files(_Place(place.path), folder=reference.folder)
        return FileUse(
            path=reference.raw,
            used_by=reference.user,
            state=State.PATTERN if pattern else State.RESOLVED,
            resolved=place.path.text if pattern else paths[0],
            count=len(paths),
            files=paths,
            gaps=gaps(frames),
            remapped=place.remapped or respelled,
            instead_of=(asked,) if respelled or place.path.text != asked else (),
            confidence=reference.confidence,
        )

    def _files(self, place: _Place, *, folder: bool) -> list[Match]:
        if folder:
            return [Match(path) for path in self._disk.tree(place.path.text)] if place.path.anchor == "/" else []
        return self._disk.find(place.path, folded=place.folded)

    def _places(self, reference: Reference) -> Iterator[_Place]:
        """Where to look, in order."""
        for path in reference.paths:
            yield from self._mapped(path)
            yield _Place(path)
        for path in reference.paths:
            if path.is_foreign or self._windows:
                yield _Place(path, folded=True)
            yield from self._at_home(path)
        if reference.role is Role.INPUT and not reference.folder:
            for path in reference.paths:
                yield from self._tails(path)

    def _mapped(self, path: Template) -> Iterator[_Place]:
        for source, target in self._maps:
            if source.anchor and (rest := _below(path, source)) is not None:
                yield _Place(Template("", rest).under(os.path.abspath(target)), folded=True)

    def _at_home(self, path: Template) -> Iterator[_Place]:
        """Beside the scene, what lay beside it when it was saved; also in the folders above."""
        if self._home is None or not self._home.anchor:
            return
        home, here = self._home, Template.literal(self._folder)
        while home.components and here.components:
            if (rest := _below(path, home)) is not None:
                yield _Place(Template(here.anchor, (*here.components, *rest)), remapped=True, folded=True)
            if _folded(home.components[-1:]) != _folded(here.components[-1:]):
                return
            home = Template(home.anchor, home.components[:-1])
            here = Template(here.anchor, here.components[:-1])

    def _tails(self, path: Template) -> Iterator[_Place]:
        """Below the roots, by ever shorter tails; what is said to lie below one of them came from no other machine."""
        if not path.anchor or any(_below(path, root) for root in self._roots):
            return
        folded = path.is_foreign or self._windows
        for tail in range(len(path.components), 0, -1):
            for root in self._roots:
                below = Template(root.anchor, (*root.components, *path.components[-tail:]))
                yield _Place(below, remapped=True, folded=folded)


def joined(uses: Iterable[FileUse]) -> list[FileUse]:
    """One use for each file: mentions of the same one are joined, and what is written is missed by nobody."""
    found: dict[tuple[str, ...], list[FileUse]] = {}
    for use in uses:
        found.setdefault(_key(use), []).append(use)
    return [_one(same) for same in found.values()]


def _key(use: FileUse) -> tuple[str, ...]:
    """The same for the same file; Windows takes names in any case."""
    if not use.resolved:
        return (use.state, use.path)
    is_foreign = use.resolved[:1] != "/" or use.resolved[:2] == "//"
    return (use.resolved.casefold() if is_foreign else use.resolved,)


# Of several mentions of one file the first of these counts: what is there is an input, what is not there is written.
_RANK = (State.RESOLVED, State.PATTERN, State.OUTPUT, State.MISSING, State.BUILT_IN, State.PACKED, State.UNRESOLVED)


def _one(same: list[FileUse]) -> FileUse:
    if len(same) == 1:
        return same[0]
    best = min(same, key=lambda use: _RANK.index(use.state))
    users = ", ".join(dict.fromkeys(use.used_by for use in same))
    asked = tuple(dict.fromkeys(path for use in same for path in use.instead_of))
    sure = any(use.confidence is Confidence.HIGH for use in same)
    # What reads a file that the scene writes may spell it otherwise; that is the text which a user looks for.
    path = next((use.path for use in same if use.state is State.MISSING), best.path)
    return replace(
        best, path=path, used_by=users, instead_of=asked, confidence=Confidence.HIGH if sure else Confidence.LOW
    )


def _below(path: Template, folder: Template) -> tuple[Component, ...] | None:
    depth = len(folder.components)
    if path.anchor.casefold() != folder.anchor.casefold() or len(path.components) <= depth:
        return None
    if _folded(path.components[:depth]) != _folded(folder.components):
        return None
    return path.components[depth:]


def _folded(components: tuple[Component, ...]) -> str:
    return repr(components).casefold()
