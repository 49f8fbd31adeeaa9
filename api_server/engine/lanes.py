"""Lanes: who may decode the next window.

A lane stands for one model instance and its threads. Everyone who decodes in it asks for a turn before each
window, so that a long file holds up a short one for one window at most. Among those who wait, the lower
`Priority` goes first; equals go in the order in which they asked, which is round robin, as every window is
asked for anew.

Nobody but a live stream waits longer than the lane allows: who would is refused at once where that can be
foreseen, and else when the time is over.
"""

import heapq
import itertools
import math
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from api_server.engine.base import Priority
from shared.errors import Busy, Cancelled

_SMOOTHING = 0.2
"""Weight of the newest window in a running mean."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LaneLoad:
    """What a lane is doing at one moment."""

    waiting: int
    """Requests that wait for their next window."""
    open: int
    """Requests that have begun and not ended."""
    window_seconds: float
    """Running mean of one window's decode."""
    expected_wait: float
    """Seconds that a newcomer of the lowest priority here would wait for its first window."""
    running_seconds: float
    """How long the window that is being decoded has taken so far; 0 when there is none."""
    idle_seconds: float
    """How long nothing has been decoded; 0 while something is."""


@dataclass(order=True)
class _Waiter:
    priority: int
    order: int
    turn: "LaneTurn" = field(compare=False)


class Lane:
    """Takes turns on one model instance; every method may be called from any thread."""

    def __init__(self, name: str, *, max_wait: float = math.inf, clock: Callable[[], float] = time.monotonic) -> None:
        """Open a lane that admits nobody who would wait longer than `max_wait` seconds."""
        self.name = name
        self._max_wait = max_wait
        self._clock = clock
        self._lock = threading.Lock()
        self._order = itertools.count()
        self._waiters: list[_Waiter] = []
        self._holder: LaneTurn | None = None
        self._open: Counter[Priority] = Counter()
        self._mean = 0.0
        self._means: dict[Priority, float] = {}
        self._rested_at = clock()

    def load(self) -> LaneLoad:
        """Return what the lane is doing now."""
        with self._lock:
            now, holder = self._clock(), self._holder
            return LaneLoad(
                waiting=len(self._waiters),
                open=self._open.total(),
                window_seconds=self._mean,
                expected_wait=self._expected_wait(max(Priority)),
                running_seconds=0.0 if holder is None else now - holder.began,
                idle_seconds=now - self._rested_at if holder is None else 0.0,
            )

    def admit(self, priority: Priority) -> None:
        """Raise `Busy` when a request would wait too long; streams are admitted when they connect."""
        with self._lock:
            wait = self._expected_wait(priority)
        if priority >= Priority.INTERACTIVE and wait > self._max_wait:
            raise self._busy(wait)

    def _expected_wait(self, priority: Priority) -> float:
        """Return the seconds before a newcomer's first window: everyone ahead has one, and one of the others runs."""
        seconds = {other: self._means.get(other, self._mean) for other in +self._open}
        ahead = sum(self._open[other] * seconds[other] for other in seconds if other <= priority)
        return ahead + max((seconds[other] for other in seconds if other > priority), default=0.0)

    def _busy(self, wait: float) -> Busy:
        return Busy(
            f"The {self.name} lane is busy; the wait would be about {wait:.0f} s.",
            retry_after=max(1, math.ceil(wait - self._max_wait)),
        )

    def turn(self, priority: Priority) -> "LaneTurn":
        """Admit a request, or raise `Busy` at once; close the turn when the request ends."""
        self.admit(priority)
        with self._lock:
            self._open[priority] += 1
        return LaneTurn(self, priority, self._clock)

    def _patience(self, turn: "LaneTurn") -> float | None:
        """Return how long a turn may wait for the window that it asks for; None is for ever.

        What has begun is finished: the limit is on a request's first window.
        """
        if turn.windows or turn.priority < Priority.INTERACTIVE or math.isinf(self._max_wait):
            return None
        return max(0.0, self._max_wait - turn.waited)

    def _give_up(self, turn: "LaneTurn") -> None:
        """Take a turn out of the queue and raise `Busy`, unless it was let go in this moment."""
        with self._lock:
            if self._holder is turn:
                return
            self._forget(turn)
            wait = self._expected_wait(turn.priority)
        raise self._busy(max(self._max_wait, wait))

    def _ask(self, turn: "LaneTurn") -> None:
        with self._lock:
            if self._holder is turn:
                self._give_back(turn)
            heapq.heappush(self._waiters, _Waiter(int(turn.priority), next(self._order), turn))
            self._pass_on()

    def _rest(self, turn: "LaneTurn") -> None:
        with self._lock:
            if self._holder is turn:
                self._give_back(turn)
                self._pass_on()

    def _leave(self, turn: "LaneTurn") -> None:
        with self._lock:
            self._open[turn.priority] -= 1
            if self._holder is turn:
                self._give_back(turn)
            self._forget(turn)
            self._pass_on()

    def _forget(self, turn: "LaneTurn") -> None:
        self._waiters = [waiter for waiter in self._waiters if waiter.turn is not turn]
        heapq.heapify(self._waiters)

    def _give_back(self, turn: "LaneTurn") -> None:
        seconds = turn.end_window()
        self._mean = _smoothed(self._mean, seconds)
        self._means[turn.priority] = _smoothed(self._means.get(turn.priority, 0.0), seconds)
        self._holder, self._rested_at = None, self._clock()

    def _pass_on(self) -> None:
        while self._holder is None and self._waiters:
            turn = heapq.heappop(self._waiters).turn
            if not turn.cancelled:  # a window of no length would spoil the mean
                self._holder = turn
                turn.begin_window()


def _smoothed(mean: float, newest: float) -> float:
    return mean + (_SMOOTHING if mean else 1.0) * (newest - mean)


class LaneTurn:
    """One request's place in a lane; implements `engine.base.Turn`."""

    def __init__(self, lane: Lane, priority: Priority, clock: Callable[[], float]) -> None:
        """Belong to `lane`; made by `Lane.turn` only."""
        self.priority = priority
        self.waited = 0.0
        self.windows = 0
        self.began = 0.0
        self._lane = lane
        self._clock = clock
        self._go = threading.Event()
        self._cancelled = False
        self._closed = False

    def next_window(self) -> None:
        """Wait for one more window; raises `Cancelled` once cancelled, `Busy` when the first one does not come."""
        if not self._cancelled:
            asked, patience = self._clock(), self._lane._patience(self)  # noqa: SLF001 - two halves of one mechanism
            self._lane._ask(self)  # noqa: SLF001 - as above
            came = self._go.wait(patience)
            self.waited += self._clock() - asked
            if not came:
                self._lane._give_up(self)  # noqa: SLF001 - as above
        if self._cancelled:
            raise Cancelled("The request was cancelled.")

    def rest(self) -> None:
        """Give back the window that is held: what comes next needs no model."""
        self._lane._rest(self)  # noqa: SLF001 - as above

    def cancel(self) -> None:
        """End the request at its next window, or at once if it waits for one; from any thread."""
        self._cancelled = True
        self._go.set()

    @property
    def cancelled(self) -> bool:
        """Whether nothing more is wanted."""
        return self._cancelled

    def close(self) -> None:
        """Leave the lane; a second call does nothing."""
        if not self._closed:
            self._closed = True
            self._lane._leave(self)  # noqa: SLF001 - as above

    def begin_window(self) -> None:
        """The lane says: go."""
        self.windows += 1
        self.began = self._clock()
        self._go.set()

    def end_window(self) -> float:
        """The lane takes the window back; returns how long it took, seconds."""
        self._go.clear()
        if self._cancelled:
            self._go.set()  # a cancel that came meanwhile must not be slept through
        return self._clock() - self.began
