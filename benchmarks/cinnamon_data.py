"""A repository that has been in use: many objects and render tasks, without contents."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select

from rendermill.store.cinnamon.catalogue import Catalogue, load, repository_named
from rendermill.store.cinnamon.folders import add_folder, root
from rendermill.store.cinnamon.records import Kind, words_of
from rendermill.store.cinnamon.schema import objects
from rendermill.store.cinnamon.seed import DEFAULT_ACL, DEFAULT_FOLDER_TYPE, DEFAULT_TYPE, UNDETERMINED, Names

_FOLDERS = 200
_PART = 10_000
_BEGAN = datetime(2024, 1, 1)


def fill(engine: Engine, repository: str, count: int, waiting: int = 20, owner_id: int = 0) -> None:
    """Add so many objects, half of them render tasks, of which the last ``waiting`` are new and the others ended."""
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        found = repository_named(connection, repository)
        assert found is not None
        catalogue = load(connection, found.id)
        homes = _folders(connection, catalogue, owner_id)
        after = connection.execute(select(func.coalesce(func.max(objects.c.id), 0))).scalar_one()
        rows = _rows(catalogue, homes, count, waiting, owner_id, after)
        while part := list(islice(rows, _PART)):
            connection.execute(insert(objects), part)


def _folders(connection: Connection, catalogue: Catalogue, owner_id: int) -> list[int]:
    top = root(connection, catalogue.repository.id).id
    common = {
        "owner_id": owner_id,
        "acl_id": catalogue.id_of(Kind.ACL, DEFAULT_ACL),
        "type_id": catalogue.id_of(Kind.FOLDER_TYPE, DEFAULT_FOLDER_TYPE),
        "summary": "",
    }
    names = (f"shot_{number:04}" for number in range(_FOLDERS))
    return [add_folder(connection, catalogue.repository.id, parent_id=top, name=name, **common) for name in names]


def _rows(
    catalogue: Catalogue, homes: list[int], count: int, waiting: int, owner_id: int, after: int
) -> Iterator[dict[str, Any]]:
    profile = catalogue.repository.profile
    lifecycle = catalogue.lifecycle_named(Names.LIFECYCLE[profile])
    assert lifecycle is not None
    states = {name[profile]: lifecycle.named(name[profile]) for name in Names.STATES}
    ended = [states[name[profile]] for name in (Names.FINISHED, Names.FINISHED, Names.FAILED)]
    task_type, plain_type = Names.OBJECT_TYPE[profile], DEFAULT_TYPE
    for number in range(count):
        is_task = number % 2 == 1 or number >= count - waiting
        state = states[Names.NEW[profile]] if number >= count - waiting else ended[number % len(ended)]
        assert state is not None
        name = f"{'RenderTask' if is_task else 'Scene'} {number:06}.blend"
        when = (_BEGAN + timedelta(seconds=500 * number)).isoformat(timespec="seconds")
        yield {
            "id": after + number + 1,
            "root_id": after + number + 1,
            "repository_id": catalogue.repository.id,
            "name": name,
            "words": words_of(name),
            "version": "1",
            "created": when,
            "modified": when,
            "procstate": "",
            "acl_id": catalogue.id_of(Kind.ACL, DEFAULT_ACL),
            "owner_id": owner_id,
            "creator_id": owner_id,
            "modifier_id": owner_id,
            "type_id": catalogue.id_of(Kind.OBJECT_TYPE, task_type if is_task else plain_type),
            "parent_id": homes[number % len(homes)],
            "language_id": catalogue.id_of(Kind.LANGUAGE, UNDETERMINED),
            "state_id": state.id if is_task else None,
            "task_name": "elsewhere" if is_task else None,
        }
