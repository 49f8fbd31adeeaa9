"""Jobs through real processes: real speech, real HTTP, real kills."""

import contextlib
import json
import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from shared.transcript import Word, to_json
from tests import clips, processes
from tests.integration.fake_asr import FakeAsr
from tests.processes import Service
from tests.unit.shared.values import segment, transcript

pytestmark = pytest.mark.slow

CLIP = clips.clip("paus")
WAIT_SECONDS = 90
Job = dict[str, object]


@pytest.fixture
def jobs(batch_worker_url: str) -> Iterator[httpx.Client]:
    """The shared batch_worker."""
    with httpx.Client(base_url=batch_worker_url, timeout=60) as client:
        yield client


def submit(client: httpx.Client, path: Path = CLIP.path, **fields: str) -> str:
    """Hand a recording in and return the job's id."""
    with path.open("rb") as file:
        reply = client.post("/jobs", files={"file": (path.name, file)}, data=fields)
    assert reply.status_code == 202, reply.text
    job_id: str = reply.json()["job_id"]
    return job_id


def until(check: Callable[[], object], seconds: float = WAIT_SECONDS) -> None:
    """Wait for something that another process is about to do."""
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def show(client: httpx.Client, job_id: str) -> Job:
    """Return a job without its result."""
    job: Job = client.get(f"/jobs/{job_id}", params={"include_result": "false"}).raise_for_status().json()
    return job


def over(client: httpx.Client, job_id: str) -> Job:
    """Wait until a job is over and return it."""
    until(lambda: show(client, job_id)["status"] in {"completed", "failed", "cancelled"})
    return show(client, job_id)


def test_a_recording_becomes_a_result_in_every_format(jobs: httpx.Client) -> None:
    """The text is what was said; subtitles have its times."""
    job_id = submit(jobs, language="sv", metadata='{"case": 7}')
    job = over(jobs, job_id)
    assert (job["status"], job["progress"], job["metadata"], job["filename"]) == (
        "completed", 100.0, {"case": 7}, CLIP.path.name,
    )  # fmt: skip
    result = jobs.get(f"/jobs/{job_id}/result").json()
    original = " ".join(one.get("original_text", one["text"]) for one in result["segments"])
    assert original == CLIP.text
    assert result["languages"]["sv"] == pytest.approx(1.0)
    assert [stage["name"] for stage in result["stages"] if stage["status"] == "completed"][:2] == [
        "transcribe", "confidence",
    ]  # fmt: skip
    assert jobs.get(f"/jobs/{job_id}").json()["result"] == result
    for form, begins in (("text", result["segments"][0]["text"]), ("srt", "1\n00:00:0"), ("vtt", "WEBVTT\n")):
        reply = jobs.get(f"/jobs/{job_id}/result", params={"format": form})
        assert reply.text.startswith(begins)


def test_words_and_features_are_chosen_per_job(jobs: httpx.Client) -> None:
    """Options travel to the api_server; a stage that is off is skipped."""
    job_id = submit(jobs, options='{"word_timestamps": true}', features='{"pii": false, "text": false}')
    job = over(jobs, job_id)
    stages = {stage["name"]: stage["status"] for stage in job["stages"]}  # type: ignore[attr-defined]
    assert (stages["pii"], stages["text"], stages["language"]) == ("skipped", "skipped", "completed")
    result = jobs.get(f"/jobs/{job_id}/result").json()
    assert result["text"] == CLIP.text
    assert [word["word"] for segment in result["segments"] for word in segment["words"]] == CLIP.text.split()


def test_a_transcript_is_taken_instead_of_a_recording(jobs: httpx.Client, api_server_url: str) -> None:
    """Nothing is decoded; the later stages run."""
    with CLIP.path.open("rb") as file:
        transcript = httpx.post(f"{api_server_url}/transcribe", files={"file": file}, timeout=60).text
    reply = jobs.post("/jobs", files={"transcript": (None, transcript)})
    job = over(jobs, reply.json()["job_id"])
    stages = {stage["name"]: stage["status"] for stage in job["stages"]}  # type: ignore[attr-defined]
    assert (job["status"], stages["transcribe"], stages["pii"]) == ("completed", "skipped", "completed")


@pytest.mark.parametrize("name", [None, "three-hours.json"])
def test_the_transcript_of_three_hours_is_taken(jobs: httpx.Client, name: str | None) -> None:
    """With the times of all its words, in a field or as a file; 3 MB."""
    words = tuple(Word(start=place * 0.4, end=place * 0.4 + 0.3, word="ordet", probability=0.9) for place in range(10))
    said = " ".join(word.word for word in words)
    segments = (
        segment(id=place, start=place * 4.0, end=place * 4.0 + 4, text=said, words=words) for place in range(2700)
    )
    document = json.dumps(to_json(transcript(*segments)))
    reply = jobs.post("/jobs", files={"transcript": (name, document)})
    assert reply.status_code == 202, reply.text
    assert over(jobs, reply.json()["job_id"])["status"] == "completed"
    assert len(jobs.get(f"/jobs/{reply.json()['job_id']}/result").json()["segments"]) == 2700


def test_lists_go_on_where_they_stopped(jobs: httpx.Client) -> None:
    """Newest first, without results; a cursor that was changed is refused."""
    ids = [submit(jobs) for _ in range(3)]
    first = jobs.get("/jobs", params={"limit": 2}).json()
    rest = jobs.get("/jobs", params={"limit": 1, "cursor": first["next_cursor"]}).json()
    assert [job["job_id"] for job in (*first["jobs"], *rest["jobs"])] == ids[::-1]
    assert all("result" not in job for job in first["jobs"])
    assert jobs.get("/jobs", params={"cursor": first["next_cursor"][:-2]}).status_code == 422
    for job_id in ids:
        over(jobs, job_id)


def test_the_same_key_is_the_same_job(jobs: httpx.Client) -> None:
    """And with another body a conflict."""
    headers = {"Idempotency-Key": os.urandom(8).hex()}

    def post(**fields: str) -> httpx.Response:
        with CLIP.path.open("rb") as file:
            return jobs.post("/jobs", files={"file": (CLIP.path.name, file)}, data=fields, headers=headers)

    one, two, other = post(), post(), post(language="en")
    assert (one.status_code, two.status_code, other.status_code) == (202, 202, 409)
    assert one.json()["job_id"] == two.json()["job_id"]
    over(jobs, one.json()["job_id"])


def test_events_begin_with_the_present_state_and_end_with_the_job(jobs: httpx.Client) -> None:
    """In order, and resumable by `Last-Event-ID`."""
    job_id = submit(jobs)
    with jobs.stream("GET", f"/jobs/{job_id}/events") as reply:
        seen = [line for line in reply.iter_lines() if line.startswith(("event:", "id:"))]
    names = [line.split(": ")[1] for line in seen if line.startswith("event:")]
    numbers = [int(line.split(": ")[1]) for line in seen if line.startswith("id:")]
    assert (names[0], names[-1]) == ("status", "completed")
    assert names.count("segment") == 2
    assert numbers == sorted(numbers)
    with jobs.stream("GET", f"/jobs/{job_id}/events", headers={"Last-Event-ID": str(numbers[-2])}) as reply:
        again = [line for line in reply.iter_lines() if line.startswith("event:")]
    assert again == ["event: status", "event: completed"]


def test_a_finished_job_is_removed_with_everything(batch_worker: Service, jobs: httpx.Client) -> None:
    """Row, result and recording."""
    job_id = submit(jobs)
    over(jobs, job_id)
    before = len(list((batch_worker.data_dir / "audio").iterdir()))
    assert jobs.delete(f"/jobs/{job_id}").status_code == 204
    assert jobs.get(f"/jobs/{job_id}").status_code == 404
    assert len(list((batch_worker.data_dir / "audio").iterdir())) == before - 1


def test_what_the_service_tells_of_itself(jobs: httpx.Client) -> None:
    """Statistics, metrics, settings."""
    stats = jobs.get("/queue/stats").json()
    assert (stats["backend"], stats["healthy"], stats["max_concurrent_jobs"]) == ("sqlite", True, 1)
    assert "svenska_jobs{" in jobs.get("/metrics").text
    assert jobs.get("/config").json()["MAX_CONCURRENT_JOBS"] == 1
    assert jobs.get("/health").json()["status"] == "ok"


def send(client: httpx.Client, **parts: str) -> httpx.Response:
    """Send a form with some fields."""
    fields = {"file": (CLIP.path.name, CLIP.path.read_bytes()), **{name: (None, text) for name, text in parts.items()}}
    return client.post("/jobs", files=fields)


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        ({"features": "{"}, "features"),
        ({"features": '{"dance": true}'}, "features"),
        ({"features": '{"pii": 1}'}, "features.pii"),
        ({"features": '{"diarization": true}'}, "features.diarization"),
        ({"options": "[1]"}, "options"),
        ({"options": '{"color": 1}'}, "options.color"),
        ({"options": '{"beam_size": 0}'}, "options.beam_size"),
        ({"options": '{"min_speakers": 3, "max_speakers": 2}'}, "options.min_speakers"),
        ({"metadata": "nonsense"}, "metadata"),
        ({"metadata": '{"a": "' + "x" * 64_000 + '"}'}, "metadata"),
        ({"priority": "101"}, "priority"),
        ({"priority": "high"}, "priority"),
        ({"language": "svenska!"}, "language"),
        ({"transcript": "{}"}, "transcript"),
        ({"webhook_url": "http://127.0.0.1/"}, "webhook_url"),
        ({"webhook_url": "http://169.254.169.254/"}, "webhook_url"),
        ({"webhook_url": "http://[::1]/"}, "webhook_url"),
        ({"webhook_url": "http://localhost/"}, "webhook_url"),
        ({"webhook_url": "file:///etc/passwd"}, "webhook_url"),
    ],
)
def test_a_form_that_cannot_be_used_names_its_field(jobs: httpx.Client, parts: dict[str, str], field: str) -> None:
    """422, and no job."""
    before = jobs.get("/queue/stats").json()
    reply = send(jobs, **parts)
    error = reply.json()["error"]
    assert (reply.status_code, error["code"], error["detail"]["field"]) == (422, "invalid_parameter", field)
    after = jobs.get("/queue/stats").json()
    assert sum(before[name] for name in ("queue_length", "running", "completed", "failed")) == sum(
        after[name] for name in ("queue_length", "running", "completed", "failed")
    )


@pytest.mark.parametrize(
    ("files", "status", "code"),
    [
        ({}, 422, "missing_file"),
        ({"file": ("a.wav", b"")}, 422, "empty_audio"),
        ({"transcript": (None, '{"segments": 1}')}, 422, "invalid_parameter"),
    ],
)
def test_a_job_without_audio_is_refused(
    jobs: httpx.Client, files: dict[str, tuple[str | None, bytes]], status: int, code: str
) -> None:
    """Before anything is stored."""
    reply = jobs.post("/jobs", files=files or {"language": (None, "sv")})
    assert (reply.status_code, reply.json()["error"]["code"]) == (status, code)


@pytest.mark.parametrize("path", ["/jobs/nope", "/jobs/..%2F..%2Fetc", "/jobs/" + "x" * 90, "/jobs/nope/result"])
def test_an_unknown_job_is_not_found(jobs: httpx.Client, path: str) -> None:
    """Whatever its id looks like."""
    reply = jobs.get(path)
    assert (reply.status_code, reply.json()["error"]["code"]) == (404, "not_found")


def test_a_file_that_is_no_recording_fails_its_job_with_the_reason(jobs: httpx.Client) -> None:
    """The api_server's verdict is the job's, and it is not tried again."""
    reply = jobs.post("/jobs", files={"file": ("a.wav", b"this is text")})
    job = over(jobs, reply.json()["job_id"])
    assert (job["status"], job["error"]["code"], job["attempts"]) == ("failed", "unsupported_audio", 1)  # type: ignore[index]
    assert jobs.get(f"/jobs/{job['job_id']}/result").status_code == 409


# --- with an api_server that does as it is told


@pytest.fixture
def asr() -> Iterator[FakeAsr]:
    """An api_server of which every window is under control."""
    with FakeAsr() as one:
        yield one


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where one batch_worker after the other keeps its jobs."""
    return tmp_path


def started(folder: Path, asr: FakeAsr, **settings: str) -> tuple[Service, httpx.Client]:
    """Start a batch_worker and return it with a client."""
    quick = {"HTTP_RETRY_BACKOFF": "0.05", "LEASE_SECONDS": "2", "FEATURE_RETRY": "false"}
    service = processes.start("batch_worker", folder, WHISPER_API_URL=asr.url, **(quick | settings))
    processes.wait_ready(service)
    return service, httpx.Client(base_url=service.url, timeout=60)


def test_a_killed_worker_goes_on_where_it_was(folder: Path, asr: FakeAsr) -> None:
    """Statements 1, 2 and 4: no window that was committed is decoded again."""
    asr.windows(10, hold_at=6)
    service, client = started(folder, asr)
    running, waiting = submit(client), submit(client)
    until(lambda: asr.sent >= 6 and float(str(show(client, running)["progress"])) > 10)
    service.kill()
    asr.release()
    service, client = started(folder, asr)
    try:
        assert [over(client, job)["status"] for job in (running, waiting)] == ["completed", "completed"]
        assert (show(client, running)["restarts"], show(client, running)["attempts"]) == (1, 1)
        assert asr.starts[1] >= 5.0
        result = client.get(f"/jobs/{running}/result").json()
        assert [segment["id"] for segment in result["segments"]] == list(range(10))
        assert result["text"] == " ".join(f"Fönster {number}." for number in range(10))
    finally:
        service.stop()


def test_a_job_that_takes_its_worker_down_each_time_is_given_up(folder: Path, asr: FakeAsr) -> None:
    """Statement 5: after three crashes without any progress it has failed, and the next job has its turn."""
    asr.windows(3, hold_at=0)
    service, client = started(folder, asr)
    poison = submit(client)
    for crash in range(1, 4):
        until(lambda n=crash: len(asr.starts) >= n)  # type: ignore[misc]
        service.kill()
        service, client = started(folder, asr)
    try:
        job = over(client, poison)
        assert (job["status"], job["error"]["code"], job["restarts"]) == ("failed", "poison", 3)  # type: ignore[index]
        asr.release()
        assert over(client, submit(client))["status"] == "completed"
    finally:
        service.stop()


def test_cancelling_a_running_job_frees_the_api_server(folder: Path, asr: FakeAsr) -> None:
    """Statement 7: its request is gone, and no crash brings it back."""
    asr.windows(10, hold_at=3)
    service, client = started(folder, asr)
    job = submit(client)
    until(lambda: asr.sent >= 3)
    assert client.delete(f"/jobs/{job}").json()["status"] == "cancelled"
    until(lambda: asr.gone == 1)
    service.kill()
    service, client = started(folder, asr)
    try:
        assert show(client, job)["status"] == "cancelled"
        assert client.post(f"/jobs/{job}/retry").status_code == 202
        asr.release()
        assert over(client, job)["status"] == "completed"
    finally:
        service.stop()


def test_a_graceful_stop_hands_the_job_back(folder: Path, asr: FakeAsr) -> None:
    """Statement 8: exit code 0, and the next one goes on."""
    asr.windows(10, hold_at=4)
    service, client = started(folder, asr, GRACE_SECONDS="0.2")
    job = submit(client)
    until(lambda: asr.sent >= 4 and float(str(show(client, job)["progress"])) > 10)
    assert service.stop() == 0
    asr.release()
    service, client = started(folder, asr)
    try:
        done = over(client, job)
        assert (done["status"], done["attempts"], done["restarts"]) == ("completed", 1, 0)
        assert asr.starts[1] >= 3.0
    finally:
        assert service.stop() == 0


def test_a_frozen_worker_writes_nothing_once_another_has_its_job(folder: Path, asr: FakeAsr) -> None:
    """Statement 5: it ends, and the job completes once."""
    asr.windows(6, hold_at=2)
    frozen, client = started(folder, asr)
    job = submit(client)
    until(lambda: asr.sent >= 2)
    frozen.process.send_signal(signal.SIGSTOP)
    other, other_client = started(folder, asr)
    try:
        until(lambda: show(other_client, job)["restarts"] == 1)
        asr.release()
        assert over(other_client, job)["status"] == "completed"
        frozen.process.send_signal(signal.SIGCONT)
        until(lambda: frozen.process.poll() is not None, 30)
        events = other_client.get(f"/jobs/{job}/events").text
        assert events.count("event: completed") == 0  # the state says it; nothing follows
        assert show(other_client, job)["restarts"] == 1
    finally:
        frozen.process.send_signal(signal.SIGCONT)
        frozen.kill()
        other.stop()


def test_priority_goes_first(folder: Path, asr: FakeAsr) -> None:
    """Statement 10."""
    asr.windows(1, hold_at=0)
    service, client = started(folder, asr)
    try:
        first = submit(client)
        until(lambda: show(client, first)["status"] == "running")
        jobs = [submit(client, priority=priority) for priority in ("0", "5", "0", "9")]
        assert [show(client, job)["position"] for job in jobs] == [3, 2, 4, 1]
        asr.release()
        began = {job: str(over(client, job)["started_at"]) for job in jobs}
        assert sorted(jobs, key=began.__getitem__) == [jobs[3], jobs[1], jobs[0], jobs[2]]
    finally:
        service.stop()


@pytest.mark.parametrize("fault", ["busy", "cut", "garbage", "refuse"])
def test_an_api_server_that_fails_for_a_while_loses_no_job(folder: Path, asr: FakeAsr, fault: str) -> None:
    """Statement 13: 503 is waited for, a cut stream goes on where it was."""
    asr.windows(5)
    asr.faults(fault, fault)
    service, client = started(folder, asr)
    try:
        job = submit(client)
        assert over(client, job)["status"] == "completed"
        text = client.get(f"/jobs/{job}/result").json()["text"]
        assert text == " ".join(f"Fönster {number}." for number in range(5))
    finally:
        service.stop()


@pytest.mark.parametrize(("fault", "code"), [("refuse", "asr_unavailable"), ("hang", "timeout")])
def test_an_api_server_that_never_comes_back_fails_the_job_with_the_code(
    folder: Path, asr: FakeAsr, fault: str, code: str
) -> None:
    """And the job can be tried again once it is back."""
    asr.windows(3)
    asr.faults(*[fault] * 50)
    service, client = started(folder, asr, HTTP_RETRIES="1", HTTP_TIMEOUT="0.5")
    try:
        job = submit(client)
        failed = over(client, job)
        assert (failed["status"], failed["error"]["code"]) == ("failed", code)  # type: ignore[index]
        asr.faults()
        assert client.post(f"/jobs/{job}/retry").status_code == 202
        assert over(client, job)["status"] == "completed"
    finally:
        service.stop()


def test_a_full_queue_says_when_to_come_back(folder: Path, asr: FakeAsr) -> None:
    """429, and nothing is stored."""
    asr.windows(1, hold_at=0)
    service, client = started(folder, asr, MAX_QUEUE_SIZE="1")
    try:
        first = submit(client)
        until(lambda: show(client, first)["status"] == "running")
        submit(client)
        reply = send(client)
        assert (reply.status_code, reply.json()["error"]["code"]) == (429, "queue_full")
        assert int(reply.headers["retry-after"]) > 0
        assert len(list((service.data_dir / "audio").iterdir())) == 2
        asr.release()
    finally:
        service.stop()


def test_an_upload_over_the_limit_leaves_nothing(folder: Path, asr: FakeAsr) -> None:
    """413, whether or not the client said how much would come."""
    service, client = started(folder, asr, MAX_UPLOAD_MB="1")
    try:
        body = b"x" * 2_500_000
        stated = client.post("/jobs", files={"file": ("a.wav", body)})
        boundary = "----x"
        form = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'.encode() + body
        unstated = client.post(
            "/jobs", content=iter([form]), headers={"Content-Type": f"multipart/form-data; boundary={boundary}"}
        )
        for reply in (stated, unstated):
            assert (reply.status_code, reply.json()["error"]["code"]) == (413, "upload_too_large")
        assert list((service.data_dir / "audio").iterdir()) == []
        assert list((service.data_dir / "tmp").iterdir()) == []
    finally:
        service.stop()


def test_a_webhook_arrives_signed_after_a_restart_too(folder: Path, asr: FakeAsr) -> None:
    """It is owed by the row, not by the process."""
    asr.windows(1)
    asr.webhooks(500)
    settings = {"WEBHOOK_ALLOW_PRIVATE": "true", "WEBHOOK_SECRET": "hemligt"}
    service, client = started(folder, asr, **settings)
    job = submit(client, webhook_url=f"{asr.url}/hook")
    over(client, job)
    until(lambda: len(asr.hooks) == 1)
    service.kill()
    asr.webhooks(204)
    service, client = started(folder, asr, **settings)
    try:
        until(lambda: len(asr.hooks) >= 2)
        headers, body = asr.hooks[-1]
        assert json.loads(body)["job_id"] == job
        assert headers["x-signature"].startswith("sha256=")
    finally:
        service.stop()


def test_a_store_of_a_newer_version_stops_the_start_with_one_line(folder: Path) -> None:
    """And is left as it was."""
    (folder / "data").mkdir()
    with contextlib.closing(sqlite3.connect(folder / "data" / "jobs.sqlite")) as database:
        database.execute("PRAGMA user_version = 99")
    service = processes.start("batch_worker", folder)
    assert service.process.wait(60) == 2
    (line,) = service.log.strip().splitlines()
    assert "written by a newer version (schema 99" in line


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BATCH_PORT", "high"),
        ("WHISPER_API_URL", "ftp://x"),
        ("QUEUE_ORDER", "random"),
        ("FEATURE_DIARIZATION", "true"),
        ("DATABASE_URL", "mysql://x"),
        ("CONFIDENCE_THRESHOLD", "2"),
    ],
)
def test_a_wrong_setting_stops_the_start_with_one_line(folder: Path, name: str, value: str) -> None:
    """Its name, what was expected; exit code 2."""
    service = processes.start("batch_worker", folder, **{name: value})
    assert service.process.wait(60) == 2
    (line,) = service.log.strip().splitlines()
    assert line.startswith(f"{name}: ")
