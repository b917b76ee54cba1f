"""Render tasks: the states that they go through, and what a program needs that works on one."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from lxml import etree

from rendermill.farm.model.errors import BadInputError, CinnamonError, MissingFieldError
from rendermill.sdk.cinnamon.client import RENDER_INPUT, Cinnamon
from rendermill.sdk.cinnamon.values import Lifecycle, Object

#: What the states are called, by Rendermill and by older repositories.
_RENDERING = ("rendering", "executeRenderTask")
_FINISHED = ("finished", "finishedRenderTask")
_FAILED = ("failed", "failedRenderTask")
_FORMATS = {"jpg": "jpeg", "tif": "tiff"}
_GIVEN = ("id", "repository", "host", "ticket")


@dataclass(frozen=True, slots=True)
class TaskStates:
    """The ids of the states that render tasks go through."""

    lifecycle: int
    new: int
    rendering: int
    finished: int
    failed: int

    @classmethod
    def of(cls, lifecycle: Lifecycle) -> Self:
        """The states of a lifecycle, in either spelling. Raises :class:`CinnamonError` if it lacks one."""
        if lifecycle.default is None:
            raise CinnamonError("the lifecycle has no default state", where=lifecycle.name)
        named = {state.name: state.id for state in lifecycle.states}
        found = []
        for names in (_RENDERING, _FINISHED, _FAILED):
            if not (known := [named[name] for name in names if name in named]):
                raise CinnamonError(f"the lifecycle has no state {' or '.join(names)}", where=lifecycle.name)
            found.append(known[0])
        return cls(lifecycle.id, lifecycle.default.id, *found)


def read_input(metaset: etree._Element) -> dict[str, str]:
    """What a metaset ``render_input`` says: each element with its text."""
    return {str(each.tag): (each.text or "").strip() for each in metaset.iterchildren("*")}


@dataclass
class RenderTask:
    """A render task that a program works on.

    As a context manager it sees to it that the task fails if the block does, with the error as a message::

        with RenderTask.given() as task:
            picture = render(task.source(Path("/tmp")), task.input)
            task.finish(picture)
    """

    client: Cinnamon
    id: int
    _states: TaskStates | None = field(default=None, init=False)

    @classmethod
    def given(cls, arguments: Sequence[str] | None = None) -> Self:
        """The task that a RenderServer has started this program for.

        It says so by the arguments ``ID REPOSITORY HOST TICKET``, or in the environment: ``CINNAMON_ID`` and so on.
        Raises :class:`MissingFieldError` where it says neither.
        """
        arguments = sys.argv[1:] if arguments is None else arguments
        told = dict(zip(_GIVEN, arguments, strict=False))
        told |= {name: os.environ.get(f"CINNAMON_{name.upper()}", "") for name in _GIVEN[len(told) :]}
        for name, value in told.items():
            if not value:
                remedy = "Give ID REPOSITORY HOST TICKET as arguments, or CINNAMON_ID and so on in the environment."
                raise MissingFieldError("it is not said", where=name, remedy=remedy)
        if not told["id"].isdecimal():
            raise BadInputError(f"{told['id'][:40]!r} is no object's id", where="id")
        return cls(Cinnamon.with_ticket(told["host"], told["ticket"]), int(told["id"]))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, value: BaseException | None, _trace: TracebackType | None
    ) -> None:
        try:
            if isinstance(value, Exception):
                self.fail(str(value) or type(value).__name__)
        finally:
            self.client.close()

    @property
    def input(self) -> Mapping[str, str]:
        """What the task says that is to be done: ``renderTaskName``, ``sourceId``, parameters."""
        return read_input(self.client.get_metaset(self.id, RENDER_INPUT))

    @property
    def object(self) -> Object:
        """The task as an object."""
        return self.client.get_object(self.id)

    def source(self, folder: Path) -> Path:
        """Fetch the content of the object that ``sourceId`` names into a folder; the file.

        Raises :class:`MissingFieldError` if the task names none.
        """
        number = self.input.get("sourceId", "")
        if not number.isdecimal():
            raise MissingFieldError("the task names no object to work on", where="sourceId")
        target = folder / self.client.get_object(int(number)).file_name
        self.client.get_content(int(number), target)
        return target

    def message(self, text: str, level: str = "info") -> None:
        """Add a message to the task."""
        self.client.append_message(self.id, text, level)

    def attach(self, file: Path, relation: str = "render_output") -> int:
        """Put a file beside the task, as an object of its own that is related to it; its id."""
        made = self.client.create(file.name, self.object.parent_id, file=file, file_format=format_of(file))
        self.client.create_relation(relation, self.id, made)
        return made

    def finish(self, file: Path | None = None) -> None:
        """Say that the task is done; ``file`` becomes its content."""
        with self.client.locked(self.id):
            if file is not None:
                self.client.set_content(self.id, file, format_of(file))
            self.client.change_state(self.id, state_id=self.states.finished)

    def fail(self, text: str) -> None:
        """Say that the task has failed, and why."""
        self.message(text, "error")
        with self.client.locked(self.id):
            self.client.change_state(self.id, state_id=self.states.failed)

    @property
    def states(self) -> TaskStates:
        """The states of the task's lifecycle. Raises :class:`CinnamonError` if it is in none."""
        if self._states is None:
            state_id = self.object.state_id
            lifecycle_id = None if state_id is None else self.client.get_lifecycle_state(state_id).lifecycle_id
            if lifecycle_id is None:
                raise CinnamonError("it is in no lifecycle", where=f"object {self.id}")
            self._states = TaskStates.of(self.client.get_lifecycle(lifecycle_id=lifecycle_id))
        return self._states


def format_of(file: Path) -> str:
    """What repositories call the format of a file, by its suffix."""
    suffix = file.suffix.lower().removeprefix(".")
    return _FORMATS.get(suffix, suffix)
