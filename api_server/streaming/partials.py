"""Quick texts for all sessions together: one batch at a time, always of the newest audio.

While a batch is being decoded, a newer request of a session takes the place of its older one, so a slow model
makes partials rarer and not later. Batching pays: eight windows of 6 s together take about half as long as one
after the other (CTranslate2, int8, 2 cores).
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import structlog

from api_server.engine.base import Samples
from api_server.streaming.values import DecodeRequest
from shared.errors import Internal, SvenskaError

OptionsT = TypeVar("OptionsT", bound=Hashable)
Answer = str | SvenskaError
_LENGTHS = 2.0
"""Windows of one batch differ in length by this factor at most: the shorter ones pay for the longest."""

log = structlog.stdlib.get_logger("partials")


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting(Generic[OptionsT]):
    """A partial that is not decoded yet."""

    request: DecodeRequest
    """What to decode."""
    options: OptionsT
    """How; only requests with equal options share a batch."""
    started: Callable[[int], None]
    """Is told the request's number when its decode begins."""
    answered: Callable[[int, Answer], None]
    """Is told the request's number and its text, or why there is none."""


class PartialBatches(Generic[OptionsT]):
    """The waiting partials of one model; used from one event loop."""

    def __init__(
        self,
        decode: Callable[[Sequence[Samples], OptionsT], Awaitable[list[str]]],
        *,
        most: int = 8,
        overtaken: Callable[[], None] = lambda: None,
        batched: Callable[[int], None] = lambda _size: None,
    ) -> None:
        """Decode with `decode`, up to `most` sessions at once.

        `overtaken` is told of each request replaced, `batched` how many are decoded together.
        """
        self._decode = decode
        self._most = most
        self._overtaken = overtaken
        self._batched = batched
        self._waiting: dict[str, Waiting[OptionsT]] = {}
        self._wake = asyncio.Event()

    def ask(self, session: str, waiting: Waiting[OptionsT]) -> None:
        """Queue a session's request; one that it has waiting already gives up its place to this one."""
        if session in self._waiting:
            self._overtaken()
        self._waiting[session] = waiting
        self._wake.set()

    def drop(self, session: str, number: int | None = None) -> None:
        """Take back a session's waiting request, or only the one with this number."""
        waiting = self._waiting.get(session)
        if waiting is not None and number in {None, waiting.request.number}:
            del self._waiting[session]

    async def run(self) -> None:
        """Decode until cancelled; an engine that fails costs its batch, not the loop."""
        while True:
            await self._wake.wait()
            batch = self._next_batch()
            if batch:
                await self._run_batch(batch)
            else:
                self._wake.clear()

    def _next_batch(self) -> list[Waiting[OptionsT]]:
        first = next(iter(self._waiting.values()), None)
        if first is None:
            return []
        together = [name for name, one in self._waiting.items() if _alike(one, first)][: self._most]
        return [self._waiting.pop(name) for name in together]

    async def _run_batch(self, batch: list[Waiting[OptionsT]]) -> None:
        self._batched(len(batch))
        for one in batch:
            one.started(one.request.number)
        answers: Sequence[Answer]
        try:
            answers = await self._decode([one.request.audio for one in batch], batch[0].options)
        except SvenskaError as error:
            answers = [error] * len(batch)
        except Exception:  # the one supervisor of this loop: the next batch must still run
            log.exception("partials_failed", sessions=len(batch))
            answers = [Internal("The engine failed on a partial.")] * len(batch)
        for one, answer in zip(batch, answers, strict=True):
            one.answered(one.request.number, answer)


def _alike(one: Waiting[OptionsT], other: Waiting[OptionsT]) -> bool:
    short, long = sorted((one.request.audio.size, other.request.audio.size))
    return one.options == other.options and long <= _LENGTHS * short
