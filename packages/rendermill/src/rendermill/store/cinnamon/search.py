"""Searches: a query as SQL over the rows themselves, so that what was committed is found at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    Select,
    String,
    Table,
    and_,
    bindparam,
    case,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.exc import OperationalError

from rendermill.farm.model.errors import BadInputError, TooLargeError
from rendermill.store.cinnamon.catalogue import Catalogue
from rendermill.store.cinnamon.fields import Condition, Field, Listed, Number, Path, Text, Words
from rendermill.store.cinnamon.query import AnyWord, Both, Everything, Pattern, Phrase, Query, Range, Term
from rendermill.store.cinnamon.records import Kind
from rendermill.store.cinnamon.schema import folders, objects
from rendermill.store.functions import check_pattern

MAX_SECONDS = 10.0
"""How long a search may take. Most take milliseconds; patterns over many names take longest."""
_STEPS = 1000
Fields = Mapping[str, Field]


@dataclass(frozen=True, slots=True)
class Sight:
    """What somebody may see: what has one of ``acls``, and what is their own and has one of ``own_acls``."""

    user_id: int
    acls: frozenset[int]
    own_acls: frozenset[int]


def search_objects(
    connection: Connection,
    catalogue: Catalogue,
    query: Query,
    aliases: Callable[[str], list[str]],
    sight: Sight | None,
    seconds: float = MAX_SECONDS,
) -> list[int]:
    """The ids of the objects that a query finds, in order.

    ``aliases`` gives other spellings of an object type's name; ``sight`` is None for who may see everything. Raises
    :class:`BadInputError` for a query that cannot be answered, :class:`TooLargeError` for one that takes too long.
    """
    wanted = _condition(query, _object_fields(catalogue, aliases))
    return _ids(connection, objects, catalogue, wanted, sight, seconds)


def search_folders(
    connection: Connection, catalogue: Catalogue, query: Query, sight: Sight | None, seconds: float = MAX_SECONDS
) -> list[int]:
    """The ids of the folders that a query finds; as :func:`search_objects`."""
    wanted = _condition(query, _FOLDER)
    return _ids(connection, folders, catalogue, wanted, sight, seconds)


def _ids(
    connection: Connection,
    table: Table,
    catalogue: Catalogue,
    wanted: Condition,
    sight: Sight | None,
    seconds: float,
) -> list[int]:
    where = (table.c.repository_id == bindparam("repository_id")) & wanted
    if sight is not None:
        own = (table.c.owner_id == sight.user_id) & table.c.acl_id.in_(sight.own_acls)
        where &= table.c.acl_id.in_(sight.acls) | own
    with _bounded(connection, seconds):
        return sorted(connection.scalars(select(table.c.id).where(where), {"repository_id": catalogue.repository.id}))


@contextmanager
def _bounded(connection: Connection, seconds: float) -> Iterator[None]:
    """End a statement that takes longer. Raises :class:`TooLargeError` then."""
    raw: Any = connection.connection.driver_connection
    deadline = time.monotonic() + seconds
    raw.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
    try:
        yield
    except OperationalError as error:
        if "interrupted" not in str(error.orig):
            raise
        what = f"the search took longer than {seconds:g} s"
        raise TooLargeError(what, remedy="Narrow it, by lifecyclestate, objectTypeName or parent_id.") from error
    finally:
        raw.set_progress_handler(None, 0)


# --- queries as conditions ---------------------------------------------------------------------------------------


def _condition(query: Query, fields: Fields) -> Condition:
    match query:
        case Everything():
            return true()
        case Both():
            return _both(query, fields)
        case Term(name, text):
            return _field(name, fields).any_of([text])
        case AnyWord(name, text):
            field = _field(name, fields)
            return field.any_of(field.analysed(text))
        case Phrase(name, text):
            return _phrase(name, text, fields)
        case Pattern(name, pattern):
            field = _field(name, fields)
            check_pattern(pattern)
            return field.like(pattern)
        case Range():
            return _field(query.field, fields).between(query)


def _both(query: Both, fields: Fields) -> Condition:
    must, mustnot, should = (
        [_condition(each, fields) for each in several] for several in (query.must, query.mustnot, query.should)
    )
    wanted = must or ([or_(*should)] if should else [])
    if not wanted:
        return false()
    return and_(*wanted, *(not_(func.coalesce(each, false(), type_=Boolean)) for each in mustnot))


def _phrase(name: str, text: str, fields: Fields) -> Condition:
    field = _field(name, fields)
    if not isinstance(field, Words):
        of_words = ", ".join(each for each, found in fields.items() if isinstance(found, Words))
        raise BadInputError(f"the field {name} is not made of words", remedy=f"UserQuery searches {of_words}.")
    return field.phrase(field.analysed(text))


def _field(name: str, fields: Fields) -> Field:
    found = fields.get(name.lower())
    if found is None:
        raise BadInputError(f"the field {name[:60]!r} is not served", remedy=f"Served are {', '.join(fields)}.")
    return found


# --- fields, by their names in small letters ---------------------------------------------------------------------


def _small(text: ColumnElement[Any]) -> ColumnElement[Any]:
    """A text in small letters."""
    return func.small_letters(text, type_=String)


def _digits(moment: ColumnElement[Any], start: int, count: int, separator: str) -> ColumnElement[Any]:
    """The digits of a part of a time."""
    return func.replace(func.substr(moment, start, count), separator, "", type_=String)


def _paths() -> Select[tuple[int, str]]:
    """A repository's folders and their paths in small letters: ``/a/b`` without the root, whose own is ``/root``."""
    of = folders.c
    own = (of.repository_id == bindparam("repository_id")) & of.parent_id.is_(None)
    above = select(of.id, literal("").label("path"), of.name).where(own).cte("paths", recursive=True)
    below = select(of.id, above.c.path + "/" + of.name, of.name).where(of.parent_id == above.c.id)
    paths = above.union_all(below)
    path = case((paths.c.path == "", "/" + paths.c.name), else_=paths.c.path)
    return select(paths.c.id, _small(path))


_FLAG = (("true", 1), ("false", 0))
_OBJECT: Fields = {
    "name": Words(objects.c.words),
    "procstate": Words(func.words(objects.c.procstate, type_=String)),
    "appname": Text(_small(objects.c.appname)),
    "version": Text(_small(objects.c.version)),
    "objecttype": Number(objects.c.type_id),
    "lifecyclestate": Number(objects.c.state_id),
    "parent_id": Number(objects.c.parent_id),
    "parent": Number(objects.c.parent_id),
    "folderpath": Path(objects.c.parent_id, _paths()),
    "root": Number(objects.c.root_id),
    "owner": Number(objects.c.owner_id),
    "creator": Number(objects.c.creator_id),
    "modifier": Number(objects.c.modifier_id),
    "lockedby": Number(objects.c.locker_id),
    "acl": Number(objects.c.acl_id),
    "format": Number(objects.c.format_id),
    "language": Number(objects.c.language_id),
    "contentsize": Number(objects.c.content_size),
    "latesthead": Listed(objects.c.latest_head, _FLAG),
    "latestbranch": Listed(objects.c.latest_branch, _FLAG),
    "created.date": Text(_digits(objects.c.created, 1, 10, "-")),
    "created.time": Text(_digits(objects.c.created, 12, 8, ":")),
    "modified.date": Text(_digits(objects.c.modified, 1, 10, "-")),
    "modified.time": Text(_digits(objects.c.modified, 12, 8, ":")),
}
_FOLDER: Fields = {
    "name": Words(func.words(folders.c.name, type_=String)),
    "parent_id": Number(folders.c.parent_id),
    "parent": Number(folders.c.parent_id),
    "folderpath": Path(folders.c.parent_id, _paths()),
    "foldertype": Number(folders.c.type_id),
    "owner": Number(folders.c.owner_id),
    "acl": Number(folders.c.acl_id),
}


def _object_fields(catalogue: Catalogue, aliases: Callable[[str], list[str]]) -> Fields:
    """The fields of objects; types have other names in each repository."""
    return {**_OBJECT, "objecttypename": Listed(objects.c.type_id, _type_names(catalogue, aliases))}


def _type_names(catalogue: Catalogue, aliases: Callable[[str], list[str]]) -> Iterator[tuple[str, int]]:
    """Object types by their names in small letters; another spelling leads to a type unless one is called so."""
    types = catalogue.all(Kind.OBJECT_TYPE)
    own = {term.name.lower() for term in types}
    for term in types:
        yield term.name.lower(), term.id
        yield from ((alias, term.id) for alias in aliases(term.name) if alias not in own)
