"""One whole recording through a transcriber: in pieces that fit the memory, times counted from the beginning."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from api_server.engine.base import SAMPLE_RATE, DecodeOptions, Samples, Transcriber, Turn
from shared.transcript import Segment, Word

PIECE_SECONDS = 600
"""Features of one piece take about 40 MB and those of hours would take gigabytes."""
_SEARCH_SECONDS = 30
_FRAME = SAMPLE_RATE // 10
_PROMPT_CHARACTERS = 200
_RESET_TEMPERATURE = 0.5
"""A text that needed a higher temperature is no guide for what follows (faster-whisper's own rule)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What became of a recording."""

    segments: tuple[Segment, ...]
    """In order of time, ids from 0."""
    language: str
    """ISO 639-1, of the first piece with speech in it."""
    language_probability: float
    """0 to 1."""
    duration_after_vad: float
    """Seconds that the voice activity filter let through."""


def pieces(samples: Samples, *, seconds: int = PIECE_SECONDS) -> Iterator[tuple[int, Samples]]:
    """Yield (offset in samples, piece), cut at the quietest tenth of a second of each piece's last half minute."""
    start, length, search = 0, seconds * SAMPLE_RATE, min(_SEARCH_SECONDS, seconds // 2) * SAMPLE_RATE
    while samples.size - start > length + search:
        low = start + length - search
        frames = samples[low : low + search].reshape(-1, _FRAME)
        quietest = int(np.argmin(np.square(frames).mean(axis=1)))
        cut = low + quietest * _FRAME + _FRAME // 2
        yield start, samples[start:cut]
        start = cut
    yield start, samples[start:]


def recognize(
    transcriber: Transcriber,
    samples: Samples,
    options: DecodeOptions,
    turn: Turn,
    *,
    offset: float = 0.0,
    on_segment: Callable[[Segment], None] = lambda _segment: None,
    on_piece: Callable[[float], None] = lambda _seconds: None,
) -> Outcome:
    """Decode a recording; blocks. `offset` (seconds) is added to all times.

    `on_piece` is told now and then how far it has come, in seconds, whether or not anything was said.

    The language heard in the first piece with text holds for the rest, and each piece takes the end of the text
    before it as its prompt, as faster-whisper does between windows.
    """
    segments: list[Segment] = []
    heard: tuple[str, float] | None = None
    speech = 0.0
    for start, piece in pieces(samples):
        silent_so_far = not segments
        decoding = transcriber.decode(piece, options, turn)
        speech += decoding.duration_after_vad
        for segment in decoding:
            moved = shift(segment, offset + start / SAMPLE_RATE, number=len(segments))
            segments.append(moved)
            on_segment(moved)
        if start + piece.size < samples.size:
            on_piece(offset + (start + piece.size) / SAMPLE_RATE)
        turn.rest()  # the next piece is looked through for speech first
        if heard is None or silent_so_far:
            heard = decoding.language, decoding.language_probability
        if segments:
            options = replace(options, language=heard[0], prompt=_prompt(segments[-1]))
    language, probability = heard or ("en", 0.0)
    return Outcome(
        segments=tuple(segments),
        language=language,
        language_probability=probability,
        duration_after_vad=round(speech, 3),
    )


def _prompt(last: Segment) -> str | None:
    return last.text[-_PROMPT_CHARACTERS:] if last.temperature <= _RESET_TEMPERATURE else None


def shift(segment: Segment, seconds: float, *, number: int) -> Segment:
    """Return the segment moved by `seconds` and renumbered."""
    if not seconds:
        return segment if segment.id == number else replace(segment, id=number)
    words = None if segment.words is None else tuple(_shift_word(word, seconds) for word in segment.words)
    return replace(
        segment,
        id=number,
        start=round(segment.start + seconds, 3),
        end=round(segment.end + seconds, 3),
        words=words,
    )


def _shift_word(word: Word, seconds: float) -> Word:
    return replace(word, start=round(word.start + seconds, 3), end=round(word.end + seconds, 3))
