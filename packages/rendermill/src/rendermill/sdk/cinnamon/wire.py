"""Commands on their way to a Cinnamon server, and its answers.

A command is a POST with a multipart body, which every generation of servers reads; the ticket goes as a field, for the
older, and as a header, for the newer. An answer is XML, and says in itself whether it is an error.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import urllib3
from lxml import etree
from urllib3.exceptions import HTTPError

from rendermill.farm.model.errors import BadInputError, CinnamonError, UnavailableError, UnreachableError
from rendermill.safe_xml import parse_xml

SESSION_NOT_FOUND = "error.session.not_found"
_CONNECT_SECONDS = 10.0
_READ_SECONDS, _READ_SECONDS_WITH_FILES = 60.0, 300.0
_CONNECTIONS = 16
_MAX_ANSWER = 64 * 1024 * 1024
_PIECE = 1024 * 1024
_PATH = "/cinnamon/cinnamon"


class Wire:
    """Connections to one server; threads may share it."""

    def __init__(self, url: str) -> None:
        self.url = _address(url)
        # Nothing is tried again by itself: most commands change something.
        self._http = urllib3.PoolManager(maxsize=_CONNECTIONS, retries=False)

    def close(self) -> None:
        """Close the connections."""
        self._http.clear()

    def send(self, command: str, ticket: str, fields: Mapping[str, str], file: Path | None = None) -> etree._Element:
        """The root of the answer to a command; ``file`` goes with it, piece by piece.

        Raises :class:`CinnamonError` with the server's code, :class:`UnreachableError`.
        """
        response = self._post(command, ticket, fields, file)
        with _closed_if_cut(response):
            return self._read(command, response)

    def fetch(self, command: str, ticket: str, fields: Mapping[str, str], target: Path) -> None:
        """Put the file that a command answers to ``target``, which is there only once it is whole.

        Raises as :meth:`send` does, and :class:`UnavailableError` if it cannot be written.
        """
        response = self._post(command, ticket, fields, None)
        with _closed_if_cut(response):
            # A file says that it is one; what does not may be an error in its place.
            if response.status != 200 or "content-disposition" not in response.headers:
                root = self._read(command, response)
                raise UnreachableError(f"the server answered <{root.tag}> in place of a file", where=self.url)
            self._keep(response, target)

    def _post(
        self, command: str, ticket: str, fields: Mapping[str, str], file: Path | None
    ) -> urllib3.BaseHTTPResponse:
        boundary = secrets.token_hex(16)
        parts = {"command": command, **({"ticket": ticket} if ticket else {}), **fields}
        head = b"".join(_part(boundary, name, value) for name, value in parts.items())
        tail = f"--{boundary}--\r\n".encode()
        headers = {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            **({"ticket": ticket} if ticket else {}),
        }
        try:
            if file is None:
                return self._request(headers, head + tail, _READ_SECONDS)
            with file.open("rb") as source:
                size = os.fstat(source.fileno()).st_size
                head += _file_head(boundary, file.name)
                headers["Content-Length"] = str(len(head) + size + 2 + len(tail))
                return self._request(
                    headers, _body(head, source.fileno(), size, b"\r\n" + tail, file), _READ_SECONDS_WITH_FILES
                )
        except HTTPError as error:
            raise self._unreachable(error) from error
        except OSError as error:
            raise UnavailableError(f"it cannot be read: {error.strerror or error}", where=str(file)) from error

    def _request(
        self, headers: dict[str, str], body: bytes | Iterator[bytes], seconds: float
    ) -> urllib3.BaseHTTPResponse:
        timeout = urllib3.Timeout(connect=_CONNECT_SECONDS, read=seconds)
        return self._http.request(
            "POST", self.url, headers=headers, body=body, timeout=timeout, redirect=False, preload_content=False
        )

    def _read(self, command: str, response: urllib3.BaseHTTPResponse) -> etree._Element:
        """The root of an answer. Raises :class:`CinnamonError` if it is an error."""
        try:
            content = response.read(_MAX_ANSWER + 1)
        except HTTPError as error:
            raise self._unreachable(error) from error
        if len(content) > _MAX_ANSWER:
            what = f"the answer to {command} is longer than {_MAX_ANSWER // 1024**2} MiB"
            raise UnreachableError(what, where=self.url, remedy="Ask for less at a time.")
        try:
            root = parse_xml(content.decode("utf-8"))
        except (BadInputError, UnicodeDecodeError) as error:
            remedy = "Is there a Cinnamon server at that address?"
            what = f"the server answered {response.status} and no XML to {command}"
            raise UnreachableError(what, where=self.url, remedy=remedy) from error
        if root.tag == "error":
            raise refused(command, root)
        if root.tag == "repositories":  # newer servers tell this to who is not connected, whatever was asked
            raise CinnamonError("the server does not know the session", where=command, key=SESSION_NOT_FOUND)
        return root

    def _keep(self, response: urllib3.BaseHTTPResponse, target: Path) -> None:
        temporary = target.with_name(f".{target.name[:100]}.{secrets.token_hex(4)}")
        try:
            with temporary.open("xb") as file:
                for piece in response.stream(_PIECE):
                    file.write(piece)
            temporary.replace(target)
        except HTTPError as error:
            raise self._unreachable(error) from error
        except OSError as error:
            raise UnavailableError(f"it cannot be written: {error.strerror or error}", where=str(target)) from error
        finally:
            temporary.unlink(missing_ok=True)

    def _unreachable(self, error: Exception) -> UnreachableError:
        reason = str(error).rpartition(": ")[2]
        return UnreachableError(f"no Cinnamon server answers there ({reason})", where=self.url)


@contextlib.contextmanager
def _closed_if_cut(response: urllib3.BaseHTTPResponse) -> Iterator[None]:
    """Give up the connection of an answer that was not read to its end: what is left of it is in the way."""
    try:
        yield
    except BaseException:
        response.close()
        raise


def refused(command: str, root: etree._Element) -> CinnamonError:
    """The error that a server answers to a command; each generation has a shape of its own."""
    key = (root.findtext("code") or root.findtext("message") or root.text or "error").strip()
    said = [key, *((each.text or "").strip() for each in root.iterfind("parameters/param"))]
    return CinnamonError(": ".join(each for each in said if each), where=command, key=key)


def _address(url: str) -> str:
    parts = urlsplit(url.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadInputError(f"{url!r} is no server's URL", where="url", remedy=f"Give it as http://HOST:PORT{_PATH}.")
    address = url.strip().rstrip("/")
    return address if parts.path.strip("/") else address + _PATH


def _part(boundary: str, name: str, value: str) -> bytes:
    # Without a charset the oldest servers take it for Latin-1.
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\nContent-Type: text/plain; charset=UTF-8'
    return f"{head}\r\n\r\n{value}\r\n".encode()


def _file_head(boundary: str, name: str) -> bytes:
    plain = "".join(letter if letter.isprintable() and letter not in '"\\' else "_" for letter in name)
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{plain}"'
    return f"{head}\r\nContent-Type: application/octet-stream\r\n\r\n".encode()


def _body(head: bytes, source: int, size: int, tail: bytes, file: Path) -> Iterator[bytes]:
    """A body with a file in it, of which it was said how long it is."""
    yield head
    left = size
    while left:
        piece = os.read(source, min(left, _PIECE))
        if not piece:
            raise UnavailableError("it became shorter while it was sent", where=str(file))
        left -= len(piece)
        yield piece
    yield tail
