"""The farm's users: anybody who is connected sees them, superusers of the farm add and remove them."""

from __future__ import annotations

from rendermill.doors.cinnamon import show
from rendermill.doors.cinnamon.codes import ADMINS_ONLY, bad_param, refusal
from rendermill.doors.cinnamon.context import Call
from rendermill.doors.cinnamon.metadata import as_text
from rendermill.doors.cinnamon.registry import command
from rendermill.doors.cinnamon.sessions import is_borrowed
from rendermill.doors.cinnamon.terms import named_by
from rendermill.doors.cinnamon.xml_text import box, el, success
from rendermill.farm.model.errors import BadInputError, CinnamonError, NotFoundError
from rendermill.farm.model.identity import Account
from rendermill.store.cinnamon.enrolment import enrol
from rendermill.store.cinnamon.people import everybody, person, person_named

_NOBODY = box("users", box("user"))
_BAD_XML = "error.parse.xml"
_BAD_USER = "error.param.user_id"


def given_user(call: Call, *names: str, key: str, missing: str = "error.user.not_found") -> Account:
    """The user whose number a parameter has, which clients spell in several ways.

    Raises :class:`CinnamonError` with ``key`` for what is no number, with ``missing`` where there is no such user.
    """
    name = named_by(call, *names)
    number = call.form.id(name, key)
    found = person(call.connection, number)
    if found is None:
        raise refusal(missing, "there is no such user", where=f"{name} {number}")
    return found


# --- looking -----------------------------------------------------------------------------------------------------


@command("getusers")
def getusers(call: Call) -> str:
    """All users."""
    return show.users(call.catalogue, everybody(call.connection))


@command("getuser")
def getuser(call: Call) -> str:
    """A user: id."""
    found = person(call.connection, call.form.id("id"))
    return _NOBODY if found is None else show.users(call.catalogue, [found])


@command("getuserbyname")
def getuserbyname(call: Call) -> str:
    """A user: name."""
    found = person_named(call.connection, call.form.text("name").strip())
    return _NOBODY if found is None else show.users(call.catalogue, [found])


@command("echo", xml=(("xml", _BAD_XML),))
def echo(call: Call) -> str:
    """What was sent; clients keep their session alive with it: xml, [id]."""
    call.form.id_or_none("id")
    return as_text(call.xml("xml", _BAD_XML))


# --- changing ----------------------------------------------------------------------------------------------------


def _need_own_session(call: Call) -> None:
    """Pass unless somebody else acts as the caller. Raises :class:`CinnamonError`: they would stay the caller."""
    if is_borrowed(call.session):
        raise refusal("error.access.denied", "users themselves may, and nobody for them", where="ticket")


def _need_farm_superuser(call: Call) -> None:
    """Pass if the caller is a superuser of the farm: those of a repository are so in it alone."""
    _need_own_session(call)
    if not call.user.superuser:
        raise refusal(ADMINS_ONLY, "users are the farm's, and so are the superusers who may", where="command")


def _refused(error: BadInputError) -> CinnamonError:
    key = "error.password.too.short" if error.where == "password" else "error.param.name"
    return refusal(key, error.what, where=error.where, remedy=error.remedy)


def _create(call: Call) -> Account:
    _need_farm_superuser(call)
    form = call.form
    name, rights = form.named("name"), {right: form.flag(right) for right in ("sudoer", "sudoable")}
    try:
        return call.tools.accounts.create_user(name, form.text("pwd"), **rights)
    except BadInputError as error:
        raise _refused(error) from error


@command("createuser", changes=True, first=_create)
def createuser(call: Call) -> str:
    """Add a user of the farm, and to this repository: name, pwd, [sudoer sudoable]."""
    made: Account = call.before
    enrol(call.connection, call.catalogue, made)
    return el("userId", made.id)


def _remove(call: Call) -> None:
    _need_farm_superuser(call)
    user = given_user(call, "user_id", "userId", key=_BAD_USER, missing=_BAD_USER)
    if user.id == call.user.id:
        raise bad_param("user_id", "nobody removes themselves")
    try:
        call.tools.accounts.remove_user(user.name)
    except NotFoundError as error:  # somebody else was faster, or it is nobody's account
        raise refusal(_BAD_USER, error.what, where="user_id") from error


@command("deleteuser", first=_remove)
def deleteuser(_call: Call) -> str:
    """Remove a user of the farm with their keys, stored files and sessions; what they made stays: user_id."""
    return success("success.delete.user")


def _set_password(call: Call) -> None:
    _need_own_session(call)
    try:
        call.tools.accounts.set_password(call.user.name, call.form.text("password"))
    except BadInputError as error:
        raise _refused(error) from error


@command("setpassword", first=_set_password)
def setpassword(_call: Call) -> str:
    """Change one's own password: password."""
    return success("success.set.password")
