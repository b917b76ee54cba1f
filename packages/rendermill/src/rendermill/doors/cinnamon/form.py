"""The body of a command: fields and one file, urlencoded or multipart.

Fields are bounded and held in memory; a file goes to the blob store piece by piece, and becomes a blob only once the
command is let in.
"""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from urllib.parse import parse_qsl

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser

from rendermill.doors.cinnamon.codes import RefusedError, bad_param
from rendermill.doors.cinnamon.xml_text import UNFIT
from rendermill.farm.model.errors import MalformedRequestError
from rendermill.farm.ports.blobs import Blobs, BlobSink

MAX_FIELDS = 8 * 1024 * 1024
"""Bytes that all fields of a command may have together."""
MAX_STRANGERS_FILE = 16 * 1024 * 1024
"""Bytes of a file that are taken before its sender is known."""
_MAX_PARTS = 1000
_MAX_HEADER = 16 * 1024
_MAX_ID = 2**62


@dataclass(slots=True)
class Upload:
    """A file that was sent and is not kept yet: commit it, or let it go."""

    sink: BlobSink
    sha256: str
    name: str


@dataclass(slots=True)
class Form:
    """A command's fields, and its file."""

    fields: Mapping[str, str]
    upload: Upload | None = None
    too_long: str = ""
    """The field with which the fields became too long; it and those after it are not here."""
    _parsed: dict[str, object] = field(default_factory=dict)

    def text(self, name: str, default: str = "") -> str:
        """A field as it was sent. Raises :class:`RefusedError` where it is too long, or XML cannot hold it."""
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
            raise RefusedError(key or f"error.param.{name}", "it is missing", where=name)
        return value

    def named(self, name: str, key: str | None = None, *, most: int = 128) -> str:
        """A name: trimmed, one line, not empty, at most so many characters."""
        value = self.needed(name, key).strip()
        if len(value) > most or any(ord(letter) < 32 for letter in value):
            what = f"a name has at most {most} characters, and no line breaks"
            raise RefusedError(key or f"error.param.{name}", what, where=name)
        return value

    def id(self, name: str, key: str | None = None) -> int:
        """An id. Raises :class:`RefusedError` with ``key`` (else ``error.param.NAME``) if it is none."""
        value = number_of(self.text(name))
        if value is None:
            raise RefusedError(key or f"error.param.{name}", "it is no id", where=name)
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


async def read_form(
    content_type: str,
    stream: AsyncIterator[bytes],
    blobs: Blobs,
    known: Callable[[Mapping[str, str]], Awaitable[bool]],
) -> Form:
    """Read a command's body; ``known`` says by the fields so far whether its sender is.

    Raises :class:`MalformedRequestError`. Whoever takes the form ends its upload.
    """
    message = Message()
    message["content-type"] = content_type
    kind = message.get_content_type()
    if kind == "multipart/form-data":
        boundary = message.get_boundary("")
        if not boundary:
            raise MalformedRequestError("a multipart body names its boundary", where="Content-Type")
        return await _Multipart(boundary, blobs, known).read(stream)
    if kind == "application/x-www-form-urlencoded" or not content_type:
        return await _urlencoded(stream, message.get_param("charset", "utf-8"))
    what = f"a body of type {kind} is not taken"
    raise MalformedRequestError(what, where="Content-Type", remedy="Send multipart/form-data, or urlencoded fields.")


async def _urlencoded(stream: AsyncIterator[bytes], charset: object) -> Form:
    content = bytearray()
    cut = False
    async for piece in stream:
        if not cut:
            content += piece
            cut = len(content) > 3 * MAX_FIELDS  # an escaped byte takes three
    encoding = _codec(charset)
    try:
        pairs = parse_qsl(content.decode("ascii", "replace"), True, encoding=encoding, max_num_fields=_MAX_PARTS)
    except ValueError as error:
        raise MalformedRequestError("it has too many fields", where="body") from error
    except UnicodeError as error:
        raise MalformedRequestError(f"a field is not {encoding}", where="body") from error
    return _within_bounds(dict(reversed(pairs)), cut)


def _within_bounds(fields: dict[str, str], cut: bool) -> Form:
    longest = max(fields, key=lambda name: len(fields[name]), default="")
    if cut or sum(len(value) for value in fields.values()) > MAX_FIELDS:
        return Form({name: value for name, value in fields.items() if name != longest}, too_long=longest)
    return Form(fields)


def _codec(charset: object) -> str:
    try:
        found = codecs.lookup(str(charset))
    except (LookupError, ValueError) as error:
        raise MalformedRequestError(f"there is no charset {str(charset)[:40]!r}", where="Content-Type") from error
    if not found._is_text_encoding:  # bytes to bytes: zip and its like
        raise MalformedRequestError(f"{str(charset)[:40]!r} is no charset", where="Content-Type")
    return found.name


class _Multipart:
    """Takes a multipart body apart as it comes."""

    def __init__(self, boundary: str, blobs: Blobs, known: Callable[[Mapping[str, str]], Awaitable[bool]]) -> None:
        self._blobs, self._known = blobs, known
        self._fields: dict[str, str] = {}
        self._size = self._parts = self._file_size = 0
        self._too_long = ""
        self._headers = Message()
        self._name = self._value = b""
        self._part = bytearray()
        self._sink: BlobSink | None = None
        self._sha256 = hashlib.sha256()
        self._file_name = ""
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
        self._parser = MultipartParser(boundary, callbacks)  # type: ignore[arg-type]

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
        except MultipartParseError as error:
            self._drop()
            raise MalformedRequestError(f"it is no multipart body: {error}", where="body") from error
        except BaseException:
            self._drop()
            raise
        upload = None if self._sink is None else Upload(self._sink, self._sha256.hexdigest(), self._file_name)
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
        self._headers = Message()
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
        self._headers[self._name.decode("latin-1")] = self._value.decode("utf-8", "replace")
        self._name = self._value = b""

    def _headers_finished(self) -> None:
        file_name = self._headers.get_filename()
        self._in_file = file_name is not None
        if self._in_file:
            self._drop()  # of several files the last counts
            self._sink = self._blobs.writer()
            self._sha256 = hashlib.sha256()
            self._file_name, self._file_size = str(file_name), 0

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
        return str(self._headers.get_param("name", "", "content-disposition"))

    def _end(self) -> None:
        if self._in_file or self._skipping:
            return
        name = self._field_name()
        charset = _codec(self._headers.get_param("charset", "utf-8"))
        try:
            self._fields.setdefault(name, self._part.decode(charset))
        except UnicodeDecodeError as error:
            raise MalformedRequestError(f"it is not {charset}", where=name[:100] or "body") from error

    def _finish(self) -> None:
        self._ended = True
