"""Render tasks in the repository: begun, told of, ended. Each function is done within one transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rendermill.doors.cinnamon import metadata
from rendermill.doors.cinnamon.access import READ_CONTENT, Access
from rendermill.doors.cinnamon.context import local_time
from rendermill.doors.cinnamon.messages import Message, append
from rendermill.doors.cinnamon.names import find_state, own_name, render_lifecycle, render_type
from rendermill.doors.cinnamon.renderserver.parameters import RenderInput, read_input
from rendermill.doors.cinnamon.renderserver.plugins import Order, SourceFile, file_name
from rendermill.farm.model.errors import NotAllowedError, NotFoundError
from rendermill.farm.model.identity import Account
from rendermill.farm.model.records import Job
from rendermill.store.cinnamon import metasets, objects, relations, renders
from rendermill.store.cinnamon.catalogue import Catalogue, repository_named
from rendermill.store.cinnamon.people import RENDER_SERVER, person
from rendermill.store.cinnamon.records import Holder, Item, Kind, Render
from rendermill.store.cinnamon.seed import RENDER_INPUT, RENDERED, Names
from rendermill.store.cinnamon.sessions import end_sessions_of_task
from rendermill.store.desk import Connection


@dataclass
class Unit:
    """A repository within a transaction of the RenderServer's own."""

    connection: Connection
    catalogue: Catalogue
    now: float
    """Seconds since the epoch."""
    touched: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Course:
    """What render tasks are in a repository, and the ids of the states that they go through."""

    type_id: int
    new: int
    rendering: int
    finished: int
    failed: int


def course_of(catalogue: Catalogue) -> Course | None:
    """The course of a repository's render tasks; None if something of it is missing."""
    lifecycle, object_type = render_lifecycle(catalogue), render_type(catalogue)
    if lifecycle is None or object_type is None or lifecycle.default is None:
        return None
    others = (Names.RENDERING, Names.FINISHED, Names.FAILED)
    found = [find_state(lifecycle, own_name(catalogue, names)) for names in others]
    rendering, finished, failed = (None if state is None else state.id for state in found)
    if rendering is None or finished is None or failed is None:
        return None
    return Course(object_type.id, lifecycle.default.id, rendering, finished, failed)


def needed_course(unit: Unit) -> Course:
    """The course of a repository that has one."""
    course = course_of(unit.catalogue)
    assert course is not None
    return course


# --- beginning ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Begun:
    """A task that the farm has taken: the object, locked and rendering, and its owner."""

    item: Item
    owner: Account


def next_waiting(unit: Unit, names: Collection[str]) -> Item | None:
    """The oldest task of these names that waits and that nobody has locked."""
    course = course_of(unit.catalogue)
    if course is None or not names:
        return None
    repository_id = unit.catalogue.repository.id
    return renders.oldest_waiting(unit.connection, repository_id, course.type_id, course.new, names)


def begin(unit: Unit, names: Collection[str]) -> Begun | None:
    """Take the oldest task of these names that waits; None if none does.

    One whose owner is not there any more fails.
    """
    while (item := next_waiting(unit, names)) is not None:
        course, repository_id = needed_course(unit), unit.catalogue.repository.id
        values = {"state_id": course.rendering, "locker_id": RENDER_SERVER.id, "modified": local_time(unit.now)}
        objects.change_item(unit.connection, item.id, **values)
        renders.add_render(
            unit.connection, Render(item.id, repository_id, item.owner_id, item.task_name or "", None, 0, 0)
        )
        owner = person(unit.connection, item.owner_id)
        if owner is not None:
            return Begun(item, owner)
        end(unit, item.id, course.failed, [(unit.now, "error", "its owner is not there any more")])
    return None


def input_of(unit: Unit, object_id: int) -> RenderInput:
    """What a task's metaset ``render_input`` says. Raises :class:`BadInputError`."""
    type_id = metadata.type_named(unit.catalogue, RENDER_INPUT).id
    found = metasets.metaset_of(unit.connection, Holder.OBJECT, object_id, type_id)
    return read_input(found.content if found is not None else "")


def order_of(unit: Unit, begun: Begun, blob_path: Callable[[str], Path]) -> Order:
    """What a plug-in needs of a task, as far as the task's owner may read it.

    Raises NotFoundError, NotAllowedError, BadInputError.
    """
    given = input_of(unit, begun.item.id)
    if given.source_id is None:
        return Order(begun.item.name, given, None, (), (), blob_path)
    source = objects.item(unit.connection, unit.catalogue.repository.id, given.source_id)
    if source is None:
        raise NotFoundError("there is no such object", where=f"sourceId {given.source_id}")
    access = Access(unit.catalogue, begun.owner)
    if not access.allows(READ_CONTENT, source):
        raise NotAllowedError(f"{begun.owner.name} may not read its content", where=f"sourceId {source.id}")
    others = objects.in_folder(unit.connection, source.parent_id, only="latest_head")
    beside = [each for each in others if each.id not in (source.id, begun.item.id)]
    return Order(
        begun.item.name,
        given,
        _file(unit.catalogue, source),
        _readable(unit.catalogue, access, beside),
        _readable(unit.catalogue, access, rendered_of(unit, source.id)),
        blob_path,
    )


def rendered_of(unit: Unit, object_id: int) -> list[Item]:
    """What was rendered by a task."""
    term, repository_id = unit.catalogue.named(Kind.RELATION_TYPE, RENDERED), unit.catalogue.repository.id
    if term is None:
        return []
    found = relations.relations_of(unit.connection, repository_id, type_id=term.id, left_id=object_id)
    return objects.several(unit.connection, repository_id, [each.right_id for each in found])


def _readable(catalogue: Catalogue, access: Access, found: Sequence[Item]) -> list[SourceFile]:
    files = (_file(catalogue, each) for each in found if access.allows(READ_CONTENT, each))
    return [each for each in files if each is not None]


def _file(catalogue: Catalogue, item: Item) -> SourceFile | None:
    """An object as a file; None if it has no content."""
    if item.stored is None:
        return None
    term = catalogue.term(Kind.FORMAT, item.format_id)
    return SourceFile(file_name(item.name, term.details["extension"] if term is not None else ""), item.stored)


def orphans(connection: Connection, jobs: Sequence[Job]) -> list[int]:
    """Those of some jobs that were made of render tasks which are not there any more."""
    found = []
    for job in jobs:
        made_of = job.info.get("cinnamon")
        if made_of is not None:
            repository = repository_named(connection, made_of["repository"])
            if repository is None or objects.item(connection, repository.id, made_of["object"]) is None:
                found.append(job.id)
    return found


# --- while it renders --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Standing:
    """How a task stands on which the farm works."""

    render: Render
    item: Item
    is_rendering: bool
    """Whether its state is still the one that the farm gave it."""
    is_ours: bool
    """Whether nobody else holds its lock."""


def standing(unit: Unit, object_id: int) -> Standing | None:
    """How a task stands; None if the farm does not work on it any more."""
    found = renders.render(unit.connection, object_id)
    item = objects.item(unit.connection, unit.catalogue.repository.id, object_id)
    if found is None or item is None:
        return None
    course = course_of(unit.catalogue)
    is_rendering = course is not None and item.state_id == course.rendering
    return Standing(found, item, is_rendering, item.locker_id in (None, RENDER_SERVER.id))


def take_lock(unit: Unit, object_id: int) -> None:
    """Lock a task again that somebody has unlocked, or whose program has ended without doing so."""
    objects.change_item(unit.connection, object_id, locker_id=RENDER_SERVER.id)


def tell(unit: Unit, object_id: int, messages: Sequence[Message]) -> None:
    """Add messages to a task."""
    if messages:
        append(unit, object_id, messages)


def set_content(unit: Unit, object_id: int, values: dict[str, Any]) -> None:
    """Give a task what was rendered as its content."""
    objects.change_item(unit.connection, object_id, **values)


# --- ending ------------------------------------------------------------------------------------------------------


def end(
    unit: Unit,
    object_id: int,
    state_id: int | None,
    messages: Sequence[Message] = (),
    *,
    locker_id: int | None = None,
) -> None:
    """Let go of a task: its last messages, its state (None: as it is), its lock, and its program's tickets."""
    tell(unit, object_id, messages)
    values: dict[str, Any] = {} if state_id is None else {"state_id": state_id}
    values |= {"locker_id": locker_id, "metadata_changed": True, "modified": local_time(unit.now)}
    objects.change_item(unit.connection, object_id, **values)
    _release(unit, object_id)


def _release(unit: Unit, object_id: int) -> None:
    """Forget that the farm works on a task."""
    end_sessions_of_task(unit.connection, object_id)
    renders.remove_render(unit.connection, object_id)


def fail(unit: Unit, object_id: int, messages: Sequence[Message]) -> None:
    """A task cannot be rendered. If somebody has given it another state, it keeps that."""
    found = standing(unit, object_id)
    if found is not None and found.is_rendering:
        end(unit, object_id, needed_course(unit).failed, messages, locker_id=_foreign(found))
    else:
        leave(unit, object_id)


def put_back(unit: Unit, object_id: int) -> None:
    """A task that was taken and has no job waits again. If somebody has given it another state, it keeps that."""
    found = standing(unit, object_id)
    if found is not None and found.is_rendering:
        end(unit, object_id, needed_course(unit).new, locker_id=_foreign(found))
    else:
        leave(unit, object_id)


def leave(unit: Unit, object_id: int) -> None:
    """Let go of a task that is not ours any more, or not there: its state stays, and what others have locked."""
    found = standing(unit, object_id)
    if found is not None:
        end(unit, object_id, None, locker_id=_foreign(found))
    else:
        _release(unit, object_id)


def _foreign(found: Standing) -> int | None:
    """Who else holds a task's lock."""
    return None if found.is_ours else found.item.locker_id
