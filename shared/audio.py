"""Any recording to what Whisper hears: 16 kHz, one channel, float32; bounded in time and memory.

PyAV's FFmpeg decodes; `shared.media` opens the file.
"""

import math
import os
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np
from av.audio.stream import AudioStream
from av.error import FFmpegError
from numpy.typing import NDArray

from shared.errors import Cancelled, EmptyAudio, InvalidParameter, UnsupportedAudio
from shared.media import RATES, Media, opened, refused_rate, too_long
from shared.transcript import Notice

SAMPLE_RATE = 16_000
"""Hz of everything that `decode` returns."""
_MIXABLE = 8
"""Channels that FFmpeg has a layout for and mixes by its rules; more are averaged."""
_GATHERED = 0.5
"""Seconds that are resampled at a time."""

Samples = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, slots=True)
class DecodedAudio:
    """A recording, ready for the model."""

    samples: Samples
    """(n,), 16 kHz mono, -1 to 1; from `start` to the end."""
    start: float
    """Seconds that were skipped."""
    duration: float
    """Seconds of the whole recording, the skipped ones included."""
    warnings: tuple[Notice, ...] = ()
    """`truncated_audio` and `damaged_audio`, stage `decode`."""


def decode(
    source: str | os.PathLike[str] | BinaryIO,
    *,
    max_seconds: float,
    start: float = 0.0,
    cancelled: Callable[[], bool] = lambda: False,
) -> DecodedAudio:
    """Return the first audio track of a file; blocks, so call it in a thread.

    `source` is a path or a seekable binary file, which stays open. The memory taken is about 64 kB for each second
    after `start`. `cancelled` is asked before each packet.

    Raises `EmptyAudio`, `UnsupportedAudio`, `AudioTooLong` (whole recording above `max_seconds`), `InvalidParameter`
    (`start` negative or not before the end), `Cancelled`; and `OSError` where the file itself cannot be read.
    """
    if not (math.isfinite(start) and start >= 0):
        raise InvalidParameter("start", expected="seconds, 0 or more", got=start)
    with _binary(source) as file, opened(file) as media:
        media.refuse_if_long(max_seconds, cancelled)
        reading = _Reading(media, cancelled)
        samples, duration = _collect(reading, start=start, max_seconds=max_seconds)
        if duration == 0:
            raise reading.refusal()
        if not samples.size:
            raise InvalidParameter("start", expected=f"less than the recording's {duration:.2f} seconds", got=start)
        warnings = tuple(reading.warnings(duration))
    return DecodedAudio(samples=samples, start=start, duration=duration, warnings=warnings)


def pieces(
    source: str | os.PathLike[str] | BinaryIO, *, cancelled: Callable[[], bool] = lambda: False
) -> Generator[Samples, None, None]:
    """Yield a file's first audio track, 16 kHz mono, as it is decoded: hours in the memory of seconds.

    Each piece is (n,), n > 0, -1 to 1 unless the recording is louder than full scale. Blocks, so run it in a thread.
    Raises as `decode` does, except that damage and emptiness only end it.
    """
    with _binary(source) as file, opened(file) as media:
        yield from _Reading(media, cancelled).chunks()


class _Reading:
    """One pass over a track, and what went wrong on the way."""

    def __init__(self, media: Media, cancelled: Callable[[], bool]) -> None:
        self._media = media
        self._cancelled = cancelled
        self._packets = 0
        self._damaged = 0
        self._cut = False
        """The last packet was unusable."""

    def chunks(self) -> Iterator[Samples]:
        """Yield the track's samples at 16 kHz mono as they are decoded; the format may change on the way."""
        convert: _Converter | None = None
        for frame in self._frames():
            if convert is not None and not convert.fits(frame):
                yield from self._tolerate(convert.rest())
                convert = None
            convert = convert or _Converter(frame)
            yield from self._tolerate(convert(frame))
        if convert is not None:
            yield from self._tolerate(convert.rest())

    def _tolerate(self, chunks: Iterator[Samples]) -> Iterator[Samples]:
        try:
            yield from chunks
        except FFmpegError:
            self._damaged += 1

    def _frames(self) -> Iterator[av.AudioFrame]:
        for packet in self._undamaged():
            if self._cancelled():
                raise Cancelled("The caller went away while the file was being decoded.")
            self._packets += packet.size > 0
            try:
                frames = packet.decode()
            except FFmpegError:
                self._damaged, self._cut = self._damaged + 1, True
                continue
            self._cut = packet.is_corrupt or (self._cut and not frames)
            yield from self._mixed(frames)

    def _mixed(self, frames: list[av.AudioFrame]) -> Iterator[av.AudioFrame]:
        try:
            yield from map(_mixable, frames)
        except FFmpegError:
            self._damaged += 1

    def _undamaged(self) -> Iterator["av.Packet[AudioStream]"]:
        try:
            yield from self._media.container.demux(self._media.track)
        except FFmpegError:
            self._cut = True

    def refusal(self) -> UnsupportedAudio | EmptyAudio:
        """Return why nothing came out."""
        if self._damaged or self._packets:
            return self._media.undecodable()
        return EmptyAudio("The file holds no audio: it ends after its header.")

    def warnings(self, duration: float) -> Iterator[Notice]:
        """Yield what the caller should know about a recording of `duration` seconds."""
        stated = self._media.stated_seconds or 0.0
        if self._media.states_duration and stated - duration > 0.5 + stated / 100:
            yield _notice(
                "truncated_audio",
                f"The file states {stated:.1f} seconds of audio and {duration:.1f} could be decoded; the rest is "
                "missing or damaged.",
            )
        elif self._cut and not self._media.was_piped:
            yield _notice("truncated_audio", f"The file breaks off after {duration:.1f} seconds; all before is here.")
        if self._damaged > self._cut:  # more than the end itself
            yield _notice("damaged_audio", "Parts of the file are damaged and were skipped; words may be missing.")


class _Converter:
    """Frames of one format to chunks of 16 kHz mono float32.

    Frames of 20 ms are gathered first: each call of the resampler costs more than the work in it.
    """

    def __init__(self, like: av.AudioFrame) -> None:
        if like.sample_rate not in RATES:
            raise refused_rate(like.sample_rate)
        self._shape = _shape(like)
        self._enough = _GATHERED * like.sample_rate
        self._gathered = av.AudioFifo()
        self._resampler = av.AudioResampler("flt", "mono", SAMPLE_RATE)

    def fits(self, frame: av.AudioFrame) -> bool:
        return _shape(frame) == self._shape

    def __call__(self, frame: av.AudioFrame) -> Iterator[Samples]:
        frame.pts, frame.time_base = None, Fraction(1, frame.sample_rate)
        self._gathered.write(frame)
        if self._gathered.samples >= self._enough:
            yield from self._resample(self._gathered.read())

    def rest(self) -> Iterator[Samples]:
        """Yield what is still held; the converter is of no more use."""
        if self._gathered.samples:
            yield from self._resample(self._gathered.read())
        yield from self._resample(None)

    def _resample(self, frame: av.AudioFrame | None) -> Iterator[Samples]:
        return map(_samples, self._resampler.resample(frame))


def _shape(frame: av.AudioFrame) -> tuple[str, str, int]:
    return frame.format.name, frame.layout.name, frame.sample_rate


def _collect(reading: _Reading, *, start: float, max_seconds: float) -> tuple[Samples, float]:
    """Return the samples after `start`, none louder than full scale, and the seconds of the whole."""
    skip, limit, seen, peak = round(start * SAMPLE_RATE), max_seconds * SAMPLE_RATE, 0, 1.0
    kept = bytearray()  # grows in place, where a list of arrays would be copied at the end
    for chunk in reading.chunks():
        seen += chunk.size
        if seen > limit:
            raise too_long(max_seconds)
        wanted = chunk[max(0, chunk.size - max(0, seen - skip)) :]
        peak = max(peak, float(np.abs(wanted).max(initial=0.0)))
        kept += wanted.data
    samples = np.frombuffer(kept, np.float32)
    if peak > 1.0:
        samples /= np.float32(peak)
    return samples, seen / SAMPLE_RATE


def _samples(frame: av.AudioFrame) -> Samples:
    """Return a frame's samples, 0 for what is no number."""
    return np.nan_to_num(frame.to_ndarray().reshape(-1), copy=False, nan=0.0, posinf=0.0, neginf=0.0)


def _mixable(frame: av.AudioFrame) -> av.AudioFrame:
    """Return the frame, or the mean of its channels where they are too many for FFmpeg to mix."""
    if frame.layout.nb_channels <= _MIXABLE:
        return frame
    # Planes beyond the eighth are out of PyAV's reach: reading such a frame before it is packed ends the process.
    (packed,) = av.AudioResampler("flt", frame.layout, frame.sample_rate).resample(frame)
    mean = packed.to_ndarray().reshape(frame.samples, -1).mean(axis=1)[None]
    mixed = av.AudioFrame.from_ndarray(mean, format="flt", layout="mono")
    mixed.sample_rate = frame.sample_rate
    return mixed


@contextmanager
def _binary(source: str | os.PathLike[str] | BinaryIO) -> Iterator[BinaryIO]:
    if isinstance(source, str | os.PathLike):
        with Path(source).open("rb") as file:
            yield file
    else:
        yield source


def _notice(code: str, message: str) -> Notice:
    return Notice(stage="decode", code=code, message=message)
