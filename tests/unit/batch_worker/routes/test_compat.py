"""How a job is told in the words of earlier systems."""

from types import SimpleNamespace

import pytest

from batch_worker.deps import Services
from batch_worker.jobs.watching import Told
from batch_worker.routes.compat import earlier, seed003
from batch_worker.routes.compat.seed001 import Updates
from batch_worker.routes.compat.seed002 import native_id
from shared.errors import StartupError

JOB = {"job_id": "7", "status": "queued", "progress": 0.0, "stage": None, "position": 3, "error": None}


@pytest.mark.parametrize(
    ("change", "word", "message"),
    [
        ({}, "queued", "Waiting; 2 before this one."),
        ({"position": 1}, "queued", "Waiting."),
        ({"status": "running"}, "processing", "Working: about to begin."),
        ({"status": "running", "stage": "pii"}, "processing", "Working: pii."),
        ({"status": "completed"}, "completed", "Completed."),
        ({"status": "cancelled"}, "cancelled", "Cancelled."),
        ({"status": "failed", "error": {"code": "timeout", "message": "Too long."}}, "failed", "Too long."),
    ],
)
def test_a_job_in_their_words(change: dict[str, object], word: str, message: str) -> None:
    """Each state has their word and a sentence."""
    job = {**JOB, **change}
    assert (earlier.word(str(job["status"])), earlier.message(job)) == (word, message)


def test_every_update_says_everything() -> None:
    """Readers look at progress, status and message of each; a stage's own end is not the task's."""
    updates = Updates("7")
    told = [
        Told(type="status", data=JOB, id=1),
        Told(type="status", data={"status": "running"}, id=2),
        Told(type="progress", data={"progress": 40.0, "stage": "transcribe"}),
        Told(type="segment", data={"id": 0, "text": "Hej."}, id=3),
        Told(type="stage", data={"name": "pii", "status": "completed"}, id=4),
        Told(),
        Told(type="completed", data={**JOB, "status": "completed", "progress": 100.0}, id=5),
    ]
    written = [updates(one) for one in told]
    assert [tuple(one["data"].values()) for one in written] == [
        (0.0, "queued", "Waiting; 2 before this one."),
        (0.0, "processing", "Working: about to begin."),
        (40.0, "processing", "Working: transcribe."),
        (40.0, "processing", "Working: transcribe."),
        (40.0, "processing", "Working: pii."),
        (40.0, "processing", "Working: pii."),
        (100.0, "completed", "Completed."),
    ]
    assert {one["task_id"] for one in written} == {"7"}
    assert [one["type"] for one in written][-2:] == ["ping", "completed"]


def test_an_id_of_the_clients_own_is_the_same_job_each_time() -> None:
    """Whatever a client writes becomes 32 hexadecimal digits, other ones for another id."""
    ids = {native_id(own) for own in ("123", "124", "möte/7", "x" * 200, "123")}
    assert len(ids) == 4
    assert all(len(one) == 32 and int(one, 16) >= 0 for one in ids)


@pytest.mark.parametrize(
    ("asked", "works", "features", "notice"),
    [
        (True, True, {"diarization": True}, ""),
        (True, False, {}, " Speakers are not told apart on this server."),
        (False, False, {"diarization": False}, ""),
        (None, True, {}, ""),
    ],
)
async def test_speakers_are_told_apart_where_that_works(
    *, asked: bool | None, works: bool, features: dict[str, bool], notice: str
) -> None:
    """Where it does not work the recording is taken all the same, and the client is told."""

    def stage(name: str) -> object:
        if not works:
            raise StartupError("no model")
        return name

    services: Services = SimpleNamespace(stage=stage)
    assert await seed003.wished(services, seed003.Recording(enable_diarization=asked)) == (features, notice)
