"""Single fields of objects, as older clients read and write them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rendermill.doors.cinnamon.access import CREATE_OBJECT, MOVE, READ_SYSMETA, SET_ACL, WRITE_SYSMETA
from rendermill.doors.cinnamon.codes import PARENT_NOT_FOUND, bad_param, refusal
from rendermill.doors.cinnamon.context import Call
from rendermill.doors.cinnamon.form import number_of
from rendermill.doors.cinnamon.names import find_term
from rendermill.doors.cinnamon.registry import command
from rendermill.doors.cinnamon.xml_text import el, success
from rendermill.store.cinnamon import folders, objects
from rendermill.store.cinnamon.people import person
from rendermill.store.cinnamon.records import Item, Kind


def _user_name(call: Call, number: int | None) -> str | None:
    user = person(call.connection, number) if number is not None else None
    return None if user is None else user.name


def _term_name(call: Call, term_id: int) -> str:
    return call.catalogue.terms[term_id].name


_READERS: dict[str, Callable[[Call, Item], object]] = {
    "parentid": lambda _, item: item.parent_id,
    "preid": lambda _, item: item.predecessor_id,
    "name": lambda _, item: item.name,
    "locked": lambda _, item: item.locker_id,
    "owner": lambda call, item: _user_name(call, item.owner_id),
    "owner_id": lambda _, item: item.owner_id,
    "contentsize": lambda _, item: item.content_size,
    "cntformat": lambda _, item: item.format_id,
    "procstate": lambda _, item: item.procstate,
    "creator": lambda call, item: _user_name(call, item.creator_id),
    "creator_id": lambda _, item: item.creator_id,
    "created": lambda _, item: item.created,
    "modifier": lambda call, item: _user_name(call, item.modifier_id),
    "modifier_id": lambda _, item: item.modifier_id,
    "modified": lambda _, item: item.modified,
    "acl_id": lambda _, item: item.acl_id,
    "version": lambda _, item: item.version,
    "rootid": lambda _, item: item.root_id,
    "objtype": lambda call, item: _term_name(call, item.type_id),
    "objtype_id": lambda _, item: item.type_id,
    "appname": lambda _, item: item.appname,
    "language_id": lambda _, item: item.language_id,
}


@command("getsysmeta")
def getsysmeta(call: Call) -> str:
    """A field of an object: id, parameter."""
    name = call.form.text("parameter").strip()
    reader = _READERS.get(name)
    if reader is None:
        what = f"Parameter {name[:60]} can not be read on objects."
        raise refusal(what, what, where="parameter", remedy=f"One of {', '.join(_READERS)}.")
    value = reader(call, call.item(permission=READ_SYSMETA))
    if value is None or value == "":
        raise refusal("error.result_value_is_null", "it is not set", where=name)
    return el("sysMetaValue", value)


@command("setsysmeta", changes=True)
def setsysmeta(call: Call) -> str:
    """Change a field of an object: id, parameter, value."""
    found = call.item()
    name = call.form.text("parameter").strip()
    writer = _WRITERS.get(name)
    if writer is None:
        what = f"Parameter {name[:60]} is invalid on objects."
        raise refusal(what, what, where="parameter", remedy=f"One of {', '.join(_WRITERS)}.")
    objects.change_item(call.connection, found.id, **writer(call, found), **call.modified())
    call.touched.add(found.id)
    return success("success.set.sys_meta")


def _own(call: Call, found: Item) -> None:
    """Pass if the caller may write the object's fields, and has locked it."""
    call.access.need(WRITE_SYSMETA, found)
    call.need_lock(found, "setting system metadata")


def _text(column: str, most: int) -> Callable[[Call, Item], dict[str, Any]]:
    def write(call: Call, found: Item) -> dict[str, Any]:
        _own(call, found)
        if column == "name":
            return {"name": call.form.named("value", "error.param.name", most=most)}
        value = call.form.text("value")
        if len(value) > most:
            raise bad_param("value", f"it has at most {most} characters")
        return {column: value}

    return write


def _owner(call: Call, found: Item) -> dict[str, Any]:
    _own(call, found)
    number = number_of(call.form.text("value"))
    if number is None or person(call.connection, number) is None:
        raise refusal("error.user_not_found", "there is no such user", where="value")
    return {"owner_id": number}


def _object_type(call: Call, found: Item) -> dict[str, Any]:
    _own(call, found)
    term = find_term(call.catalogue, Kind.OBJECT_TYPE, call.form.text("value").strip())
    if term is None:
        raise bad_param("objtype", "there is no such object type")
    return {"type_id": term.id}


def _language(call: Call, found: Item) -> dict[str, Any]:
    _own(call, found)
    term = call.catalogue.term(Kind.LANGUAGE, number_of(call.form.text("value")))
    if term is None:
        raise refusal("error.object.not.found", "there is no such language", where="value")
    return {"language_id": term.id}


def _acl(call: Call, found: Item) -> dict[str, Any]:
    call.access.need(SET_ACL, found)
    number = call.form.id("value", "error.param.acl_id")
    if call.catalogue.term(Kind.ACL, number) is None:
        raise refusal("error.acl.not_found", "there is no such ACL", where="value")
    return {"acl_id": number}


def _parent(call: Call, found: Item) -> dict[str, Any]:
    number = call.form.id("value", "error.get.folder")
    folder = folders.folder(call.connection, call.repository_id, number)
    if folder is None:
        raise refusal(PARENT_NOT_FOUND, "there is no such folder", where="value")
    call.access.need(MOVE, found)
    call.access.need(CREATE_OBJECT, folder)
    return {"parent_id": folder.id}


_WRITERS: dict[str, Callable[[Call, Item], dict[str, Any]]] = {
    "parentid": _parent,
    "name": _text("name", 128),
    "owner": _owner,
    "procstate": _text("procstate", 128),
    "acl_id": _acl,
    "objtype": _object_type,
    "appname": _text("appname", 255),
    "language_id": _language,
}
