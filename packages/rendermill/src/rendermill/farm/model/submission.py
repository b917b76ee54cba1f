"""What a door hands to the farm to make a job of."""

from __future__ import annotations

import math
import posixpath
from collections.abc import Iterable
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
    is in seconds and bounds one attempt, beside what the template says; ``job_timeout`` bounds the whole job from
    when it starts or starts again. ``limit`` is the most sessions that it may have at a time, ``hardware`` the kinds of
    workers on which it may run (any without).

    The steps named in ``first`` run before all others; with ``hold`` the job then pauses until it is resumed. A
    second submission of the same ``reference`` makes no second job. Its outputs are seen in the owner's storage as
    the folder ``folder``. ``info`` is kept with the job and shown.
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
    job_timeout: float | None = None
    limit: int | None = None
    first: tuple[str, ...] = ()
    hold: bool = False
    hardware: tuple[str, ...] = ()
    reference: str | None = None
    folder: str | None = None
    info: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 <= self.priority <= 100:
            raise BadInputError(f"{self.priority} is not between 0 and 100", where="priority")
        if not 1 <= self.max_attempts <= 100:
            raise BadInputError(f"{self.max_attempts} is not between 1 and 100", where="max_attempts")
        for name, seconds in (("task_timeout", self.task_timeout), ("job_timeout", self.job_timeout)):
            if seconds is not None and not (0 < seconds < math.inf):
                raise BadInputError("a timeout is a number of seconds above 0", where=name)
        if self.limit is not None and self.limit < 1:
            raise BadInputError("a job needs at least one session", where="limit")
        paths = [asset.path for asset in self.inputs]
        if both := _folders(paths) & set(paths):
            raise BadInputError(f"{min(both)} is a file and a folder", where="inputs")
        if len(set(paths)) != len(paths):
            twice = next(path for path in paths if paths.count(path) > 1)
            raise BadInputError(f"{twice} is listed twice", where="inputs")


def _folders(paths: Iterable[str]) -> set[str]:
    """Every folder above these files."""
    found = {"/"}
    for path in paths:
        folder = posixpath.dirname(path)
        while folder not in found:
            found.add(folder)
            folder = posixpath.dirname(folder)
    return found
