"""The pair of models that comes along: what the weaker one mishears, the better one hears."""

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import httpx
import jiwer
import pytest

from tests import processes
from tests.clips import Clip

pytestmark = pytest.mark.slow

_PATIENCE = 120.0


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Both services as docs/bundled-model.md sets them up."""
    api_folder, batch_folder = tmp_path_factory.mktemp("api"), tmp_path_factory.mktemp("batch")
    models = {"WHISPER_MODEL": "bundled-pico", "WHISPER_RETRY_MODEL": "bundled"}
    hearing = {"FEATURE_RETRY_LARGE": "true", "CONFIDENCE_THRESHOLD": "0.75"}
    with (
        processes.running("api_server", api_folder, **models) as api,
        processes.running("batch_worker", batch_folder, WHISPER_API_URL=api.url, **hearing) as batch,
        httpx.Client(base_url=batch.url, timeout=_PATIENCE) as client,
    ):
        yield client


def result(client: httpx.Client, clip: Clip, *, retry: bool) -> dict[str, Any]:
    """Return what a job makes of a clip, its text as it was heard."""
    features = json.dumps({"retry": retry, "text": False, "pii": False, "language": False})
    form = {"features": features, "language": clip.language}
    reply = client.post("/jobs", files={"file": clip.path.read_bytes()}, data=form).raise_for_status()
    deadline = time.monotonic() + _PATIENCE
    path = f"/jobs/{reply.json()['job_id']}"
    while (job := client.get(path).json())["status"] in {"queued", "running"}:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    found: dict[str, Any] = job["result"]
    return found


def errors(clip: Clip, found: dict[str, Any]) -> int:
    """Return the word errors."""
    said, heard = (" ".join(re.findall(r"\w+", text.lower())) for text in (clip.text, found["text"]))
    counted = jiwer.process_words(said, heard or "-")
    return int(counted.substitutions + counted.deletions + counted.insertions)


def test_a_second_hearing_by_the_better_model_mends_what_the_weaker_one_misheard(
    jobs: httpx.Client, speech: tuple[Clip, ...]
) -> None:
    """Over all Swedish clips: fewer word errors, and what was replaced says by whom and what it was."""
    swedish = [clip for clip in speech if clip.language == "sv"]
    before = sum(errors(clip, result(jobs, clip, retry=False)) for clip in swedish)
    after = {clip.name: result(jobs, clip, retry=True) for clip in swedish}
    assert before > 0
    assert sum(errors(clip, after[clip.name]) for clip in swedish) < before
    mended = [
        one for found in after.values() for one in found["segments"] if (one.get("retried") or {}).get("accepted")
    ]
    assert {one["retried"]["model"] for one in mended} == {"bundled"}
    assert all(one["original_text"] != one["text"] for one in mended)
