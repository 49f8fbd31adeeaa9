"""Bytes that become audio."""

import io
from collections.abc import Iterator
from itertools import pairwise

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api_server.engine.base import Samples
from api_server.streaming.container import ContainerIngest
from api_server.streaming.ingest import Ingest, PcmIngest
from shared.errors import UnsupportedAudio

CODECS = {"webm": ("libopus", 48_000), "ogg": ("libopus", 48_000), "wav": ("pcm_s16le", 44_100)}


def _tone(rate: int, seconds: float = 2.0) -> Samples:
    return (0.5 * np.sin(2 * np.pi * 440 * np.arange(int(rate * seconds)) / rate)).astype(np.float32)


def _pieces(data: bytes, cuts: list[int]) -> Iterator[bytes]:
    edges = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return (data[low:high] for low, high in pairwise(edges))


def _drain(ingest: Ingest) -> list[Samples]:
    blocks = []
    while ingest.more:
        blocks.append(ingest.read())
    return blocks


def _through(ingest: Ingest, pieces: Iterator[bytes]) -> Samples:
    blocks = []
    for piece in pieces:
        ingest.feed(piece)
        blocks += _drain(ingest)
    ingest.finish()
    blocks += _drain(ingest)
    ingest.close()
    return np.concatenate([np.empty(0, dtype=np.float32), *blocks])


def _encoded(container: str, seconds: float = 2.0) -> bytes:
    codec, rate = CODECS[container]
    sink = io.BytesIO()
    with av.open(sink, "w", format=container) as output:
        stream = output.add_stream(codec, rate=rate, layout="mono")
        frame = av.AudioFrame.from_ndarray(
            (_tone(rate, seconds) * 32_767).astype(np.int16).reshape(1, -1), format="s16", layout="mono"
        )
        frame.sample_rate = rate
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return sink.getvalue()


@given(st.lists(st.integers(0, 4_000), max_size=30), st.sampled_from(["pcm_s16le", "pcm_f32le"]), st.integers(1, 2))
def test_pcm_does_not_depend_on_where_it_was_cut(cuts: list[int], encoding: str, channels: int):
    """Frames may end inside a sample, and every sample comes out once."""
    values = np.random.default_rng(3).uniform(-1, 1, (500, channels)).astype(np.float32)
    raw = values if encoding == "pcm_f32le" else (values * 32_767).astype("<i2")
    expected = raw.astype(np.float32).mean(axis=1) / (1 if encoding == "pcm_f32le" else 32_768)
    audio = _through(
        PcmIngest(encoding=encoding, sample_rate=16_000, channels=channels),  # type: ignore[arg-type]
        _pieces(raw.tobytes(), cuts),
    )
    assert audio == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 44_100, 48_000])
def test_resampling_leaves_no_seam(rate: int):
    """A tone sent in odd pieces is the same tone at 16 kHz, of the same length."""
    raw = (_tone(rate) * 32_767).astype("<i2").tobytes()
    ingest = PcmIngest(encoding="pcm_s16le", sample_rate=rate, channels=1)
    audio = _through(ingest, _pieces(raw, list(range(0, len(raw), 777))))
    assert audio.size == pytest.approx(32_000, abs=2)
    middle = slice(100, 31_900)
    assert audio[middle] == pytest.approx(_tone(16_000)[middle], abs=2e-3)


def test_single_bytes_are_audio_too():
    """One byte at a time."""
    raw = (_tone(16_000, 0.05) * 32_767).astype("<i2").tobytes()
    ingest = PcmIngest(encoding="pcm_s16le", sample_rate=16_000, channels=1)
    assert _through(ingest, (raw[at : at + 1] for at in range(len(raw)))).size == 800


def test_what_is_no_number_becomes_silence_and_nothing_is_louder_than_one():
    """A broken client cannot poison the detector's memory."""
    raw = np.array([np.nan, np.inf, -np.inf, 3.0, 0.25], dtype="<f4").tobytes()
    ingest = PcmIngest(encoding="pcm_f32le", sample_rate=16_000, channels=1)
    assert _through(ingest, iter([raw])).tolist() == [0.0, 1.0, -1.0, 1.0, 0.25]


def test_a_large_message_comes_out_in_blocks():
    """No single read costs more than a second of audio."""
    ingest = PcmIngest(encoding="pcm_s16le", sample_rate=16_000, channels=1)
    ingest.feed(bytes(10 * 32_000))
    assert [block.size for block in _drain(ingest)] == [16_000] * 10


@pytest.mark.parametrize("container", ["webm", "ogg", "wav"])
@pytest.mark.parametrize("step", [1, 997, 1_000_000])
def test_a_container_stream_gives_its_audio_however_it_is_cut(container: str, step: int):
    """Single bytes, odd chunks or all at once: the same two seconds."""
    data = _encoded(container, 0.5 if step == 1 else 2.0)
    audio = _through(ContainerIngest(container), (data[at : at + step] for at in range(0, len(data), step)))  # type: ignore[arg-type]
    assert audio.size == pytest.approx(8_000 if step == 1 else 32_000, abs=700)
    assert np.abs(audio).max() == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("container", ["webm", "ogg", "wav"])
def test_a_container_stream_is_heard_while_it_comes(container: str):
    """Audio comes out long before the stream ends."""
    data = _encoded(container, 10.0)
    ingest = ContainerIngest(container)  # type: ignore[arg-type]
    ingest.feed(data[: len(data) // 2])
    heard = sum(block.size for block in _drain(ingest))
    ingest.close()
    assert heard > 3 * 16_000


@pytest.mark.parametrize("container", ["webm", "ogg", "wav"])
@pytest.mark.parametrize(
    "data", [b"this is no audio at all" * 50, bytes(5_000_000), bytes(range(256)) * 400], ids=["text", "zeros", "noise"]
)
def test_what_is_no_container_is_refused(container: str, data: bytes):
    """With a sentence that names the encoding, in bounded time and memory."""
    with pytest.raises(UnsupportedAudio, match=container):
        _through(ContainerIngest(container), iter([data]))  # type: ignore[arg-type]


def test_a_container_cut_in_the_middle_gives_what_it_held():
    """A connection that breaks loses nothing that had arrived."""
    data = _encoded("webm", 10.0)
    audio = _through(ContainerIngest("webm"), iter([data[: len(data) // 2]]))
    assert audio.size > 3 * 16_000


def test_no_bytes_are_no_error():
    """Somebody who connects and leaves sent nothing wrong."""
    assert _through(ContainerIngest("webm"), iter([])).size == 0


@pytest.mark.parametrize("begun", [True, False])
def test_closing_ends_the_thread(begun: bool):  # noqa: FBT001 - a table of two
    """Whether it waits for bytes or for a reader."""
    ingest = ContainerIngest("wav")
    if begun:
        ingest.feed(_encoded("wav", 10.0))
        ingest.read()
    ingest.close()
    ingest.close()
    assert not ingest._thread.is_alive()
