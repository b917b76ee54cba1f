"""Messages of render tasks: ``<message timestamp level>`` in ``/meta/metaset[@type='render_output']/messages/``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from lxml import etree

from rendermill.safe_xml import UNFIT, inner_xml, parse_xml
from rendermill.store.cinnamon.metasets import metasets_of
from rendermill.store.cinnamon.records import Holder
from rendermill.store.desk import Connection

LEVELS = ("debug", "info", "warning", "error")
MAX_TEXT = 4000
MAX_MESSAGES = 1000
"""A task keeps its last so many messages."""

Message = tuple[float, str, str]
"""When (seconds since the epoch), its level, its text."""


def with_message(connection: Connection, object_id: int, type_id: int, added: Sequence[Message]) -> str:
    """What the ``render_output`` of a task holds once these messages are added to it."""
    found = metasets_of(connection, Holder.OBJECT, object_id)
    content = next((each.content for each in found if each.type_id == type_id), "")
    root = parse_xml(f"<metaset>{content}</metaset>")
    listed = root.find("messages")
    if listed is None:
        listed = etree.SubElement(root, "messages")
    for when, level, text in added:
        moment = datetime.fromtimestamp(when).isoformat(timespec="seconds")
        message = etree.SubElement(listed, "message", timestamp=moment, level=level)
        message.text = UNFIT.sub("\N{REPLACEMENT CHARACTER}", text[:MAX_TEXT])
    for old in listed.findall("message")[:-MAX_MESSAGES]:
        listed.remove(old)
    return inner_xml(root)
