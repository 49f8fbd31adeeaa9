"""The audio that a session still needs."""

import numpy as np

from api_server.engine.base import SAMPLE_RATE, Samples

_LEAST = 4 * SAMPLE_RATE


class Tape:
    """A stretch of audio that grows at its end and is forgotten from its beginning.

    Positions are samples from the start of the stream. What was written is never written over: a full tape
    is copied to a new one, so views that were given out stay as they are.
    """

    def __init__(self) -> None:
        """Hold nothing, at position 0."""
        self._samples = np.empty(_LEAST, dtype=np.float32)
        self._origin = 0
        self.begin = 0
        """Position of the oldest sample kept."""
        self.end = 0
        """Position behind the newest sample."""

    def append(self, pcm: Samples) -> None:
        """Add audio at the end."""
        if self.end - self._origin + pcm.size > self._samples.size:
            self._move(pcm.size)
        at = self.end - self._origin
        self._samples[at : at + pcm.size] = pcm
        self.end += pcm.size

    def view(self, begin: int, end: int) -> Samples:
        """Return the audio between two positions, read-only and without a copy."""
        view = self._samples[begin - self._origin : end - self._origin]
        view.flags.writeable = False
        return view

    def forget(self, before: int) -> int:
        """Let go of everything before a position; returns how many samples that was."""
        gone = max(0, min(before, self.end) - self.begin)
        self.begin += gone
        return gone

    @property
    def nbytes(self) -> int:
        """Memory that the tape takes."""
        return self._samples.nbytes

    def _move(self, more: int) -> None:
        kept = self.view(self.begin, self.end)
        self._samples = np.empty(max(_LEAST, 2 * (kept.size + more)), dtype=np.float32)
        self._samples[: kept.size] = kept
        self._origin = self.begin
