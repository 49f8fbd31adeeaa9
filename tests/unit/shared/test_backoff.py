import random

from hypothesis import given
from hypothesis import strategies as st

from shared.backoff import delay


@given(st.integers(1, 10_000), st.floats(0, 100), st.floats(0, 1000), st.integers())
def test_a_delay_is_bounded(attempt: int, base: float, cap: float, seed: int) -> None:
    """Never negative, never above the cap, never above what the attempt allows; a thousandth try is no overflow."""
    seconds = delay(attempt, base=base, cap=cap, rng=random.Random(seed))
    assert 0.0 <= seconds <= min(cap, base * 2 ** min(attempt - 1, 32))


def test_delays_grow_and_differ() -> None:
    """The mean doubles from attempt to attempt until the cap, and two callers do not wait alike."""
    rng = random.Random(1)
    means = [sum(delay(attempt, base=1.0, cap=4.0, rng=rng) for _ in range(4000)) / 4000 for attempt in (1, 2, 3, 9)]
    for mean, expected in zip(means, (0.5, 1.0, 2.0, 2.0), strict=True):
        assert abs(mean - expected) < 0.1
    assert delay(3, base=1.0, rng=random.Random(1)) != delay(3, base=1.0, rng=random.Random(2))
