"""The app around a transcriber that hears what it is told: lanes, readiness, cancellation, refusals."""

import asyncio
import io
import json
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from fastapi import FastAPI

from api_server.app import create_app
from api_server.deps import Services
from api_server.engine.base import Priority, Transcriber
from api_server.engine.fake import Failing, FakeTranscriber, Gate
from api_server.settings import Settings
from shared.errors import StartupError


def speech(seconds: float = 2.0) -> bytes:
    """Return a wav that the fake takes for speech."""
    samples = (np.sin(np.arange(round(seconds * 16_000)) * 0.1) * 12_000).astype("<i2")
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(samples.tobytes())
    return out.getvalue()


@asynccontextmanager
async def running(
    tmp_path: Path, transcriber: Transcriber, *, ready: bool = True, **settings: object
) -> AsyncIterator[tuple[httpx.AsyncClient, FastAPI]]:
    """Run the app in this loop; `ready` waits for the first probe, which takes the transcriber's first window."""
    values = {"data_dir": tmp_path, "whisper_language": "sv", **settings}
    app = create_app(Settings(_env_file=None, **values), transcriber=transcriber)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://svenska") as client,
    ):
        if ready:
            await until(lambda: services(app).probes[0].fault is None)
        yield client, app


def services(app: FastAPI) -> Services:
    """Return what the routes work with."""
    found: Services = app.state.services
    return found


async def until(condition: object) -> None:
    """Wait for something that another task is about to do."""
    assert callable(condition)
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - what it waits for has no event
            await asyncio.sleep(0)


FORM = {"vad_filter": "false"}


async def test_a_recording_becomes_a_transcript(tmp_path: Path) -> None:
    """The reply has what the contract names."""
    async with running(tmp_path, FakeTranscriber("Hej.")) as (client, _app):
        reply = await client.post("/transcribe", files={"file": speech()}, data=FORM)
    assert reply.status_code == 200
    body = reply.json()
    assert (body["text"], body["language"], body["model"], body["duration"]) == ("Hej.", "sv", "fake", 2.0)
    assert [segment["id"] for segment in body["segments"]] == [0]


async def test_a_watched_recording_ends_with_the_whole(tmp_path: Path) -> None:
    """Each segment is an event with progress; `done` is the transcript."""
    async with running(tmp_path, FakeTranscriber("Ja.")) as (client, _app):
        reply = await client.post("/transcribe", files={"file": speech(40)}, data={**FORM, "stream": "true"})
    events = [dict(line.split(": ", 1) for line in one.splitlines()) for one in reply.text.strip().split("\n\n")]
    assert [event["event"] for event in events] == ["segment", "segment", "done"]
    first, last, done = (json.loads(event["data"]) for event in events)
    assert 0 < first["progress"] < last["progress"] <= 1
    assert done["text"] == "Ja. Ja."


async def test_a_watched_recording_that_cannot_be_read_has_a_status_of_its_own(tmp_path: Path) -> None:
    """A failure before anything was sent is not hidden in a stream that says 200."""
    async with running(tmp_path, FakeTranscriber()) as (client, _app):
        reply = await client.post("/transcribe", files={"file": b"no audio"}, data={"stream": "true"})
    assert (reply.status_code, reply.json()["error"]["code"]) == (415, "unsupported_audio")


async def test_a_failure_in_the_middle_of_a_stream_is_its_last_event(tmp_path: Path) -> None:
    """What was heard stays; the error says nothing of the server."""
    broken = FakeTranscriber(at_window=Failing({2: RuntimeError("/secret/path")}))  # 0 is the probe's
    async with running(tmp_path, broken) as (client, _app):
        reply = await client.post("/transcribe", files={"file": speech(40)}, data={**FORM, "stream": "true"})
    assert "event: segment" in reply.text
    name, data = reply.text.strip().split("\n\n")[-1].split("\n")
    assert name == "event: error"
    assert json.loads(data.removeprefix("data: "))["error"]["code"] == "internal"
    assert "secret" not in reply.text


async def test_an_unexpected_failure_is_an_internal_error_with_the_request_id(tmp_path: Path) -> None:
    """No traceback leaves the server."""
    broken = FakeTranscriber(at_window=Failing(dict.fromkeys(range(5), RuntimeError("/secret/path"))))
    async with running(tmp_path, broken, ready=False) as (client, _app):
        reply = await client.post(
            "/transcribe", files={"file": speech()}, data=FORM, headers={"X-Request-ID": "mine-1"}
        )
    assert (reply.status_code, reply.json()["error"]["code"]) == (500, "internal")
    assert reply.headers["x-request-id"] == "mine-1"
    assert "secret" not in reply.text


async def test_a_client_that_goes_away_ends_the_work(tmp_path: Path) -> None:
    """Nothing is decoded after the window that was under way, and the lane is free again."""
    gate = Gate()
    transcriber = FakeTranscriber("Ett.", window_seconds=1.0, at_window=gate)
    gate.let(0, 1)  # the probe's
    async with running(tmp_path, transcriber) as (client, app):
        lane = services(app).models.resident.lane
        await until(lambda: lane.load().open == 0)
        before = transcriber.windows
        post = asyncio.create_task(client.post("/transcribe", files={"file": speech(10)}, data=FORM))
        assert await asyncio.to_thread(gate.reached, before)
        post.cancel()
        await asyncio.gather(post, return_exceptions=True)
        gate.let(*range(before, before + 20))
        await until(lambda: lane.load().open == 0)
    assert transcriber.windows <= before + 1


async def test_a_busy_lane_says_so_at_once(tmp_path: Path) -> None:
    """503 with Retry-After, before the recording is read: any wait is longer than a nanosecond."""
    async with running(tmp_path, FakeTranscriber(), max_queue_seconds=1e-9) as (client, app):
        lane = services(app).models.resident.lane
        await until(lambda: lane.load().window_seconds > 0)
        turn = lane.turn(Priority.FINAL)
        reply = await client.post("/transcribe", files={"file": b"never read"}, data=FORM)
        turn.close()
    assert (reply.status_code, reply.json()["error"]["code"]) == (503, "busy")
    assert int(reply.headers["retry-after"]) >= 1


async def test_a_service_with_keys_answers_nobody_else(tmp_path: Path) -> None:
    """Health stays open, work does not; the key is asked for before the upload is read."""
    async with running(tmp_path, FakeTranscriber(), api_keys=("rätt",)) as (client, _app):
        refused = await client.post("/transcribe", files={"file": b"x"}, headers={"Authorization": "Bearer fel"})
        nothing = await client.get("/config")
        config = await client.get("/config", headers={"Authorization": "Bearer rätt".encode()})
        health = await client.get("/health")
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
    assert (nothing.status_code, health.status_code) == (401, 200)
    assert "rätt" not in config.text


async def test_a_hung_engine_is_not_ready(tmp_path: Path) -> None:
    """Readiness is a decode that came back, not a process that runs."""
    gate = Gate()
    async with running(tmp_path, FakeTranscriber(at_window=gate), ready=False) as (client, app):
        assert await asyncio.to_thread(gate.reached, 0)
        waiting = await client.get("/ready")
        gate.let(*range(10))
        await until(lambda: services(app).probes[0].fault is None)
        ready = await client.get("/ready")
    assert (waiting.status_code, waiting.json()["error"]["code"]) == (503, "model_loading")
    assert (ready.status_code, ready.json()["status"]) == (200, "ready")


async def test_the_spans_of_a_second_hearing_keep_their_ids(tmp_path: Path) -> None:
    """One segment for each span, in the order asked, times as asked; they count as audio."""
    async with running(tmp_path, FakeTranscriber("Ja.")) as (client, app):
        spans = [{"id": 7, "start": 1.0, "end": 2.0}, {"id": 3, "start": 0.0, "end": 1.0}]
        reply = await client.post("/transcribe/retry", files={"file": speech(3)}, data={"segments": json.dumps(spans)})
        counted = services(app).metrics.registry.get_sample_value("svenska_audio_seconds_total")
    assert counted == 2.0
    segments = reply.json()["segments"]
    assert [(one["id"], one["start"], one["end"], one["text"]) for one in segments] == [
        (7, 1.0, 2.0, "Ja."),
        (3, 0.0, 1.0, "Ja."),
    ]


@pytest.mark.parametrize(
    ("spans", "field"),
    [
        ("", "segments"),
        ("[", "segments"),
        ('{"id": 1}', "segments"),
        ('[{"id": 1, "start": 2, "end": 1}]', "segments"),
        ('[{"id": 1, "start": -1, "end": 1}]', "segments.0.start"),
        ('[{"id": 1, "start": 0}]', "segments.0.end"),
        ('[{"id": 1, "start": 100, "end": 101}]', "segments"),
    ],
)
async def test_spans_that_cannot_be_heard_are_refused(tmp_path: Path, spans: str, field: str) -> None:
    """422 names the field and the position."""
    async with running(tmp_path, FakeTranscriber()) as (client, _app):
        reply = await client.post("/transcribe/retry", files={"file": speech()}, data={"segments": spans})
    error = reply.json()["error"]
    assert (reply.status_code, error["code"], error["detail"]["field"]) == (422, "invalid_parameter", field)


def test_a_language_that_the_model_does_not_know_stops_the_start(tmp_path: Path) -> None:
    """One line: setting, what was expected, what came."""
    settings = Settings(_env_file=None, data_dir=tmp_path, whisper_language="xx")
    with pytest.raises(StartupError, match="WHISPER_LANGUAGE: expected auto or one of en, sv; got 'xx'"):
        create_app(settings, transcriber=FakeTranscriber())


def test_a_data_folder_that_cannot_be_made_stops_the_start(tmp_path: Path) -> None:
    """One line: setting, what was expected, what came."""
    (tmp_path / "file").write_text("")
    settings = Settings(_env_file=None, data_dir=tmp_path / "file")
    with pytest.raises(StartupError, match="DATA_DIR: expected a folder that can be written to"):
        create_app(settings, transcriber=FakeTranscriber())


@pytest.mark.parametrize("path", ["/api/load-model", "/v1/realtime/client_secrets"])
async def test_a_body_that_is_read_into_memory_is_bounded(tmp_path: Path, path: str) -> None:
    """`MAX_UPLOAD_MB` is for files, which wait on the disk."""
    async with running(tmp_path, FakeTranscriber("Ja."), ready=False) as (client, _app):
        reply = await client.post(path, content=b" " * 1_000_001, headers={"Content-Type": "application/json"})
    assert (reply.status_code, reply.json()["error"]["code"]) == (413, "upload_too_large")


@pytest.mark.parametrize("path", ["/transcribe", "/v1/audio/transcriptions"])
@pytest.mark.parametrize("many", [{"files": [("more", b"x")] * 9}, {"data": {f"f{n}": "x" for n in range(301)}}])
async def test_a_form_is_bounded_in_what_it_keeps_in_memory(tmp_path: Path, path: str, many: dict[str, Any]) -> None:
    """A thousand small files are a gigabyte, as each waits in memory up to a megabyte."""
    async with running(tmp_path, FakeTranscriber("Ja.")) as (client, _app):
        many = {**many, "files": [*many.get("files", ()), ("file", speech())]}
        reply = await client.post(path, **many)
    assert reply.status_code == 400
    assert "Too many" in reply.json()["error"]["message"]


async def test_a_list_of_words_fits_into_a_form(tmp_path: Path) -> None:
    """OpenAI's clients send a field for each."""
    async with running(tmp_path, FakeTranscriber("Ja.")) as (client, _app):
        words = {"keywords[]": [f"ord{number}" for number in range(100)]}
        reply = await client.post("/v1/audio/transcriptions", files={"file": speech()}, data=words)
    assert (reply.status_code, reply.json()["text"]) == (200, "Ja.")
