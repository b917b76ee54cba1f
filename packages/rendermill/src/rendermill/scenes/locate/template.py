"""Path templates: a path of any system whose parts may stand for many: a frame number, a UDIM tile.

Readers translate their application's spelling (``$F4``, ``<UDIM>``, ``####``) into one :class:`Template`, so that one
place looks for files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

_DRIVE = re.compile(r"[A-Za-z]:(?:/|$)")
_UNC = re.compile(r"//[^/]+(?:/|$)")


class Kind(StrEnum):
    """What a token stands for, by the expression that matches it in a name."""

    FRAME = r"-?\d+"
    SUBFRAME = r"-?\d+(?:\.\d+)?"
    UDIM = r"[1-9]\d{3}"
    UVTILE = r"u-?\d+_v-?\d+"
    ANY = r".*"


@dataclass(frozen=True, slots=True)
class Token:
    """A part that stands for many: ``text`` as it is shown, ``width`` the fewest digits of a frame number."""

    kind: Kind
    text: str
    width: int = 0

    @property
    def expression(self) -> str:
        """The regular expression, without groups, of what it stands for."""
        if self.kind is Kind.FRAME and self.width > 1:  # the sign of -001 may count as one of four digits
            return rf"(?:\d{{{self.width},}}|-\d{{{self.width - 1},}})"
        return str(self.kind)


Part = str | Token
Component = tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Template:
    """A path: ``anchor`` (``/``, ``D:/``, ``//server/``, or empty for a relative one) and its normal components."""

    anchor: str
    components: tuple[Component, ...]

    @classmethod
    def of(cls, parts: Iterable[Part]) -> Template:
        """From text and tokens; back-slashes are slashes, ``.``, ``..`` and doubled slashes are taken out."""
        split: list[list[Part]] = [[]]
        for part in parts:
            if isinstance(part, Token):
                split[-1].append(part)
                continue
            first, *others = part.replace("\\", "/").split("/")
            if first:
                split[-1].append(first)
            split += [[other] if other else [] for other in others]
        rooted = len(split) > 1 and not split[0]
        text = "/".join("".join(_shown(part) for part in component) for component in split[:4])
        anchor, skip = _anchor(text, rooted=rooted)
        return cls(anchor, _normal([tuple(each) for each in split[skip:]], rooted=bool(anchor)))

    @classmethod
    def literal(cls, path: str) -> Template:
        """A path that stands for itself."""
        return cls.of([path])

    def under(self, folder: str) -> Template:
        """The same seen from a folder, if it is relative."""
        if self.anchor:
            return self
        base = Template.literal(folder)
        return Template(base.anchor, _normal([*base.components, *self.components], rooted=bool(base.anchor)))

    @property
    def text(self) -> str:
        """As it is shown, with forward slashes; read again it is the same, also where a name looks like a drive."""
        shown = "/".join("".join(_shown(part) for part in each) for each in self.components)
        return f"./{shown}" if not self.anchor and _DRIVE.match(shown) else self.anchor + shown

    @property
    def is_pattern(self) -> bool:
        """Whether it may stand for more than one file."""
        return any(isinstance(part, Token) for component in self.components for part in component)

    @property
    def is_foreign(self) -> bool:
        """Whether it is a path of Windows: with a drive letter, or of a server."""
        return self.anchor not in ("", "/")


def expression(component: Component) -> str:
    """The regular expression of a component's names; each frame number is a group."""
    return "".join(_expression(part) for part in component)


def _expression(part: Part) -> str:
    if isinstance(part, str):
        return re.escape(part)
    return f"({part.expression})" if part.kind in (Kind.FRAME, Kind.SUBFRAME) else f"(?:{part.expression})"


def _shown(part: Part) -> str:
    return part if isinstance(part, str) else part.text


def _anchor(text: str, *, rooted: bool) -> tuple[str, int]:
    """The anchor of a path, and how many of its pieces between slashes belong to it."""
    if _DRIVE.match(text):
        return f"{text[0]}:/", 1
    if rooted and _UNC.match(text):
        return f"//{text[2:].split('/', maxsplit=1)[0]}/", 3
    return ("/", 1) if rooted else ("", 0)


def _normal(components: list[Component], *, rooted: bool) -> tuple[Component, ...]:
    found: list[Component] = []
    for component in components:
        if component in ((), (".",), ("",)):
            continue
        if component == ("..",):
            if found and found[-1] != ("..",):
                found.pop()
            elif not rooted:
                found.append(component)
            continue
        found.append(component)
    return tuple(found)
