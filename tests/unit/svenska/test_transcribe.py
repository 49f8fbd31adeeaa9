"""What `transcribe` plans, sends and takes."""

import io
from pathlib import Path

import httpx
import pytest

from svenska.exits import Exit, Failure
from svenska.recordings import Recording
from svenska.transcription import form_fields, planned, transcript
from tests.unit.svenska.services import answering, events

ONE = [Recording(path=Path("a.wav"))]
TWO = [*ONE, Recording(path=Path("b.wav"))]
DONE = ("done", {"text": "Hej", "segments": []})


def test_only_what_was_asked_for_is_sent():
    """As forms spell it."""
    fields = form_fields(language=None, word_timestamps=True, vad_filter=False, beam_size=1)
    assert fields == {"word_timestamps": "true", "vad_filter": "false", "beam_size": "1"}


@pytest.mark.parametrize(
    ("form", "output", "found"),
    [
        (None, None, "text"),
        (None, "a.srt", "srt"),
        (None, "a.VTT", "vtt"),
        (None, "a.json", "json"),
        (None, "a", "text"),
        ("vtt", "a.srt", "vtt"),
    ],
)
def test_the_format_follows_the_file_unless_it_is_named(form: str | None, output: str | None, found: str):
    """Text where neither says."""
    (task,) = planned(ONE, form, Path(output) if output else None, None)
    assert task.form == found


def test_a_folder_gets_a_file_for_each():
    """Named after the recordings."""
    tasks = planned(TWO, "srt", None, Path("out"))
    assert [task.path for task in tasks] == [Path("out/a.srt"), Path("out/b.srt")]


def test_one_file_takes_one_transcript():
    """Two would overwrite each other."""
    for named, folder in ((TWO, None), (ONE, Path("out"))):
        with pytest.raises(Failure, match="--output-dir") as failed:
            planned(named, None, Path("a.srt"), folder)
        assert failed.value.exit_code is Exit.USAGE


def _heard(*answer: tuple[str, dict[str, object]], broken: bool = False) -> tuple[dict[str, object], list[object]]:
    seen: list[object] = []
    with answering(lambda _request: events(*answer, broken=broken)) as service:
        document = transcript(service, io.BytesIO(b"RIFF"), "a.wav", {"language": "sv"}, seen.append)
    return document, seen


def test_segments_are_told_as_they_come():
    """And the whole is returned."""
    segment = {"id": 0, "text": "Hej", "progress": 0.5}
    assert _heard(("segment", segment), ("progress", {"progress": 0.7}), DONE) == (
        DONE[1],
        [segment, {"progress": 0.7}],
    )


@pytest.mark.parametrize(("answer", "broken"), [([("segment", {})], False), ([("segment", {})], True), ([], False)])
def test_a_transcript_without_its_end_is_none(answer: list[tuple[str, dict[str, object]]], *, broken: bool):
    """Half of it must not pass for the whole."""
    with pytest.raises(Failure) as failed:
        _heard(*answer, broken=broken)
    assert failed.value.exit_code is Exit.UNREACHABLE


def test_an_error_in_the_middle_keeps_its_code():
    """As if it had come at once."""
    with pytest.raises(Failure) as failed:
        _heard(("segment", {}), ("error", {"error": {"code": "audio_too_long", "message": "Too long."}}))
    assert (failed.value.code, failed.value.exit_code) == ("audio_too_long", Exit.INPUT)


def test_the_form_names_the_file_and_asks_for_events():
    """So that progress can be shown."""
    bodies: list[bytes] = []

    def handler(request: httpx.Request) -> httpx.Response:
        bodies.append(request.read())
        return events(DONE)

    with answering(handler) as service:
        transcript(service, io.BytesIO(b"RIFF"), "möte.wav", {"language": "sv"}, lambda _segment: None)
    for part in ('name="stream"\r\n\r\ntrue', 'name="language"\r\n\r\nsv', 'filename="möte.wav"', "RIFF"):
        assert part.encode() in bodies[0]
