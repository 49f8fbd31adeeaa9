from hypothesis import given
from hypothesis import strategies as st

from shared.confidence import confidence

logprobs = st.floats(-20, 1)
probabilities = st.floats(0, 1)
ratios = st.floats(0, 100)


@given(logprobs, probabilities, ratios)
def test_confidence_is_a_share(avg_logprob: float, no_speech_prob: float, compression_ratio: float) -> None:
    """It lies between 0 and 1, whatever the decoder says."""
    value = confidence(avg_logprob=avg_logprob, no_speech_prob=no_speech_prob, compression_ratio=compression_ratio)
    assert 0.0 <= value <= 1.0


def test_sure_tokens_outweigh_a_doubt_about_speech() -> None:
    """Clear speech with a high `no_speech_prob` stays trusted; unsure tokens with it do not."""
    clear = confidence(avg_logprob=-0.05, no_speech_prob=0.9, compression_ratio=1.2)
    unsure = confidence(avg_logprob=-1.0, no_speech_prob=0.9, compression_ratio=1.2)
    assert clear > 0.85
    assert unsure < 0.2


@given(logprobs, logprobs, probabilities)
def test_likelier_tokens_are_never_trusted_less(one: float, other: float, no_speech_prob: float) -> None:
    """Confidence grows with the tokens' probability."""
    low, high = sorted((one, other))
    assert confidence(avg_logprob=low, no_speech_prob=no_speech_prob, compression_ratio=1.0) <= confidence(
        avg_logprob=high, no_speech_prob=no_speech_prob, compression_ratio=1.0
    )


def test_repetition_costs_trust_only_above_the_limit() -> None:
    """A compression ratio of 2.4 is still text; twice that halves the confidence."""
    plain = confidence(avg_logprob=0.0, no_speech_prob=0.0, compression_ratio=2.4)
    loop = confidence(avg_logprob=0.0, no_speech_prob=0.0, compression_ratio=4.8)
    assert (plain, loop) == (1.0, 0.5)
