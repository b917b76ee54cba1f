"""The scene report: what reading a scene file tells."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

VERSION = 1


@dataclass(frozen=True, slots=True)
class FrameRange:
    """The frames that a scene stores: first and last frame, step, frames per second."""

    start: int
    end: int
    step: int
    fps: float


@dataclass(frozen=True, slots=True)
class Renderable:
    """One thing that can be rendered: for Blender a view layer of a scene."""

    name: str
    kind: str
    frames: FrameRange
    cameras: tuple[str, ...]
    resolution: tuple[int, int]
    """Width and height in pixels, the scene's percentage applied."""
    renderer: str
    output: str
    enabled: bool
    scene: str = ""
    layer: str = ""
    format: str = ""
    active: bool = False
    """Whether it belongs to the scene that the file opens with."""


@dataclass(frozen=True, slots=True)
class FileUse:
    """One external file, or one family of files, that a scene uses.

    ``state`` is ``resolved``, ``missing`` or ``pattern``; ``files`` are the absolute paths that are there.
    """

    path: str
    used_by: str
    state: str
    resolved: str
    count: int
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SceneReport:
    """What a farm must know of a scene."""

    format: str
    software: dict[str, str]
    frames: FrameRange
    resolution: tuple[int, int]
    renderer: str
    cameras: tuple[str, ...]
    renderables: tuple[Renderable, ...]
    files: tuple[FileUse, ...]
    plugins: tuple[dict[str, str], ...] = ()
    warnings: tuple[str, ...] = field(default=())

    @property
    def missing(self) -> list[FileUse]:
        """Uses of files that are not there."""
        return [use for use in self.files if use.state == "missing"]

    def to_dict(self) -> dict[str, Any]:
        """As JSON data, with the report's ``version``."""
        return {"version": VERSION, **asdict(self)}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> SceneReport:
        """From JSON data. Raises KeyError or TypeError for something else."""
        return cls(
            format=data["format"],
            software=data["software"],
            frames=FrameRange(**data["frames"]),
            resolution=tuple(data["resolution"]),
            renderer=data["renderer"],
            cameras=tuple(data["cameras"]),
            renderables=tuple(_renderable(each) for each in data["renderables"]),
            files=tuple(FileUse(**{**each, "files": tuple(each["files"])}) for each in data["files"]),
            plugins=tuple(data["plugins"]),
            warnings=tuple(data["warnings"]),
        )


def _renderable(data: dict[str, Any]) -> Renderable:
    frames = FrameRange(**data["frames"])
    return Renderable(
        **{
            **data,
            "frames": frames,
            "cameras": tuple(data["cameras"]),
            "resolution": tuple(data["resolution"]),
        }
    )
