"""What the commands have in common that change a repository's catalogue: types, groups, ACLs, config entries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rendermill.doors.cinnamon.codes import ADMINS_ONLY, IN_USE, OBJECT_NOT_FOUND, bad_param, refusal
from rendermill.doors.cinnamon.context import Call
from rendermill.store.cinnamon import catalogue as changes
from rendermill.store.cinnamon.records import Kind, Term
from rendermill.store.cinnamon.seed import LASTING

MAX_DESCRIPTION = 4000


def need_superuser(call: Call, key: str = ADMINS_ONLY) -> None:
    """Pass if the caller is a superuser, of the repository or the farm. Raises :class:`CinnamonError` with ``key``."""
    if not call.access.superuser:
        raise refusal(key, "only superusers may", where="command")


def named_by(call: Call, *names: str) -> str:
    """The first of several spellings of a parameter that was sent; the first of all if none was."""
    return next((name for name in names if call.form.given(name) is not None), names[0])


def given_term(call: Call, kind: Kind, *names: str, key: str, missing: str = OBJECT_NOT_FOUND) -> Term:
    """The term whose id a parameter has, which clients spell in several ways.

    Raises :class:`CinnamonError` with ``key`` for what is no id, with ``missing`` where there is no such term.
    """
    name = named_by(call, *names)
    number = call.form.id(name, key)
    found = call.catalogue.term(kind, number)
    if found is None:
        raise refusal(missing, f"there is no such {_word(kind)}", where=f"{name.strip()} {number}")
    return found


def description_of(call: Call) -> str:
    """The parameter ``description``."""
    found = call.form.text("description")
    if len(found) > MAX_DESCRIPTION:
        raise bad_param("description", f"it has at most {MAX_DESCRIPTION} characters")
    return found


def free_name(call: Call, kind: Kind) -> str:
    """The parameter ``name``. Raises :class:`CinnamonError` where it is taken."""
    name = call.form.named("name")
    if call.catalogue.named(kind, name) is not None:
        raise bad_param("name", f"there is a {_word(kind)} of that name")
    return name


def add_term(call: Call, kind: Kind, details: Mapping[str, Any] | None = None) -> Term:
    """Add a term with the name and the description that were sent."""
    name, description = free_name(call, kind), description_of(call)
    details = details or {}
    made = changes.add_term(call.connection, call.repository_id, kind, name, description, details)
    return Term(made, kind, name, description, details)


def need_not_lasting(term: Term) -> None:
    """Pass unless the farm itself goes by a term. Raises :class:`CinnamonError`."""
    if term.name in LASTING.get(term.kind, ()):
        raise refusal(IN_USE, "the farm needs it", where=f"{_word(term.kind)} {term.name}")


def remove_term(call: Call, term: Term, *, in_use: bool) -> None:
    """Remove a term. Raises :class:`CinnamonError` where something has it, or the farm itself needs it."""
    need_not_lasting(term)
    if in_use:
        raise refusal(IN_USE, "something has it", where=f"{_word(term.kind)} {term.id}")
    changes.remove_term(call.connection, call.repository_id, term.id)


def _word(kind: Kind) -> str:
    return "ACL" if kind is Kind.ACL else kind.replace("_", " ")
