"""One figure for how far a decoded text can be trusted, from the decoder's own figures."""

import math

_REPETITIVE = 2.4
"""Compression ratio above which Whisper's authors call a text repetitive (Radford et al. 2022, section 4.5)."""


def confidence(*, avg_logprob: float, no_speech_prob: float, compression_ratio: float) -> float:
    """Return a confidence in [0, 1].

    The geometric mean of the token probabilities, `exp(avg_logprob)`; times `1 - no_speech_prob` where the
    decoder itself was unsure of its tokens (it writes clear speech with a high `no_speech_prob` now and then,
    and its text is right); times `2.4 / compression_ratio` where the text repeats itself.
    """
    certainty = min(1.0, math.exp(min(0.0, avg_logprob)))
    silence = 1.0 - no_speech_prob * (1.0 - certainty)
    repetition = min(1.0, _REPETITIVE / compression_ratio) if compression_ratio > 0 else 1.0
    return round(max(0.0, certainty * silence * repetition), 4)
