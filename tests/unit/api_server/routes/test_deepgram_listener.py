"""Deepgram's messages to and from a native stream, without sockets."""

import asyncio
import contextlib
import hashlib
import json
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api_server.routes.deepgram_listener import Listener
from api_server.routes.deepgram_options import LiveQuery
from api_server.streaming.connection import Connection, Disconnected
from shared.errors import InvalidParameter, SvenskaError, UnsupportedAudio, UploadTooLarge
from shared.events import Final, Flushed, Partial, SpeechStarted, StreamDone, StreamError, WordTime, client_message
from tests.unit.api_server.streaming.fakes import FakeEngine, FakeSocket, noise, service
from tests.unit.api_server.streaming.simulation import numbers, speech

KEEP_ALIVE, FINALIZE, CLOSE = (json.dumps({"type": kind}) for kind in ("KeepAlive", "Finalize", "CloseStream"))
RAW = LiveQuery(encoding="linear16")


def _listener(socket: FakeSocket, query: LiveQuery = RAW) -> Listener:
    return Listener(socket, query, request_id="r1", model="bundled")


def _pcm(audio: np.ndarray) -> bytes:
    return (audio * 32_767).astype("<i2").tobytes()


async def _meant(query: LiveQuery, *messages: str | bytes) -> list[Any]:
    """Return what messages mean to the native stream, its JSON parsed."""
    listener, native = _listener(FakeSocket(*messages, leaves=True), query), []
    while True:
        try:
            message = await listener.receive()
        except Disconnected:
            return native
        native.append(json.loads(message) if isinstance(message, str) else message)


async def _served(*messages: str | bytes, query: LiveQuery = RAW, engine: FakeEngine | None = None) -> FakeSocket:
    """Return a socket on which a whole stream was served."""
    socket = FakeSocket(*messages)
    async with service(engine or FakeEngine()) as streams:
        await Connection(_listener(socket, query), streams).run()
    return socket


def _final(*, start: float = 1.0, text: str = "Hej då.") -> Final:
    words = [
        WordTime(start=start + at, end=start + at + 0.4, word=word, probability=0.8)
        for at, word in enumerate(text.split())
    ]
    end = start + len(words)
    return Final(
        utterance=0, start=start, end=end, text=text, language="sv", confidence=0.7, words=words, latency=0.1
    )  # fmt: skip


def _text(result: dict[str, Any]) -> str:
    return str(result["channel"]["alternatives"][0]["transcript"])


# --- what clients send


async def test_the_options_open_the_stream():
    """Encoding, rate, channels, language, interim results, endpointing and expected words become the native ones."""
    query = LiveQuery(
        encoding="linear32",
        sample_rate=48_000,
        channels=2,
        language="en-GB",
        interim_results=True,
        endpointing=300,
        keyterm=["Kiruna"],
        keywords=["Luleå:2"],
    )
    start, audio = await _meant(query, b"12345678")
    assert audio == b"12345678"
    assert start == {
        "type": "start",
        "language": "en",
        "encoding": "pcm_f32le",
        "sample_rate": 48_000,
        "channels": 2,
        "partials": True,
        "word_timestamps": True,
        "model": None,
        "prompt": None,
        "hotwords": "Kiruna, Luleå",
        "endpoint_silence": 0.3,
    }


@pytest.mark.parametrize(
    ("endpointing", "seconds"), [("10", 0.1), ("500", 0.5), ("90000", 5.0), ("true", None), ("false", None)]
)
async def test_endpointing_is_milliseconds_within_what_the_server_can(endpointing: str, seconds: float | None):
    """On and off leave it to the server."""
    query = LiveQuery.model_validate({"encoding": "linear16", "endpointing": endpointing})
    assert (await _meant(query, b"ab"))[0]["endpoint_silence"] == seconds


@pytest.mark.parametrize(
    ("head", "encoding"), [(b"\x1aE\xdf\xa3..", "webm"), (b"OggS....", "ogg"), (b"RIFF....", "wav")]
)
async def test_a_container_says_what_it_is(head: bytes, encoding: str):
    """Whoever sends one leaves `encoding` out."""
    assert (await _meant(LiveQuery(), head))[0]["encoding"] == encoding


async def test_what_is_no_container_needs_an_encoding():
    """The sentence says which option is missing."""
    with pytest.raises(UnsupportedAudio, match="encoding=linear16"):
        await _meant(LiveQuery(), b"\0\0\0\0")


@pytest.mark.parametrize("law", ["mulaw", "alaw"])
async def test_telephone_audio_becomes_16_bits(law: Literal["mulaw", "alaw"]):
    """Twice as many bytes."""
    start, audio = await _meant(LiveQuery(encoding=law, sample_rate=8_000), b"\xff\x00\x80")
    assert (start["encoding"], len(audio)) == ("pcm_s16le", 6)


async def test_control_messages_mean_flush_and_stop():
    """KeepAlive means nothing; what comes after CloseStream is not looked at."""
    native = await _meant(RAW, KEEP_ALIVE, b"ab", KEEP_ALIVE, FINALIZE, CLOSE, "nonsense", b"cd", CLOSE)
    assert [one if isinstance(one, bytes) else one["type"] for one in native] == ["start", b"ab", "flush", "stop"]


@pytest.mark.parametrize("closing", [CLOSE, b""])
async def test_a_stream_may_close_before_any_audio(closing: str | bytes):
    """An empty message closes too."""
    socket = await _served(KEEP_ALIVE, closing, query=LiveQuery())
    assert [message["type"] for message in socket.got] == ["Metadata"]
    assert socket.got[0]["duration"] == 0.0


@pytest.mark.parametrize(
    "message",
    ["hej", "[]", "{}", '{"type": 5}', '{"type": "Sing"}', '{"kind": "KeepAlive"}', "[" * 60_000, "[" * 70_000],
    ids=lambda message: f"{message[:20]} {len(message)}",
)
async def test_a_message_of_no_known_type_is_refused(message: str):
    """What was heard before still gets its result; nothing after it is looked at."""
    socket = FakeSocket(_pcm(speech([0.1])), message, "nonsense again")
    async with service(FakeEngine()) as streams:
        with pytest.raises(UploadTooLarge if len(message) > 65_536 else InvalidParameter):
            await Connection(_listener(socket), streams).run()
    assert [numbers(_text(result)) for result in socket.events("Results")] == [[0]]
    assert not socket.events("Metadata")


async def test_keyterms_cannot_be_changed_later():
    """The client is told so in Deepgram's own message, and the stream goes on."""
    socket = await _served(_pcm(speech([0.1])), '{"type": "Configure", "keyterms": ["Kiruna"]}', CLOSE)
    (refused,) = socket.events("ConfigureFailure")
    assert (refused["code"], refused["request_id"]) == ("CONFIGURE_KEYTERMS_NOT_SUPPORTED", "r1")
    assert len(socket.events("Metadata")) == 1


_KINDS = ["KeepAlive", "Finalize", "CloseStream", "Configure", "Sing", 5, None]
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)
_MESSAGES = st.one_of(
    st.binary(max_size=20),
    st.text(max_size=20),
    _JSON.map(json.dumps),
    st.sampled_from(_KINDS).map(lambda kind: json.dumps({"type": kind})),
)


@given(messages=st.lists(_MESSAGES, max_size=8), encoded=st.booleans())
async def test_anything_is_understood_or_refused(messages: list[str | bytes], *, encoded: bool):
    """Nothing else is raised; what is meant is what the native stream takes, and begins with `start`."""
    native: list[Any] = []
    with contextlib.suppress(SvenskaError):
        native = await _meant(RAW if encoded else LiveQuery(), *messages)
    texts = [client_message.validate_python(one).type for one in native if not isinstance(one, bytes)]
    assert texts[:1] in ([], ["start"])
    assert set(texts[1:]) <= {"flush", "stop"}


# --- what clients are told


async def test_a_stream_is_told_in_deepgrams_messages():
    """Interim results, then one that is final for each utterance, and metadata at the end."""
    audio = _pcm(speech([0.5, 0.1, 0.1, 0.1, 2.0, 0.1]))
    query = LiveQuery(encoding="linear16", interim_results=True, vad_events=True, utterance_end_ms=1_000)
    socket = await _served(audio, CLOSE, query=query)
    finals = [result for result in socket.events("Results") if result["is_final"]]
    assert [number for result in finals for number in numbers(_text(result))] == list(range(6))
    assert all(result["speech_final"] and not result["from_finalize"] for result in finals)
    assert len(socket.events("SpeechStarted")) == len(socket.events("UtteranceEnd")) == len(finals) == 2
    metadata = socket.got[-1]
    assert (metadata["type"], metadata["request_id"], metadata["channels"]) == ("Metadata", "r1", 1)
    assert metadata["sha256"] == hashlib.sha256(audio).hexdigest()
    assert metadata["duration"] == pytest.approx(len(audio) / 32_000, abs=0.01)


async def test_a_result_has_words_and_metadata():
    """Each field as Deepgram's clients parse it."""
    socket = FakeSocket()
    await _listener(socket).tell(_final())
    (result,) = socket.got
    (heard,) = result["channel"]["alternatives"]
    assert (result["start"], result["duration"], result["channel_index"]) == (1.0, 2.0, [0, 1])
    assert (heard["transcript"], heard["confidence"]) == ("Hej då.", 0.7)
    assert heard["words"][1] == {
        "word": "då", "punctuated_word": "då.", "start": 2.0, "end": 2.4, "confidence": 0.8
    }  # fmt: skip
    assert result["metadata"]["model_info"]["name"] == "bundled"


async def test_an_interim_result_is_not_final():
    """It holds what is certain and what may change."""
    socket = FakeSocket()
    await _listener(socket).tell(
        Partial(utterance=0, start=0.5, end=1.5, committed="Hej", tentative=" då", lag=0.1)
    )  # fmt: skip
    (result,) = socket.got
    assert (_text(result), result["is_final"], result["speech_final"]) == ("Hej då", False, False)


async def test_the_last_result_before_finalize_is_answered_says_so():
    """The others do not, and each is sent once."""
    socket = FakeSocket(b"ab", FINALIZE, leaves=True)
    listener = _listener(socket)
    for _message in range(3):
        await listener.receive()
    for event in (_final(text="Ett."), _final(text="Två."), Flushed(mark="finalize"), _final(text="Tre.")):
        await listener.tell(event)
    told = [(_text(result), result["from_finalize"]) for result in socket.got]
    assert told == [("Ett.", False), ("Två.", True), ("Tre.", False)]


async def test_finalize_is_answered_though_nothing_was_said():
    """An empty result, where the last one ended; before any audio too."""
    socket = await _served(FINALIZE, _pcm(speech([0.1, 1.5])), FINALIZE, FINALIZE, CLOSE)
    told = [(numbers(_text(result)), result["from_finalize"]) for result in socket.events("Results")]
    assert told == [([], True), ([0], False), ([1], True), ([], True)]
    assert socket.events("Results")[-1]["start"] > 0


@pytest.mark.parametrize("text", ["", "Hej."])
async def test_the_end_of_speech_is_told_to_those_who_ask(text: str):
    """With the end of the last word, where there is one."""
    socket = FakeSocket()
    listener = _listener(socket, LiveQuery(encoding="linear16", utterance_end_ms=1_000))
    await listener.tell(_final(text=text))
    assert [end["last_word_end"] for end in socket.events("UtteranceEnd")] == ([1.4] if text else [])


async def test_events_that_nobody_asked_for_are_kept():
    """The beginning of speech is told to those who ask for `vad_events`."""
    socket = FakeSocket()
    await _listener(socket).tell(SpeechStarted(utterance=0, start=1.0))
    assert socket.got == []


async def test_an_error_is_deepgrams():
    """`type`, `variant` and `description`."""
    socket = FakeSocket()
    await _listener(socket).tell(StreamError(code="busy", message="Later.", fatal=False))
    assert socket.got == [{"type": "Error", "variant": "busy", "description": "Later.", "message": "Later."}]


async def test_the_end_is_told_once():
    """The account has Deepgram's fields."""
    socket = FakeSocket()
    done = StreamDone(duration=2.5, utterances=1, audio_received=2.5, audio_decoded=2.0, audio_silence=0.5)
    await _listener(socket).tell(done)
    (metadata,) = socket.got
    assert {"transaction_key", "request_id", "sha256", "created", "duration", "channels", "models"} <= set(metadata)


# --- clients that go


async def test_a_client_that_leaves_takes_its_work_with_it():
    """As on the native stream."""
    engine = FakeEngine()
    engine.lets.clear()
    socket = FakeSocket(_pcm(noise(2.0)), FINALIZE, leaves=True)
    async with service(engine) as streams:
        await asyncio.wait_for(Connection(_listener(socket), streams).run(), 30)
    assert (engine.cancelled, engine.running) == (1, 0)


# --- options


@pytest.mark.parametrize(
    "query",
    [{"callback": "http://example.com"}, {"redact": ["pci"]}, {"redact": ["true"]}, {"redact": ["false", "ssn"]}],
)
def test_what_would_be_missed_is_refused(query: dict[str, Any]):
    """Results that never come, and words that somebody asked to be spared."""
    with pytest.raises(SvenskaError, match=next(iter(query))):
        LiveQuery.model_validate(query).check()


@pytest.mark.parametrize("query", [{}, {"redact": ["false"]}, {"callback": ""}, {"diarize": "true", "tier": "nova"}])
def test_the_rest_is_taken(query: dict[str, Any]):
    """Whether or not it is used."""
    LiveQuery.model_validate(query).check()
