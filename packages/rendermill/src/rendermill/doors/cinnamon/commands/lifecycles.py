"""Lifecycles and the states of objects in them."""

from __future__ import annotations

from rendermill.doors.cinnamon import show
from rendermill.doors.cinnamon.access import READ_SYSMETA, WRITE_SYSMETA
from rendermill.doors.cinnamon.codes import IN_USE, OBJECT_NOT_FOUND, bad_param, refusal
from rendermill.doors.cinnamon.context import Call
from rendermill.doors.cinnamon.lifecycles import CLASSES, class_name, enter, may_enter
from rendermill.doors.cinnamon.names import find_lifecycle, find_state
from rendermill.doors.cinnamon.registry import command
from rendermill.doors.cinnamon.terms import need_superuser
from rendermill.doors.cinnamon.xml_text import box, el, success
from rendermill.store.cinnamon import catalogue as changes
from rendermill.store.cinnamon import objects
from rendermill.store.cinnamon.records import Item, Lifecycle, State

_MISSING = "error.lifecycle.missing"
_CHANGE_STATE = "_change_lifecycle_state"


# --- looking -----------------------------------------------------------------------------------------------------


@command("listlifecycles")
def listlifecycles(call: Call) -> str:
    """All lifecycles."""
    return show.lifecycles(call.catalogue.lifecycles.values())


@command("getlifecycle")
def getlifecycle(call: Call) -> str:
    """A lifecycle: id or name."""
    if call.form.given("id") is not None:
        found = call.catalogue.lifecycles.get(call.form.id("id", "error.get.lifecycle_id"))
    elif call.form.given("name") is not None:
        found = find_lifecycle(call.catalogue, call.form.text("name"))
    else:
        raise refusal("error.param.lc.missing", "it is named neither by id nor by name", where="id, name")
    if found is None:
        raise refusal(_MISSING, "there is no such lifecycle", where="id, name")
    return show.lifecycles([found])


@command("getlifecyclestate")
def getlifecyclestate(call: Call) -> str:
    """A state: id."""
    number = call.form.id("id", "error.param.lcs.id")
    found = call.catalogue.states.get(number)
    if found is None:
        raise refusal(OBJECT_NOT_FOUND, "there is no such state", where=f"state {number}")
    return box("states", show.state(found))


@command("getnextstates")
def getnextstates(call: Call) -> str:
    """The states that an object may go to: id."""
    found = call.item(permission=READ_SYSMETA)
    current = _state(call, found)
    lifecycle = call.catalogue.lifecycles[current.lifecycle_id]
    others = (each for each in lifecycle.states if each.id != current.id and may_enter(current, each))
    return box("lifecycle-states", *(show.state(each) for each in others))


def _state(call: Call, found: Item) -> State:
    current = call.catalogue.states.get(found.state_id) if found.state_id is not None else None
    if current is None:
        raise refusal("error.no_lifecycle_set", "the object is in no lifecycle", where=f"object {found.id}")
    return current


# --- moving ------------------------------------------------------------------------------------------------------


def _changeable(call: Call) -> Item:
    """The object whose state is to be changed; needs the right to, and the lock."""
    found = call.item()
    if not call.access.allows(_CHANGE_STATE, found):
        call.access.need(WRITE_SYSMETA, found)
    call.need_lock(found, "changing its lifecycle")
    return found


def _move(call: Call, found: Item, source: State | None, target: State) -> None:
    entered = enter(call.catalogue, source, target)
    values = {} if entered.acl_id is None else {"acl_id": entered.acl_id}
    objects.change_item(call.connection, found.id, state_id=entered.state_id, **values, **call.modified())
    call.touched.add(found.id)


@command("attachlifecycle", changes=True)
def attachlifecycle(call: Call) -> str:
    """Put an object into a lifecycle: id, lifecycle_id, [lifecycle_state_id]. Needs the lock."""
    lifecycle_id = call.form.id("lifecycle_id")
    found = _changeable(call)
    lifecycle = call.catalogue.lifecycles.get(lifecycle_id)
    if lifecycle is None:
        raise bad_param("lifecycle_id", "there is no such lifecycle")
    target = _given_state(call) or lifecycle.default
    if target is None:
        raise refusal(
            "error.undefined.lifecycle_state", "the lifecycle has no default state", where=f"lifecycle {lifecycle.id}"
        )
    _move(call, found, None, target)
    return success("success.attach_lifecycle")


def _given_state(call: Call) -> State | None:
    number = call.form.id_or_none("lifecycle_state_id")
    if number is None:
        return None
    found = call.catalogue.states.get(number)
    if found is None:
        raise bad_param("lifecycle_state_id", "there is no such state")
    return found


@command("detachlifecycle", changes=True)
def detachlifecycle(call: Call) -> str:
    """Take an object out of its lifecycle: id. Needs the lock."""
    found = _changeable(call)
    _state(call, found)
    objects.change_item(call.connection, found.id, state_id=None, **call.modified())
    call.touched.add(found.id)
    return success("success.detach_lifecycle")


@command("changestate", changes=True)
def changestate(call: Call) -> str:
    """Move an object to another state: id, state_name or lifecycle_state_id, [expected_state_id]. Needs the lock.

    With ``expected_state_id`` only if it is in that state: of several who want to, one does.
    """
    found = _changeable(call)
    expected = call.form.id_or_none("expected_state_id")
    if expected is not None and expected != found.state_id:
        raise refusal("error.wrong.state", "it is in another state than expected", where=f"object {found.id}")
    current = call.catalogue.states.get(found.state_id) if found.state_id is not None else None
    name = call.form.given("state_name")
    if name is not None:
        lifecycle = call.catalogue.lifecycles[current.lifecycle_id] if current is not None else None
        target = find_state(lifecycle, name) if lifecycle is not None else None
        if target is None:
            raise bad_param("state_name", "the object's lifecycle has no such state")
    else:
        target = _given_state(call)
        if target is None:
            raise bad_param("lifecycle_state_id", "it is missing")
    _move(call, found, current, target)
    return success("success.change_lifecycle")


# --- setting up --------------------------------------------------------------------------------------------------


@command("createlifecycle", changes=True)
def createlifecycle(call: Call) -> str:
    """Add a lifecycle: name."""
    need_superuser(call)
    name = call.form.named("name")
    if call.catalogue.lifecycle_named(name) is not None:
        raise bad_param("name", "there is a lifecycle of that name")
    return el("lifeCycleId", changes.add_lifecycle(call.connection, call.repository_id, name))


@command("addlifecyclestate", changes=True)
def addlifecyclestate(call: Call) -> str:
    """Add a state: lifecycle_id, name, state_class, [config, lcs_for_copy_id, set_default]."""
    need_superuser(call)
    lifecycle = _lifecycle(call, "lifecycle_id")
    name = call.form.named("name")
    if lifecycle.named(name) is not None:
        raise bad_param("name", "the lifecycle has a state of that name")
    state_class = call.form.needed("state_class").strip()
    if class_name(state_class) not in CLASSES:
        remedy = f"One of {', '.join(CLASSES)}."
        raise bad_param("state_class", f"there is no class {class_name(state_class)[:60]!r}", remedy)
    config = call.form.given("config") or call.form.given("parameter") or "<config />"
    copy_state = call.form.id_or_none("lcs_for_copy_id")
    if copy_state is not None and copy_state not in call.catalogue.states:
        raise bad_param("lcs_for_copy_id", "there is no such state")
    made = changes.add_state(call.connection, call.repository_id, lifecycle.id, name, state_class, config)
    if copy_state is not None:
        changes.set_copy_state(call.connection, call.repository_id, made, copy_state)
    if call.form.flag("set_default"):
        changes.set_default_state(call.connection, call.repository_id, lifecycle.id, made)
    return el("lifeCycleStateId", made)


@command("deletelifecycle", changes=True)
def deletelifecycle(call: Call) -> str:
    """Remove a lifecycle that no object is in: lifecycle_id, which some clients call id."""
    need_superuser(call)
    lifecycle = _lifecycle(call, "lifecycle_id" if call.form.given("lifecycle_id") else "id")
    if any(objects.uses(call.connection, "state_id", state.id) for state in lifecycle.states):
        raise refusal(IN_USE, "objects are in it", where=f"lifecycle {lifecycle.id}")
    changes.remove_lifecycle(call.connection, call.repository_id, lifecycle.id)
    return success("success.delete.lifecycle")


def _lifecycle(call: Call, name: str) -> Lifecycle:
    found = call.catalogue.lifecycles.get(call.form.id(name, "error.param.lifecycle_id"))
    if found is None:
        raise refusal("error.param.lifecycle_id", "there is no such lifecycle", where=name)
    return found
