"""What a door hands to the farm to make a job of."""

from __future__ import annotations

import math
import posixpath
from dataclasses import dataclass, field
from typing import Any

from rendermill.farm.model.errors import BadInputError

DEFAULT_PRIORITY = 50
DEFAULT_MAX_ATTEMPTS = 3
_HASH_LENGTH = 64


@dataclass(frozen=True, slots=True)
class Asset:
    """An input file: its absolute path on the submitter's machine, its BLAKE3 in hex, its size in bytes."""

    path: str
    hash: str
    size: int

    def __post_init__(self) -> None:
        normal = posixpath.isabs(self.path) and posixpath.normpath(self.path) == self.path and "\0" not in self.path
        if not normal or self.path == "/" or self.path.startswith("//"):
            raise BadInputError(
                f"{self.path!r} is not a normal absolute path",
                where="inputs.path",
                remedy="Give it as /a/b/c.",
            )
        if len(self.hash) != _HASH_LENGTH or set(self.hash) - set("0123456789abcdef"):
            raise BadInputError(f"{self.hash!r} is not a BLAKE3 hash", where="inputs.hash")
        if self.size < 0:
            raise BadInputError("a size cannot be negative", where="inputs.size")


@dataclass(frozen=True, slots=True)
class Submission:
    """A job to be made: an OpenJD template, its parameters, its input files and how to treat it.

    ``parameters`` hold PATH values as the submitter's machine writes them; sessions map them. ``task_timeout``
    is in seconds and bounds one attempt, beside what the template says.
    """

    template: dict[str, Any]
    owner: str
    parameters: dict[str, Any] = field(default_factory=dict)
    inputs: tuple[Asset, ...] = ()
    name: str | None = None
    priority: int = DEFAULT_PRIORITY
    max_attempts: int = DEFAULT_MAX_ATTEMPTS
    task_timeout: float | None = None
    paused: bool = False
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.priority <= 100:
            raise BadInputError(f"{self.priority} is not between 0 and 100", where="priority")
        if not 1 <= self.max_attempts <= 100:
            raise BadInputError(f"{self.max_attempts} is not between 1 and 100", where="max_attempts")
        if self.task_timeout is not None and not (0 < self.task_timeout < math.inf):
            raise BadInputError("a timeout is a number of seconds above 0", where="task_timeout")
        paths = [asset.path for asset in self.inputs]
        if len(set(paths)) != len(paths):
            twice = next(path for path in paths if paths.count(path) > 1)
            raise BadInputError(f"{twice} is listed twice", where="inputs")
