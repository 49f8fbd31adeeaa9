"""Exceptions as replies: one table, one shape."""

import errno
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from shared import errors

_STATUS: tuple[tuple[type[errors.SvenskaError], int], ...] = (
    (errors.UploadTooLarge, 413),
    (errors.MalformedBody, 400),
    (errors.InvalidRequest, 422),
    (errors.Unauthorized, 401),
    (errors.NotFound, 404),
    (errors.Conflict, 409),
    (errors.Expired, 410),
    (errors.QueueFull, 429),
    (errors.TryLater, 503),
    (errors.StorageFull, 507),
)
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_REPLY = {
    "type": "object",
    "required": ["error"],
    "properties": {"error": {"type": "object", "required": ["code", "message"]}},
}
REPLIES: dict[int | str, dict[str, Any]] = {
    status: {"description": text, "content": {"application/json": {"schema": _REPLY}}}
    for status, text in {
        400: "The body is not a form.",
        401: "No valid API key.",
        404: "No such job.",
        409: "It does not fit the present state.",
        410: "It was here, and its retention is over.",
        413: "Too many bytes.",
        422: "A parameter cannot be used.",
        429: "Too many jobs wait; come back after `Retry-After` seconds.",
        503: "Not now; come back after `Retry-After` seconds.",
        507: "No room on the disk.",
    }.items()
}
"""What a route may answer besides success, for the OpenAPI document."""


def status_of(error: errors.SvenskaError) -> int:
    """Return the HTTP status of an error, 500 for one that is the server's own."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def reply(error: errors.SvenskaError) -> JSONResponse:
    """Return an error as every reply carries it."""
    headers = {}
    if isinstance(error, errors.TryLater):
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, errors.Unauthorized):
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(error.to_json(), status_of(error), headers)


def install(app: FastAPI) -> None:
    """Make every error of `app` a reply of the one shape."""
    app.add_exception_handler(errors.SvenskaError, _svenska)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


def _svenska(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, errors.SvenskaError)  # noqa: S101 - as registered
    return reply(error)


def _invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as registered
    fault = error.errors()[0]
    field = ".".join(str(part) for part in fault["loc"][1:]) or "body"
    expected = fault["msg"].removeprefix("Input should be ")
    return reply(errors.InvalidParameter(field, expected=expected, got=fault.get("input", "")))


def _http(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - as registered
    cause = error.__cause__
    if isinstance(cause, errors.SvenskaError):  # raised while a body was read; FastAPI makes a plain 400 of it
        return reply(cause)
    if isinstance(cause, OSError) and cause.errno in _NO_ROOM:
        return reply(errors.StorageFull("The server has no room for this upload."))
    if error.status_code == HTTPStatus.BAD_REQUEST:
        return reply(errors.MalformedBody(f"The body could not be read as a form: {error.detail}"))
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "invalid_parameter")
    document = {"error": {"code": code, "message": str(error.detail)}}
    return JSONResponse(document, error.status_code, dict(error.headers or {}))


def _unexpected(request: Request, _error: Exception) -> JSONResponse:
    answer = reply(errors.Internal("Something went wrong here; the log has it under the X-Request-ID of this reply."))
    answer.headers["X-Request-ID"] = request.state.request_id  # this reply is made outside of the app's middleware
    return answer
