"""Frames for the voice activity detector."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from api_server.engine.base import Samples
from api_server.streaming.ear import Ear
from api_server.streaming.silero import SileroVad

RNG = np.random.default_rng(1)


def _first_sample(frames: Samples) -> Samples:
    return frames[:, 0]


def test_frames_do_not_depend_on_how_the_audio_came():
    """Pieces of any size give the same frames as the whole, and all audio comes out once."""
    pcm = RNG.random(5_000, dtype=np.float32)
    ear = Ear(_first_sample)
    pieces = [ear.hear(piece) for piece in np.split(pcm, [1, 2, 513, 514, 3_000, 3_001])]
    pieces.append(ear.flush())
    assert (np.concatenate([piece.pcm for piece in pieces]) == pcm).all()
    assert [value for piece in pieces for value in piece.speech] == pcm[::512].tolist()


def test_an_empty_flush_is_silent():
    """Nothing left, nothing heard."""
    ear = Ear(_first_sample)
    ear.hear(np.zeros(1_024, dtype=np.float32))
    assert ear.flush().speech == ()


@pytest.fixture(scope="module")
def vad() -> SileroVad:
    """The network that comes with faster-whisper."""
    spec = importlib.util.find_spec("faster_whisper")
    assert spec is not None
    assert spec.origin is not None
    return SileroVad(next((Path(spec.origin).parent / "assets").glob("silero_vad*.onnx")))


def test_streams_remember_what_came_before_and_nothing_of_each_other(vad: SileroVad):
    """Frame by frame is the same as all at once, with another stream in between."""
    frames = RNG.normal(0, 0.1, (40, 512)).astype(np.float32)
    whole, steps, other = vad.stream()(frames), vad.stream(), vad.stream()
    one_by_one = []
    for frame in frames:
        one_by_one += steps(frame.reshape(1, -1)).tolist()
        other(frame.reshape(1, -1)[:, ::-1].copy())
    assert one_by_one == pytest.approx(whole.tolist(), abs=1e-4)


def test_silence_and_noise_are_no_speech(vad: SileroVad):
    """Neither digital silence nor white noise reaches the line at which speech begins."""
    assert vad.stream()(np.zeros((60, 512), dtype=np.float32)).max() < 0.5
    assert vad.stream()(RNG.normal(0, 0.05, (60, 512)).astype(np.float32))[5:].max() < 0.5
