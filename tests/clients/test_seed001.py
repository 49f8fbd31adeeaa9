"""Seed 001's calls: a direct service and a queue of tasks."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from websockets.sync.client import connect

from tests import clips
from tests.clients import seeds

pytestmark = pytest.mark.slow

SAID = clips.clip("paus")
(WATCH,) = seeds.examples("001", "javascript")


@pytest.fixture
def queue(batch_worker_url: str) -> Iterator[httpx.Client]:
    """The shared batch_worker, as the seed's queue service."""
    with httpx.Client(base_url=batch_worker_url, timeout=60) as found:
        yield found


def submitted(queue: httpx.Client, content: bytes | None = None) -> str:
    """Put a recording into the queue and return the task's id."""
    reply = queue.post("/transcribe/", files={"file": ("paus.flac", content or SAID.path.read_bytes())})
    assert (reply.status_code, reply.json()["status"]) == (200, "queued")
    task_id: str = reply.json()["task_id"]
    return task_id


def over(queue: httpx.Client, task_id: str) -> dict[str, object]:
    """Follow a task to its end and return it."""
    with connect(str(queue.base_url.join(f"/ws/{task_id}")).replace("http", "ws", 1)) as updates:
        for _update in updates:
            pass
    task: dict[str, object] = queue.get(f"/task/{task_id}").json()
    return task


def test_the_direct_service(api_server_url: str) -> None:
    """The path with its slash answers at once with the transcript, without a redirect; so do health and config."""
    with httpx.Client(base_url=api_server_url, timeout=60) as direct:
        reply = direct.post("/transcribe/", files={"file": SAID.path.read_bytes()})
        assert (reply.status_code, reply.json()["text"]) == (200, SAID.text)
        assert direct.post("/transcribe/", data={"language": "sv"}).json()["error"]["code"] == "missing_file"
        assert direct.get("/health").json()["status"] == "ok"
        assert "WHISPER_MODEL" in direct.get("/config").json()


@pytest.mark.compatibility("websockets", "seed 001: updates of a task")
def test_a_task_ends_with_its_result(queue: httpx.Client) -> None:
    """A task is polled by its id; once completed it has the native result, and cancelling it changes nothing."""
    task_id = submitted(queue)
    task = over(queue, task_id)
    assert (task["status"], task["progress"], task["message"]) == ("completed", 100.0, "Completed.")
    assert task["result"] == queue.get(f"/jobs/{task_id}/result").json()
    refused = queue.delete(f"/task/{task_id}")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "conflict")
    assert queue.get(f"/task/{task_id}").json() == task


def test_the_example_of_the_websocket(queue: httpx.Client, tmp_path: Path, batch_worker_url: str) -> None:
    """Its text, run by Node, prints progress, status and message of every update, to the end of the task."""
    task_id = submitted(queue)
    script = f'const taskId = "{task_id}"\n{seeds.pointed(WATCH, batch_worker_url)}'
    printed = seeds.node(script, tmp_path, "--experimental-websocket").splitlines()
    assert "undefined" not in "".join(printed)
    assert printed[-3:] == ["Progress: 100", "Status: completed", "Message: Completed."]
    progress = [float(line.split()[1]) for line in printed if line.startswith("Progress:")]
    assert progress == sorted(progress)


def test_a_failed_task_says_why(queue: httpx.Client) -> None:
    """The message is for people, the error for programs."""
    task = over(queue, submitted(queue, b"no audio"))
    error = task["error"]
    assert isinstance(error, dict)
    assert (task["status"], error["code"], task["message"]) == ("failed", "unsupported_audio", error["message"])


def test_a_task_is_cancelled(queue: httpx.Client) -> None:
    """A task that has not ended is cancelled; another `DELETE` says that there is nothing to cancel."""
    recording = SAID.path.read_bytes()
    tasks = [submitted(queue, recording) for _ in range(4)]
    cancelled = queue.delete(f"/task/{tasks[-1]}")
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
    assert queue.get(f"/task/{tasks[-1]}").json()["message"] == "Cancelled."
    assert queue.delete(f"/task/{tasks[-1]}").status_code == 409
    for task_id in tasks[:-1]:
        assert over(queue, task_id)["status"] == "completed"


def test_the_queue_is_counted(queue: httpx.Client) -> None:
    """Size and states, as numbers."""
    status = queue.get("/queue/status").json()
    assert status["status"] == "running"
    assert all(status[name] >= 0 for name in ("queue_size", "processing", "completed", "failed", "cancelled"))


def test_what_is_not_there_is_not_found(queue: httpx.Client) -> None:
    """Unknown tasks are errors of the native shape, on the WebSocket too."""
    for reply in (queue.get("/task/none"), queue.delete("/task/none")):
        assert (reply.status_code, reply.json()["error"]["code"]) == (404, "not_found")
    with connect(str(queue.base_url.join("/ws/none")).replace("http", "ws", 1)) as updates:
        assert '"code":"not_found"' in str(updates.recv()).replace(" ", "")
    assert queue.post("/transcribe/", data={"language": "sv"}).json()["error"]["code"] == "missing_file"
