"""The integer codes of the Rayvision API, and the one table from the farm's errors to them.

Source: the vendor's public documentation of its HTTP API (V4.1.2).
"""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar

from rendermill.farm.model.errors import RendermillError


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
    "missing_files": Code.INVALID,
    "damaged_scene": Code.INVALID,
    "too_large": Code.INVALID,
    "over_quota": Code.INVALID,
    "not_authenticated": Code.LOGIN_NEEDED,
    "not_allowed": Code.FORBIDDEN,
    "not_found": Code.NOT_FOUND,
    "wrong_state": Code.ILLEGAL,
    "unavailable": Code.INTERNAL,
    "unreachable": Code.INTERNAL,
    "software_missing": Code.FAILED,
    "job_failed": Code.FAILED,
    "bad_picture": Code.FAILED,
    "session_start": Code.FAILED,
}


class CallError(RendermillError):
    """A call that the API refuses with a code of its own."""

    code: ClassVar[str] = "error"

    def __init__(self, number: Code, what: str, *, where: str | None = None, remedy: str | None = None) -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.number = number


def code_of(error: RendermillError) -> Code:
    """The code for an error."""
    return error.number if isinstance(error, CallError) else CODES.get(error.code, Code.FAILED)


def missing(field: str) -> CallError:
    """A field that must be there is not."""
    return CallError(Code.MISSING, "it is required and is missing", where=field)


def invalid(field: str, what: str, remedy: str | None = None) -> CallError:
    """A field has a value that it cannot have."""
    return CallError(Code.INVALID, what, where=field, remedy=remedy)
