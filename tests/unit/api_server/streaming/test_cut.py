"""Where an utterance that is too long is cut."""

import numpy as np
import pytest

from api_server.streaming.cut import gap, quietest, words_before_cut
from shared.transcript import Word


def _words(*spans: tuple[float, float]) -> list[Word]:
    return [
        Word(start=start, end=end, word=f"ord{number}", probability=1.0) for number, (start, end) in enumerate(spans)
    ]


EVEN = _words((0, 0.4), (0.5, 0.9), (1.0, 1.4), (1.5, 1.9), (2.0, 2.4))
PAUSE = _words((0, 0.4), (0.5, 0.9), (1.2, 1.4), (1.5, 1.9), (2.0, 2.4))


@pytest.mark.parametrize(
    ("words", "committed", "earliest", "expected"),
    [
        (EVEN, 4, 0.0, 4),
        (EVEN, 3, 0.0, 3),
        (PAUSE, 4, 0.0, 2),
        (PAUSE, 4, 1.0, 4),
        (EVEN, 5, 0.0, 4),
        (EVEN, 0, 0.0, 3),
        (EVEN, 1, 1.0, 0),
        ([], 0, 0.0, 0),
    ],
    ids=["last committed", "not past the committed", "longest pause", "not too early", "a word must follow",
         "nothing committed: well before the end", "none late enough", "no words"],
)  # fmt: skip
def test_the_cut_is_behind_a_word_that_stays(words: list[Word], committed: int, earliest: float, expected: int):
    """Of the words that are certain, behind the one with the longest pause, else the last."""
    assert words_before_cut(words, committed=committed, earliest=earliest, latest=2.5) == expected


def test_the_search_stays_between_the_middles_of_both_words():
    """Word times may be wrong by a tenth of a second, but never by half a word."""
    assert gap(*_words((0, 0.1), (0.12, 0.2))) == pytest.approx((0.05, 0.16))
    assert gap(*_words((0, 1.0), (1.5, 2.5))) == pytest.approx((0.9, 1.6))


def test_the_quietest_place_is_found():
    """The middle of the quietest 20 ms; without enough audio, the middle."""
    pcm = np.ones(16_000, dtype=np.float32)
    pcm[8_000:8_480] = 0
    assert 8_000 < quietest(pcm) < 8_480
    assert quietest(pcm[:100]) == 50
