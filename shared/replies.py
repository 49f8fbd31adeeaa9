"""Errors as HTTP has them: one table of statuses, one shape; of no framework."""

import errno
from collections.abc import Mapping
from typing import Any

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
    (errors.Expired, 410),
    (errors.QueueFull, 429),
    (errors.TryLater, 503),
    (errors.Cancelled, 499),
    (errors.StorageFull, 507),
)
_MEANING = {
    400: "The body is not a form.",
    401: "No valid API key.",
    404: "No such thing.",
    405: "Another method is meant.",
    409: "It does not fit the present state.",
    410: "It was here, and its retention is over.",
    413: "Too many bytes, or too many seconds.",
    415: "Not audio that can be decoded.",
    422: "A parameter cannot be used.",
    429: "Too many jobs wait; come back after `Retry-After` seconds.",
    503: "Not now; come back after `Retry-After` seconds.",
    507: "No room on the disk.",
}
_SCHEMA = {
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
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_FRAMEWORK_CODES = {404: "not_found", 405: "method_not_allowed"}


def status_of(error: errors.SvenskaError) -> int:
    """Return the HTTP status of an error, 500 for one that is the server's own."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def headers_of(error: errors.SvenskaError) -> dict[str, str]:
    """Return the headers that go with an error."""
    if isinstance(error, errors.TryLater):
        return {"Retry-After": str(error.retry_after)}
    return {"WWW-Authenticate": "Bearer"} if isinstance(error, errors.Unauthorized) else {}


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what a route may answer besides success, for the OpenAPI document."""
    return {
        status: {"description": _MEANING[status], "content": {"application/json": {"schema": _SCHEMA}}}
        for status in statuses
    }


def explained(fault: Mapping[str, Any]) -> errors.InvalidRequest:
    """Return a fault that pydantic found in a request (the first of its `errors()`), by the field's name."""
    field = ".".join(str(part) for part in fault["loc"][1:]) or "body"
    if field == "file":
        return errors.MissingFile("Send the recording as the form field `file` (multipart/form-data).")
    expected = fault["msg"].removeprefix("Input should be ")
    return errors.InvalidParameter(field, expected=expected, got=fault.get("input", ""))


def cause_of(error: BaseException) -> errors.SvenskaError | None:
    """Return what really happened while a body was read, where a framework made a plain 400 of it."""
    cause = error.__cause__
    if isinstance(cause, OSError) and cause.errno in _NO_ROOM:
        return errors.StorageFull("The server has no room for this upload.")
    return cause if isinstance(cause, errors.SvenskaError) else None


def framework_code(status: int) -> str:
    """Return the code of a refusal that is a framework's own."""
    return _FRAMEWORK_CODES.get(status, "invalid_parameter")


def unexpected() -> errors.Internal:
    """Return what a client is told of a failure that nobody foresaw."""
    return errors.Internal("Something went wrong here; the log has it under the X-Request-ID of this reply.")
