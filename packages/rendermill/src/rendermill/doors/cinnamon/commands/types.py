"""Types, formats, languages, permissions: what a repository has, and how superusers add and remove it."""

from __future__ import annotations

from rendermill.doors.cinnamon import show
from rendermill.doors.cinnamon.codes import bad_param
from rendermill.doors.cinnamon.context import Call
from rendermill.doors.cinnamon.names import find_format
from rendermill.doors.cinnamon.registry import command
from rendermill.doors.cinnamon.terms import add_term, given_term, need_superuser, remove_term
from rendermill.doors.cinnamon.xml_text import box, el, success
from rendermill.store.cinnamon import folders, objects, relations
from rendermill.store.cinnamon.records import CONTENT_TYPE, EXTENSION, RELATION_FLAGS, Kind
from rendermill.store.cinnamon.seed import RESOLVER

_LISTS = {
    "getobjtypes": Kind.OBJECT_TYPE,
    "getfoldertypes": Kind.FOLDER_TYPE,
    "getrelationtypes": Kind.RELATION_TYPE,
    "listlanguages": Kind.LANGUAGE,
    "listuilanguages": Kind.UI_LANGUAGE,
    "listpermissions": Kind.PERMISSION,
    "listmetasettypes": Kind.METASET_TYPE,
}


# --- looking -----------------------------------------------------------------------------------------------------


def _listing(name: str, kind: Kind) -> None:
    """Register a command that shows everything of a kind."""

    def listed(call: Call) -> str:
        return show.terms(kind, call.catalogue.all(kind))

    listed.__doc__ = f"All {kind.replace('_', ' ')}s."
    command(name)(listed)


for _name, _kind in _LISTS.items():
    _listing(_name, _kind)


@command("getformats")
def getformats(call: Call) -> str:
    """All formats, or one: [id] or [name]."""
    if (number := call.form.id_or_none("id")) is not None:
        found = [call.catalogue.term(Kind.FORMAT, number)]
    elif (name := call.form.given("name")) is not None:
        found = [find_format(call.catalogue, name.strip())]
    else:
        found = [*call.catalogue.all(Kind.FORMAT)]
    return show.terms(Kind.FORMAT, [each for each in found if each is not None])


@command("getpermission")
def getpermission(call: Call) -> str:
    """A permission: id."""
    return show.terms(Kind.PERMISSION, [given_term(call, Kind.PERMISSION, "id", key="error.param.id")])


@command("listmessages")
def listmessages(_call: Call) -> str:
    """Translations of names: there are none, things are called what they are called."""
    return box("messages")


# --- adding ------------------------------------------------------------------------------------------------------


@command("createobjecttype", changes=True)
def createobjecttype(call: Call) -> str:
    """Add an object type: name, description."""
    need_superuser(call)
    return el("objectTypeId", add_term(call, Kind.OBJECT_TYPE).id)


@command("createfoldertype", changes=True)
def createfoldertype(call: Call) -> str:
    """Add a folder type: name, description."""
    need_superuser(call)
    return show.terms(Kind.FOLDER_TYPE, [add_term(call, Kind.FOLDER_TYPE)])


@command("createformat", changes=True)
def createformat(call: Call) -> str:
    """Add a format: name, extension, contenttype, description."""
    need_superuser(call)
    extension, content_type = (call.form.text(name).strip() for name in ("extension", "contenttype"))
    if not EXTENSION.fullmatch(extension):
        raise bad_param("extension", "it is none", "Up to 32 letters, digits and . _ + -, as in png.")
    if not CONTENT_TYPE.fullmatch(content_type):
        raise bad_param("contenttype", "it is none", "As in image/png.")
    return el("formatId", add_term(call, Kind.FORMAT, {"extension": extension, "contenttype": content_type}).id)


@command("createrelationtype", changes=True)
def createrelationtype(call: Call) -> str:
    """Add a relation type: name, description, [leftobjectprotected rightobjectprotected cloneOn(Left|Right)Copy …]."""
    need_superuser(call)
    flags = {flag: call.form.flag(flag) for flag in RELATION_FLAGS}
    return el("relationTypeId", add_term(call, Kind.RELATION_TYPE, {**flags, **_resolvers(call)}).id)


def _resolvers(call: Call) -> dict[str, str]:
    """How ends of relations are found: always those that were related, also when there are newer versions."""
    for side in ("left_resolver", "right_resolver"):
        if call.form.given(f"{side}_id") is not None:
            raise bad_param(f"{side}_id", "there is no such resolver", f"Leave it out, or send {side}={RESOLVER}.")
        if call.form.text(side, RESOLVER).strip().rpartition(".")[2] not in ("", RESOLVER):
            raise bad_param(side, "there is no such resolver", f"{RESOLVER} is the only one.")
    return {"left_resolver": RESOLVER, "right_resolver": RESOLVER}


@command("createpermission", changes=True)
def createpermission(call: Call) -> str:
    """Add a permission, for programs of your own to look at: name, description."""
    need_superuser(call)
    return show.terms(Kind.PERMISSION, [add_term(call, Kind.PERMISSION)])


# --- removing ----------------------------------------------------------------------------------------------------


@command("deleteobjecttype", changes=True)
def deleteobjecttype(call: Call) -> str:
    """Remove an object type that no object has: id."""
    need_superuser(call)
    term = given_term(call, Kind.OBJECT_TYPE, "id", key="error.param.id")
    remove_term(call, term, in_use=objects.uses(call.connection, "type_id", term.id))
    return success("success.delete.object_type")


@command("deletefoldertype", changes=True)
def deletefoldertype(call: Call) -> str:
    """Remove a folder type that no folder has: id."""
    need_superuser(call)
    term = given_term(call, Kind.FOLDER_TYPE, "id", key="error.param.id")
    remove_term(call, term, in_use=folders.uses(call.connection, "type_id", term.id))
    return success("success.delete.folder_type")


@command("deleteformat", changes=True)
def deleteformat(call: Call) -> str:
    """Remove a format that no object has: format_id."""
    need_superuser(call)
    term = given_term(call, Kind.FORMAT, "format_id", "id", key="error.param.format_id")
    remove_term(call, term, in_use=objects.uses(call.connection, "format_id", term.id))
    return success("success.delete.format")


@command("deleterelationtype", changes=True)
def deleterelationtype(call: Call) -> str:
    """Remove a relation type of which there are no relations: id."""
    need_superuser(call)
    term = given_term(call, Kind.RELATION_TYPE, "id", key="error.param.id")
    remove_term(call, term, in_use=relations.type_in_use(call.connection, term.id))
    return success("success.delete.relation_type")


@command("deletepermission", changes=True)
def deletepermission(call: Call) -> str:
    """Remove a permission that no ACL grants: id."""
    need_superuser(call)
    term = given_term(call, Kind.PERMISSION, "id", key="error.param.id")
    remove_term(call, term, in_use=any(term.name in each.permissions for each in call.catalogue.entries.values()))
    return success(f"Permission with id {term.id} was successfully deleted.")
