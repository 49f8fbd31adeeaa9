"""`POST /transcribe` and what stands around it: a real process, real HTTP, the real model."""

import json
import re
import shutil
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests import clips, processes
from tests.clips import Clip
from tests.integration.talking import code_of, events, kept_files, long_speech, metric, post, until
from tests.processes import Service
from tests.unit.shared.synth import silent_flac

pytestmark = pytest.mark.slow

SPEECH = [clip for clip in clips.load() if clip.text]
QUIET = [clip for clip in clips.load() if not clip.text]
BUNDLED = processes.ROOT / "api_server" / "assets" / "nano-sv"
FIELDS = {
    "text", "language", "language_probability", "duration", "duration_after_vad", "model", "processing_seconds",
    "queue_seconds", "segments",
}  # fmt: skip
SEGMENT_FIELDS = {
    "id", "start", "end", "text", "language", "avg_logprob", "no_speech_prob", "compression_ratio", "temperature",
    "confidence",
}  # fmt: skip


def said(name: str) -> bytes:
    """Return a clip as its file."""
    return clips.clip(name).path.read_bytes()


# --- what is said


@pytest.mark.parametrize("clip", SPEECH, ids=lambda clip: clip.path.name)
def test_every_kind_of_file_becomes_its_text(api_server_url: str, clip: Clip):
    """flac, mp3, m4a and webm, named and typed as nothing in particular."""
    reply = post(api_server_url, clip.path.read_bytes(), language=clip.language)
    assert reply.status_code == 200
    assert reply.json()["text"] == clip.text


@pytest.mark.parametrize("clip", QUIET, ids=lambda clip: clip.name)
def test_silence_and_noise_are_not_written_down(api_server_url: str, clip: Clip):
    """An empty text is the answer, not an error."""
    reply = post(api_server_url, clip.path.read_bytes())
    assert reply.status_code == 200
    assert (reply.json()["text"], reply.json()["segments"]) == ("", [])


def test_the_reply_has_the_fields_of_the_contract(api_server_url: str):
    """Each of them, within its range."""
    body = post(api_server_url, said("paus")).json()
    assert set(body) >= FIELDS
    assert (body["model"], body["language"], body["language_probability"]) == ("bundled", "sv", 1.0)
    assert body["duration"] == pytest.approx(clips.clip("paus").duration, abs=0.05)
    assert 0 < body["duration_after_vad"] <= body["duration"]
    assert body["processing_seconds"] > 0
    assert body["queue_seconds"] >= 0
    assert len(body["segments"]) == 2
    for number, segment in enumerate(body["segments"]):
        assert set(segment) == SEGMENT_FIELDS
        assert segment["id"] == number
        assert 0 <= segment["start"] < segment["end"] <= body["duration"]
        assert 0 <= segment["confidence"] <= 1
        assert segment["avg_logprob"] <= 0


def test_words_come_when_asked_for(api_server_url: str):
    """Each with its times and a probability."""
    body = post(api_server_url, said("tid"), word_timestamps=True).json()
    words = [word for segment in body["segments"] for word in segment["words"]]
    assert " ".join(word["word"] for word in words) == body["text"] == clips.clip("tid").text
    assert all(0 <= word["start"] <= word["end"] <= body["duration"] for word in words)
    assert all(set(word) == {"start", "end", "word", "probability"} for word in words)


def test_the_language_is_heard_where_it_is_auto(api_server_url: str):
    """English is told from Swedish."""
    english = post(api_server_url, said("appointment"), language="auto").json()
    swedish = post(api_server_url, said("namn"), language="auto").json()
    assert (english["language"], swedish["language"]) == ("en", "sv")
    assert 0 < english["language_probability"] <= 1
    assert english["text"] == clips.clip("appointment").text


@pytest.mark.parametrize(
    "fields",
    [
        {"beam_size": 1},
        {"temperature": 0},
        {"vad_filter": False},
        {"model": "bundled"},
        {"lane": "batch"},
        {"language": "SV"},
        {"start": 0},
        {"task": "transcribe", "response_format": "json", "stream": False},
    ],
    ids=str,
)
def test_every_field_is_taken(api_server_url: str, fields: dict[str, object]):
    """And none of these changes what was said."""
    reply = post(api_server_url, said("tid"), **fields)
    assert reply.status_code == 200
    assert reply.json()["text"] == clips.clip("tid").text


@pytest.mark.parametrize("field", ["prompt", "hotwords"])
def test_hints_are_given_to_the_model(api_server_url: str, field: str):
    """They change how sure it is of what it hears: it was given them."""
    plain, hinted = (
        post(api_server_url, said("tid"), **fields).json()["segments"][0]
        for fields in ({}, {field: "Samtal till kundtjänst."})
    )
    assert hinted["avg_logprob"] != plain["avg_logprob"]


def test_translation_is_asked_of_the_model(api_server_url: str):
    """The bundled model has hardly learnt it; the request is served all the same."""
    assert post(api_server_url, said("tid"), task="translate").status_code == 200


def test_an_empty_optional_field_is_none(api_server_url: str):
    """Forms send fields that nobody filled in."""
    reply = post(api_server_url, said("tid"), language="", model="", prompt="", hotwords="", temperature="")
    assert reply.status_code == 200
    assert reply.json()["text"] == clips.clip("tid").text


# --- formats


def test_text_is_the_text(api_server_url: str):
    """UTF-8, one line per segment."""
    reply = post(api_server_url, said("paus"), response_format="text")
    assert reply.headers["content-type"] == "text/plain; charset=utf-8"
    assert " ".join(reply.text.split()) == clips.clip("paus").text


@pytest.mark.parametrize(("form", "mark"), [("srt", ","), ("vtt", ".")])
def test_subtitles_are_cues(api_server_url: str, form: str, mark: str):
    """Two of them, with times in the form's own way of writing."""
    reply = post(api_server_url, said("paus"), response_format=form)
    cue = re.compile(rf"\d\d:\d\d:\d\d\{mark}\d{{3}} --> \d\d:\d\d:\d\d\{mark}\d{{3}}")
    assert len(cue.findall(reply.text)) == 2
    assert reply.text.startswith("WEBVTT" if form == "vtt" else "1\n")
    assert "Jag bor på Storgatan" in reply.text


# --- while it is made


def test_a_stream_tells_each_segment_and_then_the_whole(api_server_url: str):
    """Progress rises to the end, and the last event is the transcript that the plain reply would have been."""
    reply = post(api_server_url, long_speech(70), stream=True, temperature=0)
    assert reply.headers["content-type"].startswith("text/event-stream")
    *told, last = events(reply)
    assert last.name == "done"
    assert {event.name for event in told} <= {"segment", "progress"}
    segments = [event.data for event in told if event.name == "segment"]
    progress = [event.data["progress"] for event in told]
    assert progress == sorted(progress)
    assert all(0 <= one <= 1 for one in progress)
    for segment in segments:
        del segment["progress"]
    assert segments == last.data["segments"]
    assert set(last.data) >= FIELDS


def test_a_stream_comes_while_the_work_goes_on(api_server_url: str):
    """The first segment is there before the last window is decoded."""
    seen = list[str]()
    form = {"stream": (None, "true"), "temperature": (None, "0"), "file": ("a", long_speech(300))}
    with httpx.stream("POST", api_server_url + "/transcribe", files=form, timeout=60) as reply:
        for line in reply.iter_lines():
            if line.startswith("event: ") and not seen:
                seen.append(line)
                assert metric(api_server_url, "svenska_lane_open", lane="realtime") == 1
    assert seen == ["event: segment"]


def test_silence_as_a_stream_is_done_at_once(api_server_url: str):
    """Without a segment there is the end."""
    (last,) = events(post(api_server_url, said("tystnad"), stream=True))
    assert (last.name, last.data["text"]) == ("done", "")


def test_a_long_silence_shows_how_far_it_has_come(api_server_url: str):
    """Time passes without text, and the one who waits sees it."""
    told, last = events(post(api_server_url, silent_flac(20), stream=True))
    assert told.name == "progress"
    assert 0.3 < told.data["progress"] < 0.7
    assert (last.name, last.data["text"]) == ("done", "")


# --- resuming


def test_a_start_skips_and_keeps_counting_from_the_beginning(api_server_url: str):
    """What the first sentence holds is left out; times and duration are the recording's."""
    whole = post(api_server_url, said("paus")).json()
    rest = post(api_server_url, said("paus"), start=3.0).json()
    assert rest["text"] == "Jag bor på Storgatan tolv i Malmö."
    assert rest["segments"][0]["id"] == 0
    assert rest["segments"][0]["start"] == pytest.approx(whole["segments"][1]["start"], abs=0.5)
    assert rest["duration"] == whole["duration"]
    assert rest["duration_after_vad"] < 4


# --- again


def test_spans_are_heard_again(api_server_url: str):
    """With the ids and times that were asked for, in the order in which they were asked for."""
    spans = [{"id": 7, "start": 3.0, "end": 6.8}, {"id": 2, "start": 0.0, "end": 3.0}]
    before = metric(api_server_url, "svenska_windows_total", lane="batch")
    reply = post(api_server_url, said("paus"), path="/transcribe/retry", segments=json.dumps(spans), language="sv")
    assert reply.status_code == 200
    assert reply.json()["model"] == "bundled"
    got = reply.json()["segments"]
    assert [(one["id"], one["start"], one["end"]) for one in got] == [(7, 3.0, 6.8), (2, 0.0, 3.0)]
    assert [one["text"] for one in got] == [
        "Jag bor på Storgatan tolv i Malmö.",
        "Kan du ringa mig i morgon klockan tio?",
    ]
    assert all(set(one) >= SEGMENT_FIELDS for one in got)
    assert metric(api_server_url, "svenska_windows_total", lane="batch") >= before + 2


def test_a_span_without_speech_is_empty(api_server_url: str):
    """Nothing is invented for it."""
    spans = json.dumps([{"id": 0, "start": 0.5, "end": 3.5}])
    (segment,) = post(api_server_url, said("tystnad"), path="/transcribe/retry", segments=spans).json()["segments"]
    assert segment["confidence"] < 0.5


@pytest.mark.parametrize(
    "spans", ["", "nonsense", "{}", "[1]", '[{"id": 0}]', '[{"id": 0, "start": 2, "end": 1}]',
              '[{"id": 0, "start": -1, "end": 1}]', '[{"id": 0, "start": 99, "end": 100}]',
              '[{"id": 0, "start": 0, "end": 1e999}]'],
)  # fmt: skip
def test_wrong_spans_are_refused(api_server_url: str, spans: str):
    """With the field's name."""
    reply = post(api_server_url, said("tid"), path="/transcribe/retry", segments=spans)
    assert code_of(reply) == (422, "invalid_parameter")
    assert "segments" in reply.json()["error"]["detail"]["field"]


# --- lanes


def test_batch_work_is_done_in_the_batch_lane(api_server_url: str):
    """Interactive work is not."""
    before = {lane: metric(api_server_url, "svenska_lane_work_seconds_count", lane=lane, priority="interactive")
              for lane in ("realtime", "batch")}  # fmt: skip
    batch = metric(api_server_url, "svenska_lane_work_seconds_count", lane="batch", priority="batch")
    post(api_server_url, said("tid"), lane="batch")
    post(api_server_url, said("tid"), lane="interactive")
    assert metric(api_server_url, "svenska_lane_work_seconds_count", lane="batch", priority="batch") == batch + 1
    assert metric(api_server_url, "svenska_lane_work_seconds_count", lane="realtime", priority="interactive") == (
        before["realtime"] + 1
    )
    assert (
        metric(api_server_url, "svenska_lane_work_seconds_count", lane="batch", priority="interactive")
        == (before["batch"])
    )


# --- operation


def test_health_says_what_is_served(api_server_url: str):
    """Plainly, that the bundled model is no production model too."""
    body = processes.get_json(api_server_url + "/health")
    expected = {"status", "whisper_model", "device", "compute_type", "connected_clients", "memory_usage", "uptime"}
    assert set(body) >= expected
    assert (body["status"], body["whisper_model"], body["device"]) == ("ok", "bundled", "cpu")
    assert "demonstration" in str(body["notice"])
    assert "KBLab/kb-whisper" in str(body["notice"])


def test_the_log_says_what_the_bundled_model_is_for_and_that_the_door_is_open(api_server: Service):
    """At the start, once."""
    assert "for demonstration and tests" in api_server.log
    assert "API_KEYS is empty" in api_server.log


def test_ready_names_the_lanes(api_server_url: str):
    """Each has decoded something."""
    status, body = processes.get(api_server_url + "/ready")
    assert (status, json.loads(body)["lanes"]) == (200, ["realtime", "batch"])


def test_metrics_count_requests_windows_and_the_loops_lag(api_server_url: str):
    """In Prometheus' own form."""
    before = metric(api_server_url, "svenska_http_requests_total", route="/transcribe", status="200")
    audio = metric(api_server_url, "svenska_audio_seconds_total")
    post(api_server_url, said("tid"))
    assert metric(api_server_url, "svenska_http_requests_total", route="/transcribe", status="200") == before + 1
    assert metric(api_server_url, "svenska_audio_seconds_total") == pytest.approx(audio + 2.96, abs=0.1)
    assert metric(api_server_url, "svenska_windows_total", lane="realtime") > 0
    assert metric(api_server_url, "svenska_event_loop_lag_seconds") >= 0
    reply = httpx.get(api_server_url + "/metrics")
    assert reply.headers["content-type"].startswith("text/plain")


def test_the_interface_is_described(api_server_url: str):
    """`/docs` and `/openapi.json`, with every field of the form."""
    document = httpx.get(api_server_url + "/openapi.json").json()
    form = document["paths"]["/transcribe"]["post"]["requestBody"]["content"]["multipart/form-data"]
    schema = document["components"]["schemas"][form["schema"]["$ref"].rsplit("/", 1)[1]]
    assert set(schema["properties"]) == {
        "file", "language", "task", "model", "prompt", "hotwords", "word_timestamps", "vad_filter", "beam_size",
        "temperature", "response_format", "lane", "start", "stream",
    }  # fmt: skip
    assert all("description" in field for field in schema["properties"].values())
    assert httpx.get(api_server_url + "/docs").status_code == 200


def test_a_request_keeps_the_id_it_came_with(api_server_url: str):
    """One that is not well formed is replaced, and so is none."""
    assert post(api_server_url, said("tid"), headers={"X-Request-ID": "mitt-1"}).headers["x-request-id"] == "mitt-1"
    for bad in ("", "x" * 500, "a b"):
        given = post(api_server_url, said("tid"), headers={"X-Request-ID": bad}).headers["x-request-id"]
        assert given not in {"", bad}


def test_the_log_carries_the_request_id(api_server: Service):
    """Whoever reports an id can be helped."""
    post(api_server.url, said("tid"), headers={"X-Request-ID": "find-me-42"})
    assert "find-me-42" in api_server.log


def test_no_upload_is_kept(api_server: Service):
    """Neither a file nor an open one without a name."""
    post(api_server.url, long_speech(60))
    until(lambda: kept_files(api_server) == [])  # the answer is sent first


# --- keys


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A server that asks for keys and logs JSON."""
    folder = tmp_path_factory.mktemp("guarded")
    with processes.running("api_server", folder, API_KEYS="first-key, second-key", LOG_FORMAT="json") as service:
        yield service


@pytest.mark.parametrize("key", ["first-key", "second-key"])
def test_either_key_opens(guarded: Service, key: str):
    """As `Authorization: Bearer KEY`."""
    assert post(guarded.url, said("tid"), key=key).json()["text"] == clips.clip("tid").text


@pytest.mark.parametrize("key", [None, "first", "first-key2", "first-key,second-key", "nyckel"])
@pytest.mark.parametrize("path", ["/transcribe", "/transcribe/retry", "/models/small/load"])
def test_no_other_key_does(guarded: Service, key: str | None, path: str):
    """Whatever the route, and with the header that says how to ask."""
    reply = post(guarded.url, said("tid"), path=path, key=key)
    assert code_of(reply) == (401, "unauthorized")
    assert reply.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("path", ["/config", "/models"])
def test_what_the_server_is_set_to_is_for_those_with_a_key(guarded: Service, path: str):
    """The others are refused."""
    assert code_of(httpx.get(guarded.url + path)) == (401, "unauthorized")
    assert httpx.get(guarded.url + path, headers={"Authorization": "bearer first-key"}).status_code == 200


@pytest.mark.parametrize("path", ["/health", "/ready", "/metrics", "/docs", "/openapi.json"])
def test_watching_needs_no_key(guarded: Service, path: str):
    """Health checks and Prometheus carry none."""
    assert httpx.get(guarded.url + path).status_code == 200


def test_the_settings_in_force_are_shown_without_their_secrets(guarded: Service):
    """Every one by its environment name; keys only as being there."""
    config = httpx.get(guarded.url + "/config", headers={"Authorization": "Bearer first-key"})
    assert config.json()["WHISPER_MODEL"] == "bundled"
    assert config.json()["AUDIO_CONTEXT"] == "verified"
    assert config.json()["API_KEYS"]
    assert "first-key" not in config.text
    assert "second-key" not in config.text


def test_the_log_is_json_and_holds_no_key(guarded: Service):
    """Each line an object."""
    post(guarded.url, said("tid"), key="first-key")
    post(guarded.url, said("tid"), key="wrong-key")
    lines = [json.loads(line) for line in guarded.log.splitlines()]
    assert {"request", "ready to listen"} <= {line["event"] for line in lines}
    assert "first-key" not in guarded.log
    assert "wrong-key" not in guarded.log


# --- models


class Listener(socketserver.ThreadingTCPServer):
    """Counts who wants to go to the network."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), socketserver.BaseRequestHandler)
        self.asked: list[object] = []

    def verify_request(self, request: object, client_address: object) -> bool:
        self.asked.append(client_address)
        return False


@pytest.fixture(scope="module")
def network() -> Iterator[Listener]:
    """The only way out, and it leads nowhere."""
    with Listener() as listener:
        thread = threading.Thread(target=listener.serve_forever, daemon=True)
        thread.start()
        yield listener
        listener.shutdown()
        thread.join(30)


def hub_cache(folder: Path, name: str) -> Path:
    """Lay out a hub cache by hand, with the bundled model under that name; return its home."""
    repository = folder / "hub" / f"models--{name.replace('/', '--')}"
    snapshot = repository / "snapshots" / "0123456789abcdef0123456789abcdef01234567"
    shutil.copytree(BUNDLED, snapshot)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(snapshot.name, encoding="ascii")
    return folder


@pytest.fixture(scope="module")
def own_models(tmp_path_factory: pytest.TempPathFactory, network: Listener) -> Iterator[Service]:
    """A server with a model of a local folder, and one of the hub's cache for second decodes."""
    folder = tmp_path_factory.mktemp("own_models")
    shutil.copytree(BUNDLED, folder / "min-modell")
    home = hub_cache(folder / "home", "svenska/stor")
    proxy = f"http://127.0.0.1:{network.server_address[1]}"
    with processes.running(
        "api_server", folder, WHISPER_MODEL=str(folder / "min-modell"), WHISPER_RETRY_MODEL="svenska/stor",
        HF_HOME=str(home), HTTPS_PROXY=proxy, HTTP_PROXY=proxy, NO_PROXY="127.0.0.1",
    ) as service:  # fmt: skip
        yield service


def test_a_local_folder_serves_without_the_network(own_models: Service, network: Listener):
    """Under the folder's name, which says nothing of where it is."""
    body = post(own_models.url, said("tid")).json()
    assert (body["text"], body["model"]) == (clips.clip("tid").text, "min-modell")
    assert network.asked == []
    assert "for demonstration" not in own_models.log


def test_a_model_of_the_hub_cache_serves_second_decodes_without_the_network(own_models: Service, network: Listener):
    """It is loaded when it is first needed, and stays."""
    spans = json.dumps([{"id": 0, "start": 0.0, "end": 2.9}])
    reply = post(own_models.url, said("tid"), path="/transcribe/retry", segments=spans)
    assert reply.json()["model"] == "svenska/stor"
    assert reply.json()["segments"][0]["text"] == clips.clip("tid").text
    listed = {model["name"]: model for model in httpx.get(own_models.url + "/models").json()["models"]}
    assert listed["svenska/stor"]["loaded"]
    assert not listed["svenska/stor"]["resident"]
    assert network.asked == []


def test_a_model_is_loaded_named_and_unloaded(own_models: Service):
    """`POST /models/{name}/load`, `model=`, `DELETE /models/{name}`."""
    url = own_models.url
    loaded = httpx.post(url + "/models/svenska/stor/load", timeout=60)
    assert (loaded.status_code, loaded.json()["name"], loaded.json()["loaded"]) == (200, "svenska/stor", True)
    assert post(url, said("tid"), model="svenska/stor").json()["model"] == "svenska/stor"
    assert httpx.delete(url + "/models/svenska/stor").status_code == 204
    assert code_of(httpx.delete(url + "/models/svenska/stor")) == (404, "model_not_found")


def test_the_resident_model_stays(own_models: Service):
    """It can be loaded, which changes nothing, and not be unloaded."""
    assert httpx.post(own_models.url + "/models/min-modell/load").json()["resident"]
    assert code_of(httpx.delete(own_models.url + "/models/min-modell")) == (409, "conflict")


def test_models_tells_what_each_can(api_server_url: str):
    """The resident one first."""
    (model,) = httpx.get(api_server_url + "/models").json()["models"]
    assert (model["name"], model["resident"], model["loaded"], model["demonstration"]) == ("bundled", True, True, True)
    assert {"sv", "en"} <= set(model["languages"])


@pytest.mark.parametrize("name", ["nobody/no-such-model", "no-such-size", "..%2f..%2fetc", "%2fetc%2fpasswd"])
def test_a_model_that_cannot_be_had_is_not_found(own_models: Service, name: str):
    """In words, without a look at the server's folders."""
    reply = httpx.post(f"{own_models.url}/models/{name}/load", timeout=60)
    assert code_of(reply) == (404, "model_not_found")


# --- the start


def refusal(tmp_path: Path, **settings: str) -> list[str]:
    """Return the lines in which a server says why it does not start; the exit code is 2."""
    service = processes.start("api_server", tmp_path, **settings)
    try:
        assert service.process.wait(processes.START_SECONDS) == 2
    finally:
        service.stop()
    assert "Traceback" not in service.log
    return service.log.strip().splitlines()


def test_wrong_settings_are_told_one_line_each(tmp_path: Path):
    """Name, what was expected, what came; a key is never repeated."""
    lines = refusal(
        tmp_path, API_PORT="many", BATCH_LANE="fast", MAX_UPLOAD_MB="0", PARTIAL_INTERVAL="-1", AUDIO_CONTEXT="long"
    )
    assert sorted(line.split(":")[0] for line in lines) == [
        "API_PORT", "AUDIO_CONTEXT", "BATCH_LANE", "MAX_UPLOAD_MB", "PARTIAL_INTERVAL",
    ]  # fmt: skip
    assert any("'isolated' or 'shared'" in line and "'fast'" in line for line in lines)


def test_a_language_that_the_model_does_not_know_stops_the_start(tmp_path: Path):
    """In one line."""
    (line,) = refusal(tmp_path, WHISPER_LANGUAGE="klingon")
    assert line.startswith("WHISPER_LANGUAGE: expected auto or one of ")
    assert line.endswith("got 'klingon'")


def test_a_data_folder_that_is_none_stops_the_start(tmp_path: Path):
    """A file stands in its place."""
    (tmp_path / "file").write_text("here", encoding="ascii")
    (line,) = refusal(tmp_path, DATA_DIR=str(tmp_path / "file"))
    assert line.startswith("DATA_DIR: expected a folder that can be written to")


@pytest.mark.parametrize(
    ("model", "said_of_it"),
    [
        ("/nowhere/at/all", "There is no model folder"),
        ("nobody/no-such-model", "is not in the local cache and the hub cannot be reached"),
        ("no-such-size", "is neither a folder, a Whisper size nor a hub id"),
        (".", "holds no CTranslate2 model"),
    ],
)
def test_a_model_that_cannot_be_had_stops_the_start(tmp_path: Path, network: Listener, model: str, said_of_it: str):
    """With one clear sentence."""
    proxy = f"http://127.0.0.1:{network.server_address[1]}"
    (line,) = refusal(tmp_path, WHISPER_MODEL=model, HF_HOME=str(tmp_path), HTTPS_PROXY=proxy, HTTP_PROXY=proxy)
    assert line.startswith("WHISPER_MODEL: ")
    assert said_of_it in line


@pytest.mark.parametrize(
    ("file", "content", "said_of_it"),
    [
        ("model.bin", "no model", "is not a CTranslate2 Whisper that can be loaded"),
        ("tokenizer.json", "{}", "tokenizer.json"),
        ("preprocessor_config.json", '{"feature_size": 128}', "mel bands"),
    ],
)
def test_a_folder_that_is_not_a_whisper_stops_the_start(tmp_path: Path, file: str, content: str, said_of_it: str):
    """Each with what is wrong with it, and not at the first request."""
    shutil.copytree(BUNDLED, tmp_path / "model")
    (tmp_path / "model" / file).write_text(content, encoding="ascii")
    (line,) = refusal(tmp_path, WHISPER_MODEL=str(tmp_path / "model"))
    assert line.startswith("WHISPER_MODEL: ")
    assert said_of_it in line


def test_a_way_to_compute_that_there_is_not_stops_the_start(tmp_path: Path):
    """It is named."""
    (line,) = refusal(tmp_path, WHISPER_COMPUTE_TYPE="int9")
    assert "on cpu as int9" in line


def test_a_port_that_is_taken_stops_the_start(tmp_path: Path, api_server_url: str):
    """Its setting is named."""
    port = int(api_server_url.rsplit(":", 1)[1])
    service = processes.start("api_server", tmp_path, port=port)
    assert service.process.wait(processes.START_SECONDS) == 2
    (line,) = service.log.strip().splitlines()
    assert line.startswith(f"API_PORT: expected a free port on 127.0.0.1; got {port}")


def test_a_second_model_that_cannot_be_had_stops_the_start(tmp_path: Path):
    """Not only the first one."""
    (line,) = refusal(tmp_path, WHISPER_RETRY_MODEL="/nowhere/at/all")
    assert line.startswith("WHISPER_RETRY_MODEL: ")


def test_asked_to_stop_it_stops(tmp_path: Path):
    """With exit code 0 and no complaint."""
    service = processes.start("api_server", tmp_path)
    processes.wait_ready(service)
    assert service.stop() == 0
    assert "Traceback" not in service.log
