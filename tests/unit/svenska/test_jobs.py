"""What is said of jobs: submissions, lists, cancelling."""

import io

import httpx
import pytest
from rich.console import Console

from svenska.exits import Exit, Failure
from svenska.job_view import row
from svenska.job_work import cancelled, checked, newest, watched
from svenska.shell import Shell
from svenska.submission import settings, submission, switches
from svenska.tables import moment, seconds, show
from tests.unit.svenska.services import answering


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ([], {}),
        (["pii=off", "summary=on"], {"pii": False, "summary": True}),
        (["summary"], {"summary": True}),
        (["pii=False"], {"pii": False}),
    ],
)
def test_features_are_switched_on_and_off(words: list[str], found: dict[str, bool]):
    """A name alone is on."""
    assert switches(words) == found


@pytest.mark.parametrize("word", ["pii=maybe", "=on", ""])
def test_a_switch_is_on_or_off(word: str):
    """Anything else is a mistake of the command line."""
    with pytest.raises(Failure, match="--feature") as failed:
        switches([word])
    assert failed.value.exit_code is Exit.USAGE


def test_options_are_json_where_they_can_be():
    """Else text, so that a prompt needs no quotes of its own."""
    words = ["beam_size=1", "prompt=Hej på dig = hej", "vad_filter=false", "temperature=0.2"]
    assert settings(words) == {
        "beam_size": 1, "prompt": "Hej på dig = hej", "vad_filter": False, "temperature": 0.2,
    }  # fmt: skip
    for word in ("beam_size", "=1"):
        with pytest.raises(Failure, match="--option"):
            settings([word])


def test_a_submission_says_only_what_was_asked_for():
    """The service's own defaults are its business."""
    assert submission(language=None, priority=0, features={}, options={}, metadata=None, webhook_url=None) == {}
    assert submission(language="sv", priority=5, features={"pii": False}, metadata={"möte": 7}) == {
        "language": "sv", "priority": "5", "features": '{"pii": false}', "metadata": '{"möte": 7}',
    }  # fmt: skip


def _listed(total: int, limit: int) -> tuple[list[str], list[httpx.QueryParams]]:
    asked: list[httpx.QueryParams] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.params)
        start = int(request.url.params.get("cursor", 0))
        end = min(total, start + int(request.url.params["limit"]))
        page = {"jobs": [{"job_id": str(number)} for number in range(start, end)]}
        return httpx.Response(200, json=page | {"next_cursor": str(end) if end < total else None})

    with answering(handler) as service:
        return [job["job_id"] for job in newest(service, "failed", limit)], asked


@pytest.mark.parametrize(("total", "limit", "pages"), [(0, 20, 1), (5, 20, 1), (250, 20, 1), (250, 240, 3)])
def test_a_long_list_is_fetched_in_pages(total: int, limit: int, pages: int):
    """As many jobs as were asked for, or as there are."""
    ids, asked = _listed(total, limit)
    assert ids == [str(number) for number in range(min(total, limit))]
    assert len(asked) == pages
    assert {params["status"] for params in asked} == {"failed"}


def test_cancelling_never_removes_what_is_done():
    """DELETE would: so a job that is over is refused before."""
    methods: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        methods.append(request.method)
        return httpx.Response(200, json={"job_id": "j", "status": "completed"})

    with answering(handler) as service, pytest.raises(Failure) as failed:
        cancelled(service, "j")
    assert failed.value.exit_code is Exit.NOT_NOW
    assert methods == ["GET"]


@pytest.mark.parametrize("name", ["", "../health", "a/b", "a?x=1", "%2e"])
def test_what_is_no_id_is_no_path(name: str):
    """Nothing is asked of the service."""
    with pytest.raises(Failure) as failed:
        checked(name)
    assert failed.value.exit_code is Exit.NOT_FOUND


def _written(*, terminal: bool) -> list[str]:
    shell = Shell({"LANG": "sv_SE.UTF-8"})
    out = io.StringIO()
    shell.out = Console(file=out, force_terminal=terminal, color_system=None, width=60, soft_wrap=True)
    show(shell, ("job", "file"), [("a" * 32, "x\ty\x1b.wav")])
    return out.getvalue().splitlines()


def test_a_program_reads_tabs_and_a_person_a_table():
    """The id is never cut; a file's name cannot add a column or move the cursor."""
    assert _written(terminal=False) == ["a" * 32 + "\tx�y�.wav"]
    head, row = _written(terminal=True)
    assert head.split() == ["jobb", "fil"]
    assert row.split() == ["a" * 32, "x�y�.wav"]


def test_figures_are_readable():
    """Durations in hours, minutes, seconds; moments to the minute; nothing where there is none."""
    assert [seconds(3725.4), seconds(0), seconds(None)] == ["1:02:05", "0:00:00", ""]
    assert moment("2026-11-21T08:30:59.123Z").startswith("2026-11-2")
    assert [moment(None), moment("soon")] == ["", ""]


def test_a_row_says_how_far_a_running_job_is():
    """In its state."""
    line = row({"job_id": "j", "status": "running", "progress": 42.4})
    assert line == ("j", "running 42 %", "", "", "")


def test_who_stops_watching_is_told_that_the_job_goes_on(capsys: pytest.CaptureFixture[str]):
    """With the two commands that one may want then; Ctrl-C stays Ctrl-C."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/events"):
            raise KeyboardInterrupt
        return httpx.Response(200, json={"job_id": "a1", "status": "running", "filename": "möte.m4a"})

    with answering(answer) as service, pytest.raises(KeyboardInterrupt):
        watched(Shell({}), service, "a1")
    said = capsys.readouterr().err
    assert "jobs watch a1" in said
    assert "jobs cancel a1" in said
