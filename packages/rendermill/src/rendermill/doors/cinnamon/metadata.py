"""Metasets as clients send them: the elements ``metaset`` of an XML text, at any depth, one for each type."""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

from rendermill.doors.cinnamon.codes import BAD_METADATA, UNKNOWN_METASET_TYPE, refusal
from rendermill.doors.cinnamon.context import Call, Within
from rendermill.safe_xml import inner_xml, parse_xml
from rendermill.store.cinnamon import metasets
from rendermill.store.cinnamon.catalogue import Catalogue
from rendermill.store.cinnamon.objects import change_item
from rendermill.store.cinnamon.records import Holder, Item, Kind, Metaset, Term
from rendermill.store.cinnamon.seed import RENDER_INPUT

BRANCH, WRITE, IGNORE = "BRANCH", "WRITE", "IGNORE"
_MAX_TASK_NAME = 128


def metasets_in(catalogue: Catalogue, root: etree._Element) -> dict[int, str]:
    """The metasets of a text: type → what stands inside; of several of a type the last counts.

    Raises :class:`CinnamonError` for a type that the repository does not have.
    """
    found: dict[int, str] = {}
    for element in root.iter("metaset"):
        if any(above.tag == "metaset" for above in element.iterancestors()):
            continue  # a part of another
        name = element.get("type")
        if not name:
            raise refusal(BAD_METADATA, "a metaset has no type", where="metadata")
        found[type_named(catalogue, name).id] = inner_xml(element)
    return found


def as_text(root: etree._Element) -> str:
    """An XML text as it is kept."""
    return etree.tostring(root, encoding="unicode", with_tail=False)


def type_named(catalogue: Catalogue, name: str) -> Term:
    """The metaset type of a name. Raises :class:`CinnamonError`."""
    term = catalogue.named(Kind.METASET_TYPE, name)
    if term is None:
        raise refusal(UNKNOWN_METASET_TYPE, f"there is no metaset type {name[:60]!r}", where="metadata")
    return term


def task_name_in(content: str | None) -> str | None:
    """The ``renderTaskName`` of a metaset ``render_input``, by its content; None if it names none."""
    if not content:
        return None
    found = parse_xml(f"<metaset>{content}</metaset>").findtext(".//renderTaskName")
    return (found or "").strip()[:_MAX_TASK_NAME] or None


def replace_all(call: Within, kind: Holder, holder_id: int, wanted: Mapping[int, str]) -> None:
    """Give an object or a folder these metasets and no others."""
    there = metasets.metasets_of(call.connection, kind, holder_id)
    metasets.unlink(call.connection, kind, holder_id, [each.id for each in there if each.type_id not in wanted])
    for type_id, content in wanted.items():
        put(call, kind, holder_id, type_id, content)
    note_task(call, kind, holder_id)


def put(call: Within, kind: Holder, holder_id: int, type_id: int, content: str, policy: str = BRANCH) -> Metaset:
    """Give an object or a folder a metaset of a type, in place of the one that it has.

    ``policy`` says what becomes of one that others have as well: ``BRANCH`` leaves it to them, ``WRITE`` changes it for
    all, ``IGNORE`` leaves it as it is.
    """
    found = metasets.metaset_of(call.connection, kind, holder_id, type_id)
    if found is not None and (found.content == content or policy == IGNORE):
        return found
    changed = [(kind, holder_id)]
    if found is not None and policy == BRANCH and metasets.is_shared(call.connection, found.id):
        metasets.unlink(call.connection, kind, holder_id, [found.id])
        found = None
    if found is None:
        metasets.add_metasets(call.connection, kind, holder_id, {type_id: content})
    else:
        metasets.change_content(call.connection, found.id, content)
        changed = metasets.holders_of(call.connection, found.id)
    if type_id == call.catalogue.id_of(Kind.METASET_TYPE, RENDER_INPUT):
        for each in changed:
            note_task(call, *each)
    made = metasets.metaset_of(call.connection, kind, holder_id, type_id)
    assert made is not None
    return made


def note_task(call: Within, kind: Holder, holder_id: int) -> None:
    """Keep beside a render task what its input says that it is."""
    if kind is not Holder.OBJECT:
        return
    type_id = call.catalogue.id_of(Kind.METASET_TYPE, RENDER_INPUT)
    found = metasets.metaset_of(call.connection, kind, holder_id, type_id)
    change_item(call.connection, holder_id, task_name=task_name_in(found.content if found is not None else None))
    call.touched.add(holder_id)


def note_changed(call: Call, item: Item) -> None:
    """Say who changed an object's metadata."""
    change_item(call.connection, item.id, metadata_changed=True, **call.modified())
