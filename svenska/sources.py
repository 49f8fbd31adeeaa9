"""Where live audio comes from: a recording at the speed of speech, a microphone, a pipe.

Audio is 16-bit PCM, 16 kHz, mono, in pieces of a tenth of a second.
"""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import count
from pathlib import Path
from typing import IO, BinaryIO

from shared.errors import SvenskaError
from svenska.exits import Exit, Failure, exit_for
from svenska.recordings import Recording
from svenska.shell import printable

SAMPLE_RATE = 16_000
"""Hz."""
CHUNK_SECONDS = 0.1
CHUNK_BYTES = round(SAMPLE_RATE * CHUNK_SECONDS) * 2
_MAX_SECONDS = 24 * 3600.0
_END_SECONDS = 2.0
_REASON = 200
"""Characters of what a recorder says."""
_FULL_SCALE = 32_767

RECORDERS: tuple[tuple[str, ...], ...] = (
    ("parec", "--raw", "--format=s16le", "--rate=16000", "--channels=1", "--latency-msec=50"),
    ("arecord", "-q", "-t", "raw", "-f", "S16_LE", "-r", "16000", "-c", "1"),
    ("rec", "-q", "-t", "raw", "-e", "signed", "-b", "16", "-r", "16000", "-c", "1", "-"),
)
"""Programs that write a microphone to standard output: PulseAudio and PipeWire, ALSA, SoX (macOS too)."""
_DEVICE_OPTION = {"parec": "--device={}", "arecord": "-D{}"}

Chunks = AbstractContextManager[Iterator[bytes]]


def paced(
    chunks: Iterator[bytes],
    *,
    clock: Callable[[], float] = time.monotonic,
    wait: Callable[[float], object] = time.sleep,
) -> Iterator[bytes]:
    """Yield each piece when its last sample would have been spoken, never earlier."""
    began = clock()
    for number, chunk in zip(count(1), chunks, strict=False):
        if (early := began + number * CHUNK_SECONDS - clock()) > 0:
            wait(early)
        yield chunk


def from_recording(recording: Recording) -> Chunks:
    """Lend the audio of a file that FFmpeg's libraries decode; raises `Failure`."""
    import numpy as np  # noqa: PLC0415 - these two take half a second

    from shared.audio import decode  # noqa: PLC0415

    with recording.opened() as file:
        try:
            samples = decode(file, max_seconds=_MAX_SECONDS).samples
        except SvenskaError as error:
            raise Failure(
                "{message}", code=error.code, exit_code=exit_for(error.code), message=error.message
            ) from error
    pcm = (np.clip(samples, -1, 1) * _FULL_SCALE).astype("<i2").tobytes()
    return nullcontext(pcm[at : at + CHUNK_BYTES] for at in range(0, len(pcm), CHUNK_BYTES))


def from_pipe(pipe: BinaryIO) -> Chunks:
    """Lend the raw PCM of standard input as it comes."""
    return nullcontext(_whole_samples(pipe))


def microphone_command(device: str | None, which: Callable[[str], str | None] = shutil.which) -> tuple[str, ...]:
    """Return the program that records here; raises `Failure` where there is none."""
    found = next((command for command in RECORDERS if which(command[0])), None)
    if found is None:
        raise Failure(
            "No program that records is installed: install pulseaudio-utils (parec), alsa-utils (arecord) or sox, "
            "or pipe 16 kHz mono s16le in: `… | svenska listen -`.",
            code="no_recorder",
            exit_code=Exit.USAGE,
        )
    if device is None:
        return found
    if found[0] not in _DEVICE_OPTION:
        raise Failure(
            "{recorder} cannot be told which microphone to use: choose it in the system's settings.",
            code="invalid_parameter",
            exit_code=Exit.USAGE,
            recorder=found[0],
        )
    return (found[0], _DEVICE_OPTION[found[0]].format(device), *found[1:])


@contextmanager
def from_microphone(command: Sequence[str]) -> Iterator[Iterator[bytes]]:
    """Record until the block ends; a recorder that ends by itself raises `Failure` with what it said."""
    # A session of its own: Ctrl-C is for this program, which ends the recorder when it is done with it.
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(  # noqa: S603 - one of RECORDERS
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said, start_new_session=True
        ) as process,
    ):
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        try:
            yield _recorded(process, process.stdout, said)
        finally:
            process.terminate()
            try:
                process.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def _recorded(process: "subprocess.Popen[bytes]", pipe: IO[bytes], said: IO[bytes]) -> Iterator[bytes]:
    yield from _whole_samples(pipe)
    if process.wait() > 0:
        said.seek(0)
        lines = said.read().decode(errors="replace").split("\n")
        reason = next((line for line in reversed(lines) if line.strip()), f"exit code {process.returncode}")
        raise Failure(
            "The microphone cannot be read: {reason}",
            code="microphone",
            exit_code=Exit.FAILED,
            reason=printable(reason.strip()[:_REASON]),
        )


def _whole_samples(pipe: IO[bytes]) -> Iterator[bytes]:
    """Yield what comes as soon as it is there, never half a sample."""
    read = getattr(pipe, "read1", pipe.read)
    half = b""
    while data := read(CHUNK_BYTES):
        data, half = half + data, b""
        if len(data) % 2:
            data, half = data[:-1], data[-1:]
        if data:
            yield data


def file_or_pipe(name: str, stdin: BinaryIO) -> Chunks:
    """Lend the audio of a file, or of standard input for `-`."""
    if name == "-":
        if stdin.isatty():
            raise Failure(
                "Standard input is a terminal: pipe audio into it (s16le, 16 kHz, mono).",
                code="missing_file",
                exit_code=Exit.USAGE,
            )
        return from_pipe(stdin)
    return from_recording(Recording(path=Path(name)))
