"""Text that nobody said: on silence, closing lines of subtitles, and loops; pure."""

import re
from dataclasses import replace

from batch_worker.pipeline.doubts import looped
from shared.transcript import Segment, Word

_CLOSING = re.compile(
    r"tack (så mycket )?för att (du|ni) (har )?(tittade?|tittat|lyssnade?|lyssnat)( på (videon|filmen))?"
    r"|tack för (i dag|idag|mig|titten)"
    r"|(under)?text(er|ning|ad)?( \w+)? (av|från|stina|tina) .*"
    r"|svensk ?textning.*|www btistudios com.*|amara org.*"
    r"|(thank you|thanks)( so much| very much)? for (watching|listening)"
    r"|subtitles? (by|made by) .*|(please )?(like and )?subscribe.*|prenumerera.*"
)
"""Lines that models learned from the subtitles of films and write on silence (Koenecke et al. 2024, "Careless
Whisper"; Barański et al. 2025, "Investigation of Whisper ASR hallucinations induced by non-speech audio")."""
_SILENT = 0.6
"""No-speech probability, and below it …"""
_UNSURE = -1.0
"""… the mean log probability, at which Whisper's authors take a window for silence (Radford et al. 2022, 4.5)."""
_DOUBTFUL = 0.5
_WILD = 0.3
"""Confidence of a text that is given up where a second hearing hears nothing."""
_LOOP_SHARE = 0.5


def invented(segment: Segment, *, nothing_heard: bool) -> bool:
    """Tell whether a text that no second hearing bore out was made up by the model.

    `nothing_heard`: there was a second hearing, and it heard nothing. A closing line alone proves nothing, people do
    say such things.
    """
    if not segment.text.strip():
        return False
    if segment.no_speech_prob > _SILENT and segment.avg_logprob < _UNSURE:
        return True
    if closing(segment.text):
        return nothing_heard or segment.no_speech_prob > _SILENT or segment.confidence < _DOUBTFUL
    wild = segment.confidence < _WILD or segment.no_speech_prob > _SILENT or looped(segment.text) > _LOOP_SHARE
    return nothing_heard and wild


def closing(text: str) -> bool:
    """Tell whether a text is nothing but a line with which subtitles end."""
    return _CLOSING.fullmatch(" ".join(re.findall(r"[^\W_]+", text.casefold()))) is not None


def removed(segment: Segment) -> Segment:
    """Return the segment without text; what stood there is its `original_text`."""
    original = segment.text if segment.original_text is None else segment.original_text
    return replace(segment, text="", words=() if segment.words is not None else None, original_text=original)


def said_once(segment: Segment) -> Segment:
    """Return a segment that is mostly one phrase in a loop with that phrase once; any other as it is."""
    tokens = segment.text.split()
    if looped(segment.text) <= _LOOP_SHARE:
        return segment
    kept = _without_loops([token.casefold() for token in tokens])
    words = segment.words
    if words is not None:
        words = tuple(words[place] for place in kept) if len(words) == len(tokens) else _first(words, len(kept))
    original = segment.text if segment.original_text is None else segment.original_text
    return replace(segment, text=" ".join(tokens[place] for place in kept), words=words, original_text=original)


def _first(words: tuple[Word, ...], count: int) -> tuple[Word, ...]:
    return words[:count]


def _without_loops(tokens: list[str]) -> list[int]:
    """Return the places of the tokens that stay when each phrase said three times and more in a row is said once."""
    kept: list[int] = []
    place = 0
    while place < len(tokens):
        size, times = _loop_at(tokens, place)
        kept += range(place, place + size)
        place += size * times
    return kept


def _loop_at(tokens: list[str], place: int) -> tuple[int, int]:
    for size in range(1, min(8, (len(tokens) - place) // 3) + 1):
        phrase = tokens[place : place + size]
        times = 1
        while tokens[place + size * times : place + size * (times + 1)] == phrase:
            times += 1
        if times > 2:  # noqa: PLR2004 - twice is emphasis
            return size, times
    return 1, 1
