"""A recording as one array in a file that nobody can see: hours of it take no memory that is not free."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from shared.audio import Samples, pieces
from shared.errors import EmptyAudio


@contextmanager
def waveform(recording: Path, scratch: Path) -> Iterator[Samples]:
    """Open a recording as (n,) samples, 16 kHz mono, writable, backed by a nameless file in `scratch`; blocks.

    The kernel drops and reads its pages as it likes, and the file is gone with the process, however that ends.
    Raises what `shared.audio.pieces` does, `EmptyAudio`, and `OSError` where the disk is full.
    """
    with tempfile.TemporaryFile(dir=scratch) as file:
        for piece in pieces(recording):
            file.write(np.clip(piece, -1.0, 1.0).astype(np.float32).tobytes())
        file.flush()
        if not file.tell():
            raise EmptyAudio("The recording holds no audio.")
        yield np.memmap(file, dtype=np.float32, mode="r+")
