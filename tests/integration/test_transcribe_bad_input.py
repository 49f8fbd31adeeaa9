"""What people send by mistake or on purpose: each has its status, its code and its sentence, and leaves nothing."""

import json
import struct
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np
import pytest

from tests import clips, processes
from tests.integration.talking import (
    begin_upload,
    code_of,
    events,
    in_chunks,
    kept_files,
    long_speech,
    metric,
    post,
    raw,
    until,
)
from tests.processes import Service
from tests.unit.shared.synth import encoded, interleaved, noisy, picture, silent_flac, tone, video, wav

pytestmark = pytest.mark.slow

MP3 = clips.clip("mote").path.read_bytes()
SPEECH = clips.clip("tid").path.read_bytes()
PART = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
LIMIT = 1_000_000


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A server that takes a megabyte and a minute."""
    folder = tmp_path_factory.mktemp("strict")
    with processes.running("api_server", folder, MAX_UPLOAD_MB="1", MAX_AUDIO_SECONDS="60") as service:
        yield service


@pytest.fixture(autouse=True)
def nothing_left(api_server: Service, strict: Service) -> Iterator[None]:
    """After every test here, both servers are alive and hold no upload."""
    yield
    for service in (api_server, strict):
        until(lambda service=service: kept_files(service) == [])  # type: ignore[misc]
        assert service.process.poll() is None


# --- files


BAD_FILES = [
    pytest.param(b"", 422, "empty_audio", id="empty file"),
    pytest.param("Hej, jag är en text.\n".encode() * 50, 415, "unsupported_audio", id="text"),
    pytest.param(picture(), 415, "unsupported_audio", id="image"),
    pytest.param(video(), 415, "unsupported_audio", id="video without sound"),
    pytest.param(wav(b""), 422, "empty_audio", id="wav of a header"),
    pytest.param(wav(b"", size=32_000), 422, "empty_audio", id="wav of a header that promises a second"),
    pytest.param(SPEECH[:20], 415, "unsupported_audio", id="first bytes of a flac"),
    pytest.param(wav(tone().tobytes(), rate=0), 415, "unsupported_audio", id="0 Hz"),
    pytest.param(wav(tone().tobytes(), rate=4_000_000), 415, "unsupported_audio", id="4 MHz"),
    pytest.param(wav(tone().tobytes(), channels=0), 415, "unsupported_audio", id="no channel"),
    pytest.param(b"PK\x03\x04" + bytes(500), 415, "unsupported_audio", id="zip"),
    pytest.param(b"%PDF-1.7\n" + bytes(500), 415, "unsupported_audio", id="pdf"),
    pytest.param(bytes(4000), 415, "unsupported_audio", id="zeros"),
    pytest.param(
        b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n", 415, "unsupported_audio", id="playlist"
    ),
    pytest.param(b"ffconcat version 1.0\nfile /etc/passwd\n", 415, "unsupported_audio", id="list of files"),
]


@pytest.mark.parametrize(("file", "status", "code"), BAD_FILES)
@pytest.mark.parametrize("stream", [False, True])
def test_a_file_that_is_no_recording_is_refused(
    api_server_url: str, file: bytes, status: int, code: str, *, stream: bool
):
    """Whatever it is called, and with a status of its own even where a stream was asked for."""
    assert code_of(post(api_server_url, file, name="inspelning.wav", stream=stream)) == (status, code)


@pytest.mark.parametrize(("file", "status", "code"), BAD_FILES[:4])
def test_a_second_hearing_refuses_the_same(api_server_url: str, file: bytes, status: int, code: str):
    """One door for all."""
    spans = json.dumps([{"id": 0, "start": 0, "end": 1}])
    assert code_of(post(api_server_url, file, path="/transcribe/retry", segments=spans)) == (status, code)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("fields", [{}, {"language": "sv"}], ids=["nothing", "fields only"])
def test_no_file_is_asked_for(api_server_url: str, fields: dict[str, object], *, stream: bool):
    """By the field's name."""
    reply = post(api_server_url, None, stream=stream, **fields)
    assert code_of(reply) == (422, "missing_file")
    assert "`file`" in reply.json()["error"]["message"]


def test_a_file_that_is_only_text_is_asked_for_as_a_file(api_server_url: str):
    """A field of that name without a file name is none."""
    reply = httpx.post(api_server_url + "/transcribe", data={"file": "hej"})
    assert code_of(reply) == (422, "missing_file")


def test_a_recording_that_breaks_off_is_heard_up_to_there(api_server_url: str):
    """With a warning that says so."""
    reply = post(api_server_url, MP3[: len(MP3) * 2 // 3])
    assert reply.status_code == 200
    assert "Mötet börjar" in reply.json()["text"]
    assert [warning["code"] for warning in reply.json()["warnings"]] == ["truncated_audio"]


def test_an_mp3_of_a_few_bytes_is_refused(api_server_url: str):
    """Nothing in it can be decoded."""
    status, code = code_of(post(api_server_url, MP3[:60]))
    assert (status, code) in {(415, "unsupported_audio"), (422, "empty_audio")}


@pytest.mark.parametrize(
    "file",
    [
        wav(np.repeat(tone(0.5, 768_000), 1).tobytes(), rate=768_000),
        wav(interleaved(tone(), 8), channels=8),
        wav(interleaved(tone(), 24), channels=24),
        wav(tone().tobytes(), rate=1_000),
        video(sound=tone(2.0)),
    ],
    ids=["768 kHz", "8 channels", "24 channels", "1 kHz", "video with sound"],
)
def test_an_unusual_recording_is_heard(api_server_url: str, file: bytes):
    """A tone, in which nobody speaks."""
    reply = post(api_server_url, file)
    assert reply.status_code == 200
    assert reply.json()["segments"] == []


# --- sizes


def test_a_file_over_the_limit_is_refused(strict: Service):
    """Where its length is known beforehand."""
    reply = post(strict.url, bytes(LIMIT + 1))
    assert code_of(reply) == (413, "upload_too_large")
    assert reply.json()["error"]["detail"] == {"limit_bytes": LIMIT}


def test_a_file_over_the_limit_is_refused_before_it_is_sent(strict: Service):
    """A promise is enough: not a byte of a gigabyte is waited for."""
    with raw(strict.url) as connection:
        connection.sendall(
            b"POST /transcribe HTTP/1.1\r\nHost: svenska\r\nContent-Type: multipart/form-data; boundary=b\r\n"
            b"Content-Length: 1000000000\r\n\r\n"
        )
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")


def test_a_file_over_the_limit_is_refused_where_it_does_not_say_how_long_it_is(strict: Service):
    """When the limit is passed; what had come is thrown away."""
    status, body = in_chunks(strict.url, iter([PART, *[bytes(65_536)] * 40, b"\r\n--b--\r\n"]))
    assert (status, body["error"]["code"]) == (413, "upload_too_large")


def test_a_file_below_the_limit_needs_not_say_how_long_it_is(strict: Service):
    """Chunked uploads are served as any other."""
    halves = [SPEECH[: len(SPEECH) // 2], SPEECH[len(SPEECH) // 2 :]]
    status, body = in_chunks(strict.url, iter([PART, *halves, b"\r\n--b--\r\n"]))
    assert (status, body["text"]) == (200, clips.clip("tid").text)


@pytest.mark.parametrize("says_length", [True, False])
def test_hours_of_silence_are_refused_without_being_decoded(strict: Service, *, says_length: bool):
    """They fit in a small file, whatever its header says."""
    reply = post(strict.url, silent_flac(60, says_length=says_length))
    assert code_of(reply) == (413, "audio_too_long")
    assert reply.json()["error"]["detail"] == {"limit_seconds": 60}


def test_a_recording_that_states_too_little_is_counted(strict: Service):
    """A wav of 62 seconds that claims to be piped, in four kilohertz of eight bits."""
    data = bytes(np.tile(np.arange(256, dtype=np.uint8), 4000 * 62 // 256 + 1)[: 4000 * 62])
    reply = post(strict.url, wav(data, rate=4000, bits=8, size=0xFFFFFFFF))
    assert code_of(reply) == (413, "audio_too_long")


# --- fields


BAD_FIELDS = [
    ("language", "klingon"),
    ("language", "yue"),
    ("language", "sv; DROP TABLE"),
    ("language", "x" * 10_000),
    ("task", "summarize"),
    ("start", -1),
    ("start", 2.97),
    ("start", 1e9),
    ("start", "nan"),
    ("start", "inf"),
    ("start", "soon"),
    ("response_format", "docx"),
    ("lane", "fast"),
    ("beam_size", 0),
    ("beam_size", 21),
    ("beam_size", "many"),
    ("temperature", -0.1),
    ("temperature", 1.1),
    ("temperature", "nan"),
    ("vad_filter", "perhaps"),
    ("word_timestamps", 2),
    ("stream", "maybe"),
    ("prompt", "x" * 4001),
    ("hotwords", "x" * 4001),
]


@pytest.mark.parametrize(
    ("field", "value"), BAD_FIELDS, ids=[f"{name}={str(value)[:20]}" for name, value in BAD_FIELDS]
)
def test_a_field_that_cannot_be_used_is_named(api_server_url: str, field: str, value: object):
    """With what was expected and what came, and no more of it than is good to read."""
    reply = post(api_server_url, SPEECH, **{field: value})
    assert code_of(reply) == (422, "invalid_parameter")
    error = reply.json()["error"]
    assert error["detail"]["field"] == field
    assert error["detail"]["expected"]
    assert len(error["message"]) < 1200


@pytest.mark.parametrize("field", ["language", "start"])
def test_a_wrong_field_has_a_status_of_its_own_in_a_stream(api_server_url: str, field: str):
    """Before the stream begins."""
    wrong = {"language": "klingon", "start": 99}[field]
    assert code_of(post(api_server_url, SPEECH, stream=True, **{field: wrong})) == (422, "invalid_parameter")


@pytest.mark.parametrize("model", ["no-such-model", "KBLab/kb-whisper-small", "/etc/passwd", "../nano-sv", "x" * 150])
def test_a_model_that_is_not_served_is_not_found(api_server_url: str, model: str):
    """The reply names the ones that are; nothing is downloaded because somebody asked."""
    reply = post(api_server_url, SPEECH, model=model)
    assert code_of(reply) == (404, "model_not_found")
    assert reply.json()["error"]["detail"] == {"models": ["bundled"]}


# --- bodies


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data; boundary=b", b"no boundary anywhere"),
        ("multipart/form-data; boundary=b", PART + b"breaks off"),
        ("multipart/form-data; boundary=b", b"--b\r\nContent-Dis\x00position: form-data\r\n\r\nx\r\n--b--\r\n"),
        ("multipart/form-data", PART + SPEECH + b"\r\n--b--\r\n"),
        ("multipart/form-data; boundary=" + "b" * 5000, PART),
        ("application/json", b'{"file": "hej"}'),
        ("audio/wav", wav(tone().tobytes())),
        ("", SPEECH),
    ],
    ids=["no part", "cut off", "bad header", "no boundary", "long boundary", "json", "the file alone", "no type"],
)
def test_a_body_that_is_not_the_form_is_refused(api_server_url: str, content_type: str, body: bytes):
    """As malformed, or as a form without a file."""
    reply = httpx.post(api_server_url + "/transcribe", content=body, headers={"Content-Type": content_type})
    assert code_of(reply) in {(400, "invalid_parameter"), (422, "missing_file")}


def test_a_form_of_thousands_of_fields_is_refused(api_server_url: str):
    """Nobody means that."""
    fields = [(f"field{number}", (None, "x")) for number in range(3000)]
    reply = httpx.post(api_server_url + "/transcribe", files=fields, timeout=60)
    assert code_of(reply) == (400, "invalid_parameter")


def test_unknown_fields_do_no_harm(api_server_url: str):
    """Clients of other servers send theirs."""
    reply = post(api_server_url, SPEECH, timestamp_granularities="word", user="anna")
    assert reply.json()["text"] == clips.clip("tid").text


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/transcribe", 405), ("GET", "/no/such/page", 404)])
def test_what_is_not_here_is_told_in_the_same_shape(api_server_url: str, method: str, path: str, status: int):
    """Not as the framework's own error."""
    assert code_of(httpx.request(method, api_server_url + path))[0] == status


# --- clients that go


def open_requests(service: Service) -> float:
    """Return how many decodes are under way, in either lane."""
    return metric(service.url, "svenska_lane_open")


def test_a_client_that_goes_while_it_sends_leaves_nothing(api_server: Service):
    """Twenty of them; the uploads are on the disk by then, and gone afterwards."""
    connections = [begin_upload(api_server.url, promised=50_000_000, sent=bytes(3_000_000)) for _client in range(20)]
    until(lambda: len(kept_files(api_server)) == 20)
    for connection in connections:
        connection.close()
    until(lambda: kept_files(api_server) == [])
    until(lambda: open_requests(api_server) == 0)
    assert "Traceback" not in api_server.log


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("lane", ["interactive", "batch"])
def test_a_client_that_goes_while_it_waits_stops_the_work(api_server: Service, lane: str, *, stream: bool):
    """Most of a long recording's windows are never decoded, and the next client is served at once."""
    lane_name = {"interactive": "realtime", "batch": "batch"}[lane]
    before = metric(api_server.url, "svenska_windows_total", lane=lane_name)
    recording = long_speech(1800)
    head = b"".join(
        b'--b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n' % (name, value)
        for name, value in (
            (b"stream", str(stream).lower().encode()),
            (b"lane", lane.encode()),
            (b"vad_filter", b"false"),
        )
    )
    body = head + PART + recording + b"\r\n--b--\r\n"
    with raw(api_server.url) as connection:
        connection.sendall(
            b"POST /transcribe HTTP/1.1\r\nHost: svenska\r\nContent-Type: multipart/form-data; boundary=b\r\n"
            b"Content-Length: %d\r\n\r\n" % len(body)
        )
        connection.sendall(body)
        until(lambda: open_requests(api_server) == 1)
    until(lambda: open_requests(api_server) == 0)
    assert metric(api_server.url, "svenska_windows_total", lane=lane_name) - before < 30
    assert post(api_server.url, SPEECH).status_code == 200


def test_a_client_that_goes_during_a_second_hearing_stops_the_work(api_server: Service):
    """Hundreds of spans are not decoded for nobody."""
    spans = json.dumps([{"id": number, "start": number, "end": number + 2} for number in range(500)])
    before = metric(api_server.url, "svenska_windows_total", lane="batch")
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(
            api_server.url + "/transcribe/retry",
            files={"file": long_speech(600), "segments": (None, spans)},
            timeout=httpx.Timeout(60, read=1.0),
        )
    until(lambda: open_requests(api_server) == 0)
    assert metric(api_server.url, "svenska_windows_total", lane="batch") - before < 400


# --- crowds


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A server whose callers wait a second at most."""
    with processes.running("api_server", tmp_path_factory.mktemp("crowded"), MAX_QUEUE_SECONDS="1") as service:
        yield service


def test_two_hundred_at_once_are_served_or_told_to_come_back(crowded: Service):
    """None hangs, none fails otherwise, and the server is as it was."""
    recording = long_speech(8)

    def ask(number: int) -> httpx.Response:
        return post(crowded.url, recording, lane="batch" if number % 4 == 0 else "interactive", stream=number % 3 == 0)

    with ThreadPoolExecutor(200) as clients:
        replies = list(clients.map(ask, range(200)))
    outcomes = Counter(reply.status_code for reply in replies)
    assert set(outcomes) == {200, 503}
    for number, reply in enumerate(replies):
        if reply.status_code == 503:
            assert code_of(reply) == (503, "busy")
            assert 1 <= int(reply.headers["retry-after"]) <= 600
        elif number % 3 == 0:
            last = events(reply)[-1]  # a refusal that took longer than a status can wait is the stream's last event
            assert last.name == "done" or last.data["error"]["code"] == "busy"
        else:
            assert reply.json()["text"]
    until(lambda: open_requests(crowded) == 0)
    assert kept_files(crowded) == []
    assert processes.get(crowded.url + "/ready")[0] == 200


def test_health_is_answered_while_many_are_served(crowded: Service):
    """The event loop is free: whoever asks is answered long before the work is done."""
    recording = long_speech(60)
    with ThreadPoolExecutor(8) as clients:
        work = [clients.submit(post, crowded.url, recording) for _client in range(8)]
        answered = 0
        while not all(one.done() for one in work):
            assert processes.get(crowded.url + "/health")[0] == 200
            answered += 1
            time.sleep(0.05)
    assert answered > 5


# --- formats that only claim to be


@pytest.mark.parametrize(("container", "codec"), [("mp3", "libmp3lame"), ("ogg", "libopus"), ("flac", "flac")])
def test_any_cut_of_a_file_is_an_answer(api_server_url: str, container: str, codec: str):
    """Text, a warning or a refusal, wherever it breaks off."""
    whole = encoded(noisy(2.0), container, codec, rate=48_000 if codec == "libopus" else 16_000)
    for share in (0.02, 0.3, 0.97):
        reply = post(api_server_url, whole[: round(len(whole) * share)])
        assert reply.status_code in {200, 415, 422}


def test_a_wav_whose_sizes_lie_is_an_answer(api_server_url: str):
    """Headers are not believed."""
    data = bytearray(wav(tone().tobytes()))
    for place in (4, 16, 28, 32, 40):
        broken = bytes(data[:place]) + struct.pack("<I", 0xFFFFFFF0) + bytes(data[place + 4 :])
        assert post(api_server_url, broken).status_code in {200, 415, 422}
