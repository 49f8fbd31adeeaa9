"""What is counted."""

from api_server.metrics import Metrics
from shared.events import Final, Partial


def test_the_speech_of_streams_is_audio_too() -> None:
    """Whoever bills or plans by that figure must not miss the live half; unfinished texts are not counted twice."""
    metrics = Metrics()
    metrics.sent(Partial(utterance=0, start=1, end=2, committed="", tentative="hej", lag=0.1))
    metrics.sent(Final(utterance=0, start=1, end=3.5, text="Hej.", language="sv", confidence=0.9, latency=0.2))
    assert metrics.registry.get_sample_value("svenska_audio_seconds_total") == 2.5
