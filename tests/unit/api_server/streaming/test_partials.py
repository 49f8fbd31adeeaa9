"""Partials of several sessions, decoded together."""

import asyncio
from collections.abc import Sequence
from typing import Self

import numpy as np

from api_server.engine.base import Samples
from api_server.streaming.partials import Answer, PartialBatches, Waiting
from api_server.streaming.values import DecodeRequest
from shared.errors import Busy, Internal


class FakeDecoder:
    """Answers with the length of each recording, when it is let."""

    def __init__(self) -> None:
        self.batches: list[tuple[list[int], str]] = []
        self.gate = asyncio.Event()
        self.failure: Exception | None = None

    async def __call__(self, batch: Sequence[Samples], options: str) -> list[str]:
        self.batches.append(([one.size for one in batch], options))
        await self.gate.wait()
        if self.failure is not None:
            failure, self.failure = self.failure, None
            raise failure
        return [str(one.size) for one in batch]


class Desk:
    """A running `PartialBatches` and what came of it."""

    def __init__(self, *, most: int = 8) -> None:
        self.decoder = FakeDecoder()
        self.overtaken: list[None] = []
        self.sizes: list[int] = []
        self.batches: PartialBatches[str] = PartialBatches(
            self.decoder, most=most, overtaken=lambda: self.overtaken.append(None), batched=self.sizes.append
        )
        self.started: list[int] = []
        self.answers: list[tuple[int, Answer]] = []

    async def __aenter__(self) -> Self:  # noqa: D105 - starts the loop
        self.task = asyncio.create_task(self.batches.run())
        return self

    async def __aexit__(self, *_exc: object) -> None:  # noqa: D105 - ends it
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)

    def ask(self, session: str, number: int, *, size: int = 100, options: str = "sv") -> None:
        request = DecodeRequest(
            number=number,
            utterance=0,
            kind="partial",
            audio=np.zeros(size, dtype=np.float32),
            offset=0.0,
            word_timestamps=False,
        )
        self.batches.ask(
            session,
            Waiting(
                request=request,
                options=options,
                started=self.started.append,
                answered=lambda *answer: self.answers.append(answer),
            ),
        )


async def _settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_sessions_that_wait_at_the_same_time_share_a_batch():
    """And each gets its own answer."""
    async with Desk() as desk:
        desk.ask("a", 1, size=100)
        desk.ask("b", 2, size=150)
        desk.decoder.gate.set()
        await _settle()
    assert desk.decoder.batches == [([100, 150], "sv")]
    assert desk.answers == [(1, "100"), (2, "150")]
    assert desk.sizes == [2]


async def test_newer_audio_takes_the_place_of_older_audio():
    """While the first batch runs, a session's second request is replaced by its third, at the same place in line."""
    async with Desk(most=1) as desk:
        desk.ask("x", 0)
        await _settle()
        desk.ask("a", 1, size=100)
        desk.ask("b", 2)
        desk.ask("a", 3, size=120)
        desk.decoder.gate.set()
        await _settle()
    assert desk.started == [0, 3, 2]
    assert len(desk.overtaken) == 1


async def test_only_alike_requests_share_a_batch():
    """Other options, or much longer audio, wait for their own."""
    async with Desk() as desk:
        desk.ask("a", 1, size=100)
        desk.ask("b", 2, size=100, options="en")
        desk.ask("c", 3, size=1_000)
        desk.ask("d", 4, size=60)
        desk.decoder.gate.set()
        await _settle()
    assert desk.started == [1, 4, 2, 3]


async def test_a_dropped_request_is_never_started():
    """A drop that comes too late, or means another number, does nothing."""
    async with Desk() as desk:
        desk.ask("a", 1)
        desk.ask("b", 2)
        desk.batches.drop("a")
        desk.batches.drop("b", 7)
        desk.batches.drop("c")
        desk.decoder.gate.set()
        await _settle()
    assert desk.started == [2]


async def test_an_engine_that_fails_costs_its_batch_and_not_the_next():
    """Errors of the tree are passed on; any other becomes `internal`."""
    async with Desk(most=1) as desk:
        desk.decoder.gate.set()
        desk.decoder.failure = Busy("Full.")
        desk.ask("a", 1)
        await _settle()
        desk.decoder.failure = RuntimeError("cuda")
        desk.ask("a", 2)
        await _settle()
        desk.ask("a", 3)
        await _settle()
    assert [type(answer) for _number, answer in desk.answers] == [Busy, Internal, str]
