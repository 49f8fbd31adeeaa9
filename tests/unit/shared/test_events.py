import pytest
from pydantic import TypeAdapter, ValidationError

from shared.events import Final, Flush, Partial, ServerEvent, Start, Stop, StreamDone, client_message

server_event: TypeAdapter[ServerEvent] = TypeAdapter(ServerEvent)


def test_a_start_may_be_bare() -> None:
    """Everything has the default of the contract."""
    start = client_message.validate_json('{"type": "start"}')
    assert start == Start(encoding="pcm_s16le", sample_rate=16_000, channels=1, partials=True, word_timestamps=False)


@pytest.mark.parametrize(("raw", "expected"), [('{"type":"flush"}', Flush()), ('{"type":"stop","x":1}', Stop())])
def test_messages_are_told_apart_by_type(raw: str, expected: object) -> None:
    """And unknown fields are ignored."""
    assert client_message.validate_json(raw) == expected


@pytest.mark.parametrize(
    "raw",
    [
        "{}",
        "[]",
        "no json",
        '{"type": "begin"}',
        '{"type": "start", "encoding": "mp3"}',
        '{"type": "start", "sample_rate": 0}',
        '{"type": "start", "sample_rate": 1000000}',
        '{"type": "start", "channels": 3}',
        '{"type": "start", "partials": "perhaps"}',
    ],
)
def test_what_is_no_message_is_refused(raw: str) -> None:
    """Unknown types, encodings and figures outside the ranges."""
    with pytest.raises(ValidationError):
        client_message.validate_json(raw)


def test_every_event_reads_back_as_its_own_class() -> None:
    """A client that validates the union gets the class that was sent."""
    events = (
        Partial(utterance=0, start=0, end=1, committed="hej", tentative=" jag", lag=0.2),
        Final(utterance=0, start=0, end=1, text="hej", language="sv", confidence=0.9, latency=0.3),
        StreamDone(duration=2, utterances=1, audio_received=2, audio_decoded=1, audio_silence=1),
    )
    for event in events:
        assert server_event.validate_json(event.model_dump_json()) == event
