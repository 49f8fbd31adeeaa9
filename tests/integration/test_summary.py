"""Summaries of real jobs: by a stub that fails in every way, and by llama.cpp's own server where it is installed."""

import json
import select
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path

import httpx
import pytest

from shared.transcript import to_json
from tests import processes
from tests.integration.test_jobs import over, until
from tests.processes import ROOT, Service
from tests.unit.batch_worker.pipeline.test_text_stages import draft

pytestmark = pytest.mark.slow

SAID = ("Jag heter Anna Berg.", "Jag ringer på fredag, mitt personnummer är 811218-9876.")
ANSWER = {
    "summary": "[PERSON_1] presenterar sig.",
    "key_points": [{"text": "Ett samtal bokas.", "segments": [0, 1, 99]}],
    "decisions": [],
    "action_items": [{"what": "ringa", "who": "[PERSON_1]", "when": "fredag", "segments": [1]}],
}
Fault = tuple[int, bytes, dict[str, str]] | str
"""A reply, or `hang` until hung up, or `cut` without any."""


def event(document: object) -> bytes:
    """Return one event of a stream."""
    return b"data: " + json.dumps(document).encode() + b"\n\n"


def streamed(answer: object) -> Fault:
    """Return a good reply, in pieces."""
    text = answer if isinstance(answer, str) else json.dumps(answer)
    words = [event({"choices": [{"delta": {"content": text[place : place + 9]}}]}) for place in range(0, len(text), 9)]
    end = event({"choices": [{"delta": {}, "finish_reason": "stop"}]}) + b"data: [DONE]\n\n"
    return 200, b"".join(words) + end, {"Content-Type": "text/event-stream"}


GOOD = streamed(ANSWER)


@dataclass(slots=True)
class Stub:
    """An OpenAI-compatible server that does as it is told."""

    url: str = ""
    says: list[Fault] = field(default_factory=lambda: [GOOD])
    """One reply after the other, the last one for ever."""
    asked: list[dict[str, object]] = field(default_factory=list)
    hung_up: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)

    def told(self, *says: Fault) -> None:
        """Say this from now on, and forget what was asked."""
        self.says[:] = says
        self.asked.clear()
        self.hung_up.clear()


@contextmanager
def serving() -> Iterator[Stub]:
    """Serve `/v1/chat/completions`."""
    stub = Stub()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def do_POST(self) -> None:
            stub.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            reply = stub.says.pop(0) if len(stub.says) > 1 else stub.says[0]
            while reply == "hang" and not stub.over.wait(0.02):
                if select.select([self.connection], [], [], 0)[0]:
                    stub.hung_up.set()
                    break
            if isinstance(reply, str):
                self.close_connection = True
                return
            status, body, headers = reply
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()  # without a length: the end of the connection is the end of the body
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    stub.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield stub
    finally:
        stub.over.set()
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def stub() -> Iterator[Stub]:
    """The stub that the module's batch_worker asks."""
    with serving() as one:
        yield one


@contextmanager
def summarizing(folder: Path, url: str, **settings: str) -> Iterator[Service]:
    """Run a batch_worker that summarizes; nothing is transcribed."""
    quick = {"HTTP_RETRIES": "2", "HTTP_RETRY_BACKOFF": "0.01", "LLM_TIMEOUT": "60", "OUTAGE_SECONDS": "0"}
    with processes.running(
        "batch_worker", folder, FEATURE_SUMMARY="true", LLM_URL=url, LLM_MODEL="stub", **(quick | settings)
    ) as one:
        yield one


@pytest.fixture(scope="module")
def service(stub: Stub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One batch_worker for all jobs."""
    with summarizing(tmp_path_factory.mktemp("summary"), stub.url) as one:
        yield one


def result(service: Service, *texts: str, **fields: str) -> dict[str, object]:
    """Hand a transcript in, wait for its job and return the result."""
    with httpx.Client(base_url=service.url, timeout=60) as client:
        job_id = submitted(client, *texts, **fields)
        assert over(client, job_id)["status"] == "completed"
        document: dict[str, object] = client.get(f"/jobs/{job_id}/result").raise_for_status().json()
        return document


def submitted(client: httpx.Client, *texts: str, **fields: str) -> str:
    """Hand a transcript in and return the job's id."""
    transcript = json.dumps(to_json(draft(*texts).transcript))
    reply = client.post("/jobs", files={"transcript": (None, transcript)}, data=fields)
    assert reply.status_code == 202, reply.text
    job_id: str = reply.json()["job_id"]
    return job_id


def stage(document: dict[str, object]) -> dict[str, object]:
    """Return what became of the summary."""
    (found,) = [one for one in document["stages"] if one["name"] == "summary"]  # type: ignore[attr-defined]
    return found


# --- good


def test_a_job_comes_back_with_a_summary_that_points_at_its_segments(service: Service, stub: Stub) -> None:
    """Structure, model and pointers as in the contract; what does not exist is not pointed at."""
    stub.told(GOOD)
    document = result(service, *SAID)
    assert document["summary"] == {
        "text": "[PERSON_1] presenterar sig.", "model": "stub",
        "key_points": [{"text": "Ett samtal bokas.", "segments": [0, 1]}], "decisions": [],
        "actions": [{"what": "ringa", "who": "[PERSON_1]", "when": "fredag", "segments": [1]}],
    }  # fmt: skip
    assert document["warnings"] == []
    assert stage(document)["detail"] == {"parts": 1, "questions": 1, "faults": 0, "pointers_dropped": 1}


@pytest.mark.parametrize("features", ["{}", '{"pii": false}'], ids=["pii has run", "pii is off"])
def test_no_personal_data_leaves_the_service(service: Service, stub: Stub, features: str) -> None:
    """Masked by what the pii stage found, or here."""
    stub.told(GOOD)
    result(service, *SAID, features=features)
    (question,) = stub.asked
    assert question["messages"][1]["content"] == (  # type: ignore[index]
        "[0] Jag heter [PERSON_1].\n[1] Jag ringer på fredag, mitt personnummer är [PERSONNUMMER_1]."
    )


def test_an_empty_transcript_asks_nobody(service: Service, stub: Stub) -> None:
    """And has no summary."""
    stub.told(GOOD)
    assert result(service)["summary"] is None
    assert stub.asked == []


def test_three_hours_are_summarized_in_parts(service: Service, stub: Stub) -> None:
    """1,800 segments, every one read once, and one summary."""
    stub.told(GOOD)
    document = result(service, *["Vi talar om budgeten för nästa år och om vem som gör vad."] * 1_800)
    detail = stage(document)["detail"]
    assert document["summary"]["text"] == ANSWER["summary"]  # type: ignore[index]
    assert detail["questions"] == len(stub.asked) > detail["parts"] > 3  # type: ignore[index]
    read = "\n".join(question["messages"][1]["content"] for question in stub.asked)  # type: ignore[index]
    assert all(read.count(f"[{number}] Vi talar") == 1 for number in range(1_800))


def test_a_job_may_do_without(service: Service, stub: Stub) -> None:
    """`features` switches it off."""
    stub.told(GOOD)
    document = result(service, *SAID, features='{"summary": false}')
    assert (document["summary"], stage(document)["status"], stub.asked) == (None, "skipped", [])


# --- faults


def refused(status: int, **error: str) -> Fault:
    """Return an error reply that quotes what was said, as some servers do."""
    return status, json.dumps({"error": {"message": f"Bad input: {SAID}", **error}}).encode(), {}


@pytest.mark.parametrize(
    ("reply", "remedy", "tries"),
    [
        ((200, b"<html>Welcome</html>", {"Content-Type": "text/html"}), "LLM_URL", 3),
        ((200, b"Anna Berg", {"Content-Type": "application/json"}), "LLM_URL", 3),
        ((200, b'{"choices": []}', {}), "no choices", 3),
        ((200, b'{"choices": [{"message": {"content": null}}]}', {}), "LLM_CONTEXT_TOKENS", 3),
        ((200, GOOD[1][:200], {"Content-Type": "text/event-stream"}), "/chat/completions", 3),  # type: ignore[index]
        ((200, event({"choices": [{"delta": {"content": "{"}}]}), {}), "broke off", 3),
        (streamed("Anna Berg ringer."), "LLM_MODEL", 3),
        (streamed({"summary": ""}), "LLM_MODEL", 3),
        (refused(401), "LLM_API_KEY", 1),
        (refused(404, code="model_not_found"), "LLM_MODEL", 1),
        ((404, b"<html>", {}), "LLM_URL", 1),
        (refused(400, type="exceed_context_size_error"), "LLM_CONTEXT_TOKENS", 1),
        ((307, b"", {"Location": "http://127.0.0.1:9/"}), "LLM_URL", 1),
        ((429, b"", {"Retry-After": "3600"}), "room", 1),
        ((503, b"", {"Retry-After": "0"}), "room", 3),
        (refused(500), "500", 3),
        ("cut", "LLM_URL", 3),
    ],
    ids=[
        "HTML with 200", "no JSON", "empty choices", "null content", "stream cut in an event", "stream cut between two",
        "answer in prose", "answer without text", "401", "404 model", "404 page", "context exceeded", "redirect",
        "429 for an hour", "503 for ever", "500", "connection cut",
    ],
)  # fmt: skip
def test_a_job_survives_whatever_the_server_does(
    service: Service, stub: Stub, reply: Fault, remedy: str, tries: int
) -> None:
    """Everything else is there, and the warning names stage, code and remedy."""
    stub.told(reply)
    document = result(service, *SAID)
    assert document["summary"] is None
    assert (stage(document)["status"], stage(document)["detail"]) == ("failed", {"code": "llm_unavailable"})
    (warning,) = document["warnings"]  # type: ignore[misc]
    assert (warning["stage"], warning["code"]) == ("summary", "llm_unavailable")
    assert remedy in warning["message"]
    assert "Anna" not in warning["message"]
    assert str(document["redacted_text"]).startswith("Jag heter [PERSON].")
    assert len(stub.asked) == tries


def test_a_server_that_comes_back_costs_a_wait(service: Service, stub: Stub) -> None:
    """Busy, gone, and there again: the third try is the summary."""
    stub.told((429, b"", {"Retry-After": "1"}), "cut", GOOD)
    document = result(service, *SAID)
    assert document["summary"] is not None
    assert stage(document)["detail"]["faults"] == 2  # type: ignore[index]


def test_a_server_that_hangs_is_left_by_a_cancelled_job(service: Service, stub: Stub) -> None:
    """The connection is closed, so that it stops working too."""
    stub.told("hang")
    with httpx.Client(base_url=service.url, timeout=60) as client:
        job_id = submitted(client, *SAID)
        until(lambda: stub.asked)
        assert client.delete(f"/jobs/{job_id}").is_success
        assert stub.hung_up.wait(60)


def test_a_server_that_hangs_or_is_gone_is_a_warning(tmp_path: Path) -> None:
    """After `LLM_TIMEOUT` in all, or at once where nobody listens."""
    with serving() as slow:
        slow.told("hang")
        with summarizing(tmp_path, slow.url, LLM_TIMEOUT="1") as service:
            (warning,) = result(service, *SAID)["warnings"]  # type: ignore[misc]
    assert (warning["stage"], warning["code"]) == ("summary", "timeout")
    assert "LLM_TIMEOUT" in warning["message"]
    with summarizing(tmp_path, f"http://127.0.0.1:{processes.free_port()}") as service:
        (warning,) = result(service, *SAID)["warnings"]  # type: ignore[misc]
    assert (warning["stage"], warning["code"]) == ("summary", "llm_unavailable")


def test_logs_and_metrics_hold_nothing_that_was_said(service: Service, stub: Stub) -> None:
    """Neither of a job that went well nor of one whose server quotes the question."""
    for reply in (GOOD, refused(500)):
        stub.told(reply)
        result(service, *SAID)
    seen = service.log + httpx.get(f"{service.url}/metrics").text
    assert "optional stage failed" in seen
    for word in ("Anna", "811218-9876", "fredag", "presenterar", "budgeten"):
        assert word not in seen


# --- start


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "set LLM_URL to an OpenAI-compatible server and LLM_MODEL"),
        ({"LLM_URL": "http://127.0.0.1:9"}, "LLM_MODEL"),
        ({"LLM_URL": "localhost:9", "LLM_MODEL": "m"}, "LLM_URL: a URL that begins with http:// or https://"),
    ],
)
def test_a_start_that_cannot_work_says_what_to_set(tmp_path: Path, settings: dict[str, str], said: str) -> None:
    """It ends, with a sentence and no traceback."""
    service = processes.start("batch_worker", tmp_path, FEATURE_SUMMARY="true", **settings)
    assert service.process.wait(processes.START_SECONDS) != 0
    assert said in " ".join(service.log.split())
    assert "Traceback" not in service.log


def test_a_job_cannot_ask_for_what_is_not_set_up(batch_worker_url: str) -> None:
    """422 with the settings that would help, and no job."""
    transcript = json.dumps(to_json(draft("hej").transcript))
    reply = httpx.post(
        f"{batch_worker_url}/jobs", files={"transcript": (None, transcript)}, data={"features": '{"summary": true}'}
    )
    assert reply.status_code == 422
    assert "LLM_URL" in reply.json()["error"]["message"]


# --- llama.cpp


@pytest.fixture(scope="module")
def llama() -> Iterator[str]:
    """llama.cpp's server with a model of nothing but `Ja`, reading 4,096 tokens, key `nyckel`."""
    if find_spec("xllamacpp") is None:
        pytest.skip("needs llama.cpp's server: pip install xllamacpp (34 MB)")
    port = processes.free_port()
    script = ROOT / "tests" / "integration" / "tiny_llm.py"
    process = subprocess.Popen(
        [sys.executable, script, str(port), "4096", "nyckel"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline(), "llama.cpp did not start"
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.kill()
        process.wait()


def test_llama_cpp_writes_a_summary(tmp_path: Path, llama: str) -> None:
    """Its grammar takes our schema, its stream is read to the end, its pointers are real."""
    with summarizing(tmp_path, llama, LLM_API_KEY="nyckel", LLM_CONTEXT_TOKENS="4096") as service:
        document = result(service, *SAID)
    assert document["warnings"] == []
    assert document["summary"] == {
        "text": "Ja", "model": "stub", "key_points": [{"text": "Ja", "segments": [0]}],
        "decisions": [{"text": "Ja", "segments": [0]}],
        "actions": [{"what": "Ja", "who": "Ja", "when": "Ja", "segments": [0]}],
    }  # fmt: skip


def test_llama_cpp_says_when_a_question_is_too_long(tmp_path: Path, llama: str) -> None:
    """A context that was set too large costs some questions: the parts get smaller until it reads them."""
    with summarizing(tmp_path, llama, LLM_API_KEY="nyckel", LLM_CONTEXT_TOKENS="32000") as service:
        document = result(service, *["Vi talar om budgeten för nästa år och om vem som gör vad."] * 150)
    detail = stage(document)["detail"]
    assert document["summary"]["text"] == "Ja"  # type: ignore[index]
    assert detail["parts"] > 1  # type: ignore[index]
    assert detail["questions"] > detail["parts"] + 1  # type: ignore[index]


def test_llama_cpp_asks_for_its_key(tmp_path: Path, llama: str) -> None:
    """One question, and the setting that helps."""
    with summarizing(tmp_path, llama) as service:
        (warning,) = result(service, *SAID)["warnings"]  # type: ignore[misc]
    assert (warning["stage"], warning["code"]) == ("summary", "llm_unavailable")
    assert "LLM_API_KEY" in warning["message"]
