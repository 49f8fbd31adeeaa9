"""What all streams share: the detector's network, the threads, the decoder, and how many there may be."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Protocol

from api_server.engine.base import DecodeOptions, ModelInfo, Samples
from api_server.streaming.outbox import Sent
from api_server.streaming.partials import PartialBatches
from api_server.streaming.values import DecodeRequest, Hypothesis, SpeechProbability, StreamOptions
from shared.errors import InvalidParameter, ModelNotFound, TooManySessions
from shared.events import Start
from shared.transcript import Segment, join_text

DecodeFinal = Callable[[DecodeRequest, DecodeOptions], Awaitable[Hypothesis]]
"""Decodes one utterance as well as it can; cancelling it ends the work."""
DecodePartials = Callable[[Sequence[Samples], DecodeOptions], Awaitable[list[str]]]
"""Decodes several unfinished utterances quickly and together."""


class Observer(Protocol):
    """Is told what happens on the streams, for the metrics."""

    def connected(self, count: int) -> None:
        """Take note of how many streams are open now."""

    def sent(self, event: Sent) -> None:
        """Take note of an event on its way to a client."""

    def overtaken(self) -> None:
        """Take note of a partial that newer audio took the place of before it was decoded."""

    def batched(self, size: int) -> None:
        """Take note of how many streams' partials are decoded together."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What one server takes on."""

    sessions: int = 50
    """Streams at once."""
    backlog_seconds: float = 60.0
    """Audio of one stream that may wait for its finals; then no more of it is read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StreamEngine:
    """The resident model, as streams use it."""

    model: ModelInfo
    """What it is."""
    language: str | None
    """The language of streams that name none, ISO 639-1; None lets the model listen."""
    options: DecodeOptions
    """How finals are decoded, unless a client's `start` says otherwise."""
    decode_final: DecodeFinal
    """Makes finals."""
    decode_partials: DecodePartials
    """Makes partials."""


class StreamService:
    """The resident half of streaming; one per app, used from one event loop.

    Whoever builds it runs `partials.run()` as a task for as long as there are streams.
    """

    def __init__(
        self,
        engine: StreamEngine,
        *,
        options: StreamOptions,
        limits: Limits,
        speech: Callable[[], SpeechProbability],
        threads: Executor,
        observer: Observer,
    ) -> None:
        """Serve `engine`; `speech` makes one stream's detector.

        `options` hold unless a client's `start` says otherwise. `threads` does the blocking work and is shut
        down by whoever made it.
        """
        self.model = engine.model
        self.decode_final = engine.decode_final
        self.limits = limits
        self.speech = speech
        self.threads = threads
        self.observer = observer
        self.partials: PartialBatches[DecodeOptions] = PartialBatches(
            engine.decode_partials, overtaken=observer.overtaken, batched=observer.batched
        )
        self._engine = engine
        self._options = options
        self._connected = 0

    @property
    def connected(self) -> int:
        """Streams that are open."""
        return self._connected

    @contextmanager
    def place(self) -> Iterator[None]:
        """Take one of the places for streams, or raise `TooManySessions`."""
        if self._connected >= self.limits.sessions:
            raise TooManySessions(
                f"All {self.limits.sessions} places for streams are taken; try again later.", retry_after=5
            )
        self._count(1)
        try:
            yield
        finally:
            self._count(-1)

    def _count(self, more: int) -> None:
        self._connected += more
        self.observer.connected(self._connected)

    def stream_options(self, start: Start) -> StreamOptions:
        """Return how this client's stream is cut and decoded."""
        return replace(
            self._options,
            partials=start.partials,
            word_timestamps=start.word_timestamps,
            language=self.language(start) or "und",
            endpoint_silence=start.endpoint_silence or self._options.endpoint_silence,
        )

    def decode_options(self, start: Start) -> DecodeOptions:
        """Return how this client's utterances are decoded; raises `InvalidParameter` or `ModelNotFound`."""
        if start.model not in {None, "", self.model.name}:
            raise ModelNotFound(
                f"Streams are served by {self.model.name!r} only; leave `model` out or name that one.",
                detail={"models": [self.model.name]},
            )
        language = self.language(start)
        if language is not None and language not in self.model.languages:
            raise InvalidParameter(
                "language", expected=f"auto or one of {', '.join(self.model.languages)}", got=language
            )
        return replace(
            self._engine.options, language=language, prompt=start.prompt, hotwords=start.hotwords, vad_filter=False
        )

    def language(self, start: Start) -> str | None:
        """Return the language of a client's stream, None where the model is to listen."""
        asked = start.language or self._engine.language
        return None if asked == "auto" else asked


def hypothesis(segments: Sequence[Segment], language: str) -> Hypothesis:
    """Return what a decode's segments say: texts joined, words in a row, confidence of the whole.

    The confidence is the mean of the segments' own (`shared.confidence`), each weighted by its duration.
    """
    spans = [max(0.01, segment.end - segment.start) for segment in segments]
    total = sum(spans) or 1.0
    certain = sum(segment.confidence * span for segment, span in zip(segments, spans, strict=True)) / total
    return Hypothesis(
        text=join_text(tuple(segments)),
        language=language,
        confidence=round(certain, 4),
        words=tuple(word for segment in segments for word in segment.words or ()),
    )
