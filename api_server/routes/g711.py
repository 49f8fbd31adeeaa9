"""G.711, the telephone's eight bits a sample (ITU-T G.711), as the sixteen bits that streams take."""

from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Law = Literal["mulaw", "alaw"]


def pcm_s16le(data: bytes, law: Law) -> bytes:
    """Return the samples as little-endian 16-bit PCM, twice as long."""
    return _table(law)[np.frombuffer(data, dtype=np.uint8)].tobytes()


@cache
def _table(law: Law) -> NDArray[np.int16]:
    table: NDArray[np.int16] = (_mulaw() if law == "mulaw" else _alaw()).astype("<i2")
    return table


def _mulaw() -> NDArray[np.int_]:
    code = 255 - np.arange(256)
    size = ((((code & 15) << 3) + 132) << ((code >> 4) & 7)) - 132
    return np.where(code & 128, -size, size)


def _alaw() -> NDArray[np.int_]:
    code = np.arange(256) ^ 0x55
    exponent, mantissa = (code >> 4) & 7, (code & 15) << 4
    size = np.where(exponent == 0, mantissa + 8, (mantissa + 264) << np.maximum(exponent - 1, 0))
    return np.where(code & 128, size, -size)
