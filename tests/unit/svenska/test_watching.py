"""A job is followed to its end."""

from typing import Any

import httpx
import pytest

from svenska.client import Event
from svenska.exits import Exit, Failure
from svenska.watching import follow, progress_of, stage_of
from tests.unit.svenska.services import answering, events, refusing

DONE = ("completed", {"status": "completed", "progress": 100.0})
RUNNING = ("status", {"status": "running", "progress": 10.0})


class _Answers:
    """Gives one answer after another, and remembers what was asked."""

    def __init__(self, *answers: httpx.Response | httpx.TransportError) -> None:
        self._answers = list(answers)
        self.asked: list[str | None] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.headers.get("last-event-id"))
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, httpx.TransportError):
            raise answer
        return answer


def _followed(answers: _Answers) -> tuple[list[str], list[float], list[Failure]]:
    slept: list[float] = []
    lost: list[Failure] = []
    with answering(answers) as service:
        names = [event.name for event in follow(service, "j", sleep=slept.append, tell=lost.append)]
    return names, slept, lost


def test_it_ends_with_the_job():
    """What comes after is not waited for."""
    answers = _Answers(events(RUNNING, ("stage", {"name": "transcribe", "status": "completed"}), DONE, RUNNING))
    assert _followed(answers) == (["status", "stage", "completed"], [], [])


@pytest.mark.parametrize(
    "last", [("failed", {}), ("completed", {}), ("status", {"status": "cancelled"}), ("status", {"status": "failed"})]
)
def test_every_end_of_a_job_is_an_end(last: tuple[str, dict[str, Any]]):
    """As an event of its own, or as the state."""
    assert _followed(_Answers(events(last)))[0] == [last[0]]


def test_a_broken_connection_is_made_again_where_it_broke():
    """After a pause; the person hears of it, and the service is told the last event."""
    answers = _Answers(events(RUNNING, broken=True), httpx.ConnectError("refused"), events(DONE))
    names, slept, lost = _followed(answers)
    assert names == ["status", "completed"]
    assert answers.asked == [None, "1", "1"]
    assert slept == [0.5, 1.0]
    assert len(lost) == 2


def test_a_stream_that_closes_early_is_opened_again():
    """The job is not over because the stream is."""
    assert _followed(_Answers(events(RUNNING), events(DONE)))[0] == ["status", "completed"]


def test_a_service_that_stays_away_is_given_up():
    """After minutes, as a service that is away."""
    with pytest.raises(Failure) as failed:
        _followed(_Answers(httpx.ConnectError("refused")))
    assert failed.value.exit_code is Exit.UNREACHABLE


def test_a_job_that_is_not_there_is_told_at_once():
    """Asking again would not make it."""
    answers = _Answers(refusing(404, "not_found"))
    with pytest.raises(Failure) as failed:
        _followed(answers)
    assert failed.value.exit_code is Exit.NOT_FOUND
    assert len(answers.asked) == 1


def test_progress_and_stage_are_read_from_any_event_that_has_them():
    """The services count in percent."""
    assert progress_of(Event(name="progress", data={"progress": 42.0}, id="")) == 0.42
    assert progress_of(Event(name="stage", data={"name": "pii"}, id="")) is None
    assert stage_of(Event(name="stage", data={"name": "pii", "status": "running"}, id="")) == "pii"
    assert stage_of(Event(name="progress", data={"stage": "text"}, id="")) == "text"
    assert stage_of(Event(name="status", data={"stage": None}, id="")) == ""
