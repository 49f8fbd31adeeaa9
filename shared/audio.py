"""Any recording to what Whisper hears: 16 kHz, one channel, float32; bounded in time and memory.

PyAV's FFmpeg decodes; nothing here trusts a file's name, its extension or its header. A file is read through a
Python object and may open no other: a playlist that points at `/etc/passwd` or at a host on the network is refused.
"""

import math
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from numpy.typing import NDArray

from shared.errors import AudioTooLong, Cancelled, EmptyAudio, InvalidParameter, UnsupportedAudio
from shared.transcript import Notice

SAMPLE_RATE = 16_000
"""Hz of everything that `decode` returns."""

_RATES = range(1_000, 1_536_001)
"""Hz. Below, a small file could hold days; far above, the resampler's filter alone would fill the memory."""
_MIXABLE = 8
"""Channels that FFmpeg has a layout for and mixes by its rules; more are averaged."""
_BUFFER = 1 << 18
_HEAD = 1 << 16
_OPENS_OTHERS = frozenset(
    {"hls", "applehttp", "dash", "concat", "imf", "rtp", "rtsp", "sap", "sdp", "lavfi", "vapoursynth"}
)
"""Demuxers that open further files, hosts or programs."""
_GUESSES_DURATION = frozenset({"aac", "ac3", "amr", "amrnb", "amrwb", "dts", "eac3", "loas", "truehd"})
"""Raw streams, whose duration FFmpeg guesses from the bit rate; so does it for mp3 without a Xing header."""
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")
"""Bytes that no text holds."""
_UNKNOWN_SIZE = 0x7FFF0000
"""A wav that was written to a pipe states 0 or at least so many bytes."""

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
    with _binary(source) as file, _opened(file) as container:
        track = _first_audio(container)
        _refuse_if_long(container, track, max_seconds, cancelled)
        reading = _Reading(container, track, cancelled)
        samples, duration = _collect(reading, start=start, max_seconds=max_seconds)
        if duration == 0:
            raise reading.refusal()
        if not samples.size:
            raise InvalidParameter("start", expected=f"less than the recording's {duration:.2f} seconds", got=start)
        warnings = tuple(reading.warnings(_head(file), duration))
    return DecodedAudio(samples=_finite(samples), start=start, duration=duration, warnings=warnings)


class _Reading:
    """One pass over a track, and what went wrong on the way."""

    def __init__(self, container: InputContainer, track: AudioStream, cancelled: Callable[[], bool]) -> None:
        self._container = container
        self._track = track
        self._cancelled = cancelled
        self._damaged = 0
        self._cut = False
        self._packets = 0

    def chunks(self) -> Iterator[Samples]:
        """Yield the track's samples at 16 kHz mono as they are decoded."""
        convert = _Converter()
        for frame in self._frames():
            try:
                yield from convert(frame)
            except FFmpegError:
                self._damaged += 1
        yield from convert.rest()

    def _frames(self) -> Iterator[av.AudioFrame]:
        packets = self._container.demux(self._track)
        while True:
            if self._cancelled():
                raise Cancelled("The caller went away while the file was being decoded.")
            try:
                packet = next(packets, None)
            except FFmpegError:
                self._cut = True
                return
            if packet is None:
                return
            self._packets += packet.size > 0
            try:
                frames = packet.decode()
            except FFmpegError:
                self._damaged, self._cut = self._damaged + 1, True
                continue
            self._cut = packet.is_corrupt or (self._cut and not frames)
            yield from frames

    def refusal(self) -> UnsupportedAudio | EmptyAudio:
        """Return why nothing came out."""
        if self._damaged or self._packets:
            return UnsupportedAudio(
                f"The file is {_described(self._container)}, but nothing in it could be decoded. Is it damaged?"
            )
        return EmptyAudio("The file holds no audio: it ends after its header.")

    def warnings(self, head: bytes, duration: float) -> Iterator[Notice]:
        """Yield what the caller should know about a recording of `duration` seconds."""
        stated = _stated_seconds(self._container, self._track)
        short = stated is not None and stated - duration > 0.5 + stated / 100
        if stated is not None and short and not _duration_is_guessed(self._container, head):
            yield _notice(
                "truncated_audio",
                f"The file states {stated:.1f} seconds of audio and {duration:.1f} could be decoded; the rest is "
                "missing or damaged.",
            )
        elif self._cut and not _was_piped(head):
            yield _notice("truncated_audio", f"The file breaks off after {duration:.1f} seconds; all before is here.")
        if self._damaged > self._cut:
            yield _notice("damaged_audio", "Parts of the file are damaged and were skipped; words may be missing.")


class _Converter:
    """Frames of any format to chunks of 16 kHz mono float32; the format may change on the way."""

    def __init__(self) -> None:
        self._resampler: av.AudioResampler | None = None
        self._shape: tuple[str, str, int] | None = None

    def __call__(self, frame: av.AudioFrame) -> Iterator[Samples]:
        frame = _mixable(frame)
        shape = (frame.format.name, frame.layout.name, frame.sample_rate)
        if shape != self._shape:
            yield from self.rest()
            if frame.sample_rate not in _RATES:
                raise _refused_rate(frame.sample_rate)
            self._resampler, self._shape = av.AudioResampler("flt", "mono", SAMPLE_RATE), shape
        if self._resampler is not None:
            frame.pts = None
            yield from map(_samples, self._resampler.resample(frame))

    def rest(self) -> Iterator[Samples]:
        """Yield what the resampler still holds."""
        if self._resampler is not None:
            resampler, self._resampler = self._resampler, None
            yield from map(_samples, resampler.resample(None))


def _collect(reading: _Reading, *, start: float, max_seconds: float) -> tuple[Samples, float]:
    """Return the samples after `start`, and the seconds of the whole."""
    skip, limit, seen = round(start * SAMPLE_RATE), max_seconds * SAMPLE_RATE, 0
    kept = bytearray()  # grows in place, where a list of arrays would be copied at the end
    for chunk in reading.chunks():
        seen += chunk.size
        if seen > limit:
            raise _too_long(max_seconds)
        kept += chunk[max(0, chunk.size - max(0, seen - skip)) :].data
    return np.frombuffer(kept, np.float32), seen / SAMPLE_RATE


def _finite(samples: Samples) -> Samples:
    """Zero what is no number and scale down what is louder than full scale, in place."""
    np.nan_to_num(samples, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
    peak = max(float(samples.max()), -float(samples.min()))
    if peak > 1.0:
        samples /= np.float32(peak)
    return samples


def _samples(frame: av.AudioFrame) -> Samples:
    return frame.to_ndarray().reshape(-1).astype(np.float32, copy=False)


def _mixable(frame: av.AudioFrame) -> av.AudioFrame:
    """Return the frame, or the mean of its channels where they are too many for FFmpeg to mix."""
    if frame.layout.nb_channels <= _MIXABLE:
        return frame
    samples = frame.to_ndarray()
    channels = samples if frame.format.is_planar else samples.reshape(frame.samples, -1).T
    mean = channels.mean(axis=0, keepdims=True).astype(samples.dtype)
    mixed = av.AudioFrame.from_ndarray(mean, format=frame.format.packed.name, layout="mono")
    mixed.sample_rate = frame.sample_rate
    return mixed


@contextmanager
def _binary(source: str | os.PathLike[str] | BinaryIO) -> Iterator[BinaryIO]:
    if isinstance(source, str | os.PathLike):
        with Path(source).open("rb") as file:
            yield file
    else:
        yield source


class _Nameless:
    """A file of which FFmpeg sees the bytes and not the name: it guesses formats from extensions."""

    def __init__(self, file: BinaryIO) -> None:
        self.read, self.seek, self.tell = file.read, file.seek, file.tell


@contextmanager
def _opened(file: BinaryIO) -> Iterator[InputContainer]:
    head = _head(file)
    if not head:
        raise EmptyAudio("The file is empty (0 bytes).")
    file.seek(0)
    options = {"protocol_whitelist": "none", "format_whitelist": _allowed_formats()}
    try:
        container = av.open(
            _Nameless(file), "r", container_options=options, metadata_errors="replace", buffer_size=_BUFFER
        )
    except FFmpegError:
        raise UnsupportedAudio(
            f"The file is not audio or video that can be decoded: {_looks_like(head)}. "
            "Send wav, flac, mp3, m4a, ogg, webm, mp4 or another common format."
        ) from None
    try:
        yield container
    finally:
        container.close()


@cache
def _allowed_formats() -> str:
    return ",".join(sorted(av.formats_available - _OPENS_OTHERS))


def _head(file: BinaryIO) -> bytes:
    file.seek(0)
    return file.read(_HEAD)


def _looks_like(head: bytes) -> str:
    known = {
        b"%PDF": "it is a PDF",
        b"PK\x03\x04": "it is a zip archive or an office document",
        b"\x1f\x8b": "it is gzip",
    }
    for magic, what in known.items():
        if head.startswith(magic):
            return what
    if not _CONTROL.search(head[:512]):
        return "it looks like text"
    return f"it begins with the bytes {head[:8].hex(' ')}"


def _first_audio(container: InputContainer) -> AudioStream:
    if not container.streams.audio:
        raise UnsupportedAudio(f"The file is {_described(container)} and no audio.")
    track = container.streams.audio[0]
    if track.codec_context is None:
        raise UnsupportedAudio(f"The file is {_described(container)}; this audio codec is not known here.")
    if track.codec_context.sample_rate not in _RATES and track.codec_context.sample_rate:
        raise _refused_rate(track.codec_context.sample_rate)
    for other in container.streams:
        if other is not track:
            other.discard = av.stream.Discard.all
    return track


def _described(container: InputContainer) -> str:
    """Return what was found, as in `mov with video h264, audio aac`."""
    kind = container.format.name.split(",")[0]
    found = [f"{one.type} {one.codec_context.name if one.codec_context else 'unknown'}" for one in container.streams]
    return f"{kind} with {', '.join(found[:8]) or 'nothing'}"


def _refuse_if_long(
    container: InputContainer, track: AudioStream, max_seconds: float, cancelled: Callable[[], bool]
) -> None:
    """Raise `AudioTooLong` before anything is decoded, where that can be known.

    A header that states more than the limit, or states nothing, is checked against the packets' own durations, which
    costs reading the file but no decoding; ten hours of silence fit into 100 kB. A header that states less is not
    believed either: `_collect` counts.
    """
    stated = _stated_seconds(container, track)
    if (stated is not None and stated <= max_seconds) or track.time_base is None:
        return
    seconds = 0.0
    try:
        for packet in container.demux(track):
            seconds += float((packet.duration or 0) * track.time_base)
            if seconds > max_seconds:
                raise _too_long(max_seconds)
            if cancelled():
                raise Cancelled("The caller went away while the file was being measured.")
        container.seek(0)
    except FFmpegError:
        container.seek(0)


def _stated_seconds(container: InputContainer, track: AudioStream) -> float | None:
    """Return the track's duration as the file states or FFmpeg guesses it."""
    if track.duration is not None and track.time_base is not None:
        return float(track.duration * track.time_base)
    if container.duration is not None and len(container.streams) == 1:
        return container.duration / av.time_base
    return None


def _duration_is_guessed(container: InputContainer, head: bytes) -> bool:
    if container.format.name == "mp3":
        return b"Xing" not in head and b"Info" not in head
    return container.format.name in _GUESSES_DURATION


def _was_piped(head: bytes) -> bool:
    """Tell whether this is a wav whose writer did not know its length, so that its end looks cut off."""
    at = head.find(b"data", 12)
    if head[:4] != b"RIFF" or at < 0:
        return False
    size = int.from_bytes(head[at + 4 : at + 8], "little")
    return size == 0 or size >= _UNKNOWN_SIZE


def _refused_rate(rate: int) -> UnsupportedAudio:
    return UnsupportedAudio(
        f"The file states a sample rate of {rate} Hz; {_RATES.start} to {_RATES.stop - 1} Hz can be decoded."
    )


def _too_long(max_seconds: float) -> AudioTooLong:
    return AudioTooLong(
        f"The recording is longer than {max_seconds:g} seconds. Send it in parts, or raise MAX_AUDIO_SECONDS.",
        detail={"limit_seconds": max_seconds},
    )


def _notice(code: str, message: str) -> Notice:
    return Notice(stage="decode", code=code, message=message)
