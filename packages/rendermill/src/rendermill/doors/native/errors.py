"""From the farm's errors to HTTP, by one table."""

from __future__ import annotations

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from rendermill.farm.model.errors import (
    BadInputError,
    MalformedRequestError,
    NotFoundError,
    RendermillError,
    TooLargeError,
)

_log = logging.getLogger(__name__)

#: The HTTP status for each error code.
HTTP_STATUS: dict[str, int] = {
    "error": 500,
    "bad_input": 400,
    "missing_field": 400,
    "malformed_request": 400,
    "wrong_content": 422,
    "missing_files": 400,
    "damaged_scene": 400,
    "not_authenticated": 401,
    "bad_signature": 401,
    "clock_skew": 401,
    "not_allowed": 403,
    "not_found": 404,
    "wrong_state": 409,
    "already_exists": 409,
    "too_large": 413,
    "over_quota": 507,
    "unavailable": 503,
    "software_missing": 503,
    "unreachable": 502,
    "cinnamon_refused": 502,
    "stopped": 500,
    "job_failed": 500,
    "bad_picture": 500,
    "session_start": 500,
}


def error_response(error: RendermillError) -> JSONResponse:
    """``{"error": {"code", "what", "where", "remedy"}}`` with the status of the table."""
    status = HTTP_STATUS.get(error.code, 500)
    headers = {"WWW-Authenticate": "Bearer, Basic"} if status == 401 else None
    return JSONResponse({"error": error.to_dict()}, status_code=status, headers=headers)


def install(app: FastAPI) -> None:
    """Make ``app`` answer every error in the one shape."""

    @app.exception_handler(RendermillError)
    async def _known(_request: Request, error: RendermillError) -> JSONResponse:
        return error_response(error)

    @app.exception_handler(RequestValidationError)
    async def _invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"] if part not in ("body", "query", "path"))
        return error_response(BadInputError(first["msg"], where=where or "body"))

    @app.exception_handler(OverflowError)
    async def _overflow(request: Request, _error: OverflowError) -> JSONResponse:
        return error_response(NotFoundError("there is nothing of so great a number", where=request.url.path))

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> JSONResponse:
        if error.status_code == 404:
            return error_response(NotFoundError("there is nothing at this address", where=request.url.path))
        if error.status_code == 413:
            return error_response(TooLargeError(str(error.detail), where="body"))
        detail = RendermillError(str(error.detail), where=request.url.path)
        return JSONResponse({"error": detail.to_dict()}, status_code=error.status_code)

    @app.exception_handler(ClientDisconnect)
    async def _gone(_request: Request, _error: ClientDisconnect) -> JSONResponse:
        return error_response(MalformedRequestError("the body is cut off", where="body"))  # nobody hears it

    @app.exception_handler(Exception)
    async def _unknown(request: Request, error: Exception) -> JSONResponse:
        _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        hint = RendermillError("something broke in the server", remedy="Its log says what; please report it.")
        return error_response(hint)
