"""Contents of objects."""

from __future__ import annotations

from rendermill.doors.cinnamon.access import READ_CONTENT, WRITE_CONTENT
from rendermill.doors.cinnamon.codes import refusal
from rendermill.doors.cinnamon.commands.objects import given_content
from rendermill.doors.cinnamon.context import Call, Download
from rendermill.doors.cinnamon.registry import command
from rendermill.doors.cinnamon.xml_text import success
from rendermill.farm.model.errors import NotFoundError
from rendermill.store.cinnamon.objects import change_item
from rendermill.store.cinnamon.records import Kind


@command("getcontent")
def getcontent(call: Call) -> Download:
    """The content of an object: id, [resultfile]."""
    found = call.item(permission=READ_CONTENT)
    if found.content is None:
        raise refusal("error.content.not.found", "the object has no content", where=f"object {found.id}")
    term = call.catalogue.term(Kind.FORMAT, found.format_id)
    extension = f".{term.details['extension']}" if term is not None else ""
    name = found.name if not extension or found.name.endswith(extension) else found.name + extension
    content_type = term.details["contenttype"] if term is not None else "application/octet-stream"
    try:
        path = call.tools.blob_path(found.content)
    except NotFoundError as error:
        raise refusal("error.file.not.found", error.what, where=f"object {found.id}") from error
    return Download(path, call.form.text("resultfile") or name, content_type)


@command("setcontent", changes=True, takes_file=True)
def setcontent(call: Call) -> str:
    """Give an object another content, or none: id, [file, format]. Needs the lock."""
    found = call.item(permission=WRITE_CONTENT)
    call.need_lock(found, "setting content")
    emptied = {"content": None, "content_size": None, "content_sha256": None, "content_changed": True}
    values = {**emptied, **(given_content(call) if call.prepared.content is not None else {"format_id": None})}
    change_item(call.connection, found.id, **values, **call.modified())
    return success("success.set.content")
