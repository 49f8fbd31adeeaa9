"""What language each segment is in, from its text, its neighbours and what the decoder heard; pure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from batch_worker.pipeline.langid.identifiers import Identifier
from shared.transcript import Segment

_ENOUGH_WORDS = 3
"""Words below which a text tells too little of its language."""
_SURE = 0.6
"""Probability from which the text alone decides; 99.7 % of such were right on 420 short sentences."""


def _words(text: str) -> int:
    return sum(any(sign.isalpha() for sign in word) for word in text.split())


def of_text(text: str, identifier: Identifier) -> str:
    """Return the language that a text alone is surely in, or an empty text."""
    if _words(text) < _ENOUGH_WORDS:
        return ""
    language, probability = identifier.identify(text)
    return language if probability >= _SURE else ""


def languages(
    segments: Sequence[Segment], identifier: Identifier, *, each: Callable[[], None] = lambda: None
) -> Iterator[Segment]:
    """Yield the segments with their languages.

    A segment whose text does not decide takes the language that its nearest deciding neighbours agree on; where
    they do not, or there is none, it keeps what the decoder heard. `each` is called once a segment.
    """
    sure: list[str] = []
    for segment in segments:
        each()
        sure.append(of_text(segment.text, identifier))
    before = _latest(sure)
    after = _latest(sure[::-1])[::-1]
    for index, segment in enumerate(segments):
        around = {before[index], after[index]} - {""}
        inherited = around.pop() if len(around) == 1 else segment.language
        language = sure[index] or inherited
        yield segment if language == segment.language else replace(segment, language=language)


def _latest(sure: Sequence[str]) -> list[str]:
    """Return for each place the last language named up to it."""
    found: list[str] = []
    for language in sure:
        found.append(language or (found[-1] if found else ""))
    return found


def shares(segments: Sequence[Segment]) -> dict[str, float]:
    """Return the share of the speaking time in each language, the largest first; the shares add up to 1."""
    seconds: dict[str, float] = {}
    for segment in segments:
        if segment.text.strip():
            length = max(segment.end - segment.start, 0.01)  # a segment without length still counts
            seconds[segment.language] = seconds.get(segment.language, 0.0) + length
    total = sum(seconds.values())
    return {name: round(part / total, 4) for name, part in sorted(seconds.items(), key=lambda item: -item[1])}
