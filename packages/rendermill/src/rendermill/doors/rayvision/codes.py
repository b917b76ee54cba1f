"""The integer codes of the Rayvision API, and the one table from the farm's errors to them.

Source: the vendor's public documentation of its HTTP API (V4.1.2).
"""

from __future__ import annotations

from enum import IntEnum

from rendermill.farm.model.errors import BadInputError, MissingFieldError, RendermillError


class Code(IntEnum):
    """What an answer says; 200 alone is success."""

    FAILED = 100
    OK = 200
    BAD_REQUEST = 400
    FORBIDDEN = 403
    NOT_FOUND = 404
    INTERNAL = 500
    LABEL_EXISTS = 503
    INVALID = 600
    MISSING = 601
    LOGIN_NEEDED = 602
    ILLEGAL = 603
    EXPIRED = 610
    BAD_SIGNATURE = 611


#: The code for each of the farm's errors.
CODES: dict[str, Code] = {
    "error": Code.FAILED,
    "bad_input": Code.INVALID,
    "missing_field": Code.MISSING,
    "malformed_request": Code.BAD_REQUEST,
    "missing_files": Code.INVALID,
    "damaged_scene": Code.INVALID,
    "too_large": Code.INVALID,
    "over_quota": Code.INVALID,
    "not_authenticated": Code.LOGIN_NEEDED,
    "bad_signature": Code.BAD_SIGNATURE,
    "clock_skew": Code.EXPIRED,
    "not_allowed": Code.FORBIDDEN,
    "not_found": Code.NOT_FOUND,
    "wrong_state": Code.ILLEGAL,
    "already_exists": Code.LABEL_EXISTS,
    "unavailable": Code.INTERNAL,
    "unreachable": Code.INTERNAL,
    "cinnamon_refused": Code.INTERNAL,
    "software_missing": Code.FAILED,
    "wrong_content": Code.BAD_REQUEST,
    "stopped": Code.FAILED,
    "job_failed": Code.FAILED,
    "bad_picture": Code.FAILED,
    "session_start": Code.FAILED,
}


def code_of(error: RendermillError) -> Code:
    """The code for an error."""
    return CODES.get(error.code, Code.FAILED)


def missing(field: str) -> MissingFieldError:
    """A field that must be there is not."""
    return MissingFieldError("it is required and is missing", where=field)


def invalid(field: str, what: str, remedy: str | None = None) -> BadInputError:
    """A field has a value that it cannot have."""
    return BadInputError(what, where=field, remedy=remedy)
