"""What a task's job has made, attached to the task: its content, and objects beside it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from rendermill.doors.cinnamon.access import CREATE_OBJECT, WRITE_CONTENT, Access
from rendermill.doors.cinnamon.context import local_time
from rendermill.doors.cinnamon.renderserver.tasks import Unit, rendered_of
from rendermill.farm.model.errors import NotAllowedError
from rendermill.store.cinnamon import folders, objects, relations, renders
from rendermill.store.cinnamon.catalogue import Catalogue
from rendermill.store.cinnamon.people import person
from rendermill.store.cinnamon.records import Content, Folder, Item, Kind, Term
from rendermill.store.cinnamon.seed import DEFAULT_TYPE, RENDERED, UNDETERMINED

AT_ONCE = 200
"""Outputs that become objects within one transaction."""
_ALIASES = {"jpeg": "jpg", "tiff": "tif"}
_MAX_NAME = 128


@dataclass(frozen=True, slots=True)
class Result:
    """A file that was rendered: its path below the job's output folder, and its content."""

    path: str
    content: Content


def main_result(paths: Sequence[str]) -> int:
    """Which of several files becomes the task's own content: the movie, else the first."""
    return next((index for index, path in enumerate(paths) if path.lower().endswith(".mp4")), 0)


def names(paths: Sequence[str]) -> list[str]:
    """The names of the objects that files become: one for each, whatever folders the files are in."""
    found: dict[str, None] = {}
    for path in paths:
        plain = path.replace("/", "_")
        prefixes = (f"{number}_" if number > 1 else "" for number in itertools.count(1))
        candidates = (prefix + plain[-(_MAX_NAME - len(prefix)) :] for prefix in prefixes)
        found[next(name for name in candidates if name not in found)] = None
    return list(found)


def attach(unit: Unit, task: Item, results: Mapping[str, Result], attached: int) -> None:
    """Make objects of some results, by the names that they get, in the task's folder and related to it.

    One of that name is replaced, where the task's owner may do so: anybody may have related it to the task.
    ``attached`` is how many there are then. Raises :class:`NotAllowedError` if the owner may not create them.
    """
    owner, folder = person(unit.connection, task.owner_id), _folder(unit, task)
    access = Access(unit.catalogue, owner) if owner is not None else None
    if access is None or not access.allows(CREATE_OBJECT, folder):
        what = "the task's owner may not create objects in its folder"
        raise NotAllowedError(what, where=f"folder {task.parent_id}", remedy="The files stay with the job.")
    there = {each.name: each for each in rendered_of(unit, task.id)}
    for name, result in results.items():
        values = content_values(unit, result, task.owner_id)
        old = there.get(name)
        if old is not None and old.locker_id is None and access.allows(WRITE_CONTENT, old):
            objects.change_item(unit.connection, old.id, **values)
        else:
            _add(unit, task, folder.acl_id, name, values)
    renders.change_render(unit.connection, task.id, attached=attached)


def _folder(unit: Unit, task: Item) -> Folder:
    found = folders.folder(unit.connection, unit.catalogue.repository.id, task.parent_id)
    assert found is not None
    return found


def _add(unit: Unit, task: Item, acl_id: int, name: str, values: dict[str, Any]) -> None:
    catalogue = unit.catalogue
    term = catalogue.term(Kind.FORMAT, values["format_id"])
    made = objects.add_item(
        unit.connection,
        catalogue.repository.id,
        **values,
        name=name,
        version="1",
        created=local_time(unit.now),
        procstate="_created",
        acl_id=acl_id,
        owner_id=task.owner_id,
        creator_id=task.owner_id,
        parent_id=task.parent_id,
        type_id=_object_type(catalogue, term, task.type_id),
        language_id=_language(catalogue, task.language_id),
    )
    relation_type = catalogue.named(Kind.RELATION_TYPE, RENDERED)
    if relation_type is not None:
        relations.add_relation(unit.connection, relation_type.id, task.id, made)


def content_values(unit: Unit, result: Result, modifier_id: int) -> dict[str, Any]:
    """The columns of an object that has a result as its content."""
    term = _format(unit.catalogue, result.path)
    return {
        **result.content.columns(),
        "format_id": None if term is None else term.id,
        "modifier_id": modifier_id,
        "modified": local_time(unit.now),
    }


def _format(catalogue: Catalogue, path: str) -> Term | None:
    suffix = PurePosixPath(path).suffix.lower().removeprefix(".")
    wanted = _ALIASES.get(suffix, suffix)
    return next((each for each in catalogue.all(Kind.FORMAT) if each.details["extension"].lower() == wanted), None)


def _object_type(catalogue: Catalogue, term: Term | None, default: int) -> int:
    kind = "" if term is None else term.details["contenttype"].partition("/")[0]
    name = {"image": "image", "video": "movie"}.get(kind, DEFAULT_TYPE)
    found = catalogue.named(Kind.OBJECT_TYPE, name) or catalogue.named(Kind.OBJECT_TYPE, DEFAULT_TYPE)
    return default if found is None else found.id


def _language(catalogue: Catalogue, default: int) -> int:
    found = catalogue.named(Kind.LANGUAGE, UNDETERMINED)
    return default if found is None else found.id
