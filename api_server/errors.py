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
    (errors.AudioTooLong, 413),
    (errors.UnsupportedAudio, 415),
    (errors.MalformedBody, 400),
    (errors.InvalidRequest, 422),
    (errors.Unauthorized, 401),
    (errors.NotFound, 404),
    (errors.Conflict, 409),
    (errors.TryLater, 503),
    (errors.StorageFull, 507),
    (errors.Cancelled, 499),
)
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {"code": {"type": "string"}, "message": {"type": "string"}, "detail": {"type": "object"}},
        }
    },
}
REPLIES: dict[int | str, dict[str, Any]] = {
    status: {"description": text, "content": {"application/json": {"schema": _ERROR}}}
    for status, text in {
        400: "The body is not a form.",
        401: "No valid API key.",
        404: "No such thing, or no such model.",
        405: "Another method is meant.",
        409: "It does not fit the present state.",
        413: "Too many bytes, or too many seconds.",
        415: "Not audio that can be decoded.",
        422: "A parameter cannot be used.",
        503: "Busy; come back after `Retry-After` seconds.",
    }.items()
}
"""What a route may answer besides 200, for the OpenAPI document."""


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


def cause_of(error: HTTPException) -> errors.SvenskaError | None:
    """Return what really happened while a body was read: FastAPI makes a plain 400 of everything."""
    cause = error.__cause__
    if isinstance(cause, OSError) and cause.errno in _NO_ROOM:
        return errors.StorageFull("The server has no room for this upload.")
    return cause if isinstance(cause, errors.SvenskaError) else None


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
    return reply(explained(error))


def explained(error: RequestValidationError) -> errors.InvalidRequest:
    """Return the first fault of a request, by the field's name."""
    fault = error.errors()[0]
    field = ".".join(str(part) for part in fault["loc"][1:]) or "body"
    if field == "file":
        return errors.MissingFile("Send the recording as the form field `file` (multipart/form-data).")
    return errors.InvalidParameter(
        field, expected=fault["msg"].removeprefix("Input should be "), got=fault.get("input", "")
    )


def _http(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - as registered
    if (cause := cause_of(error)) is not None:
        return reply(cause)
    if error.status_code == HTTPStatus.BAD_REQUEST:
        return reply(errors.MalformedBody(f"The body could not be read as a form: {error.detail}"))
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "invalid_parameter")
    document = {"error": {"code": code, "message": str(error.detail)}}
    return JSONResponse(document, error.status_code, dict(error.headers or {}))


def _unexpected(request: Request, _error: Exception) -> JSONResponse:
    answer = reply(unexpected())
    answer.headers["X-Request-ID"] = request.state.request_id  # this reply is made outside of the app's middleware
    return answer


def unexpected() -> errors.Internal:
    """Return what a client is told of a failure that nobody foresaw."""
    return errors.Internal("Something went wrong here; the log has it under the X-Request-ID of this reply.")
