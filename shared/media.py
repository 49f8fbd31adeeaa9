"""A file of unknown kind, opened so that it can do no harm: what it is, and how long it says it is.

Nothing here trusts a name, an extension or a header. A file is read through a Python object and may open no other:
a playlist that points at `/etc/passwd` or at a host on the network is refused.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import BinaryIO

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Discard

from shared.errors import AudioTooLong, Cancelled, EmptyAudio, UnsupportedAudio

RATES = range(1_000, 1_536_001)
"""Hz. Below, a small file could hold days; far above, the resampler's filter alone would fill the memory."""
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
_KNOWN = {b"%PDF": "it is a PDF", b"PK\x03\x04": "it is a zip archive or an office document", b"\x1f\x8b": "it is gzip"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Media:
    """An open file and the audio track in it that counts: the first."""

    container: InputContainer
    """Positioned at the beginning."""
    track: AudioStream
    """The other tracks are set to be thrown away unread."""
    head: bytes
    """The file's first bytes."""

    @property
    def stated_seconds(self) -> float | None:
        """The track's duration as the file states or FFmpeg guesses it."""
        if self.track.duration is not None and self.track.time_base is not None:
            return float(self.track.duration * self.track.time_base)
        if self.container.duration is not None and len(self.container.streams) == 1:
            return self.container.duration / av.time_base
        return None

    @property
    def states_duration(self) -> bool:
        """Whether `stated_seconds` was written down by the file's maker."""
        if self.stated_seconds is None:
            return False
        if self.container.format.name == "mp3":
            return b"Xing" in self.head or b"Info" in self.head
        return self.container.format.name not in _GUESSES_DURATION

    @property
    def was_piped(self) -> bool:
        """Whether this is a wav whose writer did not know its length, so that its end looks cut off."""
        at = self.head.find(b"data", 12)
        if self.head[:4] != b"RIFF" or at < 0:
            return False
        size = int.from_bytes(self.head[at + 4 : at + 8], "little")
        return size == 0 or size >= _UNKNOWN_SIZE

    def refuse_if_long(self, max_seconds: float, cancelled: Callable[[], bool]) -> None:
        """Raise `AudioTooLong` before anything is decoded, where that can be known.

        Ten hours of silence fit into 100 kB. Where the file does not say how long it is, the packets' own durations
        are added up, which costs reading the file but no decoding. A file that states too little is not believed
        either: whoever decodes must count.
        """
        stated = self.stated_seconds
        if stated is not None and stated <= max_seconds:
            return
        if (stated is not None and self.states_duration) or self._is_longer(max_seconds, cancelled):
            raise too_long(max_seconds)

    def _is_longer(self, max_seconds: float, cancelled: Callable[[], bool]) -> bool:
        seconds = 0.0
        try:
            for packet in self.container.demux(self.track):
                if cancelled():
                    raise Cancelled("The caller went away while the file was being measured.")
                seconds += float((packet.duration or 0) * (packet.time_base or 0))
                if seconds > max_seconds:
                    return True
        except FFmpegError:
            pass  # damaged: how far it goes shows when it is decoded
        try:
            self.container.seek(0)
        except FFmpegError:  # a codec without a number, say
            raise self.undecodable() from None
        return False

    def undecodable(self) -> UnsupportedAudio:
        """Return the refusal of a file that was opened and of which nothing came."""
        return UnsupportedAudio(f"The file is {self.describe()}, but nothing in it could be decoded. Is it damaged?")

    def describe(self) -> str:
        """Return what was found, as in `mov with video h264, audio aac`."""
        return _described(self.container)


@contextmanager
def opened(file: BinaryIO) -> Iterator[Media]:
    """Open a seekable file from its beginning; raise `EmptyAudio` or `UnsupportedAudio` where there is no use in it."""
    head = _head(file)
    if not head:
        raise EmptyAudio("The file is empty (0 bytes).")
    container = _container(file, head)
    try:
        yield Media(container=container, track=_first_audio(container), head=head)
    finally:
        container.close()


def too_long(max_seconds: float) -> AudioTooLong:
    """Return the refusal of a recording longer than that."""
    return AudioTooLong(
        f"The recording is longer than {max_seconds:g} seconds. Send it in parts, or raise MAX_AUDIO_SECONDS.",
        detail={"limit_seconds": max_seconds},
    )


def refused_rate(rate: int) -> UnsupportedAudio:
    """Return the refusal of a sample rate outside `RATES`."""
    return UnsupportedAudio(
        f"The file states a sample rate of {rate} Hz; {RATES.start} to {RATES.stop - 1} Hz can be decoded."
    )


def _container(file: BinaryIO, head: bytes) -> InputContainer:
    options = {"protocol_whitelist": "none", "format_whitelist": _allowed_formats()}
    try:
        return av.open(_Nameless(file), "r", container_options=options, metadata_errors="replace", buffer_size=_BUFFER)
    except FFmpegError:
        raise UnsupportedAudio(
            f"The file is not audio or video that can be decoded: {_looks_like(head)}. "
            "Send wav, flac, mp3, m4a, ogg, webm, mp4 or another common format."
        ) from None


class _Nameless:
    """A file of which FFmpeg sees the bytes and not the name: it guesses formats from extensions."""

    def __init__(self, file: BinaryIO) -> None:
        self.read, self.seek, self.tell = file.read, file.seek, file.tell


@cache
def _allowed_formats() -> str:
    return ",".join(sorted(av.formats_available - _OPENS_OTHERS))


def _head(file: BinaryIO) -> bytes:
    file.seek(0)
    head = file.read(_HEAD)
    file.seek(0)
    return head


def _looks_like(head: bytes) -> str:
    for magic, what in _KNOWN.items():
        if head.startswith(magic):
            return what
    if head[4:8] == b"ftyp":
        return "it is an mp4 or m4a without its index, as when the end of the file is missing"
    if not _CONTROL.search(head[:512]):
        return "it looks like text"
    return f"it begins with the bytes {head[:8].hex(' ')}"


def _first_audio(container: InputContainer) -> AudioStream:
    if not container.streams.audio:
        raise UnsupportedAudio(f"The file is {_described(container)} and no audio.")
    track = container.streams.audio[0]
    if track.codec_context is None:
        raise UnsupportedAudio(f"The file is {_described(container)}; this audio codec is not known here.")
    rate = track.codec_context.sample_rate
    if rate and rate not in RATES:
        raise refused_rate(rate)
    for other in container.streams:
        if other is not track:
            other.discard = Discard.all
    return track


def _described(container: InputContainer) -> str:
    kind = container.format.name.split(",")[0]
    found = [f"{one.type} {one.codec_context.name if one.codec_context else 'unknown'}" for one in container.streams]
    return f"{kind} with {', '.join(found[:8]) or 'nothing'}"
