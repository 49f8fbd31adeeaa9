"""How much padding a window needs, and when its text is doubted."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api_server.engine.windows import (
    FULL_FRAMES,
    MARGIN_FRAMES,
    WindowText,
    content_frames,
    doubtful,
    repeats,
    short_frames,
    token_limit,
)

GOOD = {"text": "hej på dig", "tokens": 9, "avg_logprob": -0.3, "compression_ratio": 1.1}


@pytest.mark.parametrize("content", [0, 1, 250, 3000])
def test_content_ends_where_the_padding_begins(content: int):
    """Zero frames behind the last one that holds anything are padding."""
    features = np.zeros((80, 3000), np.float32)
    features[:, :content] = -1.5
    assert content_frames(features) == content


def test_a_silent_frame_within_speech_is_content():
    """Only what lies behind counts as padding."""
    features = np.zeros((80, 3000), np.float32)
    features[3, [10, 200]] = 0.4
    assert content_frames(features) == 201


@given(st.integers(0, FULL_FRAMES))
def test_a_short_window_holds_the_speech_and_a_margin(content: int):
    """Even, as the encoder halves it; never beyond what the model knows."""
    frames = short_frames(content)
    assert frames % 2 == 0
    assert content <= frames <= FULL_FRAMES
    assert frames >= min(FULL_FRAMES, content + MARGIN_FRAMES)


@given(st.integers(0, FULL_FRAMES - 1))
def test_a_longer_window_is_never_encoded_shorter(content: int):
    """Nor may it hold fewer tokens."""
    assert short_frames(content) <= short_frames(content + 1)
    assert token_limit(content) <= token_limit(content + 1)


def test_thirty_seconds_of_fast_speech_fit():
    """Eight tokens a second, and timestamps."""
    assert token_limit(FULL_FRAMES) > 30 * 8 + 20


@pytest.mark.parametrize(
    "text",
    [
        "ja ja ja ja",
        "Ja ja JA ja",
        "först tack så mycket tack så mycket tack så mycket tack så mycket",
        "a b c d a b c d a b c d a b c d slut",
        "en två en två en två en två",
    ],
)
def test_a_phrase_four_times_in_a_row_is_a_loop(text: str):
    """Of one to four words, wherever it stands."""
    assert repeats(text)


@pytest.mark.parametrize(
    "text",
    ["", "ja", "ja ja ja", "nej nej nej ja nej", "a b c d e a b c d e a b c d e a b c d e", "hej på dig och hej igen"],
)
def test_people_say_things_three_times(text: str):
    """Fewer repetitions, or longer phrases, are speech."""
    assert not repeats(text)


@given(st.lists(st.sampled_from("abcde"), max_size=8), st.lists(st.sampled_from("abcde"), min_size=1, max_size=4))
def test_a_loop_is_found_behind_any_words(before: list[str], phrase: list[str]):
    """Where the loop begins does not matter."""
    assert repeats(" ".join(before + phrase * 4))


def test_a_good_text_is_believed():
    """No reason to decode again."""
    assert doubtful(WindowText(**GOOD), limit=60) is None


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"tokens": 60}, "no_end"),
        ({"compression_ratio": 2.41}, "compression_ratio"),
        ({"avg_logprob": -1.01}, "avg_logprob"),
        ({"text": "ja ja ja ja"}, "repetition"),
        ({"tokens": 61, "compression_ratio": 9.0, "avg_logprob": -3.0}, "no_end"),
    ],
)
def test_a_bad_text_is_doubted_for_its_first_fault(changed: dict[str, float | str], reason: str):
    """The limits are Whisper's own; the missing end weighs most."""
    assert doubtful(WindowText(**{**GOOD, **changed}), limit=60) == reason


@pytest.mark.parametrize("changed", [{"tokens": 59}, {"compression_ratio": 2.4}, {"avg_logprob": -1.0}, {"text": ""}])
def test_a_text_at_the_limit_is_believed(changed: dict[str, float | str]):
    """Limits are the last good value."""
    assert doubtful(WindowText(**{**GOOD, **changed}), limit=60) is None
