"""Values that several tests start from."""

from dataclasses import replace

from shared.transcript import Segment, Transcript

_SEGMENT = Segment(
    id=0,
    start=0.0,
    end=2.5,
    text="Hej och välkommen.",
    language="sv",
    avg_logprob=-0.2,
    no_speech_prob=0.01,
    compression_ratio=1.1,
    temperature=0.0,
    confidence=0.8,
)


def segment(**changes: object) -> Segment:
    """Return a segment with some fields changed."""
    return replace(_SEGMENT, **changes)  # type: ignore[arg-type]


def transcript(*segments: Segment) -> Transcript:
    """Return a transcript of those segments."""
    return Transcript(
        text=" ".join(one.text for one in segments),
        language="sv",
        language_probability=1.0,
        duration=10.0,
        duration_after_vad=8.0,
        model="bundled",
        processing_seconds=0.1,
        queue_seconds=0.0,
        segments=segments,
    )
