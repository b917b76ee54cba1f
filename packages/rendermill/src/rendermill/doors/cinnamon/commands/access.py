"""ACLs and groups: who is in which, and what they let whom do."""

from __future__ import annotations

from rendermill.doors.cinnamon import show
from rendermill.doors.cinnamon.access import Access
from rendermill.doors.cinnamon.codes import OBJECT_NOT_FOUND, refusal
from rendermill.doors.cinnamon.commands.users import given_user
from rendermill.doors.cinnamon.context import Call
from rendermill.doors.cinnamon.registry import command
from rendermill.doors.cinnamon.terms import (
    add_term,
    description_of,
    free_name,
    given_term,
    named_by,
    need_not_lasting,
    need_superuser,
    remove_term,
)
from rendermill.doors.cinnamon.xml_text import box, el, success
from rendermill.store.cinnamon import catalogue as changes
from rendermill.store.cinnamon import folders, objects
from rendermill.store.cinnamon.people import people
from rendermill.store.cinnamon.records import Entry, Kind, Term
from rendermill.store.cinnamon.seed import ALIASES

_BAD_ACL, _BAD_ID = "error.param.acl_id", "error.param.id"
_ADMINS_OF_ACLS = "Only an admin may change acl settings."
_ADMINS_OF_ENTRIES = "You need to be an admin to make acl-related changes."


# --- looking -----------------------------------------------------------------------------------------------------


@command("getacls")
def getacls(call: Call) -> str:
    """All ACLs, or one: [id]."""
    if call.form.given("id") is None:
        return show.terms(Kind.ACL, call.catalogue.all(Kind.ACL))
    return show.terms(Kind.ACL, [given_term(call, Kind.ACL, "id", key=_BAD_ID)])


@command("listaclentries")
def listaclentries(call: Call) -> str:
    """What an ACL lets whom do, or what ACLs let a group do: aclid or groupid."""
    if call.form.given(named_by(call, "aclid", "acl_id")) is not None:
        acl = given_term(call, Kind.ACL, "aclid", "acl_id", key="error.invalid.acl_id")
        found = call.catalogue.entries_of(acl.id)
    elif call.form.given(named_by(call, "groupid", "group_id")) is not None:
        group = given_term(call, Kind.GROUP, "groupid", "group_id", key="error.invalid.acl_id")
        found = [entry for entry in call.catalogue.entries.values() if entry.group_id == group.id]
    else:
        raise refusal("error.missing_acl_or_group_id", "neither is given", where="aclid, groupid")
    return show.entries(found, call.catalogue)


@command("getaclentry")
def getaclentry(call: Call) -> str:
    """What an ACL lets a group do: id of the entry."""
    return show.entries([_entry(call, "id")], call.catalogue)


def _entry(call: Call, name: str) -> Entry:
    number = call.form.id(name, _BAD_ID)
    found = call.catalogue.entries.get(number)
    if found is None:
        raise refusal(OBJECT_NOT_FOUND, "there is no such ACL entry", where=f"{name} {number}")
    return found


@command("listaclmembers")
def listaclmembers(call: Call) -> str:
    """The users in the groups that an ACL names, and in the groups below these: id."""
    acl = given_term(call, Kind.ACL, "id", key=_BAD_ID)
    named = {entry.group_id for entry in call.catalogue.entries_of(acl.id)}
    numbers = {user for users in call.catalogue.members.values() for user in users}
    wanted = [number for number in numbers if call.catalogue.groups_of(number) & named]
    found = people(call.connection, wanted).values()
    return show.users(call.catalogue, sorted(found, key=lambda user: user.name))


@command("getusersacls")
def getusersacls(call: Call) -> str:
    """The ACLs that name a group of the caller's, or of another user's: [id]."""
    user = call.user if call.form.given("id") is None else given_user(call, "id", key=_BAD_ID)
    groups = call.catalogue.groups_of(user.id)
    named = {entry.acl_id for entry in call.catalogue.entries.values() if entry.group_id in groups}
    return show.terms(Kind.ACL, [term for term in call.catalogue.all(Kind.ACL) if term.id in named])


@command("getuserspermissions")
def getuserspermissions(call: Call) -> str:
    """What an ACL lets a user do by the groups that they are in: userId, aclId. Superusers may everything."""
    user = given_user(call, "userId", "user_id", key=_BAD_ID)
    acl = given_term(call, Kind.ACL, "aclId", "aclid", "acl_id", key=_BAD_ACL, missing=_BAD_ACL)
    groups = call.catalogue.groups_of(user.id)
    granted = {
        permission
        for entry in call.catalogue.entries_of(acl.id)
        if entry.group_id in groups
        for permission in entry.permissions
    }
    is_superuser = Access(call.catalogue, user).superuser
    all_of_them = call.catalogue.all(Kind.PERMISSION)
    return show.terms(Kind.PERMISSION, [term for term in all_of_them if is_superuser or term.name in granted])


@command("listgroups")
def listgroups(call: Call) -> str:
    """All groups, or one: [groupid]."""
    names = ("groupid", "group_id", "id", "id ")
    if call.form.given(named_by(call, *names)) is None:
        return _shown(call, call.catalogue.all(Kind.GROUP))
    key = "error.param.group_id"
    return _shown(call, [given_term(call, Kind.GROUP, *names, key=key, missing=key)])


def _shown(call: Call, groups: list[Term]) -> str:
    numbers = {number for group in groups for number in call.catalogue.members.get(group.id, ())}
    return show.groups(call.catalogue, groups, people(call.connection, numbers))


@command("getgroupsofuser")
def getgroupsofuser(call: Call) -> str:
    """The groups that a user is in, and with ``recursive`` those that these are in: id, [recursive]."""
    user = given_user(call, "id", key=_BAD_ID)
    if call.form.flag("recursive"):
        ids = call.catalogue.groups_of(user.id)
    else:
        ids = frozenset(group for group, users in call.catalogue.members.items() if user.id in users)
    return _shown(call, [term for term in call.catalogue.all(Kind.GROUP) if term.id in ids])


# --- ACLs --------------------------------------------------------------------------------------------------------


@command("createacl", changes=True)
def createacl(call: Call) -> str:
    """Add an ACL that grants nothing: name, description."""
    need_superuser(call)
    return show.terms(Kind.ACL, [add_term(call, Kind.ACL)])


@command("editacl", changes=True)
def editacl(call: Call) -> str:
    """Change an ACL: acl_id, [name description]."""
    need_superuser(call)
    acl = given_term(call, Kind.ACL, "acl_id", "aclid", key=_BAD_ACL, missing="error.acl.not_found")
    values: dict[str, str] = {}
    if call.form.text("name").strip() not in ("", acl.name):
        need_not_lasting(acl)
        values["name"] = free_name(call, Kind.ACL)
    if call.form.given("description") is not None:
        values["description"] = description_of(call)
    if values:
        changes.change_term(call.connection, call.repository_id, acl.id, **values)
    return success("success.edit.acl")


@command("deleteacl", changes=True)
def deleteacl(call: Call) -> str:
    """Remove an ACL that no object and no folder has: id."""
    need_superuser(call)
    acl = given_term(call, Kind.ACL, "id", key=_BAD_ID)
    in_use = any(where.uses(call.connection, "acl_id", acl.id) for where in (objects, folders))
    remove_term(call, acl, in_use=in_use)
    return success("success.delete.acl")


@command("addgrouptoacl", changes=True)
def addgrouptoacl(call: Call) -> str:
    """Let an ACL name a group, to which it grants nothing yet: acl_id, group_id."""
    need_superuser(call, _ADMINS_OF_ACLS)
    acl, group = _acl_and_group(call)
    found = _entry_of(call, acl, group)
    if found is None:
        made = changes.put_entry(call.connection, call.repository_id, acl.id, group.id, frozenset())
        found = Entry(made, acl.id, group.id, frozenset())
    return show.entries([found], call.catalogue)


@command("removegroupfromacl", changes=True)
def removegroupfromacl(call: Call) -> str:
    """Let an ACL name a group no more: acl_id, group_id."""
    need_superuser(call)
    acl, group = _acl_and_group(call)
    found = _entry_of(call, acl, group)
    if found is None:
        raise refusal(OBJECT_NOT_FOUND, "the ACL does not name the group", where=f"acl_id {acl.id}")
    changes.remove_entry(call.connection, call.repository_id, found.id)
    return success("group.removed_from_acl")


def _acl_and_group(call: Call) -> tuple[Term, Term]:
    acl = given_term(call, Kind.ACL, "acl_id", "aclid", key=_BAD_ACL, missing=_BAD_ACL)
    return acl, _group(call)


def _entry_of(call: Call, acl: Term, group: Term) -> Entry | None:
    return next((each for each in call.catalogue.entries_of(acl.id) if each.group_id == group.id), None)


@command("addpermissiontoaclentry", changes=True)
def addpermissiontoaclentry(call: Call) -> str:
    """Let an ACL grant a group a permission: entry_id, permission_id."""
    need_superuser(call)
    entry, permission = _entry_and_permission(call)
    _grant(call, entry, entry.permissions | {permission.name})
    return success("success.add.permission")


@command("removepermissionfromaclentry", changes=True)
def removepermissionfromaclentry(call: Call) -> str:
    """Let an ACL grant a group a permission no more: entry_id, permission_id."""
    need_superuser(call, _ADMINS_OF_ENTRIES)
    entry, permission = _entry_and_permission(call)
    if permission.name not in entry.permissions:
        raise refusal("fail.remove.permission", "the entry does not grant it", where=f"entry_id {entry.id}")
    _grant(call, entry, entry.permissions - {permission.name})
    return success("success.remove.permission")


def _entry_and_permission(call: Call) -> tuple[Entry, Term]:
    return _entry(call, "entry_id"), given_term(call, Kind.PERMISSION, "permission_id", key=_BAD_ID)


def _grant(call: Call, entry: Entry, permissions: frozenset[str]) -> None:
    changes.put_entry(call.connection, call.repository_id, entry.acl_id, entry.group_id, permissions)


# --- groups ------------------------------------------------------------------------------------------------------


@command("creategroup", changes=True)
def creategroup(call: Call) -> str:
    """Add a group: name, description, [parentid] of the group that it is a part of."""
    need_superuser(call)
    parent = None
    if call.form.id_or_none("parentid", "error.param.parent_id"):
        parent = given_term(call, Kind.GROUP, "parentid", key="", missing="error.param.parent_id")
        _need_members(parent, "error.param.parent_id")
    details = {"is_user": False, "parent": None if parent is None else parent.id}
    return box("cinnamon", el("groupid", add_term(call, Kind.GROUP, details).id))


@command("deletegroup", changes=True)
def deletegroup(call: Call) -> str:
    """Remove a group that no ACL names and no group is a part of: id."""
    need_superuser(call)
    missing = "error.group.not.found"
    name = named_by(call, "id", "id ")
    below_zero = call.form.text(name).strip().startswith("-")  # a number like any other to clients
    group = given_term(call, Kind.GROUP, name, key=missing if below_zero else _BAD_ID, missing=missing)
    named = any(entry.group_id == group.id for entry in call.catalogue.entries.values())
    has_parts = any(term.details.get("parent") == group.id for term in call.catalogue.all(Kind.GROUP))
    remove_term(call, group, in_use=named or has_parts)
    return box("cinnamon", box("result", el("value", True)))


@command("addusertogroup", changes=True)
def addusertogroup(call: Call) -> str:
    """Put a user into a group: user_id, group_id."""
    need_superuser(call)
    user, group = given_user(call, "user_id", "userId", key="error.param.user_id"), _group(call)
    _need_members(group, "error.param.group_id")
    if user.id not in call.catalogue.members.get(group.id, frozenset()):
        changes.add_member(call.connection, call.repository_id, group.id, user.id)
    return box("cinnamon", box("addUserToGroup", result="true"))


@command("removeuserfromgroup", changes=True)
def removeuserfromgroup(call: Call) -> str:
    """Take a user out of a group: user_id, group_id."""
    need_superuser(call)
    user, group = given_user(call, "user_id", "userId", key="error.param.user_id"), _group(call)
    was_in = changes.remove_member(call.connection, call.repository_id, group.id, user.id)
    return box("cinnamon", box("removeUserFromGroup", result="true" if was_in else "false"))


def _group(call: Call) -> Term:
    names, key = ("group_id", "groupId", "groupid"), "error.param.group_id"
    return given_term(call, Kind.GROUP, *names, key=key, missing=key)


def _need_members(group: Term, key: str) -> None:
    """Pass unless a group stands for whom it fits each time, and has no members. Raises :class:`CinnamonError`."""
    if group.name in ALIASES:
        raise refusal(key, "it is not a group that users are put into", where=f"group {group.name}")
