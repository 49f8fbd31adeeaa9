"""Seed 002's calls: jobs under the client's own id."""

import json
import shutil
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from tests import clips, processes
from tests.clients import seeds

pytestmark = pytest.mark.slow

SAID = clips.clip("tid")
SUBMIT, STATUS, HEALTH = seeds.examples("002", "bash")
WAIT_SECONDS = 90


@pytest.fixture
def client(batch_worker_url: str) -> Iterator[httpx.Client]:
    """The shared batch_worker."""
    with httpx.Client(base_url=batch_worker_url, timeout=60) as found:
        yield found


class _Model(BaseHTTPRequestHandler):
    """Answers every question with the same summary."""

    def do_POST(self) -> None:
        """Answer as OpenAI's servers do, in one piece."""
        self.rfile.read(int(self.headers["Content-Length"]))
        content = json.dumps({"summary": "Karin vill boka en tid."})
        answer = {"choices": [{"index": 0, "message": {"content": content}, "finish_reason": "stop"}]}
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_told: object) -> None:
        """Say nothing."""


@pytest.fixture
def language_model() -> Iterator[str]:
    """A language model's address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Model) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
        server.shutdown()


def over(client: httpx.Client, own: str) -> dict[str, object]:
    """Poll a job until it is over and return it."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        job: dict[str, object] = client.get(f"/status/{own}").raise_for_status().json()
        if job["status"] not in {"queued", "processing"}:
            return job
        time.sleep(0.1)
    raise TimeoutError(own)


def test_the_curl_lines(tmp_path: Path, client: httpx.Client, batch_worker_url: str) -> None:
    """A recording is taken under the id 123, and found by it; the native job knows it too."""
    shutil.copyfile(SAID.path, tmp_path / "audio.wav")
    taken = json.loads(seeds.shell(seeds.pointed(SUBMIT, batch_worker_url), tmp_path))
    assert taken["job_id"] == "123"
    over(client, "123")
    status = json.loads(seeds.shell(seeds.pointed(STATUS, batch_worker_url), tmp_path))
    assert (status["job_id"], status["status"], status["progress"]) == ("123", "completed", 100.0)
    assert status["result"]["language"] == "ru"
    assert client.get(taken["links"]["self"]).json()["metadata"] == {"job_id": "123"}
    assert json.loads(seeds.shell(seeds.pointed(HEALTH, batch_worker_url), tmp_path))["status"] == "ok"


def test_an_id_sent_again_is_the_same_job(client: httpx.Client) -> None:
    """The same recording under the same id is one job; another recording under it is a conflict."""

    def send(name: str) -> httpx.Response:
        clip = clips.clip(name).path
        return client.post("/transcribe", files={"file": (clip.name, clip.read_bytes())}, data={"job_id": "möte 7"})

    first, again, other = send("tid"), send("tid"), send("namn")
    assert first.json()["links"] == again.json()["links"]
    assert (other.status_code, other.json()["error"]["code"]) == (409, "conflict")
    assert "möte 7" in other.json()["error"]["message"]
    result = over(client, "möte 7")["result"]
    assert isinstance(result, dict)
    assert [one.get("original_text", one["text"]) for one in result["segments"]] == [SAID.text]


def test_the_summary_follows_where_it_is_on(
    tmp_path_factory: pytest.TempPathFactory, api_server_url: str, language_model: str
) -> None:
    """With `FEATURE_SUMMARY` a job is completed once its summary is made, and the status has it."""
    settings = {"FEATURE_SUMMARY": "true", "LLM_URL": language_model, "LLM_MODEL": "liten"}
    folder = tmp_path_factory.mktemp("summary")
    with (
        processes.running("batch_worker", folder, WHISPER_API_URL=api_server_url, **settings) as service,
        httpx.Client(base_url=service.url, timeout=60) as client,
    ):
        client.post("/transcribe", files={"file": SAID.path.read_bytes()}, data={"job_id": "2026/7"})
        result = over(client, "2026/7")["result"]
    assert isinstance(result, dict)
    assert "Karin vill boka en tid." in result["summary"]["text"]


def test_a_failed_job_says_why(client: httpx.Client) -> None:
    """The status carries the native error and its sentence."""
    client.post("/transcribe", files={"file": b"no audio"}, data={"job_id": "noise"})
    job = over(client, "noise")
    error = job["error"]
    assert isinstance(error, dict)
    assert (job["status"], error["code"], job["message"]) == ("failed", "unsupported_audio", error["message"])


def test_bad_input_is_told_at_once(client: httpx.Client) -> None:
    """Errors have the native shape; an unknown id is named as the client wrote it."""
    missing = client.get("/status/nobody")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "not_found")
    assert "nobody" in missing.json()["error"]["message"]
    assert client.post("/transcribe", data={"job_id": "1"}).json()["error"]["code"] == "missing_file"
    refused = client.post("/transcribe", files={"file": b"x", "job_id": (None, "x" * 201)})
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "invalid_parameter")
