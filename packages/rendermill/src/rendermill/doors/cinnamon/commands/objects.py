"""Objects: made, looked at, locked, removed."""

from __future__ import annotations

from typing import Any

from rendermill.doors.cinnamon import metadata, show
from rendermill.doors.cinnamon.access import BROWSE, CREATE_OBJECT, DELETE, LOCK, READ_METADATA
from rendermill.doors.cinnamon.codes import BAD_IDS, bad_param, refusal
from rendermill.doors.cinnamon.context import Call
from rendermill.doors.cinnamon.names import find_format, find_term
from rendermill.doors.cinnamon.registry import command
from rendermill.doors.cinnamon.xml_text import box, el, success
from rendermill.store.cinnamon import folders, metasets, objects, people, relations
from rendermill.store.cinnamon.people import RENDER_SERVER
from rendermill.store.cinnamon.records import Holder, Item, Kind
from rendermill.store.cinnamon.renders import render
from rendermill.store.cinnamon.seed import DEFAULT_TYPE, UNDETERMINED
from rendermill.store.cinnamon.sessions import end_sessions_of_task

_METADATA = (("metadata", "error.param.metadata"),)
_VERSIONS = {"head": "latest_head", "all": None, "branch": "latest_branch"}


# --- making ------------------------------------------------------------------------------------------------------


@command("create", changes=True, xml=_METADATA, takes_file=True)
def create(call: Call) -> str:
    """Make an object: name, parentid, [metadata metasets objtype(_id) format(_id) file acl_id language_id appname]."""
    no_predecessor(call)
    values = new_item(call, call.form.named("name"))
    folder = call.parent()
    call.access.need(CREATE_OBJECT, folder)
    wanted, free = given_metadata(call)
    made = call.add(folder, {**values, "free_meta": free})
    metadata.replace_all(call, Holder.OBJECT, made, {**_empty_metasets(call), **wanted})
    return el("objectId", made)


def new_item(call: Call, name: str) -> dict[str, Any]:
    """The columns of a new object, by the parameters that all commands have which make one. Raises CinnamonError."""
    form, catalogue = call.form, call.catalogue
    object_type = _term(call, Kind.OBJECT_TYPE, "objtype_id", "objtype") or catalogue.named(
        Kind.OBJECT_TYPE, DEFAULT_TYPE
    )
    content = given_content(call)
    acl = _term(call, Kind.ACL, "acl_id")
    language = _term(call, Kind.LANGUAGE, "language_id") or catalogue.named(Kind.LANGUAGE, UNDETERMINED)
    if object_type is None or language is None:
        raise bad_param("objtype", "the repository has no default for it")
    return {
        "name": name,
        "type_id": object_type.id,
        "language_id": language.id,
        **({"acl_id": acl.id} if acl is not None else {}),
        "appname": form.text("appname")[:255],
        "summary": form.text("summary"),
        "procstate": "_created",
        **content,
    }


def no_predecessor(call: Call) -> None:
    """Pass unless a predecessor is named. Raises :class:`CinnamonError`: its versions are made by ``version``."""
    number = call.form.id_or_none("preid", "error.param.pre_id")
    if number:
        if objects.item(call.connection, call.repository_id, number) is None:
            raise refusal("error.predecessor.not_found", "there is no such object", where=f"preid {number}")
        remedy = "send the command `version`"
        raise refusal("error.param.pre_id", "a new object has no predecessor", where="preid", remedy=remedy)


def given_content(call: Call) -> dict[str, Any]:
    """The columns of the file that was sent, if one was."""
    format_term = _term(call, Kind.FORMAT, "format_id")
    if format_term is None and call.form.given("format") is not None:
        format_term = find_format(call.catalogue, call.form.text("format").strip())
        if format_term is None:
            raise refusal("error.format.not_found", "there is no such format", where="format")
    content = call.prepared.content
    format_id = None if format_term is None else format_term.id
    return {"format_id": format_id, **(content.columns() if content is not None else {})}


def _term(call: Call, kind: Kind, by_id: str, by_name: str | None = None) -> Any:
    """A thing of the catalogue that a parameter names by id, or another by name; None if neither is given."""
    number = call.form.id_or_none(by_id)
    if number is not None and number != 0:
        found = call.catalogue.term(kind, number)
        if found is None:
            raise bad_param(by_id, "there is none of that id")
        return found
    name = call.form.given(by_name) if by_name is not None else None
    if name is None:
        return None
    found = find_term(call.catalogue, kind, name.strip())
    if found is None:
        raise bad_param(by_name or by_id, "there is none of that name")
    return found


def given_metadata(call: Call) -> tuple[dict[int, str], str]:
    """The metasets that are sent, and metadata without any."""
    if not call.form.text("metadata").strip():
        return {}, ""
    root = call.xml("metadata")
    found = metadata.metasets_in(call.catalogue, root)
    if not found and root.tag == "error":
        raise refusal("error.param.metadata", "what ends so is an error to clients that read it", where="metadata")
    is_bare = not found and root.tag == "meta" and not len(root) and not (root.text or "").strip()
    return found, "" if found or is_bare else metadata.as_text(root)


def _empty_metasets(call: Call) -> dict[int, str]:
    """Metasets to be made empty: their types, with commas between."""
    return {metadata.type_named(call.catalogue, name).id: "" for name in call.form.names("metasets")}


# --- looking -----------------------------------------------------------------------------------------------------


@command("getobject")
def getobject(call: Call) -> str:
    """An object: id, [include_summary]."""
    return box("objects", call.show_items([call.item(permission=BROWSE)]))


@command("getobjects")
def getobjects(call: Call) -> str:
    """The objects in a folder: parentid, [versions]."""
    return box("objects", call.show_items(_in_folder(call)))


def _in_folder(call: Call) -> list[Item]:
    folder_id = call.form.id("parentid", "error.param.parent_id")
    versions = call.form.text("versions").strip() or "head"
    if versions not in _VERSIONS:
        raise refusal("error.param.version", "it is none of head, all, branch", where="versions")
    folder = folders.folder(call.connection, call.repository_id, folder_id)
    if folder is None:
        return []
    return call.browsable(objects.in_folder(call.connection, folder.id, only=_VERSIONS[versions]))


@command("getobjectsbyid", xml=(("ids", BAD_IDS),))
def getobjectsbyid(call: Call) -> str:
    """Objects by their ids, in the order asked; those that are not there are left out: ids."""
    wanted = call.ids()
    there = objects.several(call.connection, call.repository_id, wanted)
    found = {each.id: each for each in call.browsable(there)}
    return box("objects", call.show_items([found[number] for number in wanted if number in found]))


@command("getobjectswithcustommetadata")
def getobjectswithcustommetadata(call: Call) -> str:
    """The objects in a folder whose metadata the caller may read, with it: parentid, [versions]."""
    found = [each for each in _in_folder(call) if call.access.allows(READ_METADATA, each)]
    of_all = metasets.metasets_of_all(call.connection, Holder.OBJECT, [each.id for each in found])
    metas = {number: show.metasets(call.catalogue, there) for number, there in of_all.items()}
    return box("objects", call.show_items(found, metas))


# --- locks -------------------------------------------------------------------------------------------------------


@command("lock", changes=True)
def lock(call: Call) -> str:
    """Lock an object: id. A program that works on a render task takes the RenderServer's lock over."""
    found = call.item()
    if not call.may_take_lock(found):
        what = f"Object {found.id} is already locked."
        raise refusal(what, what, where=f"object {found.id}")
    call.access.need(LOCK, found)
    objects.change_item(call.connection, found.id, locker_id=call.user.id)
    return success("success.object.lock")


@command("unlock", changes=True)
def unlock(call: Call) -> str:
    """Unlock an object: id. The lock of a render task on which the farm works goes back to its RenderServer."""
    found = call.item()
    if found.locker_id is None:
        raise refusal("error.object.not.locked", "nobody has locked it", where=f"object {found.id}")
    lent = found.locker_id == RENDER_SERVER.id and call.session.task_id == found.id
    if not lent and not call.holds_lock(found) and not call.access.superuser:
        holder = people.person(call.connection, found.locker_id)
        name = holder.name if holder is not None else found.locker_id
        what = f"Object {found.id} can only be unlocked by the lock owner {name} or a superuser."
        raise refusal(what, what, where=f"object {found.id}")
    worked_on = call.holds_lock(found) and render(call.connection, found.id) is not None
    back = RENDER_SERVER.id if lent or worked_on else None
    objects.change_item(call.connection, found.id, locker_id=back)
    call.touched.add(found.id)
    return success("success.object.unlock")


# --- removing ----------------------------------------------------------------------------------------------------


@command("delete", changes=True)
def delete(call: Call) -> str:
    """Remove a version that no other was made of: id."""
    found = call.item(permission=DELETE)
    if objects.successors(call.connection, found.id):
        raise refusal("error.delete.has_descendants", "other versions were made of it", where=f"object {found.id}")
    _remove(call, [found])
    objects.mark_latest(call.connection, found.root_id)
    return success("success.delete.object")


@command("deleteallversions", changes=True)
def deleteallversions(call: Call) -> str:
    """Remove all versions of a thing: id of one."""
    found = objects.versions_of(call.connection, call.item(permission=DELETE).root_id)
    for each in found:
        call.access.need(DELETE, each)
    _remove(call, found)
    return success("success.delete.all_versions")


def _remove(call: Call, found: list[Item]) -> None:
    ids = [each.id for each in found]
    for each in found:
        if _is_protected(call, each.id, ids):
            what = f"Object {each.id} cannot be deleted, it has protected relations."
            raise refusal(what, what, where=f"object {each.id}")
        rendered = render(call.connection, each.id)
        if rendered is not None:
            end_sessions_of_task(call.connection, each.id)
            if rendered.job_id is not None:
                call.orphaned_jobs.append(rendered.job_id)
    metasets.unlink_all(call.connection, Holder.OBJECT, ids)
    objects.remove_items(call.connection, ids)


def _is_protected(call: Call, object_id: int, removed: list[int]) -> bool:
    """Whether a relation to what stays protects an object."""
    for side, other, flag in (("left_id", "right_id", "left"), ("right_id", "left_id", "right")):
        for each in relations.relations_of(call.connection, call.repository_id, **{side: object_id}):
            term = call.catalogue.term(Kind.RELATION_TYPE, each.type_id)
            if term is not None and term.details.get(f"{flag}objectprotected") and getattr(each, other) not in removed:
                return True
    return False
