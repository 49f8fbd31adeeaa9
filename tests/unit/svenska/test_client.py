"""Answers, refusals and broken connections."""

import httpx
import pytest

from svenska.client import Event, Service, patiently, refusal
from svenska.exits import Exit, Failure
from tests.unit.svenska.services import Handler, answering, events, refusing


def _fails(handler: Handler) -> Failure:
    with answering(handler) as service, pytest.raises(Failure) as failed:
        service.call("GET", "/models")
    return failed.value


@pytest.mark.parametrize(
    ("status", "code", "exit_code"),
    [
        (401, "unauthorized", Exit.UNAUTHORIZED),
        (404, "model_not_found", Exit.NOT_FOUND),
        (409, "conflict", Exit.NOT_NOW),
        (415, "unsupported_audio", Exit.INPUT),
        (503, "busy", Exit.NOT_NOW),
        (500, "internal", Exit.UNREACHABLE),
    ],
)
def test_a_refusal_keeps_its_code(status: int, code: str, exit_code: Exit):
    """And ends the command as the table says."""
    failure = _fails(lambda _request: refusing(status, code))
    assert (failure.code, failure.exit_code) == (code, exit_code)


def test_the_message_of_a_service_is_shown_as_it_is_but_cannot_move_the_cursor():
    """Braces are no places, and an escape sequence is no command."""
    failure = _fails(lambda _request: refusing(422, "invalid_parameter", "{x}: expected \x1b[2J"))
    assert str(failure) == "{x}: expected �[2J"


def test_what_is_no_service_is_told_as_such():
    """A page, a proxy's error, a list where an object belongs."""
    for answer in (httpx.Response(200, text="<html>"), httpx.Response(502, text="Bad"), httpx.Response(200, json=[1])):
        failure = _fails(lambda _request, answer=answer: answer)
        assert (failure.code, failure.exit_code) == ("not_a_service", Exit.UNREACHABLE)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (httpx.ConnectError("refused"), "unreachable"),
        (httpx.ConnectTimeout("slow"), "unreachable"),
        (httpx.ReadTimeout("silent"), "timeout"),
        (httpx.RemoteProtocolError("closed"), "broken_off"),
    ],
)
def test_a_broken_connection_is_one_sentence(error: httpx.TransportError, code: str):
    """That names the address, with the exit code of a service that is away."""

    def handler(_request: httpx.Request) -> httpx.Response:
        raise error

    failure = _fails(handler)
    assert (failure.code, failure.exit_code) == (code, Exit.UNREACHABLE)
    assert "http://127.0.0.1:1" in str(failure)


def test_no_content_is_an_empty_document():
    """As a deleted model is answered."""
    with answering(lambda _request: httpx.Response(204)) as service:
        assert service.call("DELETE", "/models/small") == {}


def _read(service: Service) -> list[Event]:
    with service.events("GET", "/events") as stream:
        return list(stream)


def test_events_come_with_name_data_and_number():
    """In order."""
    with answering(lambda _request: events(("status", {"a": 1}), ("done", {}))) as service:
        assert _read(service) == [
            Event(name="status", data={"a": 1}, id="1"),
            Event(name="done", data={}, id="2"),
        ]


def test_a_stream_that_breaks_is_a_failure_after_its_last_event():
    """Nothing that came before is lost."""
    with answering(lambda _request: events(("status", {}), broken=True)) as service:
        seen = []
        with service.events("GET", "/events") as stream, pytest.raises(Failure) as failed:
            seen.extend(event.name for event in stream)
        assert failed.value.code == "broken_off"


def test_a_refused_stream_is_a_refusal():
    """Before any event."""
    with answering(lambda _request: refusing(404, "not_found")) as service, pytest.raises(Failure) as failed:
        _read(service)
    assert failed.value.exit_code is Exit.NOT_FOUND


def test_a_mistake_of_the_reader_is_not_taken_for_the_services():
    """What the command does with an event is its own affair."""
    with (
        answering(lambda _request: events(("status", {}))) as service,
        pytest.raises(ValueError, match="mine"),
        service.events("GET", "/events"),
    ):
        raise ValueError("mine")


def _busy(seconds: float) -> Failure:
    return refusal({"error": {"code": "busy", "message": "Busy."}}, status=503, retry_after=str(seconds))


def test_a_busy_service_is_asked_again_when_it_said():
    """And the person is told each time."""
    answers: list[Failure | str] = [_busy(3), _busy(4), "done"]
    slept: list[float] = []
    told: list[Failure] = []

    def work() -> str:
        answer = answers.pop(0)
        if isinstance(answer, Failure):
            raise answer
        return answer

    assert patiently(work, seconds=10, sleep=slept.append, tell=told.append) == "done"
    assert slept == [3, 4]
    assert len(told) == 2


def test_patience_ends():
    """Rather than wait longer than was asked for."""
    slept: list[float] = []

    def work() -> None:
        raise _busy(6)

    with pytest.raises(Failure):
        patiently(work, seconds=10, sleep=slept.append)
    assert slept == [6]


def test_a_service_that_says_no_time_is_not_asked_again():
    """What is wrong with a recording stays wrong."""
    with pytest.raises(Failure):
        patiently(lambda: (_ for _ in ()).throw(_plain()), seconds=100, sleep=lambda _seconds: pytest.fail("slept"))


def _plain() -> Failure:
    return refusal({"error": {"code": "unsupported_audio", "message": "No."}}, status=415)
