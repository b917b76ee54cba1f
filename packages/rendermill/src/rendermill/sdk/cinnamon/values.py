"""What a Cinnamon server tells, as plain values."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from rendermill.farm.model.errors import CinnamonError


@dataclass(frozen=True, slots=True)
class User:
    """A user."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder; ``parent_id`` is None for the root."""

    id: int
    name: str
    parent_id: int | None


@dataclass(frozen=True, slots=True)
class State:
    """A state of a lifecycle; ``name`` is the one that it is stored under, whatever the language."""

    id: int
    name: str
    lifecycle_id: int | None


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """A lifecycle."""

    id: int
    name: str
    default: State | None
    states: tuple[State, ...]


@dataclass(frozen=True, slots=True)
class Format:
    """A format of contents; ``extension`` has no dot."""

    id: int
    name: str
    extension: str


@dataclass(frozen=True, slots=True)
class Object:
    """An object. ``modified`` is the server's local time; ``content_size`` is None where it has no content."""

    id: int
    name: str
    version: str
    modified: str
    type_name: str
    owner: User
    locked_by: User | None
    format: Format | None
    content_size: int | None
    parent_id: int
    state_id: int | None

    @property
    def file_name(self) -> str:
        """A name for a file with the content: the object's, on one level, with the format's extension."""
        plain = "".join(letter if letter.isprintable() and letter not in "/\\" else "_" for letter in self.name)
        plain = plain.lstrip(".") or f"object{self.id}"
        extension = f".{self.format.extension}" if self.format is not None and self.format.extension else ""
        return plain if plain.lower().endswith(extension.lower()) else plain + extension


def object_of(element: etree._Element) -> Object:
    """An object of its element."""
    owner = user_of(element.find("owner"))
    if owner is None:
        raise _strange("object", "owner")
    size = _text(element, "contentsize")
    return Object(
        id=number_in(element, "id"),
        name=_text(element, "name"),
        version=_text(element, "version"),
        modified=_text(element, "modified"),
        type_name=_named(element, "objectType/"),
        owner=owner,
        locked_by=user_of(element.find("lockedBy")),
        format=_format_of(element.find("format")),
        content_size=int(size) if size.isascii() and size.isdecimal() else None,
        parent_id=number_in(element, "parentId"),
        state_id=_number_or_none(element, "lifeCycleState"),
    )


def user_of(element: etree._Element | None) -> User | None:
    """A user of the element that stands for one; None where it is empty."""
    if element is None or element.find("id") is None:
        return None
    return User(number_in(element, "id"), _text(element, "name"))


def folder_of(element: etree._Element) -> Folder:
    """A folder of its element."""
    return Folder(number_in(element, "id"), _text(element, "name"), _number_or_none(element, "parentId"))


def state_of(element: etree._Element) -> State:
    """A state of its element."""
    return State(number_in(element, "id"), _named(element), _number_or_none(element, "lifeCycle"))


def lifecycle_of(element: etree._Element) -> Lifecycle:
    """A lifecycle of its element."""
    default = element.find("defaultState/lifecycleState")
    return Lifecycle(
        id=number_in(element, "id"),
        name=_named(element),
        default=None if default is None else state_of(default),
        states=tuple(state_of(each) for each in element.iterfind("states/lifecycleState")),
    )


def _format_of(element: etree._Element | None) -> Format | None:
    if element is None or element.find("id") is None:
        return None
    return Format(number_in(element, "id"), _named(element), _text(element, "extension"))


def number_in(element: etree._Element, path: str) -> int:
    """A number below an element. Raises :class:`CinnamonError` if there is none."""
    found = _number_or_none(element, path)
    if found is None:
        raise _strange(str(element.tag), path)
    return found


def _number_or_none(element: etree._Element, path: str) -> int | None:
    text = _text(element, path)
    return int(text) if text.isascii() and text.isdecimal() else None


def _text(element: etree._Element, path: str) -> str:
    return (element.findtext(path) or "").strip()


def _named(element: etree._Element, within: str = "") -> str:
    """The name that something is stored under, whatever the language, where the server tells it."""
    return _text(element, f"{within}sysName") or _text(element, f"{within}name")


def _strange(element: str, path: str) -> CinnamonError:
    return CinnamonError(f"its answer has no {path}", where=element)
