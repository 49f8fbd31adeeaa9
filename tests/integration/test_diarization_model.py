"""The real child with pyannote.audio and a pipeline of the real kind, its weights at random: nobody is told apart well.

`DIARIZATION_PYTHON` may name the interpreter of an environment that has pyannote.audio.
"""

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import numpy as np
import pytest

from batch_worker.pipeline.speakers import faults
from batch_worker.pipeline.speakers.process import Listener, ListenerOptions, Voices
from batch_worker.pipeline.speakers.turns import tidied
from tests import clips, processes
from tests.integration.talking import until

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
HUB_ID = "somebody/model"


@pytest.fixture(scope="module")
def python() -> str:
    """The interpreter that has pyannote.audio; skips where none does."""
    interpreter = os.environ.get("DIARIZATION_PYTHON", sys.executable)
    program = "import importlib.metadata as m; print(m.version('pyannote.audio'), m.version('torch'))"
    found = subprocess.run([interpreter, "-c", program], capture_output=True, text=True, check=False)
    if found.returncode:
        pytest.skip(
            "pyannote.audio is not installed (extra `diarization`), and DIARIZATION_PYTHON names no place of it"
        )
    return interpreter


@pytest.fixture(scope="module")
def model(python: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pipeline's folder, as the tool writes it when it does not train."""
    folder = tmp_path_factory.mktemp("diarization") / "wespeaker-model"
    command = [python, "-m", "tools.diarization_model", "--steps", "0", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return folder


def listen(python: str, model: str | Path, recording: Path, **more: object) -> Voices:
    """Have the real child listen."""
    count = more.pop("count", None)
    told = more.pop("told", [])
    listener = Listener(ListenerOptions(model=str(model), python=python, **more))
    return asyncio.run(listener.listen(recording, at_least=count, at_most=count, progress=told.append))


def sound(path: Path, samples: np.ndarray) -> Path:
    """Write samples, 16 kHz mono."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return path


def test_a_recording_is_listened_to(python: str, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """No more voices than asked for, progress that grows, nothing left in the scratch folder."""
    clip, told = clips.clip("kundtjanst"), []
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    voices = listen(python, model, clip.path, count=2, told=told)
    assert voices.duration == pytest.approx(clip.duration, rel=0.02)
    assert 1 <= len({turn.speaker for turn in voices.turns}) <= 2
    assert told == sorted(told)
    assert told[-1] > 0.5
    assert list(tmp_path.iterdir()) == []
    assert all(turn.end <= voices.duration for turn in tidied(voices.turns, voices.duration))


@pytest.mark.parametrize("seconds", [0.1, 12.0])
@pytest.mark.parametrize("level", [0.0, 0.1])
def test_silence_noise_and_snippets_go_through(python: str, model: Path, tmp_path: Path, seconds: float, level: float):
    """A tenth of a second and a dozen, of nothing and of noise; turns are clamped to what there is."""
    samples = level * np.random.default_rng(1).standard_normal(round(seconds * 16_000)).clip(-1, 1)
    voices = listen(python, model, sound(tmp_path / "sound.wav", samples))
    assert voices.duration == pytest.approx(seconds)
    assert all(turn.end <= seconds for turn in tidied(voices.turns, voices.duration))


def test_real_faults_are_told_apart(python: str, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Damaged weights, a part that is missing, no sound, too little memory, a hub id without its files."""
    clip = clips.clip("tid").path
    broken = shutil.copytree(model, tmp_path / "broken")
    (broken / "segmentation" / "pytorch_model.bin").write_bytes(b"not a checkpoint")
    with pytest.raises(faults.ModelBroken):
        listen(python, broken, clip)
    (broken / "segmentation" / "pytorch_model.bin").unlink()
    with pytest.raises(faults.ModelMissing):
        listen(python, broken, clip)
    text = tmp_path / "text.wav"
    text.write_text("This is no sound.", encoding="utf-8")
    with pytest.raises(faults.Unreadable):
        listen(python, model, text)
    with pytest.raises(faults.OutOfMemory):
        listen(python, model, clip, memory_mb=300)
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(faults.ModelMissing):
        listen(python, HUB_ID, clip)


@contextmanager
def hub(status: int, code: str) -> Iterator[tuple[str, list[str | None]]]:
    """Serve refusals as the model hub words them; yields the address and the tokens that came."""
    tokens: list[str | None] = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def do_HEAD(self) -> None:
            tokens.append(self.headers.get("Authorization"))
            self.send_response(status)
            self.send_header("X-Error-Code", code)
            self.send_header("X-Error-Message", "No.")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self) -> None:
            self.do_HEAD()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", tokens
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "code", "fault"),
    [
        (403, "GatedRepo", faults.TokenRefused),
        (401, "RepoNotFound", faults.TokenRefused),
        (404, "EntryNotFound", faults.ModelMissing),
    ],
)
def test_a_hub_that_refuses_is_understood(
    python: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, code: str, fault: type[Exception]
):
    """The token is shown to the hub, and the refusal becomes the sentence that helps."""
    with hub(status, code) as (address, tokens):
        monkeypatch.setenv("HF_HOME", str(tmp_path))
        monkeypatch.setenv("HF_ENDPOINT", address)
        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        with pytest.raises(fault):
            listen(python, HUB_ID, clips.clip("tid").path, token="hf_secret")
    assert set(tokens) == {"Bearer hf_secret"}


def test_a_hub_that_is_away_is_told(python: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """After its client's own tries."""
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    with pytest.raises(faults.HubUnreachable):
        listen(python, HUB_ID, clips.clip("tid").path)


def finished(url: str, **fields: str) -> dict:
    """Return the result of a job with a clip."""
    clip = clips.clip("kundtjanst").path
    with httpx.Client(base_url=url, timeout=60) as client, clip.open("rb") as file:
        job = client.post("/jobs", files={"file": (clip.name, file)}, data=fields).json()["job_id"]
        until(lambda: client.get(f"/jobs/{job}").json()["status"] not in {"queued", "running"})
        return client.get(f"/jobs/{job}/result").json()


def test_a_job_gets_speakers(python: str, model: Path, tmp_path: Path, api_server_url: str):
    """From upload to result: lines, words and the list of speakers agree, and no word is lost."""
    settings = {
        "FEATURE_DIARIZATION": "true", "DIARIZATION_PYTHON": python, "DIARIZATION_MODEL": str(model),
        "WHISPER_API_URL": api_server_url,
    }  # fmt: skip
    with processes.running("batch_worker", tmp_path, **settings) as worker:
        options = json.dumps({"word_timestamps": True, "min_speakers": 2, "max_speakers": 2})
        with_speakers = finished(worker.url, options=options)
        without = finished(worker.url, features=json.dumps({"diarization": False}))
    assert without["speakers"] == []
    names = [one["id"] for one in with_speakers["speakers"]]
    assert names[:1] == ["SPEAKER_00"]
    assert {line["speaker"] for line in with_speakers["segments"]} == set(names)
    assert {word["speaker"] for line in with_speakers["segments"] for word in line["words"]} == set(names)
    assert with_speakers["text"].split() == without["text"].split()
    assert with_speakers["warnings"] == without["warnings"] == []
