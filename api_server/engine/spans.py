"""Several segments that were heard in one span, as the one segment that the span was."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from shared.errors import InvalidParameter
from shared.transcript import Segment, join_text


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """A stretch of a recording that is to be heard again."""

    id: int
    """The caller's."""
    start: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    """Seconds."""
    end: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    """Seconds, after `start`."""


_spans = TypeAdapter(list[Span])


def parse_spans(text: str) -> list[Span]:
    """Return the spans of a JSON list, or raise `InvalidParameter` that says what is wrong and where."""
    try:
        spans = _spans.validate_json(text)
    except ValidationError as error:
        fault = error.errors()[0]
        if fault["type"] == "json_invalid":
            expected = f'a JSON list like [{{"id": 0, "start": 1.5, "end": 4.0}}] ({fault["ctx"]["error"]})'
            raise InvalidParameter("segments", expected=expected, got=text) from None
        where = ".".join(["segments", *(str(part) for part in fault["loc"])])
        raise InvalidParameter(
            where, expected=fault["msg"].removeprefix("Input should be "), got=fault["input"]
        ) from None
    for span in spans:
        if span.end <= span.start:
            raise InvalidParameter("segments", expected="an end after the start", got=f"{span.start} to {span.end}")
    return spans


def joined(span: Span, segments: Sequence[Segment], *, language: str) -> Segment:
    """Return one segment with the span's id and times; figures are means weighted by duration, the temperature
    and the compression ratio are the worst ones. Nothing heard is an empty text with confidence 0.
    """  # noqa: D205 - one thought
    weights = [max(0.01, segment.end - segment.start) for segment in segments]

    def mean(values: list[float]) -> float:
        return round(sum(w * v for w, v in zip(weights, values, strict=True)) / (sum(weights) or 1.0), 4)

    words = tuple(word for segment in segments for word in segment.words or ())
    return Segment(
        id=span.id,
        start=span.start,
        end=span.end,
        text=join_text(tuple(segments)),
        language=language,
        avg_logprob=mean([segment.avg_logprob for segment in segments]),
        no_speech_prob=mean([segment.no_speech_prob for segment in segments]) if segments else 1.0,
        compression_ratio=max((segment.compression_ratio for segment in segments), default=0.0),
        temperature=max((segment.temperature for segment in segments), default=0.0),
        confidence=mean([segment.confidence for segment in segments]),
        words=words or None,
    )
