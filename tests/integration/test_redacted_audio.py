"""A job's recording with its personal data beeped out."""

import io
import json
import wave
from collections.abc import Iterator

import httpx
import numpy as np
import pytest

from shared.audio import decode
from tests import clips
from tests.integration.test_jobs import over, submit

pytestmark = pytest.mark.slow

RATE = 16_000


@pytest.fixture
def jobs(batch_worker_url: str) -> Iterator[httpx.Client]:
    """The shared batch_worker."""
    with httpx.Client(base_url=batch_worker_url, timeout=60) as client:
        yield client


def samples(document: bytes) -> np.ndarray:
    """Return a wav's samples."""
    with wave.open(io.BytesIO(document)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 1, 2)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(int)


@pytest.mark.parametrize("words", [True, False])
def test_personal_data_cannot_be_heard_and_all_else_is_as_it_was(jobs: httpx.Client, *, words: bool) -> None:
    """To the sample; without word times the whole segment is silenced."""
    clip = clips.clip("namn")
    job = submit(jobs, clip.path, options=json.dumps({"word_timestamps": words}))
    assert over(jobs, job)["status"] == "completed"
    result = jobs.get(f"/jobs/{job}/result").json()
    (span, *_more) = result["pii"]
    heard = samples(jobs.get(f"/jobs/{job}/audio", params={"redacted": "true"}).raise_for_status().content)
    before = (decode(clip.path, max_seconds=60).samples.clip(-1, 1) * 32_767).round().astype(int)
    assert len(heard) == len(before)
    changed = np.flatnonzero(heard != before)
    (segment,) = (one for one in result["segments"] if one["id"] == span["segment"])
    start, end = (span["start_time"], span["end_time"]) if words else (segment["start"], segment["end"])
    assert changed[0] >= (start - 0.051) * RATE
    assert changed[0] <= start * RATE
    inside = heard[int(start * RATE) : int(end * RATE)]
    spectrum = np.abs(np.fft.rfft(inside * np.hanning(len(inside)))) ** 2
    hertz = np.fft.rfftfreq(len(inside), 1 / RATE)
    assert spectrum[np.abs(hertz - 1000) < 20].sum() / spectrum.sum() > 0.999


def test_a_recording_comes_back_as_it_was_sent(jobs: httpx.Client) -> None:
    """Byte for byte, under its name."""
    clip = clips.clip("mote")
    job = submit(jobs, clip.path)
    reply = jobs.get(f"/jobs/{job}/audio")
    assert reply.content == clip.path.read_bytes()
    assert (reply.headers["content-type"], clip.path.name in reply.headers["content-disposition"]) == (
        "audio/mpeg",
        True,
    )
    part = jobs.get(f"/jobs/{job}/audio", headers={"Range": "bytes=1-3"})
    assert (part.status_code, part.content) == (206, reply.content[1:4])
    for wrong in ("bytes=3-1", "bytes=99999999-", "nonsense"):
        refused = jobs.get(f"/jobs/{job}/audio", headers={"Range": wrong})
        assert (refused.status_code, refused.json()["error"]["detail"]["field"]) == (422, "Range")
    over(jobs, job)


def test_where_nobody_looked_for_personal_data_nothing_is_called_redacted(jobs: httpx.Client) -> None:
    """409; and 410 where there is no audio."""
    job = submit(jobs, features='{"pii": false}')
    over(jobs, job)
    refused = jobs.get(f"/jobs/{job}/audio", params={"redacted": "true"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "conflict")
    transcript = jobs.get(f"/jobs/{job}/result").text
    silent = jobs.post("/jobs", files={"transcript": (None, transcript)}).json()
    if "job_id" in silent:
        over(jobs, silent["job_id"])
        assert jobs.get(f"/jobs/{silent['job_id']}/audio").status_code == 410
    assert jobs.get("/jobs/nope/audio").status_code == 404
