"""What a repository holds, as records. Users are given by their numbers, things of the catalogue by their ids."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

SEED, CLASSIC = "seed", "classic"
PROFILES = (SEED, CLASSIC)
#: What a format's extension and content type look like; they become parts of file names and headers.
EXTENSION = re.compile(r"[A-Za-z0-9_+-][A-Za-z0-9._+-]{0,31}")
CONTENT_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,64}/[A-Za-z0-9!#$&^_.+-]{1,64}")


class Kind(StrEnum):
    """What a term is."""

    OBJECT_TYPE = "object_type"
    FOLDER_TYPE = "folder_type"
    FORMAT = "format"
    """Details: ``contenttype``, ``extension``."""
    PERMISSION = "permission"
    GROUP = "group"
    """Details: ``is_user``, ``parent`` (an id or None)."""
    ACL = "acl"
    METASET_TYPE = "metaset_type"
    RELATION_TYPE = "relation_type"
    """Details: the flags of :data:`RELATION_FLAGS`, ``left_resolver``, ``right_resolver``."""
    LANGUAGE = "language"
    UI_LANGUAGE = "ui_language"
    CONFIG = "config"
    """Details: ``config``, an XML text."""


class Holder(StrEnum):
    """What has metasets."""

    OBJECT = "object"
    FOLDER = "folder"


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository and how it is set up."""

    id: int
    name: str
    profile: str
    """Whose names it uses: :data:`SEED` or :data:`CLASSIC`."""
    categories: tuple[str, ...]
    session_seconds: float
    serves: tuple[str, ...] | None
    """Names of render tasks that the farm itself works on; None for all that it can."""
    programs: Mapping[str, Program]
    revision: str


@dataclass(frozen=True, slots=True)
class Program:
    """A program that works on render tasks of a name: its arguments, with places like ``__id__``, no shell."""

    command: tuple[str, ...]
    timeout: float | None = None
    """Seconds that it may take."""


@dataclass(frozen=True, slots=True)
class Term:
    """A named thing of a repository."""

    id: int
    kind: Kind
    name: str
    description: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """What an ACL lets a group do."""

    id: int
    acl_id: int
    group_id: int
    permissions: frozenset[str]


@dataclass(frozen=True, slots=True)
class State:
    """A state of a lifecycle."""

    id: int
    lifecycle_id: int
    name: str
    state_class: str
    config: str
    copy_state_id: int | None


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """A lifecycle and its states, in the order in which they were made."""

    id: int
    name: str
    default_state_id: int | None
    states: tuple[State, ...]

    @property
    def default(self) -> State | None:
        """The state in which objects begin."""
        return next((state for state in self.states if state.id == self.default_state_id), None)

    def named(self, name: str) -> State | None:
        """The state of that name."""
        return next((state for state in self.states if state.name == name), None)


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder; only the root has no parent."""

    id: int
    parent_id: int | None
    name: str
    owner_id: int
    acl_id: int
    type_id: int
    summary: str
    free_meta: str
    """Metadata without any metaset, as older clients write it: an XML text."""


@dataclass(frozen=True, slots=True)
class Content:
    """The content of an object: its blob (BLAKE3 in hex), bytes, SHA-256 in hex."""

    blob: str
    size: int
    sha256: str

    def columns(self) -> dict[str, Any]:
        """The columns of an object that is given it."""
        found = {"content": self.blob, "content_size": self.size, "content_sha256": self.sha256}
        return {**found, "content_changed": True}


@dataclass(frozen=True, slots=True)
class Item:
    """An object (in Cinnamon's word an OSD), one version of it. Times are local, ``yyyy-MM-ddTHH:mm:ss``."""

    id: int
    name: str
    version: str
    created: str
    modified: str
    procstate: str
    acl_id: int
    appname: str
    latest_head: bool
    latest_branch: bool
    content_changed: bool
    metadata_changed: bool
    locker_id: int | None
    owner_id: int
    creator_id: int
    modifier_id: int
    format_id: int | None
    type_id: int
    content: str | None
    content_size: int | None
    content_sha256: str | None
    parent_id: int
    predecessor_id: int | None
    root_id: int
    language_id: int
    state_id: int | None
    summary: str
    free_meta: str
    task_name: str | None

    @property
    def stored(self) -> Content | None:
        """Its content, if it has one."""
        if self.content is None:
            return None
        return Content(self.content, self.content_size or 0, self.content_sha256 or "")


@dataclass(frozen=True, slots=True)
class Metaset:
    """A metaset: ``content`` is what stands inside the element, as XML."""

    id: int
    type_id: int
    content: str


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation of two objects."""

    id: int
    type_id: int
    left_id: int
    right_id: int
    metadata: str


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is connected, until ``expires`` (seconds since the epoch), which each use moves by ``lifetime``."""

    repository_id: int
    user_id: int
    machine: str
    language: str
    expires: float
    lifetime: float
    task_id: int | None = None
    """The render task whose program holds the ticket: the RenderServer's lock on it counts as this session's."""


@dataclass(frozen=True, slots=True)
class Render:
    """A render task that the farm's own RenderServer has begun."""

    object_id: int
    repository_id: int
    owner_id: int
    task_name: str
    job_id: int | None
    told: int
    """The last event of the job of which messages have been written."""
    attached: int
    """How many of the job's outputs have become objects."""


#: What a relation type says of the two ends: may they be deleted, and is the relation copied with them.
RELATION_FLAGS = (
    "rightobjectprotected",
    "leftobjectprotected",
    "cloneOnLeftCopy",
    "cloneOnRightCopy",
    "cloneOnLeftVersion",
    "cloneOnRightVersion",
)


def names_program(command: Sequence[str]) -> bool:
    """Whether a command can be started: it names a program, and no argument has a NUL."""
    return bool(command and command[0]) and not any("\0" in each for each in command)


def words_of(name: str) -> str:
    """The words of a name as searches see them: in small letters, a line each, with line breaks around.

    ``Mill_010.blend one`` has ``mill``, ``010``, ``blend``, ``one``; also ``mill_010.blend``, because signs may belong
    to a word; and the whole. Cinnamon's servers differ in which of these they know.
    """
    words = plain_words(name)
    whole = " ".join(name.lower().split())
    more = dict.fromkeys((*_WITH_SIGNS.findall(whole), whole))
    return "".join(f"\n{word}" for word in (*words, *(each for each in more if each and each not in words))) + "\n"


_WITH_SIGNS = re.compile(r"\w(?:\S*\w)?")


def plain_words(text: str) -> list[str]:
    """The words of a text, in small letters: what letters and digits make together."""
    return "".join(letter if letter.isalnum() else " " for letter in text.lower()).split()


def unique(values: Sequence[int | None]) -> list[int]:
    """The numbers among the values, each once."""
    return [value for value in dict.fromkeys(values) if value is not None]
