"""The engine as coroutines: takes a place in a lane, decodes in a thread, gives up when its caller does."""

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

from api_server.engine.base import DecodeOptions, Priority, Samples, Transcriber
from api_server.engine.lanes import Lane, LaneTurn
from api_server.engine.recording import Outcome, recognize
from shared.transcript import Segment

T = TypeVar("T")
V = TypeVar("V")


class Observer(Protocol):
    """Is told what each decode cost."""

    def decoded(self, lane: str, priority: Priority, *, waited: float, worked: float, windows: int) -> None:
        """Take note: seconds waited, seconds worked, windows decoded."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Timed:
    """An outcome and what it took."""

    outcome: Outcome
    """What was said."""
    queue_seconds: float
    """Wall time spent waiting for turns."""
    processing_seconds: float
    """Wall time spent otherwise."""


class Recognizer:
    """Runs decodes of one model in one lane."""

    def __init__(self, transcriber: Transcriber, lane: Lane, pool: ThreadPoolExecutor, observer: Observer) -> None:
        """Use `pool` for the blocking work; whoever made the pool shuts it down."""
        self.transcriber = transcriber
        self.lane = lane
        self._pool = pool
        self._observer = observer

    def on(self, transcriber: Transcriber) -> "Recognizer":
        """Return a recognizer of another model in the same lane."""
        return Recognizer(transcriber, self.lane, self._pool, self._observer)

    async def recognize(
        self,
        samples: Samples,
        options: DecodeOptions,
        priority: Priority,
        *,
        offset: float = 0.0,
        on_segment: Callable[[Segment], None] = lambda _segment: None,
        on_piece: Callable[[float], None] = lambda _seconds: None,
    ) -> Timed:
        """Decode a recording; `on_segment` and `on_piece` (seconds done) are called on the event loop.

        Cancelling ends it at the next window. Raises `Busy` when the lane's queue is too long: at once where that
        can be foreseen.
        """
        loop = asyncio.get_running_loop()

        def on_loop(tell: Callable[[V], None]) -> Callable[[V], None]:
            def told(value: V) -> None:
                loop.call_soon_threadsafe(tell, value)

            return told

        decode = partial(recognize, offset=offset, on_segment=on_loop(on_segment), on_piece=on_loop(on_piece))
        turn = self.lane.turn(priority)
        began = time.monotonic()
        outcome = await self._run(turn, lambda: decode(self.transcriber, samples, options, turn))
        return Timed(
            outcome=outcome,
            queue_seconds=round(turn.waited, 4),
            processing_seconds=round(max(0.0, time.monotonic() - began - turn.waited), 4),
        )

    async def partials(self, batch: Sequence[Samples], options: DecodeOptions) -> list[str]:
        """Return a quick text for each of several short recordings, decoded together."""
        turn = self.lane.turn(Priority.PARTIAL)
        return await self._run(turn, lambda: self.transcriber.decode_partials(batch, options, turn))

    async def _run(self, turn: LaneTurn, work: Callable[[], T]) -> T:
        began = time.monotonic()

        def begin() -> T:
            turn.waited += time.monotonic() - began  # for a thread
            return work()

        future = self._pool.submit(begin)
        future.add_done_callback(lambda done: self._ended(turn, began, begun=not done.cancelled()))
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            turn.cancel()
            raise

    def _ended(self, turn: LaneTurn, began: float, *, begun: bool) -> None:
        turn.close()
        spent = time.monotonic() - began
        if not begun:  # all of it was waiting for a thread
            turn.waited = spent
        worked = max(0.0, spent - turn.waited)
        self._observer.decoded(self.lane.name, turn.priority, waited=turn.waited, worked=worked, windows=turn.windows)
