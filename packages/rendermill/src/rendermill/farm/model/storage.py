"""A user's storage: files by name, which blobs hold, in the areas ``input``, ``config`` and ``output``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from rendermill.farm.model.errors import BadInputError

_MAX_PATH = 1024
_MAX_NAME = 255
_SURELY_SHORT = _MAX_NAME // 4  # in characters, none of which has more bytes
_REMEDY = "Give it as folder/file, below the storage, without . and .. in it."


class Area(StrEnum):
    """A part of a user's storage."""

    INPUT = "input"
    """Scenes and what they need."""
    CONFIG = "config"
    """What describes tasks: ``{task}/cfg/task.json`` and its like."""
    OUTPUT = "output"
    """What jobs have published, one folder a job; nobody writes here."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of a storage: its path (``a/b.c``), its BLAKE3 in hex, its size in bytes, when it was put there."""

    path: str
    hash: str
    size: int
    modified: float


@dataclass(frozen=True, slots=True)
class Offer:
    """A file that a client has: where it is to lie in the storage, its BLAKE3 in hex, its size in bytes."""

    path: str
    hash: str
    size: int


_DIGITS = {1: Area.CONFIG, 2: Area.INPUT, 3: Area.OUTPUT}


def storage_number(user_id: int, area: Area) -> str:
    """The number by which clients name an area of a user's storage."""
    digit = next(digit for digit, each in _DIGITS.items() if each is area)
    return str(user_id * 10 + digit)


def parse_storage_number(text: str) -> tuple[int, Area] | None:
    """The user's number and the area that :func:`storage_number` wrote; None if it is no such number."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 12):
        return None
    area = _DIGITS.get(int(text) % 10)
    return None if area is None else (int(text) // 10, area)


def server_path(local: str) -> str:
    r"""Where the file of that name on a client's machine lies in the storage.

    Back-slashes become slashes, a drive loses its colons, slashes at the start go: ``D:\a\b.hip`` → ``D/a/b.hip``,
    ``\\srv\share\a`` → ``srv/share/a``, ``/home/u/a`` → ``home/u/a``. Raises :class:`BadInputError` for what is no name
    of a file below a folder: empty, with ``..``, control characters, or longer than file systems take.
    """
    text = local.replace("\\", "/").lstrip("/")
    if text[1:3] == ":/":
        text = text.replace(":", "")
    parts = [part for part in text.split("/") if part]
    if not parts or {".", ".."} & set(parts):
        raise BadInputError(f"{local[:200]!r} names no file of the storage", where="path", remedy=_REMEDY)
    if len(text) > _SURELY_SHORT and (len(text) > _MAX_PATH or any(_bytes(part) > _MAX_NAME for part in parts)):
        what = f"{local[:60]!r}… is too long: {_MAX_NAME} bytes a name, {_MAX_PATH} characters in all"
        raise BadInputError(what, where="path")
    path = "/".join(parts)
    if path.isprintable():
        return path
    if any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in path):
        raise BadInputError(f"{local[:200]!r} holds control characters", where="path", remedy=_REMEDY)
    if any(0xD800 <= ord(letter) < 0xE000 for letter in path):
        raise BadInputError("a file name is text; this one is not valid Unicode", where="path")
    return path


def _bytes(name: str) -> int:
    return len(name.encode(errors="surrogatepass"))
