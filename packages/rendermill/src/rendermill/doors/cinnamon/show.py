"""How things of a repository are shown, as XML. The order of children is Cinnamon's: clients rely on it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from rendermill.doors.cinnamon.xml_text import box, el
from rendermill.farm.model.identity import Account
from rendermill.store.cinnamon.catalogue import Catalogue
from rendermill.store.cinnamon.records import (
    RELATION_FLAGS,
    Entry,
    Folder,
    Item,
    Kind,
    Lifecycle,
    Metaset,
    Relation,
    State,
    Term,
    unique,
)
from rendermill.store.cinnamon.seed import SUPERUSERS, UNDETERMINED

People = Mapping[int, Account]


# --- users -------------------------------------------------------------------------------------------------------


def user_children(catalogue: Catalogue, user: Account) -> str:
    """A user without the element around; it stands for the user in ``owner``, ``lockedBy`` and so on."""
    key = ("user", user)
    if key not in catalogue.cache:
        catalogue.cache[key] = _user_children(catalogue, user)
    return catalogue.cache[key]


def _user_children(catalogue: Catalogue, user: Account) -> str:
    group = catalogue.named(Kind.GROUP, SUPERUSERS)
    is_superuser = user.superuser or (group is not None and group.id in catalogue.groups_of(user.id))
    language = catalogue.named(Kind.UI_LANGUAGE, UNDETERMINED)
    return "".join(
        (
            el("id", user.id),
            el("name", user.name),
            el("fullname", user.name),
            el("description", None),
            el("activated", True),
            el("isSuperuser", is_superuser),
            el("sudoer", user.sudoer),
            el("sudoable", user.sudoable),
            el("changeTracking", True),
            el("email", None),
            box("language", _language_children(language)) if language is not None else "<language/>",
            el("loginType", "CINNAMON"),
        )
    )


def users(catalogue: Catalogue, found: Iterable[Account]) -> str:
    """``<users>``"""
    return box("users", *(box("user", user_children(catalogue, user)) for user in found))


def _person(name: str, catalogue: Catalogue, people: People, number: int | None) -> str:
    """A user in an element of that name; one who was removed is told by the number alone."""
    if number is None:
        return f"<{name}/>"
    user = people.get(number)
    return box(name, user_children(catalogue, user) if user is not None else el("id", number))


# --- objects and folders -----------------------------------------------------------------------------------------


def people_of(items: Iterable[Item]) -> list[int]:
    """The numbers of the users that objects name."""
    numbers = [number for each in items for number in (each.owner_id, each.creator_id, each.modifier_id)]
    return unique([*numbers, *(each.locker_id for each in items)])


def item(catalogue: Catalogue, people: People, shown: Item, *, meta: str = "-", summary: bool = False) -> str:
    """``<object>``; ``meta`` is what stands in its metadata."""
    content = shown.stored
    return box(
        "object",
        el("id", shown.id),
        el("name", shown.name),
        el("version", shown.version),
        el("created", shown.created),
        el("modified", shown.modified),
        el("procstate", shown.procstate),
        el("aclId", shown.acl_id),
        el("appName", shown.appname),
        el("latestHead", shown.latest_head),
        el("latestBranch", shown.latest_branch),
        el("contentChanged", shown.content_changed),
        el("metadataChanged", shown.metadata_changed),
        _person("lockedBy", catalogue, people, shown.locker_id),
        _person("owner", catalogue, people, shown.owner_id),
        _person("creator", catalogue, people, shown.creator_id),
        _person("modifier", catalogue, people, shown.modifier_id),
        _within("format", catalogue, catalogue.term(Kind.FORMAT, shown.format_id)),
        _within("objectType", catalogue, catalogue.term(Kind.OBJECT_TYPE, shown.type_id)),
        el("contentsize", None if content is None else content.size),
        "" if content is None else el("contentHash", content.sha256),
        el("parentId", shown.parent_id),
        el("predecessorId", shown.predecessor_id),
        el("rootId", shown.root_id),
        _object_language(catalogue, shown),
        el("lifeCycleState", shown.state_id),
        el("summary", shown.summary) if summary else "",
        f"<meta>{meta}</meta>",
    )


def _object_language(catalogue: Catalogue, shown: Item) -> str:
    language = catalogue.term(Kind.LANGUAGE, shown.language_id)
    return "<language/>" if language is None else box("language", el("id", language.id), el("isoCode", language.name))


def folder(
    catalogue: Catalogue,
    people: People,
    shown: Folder,
    parents: Collection[int],
    *,
    meta: str = "-",
    summary: bool = False,
) -> str:
    """``<folder>``; ``parents`` are the ids of folders that have folders in them, ``meta`` stands in its metadata."""
    return box(
        "folder",
        el("id", shown.id),
        el("name", shown.name),
        _person("owner", catalogue, people, shown.owner_id),
        el("aclId", shown.acl_id),
        el("typeId", shown.type_id),
        el("parentId", shown.parent_id),
        el("hasChildren", shown.id in parents),
        el("metadataChanged", False),
        f"<meta>{meta}</meta>",
        el("summary", shown.summary) if summary else "",
    )


# --- metasets and relations --------------------------------------------------------------------------------------


def metaset(catalogue: Catalogue, shown: Metaset) -> str:
    """``<metaset>`` with its type and id."""
    term = catalogue.term(Kind.METASET_TYPE, shown.type_id)
    attributes = {"type": term.name if term is not None else shown.type_id, "id": shown.id}
    return box("metaset", shown.content, **(attributes if shown.content else {**attributes, "status": "empty"}))


def meta(catalogue: Catalogue, shown: Sequence[Metaset]) -> str:
    """``<meta>``"""
    return box("meta", metasets(catalogue, shown))


def metasets(catalogue: Catalogue, shown: Iterable[Metaset]) -> str:
    """Metasets, one ``<metaset>`` after the other."""
    return "".join(metaset(catalogue, each) for each in shown)


def relation(catalogue: Catalogue, shown: Relation, *, with_meta: bool = True) -> str:
    """``<relation>``"""
    term = catalogue.term(Kind.RELATION_TYPE, shown.type_id)
    return box(
        "relation",
        el("id", shown.id),
        el("leftId", shown.left_id),
        el("rightId", shown.right_id),
        el("type", term.name if term is not None else None),
        el("typeId", shown.type_id),
        (shown.metadata or "<meta/>") if with_meta else "",
    )


# --- the catalogue -----------------------------------------------------------------------------------------------


def _language_children(language: Term) -> str:
    return el("id", language.id) + el("sysName", language.name) + el("name", language.name)


#: The root of the list of a kind, and the element of each.
ROOTS: Mapping[Kind, tuple[str, str]] = {
    Kind.OBJECT_TYPE: ("objectTypes", "objectType"),
    Kind.FOLDER_TYPE: ("folderTypes", "folderType"),
    Kind.FORMAT: ("formats", "format"),
    Kind.PERMISSION: ("permissions", "permission"),
    Kind.ACL: ("acls", "acl"),
    Kind.METASET_TYPE: ("metasetTypes", "metasetType"),
    Kind.RELATION_TYPE: ("relationTypes", "relationType"),
    Kind.LANGUAGE: ("languages", "language"),
    Kind.UI_LANGUAGE: ("languages", "language"),
}


def terms(kind: Kind, shown: Iterable[Term]) -> str:
    """The list of a kind."""
    root, element = ROOTS[kind]
    return box(root, *(box(element, term_children(term)) for term in shown))


def term_children(term: Term) -> str:
    """A term without the element around."""
    if term.kind in (Kind.LANGUAGE, Kind.UI_LANGUAGE):
        return _language_children(term) + ("<meta/>" if term.kind is Kind.LANGUAGE else "")
    common = el("id", term.id) + el("name", term.name) + el("sysName", term.name)
    if term.kind is Kind.METASET_TYPE:
        return common + el("config", "<metaset/>") + el("description", term.description)
    common += el("description", term.description)
    if term.kind is Kind.FORMAT:
        found = term.details
        return common + el("contentType", found["contenttype"]) + el("extension", found["extension"])
    if term.kind is Kind.RELATION_TYPE:
        flags = "".join(el(flag, bool(term.details.get(flag))) for flag in RELATION_FLAGS)
        resolvers = (("leftResolver", "left_resolver"), ("rightResolver", "right_resolver"))
        return common + flags + "".join(el(name, term.details.get(key)) for name, key in resolvers)
    return common


def _within(name: str, catalogue: Catalogue, term: Term | None) -> str:
    """A term in an element of that name."""
    if term is None:
        return f"<{name}/>"
    key = (name, term.id)
    if key not in catalogue.cache:
        catalogue.cache[key] = box(name, term_children(term))
    return catalogue.cache[key]


def entries(shown: Iterable[Entry], catalogue: Catalogue) -> str:
    """``<aclEntries>``"""
    return box("aclEntries", *(_entry(entry, catalogue) for entry in shown))


def _entry(entry: Entry, catalogue: Catalogue) -> str:
    granted = (catalogue.named(Kind.PERMISSION, name) for name in sorted(entry.permissions))
    permissions = (box("permission", term_children(term)) for term in granted if term is not None)
    head = el("id", entry.id) + el("aclId", entry.acl_id) + el("groupId", entry.group_id)
    return box("aclEntry", head, box("permissions", *permissions))


def groups(catalogue: Catalogue, shown: Iterable[Term], people: People) -> str:
    """``<groups>``"""
    return box("groups", *(_group(catalogue, group, people) for group in shown))


def _group(catalogue: Catalogue, group: Term, people: People) -> str:
    below = [term for term in catalogue.all(Kind.GROUP) if term.details.get("parent") == group.id]
    numbers = sorted(catalogue.members.get(group.id, ()))
    return box(
        "group",
        el("id", group.id),
        el("name", group.name),
        el("sysName", group.name),
        el("description", group.description),
        el("is_user", bool(group.details.get("is_user"))),
        el("parent", group.details.get("parent") or "null"),
        box("subGroups", *(box("subGroup", _named(term)) for term in below)),
        box("users", *(box("user", user_children(catalogue, people[each])) for each in numbers if each in people)),
    )


def _named(term: Term) -> str:
    return el("id", term.id) + el("name", term.name) + el("sysName", term.name)


def lifecycles(shown: Iterable[Lifecycle]) -> str:
    """``<lifecycles>``"""
    return box("lifecycles", *(_lifecycle(each) for each in shown))


def _lifecycle(shown: Lifecycle) -> str:
    return box(
        "lifecycle",
        el("id", shown.id),
        el("name", shown.name),
        el("sysName", shown.name),
        box("defaultState", state(shown.default) if shown.default is not None else ""),
        box("states", *(state(each) for each in shown.states)),
    )


def state(shown: State) -> str:
    """``<lifecycleState>``"""
    return box(
        "lifecycleState",
        el("id", shown.id),
        el("name", shown.name),
        el("sysName", shown.name),
        el("stateClass", shown.state_class),
        el("parameter", shown.config),
        el("lifeCycle", shown.lifecycle_id),
        el("lifeCycleStateForCopy", shown.copy_state_id),
    )
