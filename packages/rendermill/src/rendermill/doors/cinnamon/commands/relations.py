"""Relations of objects."""

from __future__ import annotations

from rendermill.doors.cinnamon import metadata, show
from rendermill.doors.cinnamon.access import BROWSE
from rendermill.doors.cinnamon.codes import BAD_METADATA, OBJECT_NOT_FOUND, bad_param, refusal
from rendermill.doors.cinnamon.context import Call
from rendermill.doors.cinnamon.registry import command
from rendermill.doors.cinnamon.xml_text import box, success
from rendermill.store.cinnamon import objects, relations
from rendermill.store.cinnamon.records import Item, Kind, Relation

MAX_SHOWN = 10_000
_ADD = ("_add_child_relation", "_add_parent_relation")
_REMOVE = ("_remove_child_relation", "_remove_parent_relation")


@command("createrelation", changes=True, xml=(("metadata", BAD_METADATA),))
def createrelation(call: Call) -> str:
    """Relate two objects: name (of the type), leftid, rightid, [metadata]. One that is there is given back."""
    term = call.catalogue.named(Kind.RELATION_TYPE, call.form.text("name").strip())
    if term is None:
        raise refusal("error.relation_type.not_found", "there is no such relation type", where="name")
    text = _metadata(call)
    ids = call.form.id("leftid"), call.form.id("rightid")
    right, left = _end(call, "rightid", ids[1]), _end(call, "leftid", ids[0])
    _need(call, left, right, _ADD)
    ends = {"type_id": term.id, "left_id": left.id, "right_id": right.id}
    found = relations.relations_of(call.connection, call.repository_id, **ends)
    if not found:
        relations.add_relation(call.connection, **ends, metadata=text)
        found = relations.relations_of(call.connection, call.repository_id, **ends)
    return box("relations", *(show.relation(call.catalogue, each) for each in found))


def _metadata(call: Call) -> str:
    if not call.form.text("metadata").strip():
        return ""
    root = call.xml("metadata")
    text = metadata.as_text(root)
    return text if root.tag == "meta" else box("meta", text)


def _end(call: Call, name: str, object_id: int) -> Item:
    found = objects.item(call.connection, call.repository_id, object_id)
    if found is None:
        raise bad_param(name, "there is no such object")
    return found


def _need(call: Call, left: Item, right: Item, permissions: tuple[str, str]) -> None:
    """Pass if the caller sees both ends, and may do the first with the left and the second with the right."""
    for permission, end in ((BROWSE, left), (BROWSE, right), *zip(permissions, (left, right), strict=True)):
        call.access.need(permission, end)


@command("getrelations")
def getrelations(call: Call) -> str:
    """The relations between objects that the caller sees: [name leftid rightid include_metadata]."""
    form = call.form
    term = call.catalogue.named(Kind.RELATION_TYPE, form.text("name").strip())
    left, right = (_given_end(call, name) for name in ("leftid", "rightid"))
    found = relations.relations_of(
        call.connection,
        call.repository_id,
        type_id=None if term is None else term.id,
        left_id=left,
        right_id=right,
        most=MAX_SHOWN + 1,
    )
    if len(found) > MAX_SHOWN:
        raise bad_param("leftid", f"there are over {MAX_SHOWN}", "Name the left or the right end.")
    with_meta = form.flag("include_metadata", True)
    shown = (show.relation(call.catalogue, each, with_meta=with_meta) for each in _visible(call, found))
    return box("relations", *shown)


def _given_end(call: Call, name: str) -> int | None:
    number = call.form.id_or_none(name)
    return None if number is None else _end(call, name, number).id


def _visible(call: Call, found: list[Relation]) -> list[Relation]:
    """The relations of which the caller may see both ends."""
    ids = list(dict.fromkeys(number for each in found for number in (each.left_id, each.right_id)))
    seen = {each.id for each in call.browsable(objects.several(call.connection, call.repository_id, ids))}
    return [each for each in found if {each.left_id, each.right_id} <= seen]


@command("deleterelation", changes=True)
def deleterelation(call: Call) -> str:
    """Remove a relation: id."""
    number = call.form.id("id")
    found = relations.relation(call.connection, number)
    ends = [] if found is None else [found.left_id, found.right_id]
    there = {each.id: each for each in objects.several(call.connection, call.repository_id, ends)}
    if found is None or not there:
        raise refusal(OBJECT_NOT_FOUND, "there is no such relation", where=f"relation {number}")
    _need(call, there[found.left_id], there[found.right_id], _REMOVE)
    relations.remove_relation(call.connection, found.id)
    return success("success.delete.relation")
