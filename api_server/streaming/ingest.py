"""A client's bytes become 16 kHz mono audio, however they were cut up on the way."""

from typing import Literal, Protocol

import av
import numpy as np
from av.audio.resampler import AudioResampler

from api_server.engine.base import SAMPLE_RATE, Samples

BLOCK_SECONDS = 1
"""Seconds of audio that one `read` returns at most, so that no message costs much memory or time at once."""
_LOUDEST = 32_768.0


class Ingest(Protocol):
    """One stream's decoder. `feed`, then `read` until it returns nothing, then the next `feed`."""

    def feed(self, data: bytes) -> None:
        """Take bytes, cut anywhere."""

    def finish(self) -> None:
        """Say that no more bytes come; what is left comes out of `read`."""

    def read(self) -> Samples:
        """Return the next audio, at most a block; empty when more bytes are needed. Blocks while it decodes.

        Raises `UnsupportedAudio`.
        """

    @property
    def more(self) -> bool:
        """Whether another `read` may return audio, or raise, without another `feed`."""

    def close(self) -> None:
        """Give everything back, at any time; a second call does nothing."""


class PcmIngest:
    """Raw samples, interleaved and little-endian; implements `Ingest`."""

    def __init__(self, *, encoding: Literal["pcm_s16le", "pcm_f32le"], sample_rate: int, channels: int) -> None:
        """Expect samples of this kind; `sample_rate` in Hz."""
        self._dtype = np.dtype("<i2" if encoding == "pcm_s16le" else "<f4")
        self._channels = channels
        self._frame = self._dtype.itemsize * channels
        self._block = self._frame * sample_rate * BLOCK_SECONDS
        self._bytes = bytearray()
        self._resampler = None if sample_rate == SAMPLE_RATE else Resampler(sample_rate)
        self._finished = False

    def feed(self, data: bytes) -> None:
        """Take bytes, cut anywhere, inside a sample too."""
        self._bytes += data

    def finish(self) -> None:
        """Say that no more bytes come; bytes that make no whole sample are no audio."""
        self._finished = True

    def read(self) -> Samples:
        """Return at most a block of audio, empty when more bytes are needed."""
        size = min(self._block, len(self._bytes) - len(self._bytes) % self._frame)
        mono = self._mono(bytes(self._bytes[:size]))
        del self._bytes[:size]
        if self._resampler is None:
            return mono
        last = self._finished and len(self._bytes) < self._frame
        return self._resampler.push(mono, last=last)

    @property
    def more(self) -> bool:
        """Whether there is another whole sample, or the end of what was resampled."""
        tail = self._finished and self._resampler is not None and self._resampler.open
        return tail or len(self._bytes) >= self._frame

    def close(self) -> None:
        """Let go of the bytes."""
        self._bytes.clear()

    def _mono(self, data: bytes) -> Samples:
        values = np.frombuffer(data, dtype=self._dtype).astype(np.float32)
        if self._dtype.kind == "i":
            values /= _LOUDEST
        return clean(clean(values).reshape(-1, self._channels).mean(axis=1, dtype=np.float32))


class Resampler:
    """Mono audio at any rate to 16 kHz, without a seam between one piece and the next (FFmpeg's swresample)."""

    def __init__(self, sample_rate: int) -> None:
        """Take audio at `sample_rate` Hz."""
        self._rate = sample_rate
        self._resampler = AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
        self.open = False
        """Whether it holds audio back that only `last` brings out."""

    def push(self, mono: Samples, *, last: bool = False) -> Samples:
        """Return what can be told of the audio so far; all of it once `last`."""
        frames = []
        if mono.size:
            frame = av.AudioFrame.from_ndarray(mono.reshape(1, -1), format="flt", layout="mono")
            frame.sample_rate, self.open = self._rate, True
            frames += self._resampler.resample(frame)
        if last and self.open:
            self.open = False
            frames += self._resampler.resample(None)
        return joined([samples_of(frame) for frame in frames])


def samples_of(frame: av.AudioFrame) -> Samples:
    """Return a mono float frame's samples."""
    return clean(frame.to_ndarray().reshape(-1).astype(np.float32, copy=False))


def joined(pieces: list[Samples]) -> Samples:
    """Return the pieces as one."""
    return np.concatenate(pieces) if pieces else np.empty(0, dtype=np.float32)


def clean(values: Samples) -> Samples:
    """Return the audio without what is no number (0 instead) and within -1 to 1."""
    return np.clip(np.nan_to_num(values, nan=0.0, posinf=1.0, neginf=-1.0), -1.0, 1.0)
