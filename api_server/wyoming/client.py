"""One client's connection: what it sends, in order, and a way to answer."""

import asyncio

from wyoming.asr import Transcribe
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event, Eventable, async_write_event
from wyoming.info import Describe, Info
from wyoming.ping import Ping, Pong

from api_server.streaming.connection import Disconnected
from api_server.wyoming import wire
from shared.errors import SvenskaError

_UNREAD_SECONDS = 60.0
"""After which a client that does not read has gone."""
_SPOKEN: tuple[type[Eventable], ...] = (Transcribe, AudioStart, AudioChunk, AudioStop)


class Client:
    """Answers what is asked in passing; hands on what belongs to speech; knows when the client has gone.

    Reading is a task of its own, `read`, so that nothing is lost when somebody stops waiting for an event.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, info: Info) -> None:
        """Serve the two ends of a TCP connection; `info` answers `describe`."""
        self.gone = asyncio.Event()
        self._reader = reader
        self._writer = writer
        self._info = info
        self._events: asyncio.Queue[Event | SvenskaError | None] = asyncio.Queue(maxsize=1)
        self._kept: Event | None = None

    async def read(self) -> None:
        """Read until the client has gone or sends what is no event; waits while nobody takes the events."""
        try:
            while (event := await wire.read(self._reader)) is not None:
                await self._events.put(event)
        except SvenskaError as error:
            await self._events.put(error)
            return
        self.gone.set()
        await self._events.put(None)

    async def next(self) -> Event:
        """Return the next event of speech; raises `Disconnected`, or the error in what was sent."""
        if (kept := self._kept) is not None:
            self._kept = None
            return kept
        while True:
            event = await self._take()
            if any(kind.is_type(event.type) for kind in _SPOKEN):
                return event
            await self._answer(event)

    def put_back(self, event: Event) -> None:
        """Let `next` return an event once more."""
        self._kept = event

    async def send(self, event: Eventable) -> None:
        """Send an event, waiting a while for a client that does not read; raises `Disconnected`."""
        try:
            async with asyncio.timeout(_UNREAD_SECONDS):
                await async_write_event(event.event(), self._writer)
        except OSError as error:  # TimeoutError is one
            raise Disconnected from error

    async def _take(self) -> Event:
        event = await self._events.get()
        if event is None:
            raise Disconnected
        if isinstance(event, SvenskaError):
            raise event
        return event

    async def _answer(self, event: Event) -> None:
        """Answer what needs no speech; the protocol lets servers drop what they do not know."""
        if Describe.is_type(event.type):
            await self.send(self._info)
        elif Ping.is_type(event.type):
            await self.send(Pong(text=Ping.from_event(event).text))
