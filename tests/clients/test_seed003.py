"""Seed 003's calls: asynchronous jobs, its Python and Node examples from their own text."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests import clips
from tests.clients import npm, seeds

pytestmark = pytest.mark.slow

SAID = clips.clip("appointment")
(PYTHON,) = seeds.examples("003", "python")
(NODE,) = seeds.examples("003", "javascript")
SUBMIT, _SHOW, LIST, STATS, METRICS = seeds.examples("003", "bash")
PACKAGES = ("axios@1.12.2", "form-data@4.0.4")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the recordings that the examples name."""
    for name in ("call.wav", "call_recording.wav"):
        shutil.copyfile(SAID.path, tmp_path / name)
    return tmp_path


@pytest.fixture
def client(batch_worker_url: str) -> Iterator[httpx.Client]:
    """The shared batch_worker."""
    with httpx.Client(base_url=batch_worker_url, timeout=60) as found:
        yield found


@pytest.mark.compatibility("requests", "seed 003: Python example")
def test_the_python_example(folder: Path, client: httpx.Client, batch_worker_url: str) -> None:
    """It prints the job's id, how far the job is, and at last what the native result says."""
    printed = seeds.python(seeds.pointed(PYTHON, batch_worker_url), folder).splitlines()
    result = client.get(f"/jobs/{printed[0].removeprefix('Job created: ')}/result").json()
    assert printed[-2:] == ["Status: completed | Progress: 100.0%", f"Transcription: {result['text']}"]
    assert [one.get("original_text", one["text"]) for one in result["segments"]] == [SAID.text]


def test_the_python_example_with_no_audio(folder: Path, batch_worker_url: str) -> None:
    """A recording that cannot be decoded ends the example with the job's error."""
    (folder / "call.wav").write_bytes(b"no audio")
    printed = seeds.python(seeds.pointed(PYTHON, batch_worker_url), folder).splitlines()
    assert printed[-1].startswith("Error: ")
    assert "unsupported_audio" in printed[-1]


@pytest.mark.compatibility("axios (npm)", "seed 003: Node example")
def test_the_node_example(folder: Path, batch_worker_url: str) -> None:
    """Axios and form-data bring the same."""
    npm.provide(folder, *PACKAGES)
    printed = seeds.node(seeds.pointed(NODE, batch_worker_url), folder).splitlines()
    assert printed[0].startswith("Job created: ")
    assert printed[-2] == "Status: completed | Progress: 100%"
    assert printed[-1] == f"Transcription: {SAID.text}"


def test_the_curl_lines(folder: Path, client: httpx.Client, batch_worker_url: str) -> None:
    """Submit, list, figures and metrics answer with the fields that the seed names."""
    submitted = json.loads(seeds.shell(seeds.pointed(SUBMIT, batch_worker_url), folder))
    assert submitted["status"] == "queued"
    assert submitted["message"].startswith("Job created successfully.")
    assert client.get(f"/jobs/{submitted['job_id']}").json()["progress"] >= 0
    listed = json.loads(seeds.shell(seeds.pointed(LIST, batch_worker_url), folder))
    assert {job["status"] for job in listed["jobs"]} <= {"completed"}
    stats = json.loads(seeds.shell(seeds.pointed(STATS, batch_worker_url), folder))
    assert stats["redis_healthy"] is stats["healthy"] is True
    assert stats["queue_length"] >= 0
    assert "# TYPE" in seeds.shell(seeds.pointed(METRICS, batch_worker_url), folder)


def test_its_word_for_running_jobs_filters_them(client: httpx.Client) -> None:
    """`processing` lists what runs; the native words and the native refusal are as they were."""
    assert {job["status"] for job in client.get("/jobs?status=processing").json()["jobs"]} <= {"running"}
    assert client.get("/jobs?status=running").status_code == 200
    assert client.get("/jobs?status=nothing").json()["error"]["code"] == "invalid_parameter"
    assert client.get("/jobs?status=processing&limit=0").json()["error"]["code"] == "invalid_parameter"


def test_the_call_that_waits(client: httpx.Client) -> None:
    """`POST /transcribe` returns when the job is done; what it failed of is an error of the native shape."""
    done = client.post("/transcribe", files={"file": SAID.path.read_bytes()}, data={"language": "en"})
    assert (done.status_code, done.json()["text"]) == (200, SAID.text)
    failed = client.post("/transcribe", files={"file": b"no audio"})
    assert (failed.status_code, failed.json()["error"]["code"]) == (415, "unsupported_audio")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"language": (None, "en")}, "missing_file"),
        ({"file": ("call.wav", b"")}, "empty_audio"),
        ({"file": (None, "text")}, "missing_file"),
        ({"file": ("call.wav", b"x"), "language": (None, "English!")}, "invalid_parameter"),
        ({"file": ("call.wav", b"x"), "enable_diarization": (None, "maybe")}, "invalid_parameter"),
    ],
)
def test_bad_input_is_told_at_once(client: httpx.Client, fields: dict[str, object], code: str) -> None:
    """No job is made, and the error has the native shape."""
    reply = client.post("/transcribe/async", files=fields)
    assert (reply.status_code, reply.json()["error"]["code"]) == (422, code)
