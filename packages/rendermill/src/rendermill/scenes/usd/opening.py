"""Opening layers and packages with usd-core, which goes by the endings of names, where ours go by content."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import numpy as np
from pxr import Sdf, Tf

from rendermill.scenes.findings import DamageError, Findings
from rendermill.scenes.usd.address import LAYERS, MATERIALX, Address

T = TypeVar("T")
_DEEPEST = 1000
"""How deep braces may be nested; the parser of usd-core overruns its stack at some thousands."""
_CHUNK = 1 << 22
_LARGEST = 1 << 28
_NO_MEMORY = "std::bad_alloc"
_WHERE = re.compile(r":(\d+):\d+: ")
_RULE = re.compile(r"parse error matching .*?(?= at '|$)", re.DOTALL)
"""How usd-core's parser tells which rule of its grammar did not hold."""


class Opener:
    """Opens what lies at addresses; ``main`` is the scene's file, of whatever name, and ``format_`` its format."""

    def __init__(self, main: str, format_: str, link: str) -> None:
        self._main = main
        self._format = format_
        self._link = link
        self._members: dict[Address, list[str]] = {}

    def layer(self, address: Address) -> Any:
        """The layer there. Raises DamageError."""
        try:
            self._check_depth(address)
            if address == Address(self._main) and self._main.rpartition(".")[2].lower() not in ("usd", self._format):
                layer = Sdf.Layer.New(Sdf.FileFormat.FindById(self._format), self._main)
                layer.Import(self._main)
            else:
                layer = Sdf.Layer.FindOrOpen(self._name(address))
        except (Tf.ErrorException, UnicodeError) as error:
            what = said(error)
            if _NO_MEMORY in what:
                raise MemoryError from error
            raise DamageError(what) from error
        except OSError as error:
            raise DamageError(error.strerror or str(error)) from error
        if not layer:
            raise DamageError("USD cannot open it")
        return layer

    def data(self, address: Address) -> bytes:
        """The bytes there. Raises DamageError."""
        try:
            if address.inside:
                archive = self.archive(Address(address.file, address.inside[:-1]))
                return bytes(archive.GetFile(address.inside[-1]))
            if Path(address.file).stat().st_size > _LARGEST:
                raise DamageError(f"it is larger than {_LARGEST >> 20} MiB")
            return Path(address.file).read_bytes()
        except OSError as error:
            raise DamageError(error.strerror or str(error)) from error

    def find(self, place: Address) -> Address | None:
        """The layer or MaterialX document at a place, if there is one; that of a package is its first file."""
        if place.ending not in (*LAYERS, MATERIALX) or not _is_file(place.file):
            return None
        if place.inside and place.inside[-1] not in self.members(Address(place.file, place.inside[:-1])):
            return None
        return place if place.ending != "usdz" else self.first(place)

    def first(self, package: Address) -> Address | None:
        """The first file of a package, which is its layer; None if it has none."""
        names = self.members(package)
        return Address(package.file, (*package.inside, names[0])) if names else None

    def members(self, package: Address) -> list[str]:
        """The names of the files in a package; none if it cannot be opened."""
        if package not in self._members:
            self._members[package] = []
            with suppress(Tf.ErrorException, UnicodeError):
                archive = Sdf.ZipFile.Open(self._name(package))
                self._members[package] = list(archive.GetFileNames()) if archive else []
        return self._members[package]

    def lacks(self, package: Address, name: str) -> bool:
        """Whether a package is there, and can be read, without a file of that name."""
        return _is_file(package.file) and name not in (self.members(package) or [name])

    def archive(self, package: Address) -> Any:
        """A package that :meth:`members` could open."""
        return Sdf.ZipFile.Open(self._name(package))

    def _name(self, address: Address) -> str:
        file = self._link if self._link and address.file == self._main else address.file
        return Address(file, address.inside).text

    def _check_depth(self, address: Address) -> None:
        start, size = 0, Path(address.file).stat().st_size
        for depth, name in enumerate(address.inside):
            info = self.archive(Address(address.file, address.inside[:depth])).GetFileInfo(name)
            start, size = start + info.dataOffset, info.size  # members are stored, also packages in packages
        if _depth(address.file, start, size) > _DEEPEST:
            raise DamageError(f"it is nested more than {_DEEPEST} deep")


@contextmanager
def linked(path: Path, format_: str) -> Iterator[str]:
    """A link to a package by a name that usd-core takes for one; empty where it is not needed. Raises DamageError."""
    if format_ != "usdz" or path.suffix.lower() == ".usdz":
        yield ""
        return
    # Where no file may be written, Python finds no folder for temporary ones by itself, though links can be made.
    home = next(filter(os.path.isdir, [os.environ.get("TMPDIR", ""), "/tmp"]), None)  # noqa: S108
    with ExitStack() as ending:
        try:
            made = TemporaryDirectory(prefix="rendermill-usd-", dir=home, ignore_cleanup_errors=True)
            link = Path(ending.enter_context(made)) / "package.usdz"
            link.symlink_to(path)
        except OSError as error:
            raise DamageError(f"it is a package, but is not named .usdz, and no link can be made: {error}") from error
        yield str(link)


def _depth(file: str, start: int, size: int) -> int:
    """How deep brackets are nested in a text layer; 0 for others. Those in strings count, which is good enough."""
    if size == 0:
        return 0
    data = np.memmap(file, dtype=np.uint8, mode="r")[start : start + size]
    if not data[:64].tobytes().removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"#usda"):
        return 0
    steps = np.zeros(256, dtype=np.int32)
    steps[list(b"({[")] = 1
    steps[list(b")}]")] = -1
    now = deepest = 0
    for position in range(0, len(data), _CHUNK):
        depths = np.cumsum(steps[data[position : position + _CHUNK]])
        deepest = max(deepest, now + int(depths.max()))
        now += int(depths[-1])
    return deepest


def _is_file(path: str) -> bool:
    try:
        return path.startswith("/") and Path(path).is_file()
    except (OSError, ValueError):  # too long a name, a NUL in it
        return False


def told(look: Callable[[Any], T], layer: Any, otherwise: T, found: Findings) -> T:
    """What a layer tells of itself; of one that is too damaged to, ``otherwise``, and the damage is noted."""
    try:
        return look(layer)
    except (Tf.ErrorException, UnicodeDecodeError) as error:
        found.damaged(f"USD cannot read what it tells of itself: {said(error)}")
        return otherwise


def said(error: Tf.ErrorException | UnicodeError) -> str:
    """What usd-core says of a file that it cannot open, without its own places."""
    try:
        texts = [str(each.commentary) for each in error.args] if isinstance(error, Tf.ErrorException) else []
    except UnicodeDecodeError:
        return "its text is not UTF-8"
    # Of the errors that one fault makes, some tell where it is.
    text = next(filter(_WHERE.search, texts), texts[0] if texts else str(error))
    where = _WHERE.search(text)
    text = f"line {where[1]}: {text[where.end() :]}" if where else text
    return " ".join(_RULE.sub("it cannot be parsed", text).split())[:300]
