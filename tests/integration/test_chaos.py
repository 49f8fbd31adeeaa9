"""A short run of what `benchmarks/chaos.py` does for long: everything under the jobs dies, and no job does."""

import pytest

from benchmarks import chaos

pytestmark = pytest.mark.slow


def test_kills_lose_and_double_nothing() -> None:
    """Statements 1 to 4: whichever service dies, whenever."""
    figures = chaos.kills(jobs=12, deaths=6, seed=3)
    assert (figures["completed"], figures["lost"], figures["double"]) == (12, 0, 0), figures
    assert figures["kills"] >= 6


def test_faults_lose_nothing_and_are_named() -> None:
    """Statement 13: what failed says why, and can be tried again."""
    figures = chaos.faults(jobs=25, seed=3)
    assert (figures["completed in the end"], figures["lost"], figures["double"]) == (25, 0, 0), figures
    assert figures["with a wrong code"] == 0, figures
    assert figures["faults"] > 0
