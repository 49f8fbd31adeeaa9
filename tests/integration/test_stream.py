"""`WS /ws/transcribe` on real sockets: codes, keys, limits, containers, and real speech."""

import io
import json
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from typing import Any

import av
import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from api_server.streaming.service import Limits
from api_server.streaming.values import SpeechProbability, StreamOptions
from shared.audio import decode
from shared.events import Start
from tests.clips import clip
from tests.integration.stream_server import Server, bundled_engine, fake_engine, serve
from tests.unit.api_server.streaming.fakes import as_pcm, noise
from tests.unit.api_server.streaming.simulation import numbers, speech

pytestmark = pytest.mark.slow
STOP = '{"type": "stop"}'
FLOATS = '{"type": "start", "encoding": "pcm_f32le"}'


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """An open server on a fake engine."""
    engine, speech_of = fake_engine()
    with serve(engine, lambda: speech_of) as running:
        yield running


def _rest(client: ClientConnection) -> tuple[list[dict[str, Any]], int | None]:
    events = []
    try:
        while True:
            events.append(json.loads(client.recv(timeout=60)))
    except ConnectionClosed as closed:
        return events, closed.rcvd.code if closed.rcvd else None


def _finals(events: list[dict[str, Any]]) -> str:
    return " ".join(event["text"] for event in events if event["type"] == "final")


def _idle(server: Server) -> bool:
    for _ in range(500):
        if server.streams.connected == 0:
            return True
        server._thread.join(0.01)
    return False


def test_a_stream_ends_with_done_and_1000(server: Server):
    """Every word, in order, then `done`, then the normal close."""
    with connect(server.url) as client:
        client.send(FLOATS)
        client.send(as_pcm(speech([0.2, 0.1, 1.0])))
        client.send(STOP)
        events, code = _rest(client)
    assert code == 1000
    assert events[-1]["type"] == "done"
    assert numbers(_finals(events)) == [0, 1, 2]


def test_a_fast_sender_gets_everything(server: Server):
    """Three minutes at once, from a client that reads nothing until all is sent."""
    audio = speech([0.3] * 280)
    raw = as_pcm(audio)
    with connect(server.url, ping_interval=None) as client:
        client.send(FLOATS)
        for at in range(0, len(raw), 12_800):
            client.send(raw[at : at + 12_800])
        client.send(STOP)
        events, code = _rest(client)
    assert code == 1000
    assert numbers(_finals(events)) == list(range(280))
    assert events[-1]["audio_received"] == pytest.approx(audio.size / 16_000)
    assert events[-1]["dropped"] == 0


@pytest.mark.parametrize(
    ("messages", "expected", "code"),
    [
        (["hej"], "invalid_parameter", 1003),
        ([FLOATS, FLOATS], "conflict", 1003),
        ([FLOATS, '{"type": "sing"}'], "invalid_parameter", 1003),
        (['{"type": "start", "encoding": "mp3"}'], "invalid_parameter", 1003),
        (['{"type": "start", "model": "large"}'], "model_not_found", 1008),
        (['{"type": "start", "encoding": "webm"}', b"no webm" * 100], "unsupported_audio", 1003),
    ],
)
def test_a_bad_message_is_answered_with_its_error_and_its_code(
    server: Server, messages: list[str | bytes], expected: str, code: int
):
    """The last event is a fatal error; the place is given back."""
    with connect(server.url) as client:
        for message in messages:
            client.send(message)
        events, closed = _rest(client)
    assert (events[-1]["code"], events[-1]["fatal"], closed) == (expected, True, code)
    assert _idle(server)


def test_more_clients_than_places_are_told_to_come_back():
    """50 are served, 10 get 1013 at once, and a place that is left can be taken."""
    engine, speech_of = fake_engine()
    with serve(engine, lambda: speech_of, limits=Limits(sessions=50)) as server:
        clients = [connect(server.url) for _ in range(60)]
        for client in clients:
            with suppress(ConnectionClosed):  # a refusal may have come already
                client.send(FLOATS)
        first = [json.loads(client.recv(timeout=60)) for client in clients]
        refused = [client for client, event in zip(clients, first, strict=True) if event["type"] == "error"]
        assert [event["type"] for event in first].count("ready") == 50
        assert {event["code"] for event in first if event["type"] == "error"} == {"too_many_sessions"}
        assert {_rest(client)[1] for client in refused} == {1013}
        for client in clients:
            client.close()
        assert _idle(server)


def test_a_connection_cut_in_the_middle_gives_its_place_back(server: Server):
    """No farewell, no frame: the socket is just gone."""
    client = connect(server.url)
    client.send(FLOATS)
    client.send(as_pcm(noise(3.0)))
    assert json.loads(client.recv(timeout=60))["type"] == "ready"
    client.socket.close()
    assert _idle(server)


@pytest.mark.parametrize(
    ("options", "welcome"),
    [
        ({}, False),
        ({"additional_headers": {"Authorization": "Bearer wrong"}}, False),
        ({"additional_headers": {"Authorization": "Bearer hemlig"}}, True),
        ({"subprotocols": ["bearer.hemlig"]}, True),
        ({"query": "?api_key=hemlig"}, True),
        ({"query": "?api_key=fel"}, False),
    ],
)
def test_a_key_is_asked_for(options: dict[str, Any], welcome: bool):  # noqa: FBT001 - a table
    """By header, by sub-protocol (browsers cannot set headers) or in the address; else 1008."""
    engine, speech_of = fake_engine()
    with serve(engine, lambda: speech_of, keys=("annan", "hemlig")) as server:
        query = options.pop("query", "") if "query" in options else ""
        with connect(server.url + query, **{key: value for key, value in options.items() if key != "query"}) as client:
            if welcome:
                client.send(FLOATS)
                client.send(STOP)
            events, code = _rest(client)
    assert code == (1000 if welcome else 1008)
    assert (events[-1].get("code") == "unauthorized") != welcome


def _opus(container: str, audio: np.ndarray[Any, np.dtype[np.float32]]) -> bytes:
    sink = io.BytesIO()
    with av.open(sink, "w", format=container) as output:
        stream = output.add_stream("libopus", rate=48_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(audio.reshape(1, -1), format="flt", layout="mono")
        frame.sample_rate = 16_000
        for piece in av.AudioResampler(format="s16", layout="mono", rate=48_000).resample(frame):
            output.mux(stream.encode(piece))
        output.mux(stream.encode(None))
    return sink.getvalue()


@pytest.fixture(scope="module")
def real() -> Iterator[Server]:
    """A server on the bundled model."""
    with bundled_engine() as (engine, vad), serve(engine, vad.stream) as running:
        yield running


def _said(name: str) -> tuple[np.ndarray[Any, np.dtype[np.float32]], str]:
    said = clip(name)
    return decode(said.path, max_seconds=60).samples, said.text


def _plain(text: str) -> list[str]:
    return ["".join(letter for letter in word.casefold() if letter.isalnum()) for word in text.split()]


@pytest.mark.parametrize(
    ("name", "encoding"),
    [("tid", "pcm_s16le"), ("paus", "pcm_s16le"), ("mote", "pcm_s16le"), ("namn", "webm"), ("kundtjanst", "ogg")],
)
def test_real_speech_is_read_as_it_was_said(real: Server, name: str, encoding: str):
    """A Swedish sentence that the bundled model knows, in thirty pieces."""
    audio, text = _said(name)
    raw = (audio * 32_767).astype("<i2").tobytes() if encoding == "pcm_s16le" else _opus(encoding, audio)
    step = len(raw) // 30
    with connect(real.url) as client:
        client.send(Start(encoding=encoding, word_timestamps=True).model_dump_json())  # type: ignore[arg-type]
        for at in range(0, len(raw), step):
            client.send(raw[at : at + step])
        client.send(STOP)
        events, code = _rest(client)
    assert code == 1000
    assert _plain(_finals(events)) == _plain(text)
    words = [word for event in events if event["type"] == "final" for word in event["words"]]
    assert _plain(" ".join(word["word"] for word in words)) == _plain(text)
    assert all(earlier["start"] <= later["start"] for earlier, later in pairwise(words))


@pytest.mark.parametrize("name", ["tystnad", "brus"])
def test_where_nobody_speaks_nothing_is_written(real: Server, name: str):
    """Silence and noise are no speech."""
    audio, _text = _said(name)
    with connect(real.url) as client:
        client.send((audio * 32_767).astype("<i2").tobytes())
        client.send(STOP)
        events, _code = _rest(client)
    assert [event["type"] for event in events] == ["ready", "done"]


def test_a_fault_of_ours_is_told_without_its_insides():
    """An `internal` error and 1011; the log has the rest."""
    engine, _speech = fake_engine()

    def broken() -> SpeechProbability:
        raise RuntimeError("secret")

    with serve(engine, broken) as server, connect(server.url) as client:
        client.send(FLOATS)
        events, code = _rest(client)
        assert _idle(server)
    assert ([event["code"] for event in events], code) == (["internal"], 1011)
    assert "secret" not in events[0]["message"]


def test_a_monologue_without_a_pause_is_cut_without_loss():
    """Sentences without a pause between them, cut every 8 s at the latest, which is what the bundled model can hear."""
    pairs = [_said(name) for name in ("tid", "namn", "mote", "kundtjanst", "adress", "ogonblick")] * 2
    audio = np.concatenate([np.trim_zeros(np.where(np.abs(pcm) < 0.01, 0, pcm)) for pcm, _text in pairs])
    raw = (audio * 32_767).astype("<i2").tobytes()
    options = StreamOptions(max_utterance_seconds=8.0)
    with (
        bundled_engine() as (engine, vad),
        serve(engine, vad.stream, options=options) as server,
        connect(server.url, ping_interval=None) as client,
    ):
        for at in range(0, len(raw), 3_200):
            client.send(raw[at : at + 3_200])
        client.send(STOP)
        events, _code = _rest(client)
    done = events[-1]
    assert done["type"] == "done"
    parts = [done["audio_decoded"], done["audio_silence"], done["dropped"]]
    assert sum(round(part * 16_000) for part in parts) == round(done["audio_received"] * 16_000) == audio.size
    said = [word for _pcm, text in pairs for word in _plain(text)]
    heard = _plain(_finals(events))
    assert abs(len(heard) - len(said)) <= len(said) * 0.1, heard
