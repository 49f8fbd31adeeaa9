"""Two ends of a Wyoming connection in one loop, on an engine that is not real."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from wyoming.client import AsyncTcpClient
from wyoming.event import Event

from api_server.engine.base import Samples
from api_server.streaming.service import StreamService
from api_server.wyoming.server import Server
from tests import processes


def chunk(audio: Samples | bytes, *, rate: int = 16_000, width: int = 2, channels: int = 1) -> Event:
    """Return an `audio-chunk`; samples as 16 bits."""
    payload = audio if isinstance(audio, bytes) else (audio * 32_767).astype("<i2").tobytes()
    return Event("audio-chunk", {"rate": rate, "width": width, "channels": channels}, payload)


def start(*, rate: int = 16_000, width: int = 2, channels: int = 1) -> Event:
    """Return an `audio-start`."""
    return Event("audio-start", {"rate": rate, "width": width, "channels": channels})


STOP = Event("audio-stop", {"timestamp": None})


def header(**fields: object) -> bytes:
    """Return a header line."""
    return json.dumps(fields).encode() + b"\n"


@asynccontextmanager
async def serving(service: StreamService, *, max_seconds: float = 60.0, patience: float = 60.0) -> AsyncIterator[int]:
    """Run a server; yields its port."""
    port = processes.free_port()
    server = Server(service, host="127.0.0.1", port=port, max_seconds=max_seconds, patience=patience)
    task = asyncio.create_task(server.run())
    while not await _listens(port):
        await asyncio.wait([task], timeout=0.01)
    yield port
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _listens(port: int) -> bool:
    try:
        _reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionError:
        return False
    writer.close()
    return True


async def say(port: int, *events: Event) -> list[Event]:
    """Send events on a connection of their own; return what comes back, to the end of a transcript or all."""
    async with AsyncTcpClient("127.0.0.1", port, read_timeout=30) as client:
        for event in events:
            await client.write_event(event)
        return [event async for event in answers(client)]


async def answers(client: AsyncTcpClient) -> AsyncIterator[Event]:
    """Yield what comes, to the end of a transcript or of the connection."""
    while (event := await client.read_event()) is not None:
        yield event
        if event.type in {"transcript-stop", "info", "pong"}:
            return


async def until(holds: Callable[[], bool]) -> None:
    """Return once something has come about."""
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110 - looks in from outside, where no event is
            await asyncio.sleep(0)
