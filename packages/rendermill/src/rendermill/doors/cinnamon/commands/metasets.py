"""Metadata of objects and folders."""

from __future__ import annotations

from dataclasses import dataclass

from rendermill.doors.cinnamon import metadata, show
from rendermill.doors.cinnamon.access import EDIT_FOLDER, READ_METADATA, WRITE_METADATA
from rendermill.doors.cinnamon.codes import BAD_METADATA, bad_param, refusal
from rendermill.doors.cinnamon.commands.objects import given_metadata
from rendermill.doors.cinnamon.context import Call
from rendermill.doors.cinnamon.registry import command
from rendermill.doors.cinnamon.xml_text import box, success
from rendermill.safe_xml import inner_xml
from rendermill.store.cinnamon import folders, metasets
from rendermill.store.cinnamon.objects import change_item
from rendermill.store.cinnamon.records import Folder, Holder, Item, Kind, Metaset

_METADATA = (("metadata", BAD_METADATA),)


@command("getmeta")
def getmeta(call: Call) -> str:
    """The metasets of an object, or those of some types: id, [metasets]."""
    found = call.item(permission=READ_METADATA)
    return shown_meta(call, Holder.OBJECT, found)


@command("getfoldermeta")
def getfoldermeta(call: Call) -> str:
    """The metasets of a folder: id."""
    found = call.folder("id", "error.get.folder", "error.folder.not_found", READ_METADATA)
    return shown_meta(call, Holder.FOLDER, found)


def shown_meta(call: Call, kind: Holder, of: Item | Folder) -> str:
    """``<meta>``, or what was sent in its place without any metaset."""
    if of.free_meta:
        return of.free_meta
    wanted = call.form.names("metasets")
    types = {term.id for term in call.catalogue.all(Kind.METASET_TYPE) if term.name in wanted}
    found = metasets.metasets_of(call.connection, kind, of.id)
    return show.meta(call.catalogue, [each for each in found if not wanted or each.type_id in types])


@command("setmeta", changes=True, xml=_METADATA)
def setmeta(call: Call) -> str:
    """Replace all metasets of an object: id, metadata. Needs the lock."""
    found = call.item(permission=WRITE_METADATA)
    call.need_lock(found, "setting metadata")
    wanted, free = given_metadata(call)
    metadata.replace_all(call, Holder.OBJECT, found.id, wanted)
    change_item(call.connection, found.id, metadata_changed=True, free_meta=free, **call.modified())
    return box("cinnamon", success("success.set.metadata"))


# --- one metaset -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Owner:
    """Whose metaset it is."""

    kind: Holder
    thing: Item | Folder

    def note(self, call: Call) -> None:
        """Say who changed it."""
        if isinstance(self.thing, Item):
            metadata.note_changed(call, self.thing)


def _owner(call: Call, *, writes: bool) -> _Owner:
    class_name = call.form.text("class_name").strip()
    if class_name not in ("OSD", "Folder"):
        raise bad_param("class_name", "it is neither OSD nor Folder")
    number = call.form.id("id")
    if class_name == "Folder":
        folder = folders.folder(call.connection, call.repository_id, number)
        if folder is None:
            raise refusal("error.param.id", "there is no such folder", where=f"id {number}")
        call.access.need(EDIT_FOLDER if writes else READ_METADATA, folder)
        return _Owner(Holder.FOLDER, folder)
    found = call.object(number, WRITE_METADATA if writes else READ_METADATA)
    if writes:
        call.need_lock(found, "setting metadata")
    return _Owner(Holder.OBJECT, found)


def _named(call: Call, owner: _Owner, type_id: int) -> Metaset | None:
    return metasets.metaset_of(call.connection, owner.kind, owner.thing.id, type_id)


@command("getmetaset")
def getmetaset(call: Call) -> str:
    """A metaset by its type: id, class_name, type_name."""
    owner = _owner(call, writes=False)
    name = call.form.needed("type_name")
    term = call.catalogue.named(Kind.METASET_TYPE, name)
    found = None if term is None else _named(call, owner, term.id)
    if found is None:
        return box("metaset", id=0, type=name, status="empty")
    return show.metaset(call.catalogue, found)


@command("setmetaset", changes=True, xml=(("content", "error.parse.xml"),))
def setmetaset(call: Call) -> str:
    """Give an object or a folder a metaset of a type: id, class_name, type_name, content, [write_policy]."""
    owner = _owner(call, writes=True)
    name = call.form.text("type_name").strip()
    term = call.catalogue.named(Kind.METASET_TYPE, name)
    if term is None:
        raise bad_param("type_name", f"there is no metaset type {name[:60]!r}")
    policy = (call.form.text("write_policy").strip() or metadata.BRANCH).upper()
    if policy not in (metadata.BRANCH, metadata.WRITE, metadata.IGNORE):
        raise bad_param("write_policy", "it is none of BRANCH, WRITE, IGNORE")
    content = "" if not call.form.text("content").strip() else inner_xml(call.xml("content", "error.parse.xml"))
    made = metadata.put(call, owner.kind, owner.thing.id, term.id, content, policy)
    owner.note(call)
    return show.metaset(call.catalogue, made)


@command("linkmetaset", changes=True)
def linkmetaset(call: Call) -> str:
    """Share a metaset with another object or folder: id, class_name, metaset_id."""
    owner = _owner(call, writes=True)
    shared = _shared(call)
    if _named(call, owner, shared.type_id) is not None:
        term = call.catalogue.term(Kind.METASET_TYPE, shared.type_id)
        name = term.name if term is not None else shared.type_id
        what = f"you tried to add a second metaset of type {name} to {owner.thing.id}"
        raise refusal(what, what, where=f"metaset {shared.id}")
    metasets.link(call.connection, owner.kind, owner.thing.id, shared)
    metadata.note_task(call, owner.kind, owner.thing.id)
    owner.note(call)
    return success("success.link.metaset")


@command("unlinkmetaset", changes=True)
def unlinkmetaset(call: Call) -> str:
    """Take a metaset from an object or a folder: id, class_name, metaset_id."""
    owner = _owner(call, writes=True)
    shared = _shared(call)
    if (owner.kind, owner.thing.id) not in metasets.holders_of(call.connection, shared.id):
        raise bad_param("metaset_id", "it has no such metaset")
    metasets.unlink(call.connection, owner.kind, owner.thing.id, [shared.id])
    metadata.note_task(call, owner.kind, owner.thing.id)
    owner.note(call)
    return success("success.unlink.metaset")


def _shared(call: Call) -> Metaset:
    """The metaset that is named, if the caller may read it where it is."""
    number = call.form.id("metaset_id")
    found = metasets.metaset(call.connection, number)
    if found is None or call.catalogue.term(Kind.METASET_TYPE, found.type_id) is None:
        raise bad_param("metaset_id", "there is no such metaset")
    for kind, holder_id in metasets.holders_of(call.connection, number):
        thing: Item | Folder | None
        if kind is Holder.FOLDER:
            thing = folders.folder(call.connection, call.repository_id, holder_id)
        else:
            thing = call.object(holder_id)
        if thing is not None and call.access.allows(READ_METADATA, thing):
            return found
    raise bad_param("metaset_id", "there is no such metaset")
