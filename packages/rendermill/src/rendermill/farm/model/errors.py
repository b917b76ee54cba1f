"""The one tree of errors. Each says what happened, where, and what would put it right.

Doors map an error's :attr:`~RendermillError.code` to their own language by one table each; the command
line maps it to an exit status (:data:`EXIT_CODES`).
"""

from __future__ import annotations

from typing import ClassVar


class RendermillError(Exception):
    """Root of everything Rendermill raises on purpose.

    ``what`` is a sentence for a person, ``where`` names the file, field or object concerned, ``remedy`` says
    what would be right.
    """

    code: ClassVar[str] = "error"

    def __init__(self, what: str, *, where: str | None = None, remedy: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text}\n  {self.remedy}" if self.remedy else text

    def to_dict(self) -> dict[str, str | None]:
        """The error as plain data: ``code``, ``what``, ``where``, ``remedy``."""
        return {"code": self.code, "what": self.what, "where": self.where, "remedy": self.remedy}


class BadInputError(RendermillError):
    """A request, a template, a parameter or an option is wrong."""

    code = "bad_input"


class MissingFieldError(RendermillError):
    """A request lacks something that must be there."""

    code = "missing_field"


class MalformedRequestError(RendermillError):
    """A request cannot be read at all."""

    code = "malformed_request"


class WrongContentError(RendermillError):
    """Content that was sent or fetched has not the hash that it should have."""

    code = "wrong_content"


class MissingFilesError(RendermillError):
    """A scene names files that are not there."""

    code = "missing_files"


class DamagedSceneError(RendermillError):
    """A scene cannot be read: it is not one, it is damaged, or no installed application can open it."""

    code = "damaged_scene"


class NotFoundError(RendermillError):
    """Something was named that does not exist."""

    code = "not_found"


class WrongStateError(RendermillError):
    """The thing exists, but not in a state that allows what was asked."""

    code = "wrong_state"


class AlreadyExistsError(RendermillError):
    """Something of that name is there already."""

    code = "already_exists"


class NotAuthenticatedError(RendermillError):
    """No identity was given, or a wrong one."""

    code = "not_authenticated"


class BadSignatureError(RendermillError):
    """A signed request does not bear the signature of the key that it names."""

    code = "bad_signature"


class ClockSkewError(RendermillError):
    """A signed request is too old, or from the future: one of the clocks is wrong."""

    code = "clock_skew"


class NotAllowedError(RendermillError):
    """The identity is known and may not do this."""

    code = "not_allowed"


class TooLargeError(RendermillError):
    """A body, a template or a list is over its limit."""

    code = "too_large"


class OverQuotaError(RendermillError):
    """A storage is full: its owner's quota is reached."""

    code = "over_quota"


class UnreachableError(RendermillError):
    """The server, or the network to it, does not answer."""

    code = "unreachable"


class CinnamonError(RendermillError):
    """A Cinnamon server refused a command; ``key`` is its own code for why, ``error.object.not.found`` and so on."""

    code = "cinnamon_refused"

    def __init__(self, what: str, *, where: str | None = None, remedy: str | None = None, key: str = "") -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.key = key


class UnavailableError(RendermillError):
    """The farm cannot do this now: a full disk, a locked folder, a port in use."""

    code = "unavailable"


class SoftwareMissingError(RendermillError):
    """An application, or the right version of it, is not installed."""

    code = "software_missing"


class StoppedError(RendermillError):
    """Somebody who may has ended it before it was done."""

    code = "stopped"


class JobFailedError(RendermillError):
    """A job that was followed did not end well."""

    code = "job_failed"


#: The exit status of the command line for each error code.
EXIT_CODES: dict[str, int] = {
    "error": 1,
    "job_failed": 1,
    "bad_picture": 1,
    "session_start": 1,
    "bad_input": 2,
    "missing_field": 2,
    "malformed_request": 2,
    "too_large": 2,
    "over_quota": 2,
    "wrong_content": 2,
    "missing_files": 3,
    "damaged_scene": 4,
    "unreachable": 5,
    "unavailable": 5,
    "not_authenticated": 6,
    "bad_signature": 6,
    "clock_skew": 6,
    "not_allowed": 6,
    "not_found": 7,
    "wrong_state": 8,
    "already_exists": 8,
    "cinnamon_refused": 8,
    "software_missing": 9,
    "stopped": 1,
}


def error_from_dict(data: dict[str, str | None]) -> RendermillError:
    """Rebuild the error that :meth:`RendermillError.to_dict` wrote; an unknown code gives the root class."""
    classes = {cls.code: cls for cls in RendermillError.__subclasses__()}
    cls = classes.get(data.get("code") or "", RendermillError)
    return cls(data.get("what") or "unknown error", where=data.get("where"), remedy=data.get("remedy"))
