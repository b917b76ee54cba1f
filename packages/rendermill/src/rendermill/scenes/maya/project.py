"""The project of a scene: the folder with ``workspace.mel``, and where it keeps what (its file rules)."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from pathlib import Path

from rendermill.scenes.maya.statements import Statements

DEFINITION = "workspace.mel"
_MOST_LEVELS = 12
_LONGEST = 1 << 20
_RULES = {
    "sourceImages": "sourceimages",
    "images": "images",
    "scene": "scenes",
    "alembicCache": "cache/alembic",
    "fileCache": "cache/nCache",
    "particles": "cache/particles",
    "diskCache": "data",
    "sound": "sound",
    "movie": "movies",
}
_RULE_FLAGS = ("-fr", "-fileRule", "-rt", "-renderType", "-ot", "-objectType")


@dataclass(frozen=True, slots=True)
class Project:
    """A project: its root, its rules where they differ from Maya's own, and whether it is defined by a file."""

    root: str
    rules: dict[str, str]
    defined: bool

    def rule(self, name: str) -> str:
        """The folder of a kind of files, below the root or absolute."""
        return self.rules.get(name, _RULES.get(name, ""))

    def folder(self, rule: str) -> str:
        """The same as a whole path."""
        return posixpath.join(self.root, self.rule(rule).replace("\\", "/").rstrip("/"))


def project_of(folder: str) -> Project:
    """The project that a folder with a scene belongs to: the nearest above it with a definition.

    Without one it is the folder above ``scenes``, as Maya lays projects out, or else the scene's own folder.
    """
    above = [definition.parent for definition in definitions(folder)]
    for each in above:
        text = _definition(each / DEFINITION)
        if text is not None:
            return Project(each.as_posix(), _rules(text), defined=True)
    root = next((each.parent for each in above if each.name.casefold() == "scenes"), Path(folder))
    return Project(root.as_posix(), {}, defined=False)


def definitions(folder: str) -> list[Path]:
    """Where the definition of a folder's project may lie, the nearest first."""
    place = Path(folder)
    return [each / DEFINITION for each in (place, *place.parents)[:_MOST_LEVELS]]


def _definition(path: Path) -> bytes | None:
    try:
        if not path.is_file():  # a pipe would never end
            return None
        with path.open("rb") as file:
            return file.read(_LONGEST)
    except (OSError, ValueError):
        return None


def _rules(text: bytes) -> dict[str, str]:
    """The rules of ``workspace -fr "images" "images";`` and of older words for the same."""
    rules: dict[str, str] = {}
    statements = Statements(text)
    for command in statements:
        if command != b"workspace":
            continue
        words = statements.words()
        for flag, name, value in zip(words, words[1:], words[2:], strict=False):
            if flag.is_flag and flag.text in _RULE_FLAGS and name.quoted and value.quoted:
                rules[name.text] = value.text
    return rules
