"""OpenAI's `diarized_json`."""

import pytest
from openai.types.audio import TranscriptionDiarized

from batch_worker.routes.openai import diarized, refusal
from shared.errors import AudioTooLong, Busy, InvalidParameter, SvenskaError, Unauthorized, Upstream


def test_a_result_is_what_the_library_takes() -> None:
    """Speakers are letters, in the order in which they first speak."""
    segments = [
        {"id": 0, "start": 0.0, "end": 1.5, "text": "Hej.", "speaker": "SPEAKER_01"},
        {"id": 1, "start": 1.5, "end": 3.0, "text": "Hej hej.", "speaker": "SPEAKER_00"},
        {"id": 2, "start": 3.0, "end": 3.2, "text": "Öh."},
    ]
    speakers = [{"id": "SPEAKER_01"}, {"id": "SPEAKER_00"}]
    result = {"text": "Hej. Hej hej. Öh.", "duration": 3.5, "segments": segments, "speakers": speakers}
    found = TranscriptionDiarized.model_validate(diarized(result), strict=True)
    assert [(one.id, one.speaker) for one in found.segments] == [("seg_000", "A"), ("seg_001", "B"), ("seg_002", "")]
    assert (found.text, found.duration, found.task) == ("Hej. Hej hej. Öh.", 3.5, "transcribe")


def test_more_speakers_than_letters_have_two() -> None:
    """As columns of a sheet."""
    speakers = [{"id": str(number)} for number in range(28)]
    segments = [{"id": 0, "start": 0.0, "end": 1.0, "text": "Ja.", "speaker": "27"}]
    (segment,) = diarized({"text": "Ja.", "duration": 1.0, "segments": segments, "speakers": speakers})["segments"]
    assert segment["speaker"] == "AB"


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (InvalidParameter("language", expected="a code", got="x"), 400, "invalid_request_error"),
        (Unauthorized("No key."), 401, "authentication_error"),
        (AudioTooLong("Too long."), 413, "invalid_request_error"),
        (Upstream("Away."), 500, "server_error"),
        (Busy("Full.", retry_after=3), 503, "server_error"),
    ],
)
def test_errors_are_openais(error: SvenskaError, status: int, kind: str) -> None:
    """Status, type, and the parameter where one is wrong."""
    reply = refusal(error)
    assert (reply.status_code, f'"type":"{kind}"' in bytes(reply.body).decode()) == (status, True)
