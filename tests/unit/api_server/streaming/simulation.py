"""A speaker, a detector and a decoder made of numbers, so that what was said and what was heard can be compared.

Word n is 0.32 s of the constant 0.1 + n/2000 and everything else is 0. The decoder writes `ordN` for every piece
of word n that it finds in a window, so that a word which is cut in two is written twice.
"""

import heapq
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from api_server.engine.base import Samples
from api_server.streaming.ear import Ear
from api_server.streaming.session import Output, Step, StreamSession
from api_server.streaming.values import DecodeRequest, Drop, Hypothesis, StreamOptions, seconds
from shared.errors import Busy
from shared.events import Final
from shared.transcript import Word

WORD = 5_120
RATE = 16_000


def speech(gaps: Sequence[float]) -> Samples:
    """Return one word after each gap (seconds), and a little silence behind the last."""
    pieces = []
    for number, gap in enumerate(gaps):
        pieces += [np.zeros(round(gap * RATE)), np.full(WORD, 0.1 + number / 2000)]
    return np.concatenate([*pieces, np.zeros(320)]).astype(np.float32)


def loud(frames: Samples) -> NDArray[np.float32]:
    """Stand in for the voice activity detector."""
    return np.where(np.abs(frames).mean(axis=1) > 0.05, 0.9, 0.1).astype(np.float32)


def listen(audio: Samples, offset: float) -> list[Word]:
    """Return every piece of a word in a window."""
    edges = np.flatnonzero(np.diff(audio, prepend=np.float32(0), append=np.float32(0)))
    runs = [(low, high) for low, high in itertools.pairwise(edges.tolist()) if audio[low] > 0]
    return [
        Word(
            start=offset + seconds(low),
            end=offset + seconds(high),
            word=f"ord{round((float(audio[low]) - 0.1) * 2000)}",
            probability=1.0,
        )
        for low, high in runs
    ]


def numbers(text: str) -> list[int]:
    """Return which words a text holds."""
    return [int(number) for number in re.findall(r"\d+", text)]


@dataclass
class Simulation:
    """Plays a recording to a session and answers its requests."""

    options: StreamOptions
    delays: Sequence[float] = (0.0,)
    """Seconds that the decoder takes, in turn."""
    failing: frozenset[int] = frozenset()
    """Numbers of requests that fail."""
    mumbles: bool = False
    """Whether partials vary in case and marks and get their last word wrong."""
    outputs: list[Output] = field(default_factory=list)
    requests: dict[int, DecodeRequest] = field(default_factory=dict)
    now: float = 0.0

    def __post_init__(self) -> None:  # noqa: D105 - makes the session
        self.session = StreamSession(self.options)
        self._ear = Ear(loud)
        self._delays = itertools.cycle(self.delays)
        self._due: list[tuple[float, int]] = []
        self._dropped: set[int] = set()

    def play(self, audio: Samples, *, chunk: int = 1_600, flush_at: Sequence[int] = ()) -> "Simulation":
        """Feed a recording in real time, stop, and wait for the end."""
        for at in range(0, audio.size, chunk):
            self.pass_time(seconds(min(chunk, audio.size - at)))
            self.take(self.session.feed(self._ear.hear(audio[at : at + chunk]), self.now))
            if any(at <= place < at + chunk for place in flush_at):
                self.take(self.session.feed(self._ear.flush(), self.now))
                self.take(self.session.flush(self.now))
        self.take(self.session.feed(self._ear.flush(), self.now))
        self.take(self.session.stop(self.now))
        self.pass_time(1_000.0)
        return self

    def pass_time(self, duration: float) -> None:
        """Let the decoder finish what is due within `duration` seconds."""
        until = self.now + duration
        while self._due and self._due[0][0] <= until:
            self.now, number = heapq.heappop(self._due)
            if number not in self._dropped:
                self._answer(number)
        self.now = until

    def take(self, step: Step) -> None:
        """Take note of what the session wants."""
        self.outputs += step
        for output in step:
            if isinstance(output, Drop):
                self._dropped.add(output.number)
            elif isinstance(output, DecodeRequest):
                self.requests[output.number] = output
                if output.kind == "partial":
                    self.session.started(output.number)
                heapq.heappush(self._due, (self.now + next(self._delays), output.number))

    def _answer(self, number: int) -> None:
        if number in self.failing:
            self.take(self.session.failed(number, Busy("Full."), self.now))
        else:
            self.take(self.session.decoded(number, self._hypothesis(self.requests[number]), self.now))

    def _hypothesis(self, request: DecodeRequest) -> Hypothesis:
        words = listen(request.audio, request.offset)
        texts = [word.word for word in words]
        if self.mumbles and request.kind == "partial" and texts:
            texts = [text.upper() + "," if (request.number + at) % 3 else text for at, text in enumerate(texts)]
            texts[-1] = f"mummel{request.number}."
        return Hypothesis(
            text=" ".join(texts),
            language="sv",
            confidence=0.9,
            words=tuple(words) if request.word_timestamps else (),
        )

    def events(self, kind: type) -> list[Output]:
        """Return the events of one kind, in order."""
        return [output for output in self.outputs if isinstance(output, kind)]

    @property
    def finals(self) -> list[Final]:
        """Return the finals, in order."""
        return [output for output in self.outputs if isinstance(output, Final)]

    @property
    def heard(self) -> list[int]:
        """Return the numbers of the words in the finals, in order."""
        return [number for final in self.finals for number in numbers(final.text)]


GAPS = st.lists(st.sampled_from([0.08, 0.1, 0.15, 0.3, 0.5, 0.7, 1.5]), min_size=1, max_size=40)
DELAYS = st.lists(st.sampled_from([0.0, 0.05, 0.3, 0.9, 4.0]), min_size=1, max_size=6)
OPTIONS = st.builds(
    StreamOptions,
    partials=st.booleans(),
    word_timestamps=st.booleans(),
    endpoint_silence=st.sampled_from([0.1, 0.4, 0.6]),
    max_utterance_seconds=st.sampled_from([3.0, 6.0]),
    grace_seconds=st.just(1.5),
)
