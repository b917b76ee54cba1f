"""What the door says when it refuses: keys that clients look for, and the one table from the farm's errors to them.

Sources: the page "Cinnamon server API for rendertasks", and the literal codes that clients of Cinnamon 2 and 3 compare.
"""

from __future__ import annotations

from rendermill.farm.model.errors import CinnamonError, RendermillError

SESSION_NOT_FOUND = "error.session.not_found"
SESSION_INVALID = "error.session.invalid"
SESSION_EXPIRED = "error.session.expired"
OBJECT_NOT_FOUND = "error.object.not.found"
FOLDER_NOT_FOUND = "error.folder.not_found"
PARENT_NOT_FOUND = "error.parent_folder.not_found"
BAD_METADATA = "error.param.metadata"
BAD_IDS = "error.param.ids.xml"
UNKNOWN_METASET_TYPE = "error.unknown.metasetType"
ACCESS_DENIED = "error.access.denied"
ADMINS_ONLY = "error.must_be_admin"
IN_USE = "error.object.in.use"

#: The key for each of the farm's errors that comes without one of its own.
KEYS: dict[str, str] = {
    "error": "error.internal",
    "bad_input": "error.bad.input",
    "missing_field": "error.missing.param",
    "malformed_request": "error.parsing.request",
    "missing_files": "error.file.not.found",
    "damaged_scene": "error.content.damaged",
    "too_large": "error.request.too_large",
    "over_quota": "error.over.quota",
    "not_authenticated": SESSION_NOT_FOUND,
    "bad_signature": SESSION_INVALID,
    "clock_skew": SESSION_INVALID,
    "not_allowed": ACCESS_DENIED,
    "not_found": OBJECT_NOT_FOUND,
    "wrong_state": "error.wrong.state",
    "already_exists": "error.name.taken",
    "unavailable": "error.unavailable",
    "unreachable": "error.unavailable",
    "cinnamon_refused": "error.unavailable",
    "software_missing": "error.unavailable",
    "wrong_content": "error.content.damaged",
    "stopped": "error.stopped",
    "job_failed": "error.job.failed",
    "bad_picture": "error.job.failed",
    "session_start": "error.job.failed",
}


def refusal(key: str, what: str, *, where: str | None = None, remedy: str | None = None) -> CinnamonError:
    """A command is refused with the key that clients know the reason by; ``what`` says it to a person."""
    return CinnamonError(what, where=where, remedy=remedy, key=key)


def key_of(error: RendermillError) -> str:
    """The key for an error."""
    return error.key if isinstance(error, CinnamonError) else KEYS.get(error.code, "error.internal")


def no_object(object_id: object) -> CinnamonError:
    """There is no such object, or none that the caller may see."""
    return refusal(OBJECT_NOT_FOUND, "there is no such object", where=f"object {object_id}")


def no_parent(folder_id: object) -> CinnamonError:
    """There is no such folder to put something into."""
    return refusal(PARENT_NOT_FOUND, "there is no such folder", where=f"parentid {folder_id}")


def bad_param(name: str, what: str, remedy: str | None = None) -> CinnamonError:
    """A parameter has a value that it cannot have."""
    return refusal(f"error.param.{name}", what, where=name, remedy=remedy)


def missing_permission(permission: str, where: str) -> CinnamonError:
    """The caller lacks a permission."""
    return refusal(f"error.missing.permission.{permission}", f"you lack the permission {permission}", where=where)
