"""Exceptions as replies of the one shape; what they mean is in `shared.replies`."""

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from shared import replies
from shared.errors import MalformedBody, SvenskaError

REPLIES = replies.documented(400, 401, 404, 409, 410, 413, 422, 429, 503, 507)
"""What a route may answer besides success, for the OpenAPI document."""


def reply(error: SvenskaError) -> JSONResponse:
    """Return an error as every reply carries it."""
    return JSONResponse(error.to_json(), replies.status_of(error), replies.headers_of(error))


def install(app: FastAPI) -> None:
    """Make every error of `app` a reply of the one shape."""
    app.add_exception_handler(SvenskaError, _svenska)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


def _svenska(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, SvenskaError)  # noqa: S101 - as registered
    return reply(error)


def _invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as registered
    return reply(replies.explained(error.errors()[0]))


def _http(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - as registered
    if (cause := replies.cause_of(error)) is not None:
        return reply(cause)
    if error.status_code == HTTPStatus.BAD_REQUEST:
        return reply(MalformedBody(f"The body could not be read as a form: {error.detail}"))
    document = {"error": {"code": replies.framework_code(error.status_code), "message": str(error.detail)}}
    return JSONResponse(document, error.status_code, dict(error.headers or {}))


def _unexpected(request: Request, _error: Exception) -> JSONResponse:
    answer = reply(replies.unexpected())
    answer.headers["X-Request-ID"] = request.state.request_id  # this reply is made outside of the app's middleware
    return answer
