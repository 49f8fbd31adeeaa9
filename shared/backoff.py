"""How long to wait before trying again."""

import random


def delay(attempt: int, *, base: float, cap: float = 60.0, rng: random.Random | None = None) -> float:
    """Return the seconds to wait after failed attempt `attempt` (from 1).

    Exponential with full jitter: uniform between 0 and `min(cap, base * 2 ** (attempt - 1))`, so that callers
    that failed together do not come back together (AWS Architecture Blog, "Exponential Backoff And Jitter",
    2015).
    """
    ceiling = min(cap, base * 2 ** min(attempt - 1, 32))
    return (rng or random).uniform(0.0, ceiling)
