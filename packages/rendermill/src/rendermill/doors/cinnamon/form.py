"""The body of a command: fields and one file, urlencoded or multipart.

Fields are bounded and held in memory; a file goes to the blob store piece by piece, and becomes a blob only once the
command is let in.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote_to_bytes

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser

from rendermill.doors.cinnamon.codes import bad_param, refusal
from rendermill.farm.model.errors import MalformedRequestError
from rendermill.farm.ports.blobs import Blobs, BlobSink
from rendermill.safe_xml import UNFIT

MAX_FIELDS = 8 * 1024 * 1024
"""Bytes that all fields of a command may have together."""
MAX_STRANGERS_FILE = 16 * 1024 * 1024
"""Bytes of a file that are taken before its sender is known."""
_MAX_PARTS = 1000
_MAX_HEADER = 16 * 1024
_PIECE = 64 * 1024
_PARAMETER = re.compile(r';\s*([^\s=;"]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)')
_MAX_ID = 2**62
#: Python knows more, some of which are no charsets, and some slow beyond measure.
_CHARSETS = frozenset(
    {"utf-8", "utf8", "us-ascii", "ascii", "utf-16", "utf-16le", "utf-16be", "latin-1", "latin1", "gb18030", "gbk"}
    | {"big5", "shift_jis", "euc-jp", "euc-kr", "koi8-r"}
    | {f"iso-8859-{number}" for number in range(1, 17) if number != 12}
    | {f"windows-{number}" for number in range(1250, 1259)}
)


@dataclass(slots=True)
class Upload:
    """A file that was sent and is not kept yet: commit it, or let it go."""

    sink: BlobSink
    sha256: str


@dataclass(slots=True)
class Form:
    """A command's fields, and its file."""

    fields: Mapping[str, str]
    upload: Upload | None = None
    too_long: str = ""
    """The field with which the fields became too long; it and those after it are not here."""
    _parsed: dict[str, object] = field(default_factory=dict)

    def text(self, name: str, default: str = "") -> str:
        """A field as it was sent. Raises :class:`CinnamonError` where it is too long, or XML cannot hold it."""
        if self.too_long == name:
            raise bad_param(name, f"it is too long: a command's fields have at most {MAX_FIELDS} bytes together")
        value = self.fields.get(name, default)
        if not value.isprintable() and UNFIT.search(value):
            raise bad_param(name, "it holds characters that XML cannot have")
        return value

    def given(self, name: str) -> str | None:
        """A field that may be left out; one that is empty counts as left out."""
        return self.text(name) or None

    def needed(self, name: str, key: str | None = None) -> str:
        """A field that must not be empty."""
        value = self.text(name)
        if not value.strip():
            raise refusal(key or f"error.param.{name}", "it is missing", where=name)
        return value

    def named(self, name: str, key: str | None = None, *, most: int = 128) -> str:
        """A name: trimmed, one line, not empty, at most so many characters."""
        value = self.needed(name, key).strip()
        if len(value) > most or any(ord(letter) < 32 for letter in value):
            what = f"a name has at most {most} characters, and no line breaks"
            raise refusal(key or f"error.param.{name}", what, where=name)
        return value

    def names(self, name: str) -> list[str]:
        """Names with commas between them."""
        return [each.strip() for each in self.text(name).split(",") if each.strip()]

    def id(self, name: str, key: str | None = None) -> int:
        """An id. Raises :class:`CinnamonError` with ``key`` (else ``error.param.NAME``) if it is none."""
        value = number_of(self.text(name))
        if value is None:
            raise refusal(key or f"error.param.{name}", "it is no id", where=name)
        return value

    def id_or_none(self, name: str, key: str | None = None) -> int | None:
        """An id that may be left out."""
        return self.id(name, key) if self.given(name) is not None else None

    def flag(self, name: str, default: bool = False) -> bool:
        """``true`` or ``false``."""
        value = self.text(name).strip().lower()
        if value not in ("", "true", "false"):
            raise bad_param(name, "it is neither true nor false")
        return default if not value else value == "true"


def number_of(text: str) -> int | None:
    """A number as clients write ids, also with zeros before it."""
    text = text.strip()
    plain = text.isascii() and text.isdecimal() and len(text) <= 40
    return min(int(text), _MAX_ID) if plain else None


def is_plain(text: str) -> bool:
    """Whether it is a number as ids are written, of no more digits than a column holds."""
    return text.isascii() and text.isdecimal() and len(text) < 19


async def read_form(
    content_type: str,
    stream: AsyncIterator[bytes],
    blobs: Blobs,
    known: Callable[[Mapping[str, str]], Awaitable[bool]],
) -> Form:
    """Read a command's body; ``known`` says by the fields so far whether its sender is.

    Raises :class:`MalformedRequestError`. Whoever takes the form ends its upload.
    """
    kind, named = _parts_of(content_type)
    if kind == "multipart/form-data":
        boundary = named.get("boundary", "")
        if not boundary or not boundary.isascii():
            raise MalformedRequestError("a multipart body names its boundary, in ASCII", where="Content-Type")
        return await _Multipart(boundary, blobs, known).read(stream)
    if kind == "application/x-www-form-urlencoded" or not content_type:
        return await _urlencoded(stream, named.get("charset", "utf-8"))
    what = f"a body of type {kind} is not taken"
    raise MalformedRequestError(what, where="Content-Type", remedy="Send multipart/form-data, or urlencoded fields.")


def _parts_of(header: str) -> tuple[str, dict[str, str]]:
    """What a header says, and its parameters; in a time that its length bounds, whatever is in it."""
    found = {name.lower(): value.strip().strip('"') for name, value in _PARAMETER.findall(header)}
    return header.partition(";")[0].strip().lower(), found


async def _urlencoded(stream: AsyncIterator[bytes], charset: str) -> Form:
    content = bytearray()
    cut = False
    async for piece in stream:
        if not cut:
            content += piece
            cut = len(content) > 3 * MAX_FIELDS  # an escaped byte takes three
    encoding = _codec(charset)
    if len(content) <= _PIECE:
        return _within_bounds(_pairs(content, encoding), cut)
    return _within_bounds(await asyncio.to_thread(_pairs, content, encoding), cut)


def _pairs(content: bytearray, encoding: str) -> dict[str, str]:
    """The fields of an urlencoded body; of several of a name the first counts."""
    if content.count(b"&") >= _MAX_PARTS:
        raise MalformedRequestError("it has too many fields", where="body")
    fields: dict[str, str] = {}
    for part in filter(None, bytes(content).split(b"&")):
        name, _, value = part.partition(b"=")
        try:
            fields.setdefault(_unescaped(name).decode(encoding), _unescaped(value).decode(encoding))
        except UnicodeDecodeError as error:
            raise MalformedRequestError(f"a field is not {encoding}", where="body") from error
    return fields


def _unescaped(value: bytes) -> bytes:
    """A value without escapes; piece by piece, because each escape takes a hundred bytes meanwhile."""
    value = value.replace(b"+", b" ")
    found, at = bytearray(), 0
    while at < len(value):
        end = at + _PIECE
        last = value.find(b"%", end - 2, end)  # an escape that would be torn
        end = last if last >= 0 else end
        found += unquote_to_bytes(value[at:end])
        at = end
    return bytes(found)


def _within_bounds(fields: dict[str, str], cut: bool) -> Form:
    longest = max(fields, key=lambda name: len(fields[name]), default="")
    if cut or sum(len(value) for value in fields.values()) > MAX_FIELDS:
        return Form({name: value for name, value in fields.items() if name != longest}, too_long=longest)
    return Form(fields)


def _codec(charset: str) -> str:
    if charset.lower() not in _CHARSETS:
        raise MalformedRequestError(f"the charset {charset[:40]!r} is not known", where="Content-Type")
    return charset.lower()


class _Multipart:
    """Takes a multipart body apart as it comes."""

    def __init__(self, boundary: str, blobs: Blobs, known: Callable[[Mapping[str, str]], Awaitable[bool]]) -> None:
        self._blobs, self._known = blobs, known
        self._fields: dict[str, str] = {}
        self._size = self._parts = self._file_size = 0
        self._too_long = ""
        self._headers: dict[bytes, dict[str, str]] = {}
        self._name = self._value = b""
        self._part = bytearray()
        self._sink: BlobSink | None = None
        self._sha256 = hashlib.sha256()
        self._in_file = self._skipping = self._ended = self._is_known = False
        callbacks = {
            "on_part_begin": self._begin,
            "on_header_field": self._header_field,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_finished,
            "on_part_data": self._data,
            "on_part_end": self._end,
            "on_end": self._finish,
        }
        try:
            self._parser = MultipartParser(boundary, callbacks)  # type: ignore[arg-type]
        except FormParserError as error:
            raise MalformedRequestError("the boundary is too long", where="Content-Type") from error

    async def read(self, stream: AsyncIterator[bytes]) -> Form:
        """Read it to its end."""
        try:
            async for piece in stream:
                self._parser.write(piece)
                if self._in_file and not self._is_known and self._file_size > MAX_STRANGERS_FILE:
                    await self._ask_who()
            self._parser.finalize()
            if not self._ended:
                raise MalformedRequestError("the body is cut off", where="body")
        except FormParserError as error:
            self._drop()
            raise MalformedRequestError(f"it is no multipart body: {error}", where="body") from error
        except BaseException:
            self._drop()
            raise
        upload = None if self._sink is None else Upload(self._sink, self._sha256.hexdigest())
        return Form(self._fields, upload, self._too_long)

    async def _ask_who(self) -> None:
        self._is_known = await self._known(self._fields)
        if not self._is_known:
            remedy = "Send the ticket before the file, or as the header `ticket`."
            raise MalformedRequestError("a file of this size needs a ticket before it", where="file", remedy=remedy)

    def _drop(self) -> None:
        if self._sink is not None:
            self._sink.__exit__(None, None, None)
            self._sink = None

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > _MAX_PARTS:
            raise MalformedRequestError(f"it has over {_MAX_PARTS} parts", where="body")
        self._headers = {}
        self._part = bytearray()
        self._in_file = self._skipping = False

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]
        self._check_header()

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]
        self._check_header()

    def _check_header(self) -> None:
        if len(self._name) + len(self._value) > _MAX_HEADER:
            raise MalformedRequestError("a header of a part is too long", where="body")

    def _header_end(self) -> None:
        self._headers[self._name.lower()] = _parts_of(self._value.decode("utf-8", "replace"))[1]
        self._name = self._value = b""

    def _headers_finished(self) -> None:
        named = self._headers.get(b"content-disposition", {})
        self._in_file = any(name.partition("*")[0] == "filename" for name in named)
        if self._in_file:
            self._drop()  # of several files the last counts
            self._sink = self._blobs.writer()
            self._sha256 = hashlib.sha256()
            self._file_size = 0

    def _data(self, data: bytes, start: int, end: int) -> None:
        piece = data[start:end]
        if self._in_file:
            assert self._sink is not None
            self._sink.write(piece)
            self._sha256.update(piece)
            self._file_size += len(piece)
            return
        if self._skipping:
            return
        self._size += len(piece)
        self._part += piece
        if self._size > MAX_FIELDS:
            self._skipping = True
            self._too_long = self._too_long or self._field_name()
            self._size -= len(self._part)
            self._part.clear()

    def _field_name(self) -> str:
        return self._headers.get(b"content-disposition", {}).get("name", "")

    def _end(self) -> None:
        if self._in_file or self._skipping:
            return
        name = self._field_name()
        charset = _codec(self._headers.get(b"content-type", {}).get("charset", "utf-8"))
        try:
            self._fields.setdefault(name, self._part.decode(charset))
        except UnicodeDecodeError as error:
            raise MalformedRequestError(f"it is not {charset}", where=name[:100] or "body") from error

    def _finish(self) -> None:
        self._ended = True
