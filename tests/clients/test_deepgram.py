"""Deepgram's own library, unmodified, against the running api_server."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

import httpx
import numpy as np
import pytest
from deepgram import DeepgramClient
from deepgram.core.api_error import ApiError
from deepgram.core.events import EventType
from deepgram.environment import DeepgramClientEnvironment
from deepgram.errors import BadRequestError
from deepgram.listen.v1.socket_client import V1SocketClient
from deepgram.listen.v1.types import (
    ListenV1Configure,
    ListenV1ConfigureFailure,
    ListenV1Error,
    ListenV1Metadata,
    ListenV1Results,
    ListenV1SpeechStarted,
    ListenV1UtteranceEnd,
)
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from shared.audio import decode
from tests import clips, processes
from tests.clips import Clip
from tests.integration import talking
from tests.processes import Service

pytestmark = pytest.mark.slow

SAID = clips.clip("tid")
LONG = clips.clip("paus")
WEBM = clips.clip("ogonblick")
_FRAME = 3_200
"""Bytes of a message: 100 ms."""
Told = Sequence[Any]


def feature(name: str) -> pytest.MarkDecorator:
    """Mark a test as showing a feature of the library."""
    return pytest.mark.compatibility("deepgram-sdk", name)


def _library(url: str, key: str = "any") -> DeepgramClient:
    live = url.replace("http", "ws", 1)
    where = DeepgramClientEnvironment(base=url, production=live, agent=live, agent_rest=url)
    return DeepgramClient(api_key=key, environment=where, max_retries=0, timeout=120)


@pytest.fixture(scope="module")
def client(api_server_url: str) -> DeepgramClient:
    """The library, told nothing but where to look."""
    return _library(api_server_url)


def _pcm(clip: Clip) -> bytes:
    return np.round(decode(clip.path, max_seconds=60).samples * 32_767).astype("<i2").tobytes()


def _mulaw(clip: Clip) -> bytes:
    """Return a clip as the telephone has it: 8 kHz, G.711 by its formula and not by the server's table."""
    samples = decode(clip.path, max_seconds=60).samples
    slow = samples[: samples.size // 2 * 2].reshape(-1, 2).mean(axis=1)
    size = np.minimum(np.abs(np.round(slow * 32_767)).astype(int), 32_635) + 132
    exponent = np.floor(np.log2(size)).astype(int) - 7
    code = (exponent << 4) | ((size >> (exponent + 3)) & 15) | np.where(slow < 0, 128, 0)
    return bytes((255 - code).astype(np.uint8))


def _send(live: V1SocketClient, data: bytes) -> None:
    for at in range(0, len(data), _FRAME):
        live.send_media(data[at : at + _FRAME])


def _until(live: V1SocketClient, kind: type, **fields: object) -> list[Any]:
    """Return what comes, to a message of a kind with these fields."""
    told: list[Any] = []
    while not (told and isinstance(told[-1], kind) and all(getattr(told[-1], k) == v for k, v in fields.items())):
        told.append(live.recv())
    return told


def _finals(told: Told) -> list[ListenV1Results]:
    return [one for one in told if isinstance(one, ListenV1Results) and one.is_final]


def _text(results: Sequence[ListenV1Results]) -> str:
    texts = (result.channel.alternatives[0].transcript for result in results)
    return " ".join(text for text in texts if text)


# --- recordings


@feature("recordings: transcript, words, metadata")
@pytest.mark.parametrize("clip", [SAID, WEBM, clips.clip("adress")], ids=lambda clip: clip.path.suffix)
def test_recording(client: DeepgramClient, clip: Clip) -> None:
    """Text, times and confidence of each word, and what the library knows of the request."""
    data = clip.path.read_bytes()
    heard = client.listen.v1.media.transcribe_file(request=data, model="nova-3", language="sv")
    (spoken,) = heard.results.channels[0].alternatives or []
    assert spoken.transcript == clip.text
    assert 0 < (spoken.confidence or 0) <= 1
    words = spoken.words or []
    assert " ".join(str(getattr(word, "punctuated_word", "")) for word in words) == clip.text
    assert words[0].word == clip.text.split()[0].strip(",.").lower()
    assert all(0 <= (word.start or 0) <= (word.end or 0) <= clip.duration + 1 for word in words)
    assert heard.metadata.duration == pytest.approx(clip.duration, abs=0.1)
    assert heard.metadata.sha256 == hashlib.sha256(data).hexdigest()
    assert heard.metadata.model_info[heard.metadata.models[0]]["name"] == "bundled"


@feature("recordings: utterances, paragraphs, smart_format")
@pytest.mark.parametrize("option", ["paragraphs", "smart_format"])
def test_utterances_and_paragraphs(client: DeepgramClient, option: str) -> None:
    """They hold the same words as the transcript."""
    heard = client.listen.v1.media.transcribe_file(request=LONG.path.read_bytes(), utterances=True, **{option: True})
    (spoken,) = heard.results.channels[0].alternatives or []
    said = " ".join(one.transcript or "" for one in heard.results.utterances or [])
    assert said == spoken.transcript == LONG.text
    assert spoken.paragraphs is not None
    assert (spoken.paragraphs.transcript or "").split() == LONG.text.split()
    sentences = [one for part in spoken.paragraphs.paragraphs or [] for one in part.sentences or []]
    assert " ".join(one.text or "" for one in sentences) == LONG.text


@feature("recordings: language, detect_language, keyterm and further options")
def test_options(client: DeepgramClient) -> None:
    """What the library can send is taken."""
    heard = client.listen.v1.media.transcribe_file(
        request=iter([SAID.path.read_bytes()]),
        model="nova-2-meeting",
        detect_language=True,
        keyterm=["torsdag", "tid"],
        punctuate=True,
        diarize=True,
        numerals=True,
        filler_words=True,
        utt_split=0.8,
        tag=["test"],
    )
    assert heard.results.channels[0].detected_language == "sv"
    assert "torsdag" in (heard.results.channels[0].alternatives or [])[0].transcript


@feature("recordings: errors")
def test_errors(client: DeepgramClient) -> None:
    """Each refusal is the library's own exception with Deepgram's body."""
    media = client.listen.v1.media
    for refused, says in [
        (lambda: media.transcribe_file(request=b"no audio at all"), "audio"),
        (lambda: media.transcribe_file(request=SAID.path.read_bytes(), language="klingon"), "language"),
        (lambda: media.transcribe_file(request=SAID.path.read_bytes(), callback="http://127.0.0.1/x"), "callback"),
        (lambda: media.transcribe_file(request=SAID.path.read_bytes(), redact="pci"), "redact"),
        (lambda: media.transcribe_url(url="http://127.0.0.1/x.wav"), "addresses"),
    ]:
        with pytest.raises(BadRequestError) as error:
            refused()
        assert set(error.value.body) == {"err_code", "err_msg", "request_id"}
        assert error.value.body["err_code"] == "Bad Request"
        assert says in error.value.body["err_msg"]


BAD = [
    pytest.param(b"", "", "", 400, id="nothing"),
    pytest.param(b"\x00" * 1_000, "", "", 400, id="no audio"),
    pytest.param(b"{", "application/json", "", 400, id="broken JSON"),
    pytest.param(b"{}", "application/json; charset=utf-8", "", 400, id="JSON"),
    pytest.param(b"x", "", "language=" + "x" * 40, 400, id="long language"),
    pytest.param(b"x", "", "language=xx", 400, id="language"),
    pytest.param(b"x", "", "utterances=perhaps", 400, id="no boolean"),
    pytest.param(b"x", "", "&".join(["keyterm=a"] * 101), 400, id="too many keyterms"),
    pytest.param(b"x", "", "model=" + "x" * 201, 400, id="long model"),
]


@pytest.mark.parametrize(("body", "kind", "query", "status"), BAD)
def test_bad_requests_have_deepgrams_shape(
    api_server_url: str, body: bytes, kind: str, query: str, status: int
) -> None:
    """Whatever is wrong, the reply is Deepgram's error object and no 500."""
    headers = {"content-type": kind} if kind else {}
    reply = httpx.post(f"{api_server_url}/v1/listen?{query}", content=body, headers=headers, timeout=60)
    error = reply.json()
    assert reply.status_code == status
    assert set(error) == {"err_code", "err_msg", "request_id"}
    assert error["request_id"] == reply.headers["x-request-id"]
    assert error["err_msg"]


def test_a_client_that_leaves_in_the_middle_is_no_failure(keyed: Service) -> None:
    """Its upload is forgotten; the log has a line and no traceback."""
    with talking.raw(keyed.url) as connection:
        connection.sendall(
            b"POST /v1/listen HTTP/1.1\r\nHost: svenska\r\nAuthorization: Token hemlig\r\n"
            b"Content-Length: 999\r\n\r\nabc"
        )
    talking.until(lambda: "status=499" in keyed.log)
    assert "Traceback" not in keyed.log


# --- live


@feature("live: final results, words, CloseStream, Metadata")
def test_live(client: DeepgramClient) -> None:
    """Every sentence is a final result with its words; the account comes last."""
    data = _pcm(LONG)
    with client.listen.v1.connect(model="nova-3", language="sv", encoding="linear16", sample_rate=16_000) as live:
        _send(live, data)
        live.send_close_stream()
        told = _until(live, ListenV1Metadata)
        with pytest.raises(ConnectionClosed) as closed:
            live.recv()
    finals = _finals(told)
    words = [word for result in finals for word in result.channel.alternatives[0].words]
    assert _text(finals) == " ".join(word.punctuated_word or "" for word in words) == LONG.text
    assert len(finals) == len(told) - 1 > 1
    assert all(result.speech_final and result.channel_index == [0, 1] for result in finals)
    assert [word.start for word in words] == sorted(word.start for word in words)
    assert finals[0].metadata.model_info.name == "bundled"
    assert (told[-1].sha256, told[-1].channels) == (hashlib.sha256(data).hexdigest(), 1)
    assert told[-1].duration == pytest.approx(LONG.duration, abs=0.1)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1000


@feature("live: interim_results, vad_events, utterance_end_ms, endpointing")
def test_interim_results(client: DeepgramClient) -> None:
    """What is not final yet is told before what is; the beginning and the end of speech too."""
    with client.listen.v1.connect(
        model="nova-3",
        encoding="linear16",
        sample_rate=16_000,
        interim_results="true",
        vad_events="true",
        utterance_end_ms="1000",
        endpointing="500",
    ) as live:
        for at in range(0, len(data := _pcm(SAID)), _FRAME):
            live.send_media(data[at : at + _FRAME])
            if at == len(data) // 2 // _FRAME * _FRAME:
                begun = _until(live, ListenV1Results)
        live.send_close_stream()
        told = begun + _until(live, ListenV1Metadata)
    interim = [one for one in told if isinstance(one, ListenV1Results) and not one.is_final]
    assert begun[-1] is interim[0]
    assert not any(one.speech_final for one in interim)
    assert interim[0].channel.alternatives[0].transcript
    assert _text(_finals(told)) == SAID.text
    assert isinstance(told[0], ListenV1SpeechStarted)
    assert [type(one) for one in told[-2:]] == [ListenV1UtteranceEnd, ListenV1Metadata]
    assert told[-2].last_word_end == _finals(told)[-1].channel.alternatives[0].words[-1].end


@feature("live: Finalize, KeepAlive, Configure")
def test_finalize(client: DeepgramClient) -> None:
    """The result is there at once and says why; the stream goes on."""
    with client.listen.v1.connect(model="nova-3", encoding="linear16", sample_rate=16_000) as live:
        live.send_keep_alive()
        texts = []
        for _turn in range(2):
            _send(live, _pcm(SAID))
            live.send_finalize()
            texts.append(_text(_finals(_until(live, ListenV1Results, from_finalize=True))))
            live.send_keep_alive()
        live.send_configure(ListenV1Configure(keyterms=["torsdag"]))
        assert live.recv().code == "CONFIGURE_KEYTERMS_NOT_SUPPORTED"
        live.send_close_stream()
        rest = _until(live, ListenV1Metadata)
    assert texts == [SAID.text, SAID.text]
    assert _text(_finals(rest)) == ""
    assert ListenV1ConfigureFailure not in map(type, rest)


@feature("live: event listeners (start_listening)")
def test_listeners(client: DeepgramClient) -> None:
    """The library's own loop ends with the stream and sees no error."""
    seen: list[tuple[EventType, Any]] = []
    with client.listen.v1.connect(model="nova-3", encoding="linear16", sample_rate=16_000) as live:
        for kind in EventType:
            live.on(kind, lambda what, kind=kind: seen.append((kind, what)))
        _send(live, _pcm(SAID))
        live.send_close_stream()
        live.start_listening()
    assert [kind for kind, _what in seen if kind is not EventType.MESSAGE] == [EventType.OPEN, EventType.CLOSE]
    assert _text(_finals([what for kind, what in seen if kind is EventType.MESSAGE])) == SAID.text


@feature("live: linear32, mulaw, two channels, webm without an encoding")
@pytest.mark.parametrize("case", ["linear32", "mulaw", "two channels", "webm"])
def test_encodings(client: DeepgramClient, case: str) -> None:
    """Whatever the audio is in, the words are the same."""
    samples = decode(SAID.path, max_seconds=60).samples
    options, data = {
        "linear32": ({"encoding": "linear32", "sample_rate": 16_000}, samples.astype("<f4").tobytes()),
        "mulaw": ({"encoding": "mulaw", "sample_rate": 8_000}, _mulaw(SAID)),
        "two channels": (
            {"encoding": "linear16", "sample_rate": 16_000, "channels": 2},
            np.repeat(np.frombuffer(_pcm(SAID), dtype="<i2"), 2).tobytes(),
        ),
        "webm": ({}, WEBM.path.read_bytes()),
    }[case]
    with client.listen.v1.connect(model="nova-3", **options) as live:
        _send(live, data)
        live.send_close_stream()
        heard = _text(_finals(_until(live, ListenV1Metadata)))
    if case == "mulaw":  # half the band is gone: some words are
        assert len(set(heard.split()) & set(SAID.text.split())) > 3
    else:
        assert heard == (WEBM if case == "webm" else SAID).text


@feature("live: errors")
@pytest.mark.parametrize(
    "options",
    [
        {"language": "klingon"},
        {"encoding": "speex"},
        {"sample_rate": 4_000},
        {"channels": 6},
        {"callback": "http://127.0.0.1/x"},
        {"redact": "pci"},
    ],
    ids=lambda options: next(iter(options)),
)
def test_a_stream_that_cannot_be_opened(client: DeepgramClient, options: dict[str, Any]) -> None:
    """The handshake fails with 400; the library lets its transport's exception through."""
    wanted = {"encoding": "linear16", **options}
    with pytest.raises(InvalidStatus) as error, client.listen.v1.connect(model="nova-3", **wanted):
        pass
    assert error.value.response.status_code == 400
    assert json.loads(error.value.response.body or b"")["err_msg"].startswith(next(iter(options)))


@feature("live: errors")
def test_a_message_that_is_none(client: DeepgramClient) -> None:
    """The library's error message says what was expected; then the stream is closed."""
    with client.listen.v1.connect(model="nova-3", encoding="linear16", sample_rate=16_000) as live:
        live._send("hej")
        told = live.recv()
        with pytest.raises(ConnectionClosed) as closed:
            live.recv()
    assert isinstance(told, ListenV1Error)
    assert (told.variant, "KeepAlive" in told.description or "type" in told.description) == ("SchemaError", True)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1003


def test_a_refused_handshake_says_why(api_server_url: str) -> None:
    """Body and headers are Deepgram's, also where the reason holds letters that no header may."""
    url = api_server_url.replace("http", "ws", 1) + "/v1/listen?language=%C3%A5%0A%E2%82%AC"
    with pytest.raises(InvalidStatus) as refused, connect(url):
        pass
    reply = refused.value.response
    document = json.loads(reply.body or b"")
    assert reply.status_code == 400
    assert (document["err_code"], document["request_id"]) == ("Bad Request", reply.headers["dg-request-id"])
    assert reply.headers["dg-error"].startswith("language: expected auto or one of")


# --- keys


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """An api_server that wants a key."""
    folder = tmp_path_factory.mktemp("keyed")
    with processes.running("api_server", folder, API_KEYS="hemlig", MAX_UPLOAD_MB="1") as service:
        yield service


@feature("keys, size limit")
def test_keys_and_size(keyed: Service) -> None:
    """A wrong key and an upload too large are refused as Deepgram refuses them; the right key is let in."""
    data = SAID.path.read_bytes()
    with pytest.raises(ApiError) as refused:
        _library(keyed.url, "fel").listen.v1.media.transcribe_file(request=data)
    assert (refused.value.status_code, refused.value.body["err_code"]) == (401, "INVALID_AUTH")
    media = _library(keyed.url, "hemlig").listen.v1.media
    assert (media.transcribe_file(request=data).results.channels[0].alternatives or [])[0].transcript == SAID.text
    with pytest.raises(ApiError) as large:
        media.transcribe_file(request=bytes(1_100_000))
    assert large.value.status_code == 413


@feature("keys, size limit")
def test_keys_live(keyed: Service) -> None:
    """A handshake without the key is a 401."""
    options = {"model": "nova-3", "encoding": "linear16", "sample_rate": 16_000}
    with pytest.raises(InvalidStatus) as refused, _library(keyed.url, "fel").listen.v1.connect(**options):
        pass
    assert refused.value.response.status_code == 401
    with _library(keyed.url, "hemlig").listen.v1.connect(**options) as live:
        live.send_close_stream()
        assert isinstance(live.recv(), ListenV1Metadata)


def test_keys_of_browsers(keyed: Service) -> None:
    """They cannot send headers: the key is the second sub-protocol, and the first one is agreed on."""
    url = keyed.url.replace("http", "ws", 1) + "/v1/listen?encoding=linear16"
    with connect(url, subprotocols=["token", "hemlig"]) as socket:
        assert socket.subprotocol == "token"
    for offered in (["token"], ["token", "fel"], None):
        with pytest.raises(InvalidStatus) as refused, connect(url, subprotocols=offered):
            pass
        assert refused.value.response.status_code == 401
