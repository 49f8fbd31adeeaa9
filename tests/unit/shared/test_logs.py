import json
import logging
from collections.abc import Iterator
from typing import Literal

import pytest
import structlog

from shared.logs import configure, valid_id


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


@pytest.mark.parametrize("good", ["a", "7f3c-aa.b:c_D", "x" * 64])
def test_a_callers_request_id_may_be_used(good: str) -> None:
    """Letters, digits and `._:-`, up to 64."""
    assert valid_id(good)


@pytest.mark.parametrize("bad", [None, "", "x" * 65, "a b", "a\nb", "å", "<script>", "a\n"])
def test_an_id_that_could_forge_a_log_line_is_not_used(bad: str | None) -> None:
    """Newlines, spaces, markup, other alphabets, too long, none."""
    assert not valid_id(bad)


def test_json_lines_carry_the_bound_ids(capsys: pytest.CaptureFixture[str]) -> None:
    """One object a line, from structlog and the standard library alike, with request id, level and time."""
    configure(level="info", form="json")
    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        structlog.stdlib.get_logger("ours").info("took it", job_id="j-1")
        logging.getLogger("theirs").warning("so %s", "what")
    structlog.stdlib.get_logger("ours").debug("too quiet")

    ours, theirs = map(json.loads, capsys.readouterr().err.splitlines())
    assert (ours["event"], ours["job_id"], ours["request_id"], ours["level"]) == ("took it", "j-1", "r-1", "info")
    assert (theirs["event"], theirs["request_id"], theirs["logger"]) == ("so what", "r-1", "theirs")
    assert ours["timestamp"].endswith("Z")


def test_console_lines_are_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    """No escape codes where nobody watches."""
    configure(level="warning", form="console")
    logging.getLogger("ours").warning("careful")
    err = capsys.readouterr().err
    assert "careful" in err
    assert "\x1b" not in err


def test_chatty_libraries_are_kept_down(capsys: pytest.CaptureFixture[str]) -> None:
    """The library httpx logs every request at info; ours say that already."""
    configure(level="info", form="json")
    logging.getLogger("httpx").info("GET http://…")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("form", ["json", "console"])
def test_tracebacks_hold_no_values(form: Literal["json", "console"], capsys: pytest.CaptureFixture[str]) -> None:
    """Local variables are keys and what people said."""
    configure(level="info", form=form)
    key = "hemlig".upper()
    try:
        key.index("?")
    except ValueError:
        structlog.stdlib.get_logger("ours").exception("failed")
        logging.getLogger("theirs").exception("failed")
    err = capsys.readouterr().err
    assert err.count("ValueError") >= 2
    assert "HEMLIG" not in err


def test_a_failed_request_is_not_logged_twice(capsys: pytest.CaptureFixture[str]) -> None:
    """Uvicorn's own line has no request id; ours has."""
    configure(level="info", form="console")
    logging.getLogger("uvicorn.error").error("Exception in ASGI application\n")
    logging.getLogger("uvicorn.error").error(OSError("something else"))
    assert "ASGI" not in (err := capsys.readouterr().err)
    assert "something else" in err


def test_a_websockets_address_is_not_logged(capsys: pytest.CaptureFixture[str]) -> None:
    """Browsers send their key in it."""
    configure(level="info", form="console")
    theirs = logging.getLogger("uvicorn.error")
    theirs.info('%s - "WebSocket %s" [accepted]', "127.0.0.1:9", "/ws/transcribe?api_key=hemlig")
    theirs.info('%s - "WebSocket %s" %d', "127.0.0.1:9", "/v1/listen?api_key=hemlig", 401)
    theirs.info("Uvicorn running")
    assert "hemlig" not in (err := capsys.readouterr().err)
    assert "Uvicorn running" in err


@pytest.mark.parametrize("name", ["uvicorn.error", "aiosqlite", "httpcore", "python_multipart"])
def test_debug_lines_of_libraries_are_not_kept(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """They hold headers, frames and rows."""
    configure(level="debug", form="console")
    logging.getLogger(name).debug("< authorization: Bearer hemlig")
    assert capsys.readouterr().err == ""
