"""The Rayvision door's application: one address a call, POST, JSON; HTTP 200 whatever the answer's code."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
import uuid
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

from rendermill.doors.rayvision.codes import Code, code_of
from rendermill.doors.rayvision.context import Caller, Services
from rendermill.doors.rayvision.gate import WINDOW_SECONDS, Gate, Place
from rendermill.doors.rayvision.json_text import parse_object
from rendermill.doors.rayvision.registry import CALLS, Call, parse
from rendermill.doors.rayvision.thumbnails import PREFIX
from rendermill.farm.model.errors import MalformedRequestError, NotFoundError, RendermillError, WrongStateError
from rendermill.farm.model.identity import Identity
from rendermill.store.rayvision import notes

for _module in ("account", "control", "environments", "farm", "frames", "lists", "projects", "submit"):
    import_module(f"rendermill.doors.rayvision.handlers.{_module}")

_MAX_RECORDED = 2000
_DEFAULT_PLATFORM = 2
_PATH = re.compile(r"((?:/[^/]+)*?)/+(api/render(?:ing)?/.*)", re.DOTALL)
_log = logging.getLogger(__name__)


class RayvisionDoor:
    """The ASGI application."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._gate = Gate(services.accounts, services.clock, services.public)

    def serves(self, path: str) -> bool:
        """Whether a request's path is one of this door's."""
        return _PATH.fullmatch(path) is not None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        assert scope["type"] == "http"
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except ClientDisconnect:
            return
        except RendermillError as error:
            response = _refused(error)
        except Exception as error:  # noqa: BLE001 - the client hears that it is ours
            _log.error("%s failed", request.url.path, exc_info=error)
            response = _envelope(Code.INTERNAL, "something broke in the server; its log says what", None)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        prefix, path = _split(request.scope["path"])
        if request.method == "GET" and path.startswith(PREFIX):
            digest = self._services.thumbnails.digest(path)
            return FileResponse(await self._services.thumbnails.jpeg(digest), media_type="image/jpeg")
        found = CALLS.get(path)
        if found is None:
            raise NotFoundError("there is no such call", where=path[:200])
        if request.method != "POST":
            raise MalformedRequestError(f"it is called by POST, not {request.method}", where=path)
        headers = {name: request.headers.get(name, "") for name in _HEADERS}
        user, key = await asyncio.to_thread(self._gate.recognise, headers)
        content = await _read(request, found.max_body)
        place = Place(request.headers.get("host", ""), prefix, path)
        body = await asyncio.to_thread(self._checked, headers, key, place, content)
        caller = await self._caller(request, headers, user, place)
        parsed = parse(found, body)
        if found.changes:
            await self._claim(request, caller)
        data = await found.handler(caller, parsed)
        if found.changes:
            await self._record(caller, found, body)
        return _envelope(Code.OK, "success", data)

    def _checked(self, headers: Mapping[str, str], key: str, place: Place, content: bytes) -> dict[str, Any]:
        """The body of a call that is signed."""
        body = parse_object(content or b"{}", "body", MalformedRequestError)
        self._gate.check(headers, key, place, body)
        return body

    async def _caller(self, request: Request, headers: Mapping[str, str], user: Identity, place: Place) -> Caller:
        platform = headers["platform"]
        is_number = platform.isascii() and platform.isdecimal() and len(platform) < 6
        return Caller(
            services=self._services,
            user=user,
            account=await asyncio.to_thread(self._services.accounts.user, user.name),
            platform=int(platform) if is_number else _DEFAULT_PLATFORM,
            address=request.client.host if request.client is not None else "",
            agent=request.headers.get("user-agent", "")[:200],
            channel=headers["channel"][:10],
            host=place.host,
            secure=request.url.scheme == "https",
        )

    async def _claim(self, request: Request, caller: Caller) -> None:
        """A call that changes something is done once: who repeats it signs anew."""
        signature, expires = request.headers["signature"], self._services.clock.now() + 2 * WINDOW_SECONDS + 10
        if not await caller.services.desk.write(lambda c: notes.claim(c, signature, expires)):
            raise WrongStateError(
                "this very call was made before", where="signature", remedy="Sign it anew to repeat it."
            )

    async def _record(self, caller: Caller, found: Call, body: Mapping[str, Any]) -> None:
        """Write down who did what."""
        details = {
            "button": found.button,
            "tasks": _task_ids(body),
            "path": found.path,
            "body": json.dumps({name: value for name, value in body.items() if name != "content"})[:_MAX_RECORDED],
            "channel": caller.channel,
        }
        owner, now, address = caller.account.name, self._services.clock.now(), caller.address
        await self._services.desk.write(lambda c: notes.add_record(c, owner, "task", now, address, details))


_HEADERS = ("accessId", "channel", "platform", "UTCTimestamp", "nonce", "version", "signature")


def _split(path: str) -> tuple[str, str]:
    """What stands before ``/api``, and the rest; clients with a slash at the end of the domain send two."""
    match = _PATH.fullmatch(path)
    assert match is not None
    return match[1], f"/{match[2]}"


def _task_ids(body: Mapping[str, Any]) -> list[int]:
    found = body.get("taskIds", body.get("taskParam", body.get("taskId", [])))
    listed = found if isinstance(found, list) else [found]
    return [each for each in listed if isinstance(each, int)][:100]


async def _read(request: Request, limit: int) -> bytes:
    gathered = bytearray()
    async for piece in request.stream():
        gathered += piece
        if len(gathered) > limit:
            raise MalformedRequestError(f"the request is over {limit} bytes", where="body")
    return bytes(gathered)


def _refused(error: RendermillError) -> Response:
    said = f"{error.where}: {error.what}" if error.where else error.what
    return _envelope(code_of(error), " ".join(f"{said}. {error.remedy or ''}".split()).removesuffix(" ."), None)


def _envelope(code: Code, message: str, data: Any) -> Response:
    answer = {
        "version": "2.0.0",
        "result": code is Code.OK,
        "message": message,
        "code": int(code),
        "data": data,
        "serverTime": int(time.time() * 1000),
        "requestId": uuid.uuid4().hex,
    }
    try:
        content = orjson.dumps(answer)
    except TypeError:  # it takes no integers over 64 bits, which additional_info may have
        content = json.dumps(answer).encode()
    return Response(content, media_type="application/json")
