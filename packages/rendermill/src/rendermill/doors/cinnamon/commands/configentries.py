"""Config entries: XML texts that programs keep in a repository by a name."""

from __future__ import annotations

from rendermill.doors.cinnamon.codes import ACCESS_DENIED, refusal
from rendermill.doors.cinnamon.context import Call
from rendermill.doors.cinnamon.metadata import as_text
from rendermill.doors.cinnamon.registry import command
from rendermill.doors.cinnamon.terms import need_superuser
from rendermill.doors.cinnamon.xml_text import el
from rendermill.safe_xml import parse_xml
from rendermill.store.cinnamon import catalogue as changes
from rendermill.store.cinnamon.records import Kind

_BAD_CONFIG = "error.parse.config"


@command("getconfigentry")
def getconfigentry(call: Call) -> str:
    """A config entry, for superusers, and for everybody if its ``isPublic`` is true: name."""
    found = call.catalogue.named(Kind.CONFIG, call.form.text("name").strip())
    if found is None:
        raise refusal("error.missing.config", "there is no such entry", where="name")
    config = str(found.details["config"])
    if not call.access.superuser:
        flags = parse_xml(config).iter("isPublic")
        if not any((flag.text or "").strip() == "true" for flag in flags):
            raise refusal(ACCESS_DENIED, "only superusers may", where=f"config entry {found.name}")
    return config


@command("setconfigentry", changes=True, xml=(("config", _BAD_CONFIG),))
def setconfigentry(call: Call) -> str:
    """Write a config entry: name, config."""
    name = call.form.named("name")
    need_superuser(call, ACCESS_DENIED)
    root = call.xml("config", _BAD_CONFIG)
    if root.tag == "error":
        raise refusal(_BAD_CONFIG, "what ends so is an error to clients that read it", where="config")
    details = {"config": as_text(root)}
    found = call.catalogue.named(Kind.CONFIG, name)
    if found is not None:
        changes.change_term(call.connection, call.repository_id, found.id, details=details)
        return el("configEntryId", found.id)
    made = changes.add_term(call.connection, call.repository_id, Kind.CONFIG, name, details=details)
    return el("configEntryId", made)
