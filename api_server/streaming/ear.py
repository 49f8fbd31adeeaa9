"""Audio in, the same audio with the probability of speech of every frame out."""

import numpy as np

from api_server.engine.base import Samples
from api_server.streaming.values import FRAME, Heard, SpeechProbability


class Ear:
    """Cuts one stream into frames; keeps what is less than a frame until the rest has come."""

    def __init__(self, speech: SpeechProbability) -> None:
        """Ask `speech` about each frame."""
        self._speech = speech
        self._rest = np.empty(0, dtype=np.float32)

    def hear(self, pcm: Samples) -> Heard:
        """Return the whole frames that are there now. Works for 0.1 ms a frame: not for the event loop."""
        pcm = np.concatenate((self._rest, pcm))
        whole = pcm.size - pcm.size % FRAME
        self._rest = pcm[whole:].copy()
        return self._judge(pcm[:whole], pcm[:whole])

    def flush(self) -> Heard:
        """Return what is less than a frame, judged as if silence followed."""
        rest, self._rest = self._rest, self._rest[:0]
        return self._judge(rest, np.pad(rest, (0, -rest.size % FRAME)))

    def _judge(self, pcm: Samples, padded: Samples) -> Heard:
        probabilities = self._speech(padded.reshape(-1, FRAME))
        return Heard(pcm=pcm, speech=tuple(float(probability) for probability in probabilities))
