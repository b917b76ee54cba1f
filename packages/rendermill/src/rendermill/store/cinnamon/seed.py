"""What a new repository holds.

Names are those of Cinnamon's default data. There are no users: they are the farm's.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert

from rendermill.store.cinnamon import catalogue as changes
from rendermill.store.cinnamon.catalogue import repository_named
from rendermill.store.cinnamon.records import CLASSIC, RELATION_FLAGS, SEED, Kind
from rendermill.store.cinnamon.schema import folders, repositories

SUPERUSERS, USERS, EVERYONE, OWNER = "_superusers", "_users", "_everyone", "_owner"
ALIASES = frozenset({EVERYONE, OWNER})
"""Groups without members: ACLs grant to them what they grant to all, or to whom the thing belongs."""
DEFAULT_ACL, DEFAULT_TYPE, DEFAULT_FOLDER_TYPE = "_default_acl", "_default_objtype", "_default_folder_type"
RENDER_INPUT, RENDER_OUTPUT = "render_input", "render_output"
RENDERED = "render_output"
"""The relation of a render task (left) to what was rendered (right)."""
UNDETERMINED = "und"
RESOLVER = "FixedRelationResolver"
"""A relation's ends are the objects that were related, whatever newer versions there are."""

PERMISSIONS = (
    *("_lock", "_write_object_content", "_read_object_content", "_write_object_sysmeta", "_read_object_sysmeta"),
    *("_write_object_custom_metadata", "_read_object_custom_metadata", "_version", "_delete_object", "_browse"),
    *("_create_folder", "_delete_folder", "_create_inside_folder", "_edit_folder", "_browse_folder", "_move"),
    *("_set_acl", "_query_custom_table", "_execute_query", "_add_child_relation", "_remove_child_relation"),
    *("_add_parent_relation", "_remove_parent_relation", "_change_lifecycle_state"),
)
#: What everybody may do with what has the default ACL; owners may do everything with theirs.
_FOR_USERS = frozenset(
    {"_browse", "_browse_folder", "_create_folder", "_create_inside_folder", "_read_object_content"}
    | {"_read_object_sysmeta", "_read_object_custom_metadata", "_add_parent_relation", "_add_child_relation"}
)
_OBJECT_TYPES = (
    *(DEFAULT_TYPE, "_rendition", "_config", "_search", "_cart", "_supporting_document", "document", "image"),
    *("scene", "movie", "_translation_task", "_task"),
)
_METASET_TYPES = (
    *("search", "cart", "translation_extension", RENDER_INPUT, RENDER_OUTPUT, "test", "tika", "task_definition"),
    *("transition", "workflow_template", "log", "notification", "thumbnail"),
)
#: Relations by what they protect: the left object may not be deleted while there is one, or the right.
_RELATION_TYPES: Mapping[str, tuple[str, ...]] = {
    "child_content": ("rightobjectprotected", "cloneOnLeftCopy"),
    "child_no_content": ("rightobjectprotected", "cloneOnLeftCopy"),
    "rendition": ("leftobjectprotected",),
    "translation_source": ("leftobjectprotected",),
    "translation_root": ("leftobjectprotected",),
    RENDERED: (),
}
_LANGUAGES = ("mul", UNDETERMINED, "zxx", "de_DE", "en_GB", "en_US", "es_ES", "fr_FR", "it_IT", "ja_JP", "zh_CN")
_UI_LANGUAGES = (UNDETERMINED, "de", "en")
#: Name, extension, content type.
_FORMATS = (
    *(("xml", "xml", "application/xml"), ("pdf", "pdf", "application/pdf"), ("jpeg", "jpg", "image/jpeg")),
    *(("png", "png", "image/png"), ("gif", "gif", "image/gif"), ("eps", "eps", "application/postscript")),
    *(("tiff", "tif", "image/tiff"), ("txt", "txt", "text/plain"), ("html", "html", "text/html")),
    *(("odt", "odt", "application/vnd.oasis.opendocument.text"), ("doc", "doc", "application/msword")),
    *(("fm", "fm", "application/vnd.framemaker"), ("clp", "clp", "application/octet-stream")),
    *(("dtd", "dtd", "application/xml-dtd"), ("css", "css", "text/css"), ("zip", "zip", "application/zip")),
    *(("xsd", "xsd", "application/xml"), ("csv", "csv", "text/csv"), ("cdr", "cdr", "application/octet-stream")),
    *(("dita", "dita", "application/xml"), ("blend", "blend", "application/x-blender")),
    *(("hip", "hip", "application/octet-stream"), ("ma", "ma", "application/octet-stream")),
    *(("mb", "mb", "application/octet-stream"), ("project", "project", "application/octet-stream")),
    *(("usd", "usd", "application/octet-stream"), ("exr", "exr", "image/x-exr"), ("mp4", "mp4", "video/mp4")),
    *(("hdr", "hdr", "image/vnd.radiance"), ("webp", "webp", "image/webp"), ("json", "json", "application/json")),
)
NOP_STATE = "NopState"
_EMPTY_CONFIG = "<config />"


class Names:
    """What the two profiles call the same things; the first is this product's, the other older servers'."""

    LIFECYCLE: Mapping[str, str] = {SEED: "_RenderTaskLC", CLASSIC: "_RenderServerLC"}
    OBJECT_TYPE: Mapping[str, str] = {SEED: "render_task", CLASSIC: "_render_task"}
    NEW: Mapping[str, str] = {SEED: "new", CLASSIC: "newRenderTask"}
    RENDERING: Mapping[str, str] = {SEED: "rendering", CLASSIC: "executeRenderTask"}
    FINISHED: Mapping[str, str] = {SEED: "finished", CLASSIC: "finishedRenderTask"}
    FAILED: Mapping[str, str] = {SEED: "failed", CLASSIC: "failedRenderTask"}
    STATES = (NEW, RENDERING, FINISHED, FAILED)
    ALL = (LIFECYCLE, OBJECT_TYPE, *STATES)


#: What the farm itself goes by: it cannot be removed, and a group or an ACL not renamed.
LASTING: Mapping[Kind, frozenset[str]] = {
    Kind.PERMISSION: frozenset(PERMISSIONS),
    Kind.GROUP: frozenset({SUPERUSERS, USERS, EVERYONE, OWNER}),
    Kind.ACL: frozenset({DEFAULT_ACL}),
    Kind.OBJECT_TYPE: frozenset({DEFAULT_TYPE, *Names.OBJECT_TYPE.values()}),
    Kind.FOLDER_TYPE: frozenset({DEFAULT_FOLDER_TYPE}),
    Kind.METASET_TYPE: frozenset({RENDER_INPUT, RENDER_OUTPUT}),
    Kind.RELATION_TYPE: frozenset({RENDERED}),
}

DEFAULT_REPOSITORY = "farm"
"""The repository that every farm has."""


def ensure_repository(connection: Connection) -> None:
    """Give a farm the repository that each has."""
    if repository_named(connection, DEFAULT_REPOSITORY) is None:
        create_repository(connection, DEFAULT_REPOSITORY)


def create_repository(
    connection: Connection,
    name: str,
    *,
    profile: str = SEED,
    categories: tuple[str, ...] = (),
    session_seconds: float = 3600.0,
) -> int:
    """Make a repository with its default data; its id. The name must be free."""
    row: dict[str, Any] = {"name": name, "profile": profile, "categories": list(categories)}
    row |= {"session_seconds": session_seconds, "serves": None, "programs": {}, "revision": uuid.uuid4().hex}
    made = int(connection.execute(insert(repositories).values(row)).inserted_primary_key[0])  # type: ignore[index]

    def add(kind: Kind, term: str, **details: Any) -> int:
        return changes.add_term(connection, made, kind, term, details=details)

    for each in PERMISSIONS:
        add(Kind.PERMISSION, each)
    for each in _OBJECT_TYPES:
        add(Kind.OBJECT_TYPE, each)
    add(Kind.OBJECT_TYPE, Names.OBJECT_TYPE[profile])
    for each in _METASET_TYPES:
        add(Kind.METASET_TYPE, each)
    for each, flags in _RELATION_TYPES.items():
        add(Kind.RELATION_TYPE, each, **{flag: flag in flags for flag in RELATION_FLAGS}, **_RESOLVERS)
    for each in _LANGUAGES:
        add(Kind.LANGUAGE, each)
    for each in _UI_LANGUAGES:
        add(Kind.UI_LANGUAGE, each)
    for each, extension, content_type in _FORMATS:
        add(Kind.FORMAT, each, extension=extension, contenttype=content_type)
    folder_type = add(Kind.FOLDER_TYPE, DEFAULT_FOLDER_TYPE)
    acl = _access(connection, made)
    _render_lifecycle(connection, made, profile)
    _folders(connection, made, acl, folder_type)
    return made


_RESOLVERS = {"left_resolver": RESOLVER, "right_resolver": RESOLVER}


def _access(connection: Connection, repository_id: int) -> int:
    groups = {
        name: changes.add_term(connection, repository_id, Kind.GROUP, name, details={"is_user": False, "parent": None})
        for name in (SUPERUSERS, USERS, EVERYONE, OWNER)
    }
    acl = changes.add_term(connection, repository_id, Kind.ACL, DEFAULT_ACL)
    allowed = {SUPERUSERS: frozenset(PERMISSIONS), USERS: _FOR_USERS, OWNER: frozenset(PERMISSIONS)}
    for name, permissions in allowed.items():
        changes.put_entry(connection, repository_id, acl, groups[name], permissions)
    return acl


def _render_lifecycle(connection: Connection, repository_id: int, profile: str) -> None:
    lifecycle = changes.add_lifecycle(connection, repository_id, Names.LIFECYCLE[profile])
    made = [
        changes.add_state(connection, repository_id, lifecycle, names[profile], NOP_STATE, _EMPTY_CONFIG)
        for names in Names.STATES
    ]
    for state in made:
        changes.set_copy_state(connection, repository_id, state, made[0])
    changes.set_default_state(connection, repository_id, lifecycle, made[0])


def _folders(connection: Connection, repository_id: int, acl: int, folder_type: int) -> None:
    parent: int | None = None
    common = {"repository_id": repository_id, "owner_id": 0, "acl_id": acl, "type_id": folder_type}
    for name in ("root", "system", "transient", "render_tasks"):
        made = connection.execute(insert(folders).values(name=name, parent_id=parent, **common))
        parent = int(made.inserted_primary_key[0])  # type: ignore[index]
