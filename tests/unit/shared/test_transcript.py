import dataclasses
import json

import pytest
from pydantic import ValidationError

from shared.transcript import (
    Notice,
    Retried,
    Word,
    join_text,
    segment_from_json,
    to_json,
    transcript_from_json,
)
from tests.unit.shared.values import segment, transcript

RICH = segment(
    words=(Word(start=0.0, end=0.4, word="Hej", probability=0.98, speaker="SPEAKER_00"),),
    speaker="SPEAKER_00",
    original_text="hej",
    retried=Retried(model="large", confidence_before=0.3, accepted=True),
)


def test_a_transcript_survives_the_wire() -> None:
    """What one service writes, the other reads back as the same value."""
    whole = dataclasses.replace(
        transcript(segment(), RICH), warnings=(Notice(stage="decode", code="truncated_audio", message="…"),)
    )
    assert transcript_from_json(json.loads(json.dumps(to_json(whole)))) == whole
    assert segment_from_json(json.loads(json.dumps(to_json(RICH)))) == RICH


def test_what_was_not_asked_for_is_left_out() -> None:
    """Fields that are None are not in the JSON, and reading does without them."""
    document = to_json(segment())
    assert "words" not in document
    assert "speaker" not in document
    assert segment_from_json(document) == segment()


def test_a_newer_server_may_add_fields() -> None:
    """Unknown fields are ignored."""
    assert segment_from_json({**to_json(segment()), "mood": "glad"}) == segment()


def test_what_is_no_transcript_is_refused() -> None:
    """A missing or wrong field is an error, not a guess."""
    document = to_json(segment())
    del document["text"]
    with pytest.raises(ValidationError, match="text"):
        segment_from_json(document)
    with pytest.raises(ValidationError, match="segments"):
        transcript_from_json({**to_json(transcript()), "segments": "none"})


def test_values_do_not_change() -> None:
    """A segment is replaced, never altered."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        segment().text = "annat"  # type: ignore[misc]


def test_the_running_text_is_joined_by_one_space() -> None:
    """Empty segments leave no trace."""
    assert join_text((segment(text=" Hej "), segment(text=" "), segment(text="då."))) == "Hej då."
    assert join_text(()) == ""
