"""What a reader finds in a scene, before anything is looked up on the disk.

A reader is a function ``read(source, found)``: it fills ``found`` as it goes, so that what it has read counts when the
rest of the file is damaged. It evaluates nothing, looks at no other file, and raises :class:`DamageError` where it
cannot go on.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from rendermill.scenes.locate.template import Template
from rendermill.scenes.report import Confidence, FrameRange, Plugin, Renderable, Software

_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))|%(\w+)%")

AT_BYTE = "damaged at byte"
"""How the damage of a file begins whose reader knows the place: it will be there the next time too."""


class DamageError(Exception):
    """A file breaks its format: what is wrong, and at which byte if that is known."""

    def __init__(self, what: str, at: int | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.at = at


class Role(StrEnum):
    """What a scene wants with a file."""

    INPUT = "input"
    OUTPUT = "output"
    BUILT_IN = "built-in"
    """Ships with the application."""
    PACKED = "packed"
    """Lies in the scene itself."""
    UNRESOLVED = "unresolved"


@dataclass(frozen=True, slots=True)
class Reference:
    """One mention of a file in a scene.

    ``raw`` is as written, ``user`` who names it (``/obj/geo1/file1 file``), ``paths`` where it may lie, the likeliest
    first; each absolute, of any system. ``reason`` says what an unresolved one depends on. ``folder``: every file
    below it counts. ``follow``: it is a scene whose own files count too, of which ``wanted`` names the parts that are
    taken (None for all). ``optional``: its absence is no fault, it is then left out.
    """

    raw: str
    user: str
    paths: tuple[Template, ...] = ()
    role: Role = Role.INPUT
    reason: str = ""
    folder: bool = False
    follow: bool = False
    wanted: frozenset[str] | None = None
    optional: bool = False
    confidence: Confidence = Confidence.HIGH


@dataclass
class Source:
    """The file to read: its absolute path, its bytes, and whom to tell how far it is (0 to 1).

    ``wanted`` names the parts that another scene takes from it; None for all. ``main`` is the folder of the scene that
    the user named, ``variables`` are the values that the user gave for variables of the scene's paths.
    """

    path: Path
    data: mmap.mmap | bytes
    main: Path
    wanted: frozenset[str] | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    progress: Callable[[float], None] = lambda _: None

    @property
    def folder(self) -> str:
        """The folder that the file lies in."""
        return str(self.path.parent)

    def substituted(self, text: str) -> str:
        """A path in which the variables that the user gave, ``$SHOW``, ``${SHOW}`` or ``%SHOW%``, are their values."""
        return _VARIABLE.sub(lambda found: self.variables.get(found[1] or found[2] or found[3], found[0]), text)


@dataclass
class Findings:
    """What was found so far; the words are those of :class:`~rendermill.scenes.report.SceneReport`.

    ``home`` is the folder that the scene lay in when it was saved, of any system: what it names below that is looked
    for beside it. ``roots`` are folders here below which files of other machines are looked for, besides its own.
    ``looked`` are files here that a reader looked for itself: if one comes, goes or changes, so does what it says.
    """

    format: str = "unknown"
    software: Software = field(default_factory=lambda: Software(""))
    frames: FrameRange | None = None
    resolution: tuple[int, int] | None = None
    renderer: str = ""
    cameras: list[str] = field(default_factory=list)
    renderables: list[Renderable] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)
    plugins: list[Plugin] = field(default_factory=list)
    warnings: dict[str, None] = field(default_factory=dict)
    damage: str = ""
    confidence: Confidence = Confidence.HIGH
    home: str = ""
    roots: list[str] = field(default_factory=list)
    looked: list[str] = field(default_factory=list)

    def damaged(self, what: str, at: int | None = None) -> None:
        """Note that the file is damaged; the first note stays."""
        if not self.damage:
            self.damage = what if at is None else f"{AT_BYTE} {at}: {what}"

    def warn(self, text: str) -> None:
        """Note something that the user should know, once."""
        self.warnings[text] = None
