"""Files to decode, made on the spot: good ones, strange ones, hostile ones."""

import io
import struct

import av
import numpy as np
from numpy.typing import NDArray

RATE = 16_000


def tone(seconds: float = 1.0, rate: int = RATE) -> NDArray[np.int16]:
    """Return a 440 Hz tone at a quarter of full scale."""
    return np.round(8192 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate)).astype(np.int16)


def noisy(seconds: float) -> NDArray[np.int16]:
    """Return a tone in noise, which no codec can make small."""
    rng = np.random.default_rng(1)
    return (tone(seconds) + rng.normal(0, 300, round(seconds * RATE))).astype(np.int16)


def wav(
    data: bytes, *, rate: int = RATE, channels: int = 1, bits: int = 16, kind: int = 1, size: int | None = None
) -> bytes:
    """Return a RIFF file with any header; `kind` 1 is integers, 3 floats; `size` is what it says of its data."""
    frame = channels * bits // 8
    form = struct.pack("<HHIIHH", kind, channels, rate, rate * frame & 0xFFFFFFFF, frame, bits)
    size = len(data) if size is None else size
    total = min(36 + size, 0xFFFFFFFF)
    return b"RIFF" + struct.pack("<I", total) + b"WAVEfmt \x10\0\0\0" + form + b"data" + struct.pack("<I", size) + data


def interleaved(samples: NDArray[np.int16], channels: int) -> bytes:
    """Return the same samples on every channel."""
    return np.repeat(samples, channels).tobytes()


def encoded(
    samples: NDArray[np.int16], container: str, codec: str, *, rate: int = RATE, options: dict[str, str] | None = None
) -> bytes:
    """Return the samples in a container, as PyAV's encoders make it."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container, options=options or {}) as file:
        _fill(file, file.add_stream(codec, rate=rate, layout="mono"), samples, rate)
    return buffer.getvalue()


def tracks(*parts: NDArray[np.int16]) -> bytes:
    """Return a Matroska file with one PCM track for each part."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="matroska") as file:
        streams = [file.add_stream("pcm_s16le", rate=RATE, layout="mono") for _ in parts]
        for stream, samples in zip(streams, parts, strict=True):
            _fill(file, stream, samples, RATE)
    return buffer.getvalue()


def planar(samples: NDArray[np.int16]) -> bytes:
    """Return a Matroska file with sixteen channels that its decoder hands out as planes."""
    frame = av.AudioFrame.from_ndarray(np.repeat(samples, 16)[None], format="s16", layout="hexadecagonal")
    frame.sample_rate = RATE
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="matroska") as file:
        stream = file.add_stream("wavpack", rate=RATE, layout="hexadecagonal")
        for part in av.AudioResampler(stream.format, "hexadecagonal", RATE, frame_size=RATE // 2).resample(frame):
            part.pts = None
            file.mux(stream.encode(part))
        file.mux(stream.encode(None))
    return buffer.getvalue()


def video(*, sound: NDArray[np.int16] | None = None) -> bytes:
    """Return an mp4 of ten frames, with an aac track where there is sound."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as file:
        pictures = file.add_stream("mpeg4", rate=10, width=64, height=48, pix_fmt="yuv420p")
        track = file.add_stream("aac", rate=RATE, layout="mono") if sound is not None else None
        for _ in range(10):
            file.mux(pictures.encode(av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")))
        file.mux(pictures.encode(None))
        if track is not None and sound is not None:
            _fill(file, track, sound, RATE)
    return buffer.getvalue()


def picture() -> bytes:
    """Return a png."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="image2pipe") as file:
        stream = file.add_stream("png", rate=1, width=16, height=16, pix_fmt="rgb24")
        file.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((16, 16, 3), np.uint8), format="rgb24")))
        file.mux(stream.encode(None))
    return buffer.getvalue()


def silent_flac(minutes: int, *, says_length: bool = True) -> bytes:
    """Return an hour in 700 kilobytes, and, where not `says_length`, a header that keeps it to itself."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="flac") as file:
        stream = file.add_stream("flac", rate=RATE, layout="mono")
        minute = av.AudioFrame.from_ndarray(np.zeros((1, 60 * RATE), np.int16), format="s16", layout="mono")
        minute.sample_rate = RATE
        for _ in range(minutes):
            minute.pts = None
            file.mux(stream.encode(minute))
        file.mux(stream.encode(None))
    data = bytearray(buffer.getvalue())
    if not says_length:
        data[21] &= 0xF0  # STREAMINFO, total samples: 36 bits from the middle of byte 21
        data[22:26] = bytes(4)
    return bytes(data)


def _fill(file: av.container.OutputContainer, stream: av.AudioStream, samples: NDArray[np.int16], rate: int) -> None:
    frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
    frame.sample_rate = RATE
    stream.codec_context.open(strict=False)
    resampler = av.AudioResampler(stream.format, "mono", rate, frame_size=stream.codec_context.frame_size or 1024)
    for part in [*resampler.resample(frame), *resampler.resample(None)]:
        part.pts = None
        file.mux(stream.encode(part))
    file.mux(stream.encode(None))
