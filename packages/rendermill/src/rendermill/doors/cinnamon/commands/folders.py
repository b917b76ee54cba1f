"""Folders."""

from __future__ import annotations

from typing import Any

from rendermill.doors.cinnamon import metadata
from rendermill.doors.cinnamon.access import (
    BROWSE_FOLDER,
    CREATE_FOLDER,
    DELETE_FOLDER,
    EDIT_FOLDER,
    MOVE,
    SET_ACL,
)
from rendermill.doors.cinnamon.codes import (
    BAD_IDS,
    BAD_METADATA,
    FOLDER_NOT_FOUND,
    PARENT_NOT_FOUND,
    bad_param,
    refusal,
)
from rendermill.doors.cinnamon.commands.objects import given_metadata
from rendermill.doors.cinnamon.context import Call
from rendermill.doors.cinnamon.registry import command
from rendermill.doors.cinnamon.xml_text import box, success
from rendermill.store.cinnamon import folders, metasets
from rendermill.store.cinnamon.people import person
from rendermill.store.cinnamon.records import Folder, Holder, Kind
from rendermill.store.cinnamon.seed import DEFAULT_FOLDER_TYPE

_METADATA = (("metadata", BAD_METADATA),)
_MAX_DEPTH = 200


@command("createfolder", changes=True, xml=_METADATA)
def createfolder(call: Call) -> str:
    """Make a folder: name, parentid (0 is the root), [aclid ownerid typeid metadata summary]."""
    parent = call.folder("parentid", "error.param.parent_id", FOLDER_NOT_FOUND, CREATE_FOLDER)
    name = _new_name(call, parent)
    wanted, free = given_metadata(call)
    acl, folder_type = _given_term(call, "aclid", Kind.ACL), _given_term(call, "typeid", Kind.FOLDER_TYPE)
    owner = _given_owner(call)
    made = _add(
        call,
        parent,
        name,
        acl_id=acl or parent.acl_id,
        type_id=folder_type or call.catalogue.id_of(Kind.FOLDER_TYPE, DEFAULT_FOLDER_TYPE),
        owner_id=owner or call.user.id,
        summary=call.form.text("summary"),
        free_meta=free,
    )
    metasets.add_metasets(call.connection, Holder.FOLDER, made.id, wanted)
    return box("folders", call.show_folders([made]))


def _new_name(call: Call, parent: Folder) -> str:
    """A name that no other folder there has."""
    name = call.form.named("name")
    if "/" in name:
        raise bad_param("name", "a folder's name has no slash: paths are made of them")
    if folders.child_named(call.connection, parent.id, name) is not None:
        raise refusal("error.folder.exists", "there is a folder of that name", where=f"folder {parent.id}")
    return name


def _add(call: Call, parent: Folder, name: str, **values: Any) -> Folder:
    if len(folders.ancestors(call.connection, parent)) >= _MAX_DEPTH:
        raise bad_param("parentid", f"folders lie at most {_MAX_DEPTH} deep")
    made = folders.add_folder(call.connection, call.repository_id, parent_id=parent.id, name=name, **values)
    found = folders.folder(call.connection, call.repository_id, made)
    assert found is not None
    return found


def _given_term(call: Call, name: str, kind: Kind) -> int | None:
    """The ACL or type that is named; 0 counts as not given."""
    key = {"aclid": "error.param.acl_id", "typeid": "error.param.type_id"}[name]
    number = call.form.id_or_none(name, key)
    if number and call.catalogue.term(kind, number) is None:
        raise refusal(key, "there is none of that id", where=name)
    return number or None


def _given_owner(call: Call) -> int | None:
    """The owner who is named. Only superusers give folders to others."""
    number = call.form.id_or_none("ownerid", "error.param.owner_id")
    if number is None or number == call.user.id or not call.access.superuser:
        return None
    if person(call.connection, number) is None:
        raise refusal("error.user_not_found", "there is no such user", where="ownerid")
    return number


@command("getfolder")
def getfolder(call: Call) -> str:
    """A folder and those above it: id (0 is the root)."""
    found = call.folder("id", "error.param.id", FOLDER_NOT_FOUND, BROWSE_FOLDER)
    return box("folders", call.show_folders([found, *folders.ancestors(call.connection, found)]))


@command("getfoldersbyid", xml=(("ids", BAD_IDS),))
def getfoldersbyid(call: Call) -> str:
    """Folders by their ids; those that are not there are left out: ids."""
    found = folders.several(call.connection, call.repository_id, call.ids())
    return box("folders", call.show_folders([each for each in found if call.access.allows(BROWSE_FOLDER, each)]))


@command("getfolderbypath", changes=True)
def getfolderbypath(call: Call) -> str:
    """The folders on a path, the root first: path (``/a/b``), [autocreate]."""
    path = call.form.text("path")
    names = [name for name in path.split("/") if name]
    found = [folders.root(call.connection, call.repository_id)]
    creates = call.form.flag("autocreate")
    for position, name in enumerate(names):
        child = folders.child_named(call.connection, found[-1].id, name)
        if child is None and position == 0 and name == found[0].name:
            continue
        if child is None:
            child = _made_on_path(call, found[-1], name, path, creates)
        found.append(child)
    return box("folders", call.show_folders([each for each in found if call.access.allows(BROWSE_FOLDER, each)]))


def _made_on_path(call: Call, parent: Folder, name: str, path: str, creates: bool) -> Folder:
    if not creates:
        raise refusal("error.path.invalid", f"there is no folder {name[:128]!r}", where=f"path {path[:200]}")
    call.access.need(CREATE_FOLDER, parent)
    if len(name) > 128:
        raise bad_param("path", "a folder's name has at most 128 characters")
    common = {"acl_id": parent.acl_id, "type_id": parent.type_id, "owner_id": call.user.id}
    return _add(call, parent, name, **common)


@command("getsubfolders")
def getsubfolders(call: Call) -> str:
    """The folders in a folder: parentid (0 is the root)."""
    number = call.form.id("parentid", "error.param.id")
    parent = folders.folder(call.connection, call.repository_id, number)
    found = [] if parent is None else folders.subfolders(call.connection, parent.id)
    shown = call.show_folders([each for each in found if call.access.allows(BROWSE_FOLDER, each)])
    return box("folders", shown, folderId=number, parentId=number)


@command("updatefolder", changes=True, xml=_METADATA)
def updatefolder(call: Call) -> str:
    """Change a folder: id, [parentid name aclid ownerid metadata typeid summary]."""
    found = call.folder("id", "error.param.id", "error.object.not.found")
    form = call.form
    values: dict[str, Any] = {}
    parent = _new_parent(call, found)
    if parent is not None:
        values["parent_id"] = parent.id
    if any(form.given(each) is not None for each in ("name", "metadata", "ownerid", "typeid", "summary")):
        call.access.need(EDIT_FOLDER, found)
    if (owner := _given_owner(call)) is not None:
        values["owner_id"] = owner
    if form.given("aclid") is not None:
        call.access.need(SET_ACL, found)
    for field, column, kind in (("aclid", "acl_id", Kind.ACL), ("typeid", "type_id", Kind.FOLDER_TYPE)):
        if (number := _given_term(call, field, kind)) is not None:
            values[column] = number
    if form.given("name") is not None:
        values["name"] = form.named("name")
    _check_place(call, found, values)
    if form.given("metadata") is not None:
        wanted, values["free_meta"] = given_metadata(call)
        metadata.replace_all(call, Holder.FOLDER, found.id, wanted)
    if form.given("summary") is not None:
        values["summary"] = form.text("summary")
    if values:
        folders.change_folder(call.connection, found.id, **values)
    return success("success.update.folder")


def _new_parent(call: Call, found: Folder) -> Folder | None:
    """The folder into which another is to be moved. Raises :class:`CinnamonError` where it cannot."""
    if call.form.given("parentid") is None:
        return None
    parent = call.folder("parentid", "error.param.parent_id", PARENT_NOT_FOUND)
    if parent.id == found.parent_id:
        return None
    call.access.need(MOVE, found)
    call.access.need(CREATE_FOLDER, parent)
    above = {each.id for each in folders.ancestors(call.connection, parent)} | {parent.id}
    if found.id in above or found.parent_id is None:
        raise refusal("error.illegal_parent_id", "a folder cannot lie in itself", where=f"folder {found.id}")
    return parent


def _check_place(call: Call, found: Folder, values: dict[str, Any]) -> None:
    """Pass if the folder's new name and place are free. Raises :class:`CinnamonError`."""
    if "name" not in values and "parent_id" not in values:
        return
    if found.parent_id is None:
        raise bad_param("name", "the root keeps its name")
    name, parent_id = values.get("name", found.name), values.get("parent_id", found.parent_id)
    if "/" in name:
        raise bad_param("name", "a folder's name has no slash: paths are made of them")
    there = folders.child_named(call.connection, parent_id, name)
    if there is not None and there.id != found.id:
        raise refusal("error.folder.exists", "there is a folder of that name", where=f"folder {parent_id}")


@command("deletefolder", changes=True)
def deletefolder(call: Call) -> str:
    """Remove a folder that holds nothing: id."""
    found = call.folder("id", "error.param.id", FOLDER_NOT_FOUND, DELETE_FOLDER)
    has_folders, has_objects = folders.holds_anything(call.connection, found.id)
    if has_folders:
        raise refusal("error.subfolders.exist", "there are folders in it", where=f"folder {found.id}")
    if has_objects:
        raise refusal("error.folder.has_content", "there are objects in it", where=f"folder {found.id}")
    if found.parent_id is None:
        raise refusal("error.param.id", "the root cannot be removed", where="id")
    metasets.unlink_all(call.connection, Holder.FOLDER, [found.id])
    folders.remove_folder(call.connection, found.id)
    return success("success.delete.folder")
