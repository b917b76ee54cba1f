"""Messages of render tasks: ``<message timestamp level>`` in ``/meta/metaset[@type='render_output']/messages/``."""

from __future__ import annotations

from collections.abc import Sequence

from lxml import etree

from rendermill.doors.cinnamon import metadata
from rendermill.doors.cinnamon.context import Within, local_time
from rendermill.safe_xml import UNFIT, inner_xml, parse_xml
from rendermill.store.cinnamon.metasets import metaset_of
from rendermill.store.cinnamon.records import Holder
from rendermill.store.cinnamon.seed import RENDER_OUTPUT

LEVELS = ("debug", "info", "warning", "error")
MAX_TEXT = 4000
MAX_MESSAGES = 1000
"""A task keeps its last so many messages."""

Message = tuple[float, str, str]
"""When (seconds since the epoch), its level, its text."""


def append(call: Within, object_id: int, added: Sequence[Message]) -> None:
    """Add messages to a render task."""
    type_id = metadata.type_named(call.catalogue, RENDER_OUTPUT).id
    found = metaset_of(call.connection, Holder.OBJECT, object_id, type_id)
    root = parse_xml(f"<metaset>{found.content if found is not None else ''}</metaset>")
    listed = root.find("messages")
    if listed is None:
        listed = etree.SubElement(root, "messages")
    for when, level, text in added:
        message = etree.SubElement(listed, "message", timestamp=local_time(when), level=level)
        message.text = UNFIT.sub("\N{REPLACEMENT CHARACTER}", text[:MAX_TEXT])
    for old in listed.findall("message")[:-MAX_MESSAGES]:
        listed.remove(old)
    metadata.put(call, Holder.OBJECT, object_id, type_id, inner_xml(root))
