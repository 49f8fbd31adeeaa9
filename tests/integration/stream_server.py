"""A server with the streaming route alone, on a real socket, in a thread."""

import asyncio
import importlib.util
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from api_server.engine.base import DecodeOptions, LoadOptions, Priority
from api_server.engine.lanes import Lane
from api_server.engine.recognizer import Recognizer
from api_server.engine.whisper import load
from api_server.routes.stream import final_decoder, router
from api_server.streaming.service import Limits, StreamEngine, StreamService
from api_server.streaming.silero import SileroVad
from api_server.streaming.values import SpeechProbability, StreamOptions
from tests.unit.api_server.streaming.fakes import MODEL, FakeEngine, FakeObserver
from tests.unit.api_server.streaming.simulation import loud


class NoObserver:
    """Counts nothing."""

    def decoded(self, lane: str, priority: Priority, **figures: float) -> None:
        pass


class Server:
    """A running server."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app
        self._config = uvicorn.Config(
            app, host="127.0.0.1", port=0, ws="websockets-sansio", log_level="warning", ws_ping_timeout=None
        )
        self._server = uvicorn.Server(self._config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    @property
    def streams(self) -> StreamService:
        streams: StreamService = self.app.state.streams
        return streams

    @property
    def url(self) -> str:
        port = self._server.servers[0].sockets[0].getsockname()[1]
        return f"ws://127.0.0.1:{port}/ws/transcribe"

    def start(self) -> None:
        self._thread.start()
        while not self._server.started:
            self._thread.join(0.01)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(20)


@contextmanager
def serve(
    engine: StreamEngine,
    speech: Callable[[], SpeechProbability],
    *,
    options: StreamOptions | None = None,
    limits: Limits | None = None,
    keys: tuple[str, ...] = (),
) -> Iterator[Server]:
    """Serve streams until the block ends."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with ThreadPoolExecutor(4) as threads:
            app.state.keys = keys
            app.state.streams = StreamService(
                engine,
                options=options or StreamOptions(),
                limits=limits or Limits(),
                speech=speech,
                threads=threads,
                observer=FakeObserver(),
            )
            task = asyncio.create_task(app.state.streams.partials.run())
            yield
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    app = FastAPI(lifespan=lifespan)
    app.include_router(router)
    server = Server(app)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def fake_engine() -> tuple[StreamEngine, SpeechProbability]:
    """Return an engine that hears the words of the simulation."""
    engine = FakeEngine()
    built = StreamEngine(
        model=MODEL,
        language="sv",
        options=DecodeOptions(),
        decode_final=engine.final,
        decode_partials=engine.partials,
    )
    return built, loud


@contextmanager
def bundled_engine(model: str = "bundled") -> Iterator[tuple[StreamEngine, SileroVad]]:
    """Load a real model and the real detector."""
    spec = importlib.util.find_spec("faster_whisper")
    assert spec is not None
    assert spec.origin is not None
    vad = SileroVad(next((Path(spec.origin).parent / "assets").glob("silero_vad*.onnx")))
    transcriber = load(model, LoadOptions(threads=2))
    with ThreadPoolExecutor(16) as pool:
        recognizer = Recognizer(transcriber, Lane("realtime"), pool, NoObserver())
        engine = StreamEngine(
            model=transcriber.info,
            language="sv",
            options=DecodeOptions(audio_context="verified"),
            decode_final=final_decoder(recognizer),
            decode_partials=recognizer.partials,
        )
        yield engine, vad
    transcriber.close()
