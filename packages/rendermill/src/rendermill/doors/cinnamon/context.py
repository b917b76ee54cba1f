"""What commands work with: the repository within one transaction, who asks, and what they sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from lxml import etree

from rendermill.doors.cinnamon import show
from rendermill.doors.cinnamon.access import BROWSE, Access
from rendermill.doors.cinnamon.codes import BAD_IDS, BAD_METADATA, no_object, no_parent, refusal
from rendermill.doors.cinnamon.form import Form, is_plain
from rendermill.farm.model.errors import BadInputError, CinnamonError
from rendermill.farm.model.identity import Account
from rendermill.farm.ports.accounts import Accounts
from rendermill.safe_xml import parse_xml
from rendermill.store.cinnamon import folders, objects, people
from rendermill.store.cinnamon.catalogue import Catalogue
from rendermill.store.cinnamon.people import RENDER_SERVER
from rendermill.store.cinnamon.records import Content, Folder, Item, Session
from rendermill.store.desk import Connection

MAX_DEPTH = 200
"""Elements of XML within each other: most parsers take 256, and answers have some around what was sent."""
MAX_TAGS = 200_000
"""Tags of an XML text: a tree takes hundreds of bytes for each, whatever its four letters are."""
_is_deep = etree.XPath("boolean(" + "/*" * (MAX_DEPTH + 1) + ")")
_NO_METAS: Mapping[int, str] = {}


@dataclass(frozen=True, slots=True)
class Download:
    """An answer that is a file."""

    path: Path
    name: str
    content_type: str


Answer = str | Download


@dataclass(frozen=True, slots=True)
class Prepared:
    """What was done of a command before its transaction began: heavy work for which nobody should wait."""

    content: Content | None = None
    """The file that was sent, now in the blob store."""
    xml: dict[str, etree._Element | CinnamonError] = field(default_factory=dict)
    """Fields that are XML, parsed, or why they are none."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What commands need of the farm beside their transaction."""

    accounts: Accounts
    blob_path: Callable[[str], Path]


class Within(Protocol):
    """A repository within a transaction."""

    @property
    def connection(self) -> Connection:
        """The transaction's connection."""

    @property
    def catalogue(self) -> Catalogue:
        """The repository's terms, groups, ACLs and lifecycles."""

    @property
    def touched(self) -> set[int]:
        """Objects that were changed."""


@dataclass
class Call:
    """A command that is let in, within its transaction."""

    connection: Connection
    catalogue: Catalogue
    user: Account
    session: Session
    form: Form
    prepared: Prepared
    tools: Tools
    now: float
    """Seconds since the epoch."""
    before: Any = None
    """What the command did first, before this transaction."""
    touched: set[int] = field(default_factory=set)
    """Objects about which the RenderServer should hear once this is committed."""
    orphaned_jobs: list[int] = field(default_factory=list)
    """Jobs whose render task is gone, to be cancelled."""

    def __post_init__(self) -> None:
        self.access = Access(self.catalogue, self.user)

    @property
    def repository_id(self) -> int:
        """The repository's id."""
        return self.catalogue.repository.id

    @property
    def time(self) -> str:
        """Now, as Cinnamon writes times."""
        return local_time(self.now)

    # --- what the form names -----------------------------------------------------------------------------------

    def item(self, name: str = "id", *, permission: str | None = None, key: str | None = None) -> Item:
        """The object that a field names. Raises :class:`CinnamonError` where it is not there or the caller may not."""
        return self.object(self.form.id(name, key), permission)

    def object(self, object_id: int, permission: str | None = None) -> Item:
        """The object of an id; as :meth:`item`."""
        found = objects.item(self.connection, self.repository_id, object_id)
        if found is None:
            raise no_object(object_id)
        if permission is not None:
            self.access.need(permission, found)
        return found

    def folder(self, name: str, key: str, missing: str, permission: str | None = None) -> Folder:
        """The folder that a field names, 0 being the root.

        Raises CinnamonError with ``key`` for what is no number, with ``missing`` where there is no such folder.
        """
        number = self.form.id(name, key)
        found = folders.folder(self.connection, self.repository_id, number)
        if found is None:
            raise refusal(missing, "there is no such folder", where=f"{name} {number}")
        if permission is not None:
            self.access.need(permission, found)
        return found

    def parent(self) -> Folder:
        """The folder ``parentid`` that something is to be put into; rights are not looked at."""
        if not self.form.text("parentid").strip():
            raise no_parent("none")
        return self.folder("parentid", "error.param.parent_id", "error.parent_folder.not_found")

    def xml(self, name: str, key: str = BAD_METADATA) -> etree._Element:
        """A field as XML. Raises :class:`CinnamonError`."""
        found = self.prepared.xml.get(name)
        if found is None:
            found = parsed(self.form, name, key)
        if isinstance(found, CinnamonError):
            raise found
        return found

    def ids(self) -> list[int]:
        """The ids that the field ``ids`` lists, in order, each once; what is none is left out.

        Once, because a text full of one id would make an answer of a thousand times its size.
        """
        texts = [(element.text or "").strip() for element in self.xml("ids", BAD_IDS).iterfind("id")]
        return list(dict.fromkeys(int(text) for text in texts if is_plain(text)))

    def add(self, folder: Folder, values: Mapping[str, Any]) -> int:
        """Add an object to a folder: the caller's, with the folder's ACL unless ``values`` have another."""
        return objects.add_item(
            self.connection,
            self.repository_id,
            **{
                "version": "1",
                "acl_id": folder.acl_id,
                "created": self.time,
                "owner_id": self.user.id,
                "creator_id": self.user.id,
                "parent_id": folder.id,
                **self.modified(),
                **values,
            },
        )

    # --- locks -------------------------------------------------------------------------------------------------

    def holds_lock(self, item: Item) -> bool:
        """Whether the caller holds an object's lock.

        A program that works on a render task for its owner may lock it although the RenderServer has; see ``lock``.
        """
        return item.locker_id == self.user.id

    def need_lock(self, item: Item, doing: str) -> None:
        """Pass if the caller holds the lock. Raises :class:`CinnamonError`."""
        if not self.holds_lock(item):
            what = f"Object {item.id} must be locked by session user for {doing}."
            raise refusal(what, what, where=f"object {item.id}", remedy="lock it first")

    def may_take_lock(self, item: Item) -> bool:
        """Whether the caller may lock an object: nobody has, or they have, or the RenderServer has for them."""
        lent = item.locker_id == RENDER_SERVER.id and self.session.task_id == item.id
        return item.locker_id in (None, self.user.id) or lent

    # --- answers -----------------------------------------------------------------------------------------------

    def show_items(self, found: Sequence[Item], metas: Mapping[int, str] = _NO_METAS) -> str:
        """Objects, one ``<object>`` after the other; ``metas`` are the metasets that are shown with them."""
        names = people.people(self.connection, show.people_of(found))
        summary = self.form.flag("include_summary")
        shown = (
            show.item(self.catalogue, names, each, meta=metas.get(each.id, "-"), summary=summary) for each in found
        )
        return "".join(shown)

    def show_folders(self, found: Sequence[Folder], metas: Mapping[int, str] = _NO_METAS) -> str:
        """Folders, one ``<folder>`` after the other."""
        names = people.people(self.connection, [each.owner_id for each in found])
        parents = folders.parents_among(self.connection, [each.id for each in found])
        summary = self.form.flag("include_summary")
        shown = (
            show.folder(self.catalogue, names, each, parents, meta=metas.get(each.id, "-"), summary=summary)
            for each in found
        )
        return "".join(shown)

    def browsable(self, found: Sequence[Item]) -> list[Item]:
        """Those of the objects that the caller may see."""
        return [each for each in found if self.access.allows(BROWSE, each)]

    def modified(self) -> dict[str, Any]:
        """The columns that say who changed an object, and when."""
        return {"modifier_id": self.user.id, "modified": self.time}


def parsed(form: Form, name: str, key: str) -> etree._Element | CinnamonError:
    """A field as XML, or why it is none."""
    try:
        text = form.text(name)
        if text.count("<") > MAX_TAGS:
            return refusal(key, f"it has over {MAX_TAGS} tags", where=name)
        root = parse_xml(text)
    except CinnamonError as error:
        return error
    except BadInputError as error:
        return refusal(key, error.what, where=name, remedy=error.remedy)
    return refusal(key, f"it is over {MAX_DEPTH} elements deep", where=name) if _is_deep(root) else root


def local_time(now: float) -> str:
    """A time as Cinnamon writes it: local, without zone and fraction."""
    return datetime.fromtimestamp(now).isoformat(timespec="seconds")
