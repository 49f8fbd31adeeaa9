"""Several segments heard in one span become the one segment that the span was."""

from dataclasses import replace

import pytest

from api_server.engine.spans import Span, joined
from tests.unit.shared.values import segment

SPAN = Span(id=4, start=1.0, end=5.0)


def test_texts_are_joined_and_times_are_the_spans() -> None:
    """The caller finds its own id and times again."""
    one = joined(SPAN, [replace(segment(), text="ett"), replace(segment(), text="två")], language="sv")
    assert (one.id, one.start, one.end, one.text) == (4, 1.0, 5.0, "ett två")


def test_nothing_heard_is_an_empty_text_without_confidence() -> None:
    """It is never taken for a good answer."""
    one = joined(SPAN, [], language="sv")
    assert (one.text, one.confidence, one.no_speech_prob) == ("", 0.0, 1.0)


def test_figures_are_weighed_by_duration() -> None:
    """A long doubtful stretch counts for more than a short certain one."""
    long = replace(segment(), start=0.0, end=3.0, confidence=0.4)
    short = replace(segment(), start=3.0, end=4.0, confidence=0.8)
    assert joined(SPAN, [long, short], language="sv").confidence == pytest.approx(0.5)
