"""The Cinnamon door's application: one address, POST, the field ``command``; XML, HTTP 200 whatever it says.

Source: the page "Cinnamon server API for rendertasks" and the behaviour of Cinnamon 2 and 3.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import Protocol
from urllib.parse import quote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, Response
from starlette.types import Message, Receive, Scope, Send

from rendermill import __version__
from rendermill.doors.cinnamon import commands
from rendermill.doors.cinnamon.codes import key_of, refusal
from rendermill.doors.cinnamon.context import Answer, Call, Download, Prepared, Tools, parsed
from rendermill.doors.cinnamon.form import Form, read_form
from rendermill.doors.cinnamon.registry import COMMANDS, Command
from rendermill.doors.cinnamon.sessions import Sessions, gone
from rendermill.doors.cinnamon.xml_text import box, el, success
from rendermill.farm.model.errors import RendermillError
from rendermill.farm.ports.blobs import Blobs
from rendermill.farm.ports.clock import Clock
from rendermill.store.cinnamon.catalogue import Catalogues, all_repositories
from rendermill.store.cinnamon.people import person
from rendermill.store.cinnamon.records import Content, Session
from rendermill.store.desk import Connection, Desk

for _module in iter_modules(commands.__path__):
    import_module(f"{commands.__name__}.{_module.name}")

PATH = "/cinnamon/cinnamon"
_PATHS = (PATH, f"{PATH}/legacy")
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_AT_ONCE = 2
"""Commands that do something long before their transaction at a time: passwords take a core each."""
_MAX_DRAINED = 256 * 1024 * 1024
"""Bytes."""
_log = logging.getLogger(__name__)


class _Incoming:
    """A request's body. Who is refused while still sending would not hear why, so the rest is taken too."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._ended = False

    async def __call__(self) -> Message:
        message = await self._receive()
        self._ended = message["type"] != "http.request" or not message.get("more_body", False)
        return message

    async def drain(self) -> None:
        """Take what was not read, up to a bound."""
        left = _MAX_DRAINED
        while not self._ended and left > 0:
            left -= len((await self()).get("body", b""))


class Listener(Protocol):
    """Who wants to hear what commands have changed, once that is committed."""

    def touched(self, objects: frozenset[int]) -> None:
        """These objects may be render tasks that wait, or are no longer what they were."""

    def orphaned(self, jobs: list[int]) -> None:
        """The render tasks of these jobs are gone."""


class Nobody:
    """A listener for repositories whose tasks this server does not work on."""

    def touched(self, objects: frozenset[int]) -> None:
        """Nothing follows."""

    def orphaned(self, jobs: list[int]) -> None:
        """Nothing follows."""


@dataclass(frozen=True, slots=True)
class Services:
    """What the door is wired to."""

    desk: Desk
    blobs: Blobs
    clock: Clock
    sessions: Sessions
    catalogues: Catalogues
    tools: Tools
    listener: Listener


class CinnamonDoor:
    """The ASGI application."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._sessions = services.sessions
        self._first = asyncio.Semaphore(_AT_ONCE)

    def serves(self, path: str) -> bool:
        """Whether a request's path is one of this door's."""
        return path.rstrip("/") in _PATHS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        assert scope["type"] == "http"
        incoming = _Incoming(receive)
        request = Request(scope, incoming)
        try:
            response = await self._answer(request)
        except ClientDisconnect:
            return
        except RendermillError as error:
            response = _xml(error_text(error))
        except Exception as error:  # noqa: BLE001 - the client hears that it is ours
            _log.error("a command failed", exc_info=error)
            response = _xml(error_text(RendermillError("something broke in the server; its log says what")))
        await incoming.drain()
        await response(scope, incoming, send)

    async def _answer(self, request: Request) -> Response:
        if request.method in ("GET", "HEAD"):
            return _xml(await self._services.desk.read(_repositories))
        header = request.headers.get("ticket", "")
        if request.method != "POST":
            raise refusal("error.parsing.request", f"commands are sent by POST, not {request.method}")

        async def known(fields: Mapping[str, str]) -> bool:
            await self._sessions.recognise(header or fields.get("ticket", ""))
            return True

        content_type = request.headers.get("content-type", "")
        form = await read_form(content_type, request.stream(), self._services.blobs, known)
        try:
            return await self._command(form, header or form.text("ticket"))
        finally:
            if form.upload is not None:
                await asyncio.to_thread(form.upload.sink.__exit__, None, None, None)

    async def _command(self, form: Form, ticket: str) -> Response:
        name = form.text("command")
        if name in _OF_SESSIONS:
            return _xml(await self._of_sessions(name, form, ticket))
        if not name:
            return _xml(await self._services.desk.read(_repositories))
        found = COMMANDS.get(name)
        if found is None:
            what = f"Unknown Command: '{name[:60]}'"
            raise refusal(what, what, where="command", remedy="docs/reference/cinnamon.md lists the commands")
        session = await self._sessions.recognise(ticket)
        prepared = await self._prepare(found, form)
        call, answer = await self._run(found, form, session, prepared)
        if call.touched:
            self._services.listener.touched(frozenset(call.touched))
        if call.orphaned_jobs:
            self._services.listener.orphaned(call.orphaned_jobs)
        return _download(answer) if isinstance(answer, Download) else _xml(answer)

    async def _of_sessions(self, name: str, form: Form, ticket: str) -> str:
        if name == "connect":
            return box("connection", el("ticket", await self._sessions.connect(form)))
        if name == "forksession":
            return box("connection", el("ticket", await self._sessions.fork(ticket)))
        if name == "sudo":
            return el("sudoTicket", await self._sessions.sudo(ticket, form))
        if name == "disconnect":
            await self._sessions.disconnect(ticket)
            return success("success.disconnect")
        remedy = "users are the farm's: rendermill user create NAME --superuser --password-stdin"
        raise refusal("error.command.not_served", "initializedatabase is not served", where="command", remedy=remedy)

    async def _prepare(self, found: Command, form: Form) -> Prepared:
        """Do what takes long and needs no transaction."""
        wanted = [(name, key) for name, key in found.xml if form.fields.get(name)]
        xml = {name: await asyncio.to_thread(parsed, form, name, key) for name, key in wanted}
        content = None
        if found.takes_file and form.upload is not None:
            upload = form.upload
            digest = await asyncio.to_thread(upload.sink.commit)
            content = Content(digest, upload.sink.size, upload.sha256)
        return Prepared(content, xml)

    async def _run(self, found: Command, form: Form, session: Session, prepared: Prepared) -> tuple[Call, Answer]:
        now = self._services.clock.now()
        before = None
        if found.first is not None:
            first = found.first
            async with self._first:
                before = await self._services.desk.read(lambda c: first(self._call(c, form, session, prepared, now)))

        def work(connection: Connection) -> tuple[Call, Answer]:
            call = self._call(connection, form, session, prepared, now, before)
            return call, found.handler(call)

        return await (self._services.desk.write(work) if found.changes else self._services.desk.read(work))

    def _call(
        self,
        connection: Connection,
        form: Form,
        session: Session,
        prepared: Prepared,
        now: float,
        before: object = None,
    ) -> Call:
        catalogue = self._services.catalogues.of(connection, session.repository_id)
        user = person(connection, session.user_id)
        if catalogue is None or user is None:
            raise gone()
        return Call(connection, catalogue, user, session, form, prepared, self._services.tools, now, before)


_OF_SESSIONS = frozenset({"connect", "disconnect", "forksession", "sudo", "initializedatabase"})


def error_text(error: RendermillError) -> str:
    """An error as both generations of clients read it; what a person may want to know is in the parameters."""
    key = key_of(error)
    said = [text for text in (error.where, error.what if error.what != key else None, error.remedy) if text]
    return box("error", el("message", key), el("code", key), box("parameters", *(el("param", text) for text in said)))


def _repositories(connection: Connection) -> str:
    found = all_repositories(connection)
    shown = (
        box("repository", el("name", each.name), box("categories", *(el("category", c) for c in each.categories)))
        for each in found
    )
    return box("repositories", *shown, el("version", __version__))


def _xml(text: str) -> Response:
    return Response(_DECLARATION + text, media_type="application/xml")


def _download(answer: Download) -> Response:
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(answer.name, safe='')}"}
    return FileResponse(answer.path, media_type=answer.content_type, headers=headers)
