"""The disk as templates see it: each folder is listed once, names are matched, never probed one by one."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rendermill.scenes.locate.template import Component, Template, Token, expression

_MOST_FILES = 500_000


@dataclass(frozen=True, slots=True)
class Match:
    """A file that a template stands for; ``frame`` is its number if the template has one."""

    path: str
    frame: int | None = None


class Disk:
    """Looks for files. What it has listed it remembers, so it lives as long as one reading of a scene."""

    def __init__(self) -> None:
        self._listed: dict[str, dict[str, list[str]]] = {}

    def find(self, template: Template, *, folded: bool = False) -> list[Match]:
        """The files that a template of this system stands for, by path; ``folded`` takes any case."""
        if template.anchor != "/":
            return []
        if not template.is_pattern and not folded:
            return [Match(template.text)] if _is_file(template.text) else []
        found = [Match("/")]
        for position, component in enumerate(template.components):
            last = position == len(template.components) - 1
            found = [below for above in found for below in self._below(above, component, folded=folded, last=last)]
        return sorted(found, key=lambda match: (match.frame or 0, match.path))

    def tree(self, folder: str) -> list[str]:
        """Every file below a folder, sorted; links to folders are not followed."""
        found: list[str] = []
        for base, folders, names in os.walk(folder):
            folders.sort()
            found += [os.path.join(base, name) for name in names]
            if len(found) >= _MOST_FILES:
                break
        return sorted(path for path in found if _is_file(path))

    def _below(self, above: Match, component: Component, *, folded: bool, last: bool) -> Iterator[Match]:
        exists = _is_file if last else os.path.isdir
        folder = above.path.rstrip("/")
        if not any(isinstance(part, Token) for part in component):
            name = "".join(str(part) for part in component)
            if exists(f"{folder}/{name}"):
                yield Match(f"{folder}/{name}", above.frame)
            elif folded:
                others = self._names(above.path).get(name.casefold(), [])
                yield from (Match(f"{folder}/{other}", above.frame) for other in others[:1])
            return
        pattern = re.compile(expression(component), re.IGNORECASE if folded else 0)
        for names in self._names(above.path).values():
            for name in names:
                match = pattern.fullmatch(name)
                if match is not None and exists(f"{folder}/{name}"):
                    yield Match(f"{folder}/{name}", _frame(match, above.frame))

    def _names(self, folder: str) -> dict[str, list[str]]:
        """The names in a folder by their folded form."""
        if folder not in self._listed:
            names: dict[str, list[str]] = {}
            try:
                for name in sorted(os.listdir(folder))[:_MOST_FILES]:
                    names.setdefault(name.casefold(), []).append(name)
            except OSError:
                names = {}
            self._listed[folder] = names
        return self._listed[folder]


def _frame(match: re.Match[str], before: int | None) -> int | None:
    groups = match.groups()
    return int(float(groups[-1])) if groups else before


def _is_file(path: str) -> bool:
    try:
        return Path(path).is_file()
    except (OSError, ValueError):  # too long a name, a NUL in it
        return False
