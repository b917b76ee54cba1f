"""Render tasks: ``startrendertask``, and messages added without losing any."""

from __future__ import annotations

from lxml import etree

from rendermill.doors.cinnamon import messages, metadata
from rendermill.doors.cinnamon.access import CREATE_OBJECT, WRITE_METADATA
from rendermill.doors.cinnamon.codes import BAD_METADATA, bad_param, refusal
from rendermill.doors.cinnamon.commands.objects import new_item, no_predecessor
from rendermill.doors.cinnamon.context import Call
from rendermill.doors.cinnamon.messages import LEVELS, MAX_TEXT
from rendermill.doors.cinnamon.names import own_name, render_lifecycle, render_type
from rendermill.doors.cinnamon.registry import command
from rendermill.doors.cinnamon.xml_text import box, el, success
from rendermill.store.cinnamon.metasets import add_metasets
from rendermill.store.cinnamon.records import Holder, Kind
from rendermill.store.cinnamon.seed import RENDER_INPUT, RENDER_OUTPUT, Names

_DEFAULT_NAME = "RenderTask"


@command("startrendertask", changes=True, xml=(("metadata", BAD_METADATA),))
def startrendertask(call: Call) -> str:
    """Make a render task: name, parentid, metadata."""
    name = call.form.named("name") if call.form.text("name").strip() else _DEFAULT_NAME
    no_predecessor(call)
    values = new_item(call, name)
    folder = call.parent()
    call.access.need(CREATE_OBJECT, folder)
    root = _checked_metadata(call)
    lifecycle, object_type = render_lifecycle(call.catalogue), render_type(call.catalogue)
    own = own_name(call.catalogue, Names.LIFECYCLE)
    if lifecycle is None:
        what = f"{own} lifecycle was not found."
        raise refusal(what, what, where=f"repository {call.catalogue.repository.name}")
    if lifecycle.default is None:
        what = f"{own} lifecycle is not configured correctly. Needs defaultState."
        raise refusal(what, what, where=f"lifecycle {lifecycle.name}")
    if object_type is None:
        what = "Could not find required render task object type."
        raise refusal(what, what, where=f"repository {call.catalogue.repository.name}")
    wanted = metadata.metasets_in(call.catalogue, root)
    wanted[call.catalogue.id_of(Kind.METASET_TYPE, RENDER_OUTPUT)] = ""
    task_name = metadata.task_name_in(wanted.get(call.catalogue.id_of(Kind.METASET_TYPE, RENDER_INPUT)))
    made = call.add(
        folder,
        {
            **values,
            "type_id": object_type.id,
            "state_id": lifecycle.default.id,
            "procstate": lifecycle.default.name,
            "metadata_changed": True,
            "task_name": task_name,
        },
    )
    add_metasets(call.connection, Holder.OBJECT, made, wanted)
    call.touched.add(made)
    return box("startRenderTask", el("taskObjectId", made), success("success.startRenderTask"))


def _checked_metadata(call: Call) -> etree._Element:
    """The metadata, which must say what is to be rendered. Raises :class:`CinnamonError`."""
    if not call.form.text("metadata").strip():
        raise refusal(BAD_METADATA, "it is missing", where="metadata", remedy=_REMEDY)
    root = call.xml("metadata")
    found = [element for element in root.iter("metaset") if element.get("type") == RENDER_INPUT]
    if not found or not (found[-1].findtext(".//renderTaskName") or "").strip():
        what = "it has no renderTaskName in a metaset of the type render_input"
        raise refusal(BAD_METADATA, what, where="metadata", remedy=_REMEDY)
    source = (found[-1].findtext(".//sourceId") or "").strip()
    if source and not (source.isascii() and source.isdecimal()):
        raise refusal(BAD_METADATA, f"sourceId is {source[:40]!r} and no object's id", where="metadata")
    return root


_REMEDY = '<metaset type="render_input"><renderTaskName>blender</renderTaskName><sourceId>1</sourceId></metaset>'


@command("appendmessage", changes=True)
def appendmessage(call: Call) -> str:
    """Add a message to a render task, whoever else adds some: id, message, [level].

    Needs the right to write metadata, and that nobody else holds the lock.
    """
    task = call.item(permission=WRITE_METADATA, key="error.param.id")
    if not call.may_take_lock(task):
        what = f"Object {task.id} is already locked."
        raise refusal(what, what, where=f"object {task.id}")
    level = call.form.text("level").strip() or "info"
    if level not in LEVELS:
        raise bad_param("level", f"it is none of {', '.join(LEVELS)}")
    message = call.form.needed("message")[:MAX_TEXT]
    messages.append(call, task.id, [(call.now, level, message)])
    metadata.note_changed(call, task)
    return success("success.append.message")
