"""Silero VAD v6 on ONNX Runtime: one session of the runtime for all streams, 1.3 kB of state for each.

The network (Silero Team, MIT licence) comes inside the faster-whisper package; whoever builds the app passes its
path. It hears 512 new samples at a time behind the 64 samples that came before them.
"""

from pathlib import Path

import numpy as np
import onnxruntime  # type: ignore[import-untyped]  # the library has no types
from numpy.typing import NDArray

from api_server.engine.base import Samples
from api_server.streaming.values import FRAME

_CONTEXT = 64
_STATE = (1, 1, 128)


class SileroVad:
    """The network in memory; safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        """Load the network from `path`."""
        options = onnxruntime.SessionOptions()
        options.inter_op_num_threads = options.intra_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 4
        self._session = onnxruntime.InferenceSession(
            str(path), providers=["CPUExecutionProvider"], sess_options=options
        )

    def stream(self) -> "SileroStream":
        """Return the detector of one stream; implements `SpeechProbability`."""
        return SileroStream(self._session)


class SileroStream:
    """One stream's state; implements `SpeechProbability`."""

    def __init__(self, session: onnxruntime.InferenceSession) -> None:
        """Begin in silence."""
        self._session = session
        self._hidden = np.zeros(_STATE, dtype=np.float32)
        self._cell = np.zeros(_STATE, dtype=np.float32)
        self._before = np.zeros(_CONTEXT, dtype=np.float32)

    def __call__(self, frames: Samples) -> NDArray[np.float32]:
        """Return the probability of speech, shape (n,), of the next n frames, shape (n, 512)."""
        if not frames.size:
            return np.empty(0, dtype=np.float32)
        frames = frames.reshape(-1, FRAME)
        contexts = np.vstack((self._before, frames[:-1, -_CONTEXT:]))
        heard = np.concatenate((contexts, frames), axis=1)
        probabilities, self._hidden, self._cell = self._session.run(
            None, {"input": heard, "h": self._hidden, "c": self._cell}
        )
        self._before = frames[-1, -_CONTEXT:].copy()
        return np.asarray(probabilities, dtype=np.float32).reshape(-1)
