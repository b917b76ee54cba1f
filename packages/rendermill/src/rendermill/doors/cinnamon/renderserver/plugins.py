"""What a plug-in of the RenderServer is: something that makes a job of a render task."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from rendermill.doors.cinnamon.renderserver.parameters import RenderInput
from rendermill.farm.model.errors import BadInputError, MissingFieldError
from rendermill.farm.model.submission import Asset
from rendermill.store.cinnamon.records import Content

_MAX_BYTES = 200
"""Of a file's name, without an extension: file systems take 255. Its end has the number, of one of a sequence."""
_UNFIT = re.compile(r"[/\\\x00-\x1f\x7f-\x9f{}]+")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """An object with content, as the task's owner may read it: the name that its file has, and its content."""

    name: str
    content: Content

    def at(self, path: str) -> Asset:
        """The file as a job's input."""
        return Asset(path, self.content.blob, self.content.size)


@dataclass(frozen=True, slots=True)
class Order:
    """A render task, ready to be made a job."""

    name: str
    given: RenderInput
    source: SourceFile | None
    """None where no object is named, or one without content."""
    beside: Sequence[SourceFile]
    """The other objects in the source's folder."""
    rendered: Sequence[SourceFile]
    """What was rendered of the source, where that is a render task."""
    blob_path: Callable[[str], Path]
    """Where a content lies on this machine."""

    def content(self) -> SourceFile:
        """The source, which must have content. Raises MissingFieldError, BadInputError."""
        if self.given.source_id is None:
            raise MissingFieldError("the task names no object to work on", where="sourceId")
        if self.source is None:
            raise BadInputError("the object has no content", where=f"sourceId {self.given.source_id}")
        return self.source


@dataclass(frozen=True, slots=True)
class Drafted:
    """The job of a task. ``warnings`` become messages."""

    template: dict[str, Any]
    parameters: dict[str, Any]
    inputs: tuple[Asset, ...]
    warnings: tuple[str, ...] = ()


class Plugin(Protocol):
    """Makes jobs of the render tasks of a name."""

    @property
    def parameters(self) -> Mapping[str, str]:
        """The elements of ``render_input`` that it takes, each with what it means."""

    def draft(self, order: Order) -> Drafted:
        """The job of a task. Raises RendermillError, of which the task's messages tell; it may take seconds."""


def file_name(name: str, extension: str) -> str:
    """A name for the file of an object: its own, without what paths cannot have, and with its format's extension."""
    plain = _UNFIT.sub("_", name).encode()[-_MAX_BYTES:].decode(errors="ignore").strip(". ") or "file"
    if extension and not plain.lower().endswith(f".{extension.lower()}"):
        return f"{plain}.{extension}"
    return plain
