"""The table of calls: paths, the older ones that mean the same, what a body must hold, and what is done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from rendermill.doors.rayvision.codes import missing
from rendermill.doors.rayvision.context import Caller
from rendermill.farm.model.errors import BadInputError, RendermillError

MAX_BODY = 1024 * 1024
B = TypeVar("B", bound="Body")
Handler = Callable[[Caller, B], Awaitable[Any]]


class Body(BaseModel):
    """A call's body. Members that a call does not know are refused: what is signed is flattened, and a member that is
    passed over could have been another one before."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Nothing(Body):
    """No members."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the API."""

    path: str
    body: type[Body]
    handler: Handler[Any]
    changes: bool
    button: str = ""
    """What the record of a changing call names it."""
    max_body: int = MAX_BODY
    """Bytes."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Members that older clients call otherwise: their name → the name now."""


CALLS: dict[str, Call] = {}
"""Every path that is answered."""


def call(
    path: str,
    *aliases: str,
    changes: str = "",
    max_body: int = MAX_BODY,
    renamed: Mapping[str, str] | None = None,
) -> Callable[[Handler[B]], Handler[B]]:
    """Register a handler for a path below ``/api/`` and for the older names of it.

    ``changes`` names a call that changes something, as it is recorded; ``max_body`` is in bytes; ``renamed`` counts for
    the aliases.
    """

    def register(handler: Handler[B]) -> Handler[B]:
        body = handler.__annotations__["body"]
        model = body if isinstance(body, type) else handler.__globals__[body]
        for each in (path, *aliases):
            assert f"/api/{each}" not in CALLS, each
            names = renamed or {} if each != path else {}
            CALLS[f"/api/{each}"] = Call(f"/api/{each}", model, handler, bool(changes), changes, max_body, names)
        return handler

    return register


def parse(found: Call, body: Mapping[str, Any]) -> Body:
    """A body as its call takes it. Raises MissingFieldError, BadInputError, which name the member."""
    given = {found.renamed.get(name, name): value for name, value in body.items()}
    try:
        return found.body.model_validate(given)
    except ValidationError as error:
        raise _refusal(found, error) from error


def _refusal(found: Call, error: ValidationError) -> RendermillError:
    back = {new: old for old, new in found.renamed.items()}
    problem = error.errors(include_url=False, include_context=False, include_input=False)[0]
    first, *rest = (str(part) for part in problem["loc"]) if problem["loc"] else ("body",)
    where = ".".join([back.get(first, first), *rest])
    if problem["type"] == "missing":
        return missing(where)
    if problem["type"] == "extra_forbidden":
        known = ", ".join(back.get(name, name) for name in found.body.model_fields) or "none"
        return BadInputError("it is not known here", where=where[:100], remedy=f"Known: {known}.")
    return BadInputError(problem["msg"], where=where[:100])
