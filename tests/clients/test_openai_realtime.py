"""OpenAI's own library, unmodified, in transcription sessions with the running api_server."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import openai
import pytest
import websockets
from av.audio.resampler import AudioResampler
from websockets.sync.client import connect

from tests import clips, processes
from tests.clips import Clip
from tests.processes import Service

pytestmark = pytest.mark.slow

SAID = clips.clip("tid")
LONG = clips.clip("paus")
TRANSCRIPTION = "conversation.item.input_audio_transcription"
RATE = 24_000
CHUNK = 9_600
"""Bytes of one event: 0.2 s of 16 bits at 24 kHz."""

Event = dict[str, Any]


def feature(name: str) -> pytest.MarkDecorator:
    """Mark a test as showing a feature of the library."""
    return pytest.mark.compatibility("openai", f"realtime: {name}")


def frames(clip: Clip, rate: int) -> Iterator[av.AudioFrame]:
    """Yield a clip as 16-bit mono audio, a second of silence behind it."""
    resampler = AudioResampler(format="s16", layout="mono", rate=rate)
    with av.open(str(clip.path)) as media:
        for frame in media.decode(audio=0):
            yield from resampler.resample(frame)
    yield from resampler.resample(None)
    silence = av.AudioFrame(format="s16", layout="mono", samples=rate)
    silence.sample_rate = rate
    silence.planes[0].update(bytes(rate * 2))
    yield silence


def pcm(clip: Clip, rate: int = RATE) -> bytes:
    """Return a clip as raw samples."""
    return b"".join(frame.to_ndarray().tobytes() for frame in frames(clip, rate))


def g711(clip: Clip, codec: str) -> bytes:
    """Return a clip as FFmpeg's encoder writes it for the telephone."""
    encoder = av.CodecContext.create(codec, "w")
    encoder.sample_rate, encoder.layout, encoder.format = 8_000, "mono", "s16"
    samples = av.AudioFrame(format="s16", layout="mono", samples=len(pcm(clip, 8_000)) // 2)
    samples.sample_rate = 8_000
    samples.planes[0].update(pcm(clip, 8_000))
    return b"".join(bytes(packet) for packet in encoder.encode(samples))


def send(connection: Any, audio: bytes) -> None:  # noqa: ANN401 - one of the library's two connections
    """Append audio in pieces, as a microphone would."""
    for at in range(0, len(audio), CHUNK):
        connection.input_audio_buffer.append(audio=base64.b64encode(audio[at : at + CHUNK]).decode())


def until(connection: Any, kind: str) -> list[Event]:  # noqa: ANN401 - one of the library's two connections
    """Return the events up to the first of a kind; an error on the way fails the test."""
    events: list[Event] = []
    while not events or events[-1]["type"] != kind:
        events.append(connection.recv().to_dict())
        assert kind == "error" or events[-1]["type"] != "error", events[-1]
    return events


def said(events: list[Event]) -> str:
    """Return the transcripts, in order."""
    return " ".join(event["transcript"] for event in events if event["type"] == f"{TRANSCRIPTION}.completed")


def deltas(events: list[Event]) -> str:
    """Return the deltas joined."""
    return "".join(event["delta"] for event in events if event["type"] == f"{TRANSCRIPTION}.delta")


@pytest.fixture(scope="module")
def client(api_server_url: str) -> Iterator[openai.OpenAI]:
    """The library, told nothing but where to look."""
    with library(api_server_url) as client:
        yield client


def library(url: str, key: str = "any") -> openai.OpenAI:
    """Return the library, pointed at a service."""
    sockets = url.replace("http", "ws", 1) + "/v1"
    return openai.OpenAI(base_url=f"{url}/v1", websocket_base_url=sockets, api_key=key, max_retries=0, timeout=120)


def session(**heard: object) -> Any:  # noqa: ANN401 - the library's own type is a dictionary
    """Return the settings of a transcription session."""
    return {"type": "transcription", "audio": {"input": heard}}


@feature("server_vad turns, deltas, speech_started and speech_stopped")
def test_detected_turns(client: openai.OpenAI) -> None:
    """Silence ends the turn; started, stopped, committed, item, transcript come in order under one item id."""
    with client.realtime.connect(extra_query={"intent": "transcription"}) as connection:
        assert connection.recv().type == "session.created"
        detection = {"type": "server_vad", "silence_duration_ms": 600}
        connection.session.update(
            session=session(transcription={"model": "whisper-1", "language": "sv"}, turn_detection=detection)
        )
        updated = connection.recv().to_dict()
        assert (updated["type"], updated["session"]["type"]) == ("session.updated", "transcription")
        send(connection, pcm(SAID))
        events = until(connection, f"{TRANSCRIPTION}.completed")
    kinds = [event["type"] for event in events if event["type"] != f"{TRANSCRIPTION}.delta"]
    assert kinds == [
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
        f"{TRANSCRIPTION}.completed",
    ]
    assert said(events) == SAID.text
    assert deltas(events)
    assert len({event.get("item_id") or event["item"]["id"] for event in events}) == 1
    assert 0 < events[-1]["usage"]["seconds"] <= SAID.duration


@feature("manual turns: commit, clear")
def test_manual_turns(client: openai.OpenAI) -> None:
    """What is cleared is gone; what is committed is one transcript, pauses and all; the next turn is its own."""
    with client.realtime.connect(extra_query={"intent": "transcription"}) as connection:
        connection.session.update(session=session(transcription={"model": "whisper-1"}, turn_detection=None))
        until(connection, "session.updated")
        send(connection, pcm(SAID))
        connection.input_audio_buffer.clear()
        until(connection, "input_audio_buffer.cleared")
        send(connection, pcm(LONG))
        connection.input_audio_buffer.commit()
        send(connection, pcm(SAID))
        connection.input_audio_buffer.commit()
        first = until(connection, f"{TRANSCRIPTION}.completed")
        second = until(connection, f"{TRANSCRIPTION}.completed")
    assert (said(first), said(second)) == (LONG.text, SAID.text)
    assert first[-1]["item_id"] != second[-1]["item_id"]


@feature("earlier shape: transcription_session.update")
def test_earlier_shape(client: openai.OpenAI) -> None:
    """The library's earlier interface is answered in its own words."""
    with client.beta.realtime.connect(model="gpt-4o-transcribe", extra_query={"intent": "transcription"}) as connection:
        assert connection.recv().to_dict()["type"] == "transcription_session.created"
        connection.transcription_session.update(
            session={"input_audio_format": "pcm16", "input_audio_transcription": {"model": "gpt-4o-transcribe"}}
        )
        updated = until(connection, "transcription_session.updated")[-1]
        assert updated["session"]["input_audio_transcription"]["model"] == "gpt-4o-transcribe"
        send(connection, pcm(SAID))
        events = until(connection, f"{TRANSCRIPTION}.completed")
    assert "conversation.item.created" in {event["type"] for event in events}
    assert said(events) == SAID.text


@feature("g711 µ-law and A-law")
@pytest.mark.parametrize(("form", "codec"), [("audio/pcmu", "pcm_mulaw"), ("audio/pcma", "pcm_alaw")])
def test_telephone(client: openai.OpenAI, form: str, codec: str) -> None:
    """Audio as the telephone has it is understood."""
    with client.realtime.connect(extra_query={"intent": "transcription"}) as connection:
        connection.session.update(session=session(format={"type": form}))
        send(connection, g711(SAID, codec))
        assert "torsdag" in said(until(connection, f"{TRANSCRIPTION}.completed"))


@feature("include logprobs")
def test_logprobs(client: openai.OpenAI) -> None:
    """Each word has its log probability."""
    with client.realtime.connect(extra_query={"intent": "transcription"}) as connection:
        asked = session() | {"include": ["item.input_audio_transcription.logprobs"]}
        connection.session.update(session=asked)
        send(connection, pcm(SAID))
        done = until(connection, f"{TRANSCRIPTION}.completed")[-1]
    assert " ".join(one["token"] for one in done["logprobs"]) == SAID.text


@feature("errors that leave the session open")
def test_errors(client: openai.OpenAI) -> None:
    """A bad setting, an empty commit and a call that is not served are errors; then speech is transcribed."""
    with client.realtime.connect(extra_query={"intent": "transcription"}) as connection:
        connection.session.update(session=session(transcription={"language": "klingon"}), event_id="mine")
        language = until(connection, "error")[-1]["error"]
        assert (language["event_id"], language["param"]) == ("mine", "session.audio.input.transcription.language")
        connection.input_audio_buffer.commit()
        assert until(connection, "error")[-1]["error"]["code"] == "input_audio_buffer_commit_empty"
        connection.response.create()
        assert until(connection, "error")[-1]["error"]["type"] == "invalid_request_error"
        send(connection, pcm(SAID))
        assert said(until(connection, f"{TRANSCRIPTION}.completed")) == SAID.text


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that asks for a key."""
    with processes.running("api_server", tmp_path_factory.mktemp("keyed"), API_KEYS="hemlig") as service:
        yield service


@feature("keys")
def test_keys(keyed: Service) -> None:
    """A wrong key is status 401 with OpenAI's error; the right one is let in."""
    with pytest.raises(websockets.InvalidStatus) as refused, library(keyed.url, "fel").realtime.connect():
        pass
    assert refused.value.response.status_code == 401
    assert json.loads(refused.value.response.body or b"")["error"]["code"] == "invalid_api_key"
    with library(keyed.url, "hemlig").realtime.connect() as connection:
        assert connection.recv().type == "session.created"


@feature("no place left")
def test_no_place_left(tmp_path: Path) -> None:
    """Where all places are taken the client is told by an event, and the session that is open goes on."""
    with processes.running("api_server", tmp_path, MAX_CONNECTED_CLIENTS="1") as service:
        client = library(service.url)
        with client.realtime.connect() as first:
            assert first.recv().type == "session.created"
            with client.realtime.connect() as second:
                assert until(second, "error")[-1]["error"]["code"] == "too_many_sessions"
            send(first, pcm(SAID))
            assert said(until(first, f"{TRANSCRIPTION}.completed")) == SAID.text


@pytest.mark.compatibility("websockets", "OpenAI realtime: key in a sub-protocol, as browsers send it")
def test_a_browser_sends_its_key_in_a_sub_protocol(keyed: Service) -> None:
    """It is let in and answered with `realtime`; with a wrong key it is not."""
    url = keyed.url.replace("http", "ws", 1) + "/v1/realtime?intent=transcription"
    with pytest.raises(websockets.InvalidStatus):
        connect(url, subprotocols=[websockets.Subprotocol(one) for one in ("realtime", "openai-insecure-api-key.fel")])
    known = [websockets.Subprotocol(one) for one in ("realtime", "openai-insecure-api-key.hemlig")]
    with connect(url, subprotocols=known) as socket:
        assert socket.subprotocol == "realtime"
        assert json.loads(socket.recv())["type"] == "session.created"


@feature("client_secrets: a session made for a browser")
def test_a_browser_opens_the_session_that_was_made_for_it(keyed: Service) -> None:
    """With a client secret in place of the key, its settings hold from the beginning; anything else is refused."""
    wanted = session(transcription={"language": "en"}, turn_detection=None)
    secret = library(keyed.url, "hemlig").realtime.client_secrets.create(session=wanted)
    with library(keyed.url, secret.value).realtime.connect() as connection:
        created = connection.recv().to_dict()["session"]
    assert created["audio"] == secret.to_dict()["session"]["audio"]
    assert (created["audio"]["input"]["transcription"]["language"], created["audio"]["input"]["turn_detection"]) == (
        "en",
        None,
    )
    with pytest.raises(openai.AuthenticationError):
        library(keyed.url, secret.value).models.list()
    with pytest.raises(websockets.InvalidStatus), library(keyed.url, secret.value + "x").realtime.connect():
        pass


def test_an_intent_that_is_not_served_is_refused(api_server_url: str) -> None:
    """The refusal is OpenAI's error object."""
    url = api_server_url.replace("http", "ws", 1) + "/v1/realtime?intent=conversation"
    with pytest.raises(websockets.InvalidStatus) as refused:
        connect(url)
    assert refused.value.response.status_code == 400
    assert json.loads(refused.value.response.body or b"")["error"]["param"] == "intent"
