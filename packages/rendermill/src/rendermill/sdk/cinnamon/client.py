"""Commands of a Cinnamon server as Python calls.

Every call raises :class:`UnreachableError` if the server does not answer, and :class:`CinnamonError` with the server's
code in ``key`` if it refuses.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from lxml import etree

from rendermill.farm.model.errors import CinnamonError
from rendermill.safe_xml import UNFIT
from rendermill.sdk.cinnamon.values import (
    Folder,
    Lifecycle,
    Object,
    State,
    folder_of,
    lifecycle_of,
    number_in,
    object_of,
    state_of,
)
from rendermill.sdk.cinnamon.wire import SESSION_NOT_FOUND, Wire

T = TypeVar("T")
_LOST = frozenset({SESSION_NOT_FOUND, "error.session.invalid", "error.session.expired"})
_PAGE = 100
_MACHINE = "rendermill"
RENDER_INPUT, RENDER_OUTPUT = "render_input", "render_output"


class Cinnamon:
    """A session at a Cinnamon server. It is for one thread: give others a :meth:`fork`.

    ``url`` is the server's, ``http://HOST:PORT/cinnamon/cinnamon``; without a path that one is taken. The session
    begins with the first command. If the server has forgotten it, there is a new one, and the command is sent again.
    """

    def __init__(self, url: str, repository: str, user: str, password: str) -> None:
        self._wire = Wire(url)
        self.ticket = ""
        self.repository = repository
        self._user: tuple[str, str] | None = (user, password)
        self._is_rendermill: bool | None = None

    @classmethod
    def with_ticket(cls, url: str, ticket: str) -> Self:
        """A session that somebody else began. When it ends it cannot be begun anew."""
        made = cls(url, ticket.partition("@")[2], "", "")
        made.ticket, made._user = ticket, None
        return made

    @property
    def url(self) -> str:
        """The server's address."""
        return self._wire.url

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _value: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Disconnect, if the server can be reached, and close the connections."""
        with contextlib.suppress(Exception):
            self.disconnect()
        self._wire.close()

    # --- sessions ------------------------------------------------------------------------------------------------

    def connect(self) -> str:
        """Begin a session; its ticket. Raises :class:`CinnamonError` if the user is not let in."""
        if self._user is None:
            raise CinnamonError("the session has ended", where=self.url, key="error.session.expired")
        user, password = self._user
        fields = {"repository": self.repository, "user": user, "pwd": password, "machine": _MACHINE}
        self.ticket = self._ticket_in(self._wire.send("connect", "", fields), "ticket")
        return self.ticket

    def disconnect(self) -> None:
        """End the session, if there is one."""
        if self.ticket:
            ticket, self.ticket = self.ticket, ""
            self._wire.send("disconnect", ticket, {})

    def fork(self) -> Cinnamon:
        """Another session of the same user, for another thread."""
        ticket = self._ticket_in(self.send("forksession"), "ticket")
        return self._another(ticket, self._user)

    def sudo(self, user_id: int) -> Cinnamon:
        """A session as another user; the server says who may act as whom."""
        return self._another(self._ticket_in(self.send("sudo", user_id=user_id), "."), None)

    def is_rendermill(self) -> bool:
        """Whether the server has what only Rendermill's has: ``appendmessage``, ``expected_state_id``."""
        if self._is_rendermill is None:
            try:
                self.send("appendmessage")
            except CinnamonError as error:
                # It misses the id; a server of another kind does not know the command, each in its own words.
                self._is_rendermill = error.key == "error.param.id"
        return bool(self._is_rendermill)

    def _another(self, ticket: str, user: tuple[str, str] | None) -> Cinnamon:
        made = Cinnamon.with_ticket(self.url, ticket)
        made._user, made._is_rendermill = user, self._is_rendermill
        return made

    @staticmethod
    def _ticket_in(root: etree._Element, path: str) -> str:
        return (root.findtext(path) or "").strip()

    def send(self, command: str, *, file: Path | None = None, **fields: object) -> etree._Element:
        """Send a command; the root of its answer. Fields that are None are left out."""
        given = _texts(fields)
        return self._in_session(lambda: self._wire.send(command, self.ticket, given, file))

    def _in_session(self, call: Callable[[], T]) -> T:
        if not self.ticket:
            self.connect()
        try:
            return call()
        except CinnamonError as error:
            if error.key not in _LOST or self._user is None:
                raise
        self.connect()
        return call()

    # --- objects -------------------------------------------------------------------------------------------------

    def get_object(self, object_id: int) -> Object:
        """An object."""
        return _only(self.send("getobject", id=object_id), object_of)

    def create(
        self,
        name: str,
        parent_id: int,
        *,
        metadata: str | None = None,
        object_type: str | None = None,
        file: Path | None = None,
        file_format: str | None = None,
    ) -> int:
        """Make an object in a folder, 0 being the root; its id. ``file`` is its content."""
        fields = {"name": name, "parentid": parent_id, "metadata": metadata, "objtype": object_type}
        return number_in(self.send("create", file=file, **fields, format=file_format), ".")

    def delete(self, object_id: int) -> None:
        """Remove an object."""
        self.send("delete", id=object_id)

    def set_sysmeta(self, object_id: int, parameter: str, value: object) -> None:
        """Change a field of an object: ``name``, ``procstate``, ``objtype`` and so on. Needs the lock."""
        self.send("setsysmeta", id=object_id, parameter=parameter, value=value)

    def lock(self, object_id: int) -> None:
        """Lock an object; what one has locked already stays so. A lock is the user's, not the session's."""
        self.send("lock", id=object_id)

    def unlock(self, object_id: int) -> None:
        """Unlock an object."""
        self.send("unlock", id=object_id)

    @contextlib.contextmanager
    def locked(self, object_id: int) -> Iterator[None]:
        """Hold the lock of an object; if this user held it before, they still do afterwards."""
        before = self.get_object(object_id).locked_by
        self.lock(object_id)
        # It may also have been lent by the RenderServer that works on it, which gets it back.
        was_held = before is not None and before == self.get_object(object_id).locked_by
        try:
            yield
        finally:
            if not was_held:
                self.unlock(object_id)

    def create_relation(self, name: str, left_id: int, right_id: int) -> int:
        """Relate two objects; the relation's id."""
        found = self.send("createrelation", name=name, leftid=left_id, rightid=right_id)
        return number_in(found, "relation/id")

    def search_objects(self, query: str) -> Iterator[Object]:
        """The objects that a query (Lucene's, as XML) finds, by id; a page at a time, as they are taken."""
        page = seen = 0
        while True:
            page += 1
            found = self.send("searchobjects", query=query, page_size=_PAGE, page=page)
            elements = found.findall("object")
            yield from (object_of(each) for each in elements)
            seen += len(elements)
            if not elements or seen >= int(found.get("total-results") or 0):
                return

    # --- folders -------------------------------------------------------------------------------------------------

    def get_folder_by_path(self, path: str, *, make: bool = False) -> Folder:
        """The folder at a path such as ``/system/transient``; ``make`` makes what is missing of it."""
        found = self.send("getfolderbypath", path=path, autocreate="true" if make else None).findall("folder")
        if not found:
            raise CinnamonError("there is no such folder, or none that you may see", where=path)
        return folder_of(found[-1])

    def create_folder(self, name: str, parent_id: int, owner_id: int) -> Folder:
        """Make a folder. Older servers want to be told an owner, and take the caller."""
        return _only(self.send("createfolder", name=name, parentid=parent_id, ownerid=owner_id), folder_of)

    # --- contents ------------------------------------------------------------------------------------------------

    def get_content(self, object_id: int, target: Path) -> None:
        """Put an object's content to a file, which is there only once it is whole."""
        fields = _texts({"id": object_id})
        self._in_session(lambda: self._wire.fetch("getcontent", self.ticket, fields, target))

    def set_content(self, object_id: int, file: Path, file_format: str) -> None:
        """Give an object another content, in a format that the repository knows. Needs the lock."""
        self.send("setcontent", file=file, id=object_id, format=file_format)

    # --- metadata ------------------------------------------------------------------------------------------------

    def get_meta(self, object_id: int) -> etree._Element:
        """The metadata of an object: ``<meta>`` with its metasets."""
        return self.send("getmeta", id=object_id)

    def set_meta(self, object_id: int, metadata: str | etree._Element) -> None:
        """Replace all metadata of an object; metasets that are not in it are gone. Needs the lock."""
        self.send("setmeta", id=object_id, metadata=_xml(metadata))

    def get_metaset(self, object_id: int, type_name: str) -> etree._Element:
        """A metaset of an object, empty where it has none of that type."""
        return self.send("getmetaset", id=object_id, class_name="OSD", type_name=type_name)

    def set_metaset(self, object_id: int, type_name: str, content: str | etree._Element) -> None:
        """Give an object a metaset of a type, ``<metaset>`` with what is to be in it. Needs the lock."""
        self.send("setmetaset", id=object_id, class_name="OSD", type_name=type_name, content=_xml(content))

    # --- lifecycles ----------------------------------------------------------------------------------------------

    def get_lifecycle(self, *, name: str | None = None, lifecycle_id: int | None = None) -> Lifecycle:
        """A lifecycle, by its name or its id."""
        return _only(self.send("getlifecycle", name=name, id=lifecycle_id), lifecycle_of)

    def get_lifecycle_state(self, state_id: int) -> State:
        """A state, by its id."""
        return _only(self.send("getlifecyclestate", id=state_id), state_of)

    def attach_lifecycle(self, object_id: int, lifecycle_id: int, state_id: int | None = None) -> None:
        """Put an object into a lifecycle, into its default state if none is named. Needs the lock."""
        self.send("attachlifecycle", id=object_id, lifecycle_id=lifecycle_id, lifecycle_state_id=state_id)

    def change_state(
        self, object_id: int, *, name: str | None = None, state_id: int | None = None, expected: int | None = None
    ) -> None:
        """Move an object to another state of its lifecycle, by name or id. Needs the lock.

        With ``expected``, the id of the state that it must be in, a Rendermill server refuses if another was faster;
        other servers do not look at it.
        """
        self.send("changestate", id=object_id, state_name=name, lifecycle_state_id=state_id, expected_state_id=expected)

    # --- render tasks --------------------------------------------------------------------------------------------

    def start_render_task(self, metadata: str, *, name: str | None = None, parent_id: int = 0) -> int:
        """Make a render task in a folder, 0 being the root; its id."""
        found = self.send("startrendertask", name=name, parentid=parent_id, metadata=metadata)
        return number_in(found, "taskObjectId")

    def append_message(self, object_id: int, text: str, level: str = "info") -> None:
        """Add a message to a render task: ``debug``, ``info``, ``warning`` or ``error``.

        Servers that cannot add one themselves are sent the metaset anew, under the lock.
        """
        text = UNFIT.sub("\N{REPLACEMENT CHARACTER}", text)
        if self.is_rendermill():
            self.send("appendmessage", id=object_id, message=text, level=level)
            return
        with self.locked(object_id):
            metaset = self.get_metaset(object_id, RENDER_OUTPUT)
            listed = metaset.find("messages")
            if listed is None:
                listed = etree.SubElement(metaset, "messages")
            moment = datetime.now().isoformat(timespec="seconds")
            message = etree.SubElement(listed, "message", timestamp=moment, level=level)
            message.text = text
            self.set_metaset(object_id, RENDER_OUTPUT, metaset)


def _texts(fields: dict[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in fields.items() if value is not None}


def _xml(given: str | etree._Element) -> str:
    return given if isinstance(given, str) else etree.tostring(given, encoding="unicode", with_tail=False)


def _only(root: etree._Element, read: Callable[[etree._Element], T]) -> T:
    """The one thing that an answer has."""
    element = next(root.iterchildren("*"), None)
    if element is None:
        raise CinnamonError("its answer is empty", where=str(root.tag))
    return read(element)
