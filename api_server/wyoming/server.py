"""The TCP server: who listens, who talks to whom, how it ends."""

import asyncio
import contextlib
import itertools
import socket
from typing import NoReturn

import structlog
from wyoming.asr import Transcribe
from wyoming.audio import AudioChunk, AudioStart
from wyoming.error import Error
from wyoming.info import AsrModel, AsrProgram, Attribution, Info

from api_server.engine.base import ModelInfo
from api_server.streaming.connection import Connection, Disconnected
from api_server.streaming.service import StreamService
from api_server.wyoming.client import Client
from api_server.wyoming.command import Asked, Command, asked, form
from api_server.wyoming.wire import LINE_BYTES
from shared import __version__
from shared.errors import Internal, InvalidRequest, StartupError, SvenskaError

_LINGER_SECONDS = 5.0
"""In which a client in the middle of sending can still read why it was refused."""

log = structlog.stdlib.get_logger("wyoming")


class Server:
    """Serves every client on the streams of `service`, each command in one of its places."""

    def __init__(
        self, service: StreamService, *, host: str, port: int, max_seconds: float, patience: float = 60.0
    ) -> None:
        """Listen, once it runs, on `host` and `port`.

        A command is `max_seconds` of audio at most, and ends in an error when nothing comes for `patience` seconds.
        """
        self._service = service
        self._info = description(service.model)
        self._host = host
        self._port = port
        self._max_seconds = max_seconds
        self._patience = patience
        self._clients: set[asyncio.Task[None]] = set()
        self._numbers = itertools.count(1)

    async def run(self) -> None:
        """Listen until cancelled; whoever is connected then is let go. Raises `OSError` where it cannot listen."""
        server = await asyncio.start_server(self._connected, self._host, self._port, limit=LINE_BYTES)
        try:
            await asyncio.Event().wait()
        finally:
            server.close()
            for task in self._clients:
                task.cancel()
            await asyncio.gather(*self._clients, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        task = asyncio.create_task(self._serve(reader, writer), name=f"wyoming-client-{next(self._numbers)}")
        self._clients.add(task)
        task.add_done_callback(self._clients.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = Client(reader, writer, self._info)
        reading = asyncio.create_task(client.read(), name="wyoming-read")
        try:
            refusal = await self._outcome(client)
            await _end(reading)
            if refusal is not None:
                await _refuse(client, refusal, reader, writer)
        finally:
            await _end(reading)
            await _hang_up(writer)

    async def _outcome(self, client: Client) -> SvenskaError | None:
        """Talk to a client until it has gone or has to be refused; return why."""
        try:
            await self._talk(client)
        except Disconnected:
            return None
        except SvenskaError as error:
            return error
        except Exception:  # the supervisor of this client's tasks: the client is told, the log has the rest
            log.exception("wyoming_failed")
            return Internal("The stream failed; connect again.")

    async def _talk(self, client: Client) -> NoReturn:
        wanted = Asked()
        while True:
            event = await client.next()
            if Transcribe.is_type(event.type):
                wanted = asked(event)
                continue
            if AudioChunk.is_type(event.type):  # some clients leave `audio-start` out
                client.put_back(event)
            elif not AudioStart.is_type(event.type):
                raise InvalidRequest(f"Expected transcribe or audio-start, got {event.type}.")
            command = Command(client, wanted, form(event), max_seconds=self._max_seconds, patience=self._patience)
            with self._service.place():
                await Connection(command, self._service).run()
            wanted = Asked()


async def _end(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def _hang_up(writer: asyncio.StreamWriter) -> None:
    """Close a connection; one whose other end does not take what is still to be sent is not kept for it."""
    writer.close()
    try:
        with contextlib.suppress(OSError):  # TimeoutError is one
            async with asyncio.timeout(_LINGER_SECONDS):
                await writer.wait_closed()
    finally:
        writer.transport.abort()


async def _refuse(
    client: Client, error: SvenskaError, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Tell a client why it is let go, and take what is under way: closing at once could lose the reason."""
    with contextlib.suppress(Disconnected, OSError, TimeoutError):
        await client.send(Error(text=error.message, code=error.code))
        writer.write_eof()
        async with asyncio.timeout(_LINGER_SECONDS):
            while await reader.read(LINE_BYTES):
                pass


def description(model: ModelInfo) -> Info:
    """Return what `describe` is answered with: one program, one model, its languages."""
    attribution = Attribution(name="Whisper Svenska", url="")
    resident = AsrModel(
        name=model.name,
        attribution=attribution,
        installed=True,
        description=f"Whisper, {model.compute_type} on {model.device}",
        version=__version__,
        languages=list(model.languages),
    )
    program = AsrProgram(
        name="whisper-svenska",
        attribution=attribution,
        installed=True,
        description="Speech to text, Swedish first",
        version=__version__,
        models=[resident],
        supports_transcript_streaming=True,
    )
    return Info(asr=[program])


def check(host: str, port: int) -> None:
    """Raise `StartupError` where nobody can listen there."""
    try:
        socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError as error:
        raise StartupError(f"WYOMING_PORT: expected a free port on {host}; got {port} ({error.strerror})") from None
