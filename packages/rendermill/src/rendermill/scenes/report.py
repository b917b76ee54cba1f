"""The scene report: what reading a scene file tells. Its JSON form is documented in docs/reference/scene-report.md."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

VERSION = 2


class State(StrEnum):
    """What is known of a file that a scene names."""

    RESOLVED = "resolved"
    MISSING = "missing"
    PATTERN = "pattern"
    """A family of files (a sequence, UDIM tiles, a folder), of which some are there."""
    UNRESOLVED = "unresolved"
    """Which file is meant depends on a variable or an expression that only the application knows."""
    OUTPUT = "output"
    BUILT_IN = "built-in"
    PACKED = "packed"


class Confidence(StrEnum):
    """How sure a reader is: LOW is what it found by searching, without understanding what holds it."""

    HIGH = "high"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class FrameRange:
    """First and last frame, step, and frames per second: whole numbers are ints, what is no number is 0."""

    start: float
    end: float
    step: float
    fps: float

    def __post_init__(self) -> None:
        for name in ("start", "end", "step", "fps"):
            object.__setattr__(self, name, _number(getattr(self, name)))


@dataclass(frozen=True, slots=True)
class Software:
    """The application that saved a scene: ``blender`` ``4.5``. ``platform`` is windows, linux, macos, or empty."""

    name: str
    version: str = ""
    platform: str = ""


@dataclass(frozen=True, slots=True)
class Plugin:
    """An extension of the application that a scene uses; its version is empty where the scene does not tell."""

    name: str
    version: str = ""


@dataclass(frozen=True, slots=True)
class Renderable:
    """One thing that can be rendered: a ROP, a layer, an image, a view layer, a render product.

    ``frames`` is what would render. ``cameras`` are those it renders through. ``resolution`` is width and height in
    pixels with a percentage applied, None where the scene does not tell. ``output`` is as the scene writes it.
    """

    name: str
    kind: str
    frames: FrameRange
    cameras: tuple[str, ...]
    resolution: tuple[int, int] | None
    renderer: str
    output: str
    enabled: bool
    scene: str = ""
    layer: str = ""
    format: str = ""
    active: bool = False
    """Whether it belongs to the scene that the file opens with."""
    details: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    """What only its application has, as JSON data; each reader's docstring says what it gives."""


@dataclass(frozen=True, slots=True)
class FileUse:
    """One external file, or one family of files, that a scene uses.

    ``path`` is as the scene writes it, ``used_by`` who names it, ``resolved`` the absolute path (with the pattern in
    it), ``files`` the absolute paths that are there and ``count`` their number. ``gaps`` lists the frames that a
    sequence lacks between its first and its last. ``reason`` says why something is unresolved. ``remapped`` tells
    that it was not found where the scene says, but below another folder or by another spelling; ``instead_of`` are
    the absolute paths that mentions of it lead to where it is not.
    """

    path: str
    used_by: str
    state: State
    resolved: str
    count: int
    files: tuple[str, ...] = ()
    gaps: str = ""
    reason: str = ""
    remapped: bool = False
    instead_of: tuple[str, ...] = ()
    confidence: Confidence = Confidence.HIGH


@dataclass(frozen=True, slots=True)
class SceneReport:
    """What a farm must know of a scene.

    ``frames`` is the range that the scene stores. ``damage`` says what is broken and at which byte; empty for a sound
    file. What a damaged file still told stands in the report.
    """

    format: str
    software: Software
    frames: FrameRange | None
    resolution: tuple[int, int] | None
    renderer: str
    cameras: tuple[str, ...]
    renderables: tuple[Renderable, ...]
    files: tuple[FileUse, ...]
    plugins: tuple[Plugin, ...] = ()
    warnings: tuple[str, ...] = ()
    damage: str = ""
    confidence: Confidence = Confidence.HIGH

    @property
    def missing(self) -> list[FileUse]:
        """Uses of files that are not there."""
        return [use for use in self.files if use.state is State.MISSING]

    def to_dict(self) -> dict[str, Any]:
        """As JSON data, with the report's ``version``."""
        renderables = [_plain(each) for each in self.renderables]
        files, plugins = [asdict(use) for use in self.files], [asdict(plugin) for plugin in self.plugins]
        own = {name: getattr(self, name) for name in self.__slots__}
        return {
            "version": VERSION,
            **own,
            "software": asdict(self.software),
            "frames": asdict(self.frames) if self.frames else None,
            "renderables": renderables,
            "files": files,
            "plugins": plugins,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> SceneReport:
        """From JSON data. Raises KeyError, TypeError or ValueError for something else."""
        if data["version"] != VERSION:
            raise ValueError(f"a scene report of version {data['version']}")
        return cls(
            format=data["format"],
            software=Software(**data["software"]),
            frames=FrameRange(**data["frames"]) if data["frames"] else None,
            resolution=_size(data["resolution"]),
            renderer=data["renderer"],
            cameras=tuple(data["cameras"]),
            renderables=tuple(_renderable(each) for each in data["renderables"]),
            files=tuple(_file(each) for each in data["files"]),
            plugins=tuple(Plugin(**each) for each in data["plugins"]),
            warnings=tuple(data["warnings"]),
            damage=data["damage"],
            confidence=Confidence(data["confidence"]),
        )


def _number(value: float) -> float:
    if not math.isfinite(value):
        return 0
    return int(value) if value == int(value) else value


def _plain(renderable: Renderable) -> dict[str, Any]:
    own = {name: getattr(renderable, name) for name in renderable.__slots__}
    return {**own, "frames": asdict(renderable.frames), "details": dict(renderable.details)}


def _size(data: list[int] | None) -> tuple[int, int] | None:
    return (data[0], data[1]) if data else None


def _renderable(data: dict[str, Any]) -> Renderable:
    typed = {
        "frames": FrameRange(**data["frames"]),
        "cameras": tuple(data["cameras"]),
        "resolution": _size(data["resolution"]),
    }
    return Renderable(**{**data, **typed})


def _file(data: dict[str, Any]) -> FileUse:
    typed = {
        "state": State(data["state"]),
        "files": tuple(data["files"]),
        "instead_of": tuple(data["instead_of"]),
        "confidence": Confidence(data["confidence"]),
    }
    return FileUse(**{**data, **typed})
