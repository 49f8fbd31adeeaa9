"""What trials on the same recordings say about the settings."""

import jiwer
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api_server.calibrate.__main__ import counts
from api_server.calibrate.comparison import Trial, agreement, choose_context, choose_threads, edits

SPOKEN = tuple(f"det här är mening nummer {number} i samtalet" for number in range(10))
WORDS = st.lists(st.sampled_from("abcde"), max_size=8)


def trial(*, seconds: float, wrong: int = 0, doubted: int = 0) -> Trial:
    """Return a trial in which the first word of so many pieces was heard wrongly."""
    texts = tuple(text.replace("det", "den", 1) if place < wrong else text for place, text in enumerate(SPOKEN))
    return Trial(texts=texts, seconds=(seconds,) * len(texts), doubted=doubted)


@given(st.lists(st.sampled_from("abcde"), min_size=1, max_size=8), WORDS)
def test_edits_are_those_of_the_word_error_rate(one: list[str], other: list[str]) -> None:
    """As the library that the benchmarks use counts them, and the same both ways."""
    found = jiwer.process_words(" ".join(one), " ".join(other))
    assert edits(one, other) == found.substitutions + found.deletions + found.insertions
    assert edits(one, other) == edits(other, one)


def test_agreement_looks_at_words_alone() -> None:
    """Case and punctuation are not what windows change."""
    assert agreement(["Hej, Anna!"], ["hej anna"]) == 1.0
    assert agreement(["hej anna", "bra"], ["hej", "bra"]) == pytest.approx(2 / 3)
    assert agreement([""], [""]) == 1.0
    assert agreement(["hej"], ["helt andra ord alla"]) == 0.0


@pytest.mark.parametrize(
    ("verified", "short", "setting"),
    [
        (trial(seconds=0.5), trial(seconds=0.4), "AUDIO_CONTEXT=short"),
        (trial(seconds=0.5), trial(seconds=0.5), "AUDIO_CONTEXT=verified"),
        (trial(seconds=0.5, doubted=1), trial(seconds=0.4), "AUDIO_CONTEXT=verified"),
        (trial(seconds=0.5), trial(seconds=0.4, wrong=3), "AUDIO_CONTEXT=verified"),
        (trial(seconds=0.95), trial(seconds=0.4, wrong=3), "AUDIO_CONTEXT=full"),
        (trial(seconds=0.5, wrong=4), trial(seconds=0.4), "AUDIO_CONTEXT=full"),
    ],
)
def test_windows_are_chosen_by_what_they_keep_and_save(verified: Trial, short: Trial, setting: str) -> None:
    """Words first, then time, and no change for a tenth of it."""
    advice = choose_context({"full": trial(seconds=1.0), "verified": verified, "short": short})
    assert advice.setting == setting


def test_a_few_words_prove_nothing() -> None:
    """The default stays, and more recordings are asked for."""
    one = Trial(texts=("hej",), seconds=(1.0,))
    advice = choose_context({"full": one, "verified": one, "short": one})
    assert advice.setting == "AUDIO_CONTEXT=verified"
    assert "more recordings" in advice.reason


def test_threads_are_the_fewest_that_are_about_as_fast() -> None:
    """A tenth is not worth a core."""
    trials = {1: trial(seconds=1.0), 2: trial(seconds=0.6), 4: trial(seconds=0.57)}
    assert choose_threads(trials).setting == "WHISPER_THREADS=2"


@pytest.mark.parametrize(("cores", "tried"), [(1, [1]), (2, [1, 2]), (6, [1, 2, 4, 6]), (16, [1, 2, 4, 8, 16])])
def test_threads_are_tried_by_doubling(cores: int, tried: list[int]) -> None:
    """And all cores."""
    assert counts(cores) == tried
