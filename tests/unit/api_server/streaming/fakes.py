"""A client, a model and an observer for connections, none of them real."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

import numpy as np

from api_server.engine.base import DecodeOptions, ModelInfo, Samples
from api_server.streaming.connection import Disconnected
from api_server.streaming.outbox import Sent
from api_server.streaming.service import Limits, StreamEngine, StreamService
from api_server.streaming.values import DecodeRequest, Hypothesis, StreamOptions
from tests.unit.api_server.streaming.simulation import listen, loud

MODEL = ModelInfo(
    name="bundled", device="cpu", compute_type="int8", multilingual=True, languages=("en", "sv"), demonstration=True
)


def as_pcm(audio: Samples) -> bytes:
    """Return audio as `pcm_f32le`, so that the numbers of the simulation survive."""
    return audio.astype("<f4").tobytes()


class FakeSocket:
    """What a client sends, and what it got."""

    def __init__(self, *messages: str | bytes, leaves: bool = False) -> None:
        self._messages = list(messages)
        self._leaves = leaves
        self.taken = 0
        self.got: list[dict[str, Any]] = []
        self.reads = asyncio.Event()
        self.reads.set()

    async def receive(self) -> str | bytes:
        await asyncio.sleep(0)
        if self.taken == len(self._messages):
            if self._leaves:
                raise Disconnected
            await asyncio.Event().wait()
        self.taken += 1
        return self._messages[self.taken - 1]

    async def send(self, text: str) -> None:
        await self.reads.wait()
        self.got.append(json.loads(text))

    def events(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.got if event["type"] == kind]


class FakeEngine:
    """Hears the words of the simulation, when it is let."""

    def __init__(self) -> None:
        self.lets = asyncio.Event()
        self.lets.set()
        self.cancelled = 0
        self.running = 0
        self.options: list[DecodeOptions] = []
        self.failure: Exception | None = None

    async def final(self, request: DecodeRequest, options: DecodeOptions) -> Hypothesis:
        self.options.append(options)
        self.running += 1
        try:
            await self.lets.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.running -= 1
        if self.failure is not None:
            raise self.failure
        words = tuple(listen(request.audio, request.offset))
        return Hypothesis(text=" ".join(word.word for word in words), language="sv", confidence=0.9, words=words)

    async def partials(self, batch: Sequence[Samples], _options: DecodeOptions) -> list[str]:
        await self.lets.wait()
        return [" ".join(word.word for word in listen(audio, 0.0)) for audio in batch]


class FakeObserver:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.counts: list[int] = []
        self.events: list[Sent] = []
        self.replaced = 0
        self.batches: list[int] = []

    def connected(self, count: int) -> None:
        self.counts.append(count)

    def sent(self, event: Sent) -> None:
        self.events.append(event)

    def overtaken(self) -> None:
        self.replaced += 1

    def batched(self, size: int) -> None:
        self.batches.append(size)


@asynccontextmanager
async def service(
    engine: FakeEngine, *, sessions: int = 50, backlog_seconds: float = 60.0
) -> AsyncIterator[StreamService]:
    """Build a service on fakes, with its task running."""
    with ThreadPoolExecutor(2) as threads:
        built = StreamService(
            StreamEngine(
                model=MODEL,
                language="sv",
                options=DecodeOptions(),
                decode_final=engine.final,
                decode_partials=engine.partials,
            ),
            options=StreamOptions(max_utterance_seconds=6.0),
            limits=Limits(sessions=sessions, backlog_seconds=backlog_seconds),
            speech=lambda: loud,
            threads=threads,
            observer=FakeObserver(),
        )
        task = asyncio.create_task(built.partials.run())
        yield built
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def noise(seconds: float) -> Samples:
    """Return something that is never silent."""
    return np.full(round(seconds * 16_000), 0.2, dtype=np.float32)
