"""Versions and copies."""

from __future__ import annotations

from typing import Any

from rendermill.doors.cinnamon import metadata
from rendermill.doors.cinnamon.access import (
    CREATE_OBJECT,
    READ_CONTENT,
    READ_METADATA,
    READ_SYSMETA,
    VERSION,
    WRITE_CONTENT,
    WRITE_METADATA,
)
from rendermill.doors.cinnamon.codes import BAD_METADATA, FOLDER_NOT_FOUND, refusal
from rendermill.doors.cinnamon.commands.objects import given_content, given_metadata, new_item
from rendermill.doors.cinnamon.context import Call
from rendermill.doors.cinnamon.lifecycles import enter
from rendermill.doors.cinnamon.registry import command
from rendermill.doors.cinnamon.xml_text import el, success
from rendermill.store.cinnamon import folders, metasets, objects, relations
from rendermill.store.cinnamon.records import Holder, Item, Kind

_KEPT = ("name", "appname", "language_id", "type_id", "task_name", "free_meta")


@command("version", changes=True, xml=(("metadata", BAD_METADATA),), takes_file=True)
def version(call: Call) -> str:
    """Make another version of an object: preid, [name parentid metadata format file acl_id objtype language_id]."""
    if call.form.given("preid") is None:
        raise refusal("error.predecessor.not_found", "it is missing", where="preid")
    before = call.item("preid", permission=VERSION, key="error.param.pre_id")
    if before.locker_id is not None:
        what = f"Object {before.id} must be unlocked for versioning."
        raise refusal(what, what, where=f"object {before.id}")
    parent_id = before.parent_id
    if call.form.given("parentid") is not None:
        parent_id = call.parent().id
    folder = folders.folder(call.connection, call.repository_id, parent_id)
    assert folder is not None
    call.access.need(CREATE_OBJECT, folder)
    wanted, free = given_metadata(call)
    values: dict[str, Any] = {column: getattr(before, column) for column in _KEPT}
    values |= _given(call) | given_content(call) | _copied_state(call, before)
    values |= {"version": _label(call, before), "predecessor_id": before.id, "root_id": before.root_id}
    made = call.add(folder, {"procstate": "_created", **values})
    if call.form.text("metadata").strip():
        objects.change_item(call.connection, made, free_meta=free)
        metadata.replace_all(call, Holder.OBJECT, made, wanted)
    else:
        _copy_metasets(call, before.id, made)
    objects.mark_latest(call.connection, before.root_id)
    return el("objectId", made)


def _given(call: Call) -> dict[str, Any]:
    """What the form says otherwise than the predecessor has it."""
    given = {"acl_id": "acl_id", "objtype": "type_id", "objtype_id": "type_id", "language_id": "language_id"}
    given |= {"appname": "appname", "name": "name", "summary": "summary"}
    wanted = {column for field, column in given.items() if call.form.given(field) is not None}
    if not wanted:
        return {}
    made = new_item(call, call.form.named("name") if "name" in wanted else "")
    return {column: made[column] for column in wanted if column in made}


def _label(call: Call, before: Item) -> str:
    """The label of a version's next one: of the first the next number, of others a branch."""
    others = objects.successors(call.connection, before.id)
    head = objects.branch_of(before.version)
    number = before.version.removeprefix(head)
    following = f"{head}{int(number) + 1}"
    if not others or all(each.version != following for each in others):
        taken = {each.version for each in objects.versions_of(call.connection, before.root_id)}
        if following not in taken:
            return following
    begun = [each.version for each in others if each.version.startswith(f"{before.version}.")]
    return f"{before.version}.{len(begun) + 1}-1"


def _copied_state(call: Call, of: Item) -> dict[str, Any]:
    """The state in which a copy begins."""
    state = call.catalogue.states.get(of.state_id) if of.state_id is not None else None
    target = call.catalogue.states.get(state.copy_state_id) if state is not None and state.copy_state_id else state
    if target is None:
        return {}
    entered = enter(call.catalogue, None, target)
    return {"state_id": entered.state_id, **({} if entered.acl_id is None else {"acl_id": entered.acl_id})}


def _copy_metasets(call: Call, source_id: int, target_id: int) -> None:
    found = metasets.metasets_of(call.connection, Holder.OBJECT, source_id)
    metasets.add_metasets(call.connection, Holder.OBJECT, target_id, {each.type_id: each.content for each in found})
    metadata.note_task(call, Holder.OBJECT, target_id)


@command("copy", changes=True)
def copy(call: Call) -> str:
    """Copy an object into a folder: sourceid, targetfolderid."""
    source_id = call.form.id("sourceid", "error.param.source_id")
    folder = call.folder("targetfolderid", "error.param.targetfolder_id", FOLDER_NOT_FOUND)
    source = call.object(source_id)
    for permission in (READ_CONTENT, READ_METADATA, READ_SYSMETA):
        call.access.need(permission, source)
    call.access.need(CREATE_OBJECT, folder)
    kept: dict[str, Any] = {column: getattr(source, column) for column in _KEPT}
    content = {column: getattr(source, column) for column in _CONTENT}
    values = {**kept, **content, "procstate": source.procstate, "name": f"Copy_{source.name}"[:128]}
    made = call.add(folder, values | _copied_state(call, source))
    _copy_metasets(call, source.id, made)
    _copy_relations(call, source.id, made)
    return el("objectId", made)


_CONTENT = ("format_id", "content", "content_size", "content_sha256")


def _copy_relations(call: Call, source_id: int, target_id: int) -> None:
    """Relate a copy as its source is, where the relation's type says so."""
    for side, flag in (("left_id", "cloneOnLeftCopy"), ("right_id", "cloneOnRightCopy")):
        for each in relations.relations_of(call.connection, call.repository_id, **{side: source_id}):
            term = call.catalogue.term(Kind.RELATION_TYPE, each.type_id)
            if term is not None and term.details.get(flag):
                ends = {"left_id": each.left_id, "right_id": each.right_id, side: target_id}
                relations.add_relation(call.connection, each.type_id, ends["left_id"], ends["right_id"], each.metadata)


@command("copytoexisting", changes=True)
def copytoexisting(call: Call) -> str:
    """Copy an object's content or metasets to another: sourceid, targetid, [copymetasets], copycontent."""
    source = call.object(call.form.id("sourceid", "error.param.source_id"))
    target = call.object(call.form.id("targetid", "error.param.target_id"))
    if source.id == target.id:
        raise refusal("error.copy.to.itself", "source and target are one object", where=f"object {source.id}")
    if not call.holds_lock(target):
        raise refusal("error.must.own.lock.on.target", "you have not locked it", where=f"object {target.id}")
    if call.form.flag("copycontent"):
        call.access.need(READ_CONTENT, source)
        call.access.need(WRITE_CONTENT, target)
        values = {column: getattr(source, column) for column in _CONTENT}
        objects.change_item(call.connection, target.id, content_changed=True, **values, **call.modified())
    wanted = call.form.names("copymetasets")
    if wanted:
        call.access.need(READ_METADATA, source)
        call.access.need(WRITE_METADATA, target)
        types = {metadata.type_named(call.catalogue, name).id for name in wanted}
        for each in metasets.metasets_of(call.connection, Holder.OBJECT, source.id):
            if each.type_id in types:
                metadata.put(call, Holder.OBJECT, target.id, each.type_id, each.content)
        metadata.note_changed(call, target)
    return success("success.copy.to.existing")
