"""Live webm, ogg and wav: FFmpeg reads in a thread of its own and waits there until more bytes come."""

import threading
from typing import Literal

import av
from av.audio.resampler import AudioResampler

from api_server.engine.base import SAMPLE_RATE, Samples
from api_server.streaming.ingest import BLOCK_SECONDS, joined, samples_of
from shared.errors import Internal, SvenskaError, UnsupportedAudio

_FORMATS = {"webm": "matroska", "ogg": "ogg", "wav": "wav"}
_MAGIC = {"webm": (b"\x1aE\xdf\xa3",), "ogg": (b"OggS",), "wav": (b"RIFF", b"RF64")}
"""First four bytes; FFmpeg itself would search on for them for as long as bytes come."""
_BLOCK = BLOCK_SECONDS * SAMPLE_RATE
_MOST_BEFORE_AUDIO = 500_000
"""Bytes without any audio in them after which nothing is expected any more."""
_JOIN_SECONDS = 5.0


class ContainerIngest:
    """One container stream; implements `Ingest`.

    `read` and the thread hand over to each other: `read` waits until the thread has a block, has ended, or asks
    for bytes that are not there yet. So what comes out depends on the bytes only, not on who was faster, and
    neither side's buffer grows.
    """

    def __init__(self, container: Literal["webm", "ogg", "wav"]) -> None:
        """Start the thread."""
        self._container = container
        self._change = threading.Condition()
        self._bytes = bytearray()
        self._taken = 0
        self._pieces: list[Samples] = []
        self._decoded = 0
        self._starving = self._finished = self._closed = self._ended = False
        self._failure: SvenskaError | None = Internal("The audio decoder stopped.")
        self._thread = threading.Thread(target=self._run, name=f"ingest-{container}", daemon=True)
        self._thread.start()

    def feed(self, data: bytes) -> None:
        """Take bytes, cut anywhere."""
        with self._change:
            self._bytes += data
            self._starving = self._starving and len(self._bytes) < (1 if self._taken else 4)
            self._change.notify_all()

    def finish(self) -> None:
        """Say that no more bytes come."""
        with self._change:
            self._finished, self._starving = True, False
            self._change.notify_all()

    def read(self) -> Samples:
        """Return the next block, empty when more bytes are needed; raises `UnsupportedAudio`."""
        with self._change:
            self._change.wait_for(lambda: self._full or self._starving or self._ended or self._closed)
            block = joined(self._pieces)
            self._pieces = [block[_BLOCK:]] if block.size > _BLOCK else []
            self._change.notify_all()
            if self._ended and not block.size and self._failure is not None and not self._closed:
                raise self._failure
            return block[:_BLOCK]

    @property
    def more(self) -> bool:
        """Whether the thread has audio, or may have without another byte, or has failed."""
        with self._change:
            over = self._starving or self._closed or (self._ended and self._failure is None)
            return bool(self._pieces) or not over

    def close(self) -> None:
        """End the thread and wait for it."""
        with self._change:
            self._closed = True
            self._bytes.clear()
            self._pieces.clear()
            self._change.notify_all()
        self._thread.join(_JOIN_SECONDS)

    @property
    def _full(self) -> bool:
        return sum(piece.size for piece in self._pieces) >= _BLOCK

    def _run(self) -> None:
        try:
            self._decode()
            self._failure = None if self._decoded or not self._taken else self._unsupported()
        except (av.FFmpegError, ValueError):
            # A recording that was stopped in the middle of a packet has ended, nothing more.
            self._failure = None if self._finished and (self._decoded or not self._taken) else self._unsupported()
        except SvenskaError as error:
            self._failure = error
        finally:
            with self._change:
                self._ended = True
                self._change.notify_all()

    def _decode(self) -> None:
        resampler = AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
        with av.open(_Source(self), format=_FORMATS[self._container], mode="r") as container:
            if not container.streams.audio:
                raise self._unsupported()
            for frame in container.decode(audio=0):
                for piece in resampler.resample(frame):
                    self._give(samples_of(piece))
            for piece in resampler.resample(None) if self._decoded else []:
                self._give(samples_of(piece))

    def _give(self, piece: Samples) -> None:
        with self._change:
            self._change.wait_for(lambda: not self._full or self._closed)
            self._decoded += piece.size
            if not self._closed:
                self._pieces.append(piece)
            self._change.notify_all()

    def take(self, most: int) -> bytes:
        """Return up to `most` bytes for FFmpeg, waiting for them; empty at the end."""
        least = 1 if self._taken else 4
        with self._change:
            if not self._decoded and self._taken > _MOST_BEFORE_AUDIO:
                raise self._unsupported()
            self._starving = len(self._bytes) < least and not self._finished
            self._change.notify_all()
            self._change.wait_for(lambda: len(self._bytes) >= least or self._finished or self._closed)
            if not self._taken and self._bytes and not self._bytes.startswith(_MAGIC[self._container]):
                self._taken = len(self._bytes)
                raise self._unsupported()
            data = bytes(self._bytes[:most])
            del self._bytes[:most]
            self._taken += len(data)
            return data

    def _unsupported(self) -> UnsupportedAudio:
        return UnsupportedAudio(
            f"The bytes are not a {self._container} stream with audio in it. "
            "Send the container from its first byte, or name the encoding that you send in `start`.",
            detail={"encoding": self._container},
        )


class _Source:
    """What FFmpeg reads from: no `seek`, so it takes the stream as it comes."""

    def __init__(self, ingest: ContainerIngest) -> None:
        self._ingest = ingest

    def read(self, most: int) -> bytes:
        return self._ingest.take(most)
