"""Errors as HTTP has them."""

import errno
import inspect

import pytest

from shared import errors, replies


def every_error() -> list[type[errors.SvenskaError]]:
    """Return the whole tree."""
    kinds = [kind for _name, kind in inspect.getmembers(errors, inspect.isclass)]
    return [kind for kind in kinds if issubclass(kind, errors.SvenskaError)]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.MalformedBody("x"), 400),
        (errors.Unauthorized("x"), 401),
        (errors.ModelNotFound("x"), 404),
        (errors.Conflict("x"), 409),
        (errors.Expired("x"), 410),
        (errors.AudioTooLong("x"), 413),
        (errors.UploadTooLarge("x"), 413),
        (errors.UnsupportedAudio("x"), 415),
        (errors.InvalidParameter("start", expected="less", got=9), 422),
        (errors.QueueFull("x"), 429),
        (errors.Cancelled("x"), 499),
        (errors.AsrUnavailable("x"), 500),
        (errors.Busy("x"), 503),
        (errors.StorageFull("x"), 507),
    ],
)
def test_each_error_has_its_status(error: errors.SvenskaError, status: int) -> None:
    """As the contract's table has it."""
    assert replies.status_of(error) == status


def test_callers_faults_are_never_the_servers() -> None:
    """Whatever is added below `InvalidRequest` gets a 4xx."""
    statuses = {
        next(status for kind, status in replies._STATUS if issubclass(one, kind))
        for one in every_error()
        if issubclass(one, errors.InvalidRequest)
    }
    assert all(400 <= status < 500 for status in statuses)


def test_a_refusal_for_now_says_when_to_come_back() -> None:
    """And one for want of a key what kind of key."""
    assert replies.headers_of(errors.Busy("x", retry_after=7)) == {"Retry-After": "7"}
    assert replies.headers_of(errors.Unauthorized("x")) == {"WWW-Authenticate": "Bearer"}
    assert replies.headers_of(errors.NotFound("x")) == {}


def test_a_fault_names_its_field() -> None:
    """Below body or query; a missing recording is an error of its own."""
    fault = replies.explained({"loc": ("body", "options", 2), "msg": "Input should be a number", "input": "x"})
    assert (fault.detail or {})["field"] == "options.2"
    assert isinstance(replies.explained({"loc": ("body", "file"), "msg": "Field required"}), errors.MissingFile)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_no_malformed_body(number: int) -> None:
    """Though frameworks make one of it."""
    wrapped = ValueError("There was an error parsing the body")
    wrapped.__cause__ = OSError(number, "no room")
    assert isinstance(replies.cause_of(wrapped), errors.StorageFull)
    wrapped.__cause__ = OSError(errno.EIO, "broken")
    assert replies.cause_of(wrapped) is None
