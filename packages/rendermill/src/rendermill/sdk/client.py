"""The native API as Python calls.

Every call raises :class:`UnreachableError` if the server does not answer, and the farm's own errors (BadInputError,
NotFoundError, WrongStateError, NotAuthenticatedError …) as the server tells them.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import urllib3
from urllib3.exceptions import HTTPError

from rendermill.farm.model.errors import RendermillError, UnreachableError, WrongContentError, error_from_dict

_TIMEOUT = urllib3.Timeout(connect=10.0, read=60.0)
_AGAIN_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0)
_CONNECTIONS = 16


class Client:
    """Connections to one server; threads may share it.

    ``authorize`` gives the value of the Authorization header, None for no identity; it is asked again when the server
    does not know the identity any more, because a server of this machine makes a new token at each start.
    """

    def __init__(self, server: str, authorize: Callable[[], str | None] = lambda: None) -> None:
        self.server = server.rstrip("/")
        self._authorize = authorize
        self._authorization = authorize()
        # Nothing is tried again by itself: a call that changes something must be safe to repeat, and only we know.
        self._http = urllib3.PoolManager(maxsize=_CONNECTIONS, timeout=_TIMEOUT, retries=False)

    def close(self) -> None:
        """Close the connection."""
        self._http.clear()

    # --- jobs --------------------------------------------------------------------------------------------------

    def submit(self, job: dict[str, Any]) -> int:
        """Make a job (the body of ``POST /api/v1/jobs``); returns its id."""
        return int(self.json("POST", "/jobs", json=job)["id"])

    def jobs(self, limit: int = 100) -> list[dict[str, Any]]:
        """The latest jobs, newest first."""
        return list(self.json("GET", "/jobs", params={"limit": limit})["jobs"])

    def job(self, job_id: int) -> dict[str, Any]:
        """A job as it is now."""
        return self.json("GET", f"/jobs/{job_id}")

    def act(self, job_id: int, action: str) -> dict[str, Any]:
        """``pause``, ``resume``, ``cancel`` or ``retry`` a job; returns it as it then is."""
        return self.json("POST", f"/jobs/{job_id}/{action}")

    def tasks(self, job_id: int, **query: Any) -> list[dict[str, Any]]:
        """Tasks of a job; ``step``, ``status``, ``noted`` (has a message), ``offset``, ``limit`` narrow it."""
        params = {name: value for name, value in query.items() if value is not None}
        return list(self.json("GET", f"/jobs/{job_id}/tasks", params=params)["tasks"])

    def task(self, job_id: int, index: int, step: str | None = None) -> dict[str, Any]:
        """One task with its attempts."""
        return self.json("GET", f"/jobs/{job_id}/tasks/{index}", params={"step": step} if step else {})

    def log(
        self, job_id: int, index: int, *, step: str | None = None, attempt: int | None = None, offset: int = 0
    ) -> tuple[str, int, int]:
        """A piece of an attempt's log: text, the offset of the next piece, the attempt's number."""
        params: dict[str, Any] = {"offset": offset}
        params |= {name: value for name, value in (("step", step), ("attempt", attempt)) if value is not None}
        response = self.request("GET", f"/api/v1/jobs/{job_id}/tasks/{index}/log", fields=params)
        text = response.data.decode(errors="replace")
        return text, int(response.headers["X-Next-Offset"]), int(response.headers["X-Attempt"])

    def outputs(self, job_id: int) -> list[dict[str, Any]]:
        """The job's published files: ``path``, ``hash``, ``size``."""
        return list(self.json("GET", f"/jobs/{job_id}/outputs")["outputs"])

    def farm(self) -> dict[str, Any]:
        """The farm's workers."""
        return self.json("GET", "/farm")

    def health(self) -> dict[str, Any]:
        """``status``, ``version`` and ``time`` of the server; needs no identity."""
        return self._object(self.request("GET", "/healthz"))

    def watch(self, job_id: int, stop: threading.Event | None = None) -> Iterator[dict[str, Any]]:
        """The job each time something of it changes, until it ends; a broken connection is taken up again.

        ``stop`` ends it from another thread, when the server next gives a sign of life.
        """
        stop = stop or threading.Event()
        while not stop.is_set():
            try:
                for job in self._events(job_id, stop):
                    yield job
                    if job["status"] in ("succeeded", "failed", "canceled"):
                        return
            except (HTTPError, UnreachableError):
                yield self._job_again(job_id)

    def _events(self, job_id: int, stop: threading.Event) -> Iterator[dict[str, Any]]:
        response = self.request("GET", f"/api/v1/jobs/{job_id}/watch", preload_content=False)
        try:
            for line in response:
                if stop.is_set():
                    return
                if line.startswith(b"data: "):
                    yield json.loads(line[6:])
        finally:
            response.close()

    def _job_again(self, job_id: int) -> dict[str, Any]:
        """The job after the connection broke; a server that restarts is given a while."""
        for wait in _AGAIN_SECONDS:
            time.sleep(wait)
            try:
                return self.job(job_id)
            except UnreachableError:
                continue
        return self.job(job_id)

    # --- for the parts of the sdk ------------------------------------------------------------------------------

    def json(self, method: str, path: str, params: dict[str, Any] | None = None, json: object = None) -> dict[str, Any]:
        """The object that a call below ``/api/v1`` answers."""
        more: dict[str, Any] = {} if json is None else {"json": json}
        return self._object(self.request(method, f"/api/v1{path}", fields=params, **more))

    def _object(self, response: urllib3.BaseHTTPResponse) -> dict[str, Any]:
        try:
            answer = response.json()
        except ValueError as error:
            raise self.unreachable(error) from error
        if not isinstance(answer, dict):
            raise self.unreachable(ValueError("its answer is no object"))
        return answer

    def request(self, method: str, path: str, **arguments: Any) -> urllib3.BaseHTTPResponse:
        """The answer to a call; arguments are urllib3's, one that is a function is called for each try.

        Raises UnreachableError, and the farm's own errors.
        """
        try:
            sent = self._authorization  # another thread may have renewed it by the time the answer is here
            response = self._send(method, path, arguments, sent)
            if response.status == 401 and (renewed := self._authorize()) != sent:
                self._authorization = renewed
                response = self._send(method, path, arguments, renewed)
            if response.status >= 300:
                raise _error(response, self.server + path)
        except HTTPError as error:
            raise self.unreachable(error) from error
        return response

    def _send(
        self, method: str, path: str, arguments: dict[str, Any], authorization: str | None
    ) -> urllib3.BaseHTTPResponse:
        arguments = {name: value() if callable(value) else value for name, value in arguments.items()}
        headers = dict(arguments.pop("headers", {}))
        if authorization:
            headers["Authorization"] = authorization
        if "json" in arguments:
            headers["Content-Type"] = "application/json"
        return self._http.request(method, self.server + path, headers=headers, redirect=False, **arguments)

    def unreachable(self, error: Exception) -> UnreachableError:
        """What to say when the connection broke."""
        remedy = "Start one with `rendermill serve`, or name another with --server or RENDERMILL_SERVER."
        reason = str(error).rpartition(": ")[2]
        return UnreachableError(f"no server answers there ({reason})", where=self.server, remedy=remedy)


def _error(response: urllib3.BaseHTTPResponse, where: str) -> RendermillError:
    if response.status == 416:
        return WrongContentError("it is shorter than the part of it that was asked for", where=where)
    try:
        return error_from_dict(json.loads(response.data)["error"])
    except (ValueError, KeyError, TypeError, AttributeError):  # it is no farm
        target = response.headers.get("Location")
        remedy = f"Name that address: --server {target}" if target else "Is there a Rendermill server at that address?"
        return UnreachableError(f"the server answered {response.status}", where=where, remedy=remedy)
