"""A transcriber without a model, for tests of what stands around one: the same answers every time, at once.

It keeps the contract of `engine.base` (`tests/contract/test_transcriber.py` holds it to that): quiet samples are
silence, every window asks for its turn, times lie within the recording. What it hears is told to it beforehand.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

import numpy as np

from api_server.engine.base import SAMPLE_RATE, WINDOW_SECONDS, DecodeOptions, ModelInfo, Samples, Turn
from shared.confidence import confidence
from shared.transcript import Segment, Word

INFO = ModelInfo(
    name="fake", device="cpu", compute_type="int8", multilingual=True, languages=("en", "sv"), demonstration=True
)
TEXT = "Hej och välkommen."
"""What is heard where nothing else was told."""

_QUIET = 0.02
"""Root mean square below which a window is silence; speech is ten times as loud."""
_PROBABILITY = 0.9
_LOGPROB = -0.1
_COMPRESSION = 1.2
_NO_SPEECH_PROB = 0.01
_GATE_SECONDS = 60.0


class AtWindow(Protocol):
    """What happens while a window is being decoded."""

    def __call__(self, number: int, /) -> None:
        """Return to let the window succeed, raise to fail it; `number` counts all windows from 0."""


class Gate:
    """Holds windows up until they are let through; implements `AtWindow`."""

    def __init__(self) -> None:
        """Begin closed."""
        self._numbers = threading.Condition()
        self._reached = 0
        self._open: dict[int, threading.Event] = {}

    def __call__(self, number: int, /) -> None:
        """Wait until window `number` may go on."""
        with self._numbers:
            self._reached = max(self._reached, number + 1)
            self._numbers.notify_all()
        if not self.event(number).wait(_GATE_SECONDS):
            raise TimeoutError(f"Nobody let window {number} through.")

    def event(self, number: int) -> threading.Event:
        """Return what window `number` waits for."""
        with self._numbers:
            return self._open.setdefault(number, threading.Event())

    def let(self, *numbers: int) -> None:
        """Let these windows through, now or when they come."""
        for number in numbers:
            self.event(number).set()

    def reached(self, number: int) -> bool:
        """Wait until window `number` is being decoded; False when it does not come. Blocks."""
        with self._numbers:
            return self._numbers.wait_for(lambda: self._reached > number, _GATE_SECONDS)


class Failing:
    """Fails some windows; implements `AtWindow`."""

    def __init__(self, failures: Mapping[int, Exception]) -> None:
        """Raise `failures[number]` in the window of that number."""
        self._failures = failures

    def __call__(self, number: int, /) -> None:
        """Raise what was told for this window."""
        if number in self._failures:
            raise self._failures[number]


class FakeDecoding:
    """Implements `engine.base.Decoding`."""

    def __init__(self, segments: Iterator[Segment], *, language: str, probability: float, speech: float) -> None:
        """Yield `segments`; `speech` in seconds."""
        self._segments = segments
        self.language = language
        self.language_probability = probability
        self.duration_after_vad = round(speech, 3)

    def __iter__(self) -> Iterator[Segment]:
        """Yield what was told, window by window."""
        return self._segments


class FakeTranscriber:
    """Hears what it was told to; implements `engine.base.Transcriber`."""

    def __init__(
        self,
        *texts: str,
        info: ModelInfo = INFO,
        language: str = "sv",
        window_seconds: float = WINDOW_SECONDS,
        at_window: AtWindow | Callable[[int], None] = lambda _number: None,
    ) -> None:
        """Hear `texts` in turn, one for each window of `window_seconds` that is not quiet, and over again.

        `language` is what it hears when it is not told one; `at_window` may hold a window up or fail it.
        """
        self.info = info
        self.windows = 0
        self.requests: list[DecodeOptions] = []
        self.closed = False
        self._texts = texts or (TEXT,)
        self._language = language
        self._size = round(window_seconds * SAMPLE_RATE)
        self._at_window = at_window

    def decode(self, samples: Samples, options: DecodeOptions, turn: Turn) -> FakeDecoding:
        """Begin to decode a recording; as the real one it needs a window to hear the language."""
        self.requests.append(options)
        listened = options.language is None
        if listened:
            turn.next_window()
        windows = [window for window in self._windows(samples) if not (options.vad_filter and quiet(window[1]))]
        return FakeDecoding(
            self._segments(windows, options, turn, listened=listened),
            language=options.language or self._language,
            probability=1.0 if options.language else _PROBABILITY,
            speech=sum(window.size for _offset, window in windows) / SAMPLE_RATE,
        )

    def decode_partials(self, batch: Sequence[Samples], options: DecodeOptions, turn: Turn) -> list[str]:
        """Return the same text for each recording that is not quiet."""
        self.requests.append(options)
        turn.next_window()
        text = self._decoded()
        return ["" if quiet(samples) else text for samples in batch]

    def close(self) -> None:
        """Take note."""
        self.closed = True

    def _windows(self, samples: Samples) -> Iterator[tuple[int, Samples]]:
        for offset in range(0, samples.size, self._size):
            yield offset, samples[offset : offset + self._size]

    def _segments(
        self, windows: Sequence[tuple[int, Samples]], options: DecodeOptions, turn: Turn, *, listened: bool
    ) -> Iterator[Segment]:
        number = 0
        for place, (offset, window) in enumerate(windows):
            if place or not listened:  # the first one is held already
                turn.next_window()
            text = self._decoded()
            if not quiet(window):
                yield self._segment(number, text, options, start=offset, end=offset + window.size)
                number += 1

    def _decoded(self) -> str:
        number, self.windows = self.windows, self.windows + 1
        self._at_window(number)
        return self._texts[number % len(self._texts)]

    def _segment(self, number: int, text: str, options: DecodeOptions, *, start: int, end: int) -> Segment:
        first, last = start / SAMPLE_RATE, end / SAMPLE_RATE
        return Segment(
            id=number,
            start=round(first, 3),
            end=round(last, 3),
            text=text,
            language=options.language or self._language,
            avg_logprob=_LOGPROB,
            no_speech_prob=_NO_SPEECH_PROB,
            compression_ratio=_COMPRESSION,
            temperature=options.temperatures[0],
            confidence=confidence(avg_logprob=_LOGPROB, no_speech_prob=_NO_SPEECH_PROB, compression_ratio=_COMPRESSION),
            words=_words(text, first, last) if options.word_timestamps else None,
        )


def quiet(samples: Samples) -> bool:
    """Tell whether the fake takes this for silence."""
    return not samples.size or float(np.sqrt(np.square(samples, dtype=np.float64).mean())) < _QUIET


def _words(text: str, start: float, end: float) -> tuple[Word, ...]:
    words = text.split()
    length = (end - start) / max(1, len(words))
    return tuple(
        Word(
            start=round(start + place * length, 3),
            end=round(start + (place + 1) * length, 3),
            word=word,
            probability=_PROBABILITY,
        )
        for place, word in enumerate(words)
    )
