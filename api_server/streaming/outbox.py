"""Events on their way to one client."""

import asyncio
from collections import deque

from shared.events import Final, Flushed, Partial, Ready, SpeechStarted, StreamDone, StreamError

Sent = Ready | SpeechStarted | Partial | Final | Flushed | StreamError | StreamDone
_FULL = 64


class Outbox:
    """Keeps every event but partials, of which only the newest waits: a slow reader misses those and nothing else."""

    def __init__(self) -> None:
        """Start empty."""
        self._events: deque[Sent] = deque()
        self._wake = asyncio.Event()
        self._closed = False

    @property
    def full(self) -> bool:
        """Whether the client reads so slowly that nothing more should be made for it."""
        return len(self._events) >= _FULL

    def put(self, event: Sent) -> None:
        """Add an event; partials that it makes out of date are let go."""
        if isinstance(event, Partial | Final):
            self._events = deque(
                waiting
                for waiting in self._events
                if not (isinstance(waiting, Partial) and waiting.utterance == event.utterance)
            )
        self._events.append(event)
        self._wake.set()

    def close(self) -> None:
        """Say that nothing is added any more."""
        self._closed = True
        self._wake.set()

    async def get(self) -> Sent | None:
        """Return the oldest event, waiting for one; None once closed and empty."""
        while not self._events:
            if self._closed:
                return None
            self._wake.clear()
            await self._wake.wait()
        return self._events.popleft()
