"""The disk as templates see it: each folder is listed once, names are matched, never probed one by one."""

from __future__ import annotations

import os
import re
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from rendermill.scenes.locate.template import Component, Template, Token, expression

_MOST_FILES = 500_000


@dataclass(frozen=True, slots=True)
class Match:
    """A file that a template stands for; ``frame`` is its number if the template has one."""

    path: str
    frame: int | None = None


class Disk:
    """Looks for files. What it has listed it remembers, so it lives as long as one reading of a scene.

    ``looked`` are the folders in which something was looked for, whether they are there or not. Where there is a folder
    ``within``, nothing outside it is there.
    """

    def __init__(self, within: str = "") -> None:
        self.looked: set[str] = set()
        self._within = within
        self._listed: dict[str, _Names] = {}
        self._folders: dict[str, bool] = {}

    def find(self, template: Template, *, folded: bool = False) -> list[Match]:
        """The files that a template of this system stands for, by path; ``folded`` takes any case."""
        if template.anchor != "/":
            return []
        if not template.is_pattern and not folded:
            return [Match(template.text)] if self._has(template.text, last=True) else []
        found = [Match("/")]
        for position, component in enumerate(template.components):
            last = position == len(template.components) - 1
            found = [below for above in found for below in self._below(above, component, folded=folded, last=last)]
        allowed = (match for match in found if self._allows(match.path))
        return sorted(allowed, key=lambda match: (match.frame or 0, match.path))

    def tree(self, folder: str) -> list[str]:
        """Every file below a folder, sorted; links to folders are not followed."""
        found: list[str] = []
        if not self._allows(folder):
            return found
        self.looked.add(folder)
        for base, folders, names in os.walk(folder):
            folders.sort()
            self.looked.add(base)
            found += [os.path.join(base, name) for name in names]
            if len(found) >= _MOST_FILES:
                break
        return sorted(filter(os.path.isfile, found))

    def _below(self, above: Match, component: Component, *, folded: bool, last: bool) -> Iterator[Match]:
        folder = above.path.rstrip("/")
        if not any(isinstance(part, Token) for part in component):
            name = "".join(str(part) for part in component)
            if self._has(f"{folder}/{name}", last=last):
                yield Match(f"{folder}/{name}", above.frame)
            elif folded:
                others = self._names(above.path).like(name, last=last)
                yield from [Match(f"{folder}/{other}", above.frame) for other in others][: 1 if last else None]
            return
        pattern = re.compile(expression(component), re.IGNORECASE if folded else 0)
        first = component[0] if isinstance(component[0], str) else ""
        for name in self._names(above.path).beginning(first, last=last):
            match = pattern.fullmatch(name)
            if match is not None:
                yield Match(f"{folder}/{name}", _frame(match, above.frame))

    def _has(self, path: str, *, last: bool) -> bool:
        """Whether a file is there, or (if it is not the last part of a path) a folder."""
        if not last:
            return self._has_folder(path)
        if not self._allows(path):
            return False
        folder = os.path.dirname(path)
        self.looked.add(folder)
        return self._has_folder(folder) and os.path.isfile(path)

    def _allows(self, path: str) -> bool:
        return not self._within or f"{path}/".startswith(f"{self._within}/")

    def _has_folder(self, path: str) -> bool:
        known = self._folders.get(path)
        if known is None:
            known = self._folders[path] = os.path.isdir(path)
        return known

    def _names(self, folder: str) -> _Names:
        if folder not in self._listed:
            self.looked.add(folder)
            self._listed[folder] = _Names(folder)
        return self._listed[folder]


class _Names:
    """What a folder holds, sorted by folded names."""

    def __init__(self, folder: str) -> None:
        try:
            with os.scandir(folder) as entries:
                held = sorted(
                    ((entry.name.casefold(), entry.name, entry) for entry in islice(entries, _MOST_FILES)),
                    key=lambda each: each[:2],
                )
        except (OSError, ValueError):  # no folder, too long a name, a NUL in it
            held = []
        self._folded = [folded for folded, *_ in held]
        self._entries = [entry for *_, entry in held]

    def like(self, name: str, *, last: bool) -> list[str]:
        """The files, or folders, of a name in any case."""
        return [other for other in self.beginning(name, last=last) if other.casefold() == name.casefold()]

    def beginning(self, start: str, *, last: bool) -> Iterator[str]:
        """The files, or folders, whose names begin so in any case."""
        start = start.casefold()
        for position in range(bisect_left(self._folded, start), len(self._folded)):
            if not self._folded[position].startswith(start):
                return
            entry = self._entries[position]
            if _is(entry, os.DirEntry.is_file if last else os.DirEntry.is_dir):
                yield entry.name


def _is(entry: os.DirEntry[str], kind: Callable[[os.DirEntry[str]], bool]) -> bool:
    try:
        return kind(entry)
    except OSError:  # a link that leads to itself
        return False


def _frame(match: re.Match[str], before: int | None) -> int | None:
    groups = match.groups()
    return int(float(groups[-1])) if groups else before
