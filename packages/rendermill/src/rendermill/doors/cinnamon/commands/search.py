"""Searches."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rendermill.doors.cinnamon import show
from rendermill.doors.cinnamon.access import BROWSE, BROWSE_FOLDER, READ_METADATA
from rendermill.doors.cinnamon.codes import bad_param, refusal
from rendermill.doors.cinnamon.context import Call
from rendermill.doors.cinnamon.names import aliases
from rendermill.doors.cinnamon.query import BAD_QUERY, parse_query, refused
from rendermill.doors.cinnamon.registry import command
from rendermill.doors.cinnamon.xml_text import box, el
from rendermill.farm.model.errors import BadInputError
from rendermill.store.cinnamon import folders, metasets, objects
from rendermill.store.cinnamon.query import Query
from rendermill.store.cinnamon.records import Folder, Holder, Item, Kind
from rendermill.store.cinnamon.search import Sight, search_folders, search_objects

MAX_HITS = 10_000
"""How many objects or folders an answer has at most."""
MAX_QUERY = 100_000
"""Characters of a query."""
_QUERY = (("query", BAD_QUERY),)
_MAX_DIGITS = 18


@command("searchobjects", xml=_QUERY)
def searchobjects(call: Call) -> str:
    """The objects that a query finds: query, [page_size page metaset_list include_summary]."""
    page = _Page(call)
    ids = _objects(call)
    found = objects.several(call.connection, call.repository_id, page.of(ids))
    shown = call.show_items(found, _metas(call, Holder.OBJECT, found))
    parents = _parents(call, {each.parent_id for each in found})
    return box("objects", shown, parents, total_results=len(ids))


@command("searchobjectids", xml=_QUERY)
def searchobjectids(call: Call) -> str:
    """The ids of the objects that a query finds: query."""
    ids = _objects(call)
    return box("objectIds", *(el("id", number) for number in ids), total_results=len(ids))


@command("searchfolders", xml=_QUERY)
def searchfolders(call: Call) -> str:
    """The folders that a query finds: query, [page_size page metaset_list include_summary]."""
    page = _Page(call)
    query = _query(call)
    try:
        ids = search_folders(call.connection, call.catalogue, query, _sight(call, BROWSE_FOLDER))
    except BadInputError as error:
        raise refused(error.what, error.remedy) from error
    found = folders.several(call.connection, call.repository_id, page.of(ids))
    shown = call.show_folders(found, _metas(call, Holder.FOLDER, found))
    parents = _parents(call, {each.parent_id for each in found if each.parent_id is not None})
    return box("folders", shown, parents, total_results=len(ids))


def _objects(call: Call) -> list[int]:
    query = _query(call)
    try:
        return search_objects(call.connection, call.catalogue, query, aliases, _sight(call, BROWSE))
    except BadInputError as error:
        raise refused(error.what, error.remedy) from error


def _query(call: Call) -> Query:
    if len(call.form.text("query")) > MAX_QUERY:
        raise refused(f"it has more than {MAX_QUERY} characters")
    return parse_query(call.xml("query", BAD_QUERY))


def _sight(call: Call, permission: str) -> Sight | None:
    """What the caller may see; None for everything."""
    if call.access.superuser:
        return None
    return Sight(call.user.id, *call.access.acls(permission))


class _Page:
    """The part of the hits that is asked for: ``page_size`` of them, on the ``page``-th page."""

    def __init__(self, call: Call) -> None:
        self._size = _whole(call, "page_size", "max_results")
        self._page = max(_whole(call, "page", "page") or 1, 1)
        if self._size is not None and not 0 < self._size <= MAX_HITS:
            raise bad_param("max_results", f"a page has 1 to {MAX_HITS} hits")

    def of(self, ids: list[int]) -> list[int]:
        """The part of all the hits. Raises :class:`CinnamonError` where all are asked for, and are too many."""
        if self._size is not None:
            start = (self._page - 1) * self._size
            return ids[start : start + self._size]
        if len(ids) > MAX_HITS:
            what = f"{len(ids)} are found, and an answer has at most {MAX_HITS}"
            raise bad_param("max_results", what, "Send page_size and page.")
        return ids


def _whole(call: Call, name: str, key: str) -> int | None:
    text = call.form.text(name).strip()
    digits = text.removeprefix("-")
    if text and not (digits.isascii() and digits.isdecimal() and len(digits) <= _MAX_DIGITS):
        raise refusal(f"error.param.{key}", "it is no number", where=name)
    return int(text) if text else None


def _metas(call: Call, kind: Holder, found: Sequence[Item] | Sequence[Folder]) -> dict[int, str]:
    """The metasets that ``metaset_list`` names, of what the caller may read them of."""
    names = [name for name in re.split(r"[,\s]+", call.form.text("metaset_list")) if name]
    if not names:
        return {}
    types = {term.id for term in call.catalogue.all(Kind.METASET_TYPE) if term.name in names}
    readable = [each.id for each in found if call.access.allows(READ_METADATA, each)]
    of_all = metasets.metasets_of_all(call.connection, kind, readable)
    return {
        number: show.metasets(call.catalogue, (each for each in there if each.type_id in types))
        for number, there in of_all.items()
    }


def _parents(call: Call, ids: set[int]) -> str:
    """``<parentFolders>``: the folders of the hits and those above, but the root only if a hit lies in it."""
    found = folders.with_ancestors(call.connection, call.repository_id, ids)
    return box(
        "parentFolders", call.show_folders([each for each in found if each.parent_id is not None or each.id in ids])
    )
